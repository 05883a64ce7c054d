"""What becomes of a file: its new text, and what is left in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """Something of Metaflow's that stays as it is.

    Attributes:
        line: Where, from 1, in the new text.
        column: In characters, from 1.
        message: What it is.
        help: What to do about it, or "".
    """

    line: int
    column: int
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """What became of a file.

    Attributes:
        text: All of it, as it is to be.
        leftovers: By place.
        imports: How many import statements were turned.
        commands: How many command lines were.
    """

    text: str
    leftovers: tuple[Leftover, ...]
    imports: int = 0
    commands: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Other text for a range of characters."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; of two that overlap, the first."""
    parts = []
    done = 0
    for edit in sorted(edits):
        if edit.start < done:
            continue
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


class Places:
    """Offsets in a text as lines and columns, and back. A line ends where Python ends one."""

    def __init__(self, text: str) -> None:
        plain = text.replace("\r\n", " \n").replace("\r", "\n")
        self._starts = [0]
        at = plain.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = plain.find("\n", at + 1)

    def of(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a line, from 1, and a column, from 0: libcst counts so."""
        return self._starts[line - 1] + column
