"""Small tables of HTML, which notebooks show in place of a `repr`. All that comes out of the store is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from ..records.traces import traces
from .states import state_of

if TYPE_CHECKING:
    from .flow import Flow
    from .run import Run
    from .step import Step
    from .task import Task

_ROWS = 10


def flow_table(flow: Flow) -> str:
    """The newest runs of a flow."""
    rows = [(run.id, run.status, when(run.created_at), " ".join(sorted(run.user_tags))) for run in islice(flow, _ROWS + 1)]
    return _table(f"Flow {flow.pathspec}", ("run", "status", "started", "tags"), rows)


def run_table(run: Run) -> str:
    """The steps of a run, with how many tasks they have."""
    plan, over = run._plan, run._ended() is not None
    rows = []
    for name in run._steps_in_order():
        found = traces(run._store, run.parent.id, run.id, name)
        states = Counter(state_of(trace, name, plan, run._target, run_is_over=over) for trace in found.values())
        rows.append((name, *(str(states[state] or "") for state in ("done", "failed", "running", "stopped"))))
    return _table(f"Run {run.pathspec}: {run.status}", ("step", "done", "failed", "running", "stopped"), rows, most=len(rows))


def step_table(step: Step) -> str:
    """The first tasks of a step."""
    rows = [(task.id, task.status, when(task.created_at), when(task.finished_at)) for task in islice(step, _ROWS + 1)]
    return _table(f"Step {step.pathspec}", ("task", "status", "started", "ended"), rows)


def task_table(task: Task) -> str:
    """The artifacts of a task, and why it failed."""
    rows = [(artifact.id, readable_size(artifact.size)) for artifact in task]
    failure = task.exception
    why = f"<pre>{escape(failure.traceback or str(failure))}</pre>" if failure is not None else ""
    return _table(f"Task {task.pathspec}: {task.status}", ("artifact", "size"), rows, most=len(rows)) + why


def when(time: object) -> str:
    """A time to the second, or nothing."""
    return "" if time is None else str(time).partition(".")[0]


def readable_size(size: int) -> str:
    """`4.0 KiB`."""
    if size < 1024:
        return f"{size} B"
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        value, unit = value / 1024, larger
        if value < 1024:
            break
    return f"{value:.1f} {unit}"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], most: int = _ROWS) -> str:
    lines = list(rows)
    shown = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in lines[:most]]
    if len(lines) > most:
        shown.append(f'<td colspan="{len(head)}">…</td>')
    body = "".join(f"<tr>{row}</tr>" for row in shown)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
