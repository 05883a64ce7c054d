"""The child of a container that runs a flow's exit hooks: the functions of `@exit_hook`, when a deployed run has ended.

    @exit_hook(on_error=[notify, "team.pager.call"])      `notify(run)` of the flow's own file, then `call()` of `team/pager.py`

In: how the run ended. Out: a manifest, if none of them failed, so that an orchestrator which asks twice runs them once; else the
record of an attempt that failed. They stand where a task's would, under a name that no step can have (`contract.hook_step`).

Functions run in the order in which they are written. One that fails keeps no other from running, and changes nothing of the run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..children import leave_if_forked
from ..errors import FlowcError, LoadError, TaskError
from ..failure import Failure
from ..plan import Plan
from ..records.manifest import Manifest, commit_manifest, read_manifest
from ..tasks.loading import load_flow_class
from .assignment import Assignment
from .work import DONE, FAILED, record_failure, report_bug

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec

_ARGUMENTS = {"success": "on_success", "failure": "on_error"}


def hooks_of(plan: Plan, outcome: str) -> tuple[str, ...]:
    """The functions that a flow wants to have called when a run has ended so."""
    listed = (one.arguments.get(_ARGUMENTS[outcome]) for one in plan.decorators if one.name == "exit_hook")
    return tuple(name for names in listed for name in names or ())


def do_hooks(work: Assignment) -> tuple[int, Failure | None]:
    """Run the hooks: an exit code, and why the first that failed did."""
    started = time.time()
    try:
        failure = _run(work, started)
    except Exception as error:
        return report_bug(work, error, started)
    if failure is not None:
        record_failure(work, failure, started)
        return FAILED, failure
    return DONE, None


def _run(work: Assignment, started: float) -> Failure | None:
    plan, store = work.plan, work.store
    assert work.hook is not None
    try:
        if work.attempt and read_manifest(store, plan.flow, work.task) is not None:
            return None
        flow_class = load_flow_class(work.package / plan.file, plan.flow, plan.configs, plan.absent)
    except FlowcError as error:
        failure = Failure(type(error).__qualname__, str(error), error.traceback if isinstance(error, LoadError) else "")
        print(f"{failure.traceback}flowc: {error}", file=sys.stderr)
        return failure
    first: Failure | None = None
    for name in hooks_of(plan, work.hook):
        failed = _call(name, flow_class, work)
        if failed is not None:
            print(f"{failed.traceback or f'flowc: {failed}'}\nflowc: the exit hook `{name}` failed".rstrip(), file=sys.stderr)
        first = first or failed
    if first is None:
        done = Manifest(
            attempt=work.attempt, started=started, ended=time.time(), chose=None, cardinality=None, artifacts={}, caught=None
        )
        commit_manifest(store, plan.flow, work.task, done)
    return first


def _call(name: str, flow_class: type[FlowSpec], work: Assignment) -> Failure | None:
    """Call a hook; why it failed, or None."""
    pid = os.getpid()
    try:
        function = _find(name, flow_class)
        if _wants_run(function):
            function(run=_the_run(work))
        else:
            function()
        leave_if_forked(pid)
    except SystemExit as error:
        leave_if_forked(pid, error)
        return Failure.from_exception(error) if error.code not in (None, 0) else None
    except BaseException as error:
        leave_if_forked(pid, error)
        return Failure.from_exception(error)
    return None


def _find(name: str, flow_class: type[FlowSpec]) -> Callable[..., Any]:
    """A function of the flow's own module, or of that of a class which it derives from; or by the path that it is imported by.

    Raises:
        TaskError: There is none.
    """
    from importlib import import_module

    place, _, last = name.rpartition(".")
    modules = [import_module(place)] if place else [sys.modules[one.__module__] for one in flow_class.__mro__]
    for module in modules:
        found = getattr(module, last, None)
        if callable(found):
            return found  # type: ignore[no-any-return]  # what it takes is its own business
    raise TaskError(f"the exit hook `{name}` is no function of " + (f"the module `{place}`" if place else "the flow's file"))


def _wants_run(function: Callable[..., Any]) -> bool:
    """Whether a hook takes the run, under that name."""
    from inspect import Parameter, signature

    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # of a function that Python knows nothing of
        return False
    return any(one.kind is Parameter.VAR_KEYWORD or one.name == "run" for one in parameters)


def _the_run(work: Assignment) -> Any:
    """The run as the client sees it; None where it ended before it left anything."""
    from ..client.faults import MetaflowNotFound
    from ..client.run import Run

    try:
        return Run(f"{work.plan.flow}/{work.task.run}", datastore=work.store.url, _namespace_check=False)
    except MetaflowNotFound:
        return None
