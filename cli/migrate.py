"""`flowc migrate`: turn Metaflow's imports and command lines in files into flowc's, and say what is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .flow_file import Disk, read_file
from .output import FAULTS, USAGE, Unusable, complain, wants_color, write
from .verb import Verb, color_option
from .writing import replace_file, unified_diff

if TYPE_CHECKING:
    from ..compiler.migrate import Migration

NOT_ENTERED = frozenset({"node_modules", "site-packages", "__pycache__"})
"""Folders whose files are not the user's own; so are those that begin with a dot, and virtual environments."""


@click.command("migrate", cls=Verb, examples=("flow.py", "--diff flows/ Makefile README.md", "--diff . | less"))
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@color_option
def command(paths: tuple[str, ...], diff: bool) -> None:
    """Turn Metaflow's imports and command lines into flowc's.

    A FILE is a file of Python, or any other text with command lines in it: a script, a Makefile, a Dockerfile, a CI's
    settings, a page. Of a folder all files that end in .py are taken. Files are changed in place; what flowc has no equivalent
    for stays as it is, and is listed with what to do about it.
    """
    from .. import __all__ as face

    names = frozenset(face)
    from ..compiler.diagnostics.model import Severity
    from ..compiler.diagnostics.terminal import Style, printable

    left_stream = sys.stderr if diff else sys.stdout
    tag = Style(wants_color(left_stream)).severity(Severity.WARNING, "left")
    unusable = changed = seen = 0
    left: list[str] = []
    for path in _files(paths):
        if isinstance(path, _Refused):
            unusable += 1
            complain(f"flowc: {path.why}")
            continue
        seen += 1
        outcome = _migrate(path, names, diff)
        if isinstance(outcome, _Refused):
            unusable += outcome.usage
            if outcome.usage:
                complain(f"flowc: {outcome.why}")
            else:
                left.append(f"{printable(path)}:1:1: {tag}: {printable(outcome.why)}\n")
            continue
        shown, migration = outcome
        changed += bool(shown)
        write(shown, sys.stdout)
        for one in migration.leftovers:
            text = printable(f"{one.message}; {one.help}" if one.help else one.message)
            left.append(f"{printable(path)}:{one.line}:{one.column}: {tag}: {text}\n")
    write("".join(left), left_stream)
    if not (changed or left or unusable):
        complain(f"flowc: nothing of Metaflow's in {seen} file{'s' * (seen != 1)}")
    if unusable or left:
        raise click.exceptions.Exit(USAGE if unusable else FAULTS)


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a file is not migrated, and whether it cannot be read or written at all."""

    why: str
    usage: bool = True


def _files(paths: Sequence[str]) -> Iterator[str | _Refused]:
    """The files that are meant, each once, in order."""
    known: set[str] = set()
    for path in paths:
        found: Iterator[str | _Refused] = _python_files(path) if Path(path).is_dir() else iter([path])
        for one in found:
            real = os.path.realpath(one) if isinstance(one, str) and "\0" not in one else ""
            if not real or real not in known:
                known.add(real)
                yield one


def _python_files(folder: str) -> Iterator[str | _Refused]:
    """All files of Python below a folder, but those in folders that are not the user's own."""
    refused: list[_Refused] = []

    def refuse(error: OSError) -> None:
        refused.append(_Refused(f"cannot read {error.filename}: {error.strerror}"))

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".") and one not in NOT_ENTERED and not Path(place, one, "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118  # pathlib's would take the `./` away
            # A link leads to a file that is found in its own place, or is somebody else's.
            if name.endswith(".py") and not Path(path).is_symlink():
                yield path
    yield from refused


def _migrate(path: str, names: Set[str], diff: bool) -> tuple[str | bytes, Migration] | _Refused:
    """Migrate one file: what to say about the change ("" where there is none), and what is left."""
    from ..compiler.migrate import Unfit, migrate_bytes

    try:
        data = read_file(path)
        new, migration = migrate_bytes(path, data, names, Disk())
        if new == data:
            return "", migration
        if diff:
            return unified_diff(path, data, new), migration
        replace_file(path, data, new)
    except Unusable as error:
        return _Refused(error.message)
    except Unfit as error:
        return _Refused(str(error), usage=False)
    return f"migrated {path}: {_summary(migration)}{_faults(path, new)}\n", migration


def _summary(migration: Migration) -> str:
    counts = ((migration.imports, "import"), (migration.commands, "command line"))
    return ", ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in counts if count)


def _faults(path: str, data: bytes) -> str:
    """How many faults `flowc check` finds in a flow: what flowc refuses, and Metaflow may not."""
    if not path.endswith(".py"):
        return ""
    from ..compiler.diagnostics.render import summary
    from ..compiler.diagnostics.rules.file import NO_FLOW, NO_SUCH_NAME, SEVERAL_FLOWS
    from ..compiler.pipeline import compile_bytes

    told = (NO_FLOW, SEVERAL_FLOWS, NO_SUCH_NAME)  # the last are listed as what is left
    found = [one for one in compile_bytes(path, data, None, Disk()).diagnostics if one.rule not in told]
    return f"; `flowc check` finds {summary(found)}" if found else ""
