"""One file as it is on disk: which kind it is, and its bytes as text and back."""

from __future__ import annotations

import re
from collections.abc import Set

from ..files import NO_FILES, Files
from ..source import decode_exactly
from .model import Migration
from .python import Unparsable, migrate_python
from .text import migrate_text

PYTHON = (".py", ".pyi", ".pyw")
_SHEBANG = re.compile(rb"#![^\n]*\bpython")


class Unfit(Exception):
    """The file cannot be migrated. Its message says why."""


def migrate_bytes(path: str, data: bytes, names: Set[str], files: Files = NO_FILES) -> tuple[bytes, Migration]:
    """Turn what is Metaflow's in a file, and return its new bytes: the same ones where nothing was turned.

    Args:
        path: The file's, as the user named it.
        data: Its bytes.
        names: What can be imported from flowc.
        files: Where the flows are found that command lines name.

    Raises:
        Unfit: It is not text, or a notebook, or Python that does not parse.
    """
    if path.endswith(".ipynb"):
        raise Unfit("a notebook: export its code as a file that ends in .py (jupyter nbconvert --to script)")
    if b"\0" in data:
        raise Unfit("not text in UTF-8: it holds NUL characters")
    if path.endswith(PYTHON) or _SHEBANG.match(data):
        return _migrate_python(path, data, names, files)
    # Whatever the encoding, what is looked for is ASCII: other bytes come out as they went in.
    text = data.decode("utf-8", "surrogateescape")
    migration = migrate_text(path, text, files)
    return migration.text.encode("utf-8", "surrogateescape"), migration


def _migrate_python(path: str, data: bytes, names: Set[str], files: Files) -> tuple[bytes, Migration]:
    try:
        text, encoding = decode_exactly(data)
    except (UnicodeError, SyntaxError, LookupError) as error:
        raise Unfit(f"not text in its encoding: {error}") from None
    try:
        migration = migrate_python(path, text, names, files)
    except Unparsable as error:
        raise Unfit(f"the file does not parse: {error}") from None
    return migration.text.encode(encoding), migration
