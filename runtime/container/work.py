"""The child of a container's parent: begins the run if this is its first task, imports the flow, and runs the attempt.

What it has to say it prints, so that it stands in the log with the user's own output. What it returns is its exit code, as the
table of `__main__` has it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress

from ..contract import INPUT_OBJECT, PLAN_FILE, USER, run_key
from ..errors import FlowcError, LoadError, ParameterError, StoreError
from ..failure import Failure
from ..paths import begins_run, parse
from ..records.given import TAGS, Given, given_by_argo, read_given
from ..records.manifest import write_failure
from ..records.runs import begin_run, new_record, write_plan
from ..records.tags import TagError, checked_tags
from ..tasks.loading import load_flow_class
from ..tasks.parameters import complete, from_environment, from_given
from ..tasks.policy import policy_of
from ..tasks.task import execute
from .assignment import Assignment

DONE, FAILED, UNFIT, BUG = 0, 1, 2, 3


def do(work: Assignment) -> tuple[int, Failure | None]:
    """Run the attempt: an exit code, and why the task is not done."""
    started = time.time()
    try:
        failure = _run(work, started)
        code = DONE if failure is None else FAILED
    except Exception as error:
        return report_bug(work, error, started)
    return code, failure


def report_bug(work: Assignment, error: Exception, started: float) -> tuple[int, Failure]:
    """Say, within its handler, that an exception is a bug of flowc's; the exit code, and what it failed for."""
    import traceback

    traceback.print_exc()
    print("flowc: this is a bug of flowc's; please report it with the lines above", file=sys.stderr)
    failure = Failure(type(error).__qualname__, f"met a bug of flowc's: {error}", traceback.format_exc())
    record_failure(work, failure, started)
    return BUG, failure


def _run(work: Assignment, started: float) -> Failure | None:
    plan, task = work.plan, work.task
    step = plan.steps[task.step]
    os.environ.update(policy_of(step).environment)  # before the user's module, which may read it
    first = begins_run(step, parse(task.path), plan.start)
    try:
        given = _begin_run(work) if first and not work.begun else None
        flow_class = load_flow_class(work.package / plan.file, plan.flow, plan.configs, plan.absent)
        parameters = None
        if first and not work.begun:
            values = from_environment(plan, work.parameters) if given is None else from_given(plan, given)
            parameters = complete(plan, flow_class, values, _owner(given))
    except FlowcError as error:
        failure = Failure(type(error).__qualname__, str(error), error.traceback if isinstance(error, LoadError) else "")
        print(f"{failure.traceback}flowc: {error}", file=sys.stderr)
        record_failure(work, failure, started)
        return failure
    outcome = execute(
        plan,
        flow_class,
        work.store,
        task,
        work.attempt,
        parameters=parameters,
        catches=work.catches,
        outputs=work.outputs,
    )
    if isinstance(outcome, Failure):
        if policy_of(step).prints_exception:
            print((outcome.traceback or f"flowc: {outcome.message}").rstrip("\n"), file=sys.stderr)
        print(f"flowc: attempt {work.attempt} of the task {task} failed", file=sys.stderr)
        return outcome
    if outcome.caught is not None:
        print(f"flowc: step `{task.step}` failed and is caught: {outcome.caught}", file=sys.stderr)
    return None


def _begin_run(work: Assignment) -> Given | None:
    """Record that the run begins; what it was started with, where that is more than parameters.

    Another attempt may have recorded it: the plan goes first, so that a run never stands without.
    """
    plan, run, given, trouble = work.plan, work.task.run, None, None
    try:
        given = _given(work)
    except ParameterError as error:  # the run has begun all the same, and fails
        trouble = error
    write_plan(work.store, plan.flow, run, json.loads((work.package / PLAN_FILE).read_bytes()))
    if given is not None and given.kept is not None:
        work.store.put_new(f"{run_key(plan.flow, run)}/{INPUT_OBJECT}", given.kept)
    tags = given.tags if given is not None else ()
    begin_run(work.store, plan.flow, run, new_record(target=work.target, user=_owner(given), tags=tags))
    if trouble is not None:
        raise trouble
    return given


def _given(work: Assignment) -> Given | None:
    if work.input is None:
        given = given_by_argo(work.parameters)
        if given is None:
            return None
    else:
        found = read_given(work.store, work.plan.flow, work.task.run, work.input)
        if found is None:
            raise ParameterError(f"the run has no object {run_key(work.plan.flow, work.task.run)}/{work.input}, its input")
        given = found
    try:
        checked_tags(given.tags)
    except TagError as error:
        raise ParameterError(f"`{TAGS}` in the run's input cannot be: {error}") from None
    return given


def _owner(given: Given | None) -> str | None:
    """Whose run it is, as its input says, or else the deployment; the container's own user did not start it."""
    return (given.user if given is not None else None) or os.environ.get(USER) or None


def record_failure(work: Assignment, failure: Failure, started: float) -> None:
    """Keep why the attempt failed, if the store takes it."""
    with suppress(StoreError):  # what went wrong first is what the user must see
        write_failure(work.store, work.plan.flow, work.task, work.attempt, failure, started, time.time())
