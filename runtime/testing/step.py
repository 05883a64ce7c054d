"""One step of a flow, called in a test: no run, no store, no files, no compiler.

    done = run_step(Train.fit, artifacts={"rows": [1, 2]}, parameters={"rate": 0.1})
    assert done.artifacts["model"] == …
    assert done.next == ("evaluate",)

The step gets a flow object that knows what it is given here. Values stay the objects that they are. What the step raises comes
out as it is. `docs/testing.md` shows all of it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import ArtifactError, TaskError, TransitionError
from ..language.current import Current, current
from ..language.flowspec import FlowSpec
from ..language.parameter import Parameter
from ..tasks.binding import Binding
from .bench import Bench, Given, Items, inputs_of, vars_of

_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step has left.

    Attributes:
        artifacts: All that the task would hand on: those given and not deleted, those set, those merged.
        next: The names of the steps that `self.next` goes on to; none after the last step.
        foreach: The artifact whose items the next step runs over, or None.
        cardinality: How many items that is, or None.
    """

    artifacts: Mapping[str, Any]
    next: tuple[str, ...] = ()
    foreach: str | None = None
    cardinality: int | None = None


def run_step(
    step: Callable[..., Any],
    *,
    artifacts: Mapping[str, Any] | None = None,
    input: Any = _MISSING,
    index: int | None = None,
    inputs: Sequence[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] | None = None,
    parameters: Mapping[str, Any] | None = None,
    configs: Mapping[str, Any] | None = None,
    current: Mapping[str, Any] | None = None,
    flow: type[FlowSpec] | None = None,
    pickled: bool = False,
) -> StepResult:
    """Call a step in this process.

    Args:
        step: The step, as `Train.fit`.
        artifacts: What the steps before it have set. A join takes `inputs` instead.
        input: `self.input`, the item of the foreach around the step.
        index: `self.index`; with `input` alone it is 0.
        inputs: Of a join: the artifacts of each task that it joins, as a list, or after a split by the name of the branch's last
            step.
        parameters: Values by attribute; the others have their defaults.
        configs: Values by attribute, as dictionaries; each that the step reads must be there.
        current: Values by name, as `{"retry_count": 1}`; the others are those of a task of run `test`.
        flow: The class, where the step is inherited from another than the one that is tested, or was renamed by a decorator.
        pickled: Also check that what the step leaves can be pickled, as it would be after a real task.

    Raises:
        TaskError: What is given does not fit the step.
        TransitionError: `self.next` is not called as it must be.
        ArtifactError: With `pickled`, an artifact cannot be pickled.
    """
    flow_class = flow or _class_of(step)
    name = getattr(step, "__name__", "")
    function = getattr(flow_class, name, None)
    if not callable(function):
        raise TaskError(f"the class {flow_class.__name__} has no step `{name}`: name the class too, run_step(…, flow=…)")
    joins = _joins(function)
    if joins and inputs is None:
        raise TaskError(f"`{name}` is a join: give it inputs=[{{…}}, {{…}}], the artifacts of each task that it joins")
    if joins and artifacts:
        raise TaskError(f"`{name}` is a join, which starts without artifacts: put them into the inputs")
    if not joins and inputs is not None:
        raise TaskError(f"`{name}` is no join, since it takes no `inputs`: give it artifacts={{…}}")
    in_foreach = input is not _MISSING or index is not None
    item = None if input is _MISSING else input
    given = Given(flow_class, dict(parameters or {}), dict(configs or {}), Items(index or 0, item) if in_foreach else None)
    binding = Bench(given, name, joins, artifacts or {})
    self = flow_class._bound(binding)
    arguments = [inputs_of(flow_class, given, inputs)] if inputs is not None else []
    with _as_current(flow_class, name, binding, current or {}):
        function(self, *arguments)
    said = binding.said
    if said is None and not _may_end(flow_class, name):
        raise TransitionError(f"step `{name}` ended without self.next")
    left = {**binding.values(), **vars(self)}
    if pickled:
        _check_pickles(name, left)
    return StepResult(
        artifacts=left,
        next=said.edge.targets if said else (),
        foreach=said.edge.variable if said else None,
        cardinality=said.cardinality if said else None,
    )


def _class_of(step: Callable[..., Any]) -> type[FlowSpec]:
    """The class that a step was written in: a function knows its name."""
    import sys

    inner = getattr(step, "__self__", None)
    if isinstance(inner, FlowSpec):
        return type(inner)
    qualname = getattr(step, "__qualname__", "")
    owner = qualname.rpartition(".")[0]
    if owner and "<locals>" not in owner:
        place: Any = sys.modules.get(getattr(step, "__module__", ""))
        for part in owner.split("."):
            place = getattr(place, part, None)
        if isinstance(place, type) and issubclass(place, FlowSpec):
            return place
    found = [one for one in _subclasses(FlowSpec) if vars(one).get(getattr(step, "__name__", "")) is step]
    if len(found) == 1:
        return found[0]
    raise TaskError(f"which flow is {qualname or step!r} a step of? Name the class: run_step({qualname or 'step'}, flow=…)")


def _subclasses(owner: type[Any]) -> Iterator[type[FlowSpec]]:
    for one in owner.__subclasses__():
        yield one
        yield from _subclasses(one)


def _joins(function: Callable[..., Any]) -> bool:
    """Whether a step takes more than `self`."""
    import inspect

    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        return sum(one.kind in kinds for one in inspect.signature(function).parameters.values()) > 1
    except ValueError:
        return False


def _may_end(flow_class: type[FlowSpec], name: str) -> bool:
    """Whether a step may be the last: `end`, one under `@step(end=True)`, the only one. Which it is, the compiler knows; here the
    step's own text tells."""
    import inspect

    if name == "end":
        return True
    try:
        text = inspect.getsource(getattr(flow_class, name))
    except (OSError, TypeError):  # made at a prompt
        return True
    return f"{_me(getattr(flow_class, name))}.next(" not in text


def _me(function: Callable[..., Any]) -> str:
    """What a method calls its object."""
    code = getattr(function, "__code__", None)
    return code.co_varnames[0] if code is not None and code.co_argcount else "self"


@contextmanager
def _as_current(flow_class: type[FlowSpec], name: str, binding: Binding, given: Mapping[str, Any]) -> Iterator[None]:
    """Let `current` tell of this task meanwhile, and give what the test says."""
    kind, state = type(current), dict(vars(current))
    for one in given:
        if one.startswith("_") or not hasattr(Current, one):
            raise TaskError(f"`current` has no `{one}`")
    parameters = [one for one, value in vars_of(flow_class).items() if isinstance(value, Parameter)]
    shown: dict[str, Any] = {"parameter_names": parameters, **given}
    try:
        current._begin(binding.plan, binding.task, int(shown.get("retry_count", 0)))
        # Its values are properties, which only a class can put others in the place of.
        current.__class__ = type("Current", (kind,), shown)
        yield
    finally:
        current.__class__ = kind
        vars(current).clear()
        vars(current).update(state)


def _check_pickles(step: str, artifacts: Mapping[str, Any]) -> None:
    for name, value in artifacts.items():
        try:
            pickle.dumps(value, 5)
        except Exception as error:
            raise ArtifactError(
                f"step `{step}` cannot keep `self.{name}`, a {type(value).__name__}: it cannot be pickled ({error})"
            ) from error
