"""One attempt of one task: find what comes before it, run the user's code, keep what it left, commit.

    predecessors ─▶ flow object ─▶ step(self[, inputs]) ─▶ artifacts, control objects ─▶ manifest

The manifest is written last and once. An attempt that fails writes a record of its failure instead.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from .. import paths
from ..artifacts.pages import save_pages
from ..children import leave_if_forked
from ..contract import ITEMS, NEXT, OUTPUT_CARDINALITY, OUTPUT_NEXT, attempt_count, task_key
from ..errors import FlowcError, StoreError, TaskError, TransitionError
from ..failure import Failure
from ..language.current import current
from ..language.inputs import Inputs
from ..paths import TaskId
from ..plan import Plan
from ..records.manifest import Entry, Manifest, Pages, commit_manifest, read_failure, read_manifest, write_failure
from ..records.parameters import read_parameters, write_parameters
from ..records.traces import traces
from ..secrets import set_secrets
from ..store import Store
from ..store.serving import serve
from .binding import Binding
from .lineage import Lineage
from .policy import check_catch, policy_of
from .transition import Transition, only_edge

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec


Call: TypeAlias = Callable[..., object]
"""Calls its first argument with the others."""


def run_plainly(function: Callable[..., object], *arguments: object) -> object:
    """Call a function."""
    return function(*arguments)


def check_task(plan: Plan, task: TaskId) -> None:
    """Make sure that a plan can have a task.

    Raises:
        TaskError: It has no such step, or the step's tasks have no such path.
    """
    step = plan.steps.get(task.step)
    if step is None:
        raise TaskError(f"the flow {plan.flow} has no step `{task.step}`")
    try:
        path = paths.parse(task.path)
    except ValueError as error:
        raise TaskError(str(error)) from None
    if not paths.fits(path, step.scopes):
        raise TaskError(f"the path {task.path} does not fit step `{task.step}`, in {len(step.scopes)} foreaches and loops")


def execute(
    plan: Plan,
    flow_class: type[FlowSpec],
    store: Store,
    task: TaskId,
    attempt: int,
    *,
    parameters: Mapping[str, object] | None = None,
    catches: bool | None = None,
    outputs: Path | None = None,
    call: Call = run_plainly,
) -> Manifest | Failure:
    """Run one attempt, in this process.

    Args:
        task: A task that `check_task` passes.
        attempt: Its number. One past those that `@retry` allows runs no code of the user's (`@catch`).
        catches: Whether it is that one, where numbers of attempts have gaps; None: its number tells.
        parameters: Values by attribute, for the first task of a run, and no other; None: those that the run has kept.
        outputs: A folder for what an orchestrator reads off the task.
        call: What calls the step, as a debugger does.

    Returns:
        The manifest that is committed, if the task is done: this attempt's, or that of another which was faster.
    """
    started = time.time()
    try:
        # An orchestrator may run a task again that is done, when it lost sight of the container that did it.
        done = read_manifest(store, plan.flow, task) if attempt else None
        outcome = done or _run(plan, flow_class, store, task, attempt, parameters, catches, started, call)
        if isinstance(outcome, Manifest):
            tell_orchestrator(outputs, outcome)
            return outcome
        failure = outcome
    except FlowcError as error:
        failure = Failure.from_exception(error)
    with suppress(StoreError):  # what went wrong first is what the user must see
        write_failure(store, plan.flow, task, attempt, failure, started, time.time())
    return failure


def _run(
    plan: Plan,
    flow_class: type[FlowSpec],
    store: Store,
    task: TaskId,
    attempt: int,
    parameters: Mapping[str, object] | None,
    catches: bool | None,
    started: float,
    call: Call,
) -> Manifest | Failure:
    policy = policy_of(plan.steps[task.step])
    check_catch(plan.steps[task.step], flow_class)
    os.environ.update(policy.environment)
    binding = _bind(plan, flow_class, store, task, parameters)
    flow = flow_class._bound(binding)
    caught: Failure | None = None
    if policy.only_catches(attempt, catches):
        caught = _caught(plan, store, task, attempt, dense=catches is None)
        transition = only_edge(binding.step, lambda name: getattr(flow, name))
    else:
        set_secrets(binding.step)
        current._begin(plan, task, attempt_count(attempt), store)
        serve(store)
        try:
            failure = _call_step(flow, binding, call)
        finally:
            binding.ahead.close()
            if binding.inputs is not None:
                binding.inputs._done()
        if failure is not None:
            return failure
        transition = binding.transition
    if policy.catch_variable is not None:
        setattr(flow, policy.catch_variable, caught)

    chose = transition.edge.key if transition else None
    cardinality = transition.cardinality if transition else None
    artifacts = _save(flow, binding)
    pages = _save_pages(flow, binding, transition, artifacts)
    write_control_objects(store, plan, task, chose, cardinality)
    manifest = Manifest(
        attempt=attempt,
        started=started,
        ended=time.time(),
        chose=chose,
        cardinality=cardinality,
        artifacts=artifacts,
        caught=caught,
        pages=pages,
    )
    if commit_manifest(store, plan.flow, task, manifest):
        return manifest
    other = read_manifest(store, plan.flow, task)
    if other is None:
        raise StoreError(f"the task {task} was committed by another attempt, whose manifest is gone")
    # The control objects were written over those of the attempt that won: they must say what its manifest says.
    write_control_objects(store, plan, task, other.chose, other.cardinality)
    return other


def _bind(plan: Plan, flow_class: type[FlowSpec], store: Store, task: TaskId, parameters: Mapping[str, object] | None) -> Binding:
    """Find what the task starts from: the artifacts of the task before it, or a join's inputs, or the run's parameters."""
    step = plan.steps[task.step]
    lineage = Lineage(plan, store, task)
    if step.joins:
        junction = lineage.junction()
        # A join starts without artifacts; the parameters are the same everywhere, so the split has them too.
        given = junction.split.manifest.artifacts
        entries = {spec.attribute: given[spec.attribute] for spec in plan.parameters if spec.attribute in given}
        return Binding(plan, store, task, entries, inputs=Inputs(flow_class, plan, store, lineage, junction))
    before = lineage.predecessor()
    if before is not None:
        binding = Binding(plan, store, task, dict(before.manifest.artifacts))
        binding.known[before.task] = before.manifest
        binding.fetch_ahead(step.reads or ())
        return binding
    binding = Binding(plan, store, task, {})
    if parameters is None:  # of a run that resumes another: they were kept when it began
        binding.entries.update(read_parameters(store, plan.flow, task.run) or {})
        return binding
    for attribute, value in parameters.items():
        binding.entries[attribute] = binding.artifacts.save(attribute, value, step.name)
    if parameters:
        write_parameters(store, plan.flow, task.run, binding.entries)
    return binding


def _call_step(flow: FlowSpec, binding: Binding, call: Call) -> Failure | None:
    """Run the user's code; what went wrong in it, or None."""
    name = binding.step.name
    function = getattr(flow, name) if callable(getattr(type(flow), name, None)) else None
    if function is None:
        raise TaskError(f"the class {type(flow).__name__} has no method `{name}`: compile the flow again")
    pid = os.getpid()
    try:
        if binding.step.joins:
            call(function, binding.inputs)
        else:
            call(function)
        leave_if_forked(pid)
    except SystemExit as error:
        leave_if_forked(pid, error)
        if error.code not in (None, 0):
            return Failure.from_exception(error)
        if binding.step.edges and binding.transition is None:
            raise TransitionError(f"step `{name}` called sys.exit before self.next").with_traceback(error.__traceback__) from None
    except BaseException as error:
        leave_if_forked(pid, error)
        return Failure.from_exception(error)
    if binding.step.edges and binding.transition is None:
        raise TransitionError(f"step `{name}` ended without self.next")
    return None


def _caught(plan: Plan, store: Store, task: TaskId, attempt: int, *, dense: bool) -> Failure:
    """How the task failed for good.

    Args:
        attempt: Which attempt this is.
        dense: Whether the last was the one before; else the last counts that has left something.
    """
    before, which = attempt - 1, f"attempt {attempt}"
    if not dense:
        known, which = traces(store, plan.flow, task.run, task.step, task.path).get(task.path), "the last attempt"
        left = {*known.failed, *known.printed} if known is not None else set()
        # But for what this attempt has printed by now, or has failed for where it is tried again, after a redrive too.
        before = max((one for one in left if attempt_count(one) != attempt_count(attempt)), default=attempt)
    last = read_failure(store, plan.flow, task, before)
    if last is not None:
        return last
    return Failure("KilledError", f"{which} of the task {task} left no record: it was killed, for want of memory or time")


def _save(flow: FlowSpec, binding: Binding) -> dict[str, Entry]:
    """Store what was set or loaded; the rest is carried by reference."""

    def assigned(name: str) -> str | None:
        from ..artifacts.culprits import assignment

        return assignment(type(flow), binding.step.name, name)

    saved = binding.artifacts.save_all(vars(flow), binding.step.name, binding.entries, assigned)
    return {**binding.entries, **saved}


def _save_pages(flow: FlowSpec, binding: Binding, transition: Transition | None, artifacts: Mapping[str, Entry]) -> Pages | None:
    """Keep the items of the foreach that begins once more, where each of its tasks would have to read all of them."""
    name = transition.edge.variable if transition is not None and transition.edge.kind == "foreach" else None
    items = None if name is None else vars(flow).get(name)
    if transition is None or name is None or items is None or len(items) != transition.cardinality:  # changed after self.next
        return None
    return save_pages(binding.artifacts, name, items, artifacts[name], binding.step.name)


def write_control_objects(store: Store, plan: Plan, task: TaskId, chose: str | None, cardinality: int | None) -> None:
    """Write what orchestrators read of a task that is done."""
    folder = task_key(plan.flow, task.run, task.step, task.path)
    if chose is not None:
        store.put(f"{folder}/{NEXT}", json.dumps(chose).encode())
    if cardinality is not None:
        store.put(f"{folder}/{ITEMS}", json.dumps(list(range(cardinality))).encode())


def tell_orchestrator(outputs: Path | None, manifest: Manifest) -> None:
    """Write both files always: many steps share one template, which names both."""
    if outputs is None:
        return
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        (outputs / OUTPUT_NEXT).write_text(manifest.chose or "")
        (outputs / OUTPUT_CARDINALITY).write_text(str(manifest.cardinality or 0))
    except OSError as error:
        raise TaskError(f"cannot write to {outputs}: {error.strerror or error}") from error
