"""How a run ended, for people: lines that say what became of it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..contract import ROOT_PATH
from ..paths import TaskId

if TYPE_CHECKING:
    from ..remote.link import Left


def how_it_failed(name: str, trouble: str, stopped: int) -> str:
    """That a run is not done, and what was stopped for that."""
    rest = f"; {count(stopped, 'running task')} stopped" if stopped else ""
    return f"flowc: run {name} is not done: {trouble}{rest}"


def what_to_do(again: str, run: str, failed: TaskId | None, wants: str) -> Iterator[str]:
    """How to see what a task printed, and how to go on.

    Args:
        again: What names the flow on a command line.
        failed: The task that the run failed for, or None.
        wants: The option without which a resumed run would end as this one.
    """
    if failed is not None:
        path = "" if failed.path == ROOT_PATH else f"/{failed.path}"
        yield f"flowc: what it printed: flowc logs {again} {failed.run}/{failed.step}{path}"
    yield f"flowc: to go on from here: flowc resume {again} {run}{wants}"


def what_may_go_on(left: Iterable[Left], again: str | None, run: str) -> Iterator[str]:
    """The tasks elsewhere that could not be ended, and the command that ends them."""
    for one in left:
        because = f" ({one.why})" if one.why else ""
        command = " ".join(filter(None, ["flowc", one.word, "kill", again, "--run-id", run, one.again]))
        yield f"flowc: {count(one.jobs, 'task')} on {one.name} could not be ended{because}, and may go on: {command}"


def count(number: int, what: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
