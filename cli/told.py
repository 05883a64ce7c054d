"""What is known of one run, of the datastore and of its platform, as JSON data: what `status` shows.

The datastore knows tasks, and why user code failed. The platform knows when a run was started and how it ended, which of its jobs
have not begun, and what failed without leaving a word. Where both know of one failure, the datastore's is shown, for it has the
user's own lines.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..runtime.client.run import Run
    from ..runtime.plan import Plan
    from ..targets.executions import Execution, Executions, Start, State, Trouble

STATES = ("done", "running", "failed", "stopped")
"""What may become of a task."""
ENDED = {"done": "came to its end", "failed": "failed", "timed out": "timed out", "stopped": "was stopped"}
"""How a run is over, as what is said of it."""


def described(run: Run) -> dict[str, Any]:
    """What the datastore says of a run as a whole; times in seconds since 1970."""
    record, began, ended = run._recorded(), run._began(), run._over_at()
    status: str = run.status
    if status == "running" and began is None:
        status = "queued"  # all that is there is what it was started with
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


def with_execution(about: Mapping[str, Any], execution: Execution, target: str, start: Start | None = None) -> dict[str, Any]:
    """The same with what the platform says of it.

    Args:
        start: What it was started with, where the datastore has no record of it.
    """
    status: str = execution.state
    if status == "running" and about["started"] is None:
        status = "queued"
    until = execution.ended if execution.over else time.time()
    return {
        **about,
        "status": status,
        "started": execution.started,
        "ended": execution.ended,
        "seconds": None if until is None else round(until - execution.started, 3),
        "user": about["user"] or (start.user if start else None),
        "target": target,
        "tags": about["tags"] or (sorted(start.tags) if start else []),
        "execution": {
            "status": execution.status,
            "error": execution.error,
            "cause": execution.cause,
            "link": execution.link,
        },
    }


def told(run: Run, execution: Execution | None, executions: Executions | None, target: str | None) -> dict[str, Any]:
    """All that is known of a run."""
    state = None if execution is None else execution.state
    about = {**described(run), "message": result.message if (result := run._ended()) else None, **progress(run, state)}
    if execution is None or executions is None or target is None:
        return about
    start = executions.started_with(run.id) if about["user"] is None else None  # no task has begun, or none was told
    about = with_execution(about, execution, target, start)
    fans = executions.fans(run.id)
    jobs = executions.jobs(run.id, fans) if not execution.over else ()
    troubles = executions.troubles(run.id) if state in ("failed", "timed out") else ()
    if state in ("done", "failed") and has_hook(run._plan, "on_success" if state == "done" else "on_error"):
        troubles += executions.hook_troubles(run.id)
    return about | {
        "jobs": [asdict(one) for one in jobs],
        "foreaches": [asdict(one) for one in fans],
        "troubles": [_with_output(one, executions) for one in untold(troubles, about["failures"])],
    }


def _with_output(trouble: Trouble, executions: Executions) -> dict[str, Any]:
    """A failure of which the datastore knows nothing, with what its job has printed: none of that is there either."""
    return asdict(trouble) | {"output": executions.output(trouble.job) if trouble.job else None}


def has_hook(plan: Plan | None, argument: str) -> bool:
    """Whether a flow has exit hooks of this argument of `@exit_hook`."""
    return plan is not None and any(one.name == "exit_hook" and one.arguments.get(argument) for one in plan.decorators)


def untold(troubles: Iterable[Trouble], failures: Iterable[Mapping[str, Any]]) -> list[Trouble]:
    """The platform's failures of which the datastore has none of the same attempt. That a foreach failed says nothing where the
    datastore knows which of its items did."""
    known = {(failure["task"], attempt) for failure in failures for attempt in (failure["attempt"], None)}
    return [one for one in troubles if (f"{one.step}/{one.path}", one.attempt) not in known and not (known and one.follows)]


def progress(run: Run, state_of_run: State | None) -> dict[str, Any]:
    """The steps of a run, and the failures of those tasks that are not done.

    Args:
        state_of_run: What has become of the run, whatever the datastore says; None: only that does.
    """
    from ..runtime.client.step import Step

    steps: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    plan, begun = run._plan, [*run._steps_in_order(), *run._hooks()]
    open = run.status != "done"
    is_over = state_of_run not in (None, "running")
    items: dict[str, int] = {}
    for name in dict.fromkeys([*(plan.steps if plan and open else ()), *begun]):
        counts = dict.fromkeys(STATES, 0)
        reused = 0
        starts: list[float] = []
        ends: list[float] = []
        for task in Step._below(run, name) if name in begun else ():
            state = task.status
            if is_over and state == "running":
                state = "stopped" if task.exception is None else "failed"
            counts[state] += 1
            reused += task.origin_pathspec is not None
            if state == "done" and (manifest := task._manifest) is not None and manifest.cardinality is not None:
                items[name] = items.get(name, 0) + manifest.cardinality
            began, ended = task._times()
            starts += [began] if began is not None else []
            ends += [ended] if ended is not None and state != "running" else []
            if state == "failed" and (failure := task.exception) is not None:
                where = f"{name}/{task.id}"
                failures.append({"task": where, "attempt": task.current_attempt, "ended": ended, **failure.to_json()})
        started, ended = min(starts, default=None), max(ends, default=None)
        last = None if counts["running"] else ended
        of = _split_of(plan, name)
        steps.append(
            {"step": name, **counts, "of": items.get(of) if of else None, "reused": reused, "started": started, "ended": last}
        )
    if is_over:
        failures = without_stopped(steps, failures, state_of_run)
    # First those that had their last attempt: they are what the run failed for.
    failures.sort(key=lambda one: (_may_go_on(plan, one), one["ended"] or 0))
    return {"steps": steps, "failures": failures}


def without_stopped(steps: list[dict[str, Any]], failures: list[dict[str, Any]], state: State | None) -> list[dict[str, Any]]:
    """The failures without tasks that only were under way when something else failed, or when the run was stopped or took too
    long; they count as stopped. Where it failed and nothing else did, that they were interrupted is what it failed for."""
    rest = [one for one in failures if not is_interruption(one["type"], one["message"])]
    if not rest and state == "failed":
        return failures
    stopped = [one["task"].partition("/")[0] for one in failures if is_interruption(one["type"], one["message"])]
    for step in steps:
        count = stopped.count(step["step"])
        step["failed"] -= count
        step["stopped"] += count
    return rest


def is_interruption(type: str, message: str) -> bool:
    """Whether a task recorded that it was asked to end, as when its platform terminates its job."""
    return type == "InterruptedError" and message.startswith("was interrupted (SIG")


def _split_of(plan: Plan | None, name: str) -> str | None:
    """The step whose items are those of the tasks of this one."""
    from ..runtime.plan import ForeachScope

    scopes = plan.steps[name].scopes if plan and name in plan.steps else ()
    return scopes[-1].split if scopes and isinstance(scopes[-1], ForeachScope) else None


def _may_go_on(plan: Plan | None, failure: Mapping[str, Any]) -> bool:
    """Whether another attempt would have followed."""
    from ..runtime.tasks.policy import policy_of

    step = plan.steps.get(failure["task"].partition("/")[0]) if plan else None
    return step is not None and policy_of(step).may_follow(failure["attempt"])
