"""What `flowc check --fix` writes and `--diff` shows: files before and after their repair."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..compiler.given import Given
from ..compiler.repair import repair_bytes
from .flow_file import Disk, FlowFile
from .output import complain, write
from .writing import replace_file

NO_LINE_END = b"\\ No newline at end of file\n"
"""How `diff` says that the line above ends the file without one."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after.

    Attributes:
        path: As the user wrote it.
        fixed: How many faults are gone.
    """

    path: str
    old: bytes
    new: bytes
    fixed: int = 0


class Repaired(Disk):
    """The files that the compiler may read, those that were repaired as they will be."""

    def __init__(self, changes: Mapping[str, Change]) -> None:
        self._changes = changes

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None where it cannot be read."""
        try:
            known = self._changes.get(os.path.realpath(path))
        except ValueError:  # a name with a NUL in it
            return None
        return super().read(path) if known is None else known.new


def repair_files(read: Iterable[tuple[FlowFile, bytes]], given: Given, *, hints: bool) -> dict[str, Change]:
    """Repair flows; of a file with several, each continues what the one before made of it. Nothing is written.

    Returns:
        Files by their real paths, for one may be named in several ways.
    """
    changes: dict[str, Change] = {}
    for flow, data in read:
        key = os.path.realpath(flow.path)
        before = changes.get(key, Change(flow.path, data, data))
        repair = repair_bytes(flow.path, before.new, flow.class_name, Repaired(changes), given, hints=hints)
        changes[key] = Change(before.path, before.old, repair.data, before.fixed + len(repair.fixed))
    return changes


def write_changes(changes: Mapping[str, Change]) -> None:
    """Put each repaired file in the place of the old one, and say so."""
    for change in changes.values():
        if change.new != change.old:
            replace_file(change.path, change.old, change.new)
            complain(f"fixed {change.path}: {_faults(change.fixed)}")


def show_changes(changes: Mapping[str, Change]) -> bool:
    """Print what would change as a unified diff; whether anything would."""
    would = [change for change in changes.values() if change.new != change.old]
    for change in would:
        # As bytes: the diff is in the file's own encoding, so that `patch` can apply it.
        names = (os.fsencode(change.path), os.fsencode(change.path))
        lines = difflib.diff_bytes(difflib.unified_diff, _lines(change.old), _lines(change.new), *names, lineterm=b"\n")
        write(b"".join(one if one.endswith(b"\n") else one + b"\n" + NO_LINE_END for one in lines), sys.stdout)
        complain(f"would fix {change.path}: {_faults(change.fixed)}")
    return bool(would)


def _lines(data: bytes) -> Sequence[bytes]:
    """Lines as `diff` and `patch` count them, which end at a line feed only."""
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _faults(count: int) -> str:
    return f"{count} fault{'s' * (count != 1)}"
