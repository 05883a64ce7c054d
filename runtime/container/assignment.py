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
    """One attempt of one task.

    Attributes:
        attempt: How many there were before.
        catches: Whether it is the one that `@catch` adds; None: its number tells.
        timeout: Seconds that it may take, or None.
        package: The folder of the plan and the flow's file.
        parameters: The variable that holds them, or None; only the first task of a run reads it.
        input: The name of the object that holds them instead, or None; likewise.
        outputs: A folder for what the orchestrator reads off the task, or None.
        target: What schedules the run.
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


def read_assignment(environment: Mapping[str, str]) -> Assignment:
    """Find out what to do, and that it can be done. Does not use the store.

    Raises:
        FlowcError: A variable is missing or wrong, or the package is not fit.
    """
    task = TaskId(*(_required(environment, name) for name in (contract.RUN, contract.STEP, contract.PATH)))
    if not is_name(task.run):
        raise TaskError(f"{contract.RUN} is {task.run!r}, and no run can be called that")
    attempt = environment.get(contract.ATTEMPT) or "0"
    if not (attempt.isascii() and attempt.isdigit() and len(attempt) < 10):
        raise TaskError(f"{contract.ATTEMPT} is {attempt!r}, and must be a number from 0")
    catch = environment.get(contract.CATCH) or None
    if catch not in (None, "0", "1"):
        raise TaskError(f"{contract.CATCH} is {catch!r}, and must be 0 or 1")
    given = environment.get(contract.INPUT) or None
    if given is not None and not is_name(given):
        raise TaskError(f"{contract.INPUT} is {given!r}, and no object can be called that")
    package = Path(_required(environment, contract.PACKAGE))
    store = open_store(_required(environment, contract.DATASTORE))
    plan = load_plan(package)
    check_task(plan, task)
    policy, catches = policy_of(plan.steps[task.step]), None if catch is None else catch == "1"
    if catches and not policy.catches:
        raise TaskError(f"{contract.CATCH} is 1, and step `{task.step}` has no @catch")
    outputs = environment.get(contract.OUTPUTS)
    return Assignment(
        plan=plan,
        store=store,
        task=task,
        attempt=int(attempt),
        catches=catches,
        timeout=None if policy.only_catches(int(attempt), catches) else policy.timeout,
        package=package,
        parameters=environment.get(contract.PARAMETERS),
        input=given,
        outputs=Path(outputs) if outputs else None,
        target=environment.get(contract.TARGET) or "container",
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise TaskError(f"the environment variable {name} is not set")
    return value
