"""What a task printed, kept in the store: while it runs, and after its end, however that came.

    Flow/run/step/path/log-<n>/<part>      output of attempt n, in parts that are numbered from 000000

A part is UTF-8 text, a line for each line that was printed, standard output and error together in the order in which they came:
`<seconds since 1970, 3 decimals> <o|e> <the line>`. All parts have at least 1 MiB but the last one, which is written again as it
grows: a task that ends soon costs one write, and one that prints nothing none.

    log = LogWriter(store, "Flow", task, attempt)
    log.line(False, "loading")
    if log.due is not None and log.due <= time.monotonic():
        log.flush()
    log.close()

    for line in read_lines(store, "Flow", task, attempt):
        line.time, line.is_error, line.text
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..contract import task_key
from ..errors import StoreError
from ..paths import TaskId
from ..store import Store

PART = 1 << 20
"""How many bytes a part has at the least, if another follows."""
_LONGEST = 1 << 20
"""How many characters a line has at the most; what is longer becomes several."""
_WAITING = 8
"""How many full parts are kept in memory at the most while the store fails."""
_SOONEST, _LATEST = 1.0, 10.0
"""Seconds from a line to its being written: the one for tasks that have just begun, the other for long ones."""


class LogLine(NamedTuple):
    """A line that a task printed.

    Attributes:
        time: When, in seconds since 1970.
        is_error: Whether on its standard error.
        text: The line, without its end.
    """

    time: float
    is_error: bool
    text: str


class LogWriter:
    """Keeps what one attempt prints. A store that fails is warned of once; the lines are kept for the next try, within bounds.

    It does nothing by itself: whoever has it flushes it when `due`.

    Args:
        warn: Called with a sentence when the store fails; by default it is printed on standard error.
    """

    def __init__(self, store: Store, flow: str, task: TaskId, attempt: int, *, warn: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._folder = log_key(flow, task, attempt)
        self._task = task
        self._warn = warn or _print_warning
        self._warned = False
        self._began = time.monotonic()
        self._written = 0  # full parts in the store
        self._full: list[bytes] = []  # full parts that are not, in order
        self._part = bytearray()  # what follows them
        self._fresh = False  # whether there is anything that is not in the store
        self._due: float | None = None
        self._lost = 0  # lines

    @property
    def due(self) -> float | None:
        """When `flush` should be called next, on the monotonic clock; None while there is nothing to write."""
        return self._due

    def line(self, is_error: bool, text: str, at: float | None = None) -> None:
        """Add a line, without its end. Of a line that was printed over itself the last is kept, as a terminal shows it.

        Args:
            at: When it was printed, in seconds since 1970; now.
        """
        if "\r" in text:
            text = text.rstrip("\r").rpartition("\r")[2]
        head = f"{time.time() if at is None else at:.3f} {'e' if is_error else 'o'} "
        if len(text) > _LONGEST or "\n" in text:
            for one in text.split("\n"):
                for start in range(0, max(len(one), 1), _LONGEST):
                    self._add(head, one[start : start + _LONGEST])
        else:
            self._add(head, text)

    def flush(self) -> None:
        """Write what is not yet in the store. Does not raise if the store fails: the next call tries again."""
        if not self._fresh:
            return
        try:
            while self._full:
                self._put(self._written, self._full[0])
                del self._full[0]
                self._written += 1
                self._mark_lost()
            if self._part:
                self._put(self._written, bytes(self._part))
        except StoreError as error:
            if not self._warned:
                self._warned = True
                self._warn(f"the output of the task {self._task} cannot be kept for now: {error}")
            self._due = time.monotonic() + _LATEST
            return
        self._fresh = False
        self._due = None

    def close(self) -> None:
        """Write what is not yet in the store, for the last time."""
        self.flush()

    def _add(self, head: str, text: str) -> None:
        self._part += (head + text + "\n").encode("utf-8", "backslashreplace")
        if not self._fresh:
            self._fresh = True
            now = time.monotonic()
            self._due = now + min(max((now - self._began) / 10, _SOONEST), _LATEST)
        if len(self._part) >= PART:
            self._seal()
            if len(self._full) == 1 or (self._due is not None and self._due <= time.monotonic()):
                self.flush()
            if len(self._full) > _WAITING:
                self._lose()

    def _seal(self) -> None:
        if len(self._part) >= PART:
            self._full.append(bytes(self._part))
            self._part.clear()

    def _lose(self) -> None:
        """Give up a part that waits, so that memory is bounded: never the first, of which the store may have the beginning."""
        self._lost += self._full.pop(1).count(b"\n")

    def _mark_lost(self) -> None:
        """Say where lines are missing, which is after the first part that waits."""
        if not self._lost:
            return
        words = f"{time.time():.3f} e flowc: {self._lost} lines are lost here, since the datastore failed\n".encode()
        self._lost = 0
        if self._full:
            self._full[0] = words + self._full[0]
            return
        self._part[:0] = words
        self._seal()

    def _put(self, part: int, data: bytes) -> None:
        self._store.put(f"{self._folder}{part:06}", data)


class LogReader:
    """Reads a log as it grows; each call of `new` goes on where the last one ended, and asks for no more than is new."""

    def __init__(self, store: Store, flow: str, task: TaskId, attempt: int) -> None:
        self._store = store
        self._folder = log_key(flow, task, attempt)
        self._part = 0
        self._read = 0  # bytes of that part

    @property
    def parts(self) -> int:
        """How many parts were read to their end."""
        return self._part

    def new(self, parts: int | None = None) -> Iterator[LogLine]:
        """The lines that came since. Asks the store once for each part, and for no more than there are.

        Args:
            parts: How many parts are read at the most; None: all.

        Raises:
            StoreError: The store cannot be read.
        """
        while parts is None or parts > 0:
            key, known = f"{self._folder}{self._part:06}", self._read
            data = self._store.get(key, known - 1) if known else self._store.get(key)
            if known and data == b"":  # shorter: another process writes this attempt's log too, as after a lost machine
                data, known = self._store.get(key), 0
            if data is None:
                return
            new = data[1:] if known else data
            self._read = known + len(new)
            yield from parse_lines(new)
            if self._read < PART:
                return
            self._part, self._read = self._part + 1, 0
            parts = None if parts is None else parts - 1

    def skip(self, but: int) -> int:
        """Leave out what comes next, but for the last parts that there are, so many of them; how many parts that leaves out.

        Raises:
            StoreError: The store cannot be read.
        """
        names = (key.removeprefix(self._folder) for key in self._store.list(self._folder))
        last = max((int(name) for name in names if name.isdecimal()), default=0)
        left_out = max(0, last + 1 - but - self._part)
        if left_out:
            self._part, self._read = self._part + left_out, 0
        return left_out


def read_lines(store: Store, flow: str, task: TaskId, attempt: int) -> Iterator[LogLine]:
    """What an attempt has printed so far; nothing if it has not, or there is no such attempt.

    Raises:
        StoreError: The store cannot be read.
    """
    return LogReader(store, flow, task, attempt).new()


def attempts_with_logs(store: Store, flow: str, task: TaskId) -> tuple[int, ...]:
    """The attempts of a task that printed something, in order.

    Raises:
        StoreError: The store cannot be read.
    """
    names = store.folders(f"{task_key(flow, task.run, task.step, task.path)}/")
    numbers = (name.removeprefix("log-") for name in names if name.startswith("log-"))
    return tuple(sorted(int(number) for number in numbers if number.isascii() and number.isdigit()))


def add_line(store: Store, flow: str, task: TaskId, attempt: int, text: str) -> None:
    """Add a line of standard error to a log that nobody writes any more.

    Raises:
        StoreError: The store fails.
    """
    folder = log_key(flow, task, attempt)
    part = max((int(name) for key in store.list(folder) if (name := key.removeprefix(folder)).isdecimal()), default=0)
    written = store.get(f"{folder}{part:06}") or b""
    if len(written) >= PART:
        part, written = part + 1, b""
    store.put(f"{folder}{part:06}", written + f"{time.time():.3f} e {text}\n".encode("utf-8", "backslashreplace"))


def parse_lines(data: bytes) -> Iterator[LogLine]:
    """The lines of a part. What is no such line, as in a part that was damaged, is passed on as text."""
    if not data:
        return
    moment = 0.0
    for line in data.decode("utf-8", "replace").removesuffix("\n").split("\n"):
        try:
            head, kind, text = line.split(" ", 2)
            moment = float(head)
        except ValueError:
            kind, text = "o", line
        yield LogLine(moment, kind == "e", text)


def log_key(flow: str, task: TaskId, attempt: int) -> str:
    """The prefix of an attempt's log."""
    return f"{task_key(flow, task.run, task.step, task.path)}/log-{attempt}/"


def _print_warning(text: str) -> None:
    print(f"flowc: {text}", file=sys.stderr)
