"""What a look at a run has found, and how that is shown while the run goes on.

At a terminal it is a table that is drawn again; elsewhere a line for each step whose counts have changed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .looking import duration
from .output import complain, wants_color

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..runtime.client.run import Run
    from ..targets.executions import Execution, Fan, Job


@dataclass(frozen=True, slots=True)
class Count:
    """How far a step is, or the exit hook.

    Attributes:
        of: How many tasks there will be, where that is known and it is in a foreach.
        stopped: How many were under way when something else failed, or when somebody stopped the run.
    """

    step: str
    running: int
    done: int
    failed: int
    of: int | None
    stopped: int = 0

    @property
    def text(self) -> str:
        """For a line: `37/100 done, 16 running`."""
        done = f"{self.done}/{self.of} done" if self.of is not None else f"{self.done} done" if self.done else ""
        if self.of is None and self.done == 1 and not (self.running or self.failed or self.stopped):
            return "done"
        rest = {"running": self.running, "failed": self.failed, "stopped": self.stopped}
        return ", ".join(filter(None, (done, *(f"{count} {state}" for state, count in rest.items() if count)))) or "begins"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look has found."""

    status: str
    counts: tuple[Count, ...]
    jobs: tuple[Job, ...]
    fans: tuple[Fan, ...]
    execution: Execution | None


def waiting(step: str, path: str | None, status: str, reason: str | None) -> str:
    """What is said of a job that has not begun."""
    place = step if path in (None, "-") else f"{step}/{path}"
    return f"{place} waits for the platform, {status}" + (f": {reason}" if reason else "")


class Lines:
    """Writes a line for each change."""

    def __init__(self, run: Run) -> None:
        self._name = f"{run.parent.id}/{run.id}"
        self._said: dict[str, str] = {}

    def show(self, sight: Sight) -> None:
        """Say what is new."""
        self._say("", f"{self._name} is {sight.status}" if sight.status in ("running", "queued") else "")
        for count in sight.counts:
            self._say(count.step, f"{count.step}: {count.text}")
        for job in sight.jobs:
            if job.waits:
                self._say(job.id, waiting(job.step, job.path, job.status, job.reason))

    def leave(self) -> None:
        """The run is over, and all that is known of it is shown next."""

    def note(self, text: str) -> None:
        """Say something besides."""
        complain(f"flowc: {text}")

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        time.sleep(seconds)

    def _say(self, about: str, text: str) -> None:
        if text and self._said.get(about) != text:
            self._said[about] = text
            complain(f"flowc: {text}")


class Table:
    """Draws a table again and again, on a terminal."""

    def __init__(self, run: Run, live: Any) -> None:
        self._name = f"{run.parent.id}/{run.id}"
        self._live = live
        self._sight: Sight | None = None
        self._began = time.time()

    def show(self, sight: Sight) -> None:
        """Draw what is there now."""
        self._sight = sight
        self._live.update(self._drawn(), refresh=True)

    def leave(self) -> None:
        """The table goes away: the steps are in what is shown next, too."""
        self._live.transient = True

    def note(self, text: str) -> None:
        """Say something above the table."""
        self._live.console.print(f"flowc: {text}", markup=False, soft_wrap=True)

    def wait(self, seconds: float) -> None:
        """Let time go by, which is shown."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))
            self._live.update(self._drawn(), refresh=True)

    def _drawn(self) -> RenderableType:
        from rich import table as tables
        from rich.console import Group
        from rich.text import Text

        sight = self._sight
        assert sight is not None
        is_stopped = any(one.stopped for one in sight.counts)
        table = tables.Table(box=None, show_edge=False, pad_edge=False, header_style="dim")
        for heading in ("step", "running", "done", "failed", *(["stopped"] if is_stopped else [])):
            table.add_column(heading, justify="left" if heading == "step" else "right", no_wrap=True)
        most = max(3, self._live.console.size.height // 2 - 3)
        shown = sight.counts if len(sight.counts) <= most else _most_telling(sight.counts, most)
        for count in shown:
            done = f"{count.done}/{count.of}" if count.of is not None else str(count.done or "")
            table.add_row(
                Text(count.step),
                Text(str(count.running or ""), "cyan"),
                Text(done, "green"),
                Text(str(count.failed or ""), "red"),
                *([str(count.stopped or "")] if is_stopped else []),
            )
        lines: list[RenderableType] = [table] if shown else []
        lines += [Text(waiting(job.step, job.path, job.status, job.reason), "dim") for job in sight.jobs if job.waits][:3]
        began = sight.execution.started if sight.execution else self._began
        hidden = f", {len(sight.counts) - len(shown)} more steps" if len(shown) < len(sight.counts) else ""
        lines.append(Text(f"{self._name}: {sight.status}{hidden}, {duration(time.time() - began)}"))
        return Group(*lines)


def _most_telling(counts: tuple[Count, ...], most: int) -> tuple[Count, ...]:
    """Those that run or failed, and the last of the others; in their order."""
    chosen = sorted(range(len(counts)), key=lambda one: (not (counts[one].running or counts[one].failed), -one))[:most]
    return tuple(counts[one] for one in sorted(chosen))


@contextmanager
def view_of(run: Run) -> Iterator[Lines | Table]:
    """How a run is shown on standard error."""
    from ..runtime.local.live import can_live

    if not can_live(sys.stderr):
        yield Lines(run)
        return
    from rich.console import Console
    from rich.live import Live

    color = wants_color(sys.stderr)
    console = Console(stderr=True, no_color=not color, color_system="standard" if color else None, highlight=False, emoji=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield Table(run, live)
