"""Writing files, each whole or not at all, a set of them all or none as far as a file system lets one; and what would change."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from .output import Unusable

NO_LINE_END = b"\\ No newline at end of file\n"
"""How `diff` says that the line above ends the file without one."""


def write_all(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write files into a folder, which is made where there is none, and yield their paths in order.

    All are written aside first, so that a full disk leaves the folder as it was; then each takes its place in one move.

    Raises:
        Unusable: The folder cannot be made, or a file not be written.
    """
    # A device or a pipe, such as /dev/stdout, is written to: a file in its place would be the end of it.
    straight = {name for name in files if _is_special(folder / name)}
    names = [name for name in files if name not in straight]
    aside = {name: (folder / name).with_name(f".{(folder / name).name}.{os.getpid()}.new") for name in names}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            aside[name].parent.mkdir(parents=True, exist_ok=True)
            aside[name].write_bytes(files[name])
        for name in files:
            if name in straight:
                (folder / name).write_bytes(files[name])
            else:
                aside[name].replace(folder / name)
            yield folder / name
    except OSError as error:
        raise Unusable(f"cannot write {error.filename or folder}: {error.strerror}") from None
    finally:
        for path in aside.values():
            with suppress(OSError):  # Not there: moved, or never written.
                path.unlink()


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def replace_file(path: str, old: bytes, new: bytes) -> None:
    """Put new content into a file that held the old: all of it or nothing, with the file's mode and owner; a link stays one.

    Raises:
        Unusable: It cannot be written, or no longer holds what was read.
    """
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        status = target.stat()
        if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise Unusable(f"cannot write {path}: it is read-only")
        aside.write_bytes(new)
        aside.chmod(stat.S_IMODE(status.st_mode))
        with suppress(OSError):  # only root may give files away
            shutil.chown(aside, status.st_uid, status.st_gid)
        if (now := target.read_bytes()) == new:
            return
        if now != old:
            raise Unusable(f"{path} was changed meanwhile, and is left as it is: try again")
        aside.replace(target)
    except OSError as error:
        raise Unusable(f"cannot write {path}: {error.strerror}") from None
    finally:
        with suppress(OSError):
            aside.unlink()


def unified_diff(path: str, old: bytes, new: bytes) -> bytes:
    """What would change in a file, as `patch` takes it: in the file's own encoding, with its own line ends."""
    name = os.fsencode(path)
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), name, name, lineterm=b"\n")
    return b"".join(one if one.endswith(b"\n") else one + b"\n" + NO_LINE_END for one in lines)


def _lines(data: bytes) -> list[bytes]:
    """Lines as `diff` and `patch` count them, which end at a line feed only."""
    return re.findall(rb"[^\n]*\n|[^\n]+", data)
