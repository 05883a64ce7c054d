"""What a run shows on a terminal: the lines of its tasks, and below them a table that lives: steps, counts, times.

     step     running      done  failed  retried      time
     start                    1                      0.1 s
     work          16    340/1,000             2    12.3 s
     Squares/3: 16 running, 12.5 s

Of a run that has tasks elsewhere it also has a column of those that wait there for a machine or for their container.

The table is drawn at most ten times a second, and the lines that came meanwhile are written with it. rich makes its text; what
is drawn is undone here, for rich's own live display would look at each line and wants a thread, which a process that forks
should not have.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from ..paths import TaskId
from ..plan import ForeachScope, Plan
from .progress import Progress, is_terminal

if TYPE_CHECKING:
    from rich.console import Console

_PAUSE = 0.1
_IDLE = 1.0
_MOST_PENDING = 1 << 16
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_HEADINGS = ("step", "waiting", "running", "done", "failed", "retried", "time")


def can_live(err: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal on which lines can be taken back."""
    dumb = ("", "dumb") if os.name == "posix" else ("dumb",)
    return environment.get("TERM", "") not in dumb and is_terminal(err) and _size(err) is not None


@dataclass(slots=True)
class _Count:
    """What became of a step's tasks so far.

    Attributes:
        waiting: How many wait elsewhere.
        starting: How many have a machine there, and do not run yet.
        of: How many there will be, as far as that is known.
        began: When its first task started.
        ended: When its last one that is done ended.
    """

    waiting: int = 0
    starting: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    retried: int = 0
    of: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def active(self) -> int:
        """How many are neither done nor failed."""
        return self.waiting + self.starting + self.running


class LiveProgress(Progress):
    """Shows how far each step is, in the last lines of a terminal."""

    def __init__(self, out: TextIO, err: TextIO, plan: Plan, color: bool | None = None) -> None:
        super().__init__(out, err, color)
        self._terminals = {stream for stream in (out, err) if is_terminal(stream)}
        self._counts = {name: _Count() for name in plan.steps}
        self._elsewhere: dict[TaskId, str] = {}  # how far the attempts are that are elsewhere
        self._has_elsewhere = False
        self._splits: dict[str, list[str]] = {}
        for name, step in plan.steps.items():
            if step.scopes and isinstance(scope := step.scopes[-1], ForeachScope):
                self._splits.setdefault(scope.split, []).append(name)
        self._name = ""
        self._began = self._drawn_at = time.monotonic()
        self._drawn: list[int] = []  # how wide the lines are that are drawn now
        self._pending: list[tuple[TextIO, str]] = []
        self._size_pending = 0
        self._closed = False
        self._console: Console | None = None
        self.due = self._began + _PAUSE

    def begins(self, name: str, how: str, place: str) -> None:
        """The run begins."""
        super().begins(name, how, place)
        self._name = name

    def starts(self, task: TaskId, number: int | None) -> None:
        """Count it."""
        count = self._counts[task.step]
        count.running += 1
        count.began = count.began or time.monotonic()
        self._change()

    def ordered(self, task: TaskId, number: int) -> None:
        """Count it."""
        count = self._counts[task.step]
        count.waiting += 1
        count.began = count.began or time.monotonic()
        self._elsewhere[task] = "waiting"
        self._has_elsewhere = True
        self._change()

    def moved(self, tasks: Sequence[tuple[TaskId, str]], phase: str, where: str) -> None:
        """Count them."""
        for task, _ in tasks:
            if task in self._elsewhere:
                count = self._counts[task.step]
                _add(count, self._elsewhere[task], -1)
                _add(count, phase, 1)
                self._elsewhere[task] = phase
        self._change()

    def done(self, task: TaskId, seconds: float, caught: str | None, cardinality: int | None) -> None:
        """Count it; what was caught is worth a line."""
        count = self._counts[task.step]
        _add(count, self._elsewhere.pop(task, "running"), -1)
        count.done += 1
        count.ended = time.monotonic()
        for name in self._splits.get(task.step, ()):
            self._counts[name].of += cardinality or 0
        if caught:
            self._about(task, f"failed, and is caught: {caught}")
        self._change()

    def failed(self, task: TaskId, text: str | None, again: str | None) -> None:
        """Count it, and show it."""
        count = self._counts[task.step]
        _add(count, self._elsewhere.pop(task, "running"), -1)
        count.ended = time.monotonic()
        if again is None:
            count.failed += 1
        else:
            count.retried += 1
        super().failed(task, text, again)
        self._change()

    def tick(self, now: float) -> None:
        """Draw the table again, if its time has come."""
        if self.due is not None and now >= self.due:
            self._draw(now)

    def close(self) -> None:
        """Leave the table as it is."""
        if not self._closed:
            self._draw(time.monotonic())
            self._closed = True
            self.due = None

    def _write(self, stream: TextIO, line: str) -> None:
        if self._closed or stream not in self._terminals:
            super()._write(stream, line)
            return
        self._pending.append((stream, line + "\n"))
        self._size_pending += len(line)
        self._change()
        if self._size_pending > _MOST_PENDING:  # a task that prints a lot: the table can wait, its lines need not be held
            self._spill("")

    def _change(self) -> None:
        self.due = self._drawn_at + _PAUSE if not self._closed else None

    def _draw(self, now: float) -> None:
        size = _size(self._err)
        table = self._table(now, *size) if size else []
        self._spill("".join(f"{line}\n" for _, line in table))
        self._drawn = [width for width, _ in table]
        self._drawn_at = now
        self.due = now + _IDLE

    def _spill(self, table: str) -> None:
        """Take the table back, write what is pending, and draw the table given. As few writes as that takes."""
        pending, self._pending, self._size_pending = self._pending, [], 0
        text, stream = self._erasure(), self._err
        self._drawn = []
        for one, line in [*pending, (self._err, table)]:
            if one is not stream:
                self._put(stream, text)
                text, stream = "", one
            text += line
        self._put(stream, text)

    def _erasure(self) -> str:
        """What takes the table back. A terminal that has become narrower has broken its lines."""
        if not self._drawn:
            return ""
        size = _size(self._err)
        width = size[0] if size else 80
        rows = sum(max(1, -(-line // width)) for line in self._drawn)
        return f"\r\x1b[{rows}A\x1b[J"

    def _table(self, now: float, width: int, height: int) -> list[tuple[int, str]]:
        """The lines to draw, each with how wide it is."""
        from io import StringIO

        from rich.cells import cell_len
        from rich.console import Console, ConsoleDimensions
        from rich.table import Table

        if self._console is None:
            system: Any = "standard" if self._colours[self._err] else None
            self._console = Console(
                file=StringIO(), force_terminal=True, color_system=system, no_color=system is None, highlight=False, emoji=False
            )
        table = Table(box=None, show_edge=False, pad_edge=False, header_style="dim" if self._colours[self._err] else "")
        for heading in self._of_those_shown(_HEADINGS):
            table.add_column(heading, justify="left" if heading == "step" else "right", no_wrap=True, overflow="crop")
        shown = self._shown(max(1, height // 2 - 3))
        for name, count in shown:
            table.add_row(*self._of_those_shown(self._row(name, count, now)))
        console = self._console
        console.size = ConsoleDimensions(max(20, width - 1), height)
        with console.capture() as capture:
            console.print(table)
        lines = capture.get().splitlines()
        hidden = sum(1 for count in self._counts.values() if count.began or count.of) - len(shown)
        more = f", {hidden} more steps" if hidden else ""
        last = f"{self._name}: {self._busy()}{more}, {_clock(now - self._began)}"[: max(20, width - 1)]
        return [(cell_len(_COLOUR.sub("", text)), text) for text in (*lines, last)]

    def _busy(self) -> str:
        """What goes on, in words."""
        counts = self._counts.values()
        words = [f"{sum(count.running for count in counts):,} running"]
        for number, what in ((sum(one.starting for one in counts), "starting"), (sum(one.waiting for one in counts), "waiting")):
            if number:
                words.append(f"{number:,} {what}")
        return ", ".join(words)

    def _of_those_shown(self, cells: Sequence[Any]) -> Sequence[Any]:
        """Without the column of what waits, where nothing can."""
        return cells if self._has_elsewhere else [cell for number, cell in enumerate(cells) if number != 1]

    def _shown(self, most: int) -> list[tuple[str, _Count]]:
        """Steps that have begun, in the order of the source; where there are too many, those that run and the last that ended."""
        begun = [(name, count) for name, count in self._counts.items() if count.began or count.of]
        if len(begun) <= most:
            return begun
        chosen = {name for name, _ in sorted(begun, key=lambda one: (-(one[1].active > 0), -one[1].ended))[:most]}
        return [one for one in begun if one[0] in chosen]

    def _row(self, name: str, count: _Count, now: float) -> list[Any]:
        from rich.text import Text

        done = f"{count.done:,}/{count.of:,}" if count.of else str(count.done or "")
        spent = _clock((now if count.active else count.ended) - count.began) if count.began else ""
        colour = self._colours[self._err]
        return [
            Text(name),
            Text(str(count.waiting + count.starting or ""), "dim" if colour else ""),
            Text(str(count.running or ""), "cyan" if colour else ""),
            Text(done, "green" if colour else ""),
            Text(str(count.failed or ""), "red" if colour else ""),
            Text(str(count.retried or ""), "yellow" if colour else ""),
            Text(spent),
        ]


def _add(count: _Count, phase: str, number: int) -> None:
    match phase:
        case "waiting":
            count.waiting += number
        case "starting":
            count.starting += number
        case _:
            count.running += number


def _clock(seconds: float) -> str:
    """A duration as people say it: 4.2 s, 3:07 min, 2:03:04 h."""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def _size(stream: TextIO) -> tuple[int, int] | None:
    """Columns and lines of a terminal; None if it does not say."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return None
    return (columns, lines) if columns and lines else None
