"""`flowc runs`: the runs of a flow, newest first."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..targets import TARGETS
from ..targets.executions import Start
from .changing import asked
from .datastore import datastore_option
from .flow_file import FlowFile
from .looking import duration, explained, flow_or_name, table
from .output import FAULTS, complain, write
from .platforms import Deployment, Place, is_of, run_options, runs_of
from .told import described, with_execution
from .verb import Verb, data_format_option

if TYPE_CHECKING:
    from ..runtime.client.flow import Flow
    from ..runtime.client.run import Run
    from ..targets.executions import Execution

LIMIT = 20
_LOOKED, _MOST_LOOKED = 100, 2000
"""Of how many executions is looked for those of which the datastore has nothing; of how many, for those that it has."""
_KEYS = ("flow", "run", "status", "started", "ended", "seconds", "user", "target", "tags", "origin")


@click.command("runs", cls=Verb, examples=("", "--limit 5 --tag prod", "--all-users --format json"))
@flow_or_name
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, 1_000_000_000), default=LIMIT, show_default=True, help="How many to list."
)
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only runs with this tag. Can be repeated.")
@click.option("--user", metavar="NAME", help="Only runs that this person started. [default: you]")
@click.option("--all-users", is_flag=True, help="Runs that anybody started.")
@datastore_option
@run_options
@data_format_option
def command(
    flow: FlowFile | str | None,
    limit: int,
    tags: tuple[str, ...],
    user: str | None,
    all_users: bool,
    form: str,
    **where: Any,
) -> None:
    """List runs of a flow, newest first, with their state.

    FLOW is the flow's file or its name; it can be left out where the datastore has one flow only. Runs that do not say who
    started them are listed for everybody. A run that was killed with its machine goes on to be listed as running. With --target
    the platform is asked too, which knows of runs that no task has begun yet, and how each has ended.
    """
    if user is not None and all_users:
        raise click.UsageError("--user and --all-users exclude each other")
    runs = runs_of(flow, None, Place(**where), most=0)
    chosen = runs.chosen.flow
    if user is not None or all_users:
        chosen._namespace = None if all_users else f"user:{user}"
    with explained():
        found = list(islice(chosen.runs(*tags), limit + 1))
        rows, faults = _each_described(found[:limit])
    more = len(found) > limit
    if runs.deployment is not None:
        with explained(), asked():
            rows = _with_platform(chosen, rows, runs.deployment, set(tags), limit)
        rows, more = rows[:limit], more or len(rows) > limit
    if form == "json":
        write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", sys.stdout)
    elif not rows:
        mine = "" if chosen._namespace is None else f" of {chosen._namespace.removeprefix('user:')}"
        complain(
            f"flowc: no runs{mine}{' with these tags' if tags else ''}" + ("; --all-users lists those of others" if mine else "")
        )
    else:
        head = ("RUN", "STATUS", "STARTED", "DURATION", "USER", "TAGS")
        write(table([head, *map(_row, rows)]), sys.stdout)
        if more:
            complain(f"flowc: there are more; --limit {limit * 5} lists them")
        if runs.deployment is None and any(row["status"] == "queued" for row in rows):
            complain("flowc: of runs that no task has begun only their platform knows more: --target asks it")
        if runs.deployment is None and (unsure := _unsure(rows)):
            complain(f"flowc: only {' and '.join(unsure)} knows whether its runs go on: --target {unsure[0]} asks it")
    for fault in faults:
        complain(f"flowc: {fault}")
    if faults:
        raise click.exceptions.Exit(FAULTS)


def _unsure(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The platforms of runs that the datastore takes to be running."""
    return [name for name in TARGETS if any(row["target"] == name and row["status"] == "running" for row in rows)]


def _with_platform(
    flow: Flow, rows: list[dict[str, Any]], deployment: Deployment, tags: set[str], limit: int
) -> list[dict[str, Any]]:
    """Runs with what the platform says of them, and those of which only the platform knows, newest first.

    Of what has only been started the datastore may have the input, but not whose run it is.
    """
    known = {row["run"]: row for row in rows if row["target"] is not None or row["status"] == "damaged"}
    rest = {row["run"]: row for row in rows if row["run"] not in known}
    oldest = min((row["started"] or 0.0 for row in known.values()), default=0.0) if len(known) >= limit else 0.0
    executions: dict[str, Execution] = {}
    left = set(known)
    for number, one in enumerate(deployment.executions.recent()):
        if (number >= max(_LOOKED, limit) or one.started < oldest) and not left:
            break
        if number >= _MOST_LOOKED:
            break
        executions[one.run] = one
        left.discard(one.run)
    found = [row for run, row in [*known.items(), *rest.items()] if run not in executions]
    for run, row in known.items():
        if run in executions:
            # Tasks of flows that take no input do not know who started them.
            start = deployment.executions.started_with(run) if row["user"] is None else Start()
            if is_of(flow._namespace, row["user"] or start.user):
                found.append(with_execution(row, _ended(deployment, executions[run]), deployment.target, start))
    only = [run for run in executions if run not in known]
    records = flow._store.get_many([f"{flow.id}/{run}/run.json" for run in only]) if only else []
    for run, record in zip(only, records, strict=True):
        more = _unlisted(flow, deployment, executions[run], tags, begun=record is not None) if len(found) <= 2 * limit else None
        if more is not None:
            found.append(more)
    return sorted(found, key=lambda row: row["started"] or 0.0, reverse=True)


def _unlisted(flow: Flow, deployment: Deployment, execution: Execution, tags: set[str], *, begun: bool) -> dict[str, Any] | None:
    """A run that the datastore did not list, if it is to be listed: no task has begun it, or one only just has, or it is
    another's."""
    from ..runtime.client.run import Run
    from ..runtime.errors import RecordError

    run = Run._below(flow, execution.run)
    try:
        record = run._recorded() if begun else None
    except RecordError:  # whose it is cannot be seen
        return None
    if record is not None and record.user is not None:
        start = Start(user=record.user, tags=record.tags)
    else:
        start = deployment.executions.started_with(execution.run)
    if not is_of(flow._namespace, start.user) or not tags <= (run.tags if begun else set(start.tags)):
        return None
    return with_execution(described(run), _ended(deployment, execution), deployment.target, start)


def _ended(deployment: Deployment, execution: Execution) -> Execution:
    """An execution with when it ended, and as what, which lists may leave out."""
    if execution.over and execution.ended is None:
        return deployment.executions.find(execution.run) or execution
    return execution


def _each_described(runs: Iterable[Run]) -> tuple[list[dict[str, Any]], list[str]]:
    """What is known of runs, and what is damaged: one run that cannot be read hides no others."""
    from ..runtime.errors import RecordError

    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    for run in runs:
        try:
            rows.append(described(run))
        except RecordError as error:
            rows.append(dict.fromkeys(_KEYS) | {"flow": run.parent.id, "run": run.id, "status": "damaged", "tags": []})
            faults.append(str(error))
    return rows, faults


def moment(seconds: float | None) -> str:
    """A time as people here write it, to the second."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    tags: Iterable[str] = run["tags"]
    return (run["run"], run["status"], moment(run["started"]), duration(run["seconds"]), run["user"] or "", " ".join(tags))
