"""Checks what a step says in `self.next(…)` against the compiled plan, and finds the edge that it takes.

The compiler has read every `self.next` of the source; what is said at run time must be one of these, or the graph that runs would
not be the graph that was compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from .. import paths
from ..errors import TransitionError
from ..paths import Path
from ..plan import Arm, Edge, LoopScope, Step


@dataclass(frozen=True, slots=True)
class Transition:
    """The edge taken, and how many items its foreach has (None if it is none)."""

    edge: Edge
    cardinality: int | None = None


def resolve(
    step: Step,
    path: Path,
    read: Callable[[str], object],
    targets: tuple[object, ...],
    foreach: object = None,
    condition: object = None,
    num_parallel: object = None,
) -> Transition:
    """Find the edge that `self.next(*targets, …)` takes.

    Args:
        read: Reads an artifact of the running task; raises AttributeError for one that was never set.

    Raises:
        TransitionError: The plan has no such edge, the condition has no case, or the foreach no items to count.
    """
    if num_parallel is not None:
        raise TransitionError(f"step `{step.name}` asks for num_parallel, which this version of flowc does not run yet")
    if condition is not None:
        edge = _switch(step, read, targets, condition)
    elif foreach is not None:
        target = _one_name(step, targets, "foreach")
        _require(step, Arm("foreach", (target,), str(foreach)))
        edge = _edge(step, "foreach", (target,), str(foreach))
        return Transition(edge, count_items(step.name, str(foreach), read(str(foreach))))
    elif len(targets) == 1:
        name = _one_name(step, targets, "self.next")
        _require(step, Arm("goto", (name,)))
        edge = _edge(step, "goto", (name,), None)
    else:
        names = tuple(name_of_step(step, target) for target in targets)
        _require(step, Arm("split", names))
        edge = _edge(step, "split", names, None)
    _check_limit(step, path, edge)
    return Transition(edge)


def only_edge(step: Step, read: Callable[[str], object]) -> Transition | None:
    """The way on from a step whose code does not run, as `@catch` needs it; None for the last step of a flow."""
    if not step.edges:
        return None
    edge, *others = step.edges
    if others:
        raise TransitionError(
            f"step `{step.name}` has @catch and several ways on: flowc cannot know which to take after a failure"
        )
    if edge.kind == "foreach" and edge.variable is not None:
        return Transition(edge, count_items(step.name, edge.variable, read(edge.variable)))
    return Transition(edge)


def count_items(step: str, variable: str, items: Any) -> int:
    """How many tasks a foreach over an artifact has. It must have a length and integer indices, as a list or an array has."""
    problem = f'step `{step}` goes on with foreach="{variable}", but `self.{variable}` is of type {type(items).__name__}'
    if isinstance(items, Mapping | Set):
        raise TransitionError(f"{problem}, which has no order to count by: make it a list, such as sorted(self.{variable})")
    if not (hasattr(items, "__len__") and hasattr(items, "__getitem__")):
        raise TransitionError(f"{problem}: a foreach needs a list, or anything else with a length and indices")
    try:
        count = len(items)
        if count:
            items[0]
    except Exception as error:
        raise TransitionError(f"{problem}, which cannot be counted and indexed ({type(error).__name__}: {error})") from error
    return count


def _switch(step: Step, read: Callable[[str], object], targets: tuple[object, ...], condition: object) -> Edge:
    if len(targets) != 1 or not isinstance(targets[0], Mapping) or not isinstance(condition, str):
        raise TransitionError(
            f"step `{step.name}` calls self.next with a condition: that needs {{value: self.step, …}} and an artifact's name"
        )
    cases = {case: name_of_step(step, target) for case, target in targets[0].items()}
    _require(step, Arm("switch", (), condition, tuple(cases.items())))
    value = read(condition)
    try:
        target = cases.get(value)
    except TypeError:  # unhashable
        target = None
    if target is None:
        known = ", ".join(repr(case) for case in cases)
        raise TransitionError(f"step `{step.name}` has no case for `self.{condition}` = {_short(value)}; its cases are {known}")
    return _edge(step, "goto", (target,), None)


def _require(step: Step, said: Arm) -> None:
    for arm in step.arms:
        if (arm.kind, arm.targets, arm.variable) == (said.kind, said.targets, said.variable) and _same_cases(arm, said):
            return
    ways = "; ".join(_written(arm) for arm in step.arms) or "nothing, as the last step of the flow"
    raise TransitionError(f"step `{step.name}` says {_written(said)}, but the flow was compiled with {ways}")


def _same_cases(one: Arm, other: Arm) -> bool:
    return _typed(one) == _typed(other)


def _typed(arm: Arm) -> set[tuple[type, object, str]]:
    # 1 and True are the same key of a Python dictionary, but not the same JSON value.
    return {(type(value), value, target) for value, target in arm.cases}


def _edge(step: Step, kind: str, targets: tuple[str, ...], variable: str | None) -> Edge:
    for edge in step.edges:
        if (edge.kind, edge.targets, edge.variable) == (kind, targets, variable):
            return edge
    raise TransitionError(f"the plan has no edge from `{step.name}` to {' and '.join(targets)}: compile the flow again")


def _check_limit(step: Step, path: Path, edge: Edge) -> None:
    for scope, component in zip(step.scopes, path, strict=True):
        if isinstance(scope, LoopScope) and edge.targets == (scope.header,) and paths.number(component) + 1 >= scope.limit:
            more = "self.next(…, max_iterations=N) raises it, to 90 at the most" if scope.limit < 90 else "there can be no more"
            raise TransitionError(
                f"the loop over `{scope.header}` reached its limit of {scope.limit} turns in step `{step.name}`; {more}"
            )


def _one_name(step: Step, targets: tuple[object, ...], what: str) -> str:
    if len(targets) != 1:
        raise TransitionError(f"step `{step.name}`: {what} takes one step, not {len(targets)}")
    return name_of_step(step, targets[0])


def name_of_step(step: Step, target: object) -> str:
    """The step that an argument of `self.next` names."""
    name = getattr(target, "__name__", None)
    if callable(target) and isinstance(name, str):
        flow = getattr(target, "__self__", None)
        if flow is not None and not hasattr(type(flow), name):
            raise TransitionError(
                f"step `{step.name}` goes on to a function `{name}`, which is no step: if a decorator of yours has put it in "
                "the place of one, use functools.wraps in the decorator"
            )
        return name
    raise TransitionError(f"step `{step.name}` calls self.next with {_short(target)}, which is not a step such as self.end")


def _written(arm: Arm) -> str:
    match arm.kind:
        case "switch":
            cases = ", ".join(f"{value!r}: self.{target}" for value, target in arm.cases)
            return f"self.next({{{cases}}}, condition={arm.variable!r})"
        case "foreach":
            return f"self.next(self.{arm.targets[0]}, foreach={arm.variable!r})"
        case _:
            return f"self.next({', '.join(f'self.{target}' for target in arm.targets)})"


def _short(value: object) -> str:
    try:
        shown = repr(value)
    except Exception:
        shown = f"a {type(value).__name__}"
    return shown if len(shown) <= 80 else shown[:77] + "..."
