"""`flowc status`: how far a run has come, and why it failed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from .flow_file import FlowFile
from .looking import choose, duration, explained, table, which_arguments
from .output import wants_color, write
from .runs import described, moment
from .verb import Verb, color_option, data_format_option

if TYPE_CHECKING:
    from ..runtime.client.run import Run
    from ..runtime.plan import Plan

STATES = ("done", "running", "failed", "stopped")
FAILURES = 3
"""How many failures are told in full."""


@click.command(
    "status", short_help="Show how far a run has come, and why it failed.", cls=Verb, examples=("", "7", "7 --format json")
)
@which_arguments(steps=False)
@data_format_option
@color_option
def command(flow: FlowFile | str | None, which: str | None, datastore: str | None, form: str) -> None:
    """Show how far a run has come: its steps, how many of their tasks are done, and why some failed.

    FLOW is the flow's file, or its name, as in `flowc status Squares/7`. RUN is by default the latest of yours.
    """
    run = choose(flow, which, datastore, most=1).run()
    with explained():
        about = {**described(run), "message": result.message if (result := run._ended()) else None, **_progress(run)}
    if form == "json":
        write(json.dumps(about, indent=2, ensure_ascii=False) + "\n", sys.stdout)
    else:
        write(_text(about, wants_color(sys.stdout)), sys.stdout, color=True)


def _progress(run: Run) -> dict[str, Any]:
    """The steps of a run, and the failures of those tasks that are not done."""
    from ..runtime.client.step import Step

    steps: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    plan, begun = run._plan, [*run._steps_in_order(), *run._hooks()]
    open = run.status != "done"
    for name in dict.fromkeys([*(plan.steps if plan and open else ()), *begun]):
        counts = dict.fromkeys(STATES, 0)
        reused = 0
        starts: list[float] = []
        ends: list[float] = []
        for task in Step._below(run, name) if name in begun else ():
            state = task.status
            counts[state] += 1
            reused += task.origin_pathspec is not None
            began, ended = task._times()
            starts += [began] if began is not None else []
            ends += [ended] if ended is not None and state != "running" else []
            if state == "failed" and (failure := task.exception) is not None:
                where = f"{name}/{task.id}"
                failures.append({"task": where, "attempt": task.current_attempt, "ended": ended, **failure.to_json()})
        started, ended = min(starts, default=None), max(ends, default=None)
        over = None if counts["running"] else ended
        steps.append({"step": name, **counts, "reused": reused, "started": started, "ended": over})
    # First those that had their last attempt: they are what the run failed for.
    failures.sort(key=lambda one: (_may_go_on(plan, one), one["ended"] or 0))
    return {"steps": steps, "failures": failures}


def _may_go_on(plan: Plan | None, failure: dict[str, Any]) -> bool:
    """Whether another attempt would have followed."""
    from ..runtime.tasks.policy import policy_of

    step = plan.steps.get(failure["task"].partition("/")[0]) if plan else None
    return step is not None and policy_of(step).may_follow(failure["attempt"])


def _text(about: dict[str, Any], color: bool) -> str:
    state = "failed" if about["status"] == "failed" else f"is {about['status']}"
    lines = [f"{about['flow']}/{about['run']} {state}"]
    began = moment(about["started"])
    reused = sum(step["reused"] for step in about["steps"])
    facts = [
        f"started {began}" if began else "",
        f"by {about['user']}" if about["user"] else "",
        f"on {about['target']}" if about["target"] else "",
        f"resumes {about['origin']}" + (f" and reuses {reused} of its tasks" if reused else "") if about["origin"] else "",
        f"{'so far' if about['status'] == 'running' else 'took'} {duration(about['seconds'])}"
        if about["seconds"] is not None
        else "",
        f"tags {' '.join(about['tags'])}" if about["tags"] else "",
    ]
    lines.append(", ".join(filter(None, facts)).replace(", by ", " by ").replace(", on ", " on "))
    if about["message"]:
        lines.append(about["message"])
    shown = [state for state in STATES if state == "done" or any(step[state] for step in about["steps"])]
    counts = [*shown, *(["reused"] if any(step["reused"] for step in about["steps"]) else [])]
    rows = [("STEP", *(one.upper() for one in counts), "STARTED", "DURATION")]
    for step in about["steps"]:
        began, ended = step["started"], step["ended"]
        seconds = None if began is None or ended is None else ended - began
        rows.append((step["step"], *(str(step[one] or "") for one in counts), moment(began), duration(seconds)))
    text = "\n".join(filter(None, lines)) + "\n"
    text += f"\n{table(rows)}" if about["steps"] else ""
    for failure in about["failures"][:FAILURES]:
        trace = failure["traceback"].rstrip() or f"{failure['type']}: {failure['message']}"
        text += f"\n{failure['task']} failed in attempt {failure['attempt']}:\n"
        text += (click.style(trace, fg="red") if color else trace) + "\n"
    rest = len(about["failures"]) - FAILURES
    if rest > 0:
        text += f"\n{rest} more {'task' if rest == 1 else 'tasks'} failed; --format json tells of all\n"
    return text
