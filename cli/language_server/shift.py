"""From an older text of a file to its newest: where the lines are that did not change.

While someone types, a file often does not parse. What was understood of it before still holds above and below the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...compiler.source import Source, Span


@dataclass(frozen=True, slots=True)
class Shift:
    """How lines moved between two texts that have their first and their last lines in common.

    Attributes:
        head: How many lines are the same from the top.
        tail: How many more are the same from the bottom.
        old: How many lines there were.
        new: How many there are.
    """

    head: int
    tail: int
    old: int
    new: int

    def forth(self, span: Span) -> Span | None:
        """A range of the older text in the newer; None where it changed."""
        if span.end_line <= self.head:
            return span
        if span.line > self.old - self.tail:
            by = self.new - self.old
            return replace(span, line=span.line + by, end_line=span.end_line + by)
        return None

    def back(self, line: int) -> int | None:
        """A line of the newer text in the older; None where it is new."""
        if line <= self.head:
            return line
        return line - self.new + self.old if line > self.new - self.tail else None


def shift_between(old: Source, new: Source) -> Shift:
    """Compare two texts."""
    before, after = old.lines, new.lines
    head, tail = common_ends(before, after)
    return Shift(head, tail, len(before), len(after))


def common_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many lines two texts have in common at their beginning, and how many more at their end."""
    most = min(len(before), len(after))
    head = next((index for index in range(most) if before[index] != after[index]), most)
    tail = next((index for index in range(most - head) if before[-1 - index] != after[-1 - index]), most - head)
    return head, tail
