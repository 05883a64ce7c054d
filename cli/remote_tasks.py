"""Tasks of a flow that wait or run elsewhere, of runs that were started from somebody's machine: what lists them, and ends them.

`flowc batch` and `flowc kubernetes` are these verbs for one platform each. They find what a run has left behind whose own process
is gone, and ask nobody but the platform.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .flow_file import FlowFile
from .looking import LATEST, choose, class_of, duration, table
from .output import FAULTS, Unusable, complain, write

if TYPE_CHECKING:
    from ..targets.compute import Computing, Unfinished
    from .verb import Decorated

_NAMED = 20
"""As many tasks that were ended are named; of more it is said how many there are of each step."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose tasks are meant.

    Attributes:
        flow: The flow's name.
        run: Only those of this run, or None.
        user: Only those of this person, or None.
        datastore: What names the datastore, or None.
    """

    flow: str
    run: str | None
    user: str | None
    datastore: str | None

    def __str__(self) -> str:
        run = f"{self.flow}/{self.run}" if self.run else f"all runs of {self.flow}"
        return run + (f" that are {self.user}'s" if self.user and not self.run else "")


def whose_options(function: Decorated) -> Decorated:
    """`--my-runs`, `--run-id`, `--user`: the verb gets them by name, for `whose`."""
    for option in (
        click.option("--user", metavar="NAME", help="The tasks of all runs of this person."),
        click.option("--run-id", metavar="RUN", help="The tasks of this run, whoever started it."),
        click.option("--my-runs", is_flag=True, help="The tasks of all runs of yours."),
    ):
        function = option(function)
    return function


def whose(flow: FlowFile | str | None, datastore: str | None, *, my_runs: bool, run_id: str | None, user: str | None) -> Whose:
    """Whose tasks are meant: of the latest run of one's own, where nothing is said.

    Raises:
        UsageError: Two things are said.
        Unusable: There is no such flow or run, or nobody knows who asks.
    """
    from ..runtime.language.current import user_name

    if my_runs + (run_id is not None) + (user is not None) > 1:
        raise click.UsageError("--my-runs, --run-id and --user exclude each other", click.get_current_context())
    if flow is None:
        raise click.UsageError("which flow? Say its file or its name", click.get_current_context())
    name, _, named = (class_of(flow), "", "") if isinstance(flow, FlowFile) else flow.partition("/")
    if named and named != LATEST:
        if my_runs or run_id is not None or user is not None:
            raise click.UsageError(f"{flow} names a run already", click.get_current_context())
        run_id = named
    if not name.isidentifier():
        raise Unusable(f"no flow is called {name!r}: name its class, or its file")
    if run_id is not None and "/" in (run_id := run_id.removeprefix(f"{name}/")):
        raise Unusable(f"{run_id} is no run but a part of one: a run of {name} is meant, as --run-id {run_id.split('/')[0]}")
    if not all(given is None or (given.strip() and given.isprintable()) for given in (run_id, user)):
        raise click.UsageError("--run-id and --user take a name", click.get_current_context())
    me = user_name()
    if me is None and run_id is None and user is None:
        raise Unusable("who are you? No variable says it: set FLOWC_USER, or say --user")
    if run_id is not None and run_id != LATEST:
        return Whose(name, run_id, None, datastore)
    if user is not None or my_runs:
        return Whose(name, None, user or me, datastore)
    return Whose(name, choose(name, None, datastore, most=1).run().id, me, datastore)


def list_tasks(computing: Computing, whose: Whose, form: str) -> None:
    """Write which tasks wait or run.

    Args:
        form: `text` or `json`.
    """
    with _asked():
        found = sorted(computing.unfinished(whose.flow, run=whose.run, user=whose.user), key=_place)
    now = time.time()
    if form == "json":
        write(json.dumps([_about(whose, one) for one in found], indent=2, ensure_ascii=False) + "\n", sys.stdout)
    elif found:
        head = ("TASK", "ATTEMPT", "STATUS", "SINCE", "USER", "ID", "")
        rows = [
            (
                name_of(one),
                str(one.attempt),
                one.status,
                duration(None if one.since is None else now - one.since),
                one.user or "",
                one.id,
                one.reason or "",
            )
            for one in found
        ]
        write(table([head, *rows]), sys.stdout)
    else:
        _complain_of_none(computing, whose)


def end_tasks(computing: Computing, whose: Whose, verb: str) -> None:
    """End tasks that wait or run, and say which; exit with 1 if one could not be ended.

    Args:
        verb: What does it, for those who ask why a task was ended.
    """
    from ..runtime.language.current import user_name

    with _asked():
        found = sorted(computing.unfinished(whose.flow, run=whose.run, user=whose.user), key=_place)
        refused = computing.end(found, f"ended by {user_name() or 'somebody'}, with {verb}") if found else {}
    if not found:
        _complain_of_none(computing, whose)
        return
    ended = [one for one in found if one.id not in refused]
    if len(ended) <= _NAMED:
        for one in ended:
            complain(f"flowc: ended {name_of(one)}, which was {one.status} ({one.id})")
    else:
        counts: dict[str, int] = {}
        for one in ended:
            counts[f"{one.run}/{one.step}"] = counts.get(f"{one.run}/{one.step}", 0) + 1
        complain(f"flowc: ended {len(ended):,} tasks: " + ", ".join(f"{count:,} of {name}" for name, count in counts.items()))
    for one in found:
        if one.id in refused:
            complain(f"flowc: could not end {name_of(one)}, which is {one.status} ({one.id}): {refused[one.id]}")
    if refused:
        raise click.exceptions.Exit(FAULTS)


def name_of(task: Unfinished) -> str:
    """A task as messages call it: `7/fit/3`."""
    return "/".join(filter(None, (task.run, task.step, task.path)))


def _complain_of_none(computing: Computing, whose: Whose) -> None:
    """Say that there is no task; and of a flow or a run that the datastore does not have, so that a mistyped name is seen."""
    with _asked():
        where = computing.where()
    hint = ""
    try:
        found = choose(whose.flow, whose.run, whose.datastore, most=1)
        if whose.run is not None:
            found.run()
    except Unusable as error:
        hint = f"; {error}"
    complain(f"flowc: no task of {whose} waits or runs on {where}{hint}")


def _about(whose: Whose, task: Unfinished) -> dict[str, Any]:
    return {
        "flow": whose.flow,
        "run": task.run,
        "step": task.step,
        "path": task.path,
        "attempt": task.attempt,
        "user": task.user,
        "id": task.id,
        "status": task.status,
        "since": task.since,
        "reason": task.reason,
        "link": task.link,
    }


def _place(task: Unfinished) -> tuple[Any, ...]:
    """The order of tasks: numbers by size."""
    path = (task.path or "").replace("~", "").split(".")
    numbers = tuple(int(part) if part.isdecimal() else -1 for part in path)
    return (not task.run.isdecimal(), len(task.run), task.run, task.step, numbers, task.attempt)


@contextmanager
def _asked() -> Iterator[None]:
    """Turn what a platform refuses into messages."""
    from ..runtime.compute import ComputeError

    try:
        yield
    except ComputeError as error:
        raise Unusable(str(error)) from None
