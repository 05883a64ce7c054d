r"""Fixes as edited text: from a file's text and some fixes to the text with these made.

What is not edited is not touched, by construction: line ends, tabs, form feeds, the byte-order mark and a missing last line end
stay as they are. Only text that a fix inserts is written with the line end that its surroundings use.

    "self.next(self.trian)\r\n", Fix("Write `self.train`", …)   →   "self.next(self.train)\r\n"
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from ..lines import Lines, Piece, splice
from ..source import decode_exactly
from .model import Edit, Fix


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """The text with fixes made, in the order of the places they edit; one that overlaps with an earlier one is left out."""
    lines = Lines(text)
    return splice(text, (_piece(lines, edit) for fix in choose(text, fixes) for edit in fix.edits))


def choose(text: str, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Those of the fixes that can be made at once, in the order of their places. Of equal fixes one is taken."""
    lines = Lines(text)
    pieces = {fix: sorted(_piece(lines, edit) for edit in fix.edits) for fix in fixes if fix.edits}
    taken: list[Piece] = []
    chosen: list[Fix] = []
    for fix in sorted(pieces, key=lambda one: (pieces[one], one.title)):
        if all(_free(piece, taken) for piece in pieces[fix]):
            chosen.append(fix)
            for piece in pieces[fix]:
                insort(taken, piece)
    return tuple(chosen)


def apply_bytes(data: bytes, fixes: Iterable[Fix]) -> bytes:
    """The same for a file as it is on disk: in its own encoding, with its byte-order mark.

    Raises:
        UnicodeError, SyntaxError, LookupError: As `decode_exactly` does; or what was inserted cannot be written in that encoding.
    """
    text, encoding = decode_exactly(data)
    return apply(text, fixes).encode(encoding)


def _free(piece: Piece, taken: list[Piece]) -> bool:
    """Whether a range neither overlaps with one that is taken nor, where one of them only inserts, touches it."""
    start, end, _ = piece
    index = bisect_left(taken, Piece(start, -1, ""))
    for other_start, other_end, _ in taken[max(index - 1, 0) : index + 1]:
        touching = start == end or other_start == other_end
        if (start <= other_end and other_start <= end) if touching else (start < other_end and other_start < end):
            return False
    return True


def _piece(lines: Lines, edit: Edit) -> Piece:
    """An edit as offsets, with the line ends of the text around it."""
    span = edit.span
    start = lines.offset(span.line, span.column)
    return Piece(start, max(start, lines.offset(span.end_line, span.end_column)), text_for(edit, lines))


def text_for(edit: Edit, lines: Lines) -> str:
    """What an edit puts into a text: its new lines end as the line does that it stands on."""
    return edit.text.replace("\n", lines.end_of(edit.span.line))
