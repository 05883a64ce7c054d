"""Places as an editor counts them: lines from 0, and characters from 0 in the code units that it has chosen.

A `Span` counts characters from 1. By default the protocol counts UTF-16 code units, of which a character beyond U+FFFF takes two:

    self.next(self.𝓪, self.b)        `self.b` begins at column 19 of a Span, and at character 19 of an editor
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsprotocol import types

from ...compiler.source import Source, Span

ENCODINGS = ("utf-16", "utf-8", "utf-32")
"""What an editor may count in. UTF-16 is what it counts in if it does not say."""


def units(text: str, encoding: str) -> int:
    """How long a text is."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(one > "\uffff" for one in text)


def place_of(lines: Sequence[str], line: int, column: int, encoding: str) -> types.Position:
    """A place of a `Span` as the editor counts; one past the end of its line, or of the text, is that end."""
    if line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
    return types.Position(line - 1, units(lines[line - 1][: column - 1], encoding))


def range_of(span: Span, lines: Sequence[str], encoding: str) -> types.Range:
    """A `Span` as the editor counts."""
    start = place_of(lines, span.line, span.column, encoding)
    return types.Range(start, place_of(lines, span.end_line, span.end_column, encoding))


def range_in(span: Span, sources: Mapping[str, Source], encoding: str) -> types.Range:
    """A `Span` as the editor counts, in the text that it is of."""
    source = sources.get(span.path)
    if source is not None:
        return range_of(span, source.lines, encoding)
    start = types.Position(span.line - 1, span.column - 1)  # what was not read as text of Python
    return types.Range(start, types.Position(span.end_line - 1, span.end_column - 1))


def line_and_column(lines: Sequence[str], place: types.Position, encoding: str) -> tuple[int, int]:
    """An editor's place as a `Span` counts. One within a character is the place before that."""
    if place.line >= len(lines):
        return len(lines), len(lines[-1]) + 1
    text = lines[place.line]
    if encoding == "utf-32" or text.isascii():
        return place.line + 1, min(place.character, len(text)) + 1
    passed = 0
    for index, one in enumerate(text):
        passed += units(one, encoding)
        if passed > place.character:
            return place.line + 1, index + 1
    return place.line + 1, len(text) + 1


def touches(span: Span, line: int, column: int) -> bool:
    """Whether a place is within a range or at one of its ends, where a cursor still is on the word."""
    return (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)
