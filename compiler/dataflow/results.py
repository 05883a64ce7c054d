"""What functions of Python, its library and some other libraries return, as far as a flow's data goes."""

from __future__ import annotations

from typing import Final

from ..ir.artifacts import Value

UNPICKLABLE: Final = {
    "open": "an open file",
    "io.open": "an open file",
    "gzip.open": "an open file",
    "bz2.open": "an open file",
    "lzma.open": "an open file",
    "tempfile.TemporaryFile": "an open file",
    "tempfile.NamedTemporaryFile": "an open file",
    "threading.Lock": "a lock",
    "threading.RLock": "a lock",
    "threading.Condition": "a lock",
    "threading.Event": "an event of threads",
    "threading.Semaphore": "a lock",
    "threading.Thread": "a thread",
    "threading.local": "data of a thread",
    "multiprocessing.Pool": "a pool of processes",
    "multiprocessing.Lock": "a lock",
    "concurrent.futures.ThreadPoolExecutor": "a pool of threads",
    "concurrent.futures.ProcessPoolExecutor": "a pool of processes",
    "socket.socket": "a socket",
    "sqlite3.connect": "a database connection",
    "psycopg2.connect": "a database connection",
    "boto3.client": "a client of AWS",
    "boto3.resource": "a client of AWS",
    "csv.reader": "a reader of a file",
    "csv.writer": "a writer of a file",
    "csv.DictReader": "a reader of a file",
    "csv.DictWriter": "a writer of a file",
    "zipfile.ZipFile": "an open archive",
    "tarfile.open": "an open archive",
    "subprocess.Popen": "a process",
    "queue.Queue": "a queue of threads",
    "asyncio.Lock": "a lock",
}
"""Functions whose results `pickle` refuses, by the full name that the file imports them under."""

PROCEDURES: Final = frozenset(["random.shuffle", "print"])
"""Functions that return None."""

IN_PLACE: Final = {
    "a list": ("append", "clear", "extend", "insert", "remove", "reverse", "sort"),
    "a set": ("add", "clear", "discard", "remove", "update"),
    "a dictionary": ("clear", "update"),
}
"""Methods that change what they are called on, and return None."""

CALLS: Final = {
    "set": Value(what="a set", indexed=False),
    "frozenset": Value(what="a set", indexed=False),
    "dict": Value(what="a dictionary", indexed=False),
    "map": Value(what="an iterator", indexed=False),
    "filter": Value(what="an iterator", indexed=False),
    "zip": Value(what="an iterator", indexed=False),
    "enumerate": Value(what="an iterator", indexed=False),
    "reversed": Value(what="an iterator", indexed=False),
    "iter": Value(what="an iterator", indexed=False),
    "int": Value(what="a number", indexed=False),
    "float": Value(what="a number", indexed=False),
    "len": Value(what="a number", indexed=False),
    "bool": Value(what="True or False", indexed=False),
    "list": Value(what="a list", indexed=True),
    "tuple": Value(what="a tuple", indexed=True),
    "sorted": Value(what="a list", indexed=True),
    "range": Value(what="a range", indexed=True),
    "str": Value(what="a text", indexed=True),
}
"""What built-in functions return."""
