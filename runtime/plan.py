"""`plan.json` as frozen data: what the compiler found out about a flow, and all that the runtime knows of its graph.

In: the bytes or the decoded document of a plan (format 2). Out: a `Plan`. Example:

    plan = load_plan(Path(package))
    plan.steps["join"].joined[0].split          # "start"
    plan.body.stages[0]                         # TaskStage(name="start", after=())

What the region tree in `Plan.body` means is said in `tree`, what `scopes`, `before` and `joined` mean in `lineage`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from .contract import PLAN_FILE, PLAN_FORMAT
from .errors import PlanError

Scalar: TypeAlias = "bool | int | float | str | None"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ForeachScope:
    """A path component that is an index into `variable` of the task of `split`."""

    split: str
    variable: str


@dataclass(frozen=True, slots=True)
class LoopScope:
    """A path component that is a turn of the loop that starts at `header` and takes at most `limit` turns."""

    header: str
    limit: int


Scope: TypeAlias = ForeachScope | LoopScope


@dataclass(frozen=True, slots=True)
class Arm:
    """What one `self.next` in a step says.

    Attributes:
        kind: Which form it has.
        targets: Steps in the order written; one for `goto` and `foreach`, none for `switch`.
        variable: The artifact that holds the items (`foreach`) or the condition (`switch`).
        cases: Value and step of each case of a `switch`.
    """

    kind: Literal["goto", "split", "foreach", "switch"]
    targets: tuple[str, ...] = ()
    variable: str | None = None
    cases: tuple[tuple[Scalar, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A way on from a step. `key` names it among the step's edges, and is None for an only edge."""

    key: str | None
    kind: Literal["goto", "split", "foreach"]
    targets: tuple[str, ...]
    variable: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """A step that may come directly before another, if it chose `key` (None: always)."""

    step: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join waits for, if the task of `split` chose `key` (None: always).

    Attributes:
        branches: The steps that may end each branch, of which one does; a foreach has one branch, the body's.
    """

    kind: Literal["parallel", "foreach"]
    split: str
    key: str | None
    branches: tuple[tuple[Origin, ...], ...]


@dataclass(frozen=True, slots=True)
class Decorator:
    """`@name(arguments)`, evaluated by the compiler."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A step: `before` leads to it unless it joins, else `joined` does.

    Attributes:
        code: A fingerprint of its method.
        reads: The artifacts whose value from before the step its code may use; None where the compiler cannot tell.
        takes: Those that a join reads of its inputs, likewise.
    """

    name: str
    joins: bool
    scopes: tuple[Scope, ...]
    arms: tuple[Arm, ...]
    edges: tuple[Edge, ...]
    before: tuple[Origin, ...]
    joined: tuple[Joined, ...]
    decorators: tuple[Decorator, ...]
    code: str
    reads: tuple[str, ...] | None = None
    takes: tuple[str, ...] | None = None

    def decorator(self, name: str) -> Mapping[str, Any] | None:
        """The arguments of a decorator of the step, or None if it does not have it."""
        return next((d.arguments for d in self.decorators if d.name == name), None)


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A parameter as the compiler saw it. `deferred`: only the class's own `Parameter` knows its default.

    Attributes:
        separator: What splits a text into a list of texts.
        file: For an `IncludeFile`, whose default is a path.
    """

    attribute: str
    name: str
    type: Literal["str", "int", "float", "bool", "json", "file"]
    default: Any
    deferred: bool
    required: bool
    help: str | None
    separator: str | None
    file: FileSpec | None


@dataclass(frozen=True, slots=True)
class FileSpec:
    """How the file of an `IncludeFile` becomes a value.

    Attributes:
        encoding: How its bytes are text; None: the value is the bytes.
        content: What the default's file held when the flow was compiled; None where there is no default, or where it is too
            large for a plan.
    """

    encoding: str | None
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConfigSpec:
    """A config, whose value the compiler found. `plain`: it is handed on as it is, and not with its keys as attributes."""

    attribute: str
    name: str
    plain: bool
    value: Any


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stage of a block ended, having chosen `key` (None: whatever it chose)."""

    stage: str
    key: str | None


@dataclass(frozen=True, slots=True)
class TaskStage:
    """One run of the step of that name."""

    name: str
    after: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class ParallelStage:
    """All branches at once."""

    name: str
    after: tuple[Arrival, ...]
    branches: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ForeachStage:
    """The body once for each item that the task of `split` found."""

    name: str
    after: tuple[Arrival, ...]
    split: str
    body: Block


@dataclass(frozen=True, slots=True)
class LoopStage:
    """The body again for as long as it ends with an arrival in `again`; else the loop ends, and hands the key on if it has
    `ways`."""

    name: str
    after: tuple[Arrival, ...]
    header: str
    body: Block
    again: tuple[Arrival, ...]
    ways: tuple[str, ...]


Stage: TypeAlias = TaskStage | ParallelStage | ForeachStage | LoopStage


@dataclass(frozen=True, slots=True)
class Block:
    """Stages that share one path, in topological order; over when any of its `exits` comes."""

    stages: tuple[Stage, ...]
    exits: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled flow.

    Attributes:
        file: The name of the user's module, without folders.
        absent: Names of Metaflow's that flowc does not have, and that the flow imports and never uses.
    """

    flow: str
    file: str
    start: str
    absent: tuple[str, ...]
    parameters: tuple[ParameterSpec, ...]
    configs: tuple[ConfigSpec, ...]
    decorators: tuple[Decorator, ...]
    steps: Mapping[str, Step]
    body: Block

    @property
    def end(self) -> str:
        """The step that ends it."""
        return next(step.name for step in self.steps.values() if not step.edges)

    def decorator(self, name: str) -> Mapping[str, Any] | None:
        """The arguments of a decorator of the flow's class, or None if it does not have it."""
        return next((d.arguments for d in self.decorators if d.name == name), None)


def load_plan(package: Path) -> Plan:
    """Read the plan in a package's folder.

    Raises:
        PlanError: There is none, or it cannot be understood.
    """
    file = package / PLAN_FILE
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise PlanError(f"cannot read the compiled flow {file}: {error.strerror or error}") from None
    except ValueError as error:
        raise PlanError(f"the compiled flow {file} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise PlanError(f"the compiled flow {file} is not a plan")
    return parse_plan(document)


def parse_plan(document: Mapping[str, Any]) -> Plan:
    """Turn the decoded document into a `Plan`.

    Raises:
        PlanError: It is of another version, or a part is missing.
    """
    version = document.get("format") if isinstance(document, dict) else None
    if version != PLAN_FORMAT:
        raise PlanError(
            f"the plan has format {version!r}, and this flowc reads {PLAN_FORMAT}: compile the flow with the flowc that runs it"
        )
    try:
        plan = Plan(
            flow=document["flow"],
            file=document["file"],
            start=document["start"],
            absent=tuple(document["absent"]),
            parameters=_each(document["parameters"], _parameter),
            configs=_each(document["configs"], lambda c: ConfigSpec(c["attribute"], c["name"], c["plain"], c["value"])),
            decorators=_each(document["decorators"], _decorator),
            steps={name: _step(name, step) for name, step in document["steps"].items()},
            body=_block(document["body"]),
        )
        if plan.start not in plan.steps or all(step.edges for step in plan.steps.values()):
            raise ValueError("no step begins it, or none ends it")
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise PlanError(f"the plan is damaged ({type(error).__name__}: {error}): compile the flow again") from error
    return plan


def _each(items: Any, make: Callable[[Any], T]) -> tuple[T, ...]:
    return tuple(make(item) for item in items)


def _parameter(data: Any) -> ParameterSpec:
    plain = {name: data[name] for name in ParameterSpec.__slots__ if name != "file"}
    return ParameterSpec(**plain, file=None if data["file"] is None else _file(data["file"]))


def _file(data: Any) -> FileSpec:
    if data["text"] is not None:
        return FileSpec(data["encoding"], data["text"].encode(data["encoding"]))
    if data["base64"] is not None:
        import base64

        return FileSpec(data["encoding"], base64.b64decode(data["base64"], validate=True))
    return FileSpec(data["encoding"], None)


def _decorator(data: Any) -> Decorator:
    return Decorator(data["name"], data["arguments"])


def _origin(data: Any) -> Origin:
    return Origin(data["step"], data["key"])


def _arrival(data: Any) -> Arrival:
    return Arrival(data["stage"], data["key"])


def _scope(data: Any) -> Scope:
    if data["kind"] == "foreach":
        return ForeachScope(data["split"], data["variable"])
    return LoopScope(data["header"], data["limit"])


def _arm(data: Any) -> Arm:
    kind = data["kind"]
    targets = tuple(data["targets"]) if kind == "split" else () if kind == "switch" else (data["target"],)
    return Arm(kind, targets, data.get("variable"), tuple((value, target) for value, target in data.get("cases", ())))


def _step(name: str, data: Any) -> Step:
    return Step(
        name=name,
        joins=data["joins"],
        scopes=_each(data["scopes"], _scope),
        arms=_each(data["arms"], _arm),
        edges=_each(data["edges"], lambda e: Edge(e["key"], e["kind"], tuple(e["targets"]), e["variable"])),
        before=_each(data["before"], _origin),
        joined=_each(
            data["joined"],
            lambda j: Joined(j["kind"], j["split"], j["key"], _each(j["branches"], lambda branch: _each(branch, _origin))),
        ),
        decorators=_each(data["decorators"], _decorator),
        code=data["code"],
        reads=None if data["reads"] is None else tuple(data["reads"]),
        takes=None if data["takes"] is None else tuple(data["takes"]),
    )


def _block(data: Any) -> Block:
    return Block(_each(data["stages"], _stage), _each(data["exits"], _arrival))


def _stage(data: Any) -> Stage:
    name, after = data["name"], _each(data["after"], _arrival)
    match data["kind"]:
        case "task":
            return TaskStage(name, after)
        case "parallel":
            return ParallelStage(name, after, _each(data["branches"], _block))
        case "foreach":
            return ForeachStage(name, after, data["split"], _block(data["body"]))
        case "loop":
            again, ways = _each(data["again"], _arrival), tuple(data["ways"])
            return LoopStage(name, after, data["header"], _block(data["body"]), again, ways)
        case kind:
            raise ValueError(f"a stage of kind {kind!r}")
