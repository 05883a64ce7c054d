"""What a step under test finds around it: the state of a task that no run has, and the inputs of a join."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import TaskError, TransitionError
from ..language.config import Config, ConfigValue, value_of
from ..language.current import user_name
from ..language.flowspec import FlowSpec
from ..language.include import IncludeFile
from ..language.parameter import JSONTypeClass, Parameter
from ..paths import TaskId
from ..plan import Block, Edge, ForeachScope, Plan, Step
from ..tasks.binding import Binding
from ..tasks.transition import Transition, count_items, name_of_step


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """An artifact that is a value at hand. Equal ones have equal values, so that `merge_artifacts` finds conflicts."""

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Held):
            return NotImplemented
        if self.value is other.value:
            return True
        try:
            return type(self.value) is type(other.value) and bool(self.value == other.value)
        except Exception:  # an array says for each of its elements; what a run would compare is the pickle
            try:
                return pickle.dumps(self.value, 5) == pickle.dumps(other.value, 5)
            except Exception:
                return False

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a foreach, of which one is known."""

    index: int
    item: Any

    def __getitem__(self, index: int) -> Any:
        return self.item

    def __len__(self) -> int:
        return self.index + 1


@dataclass(frozen=True, slots=True)
class Given:
    """What a test gives to a step, and to the inputs of a join."""

    flow_class: type[FlowSpec]
    parameters: dict[str, Any]
    configs: dict[str, Any]
    items: Items | None
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, given, declared in (
            ("parameter", self.parameters, Parameter),
            ("config", self.configs, Config),
        ):
            for name in given:
                if not isinstance(vars_of(self.flow_class).get(name), declared):
                    known = ", ".join(
                        sorted(one for one, value in vars_of(self.flow_class).items() if isinstance(value, declared))
                    )
                    raise TaskError(f"the class {self.flow_class.__name__} has no {kind} `{name}`; it has {known or 'none'}")


class _Nowhere:
    """All that is asked here of a store: whether it is on this machine. Nothing is read from it or written to it."""

    def file(self, key: str) -> str:
        """No object is far away."""
        return key


class Bench(Binding):
    """The state of a task that no plan knows: `self` of the step, or of one of a join's inputs."""

    def __init__(self, given: Given, name: str, joins: bool, artifacts: Mapping[str, Any], *, finished: bool = False) -> None:
        flow_class = given.flow_class
        for one in artifacts:
            if hasattr(flow_class, one):
                what = (
                    "a parameter: give it in parameters={…}"
                    if isinstance(vars_of(flow_class).get(one), Parameter)
                    else "no artifact"
                )
                raise TaskError(f"`{one}` is an attribute of the class {flow_class.__name__}, {what}")
        scopes = (ForeachScope("", ""),) if given.items is not None else ()
        step = Step(name, joins, scopes, (), (), (), (), (), "")
        plan = Plan(flow_class.__name__, "", "", (), (), (), (), {name: step}, Block((), ()))
        path = str(given.items.index) if given.items is not None else "-"
        entries: dict[str, Any] = {one: Held(value) for one, value in artifacts.items()}
        nowhere: Any = _Nowhere()
        super().__init__(plan, nowhere, TaskId("test", name, path), entries, finished=finished)
        self._given = given
        self.said: Transition | None = None

    def values(self) -> dict[str, Any]:
        """The artifacts that were given, or merged, and not deleted."""
        return {name: self.load(name) for name in self.entries}

    def load(self, name: str) -> Any:
        """The value that was given."""
        entry: Any = self.entries[name]
        return entry.value

    def parameter(self, attribute: str) -> object:
        """The value that was given, or the default."""
        given = self._given
        if attribute in given.parameters:
            return given.parameters[attribute]
        if attribute not in given.values:
            given.values[attribute] = _default(given.flow_class, attribute)
        return given.values[attribute]

    def config(self, attribute: str) -> object:
        """The value that was given."""
        configs = self._given.configs
        if attribute not in configs:
            raise AttributeError(
                f"step `{self.step.name}` reads the config `{attribute}`, which the test does not give: "
                f'run_step(…, configs={{"{attribute}": {{…}}}})'
            )
        value = configs[attribute]
        return value if isinstance(value, ConfigValue) else value_of(value, plain=False)

    def unset(self, flow: FlowSpec, name: str) -> str:
        """What to give, so that an artifact can be read."""
        step = self.step.name
        if self.finished:
            return f"this input of the join has no artifact `{name}`: add it to the test's inputs"
        if self.step.joins:
            return f"step `{step}` reads `self.{name}`, which it has not set: a join starts without artifacts"
        return f'step `{step}` reads `self.{name}`, which the test does not give: run_step(…, artifacts={{"{name}": …}})'

    def items(self, depth: int) -> object:
        """What a foreach would run over."""
        return self._given.items

    def goes_on(
        self, read: Callable[[str], object], targets: tuple[object, ...], foreach: object, condition: object, num_parallel: object
    ) -> None:
        """Read what `self.next` says, as the compiler would from the source."""
        name = self.step.name
        if self.finished:
            raise TransitionError("`next` was called on an input of a join: call it on self")
        if self.said is not None:
            raise TransitionError(f"step `{name}` calls self.next a second time")
        if num_parallel is not None:
            raise TransitionError(f"step `{name}` asks for num_parallel, which this version of flowc does not run yet")
        if condition is not None:
            cases = targets[0] if len(targets) == 1 else None
            if not isinstance(cases, Mapping) or not isinstance(condition, str) or foreach is not None:
                raise TransitionError(
                    f"step `{name}` calls self.next with a condition: that needs {{value: self.step, …}} and an artifact's name"
                )
            names = {case: name_of_step(self.step, target) for case, target in cases.items()}
            value: Any = read(condition)
            if value not in names:
                known = ", ".join(map(repr, names))
                raise TransitionError(f"step `{name}` has no case for `self.{condition}` = {value!r}; its cases are {known}")
            self._go((names[value],))
        elif foreach is not None:
            if len(targets) != 1 or not isinstance(foreach, str):
                raise TransitionError(f"step `{name}`: foreach takes one step, and an artifact's name")
            self._go((name_of_step(self.step, targets[0]),), foreach, count_items(name, foreach, read(foreach)))
        elif not targets:
            raise TransitionError(f"step `{name}` calls self.next with no step")
        else:
            self._go(tuple(name_of_step(self.step, target) for target in targets))

    def _go(self, targets: tuple[str, ...], variable: str | None = None, count: int | None = None) -> None:
        if len(set(targets)) < len(targets):
            raise TransitionError(f"step `{self.step.name}` goes on to one step twice: {', '.join(targets)}")
        kind: Any = "foreach" if variable is not None else "goto" if len(targets) == 1 else "split"
        self.said = Transition(Edge(None, kind, targets, variable), count)


class JoinedInputs(Sequence[Any]):
    """The inputs of a join: by position and, after a split, by the names of the branches' last steps."""

    def __init__(self, flows: Sequence[Any], names: Sequence[str]) -> None:
        self._flows = list(flows)
        self._names = list(names)

    def __len__(self) -> int:
        return len(self._flows)

    def __getitem__(self, index: Any) -> Any:
        return self._flows[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._flows)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._names:
            return self._flows[self._names.index(name)]
        hint = (
            ", ".join(self._names) if self._names else f'none: give inputs={{"{name}": {{…}}, …}}, by the branches\' last steps'
        )
        raise AttributeError(f"inputs has no task of a step `{name}`; those given by name are {hint}")


def inputs_of(
    flow_class: type[FlowSpec], given: Given, inputs: Sequence[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]]
) -> JoinedInputs:
    """What a join gets, of the artifacts of each task that it joins."""
    by_name = isinstance(inputs, Mapping)
    names = [str(one) for one in inputs] if by_name else []
    values: Iterable[Any] = inputs.values() if isinstance(inputs, Mapping) else inputs
    flows = []
    for position, artifacts in enumerate(values):
        if not isinstance(artifacts, Mapping):
            raise TaskError(f"each of the inputs is a dictionary of artifacts, not a {type(artifacts).__name__}")
        name = names[position] if by_name else "input"
        items = None if by_name else Items(position, None)
        one = Given(flow_class, given.parameters, given.configs, items, given.values)
        flows.append(flow_class._bound(Bench(one, name, False, artifacts, finished=True)))
    return JoinedInputs(flows, names)


def vars_of(flow_class: type) -> dict[str, Any]:
    """What a class and its bases bind."""
    found: dict[str, Any] = {}
    for owner in reversed(flow_class.__mro__):
        found.update(vars(owner))
    return found


def _default(flow_class: type[FlowSpec], attribute: str) -> Any:
    declared = vars_of(flow_class)[attribute]
    if isinstance(declared, IncludeFile):
        raise AttributeError(
            f"the step reads the file of `{attribute}`, which the test does not give: "
            f'run_step(…, parameters={{"{attribute}": "its content"}})'
        )
    value = declared.evaluate(flow_class.__name__, user_name())
    if value is None and declared.required:
        raise AttributeError(
            f'the step reads the parameter `{attribute}`, which has no default: run_step(…, parameters={{"{attribute}": …}})'
        )
    if isinstance(value, str) and isinstance(declared.type, JSONTypeClass):
        import json

        return json.loads(value)
    return value.split(declared.separator) if declared.separator and isinstance(value, str) and value else value
