"""What `flowc check --fix` writes and `--diff` shows: files before and after their repair."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..compiler.given import Given
from ..compiler.repair import repair_bytes
from .flow_file import Disk, FlowFile
from .output import complain, write
from .writing import replace_file, unified_diff


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after.

    Attributes:
        path: As the user wrote it.
        old: Its bytes as they are on the disk.
        new: Its bytes as they will be.
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
        write(unified_diff(change.path, change.old, change.new), sys.stdout)
        complain(f"would fix {change.path}: {_faults(change.fixed)}")
    return bool(would)


def _faults(count: int) -> str:
    return f"{count} fault{'s' * (count != 1)}"
