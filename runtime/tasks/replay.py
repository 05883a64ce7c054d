"""One task of a run again, in this process: with its real inputs, and without a trace in the store.

In: a task, done or failed, of any run that the store has. Out: a `Replayed`: what it leaves now beside what it left then. The
task finds what comes before it as it did in its run; what it writes goes to a folder that is then deleted.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..contract import ITEMS, NEXT, attempt_count, task_key
from ..errors import FlowcError, TaskError
from ..failure import Failure
from ..paths import TaskId, number, parse, text
from ..plan import ForeachScope, Plan
from ..records.manifest import Manifest, manifest_key, read_manifest
from ..store import LocalStore, Store
from ..store.overlay import Overlay
from .binding import Binding
from .policy import policy_of
from .sameness import LARGE, are_equal, size_of
from .task import Call, check_task, execute, run_plainly

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one artifact.

    Attributes:
        kind: How it compares with what the run has.
        before: The value in the run, as text; "" where there is none.
        now: The value that the replay has left, as text.
    """

    name: str
    kind: Literal["equal", "changed", "new", "gone"]
    before: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a task did when it ran again.

    Attributes:
        failure: Why it failed; None if it did not.
        recorded: Whether the run has a result of the task.
        differences: For each artifact; all are `new` where the run has no result.
        ways: The way on and the number of items, in the run and now, as text.
    """

    failure: Failure | None
    recorded: bool
    differences: tuple[Difference, ...] = ()
    ways: tuple[str, str] = ("", "")


def find_task(store: Store, plan: Plan, run: str, step: str, path: str | None) -> TaskId:
    """The task that is meant.

    Args:
        path: Its path; None: the step's only one.

    Raises:
        TaskError: The run has no such task, or the step has several.
    """
    if step not in plan.steps:
        raise TaskError(f"the flow {plan.flow} has no step `{step}`")
    if path is not None or not plan.steps[step].scopes:
        task = TaskId(run, step, path or "-")
        check_task(plan, task)
        _check_index(store, plan, task)
        return task
    found = sorted(store.folders(task_key(plan.flow, run, step, "")))
    if len(found) == 1:
        return find_task(store, plan, run, step, found[0])
    some = ", ".join(f"{run}/{step}/{one}" for one in found[:3])
    if found:
        raise TaskError(f"run {run} has {len(found)} tasks of `{step}`: name one, as in {some}")
    raise TaskError(
        f"run {run} has begun no task of `{step}`, which is inside of a foreach or a loop: name one, as in {run}/{step}/0"
    )


def _check_index(store: Store, plan: Plan, task: TaskId) -> None:
    """Make sure that the innermost foreach has the index.

    Raises:
        TaskError: It has fewer items.
    """
    scopes, path = plan.steps[task.step].scopes, parse(task.path)
    for depth in reversed(range(len(scopes))):
        scope = scopes[depth]
        if isinstance(scope, ForeachScope):
            split = read_manifest(
                store, plan.flow, TaskId(task.run, scope.split, text(path[: len(plan.steps[scope.split].scopes)]))
            )
            if split is not None and split.cardinality is not None and number(path[depth]) >= split.cardinality:
                raise TaskError(f"run {task.run} has no task {task}: its foreach has {split.cardinality} items, counted from 0")
            return


def replay(
    plan: Plan, flow_class: type[FlowSpec], store: Store, task: TaskId, attempt: int | None = None, call: Call = run_plainly
) -> Replayed:
    """Run a task again.

    Args:
        attempt: How many attempts the code is told that there were; None: as many as before the one that made the result, or
            before the last that failed.
        call: What calls the step.

    Raises:
        StoreError: What the run has of the task cannot be read.
    """
    recorded = read_manifest(store, plan.flow, task)
    if attempt is None:
        attempt = min(attempt_count(_last(store, plan, task, recorded)), policy_of(plan.steps[task.step]).attempts - 1)
    folder = task_key(plan.flow, task.run, task.step, task.path)
    hidden = (manifest_key(plan.flow, task), f"{folder}/{NEXT}", f"{folder}/{ITEMS}")
    with tempfile.TemporaryDirectory(prefix="flowc-replay-") as aside:
        overlay = Overlay(store, LocalStore(aside), hidden)
        outcome = execute(plan, flow_class, overlay, task, attempt, call=call)
        if isinstance(outcome, Failure):
            return Replayed(failure=outcome, recorded=recorded is not None)
        before = {} if recorded is None else recorded.artifacts
        then, now = (
            Binding(plan, place, task, dict(entries)) for place, entries in ((store, before), (overlay, outcome.artifacts))
        )
        return Replayed(
            failure=None,
            recorded=recorded is not None,
            differences=tuple(_difference(name, then, now) for name in sorted({*before, *outcome.artifacts})),
            ways=("" if recorded is None else _way(plan, task, recorded), _way(plan, task, outcome)),
        )


def _last(store: Store, plan: Plan, task: TaskId, recorded: Manifest | None) -> int:
    if recorded is not None:
        return recorded.attempt
    prefix = f"{task_key(plan.flow, task.run, task.step, task.path)}/attempt-"
    numbers = [key.removeprefix(prefix).removesuffix(".json") for key in store.list(prefix)]
    return max((int(one) for one in numbers if one.isdecimal()), default=0)


def _way(plan: Plan, task: TaskId, manifest: Manifest) -> str:
    edges = plan.steps[task.step].edges
    edge = next((one for one in edges if manifest.chose in (None, one.key)), None)
    target = manifest.chose or (" and ".join(edge.targets) if edge else "the end")
    return target if manifest.cardinality is None else f"{target}, {manifest.cardinality} times"


def _difference(name: str, then: Binding, now: Binding) -> Difference:
    if name not in now.entries:
        return Difference(name, "gone", before=_text(then, name))
    if name not in then.entries:
        return Difference(name, "new", now=_text(now, name))
    if then.entries[name] == now.entries[name]:
        return Difference(name, "equal")
    if are_equal(then, now, name):
        return Difference(name, "equal")
    return Difference(name, "changed", _text(then, name), _text(now, name))


def _text(binding: Binding, name: str) -> str:
    """A value on one line."""
    size = size_of(binding, name)
    if size > LARGE:
        return f"{size:,} bytes"
    try:
        value = binding.load(name)
        shown = " ".join(repr(value).split())
    except FlowcError as error:
        return f"({error})"
    except Exception as error:
        return f"(it cannot be shown: {type(error).__name__})"
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
