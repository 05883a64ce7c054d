"""`flowc runs`: the runs of a flow, newest first."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from .datastore import datastore_option
from .flow_file import FlowFile
from .looking import choose, duration, explained, flow_or_name, table
from .output import FAULTS, complain, write
from .verb import Verb, data_format_option

if TYPE_CHECKING:
    from ..runtime.client.run import Run

LIMIT = 20
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
@data_format_option
def command(
    flow: FlowFile | str | None,
    limit: int,
    tags: tuple[str, ...],
    user: str | None,
    all_users: bool,
    datastore: str | None,
    form: str,
) -> None:
    """List runs of a flow, newest first, with their state.

    FLOW is the flow's file or its name; it can be left out where the datastore has one flow only. Runs that do not say who
    started them are listed for everybody. A run that was killed with its machine goes on to be listed as running.
    """
    if user is not None and all_users:
        raise click.UsageError("--user and --all-users exclude each other")
    chosen = choose(flow, None, datastore, most=0).flow
    if user is not None or all_users:
        chosen._namespace = None if all_users else f"user:{user}"
    with explained():
        found = list(islice(chosen.runs(*tags), limit + 1))
        rows, faults = _each_described(found[:limit])
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
        if len(found) > limit:
            complain(f"flowc: there are more; --limit {limit * 5} lists them")
    for fault in faults:
        complain(f"flowc: {fault}")
    if faults:
        raise click.exceptions.Exit(FAULTS)


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


def described(run: Run) -> dict[str, Any]:
    """What is known of a run, as JSON data; times in seconds since 1970."""
    record, began, ended = run._recorded(), run._began(), run._over_at()
    status = run.status
    until = time.time() if status == "running" else ended
    return {
        "flow": run.parent.id,
        "run": run.id,
        "status": status,
        "started": began,
        "ended": ended,
        "seconds": None if began is None or until is None else round(until - began, 3),
        "user": record.user if record else None,
        "target": record.target if record else None,
        "tags": sorted(run.user_tags),
        "origin": record.origin if record else None,
    }


def moment(seconds: float | None) -> str:
    """A time as people here write it, to the second."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    tags: Iterable[str] = run["tags"]
    return (run["run"], run["status"], moment(run["started"]), duration(run["seconds"]), run["user"] or "", " ".join(tags))
