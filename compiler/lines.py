r"""A text by the offsets of its characters: where its lines begin and end, and what it is with parts of it replaced.

    Lines("a\r\nbc").offset(2, 1)              →   3
    splice("a\r\nbc", [Piece(3, 4, "d")])      →   "a\r\ndc"

A line ends as it does for `ast` and for `Source.lines`: at a line feed, at a carriage return, or at both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\r|\n")


class Piece(NamedTuple):
    """Other text for a range of characters.

    Attributes:
        start: The first character's offset.
        end: That of the one after the last; the same as `start` where text is only inserted.
        text: What takes their place.
    """

    start: int
    end: int
    text: str


def splice(text: str, pieces: Iterable[Piece]) -> str:
    """The text with all pieces replaced; of two that overlap, the first."""
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(pieces):
        if start >= done:
            parts += [text[done:start], new]
            done = end
    return "".join([*parts, text[done:]])


def split_lines(text: str) -> list[str]:
    """The lines of a text with what ends them."""
    found: list[str] = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    return found


class Lines:
    """The lines of one text. Lines and columns count from 1."""

    def __init__(self, text: str) -> None:
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(one.end() for one in ends)]
        self._stops = [*(one.start() for one in ends), len(text)]
        self._ends = [one[0] for one in ends]

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; one past the end of its line or of the text is the end of that."""
        if line > len(self._starts):
            return self._stops[-1]
        return min(self._starts[line - 1] + column - 1, self._stops[line - 1])

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def end_of(self, line: int) -> str:
        """What ends a line; of the last one, what ends the text's first."""
        return (self._ends[line - 1 : line] or self._ends[:1] or ["\n"])[0]
