"""Looks at a run again and again until it is over, and shows how far each step is.

What is shown comes of listing: the datastore's objects for each step that is not complete, and for what has left nothing there,
the platform's jobs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ..runtime.contract import HOOK_STEPS
from .output import Unusable, complain
from .platforms import Runs
from .sights import Count, Sight, view_of
from .told import is_interruption

if TYPE_CHECKING:
    from ..runtime.client.run import Run
    from ..runtime.plan import Plan
    from ..targets.executions import Execution, Executions, Fan, Job, State

INTERRUPTED = 130
_SOONEST, _LATEST, _SLOWER = 0.5, 10.0, 1.3
"""Seconds between two looks: soon while something happens, later while nothing does; never sooner than a look took."""
_TROUBLES = 5
"""How many looks in a row may fail, for a reason that may pass."""


class Watcher:
    """Looks at a run, of which it asks again only for what may have changed."""

    def __init__(self, run: Run, executions: Executions | None) -> None:
        self._run = run
        self._executions = executions
        self._complete: dict[str, Count] = {}
        self._items: dict[str, dict[str, int]] = {}
        self._interrupted: dict[str, int] = {}

    def look(self, execution: Execution | None) -> Sight:
        """What there is now.

        Args:
            execution: The run as the platform had it; it is asked again.
        """
        jobs: tuple[Job, ...] = ()
        fans: tuple[Fan, ...] = ()
        if execution is not None and self._executions is not None:
            execution = self._executions.find(self._run.id) or execution
            if not execution.over:
                fans = self._executions.fans(self._run.id)
                jobs = self._executions.jobs(self._run.id, fans)
        counts = self._counts(jobs, execution.state if execution is not None else None)
        status: str = execution.state if execution is not None else self._run.status
        if status == "running" and execution is not None and not any(one.done or one.failed or one.running for one in counts):
            status = "queued"
        return Sight(status, counts, jobs, fans, execution)

    def _counts(self, jobs: tuple[Job, ...], state: State | None) -> tuple[Count, ...]:
        plan = self._run._plan
        begun = [*self._run._steps_in_order(), *self._run._hooks()]
        open: dict[str, set[str | None]] = {}
        for job in jobs:
            if not (job.waits or job.of_item):
                open.setdefault(job.step, set()).add(job.path)
        names = [*(plan.steps if plan else begun), *HOOK_STEPS.values()]
        counts = [
            self._count(name, plan, name in begun, open.get(name, set()), is_over=state not in (None, "running"))
            for name in dict.fromkeys(names)
            if name in begun or name in open
        ]
        failed, interrupted = sum(one.failed for one in counts), sum(self._interrupted.values())
        if state != "failed" or failed > interrupted:  # else it is what the run failed for
            counts = [_with_stopped(one, self._interrupted.get(one.step, 0)) for one in counts]
        return tuple(counts)

    def _count(self, name: str, plan: Plan | None, begun: bool, open: set[str | None], *, is_over: bool) -> Count:
        if name in self._complete:
            return self._complete[name]
        from ..runtime.client.states import state_of
        from ..runtime.records.traces import traces

        run = self._run
        found = traces(run._store, run.parent.id, run.id, name) if begun else {}
        states = [
            # What a redrive takes up again has failed for good before.
            "running" if path in open and not trace.done else state_of(trace, name, plan, run._target, run_is_over=is_over)
            for path, trace in found.items()
        ]
        done, failed, running, stopped = (states.count(state) for state in ("done", "failed", "running", "stopped"))
        running += len(open - found.keys())  # which have left nothing yet
        if is_over:
            attempts = {path: max(one.failed) for path, one in found.items() if one.failed and not one.done}
            self._interrupted[name] = self._interruptions(name, attempts)
        of = None
        step = plan.steps.get(name) if plan else None
        if step is not None:
            self._note_items(name, [path for path, trace in found.items() if trace.done], plan)
            of = self._of(step)
        count = Count(name, running, done, failed, of, stopped)
        if step is not None and not running and not failed and done and (done == of or not step.scopes):
            self._complete[name] = count
        return count

    def _interruptions(self, name: str, attempts: Mapping[str, int]) -> int:
        """How many of these attempts, by path, failed since they were asked to end."""
        from ..runtime.paths import TaskId
        from ..runtime.records.traces import read_attempt

        run = self._run
        last = (read_attempt(run._store, run.parent.id, TaskId(run.id, name, path), one) for path, one in attempts.items())
        return sum(one is not None and is_interruption(one.failure.type, one.failure.message) for one in last)

    def _note_items(self, name: str, paths: list[str], plan: Plan | None) -> None:
        """Find out how many items the tasks of a split have found."""
        if plan is None or not any(edge.kind == "foreach" for edge in plan.steps[name].edges):
            return
        from ..runtime.paths import TaskId
        from ..runtime.records.manifest import manifest_key, parse_manifest

        run, known = self._run, self._items.setdefault(name, {})
        new = [path for path in paths if path not in known]
        keys = [manifest_key(run.parent.id, TaskId(run.id, name, path)) for path in new]
        for path, key, data in zip(new, keys, run._store.get_many(keys) if keys else (), strict=True):
            if data is not None:
                known[path] = parse_manifest(key, data).cardinality or 0

    def _of(self, step: Any) -> int | None:
        from ..runtime.plan import ForeachScope

        scope = step.scopes[-1] if step.scopes else None
        return sum(self._items.get(scope.split, {}).values()) if isinstance(scope, ForeachScope) else None


def _with_stopped(count: Count, stopped: int) -> Count:
    return replace(count, failed=count.failed - stopped, stopped=count.stopped + stopped)


def watch(run: Run, runs: Runs, execution: Execution | None) -> Execution | None:
    """Show how a run goes on, on standard error, until it is over; the run then as the platform has it.

    Ctrl-C ends the watching and leaves the run alone, with exit code 130. So does what keeps the platform from being asked, with
    exit code 2: expired credentials, or no answer for some time.
    """
    if (why := runs.forgotten(run, execution)) is not None:
        complain(f"flowc: {why}")
        return None
    watcher, pause, failed = Watcher(run, runs.executions), _SOONEST, 0
    before: Sight | None = None
    try:
        with view_of(run) as view:
            while True:
                began = time.monotonic()
                try:
                    sight = _look(watcher, execution)
                    failed = 0
                except _Failed as error:
                    failed += 1
                    if error.lasts or failed == _TROUBLES:
                        over = execution is not None and execution.over
                        raise Unusable(str(error) if over else f"{error}. The run {run.id} goes on; {again(run, runs)}") from None
                    if failed == 1:
                        view.note(f"{error}; trying again")
                    time.sleep(min(2.0**failed, _LATEST))
                    continue
                execution = sight.execution
                view.show(sight)
                if sight.status not in ("running", "queued"):
                    view.leave()
                    return execution
                pause = _SOONEST if before is None or _changed(before, sight) else min(pause * _SLOWER, _LATEST)
                before = sight
                view.wait(max(pause, min(time.monotonic() - began, _LATEST)))
    except KeyboardInterrupt:
        complain(f"flowc: no longer watching; the run {run.id} goes on: {again(run, runs)}")
        raise click.exceptions.Exit(INTERRUPTED) from None


def again(run: Run, runs: Runs) -> str:
    """How to look at a run again, and how to end it."""
    deployment = runs.deployment
    if deployment is None:
        return f"`flowc status {run.parent.id}/{run.id} --watch` shows it again"
    return f"{deployment.command('status', run.id, '--watch')} shows it again, {deployment.command('stop', run.id)} ends it"


class _Failed(Exception):
    """A look that failed.

    Attributes:
        lasts: Whether it will fail again until somebody does something.
    """

    def __init__(self, message: str, *, lasts: bool = False) -> None:
        super().__init__(message)
        self.lasts = lasts


def _look(watcher: Watcher, execution: Execution | None) -> Sight:
    from ..runtime.errors import FlowcError
    from ..targets.platform import PlatformError

    try:
        return watcher.look(execution)
    except FlowcError as error:
        raise _Failed(str(error)) from None
    except PlatformError as error:
        raise _Failed(str(error), lasts=error.setup) from None


def _changed(one: Sight, other: Sight) -> bool:
    return (one.status, one.counts, one.jobs, one.fans) != (other.status, other.counts, other.jobs, other.fans)
