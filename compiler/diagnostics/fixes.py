r"""Fixes as edited text: from a file's text and some fixes to the text with these made.

What is not edited is not touched, by construction: line ends, tabs, form feeds, the byte-order mark and a missing last line end
stay as they are. Only text that a fix inserts is written with the line end that its surroundings use.

    "self.next(self.trian)\r\n", Fix("Write `self.train`", …)   →   "self.next(self.train)\r\n"
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_left, insort
from collections.abc import Iterable

from .model import Edit, Fix

_LINE_END = re.compile(r"\r\n|\r|\n")

_Piece = tuple[int, int, str]
"""What to replace: the first character's offset, the one after the last's, and the new text."""


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """The text with fixes made, in the order of the places they edit; one that overlaps with an earlier one is left out."""
    return splice(text, choose(text, fixes))


def choose(text: str, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Those of the fixes that can be made at once, in the order of their places. Of equal fixes one is taken."""
    places = _Places(text)
    pieces = {fix: sorted(map(places.piece, fix.edits)) for fix in fixes if fix.edits}
    taken: list[_Piece] = []
    chosen: list[Fix] = []
    for fix in sorted(pieces, key=lambda one: (pieces[one], one.title)):
        if all(_free(piece, taken) for piece in pieces[fix]):
            chosen.append(fix)
            for piece in pieces[fix]:
                insort(taken, piece)
    return tuple(chosen)


def splice(text: str, fixes: Iterable[Fix]) -> str:
    """The text with fixes made that do not overlap."""
    places = _Places(text)
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(places.piece(edit) for fix in fixes for edit in fix.edits):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def apply_bytes(data: bytes, fixes: Iterable[Fix]) -> bytes:
    """The same for a file as it is on disk: in its own encoding, with its byte-order mark.

    Raises:
        ValueError: The bytes are not text in the file's encoding, or that cannot be written back as it was.
        SyntaxError: The file names an encoding that does not exist.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    text = data.decode(encoding)
    if text.encode(encoding) != data:
        raise ValueError(f"text in {encoding} has several forms: it cannot be edited in place")
    return apply(text, fixes).encode(encoding)


def _free(piece: _Piece, taken: list[_Piece]) -> bool:
    """Whether a range neither overlaps with one that is taken nor, where one of them only inserts, touches it."""
    start, end, _ = piece
    index = bisect_left(taken, (start, -1, ""))
    for other_start, other_end, _ in taken[max(index - 1, 0) : index + 1]:
        touching = start == end or other_start == other_end
        if (start <= other_end and other_start <= end) if touching else (start < other_end and other_start < end):
            return False
    return True


class _Places:
    """Where the lines of a text begin and end; a line ends as it does for `ast` and for `Source.lines`."""

    def __init__(self, text: str) -> None:
        ends = list(_LINE_END.finditer(text))
        self.starts = [0, *(one.end() for one in ends)]
        self.stops = [*(one.start() for one in ends), len(text)]
        self.line_ends = [one[0] for one in ends]

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; one past the end of its line or of the text is the end of that."""
        if line > len(self.starts):
            return self.stops[-1]
        return min(self.starts[line - 1] + column - 1, self.stops[line - 1])

    def piece(self, edit: Edit) -> _Piece:
        """An edit as offsets, its new lines ended as the line is that it stands on, or as the text's first one is."""
        span = edit.span
        start = self.offset(span.line, span.column)
        end = self.offset(span.end_line, span.end_column)
        near = self.line_ends[span.line - 1 : span.line] or self.line_ends[:1] or ["\n"]
        return start, max(start, end), edit.text.replace("\n", near[0])
