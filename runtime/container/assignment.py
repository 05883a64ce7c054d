"""What a container is asked to do: the environment variables of `contract`, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import contract
from ..errors import TaskError
from ..paths import TaskId, is_name
from ..plan import Plan, load_plan
from ..store import Store, open_store
from ..tasks.policy import policy_of
from ..tasks.task import check_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One attempt of one task, or of the exit hooks, which have a task's place in the store.

    Attributes:
        attempt: Its number, in which redrives count.
        catches: Whether it is the one that `@catch` adds; None: its number tells.
        timeout: Seconds that it may take, or None.
        package: The folder of the plan and the flow's file.
        parameters: The variable that holds them, or None; only the first task of a run reads it.
        input: The name of the object that holds them instead, or None; likewise.
        outputs: A folder for what the orchestrator reads off the task, or None.
        target: What schedules the run.
        begun: Whether the run has begun, and its parameters are kept: nothing is to be done for that.
        hook: How the run ended whose exit hooks are to be run, `success` or `failure`; None: a task is.
    """

    plan: Plan
    store: Store
    task: TaskId
    attempt: int
    catches: bool | None
    timeout: float | None
    package: Path
    parameters: str | None
    input: str | None
    outputs: Path | None
    target: str
    begun: bool
    hook: str | None


def read_assignment(environment: Mapping[str, str]) -> Assignment:
    """Find out what to do, and that it can be done. Does not use the store.

    Raises:
        FlowcError: A variable is missing or wrong, or the package is not fit.
    """
    hook = environment.get(contract.HOOK) or None
    if hook is None:
        task = TaskId(_required(environment, contract.RUN), _required(environment, contract.STEP), _path(environment))
    elif hook in contract.HOOK_STEPS:
        task = TaskId(_required(environment, contract.RUN), contract.HOOK_STEPS[hook], contract.ROOT_PATH)
    else:
        raise TaskError(f"{contract.HOOK} is {hook!r}, and must be success or failure")
    if not is_name(task.run):
        raise TaskError(f"{contract.RUN} is {task.run!r}, and no run can be called that")
    counted = environment.get(contract.ATTEMPT) or "0"
    attempt = contract.attempt_number(counted)
    if attempt is None:
        raise TaskError(f"{contract.ATTEMPT} is {counted!r}, and must be a number from 0 to 999, or two, as in 1.0")
    catch = environment.get(contract.CATCH) or None
    if catch not in (None, "0", "1"):
        raise TaskError(f"{contract.CATCH} is {catch!r}, and must be 0 or 1")
    begun = environment.get(contract.BEGUN) or "0"
    if begun not in ("0", "1"):
        raise TaskError(f"{contract.BEGUN} is {begun!r}, and must be 0 or 1")
    given = environment.get(contract.INPUT) or None
    if given is not None and not is_name(given):
        raise TaskError(f"{contract.INPUT} is {given!r}, and no object can be called that")
    package = Path(_required(environment, contract.PACKAGE))
    store = open_store(_required(environment, contract.DATASTORE))
    plan = load_plan(package)
    catches = None if catch is None else catch == "1"
    timeout = None
    if hook is None:
        check_task(plan, task)
        policy = policy_of(plan.steps[task.step])
        if catches and not policy.catches:
            raise TaskError(f"{contract.CATCH} is 1, and step `{task.step}` has no @catch")
        timeout = None if policy.only_catches(attempt, catches) else policy.timeout
    outputs = environment.get(contract.OUTPUTS)
    return Assignment(
        plan=plan,
        store=store,
        task=task,
        attempt=attempt,
        catches=catches,
        timeout=timeout,
        package=package,
        parameters=environment.get(contract.PARAMETERS),
        input=given,
        outputs=Path(outputs) if outputs else None,
        target=environment.get(contract.TARGET) or "container",
        begun=begun == "1",
        hook=hook,
    )


def _path(environment: Mapping[str, str]) -> str:
    """The task's path: its own, or of several that of the container's number."""
    paths = environment.get(contract.PATHS)
    if not paths:
        return _required(environment, contract.PATH)
    number = _required(environment, contract.ARRAY_INDEX)
    path = contract.path_at(paths, int(number)) if number.isascii() and number.isdecimal() else None
    if path is None:
        raise TaskError(f"{contract.ARRAY_INDEX} is {number!r}, and {contract.PATHS} has no path of that number: {paths}")
    return path


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise TaskError(f"the environment variable {name} is not set")
    return value
