"""Command lines in a file of any kind: a shell's script, a Makefile, a Dockerfile, a CI's YAML, a page of text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from ..files import NO_FILES, Files
from ..lines import Lines, Piece, splice
from .command_lines import IsFlow, Left, turn
from .model import Leftover, Migration
from .words import CommandLine, find_command_lines

_TOOLS = (
    (
        re.compile(r"\b(?:(?:pip3?|uv pip|conda|mamba) install|poetry add)\b[^\n\r]{0,300}?[\s\"']metaflow(?![\w.-])"),
        "this installs Metaflow",
        "install flowc in its place",
    ),
    (
        re.compile(r"(?<![\w./-])metaflow (?:configure (?:aws|azure|gcp|kubernetes|show)|tutorials (?:pull|browse|list))\b"),
        "this is a command of Metaflow's own tool",
        "flowc takes its settings from flowc.toml and from FLOWC_* variables",
    ),
)
"""What is Metaflow's, and no flow's command line: a pattern, what it is, what to do."""


def migrate_text(path: str, text: str, files: Files = NO_FILES) -> Migration:
    """Turn the command lines of a file that is not Python.

    Args:
        path: The file's, as the user named it: flows are looked for beside it.
        text: The whole of it.
        files: Where the flows are found that command lines name, so as to see that they are flows.
    """
    is_flow = flow_finder(path, files)
    done = turn_ranges(text, [(0, len(text))], is_flow)
    new = splice(text, done.edits)
    again = turn_ranges(new, [(0, len(new))], is_flow) if done.edits else done
    return Migration(new, place(new, [*again.left, *find_tools(new, 0, len(new))]), commands=done.commands)


def flow_finder(path: str, files: Files) -> IsFlow:
    """Says whether a file is a flow's: seen from the folder of the file that names it, or from the current one."""
    known: dict[str, bool | None] = {}

    def look(name: str) -> bool | None:
        for one in (posixpath.join(posixpath.dirname(path.replace("\\", "/")), name), name):
            if (data := files.read(one)) is not None:
                return any(sign in data for sign in (b"metaflow", b"flowc", b"FlowSpec", b"@step"))
        return None

    def is_flow(name: str) -> bool | None:
        if name not in known:
            known[name] = look(name)
        return known[name]

    return is_flow


class Turned:
    """What becomes of the command lines in some ranges of a text."""

    def __init__(self) -> None:
        self.edits: list[Piece] = []
        self.left: list[Left] = []
        self.commands = 0

    def take(self, line: CommandLine, is_flow: IsFlow) -> None:
        """Turn one more."""
        outcome = turn(line, is_flow)
        if isinstance(outcome, Left):
            self.left.append(outcome)
        elif outcome is not None:
            self.edits += outcome
            self.commands += 1


def turn_ranges(text: str, ranges: Iterable[tuple[int, int]], is_flow: IsFlow) -> Turned:
    """Turn the command lines in these ranges."""
    done = Turned()
    for start, end in ranges:
        for line in find_command_lines(text, start, end):
            done.take(line, is_flow)
    return done


def find_tools(text: str, start: int, end: int) -> Iterator[Left]:
    """What else of Metaflow's stands in a range."""
    for pattern, message, help in _TOOLS:
        for match in pattern.finditer(text, start, end):
            yield Left(match.start(), message, help)


def place(text: str, left: Iterable[Left]) -> tuple[Leftover, ...]:
    """Leftovers at their lines and columns, in order."""
    lines = Lines(text)
    return tuple(sorted({Leftover(*lines.place(one.start), one.message, one.help) for one in left}))
