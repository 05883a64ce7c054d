"""One line of source with marks under it: carets for the place at fault, dashes for the others, each with its words.

Marks that do not overlap share a row, and the last one's words stand beside it:

    self.next(self.a, self.a)
              ------  ^^^^^^ named again
              |
              first named here
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from .model import Severity
from .terminal import Style, cells, printable

TAB = "    "
"""What a tab is shown as, wherever it stands."""

WIDTH = 120
"""In cells. A longer line is cut around what matters."""

LEAD = 20
"""How many cells of a cut line stay in front of the mark."""

CUT = "…"


@dataclass(frozen=True, slots=True)
class Mark:
    """What to underline.

    Attributes:
        start: The first character, from 0.
        end: The one after the last.
        text: The words on it, or "".
        primary: Whether it is the place at fault.
    """

    start: int
    end: int
    text: str
    primary: bool


def draw_line(text: str, marks: Sequence[Mark], severity: Severity, style: Style) -> list[str]:
    """The line as a terminal shows it, and the rows below it."""
    line = _lay_out(text)
    shown, marks = _cut(line, line.place(marks))
    rows = [shown.rstrip()]
    for group in _rows(marks):
        rows += _draw(group, severity, style)
    return rows


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with tabs expanded.

    Attributes:
        shown: What a terminal shows.
        edges: The cell where each of its characters starts, and the one after the last.
        offsets: The same for the characters of the source.
    """

    shown: str
    edges: Sequence[int]
    offsets: Sequence[int]

    def place(self, marks: Sequence[Mark]) -> list[Mark]:
        """Marks that count in cells."""
        ends = ((self._cell(one.start), self._cell(one.end)) for one in marks)
        return [Mark(start, max(end, start + 1), one.text, one.primary) for (start, end), one in zip(ends, marks, strict=True)]

    def _cell(self, index: int) -> int:
        # A place past the end of the line: where the file ends.
        last = len(self.offsets) - 1
        return self.offsets[min(index, last)] + max(index - last, 0)

    def slice(self, start: int, end: int) -> tuple[str, int]:
        """The characters that lie whole between two cells, and the cell of the first."""
        first, last = bisect_left(self.edges, start), bisect_right(self.edges, end) - 1
        return (self.shown[first:last], self.edges[first]) if first < last else ("", start)


@lru_cache(maxsize=8)
def _lay_out(text: str) -> _Line:
    """Kept for a while, since a long line may have a thousand faults."""
    pieces = [TAB if one == "\t" else printable(one) for one in text]
    shown = "".join(pieces)
    edges = [0, *accumulate(map(cells, shown))]
    return _Line(shown, edges, [0, *(edges[end] for end in accumulate(map(len, pieces)))])


def _cut(line: _Line, marks: list[Mark]) -> tuple[str, list[Mark]]:
    """The part of a long line in which its marks stand, or at least the one at fault."""
    width = line.edges[-1]
    if width <= WIDTH:
        return line.shown, marks
    if not marks:
        return line.slice(0, WIDTH - 1)[0] + CUT, marks
    start, end = min(one.start for one in marks), max(one.end for one in marks)
    if end - start > WIDTH - LEAD:
        start = next((one.start for one in marks if one.primary), start)
    left = max(0, min(start - LEAD, width - WIDTH))
    if left == 0:
        return line.slice(0, WIDTH - 1)[0] + CUT, [_clamped(one, 0, WIDTH) for one in marks]
    part, skipped = line.slice(left + 1, left + WIDTH - 1)
    more = CUT if width > left + WIDTH else ""
    # A wide character across the cut goes; the mark's own cells stay where they were.
    return CUT + " " * (skipped - left - 1) + part + more, [_clamped(one, left, WIDTH) for one in marks]


def _clamped(mark: Mark, left: int, width: int) -> Mark:
    start = min(max(mark.start - left, 0), width - 1)
    return Mark(start, min(max(mark.end - left, start + 1), width), mark.text, mark.primary)


def _rows(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Marks that may share a row, in the order of the line; the place at fault is in the first one."""
    rows: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda one: not one.primary):
        for row in rows:
            if all(mark.end <= one.start or one.end <= mark.start for one in row):
                row.append(mark)
                break
        else:
            rows.append([mark])
    return [sorted(row, key=lambda one: one.start) for row in rows]


def _draw(marks: Sequence[Mark], severity: Severity, style: Style) -> list[str]:
    """A row of underlines, then the words of all but the last one from right to left."""

    def paint(mark: Mark, text: str) -> str:
        return style.severity(severity, text) if mark.primary else style.note(text)

    rows: list[str] = []
    line, at = "", 0
    for mark in marks:
        line += " " * (mark.start - at) + paint(mark, ("^" if mark.primary else "-") * (mark.end - mark.start))
        at = mark.end
    last = marks[-1]
    head, *rest = last.text.split("\n")
    rows.append(line + (" " + paint(last, head) if head else ""))
    rows += [" " * (last.end + 1) + paint(last, more) for more in rest]

    waiting = [mark for mark in marks[:-1] if mark.text]
    if waiting:
        rows.append(_stems(waiting, paint))
    while waiting:
        mark = waiting.pop()
        stems = _stems(waiting, paint)
        for more in mark.text.split("\n"):
            width = waiting[-1].start + 1 if waiting else 0
            rows.append(stems + " " * (mark.start - width) + paint(mark, more))
    return rows


def _stems(marks: Sequence[Mark], paint: Callable[[Mark, str], str]) -> str:
    line, at = "", 0
    for mark in marks:
        line += " " * (mark.start - at) + paint(mark, "|")
        at = mark.start + 1
    return line
