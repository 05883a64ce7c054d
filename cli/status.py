"""`flowc status`: how far a run has come, and why it failed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ..targets import TARGETS
from .changing import asked
from .flow_file import FlowFile
from .looking import LATEST, duration, explained, table, which_arguments
from .output import FAULTS, complain, wants_color, write
from .platforms import Deployment, Place, Runs, run_options, runs_of
from .runs import moment
from .sights import waiting
from .told import ENDED, STATES, has_hook, told
from .verb import Verb, color_option, data_format_option
from .watching import watch

if TYPE_CHECKING:
    from ..runtime.client.run import Run
    from ..targets.executions import Execution

FAILURES = 3
"""How many failures are told in full."""
_NOUNS = {"argo": "Workflow", "sfn": "execution"}
"""What platforms call a run."""
_WORDS = ENDED | {"done": "is done", "queued": "is queued: no task has begun"}


@click.command(
    "status",
    short_help="Show how far a run has come, and why it failed.",
    cls=Verb,
    examples=("", "7", "7 --format json", "--target argo --watch"),
)
@which_arguments(steps=False)
@run_options
@click.option("--watch", "watching", is_flag=True, help="Show how it goes on until it is over; exit with 1 if it failed.")
@data_format_option
@color_option
def command(
    flow: FlowFile | str | None,
    which: str | None,
    watching: bool,
    form: str,
    **where: Any,
) -> None:
    """Show how far a run has come: its steps, how many of their tasks are done, and why some failed.

    FLOW is the flow's file, or its name, as in `flowc status Squares/7`. RUN is by default the latest of yours. With --target
    the platform is asked too, which knows of runs that no task has begun yet, and of what failed without a word in the datastore.
    """
    runs = runs_of(flow, which, Place(**where), most=1)
    latest = runs.chosen.parts[:1] in ((), (LATEST,))
    execution = runs.execution()
    run = runs.run(execution)
    if watching:
        execution = watch(run, runs, execution)
    about = show(run, runs, execution, form)
    if not watching:
        _hint(about, run, runs, execution, latest=latest)
    elif about["status"] != "done":
        raise click.exceptions.Exit(FAULTS)


def show(run: Run, runs: Runs, execution: Execution | None, form: str, *, error: bool = False) -> dict[str, Any]:
    """Write all that is known of a run, and give it.

    Args:
        error: Whether to write to standard error.
    """
    deployment = runs.deployment
    with explained(), asked():
        about = told(run, execution, runs.executions, deployment.target if deployment else None)
    stream = sys.stderr if error else sys.stdout
    if form == "json":
        write(json.dumps(about, indent=2, ensure_ascii=False) + "\n", stream)
    else:
        write(_text(about, wants_color(stream)), stream, color=True)
        if deployment is not None and execution is not None and execution.state in ("failed", "timed out", "stopped"):
            # On Step Functions a run that went on to its hook has ended there.
            hooked = deployment.target == "sfn" and execution.state == "failed" and has_hook(run._plan, "on_error")
            for way in _ways_on(deployment, run.id, runs.chosen.flow._store.url, going_on=not hooked):
                complain(f"flowc: {way}")
    return about


def _ways_on(deployment: Deployment, run: str, datastore: str, *, going_on: bool) -> Iterator[str]:
    """What to do about a run that did not come to its end."""
    if going_on:
        yield f"{deployment.command(deployment.going_on, run)} goes on where it ended, with the code that it began with"
    yield f"{deployment.resuming(run, datastore)} begins a new run here from what it has done, with the code as it is now"


def _hint(about: dict[str, Any], run: Run, runs: Runs, execution: Execution | None, *, latest: bool) -> None:
    """Say where more is known of a run that a platform has scheduled, or that nobody knows more; or that the latest run which the
    datastore has need not be of the deployment that is meant."""
    if (about["status"] == "running" or latest) and (why := runs.forgotten(run, execution)) is not None:
        complain(f"flowc: {why}")
    if runs.deployment is None and about["target"] in TARGETS and about["status"] == "running":
        complain(
            f"flowc: {about['target']} ran this, and only it knows whether the run is over: --target {about['target']} asks it"
        )


def _text(about: dict[str, Any], color: bool) -> str:
    state = _WORDS.get(about["status"], f"is {about['status']}")
    lines = [f"{about['flow']}/{about['run']} {state}"]
    began = moment(about["started"])
    reused = sum(step["reused"] for step in about["steps"])
    facts = [
        f"started {began}" if began else "",
        f"by {about['user']}" if about["user"] else "",
        f"on {about['target']}" if about["target"] else "",
        f"resumes {about['origin']}" + (f" and reuses {reused} of its tasks" if reused else "") if about["origin"] else "",
        f"{'so far' if about['status'] in ('running', 'queued') else 'took'} {duration(about['seconds'])}"
        if about["seconds"] is not None
        else "",
        f"tags {' '.join(about['tags'])}" if about["tags"] else "",
    ]
    lines.append(", ".join(filter(None, facts)).replace(", by ", " by ").replace(", on ", " on "))
    if about["message"]:
        lines.append(about["message"])
    lines += _of_platform(about)
    shown = [state for state in STATES if state == "done" or any(step[state] for step in about["steps"])]
    counts = [*shown, *(["reused"] if any(step["reused"] for step in about["steps"]) else [])]
    rows = [("STEP", *(one.upper() for one in counts), "STARTED", "DURATION")]
    for step in about["steps"]:
        began, ended = step["started"], step["ended"]
        seconds = None if began is None or ended is None else ended - began
        rows.append((step["step"], *(_count(step, one) for one in counts), moment(began), duration(seconds)))
    text = "\n".join(filter(None, lines)) + "\n"
    text += f"\n{table(rows)}" if about["steps"] else ""
    for failure in about["failures"][:FAILURES]:
        trace = failure["traceback"].rstrip() or f"{failure['type']}: {failure['message']}"
        text += f"\n{failure['task']} failed in attempt {failure['attempt']}:\n"
        text += (click.style(trace, fg="red") if color else trace) + "\n"
    for trouble in about.get("troubles", ())[:FAILURES]:
        text += f"\n{_trouble(trouble, color)}"
    rest = len(about["failures"]) - FAILURES
    if rest > 0:
        text += f"\n{rest} more {'task' if rest == 1 else 'tasks'} failed; --format json tells of all\n"
    return text


def _count(step: dict[str, Any], state: str) -> str:
    """How many tasks; of a foreach's that are done also of how many, while there are more."""
    if state == "done" and step["of"] is not None and step["of"] > step["done"]:
        return f"{step['done']}/{step['of']}"
    return str(step[state] or "")


def _of_platform(about: dict[str, Any]) -> list[str]:
    """What the platform says of the run as a whole, and of what is under way."""
    execution = about.get("execution")
    if execution is None:
        return []
    lines = [
        f"{_NOUNS.get(about['target'], 'run')} {execution['status']}" + (f": {execution['link']}" if execution["link"] else "")
    ]
    if about["status"] == "stopped" and execution["cause"]:
        lines.append(f"it was stopped: {execution['cause']}")
    elif about["status"] in ("running", "queued") and execution["cause"]:
        lines.append(execution["cause"])
    for job in about["jobs"]:
        if job["waits"]:
            page = f", {job['links'][0]['url']}" if job["links"] else ""
            lines.append(waiting(job["step"], job["path"], job["status"], job["reason"]) + page)
    lines += [
        f"foreach {one['name']}: {one['done']} of {one['total']} items done"
        + "".join(f", {one[state]} {state}" for state in ("running", "waiting", "failed", "stopped") if one[state])
        for one in about["foreaches"]
        if about["status"] in ("running", "queued") or about["troubles"]  # else the table of steps says it
    ]
    return lines


def _trouble(trouble: dict[str, Any], color: bool) -> str:
    """What failed without a word in the datastore."""
    step, path = trouble["step"], trouble["path"]
    place = "the run" if step is None else f"{step}/{path}" if path else step
    said = f"{trouble['error']}: {trouble['cause']}" if trouble["cause"] else trouble["error"]
    lines = [f"{place} failed on the platform:", click.style(said, fg="red") if color else said]
    lines += [f"job {trouble['job']}"] if trouble["job"] else []
    lines += ["the last that it printed:", trouble["output"]] if trouble.get("output") else []
    return "\n".join([*lines, *(f"{link['what']}: {link['url']}" for link in trouble["links"])]) + "\n"
