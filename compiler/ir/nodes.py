"""The intermediate representation: what a flow means, whoever runs it.

A `Flow` holds its steps twice, from two sides:

- `steps` is what the source says: each step with its `arms`, the ways in which it may go on. A step without arms ends the flow.
- `body` is what that means: a tree of regions in which every step stands exactly once.

A `Block` is an acyclic piece of the graph whose tasks share one path. Its `stages` stand in topological order, and each says
in `after` when it runs: when *any* of these arrivals comes (none: as soon as the block starts). Targets print this rule and never
derive it again. A stage is one of

- `Task`: one run of a step;
- `Parallel`: all branches at once, each a block on the same path; over when all are over;
- `Foreach`: the body once for each item of a sequence, on the path with the item's index added; over when all are over;
- `Loop`: the body again and again, on the path with the turn added, until a turn ends with an exit that is not `header`.

A block is over when any of its `exits` comes. An `Arrival` names the stage that ended and, where that stage chose among
several ways on, the `key` of the way chosen. A `Task` chooses by itself; a `Loop` hands on the choice of the exit that ended it.

Example: `start` fans out over `items` to `work`, which joins in `join`:

    Block(stages=(Task(start), Foreach(split=start, body=Block(stages=(Task(work),), exits=(work,))), Task(join), Task(end)))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..source import Span
from .artifacts import NO_ARTIFACTS, Artifacts


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary in a constant expression, kept in the order written."""

    items: tuple[tuple[Constant, Constant], ...]


Constant: TypeAlias = "bool | int | float | str | tuple[Constant, ...] | Table | None"
"""The value of a constant expression in the source. Lists and tuples are both tuples here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decorator:
    """`@name(arguments)` on a step or on the flow.

    Attributes:
        name: The decorator's name in flowc, whatever the source calls it.
        arguments: By name, in the order written.
        places: Where each of them stands.
    """

    name: str
    arguments: tuple[tuple[str, Constant], ...]
    span: Span = field(compare=False, repr=False)
    places: tuple[tuple[str, Span], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value given when a run starts.

    Attributes:
        attribute: The name in the class: `self.alpha`.
        name: The name on the command line: `--alpha`.
        type: One of `str`, `int`, `float`, `bool`, `json`, and `file` for an `IncludeFile`.
        default: Its default, of a `file` the path; None where there is none, or where `deferred`.
        deferred: The default is an expression that only a running program can evaluate.
        required: A run without it is refused.
        help: What `--help` says.
        show_default: Whether `--help` shows the default.
        separator: What splits a text into a list of texts.
        file: How a `file` becomes a value.
    """

    attribute: str
    name: str
    type: str
    default: Constant
    deferred: bool
    required: bool
    help: str | None
    show_default: bool = True
    separator: str | None = None
    file: Include | None = None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """The file of an `IncludeFile`.

    Attributes:
        encoding: How its bytes are text; None where the value is the bytes themselves.
        content: What the default's file holds, so that a container has it; None where there is no default, or where it is too
            large to travel in the plan.
    """

    encoding: str | None
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Values that are known when the flow is compiled.

    Attributes:
        attribute: The name in the class: `self.config`.
        name: The name on the command line: `--config NAME PATH`.
        value: What it holds: a table, or whatever else if it is `plain`; None where nothing is given.
        plain: It is handed on as it is, and not with its keys as attributes.
        origin: Where the value is from, for people: `config.json`; "" where nothing is given.
        help: What `--help` says.
    """

    attribute: str
    name: str
    value: Constant
    plain: bool
    origin: str
    help: str | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goto:
    """`self.next(self.target)`."""

    target: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`self.next(self.a, self.b)`: all targets, at once."""

    targets: tuple[str, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fanout:
    """`self.next(self.target, foreach="variable")`: the target once for each item."""

    target: str
    variable: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """`self.next({value: self.target, …}, condition="variable")`: the one target whose value the artifact has."""

    variable: str
    cases: tuple[tuple[Constant, str], ...]
    span: Span = field(compare=False, repr=False)


Arm: TypeAlias = Goto | Split | Fanout | Switch
"""What one `self.next` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as written.

    Attributes:
        name: Its name.
        joins: It takes `inputs`, the tasks that it joins.
        arms: The ways on, one for each distinct `self.next`, in the order written; none for the step that ends the flow.
        decorators: In the order written.
        max_iterations: The bound that the source sets on a loop which this step closes, or None.
        artifacts: What it reads and writes of `self`.
        code: A fingerprint of its method: equal ones have equal code.
    """

    name: str
    joins: bool
    arms: tuple[Arm, ...]
    decorators: tuple[Decorator, ...]
    max_iterations: int | None = None
    artifacts: Artifacts = field(default=NO_ARTIFACTS, repr=False)
    code: str = field(default="", compare=False, repr=False)
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A stage ended and, where it chose among several ways on, chose this one.

    Attributes:
        stage: The name of a stage of the same block.
        key: The way chosen (`ir.edges.Edge.key`), or None where there is only one.
    """

    stage: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An acyclic piece of the graph whose tasks share one path.

    Attributes:
        stages: In topological order; the first is where the block starts.
        exits: The block is over when any of these comes.
    """

    stages: tuple[Stage, ...]
    exits: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of the step of the same name."""

    name: str
    after: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """All branches at once.

    Attributes:
        name: Unique among the stages of a flow.
        split: The step that splits, in the same block.
        join: The step where the branches meet, in the same block.
        branches: One for each target, in the order written.
    """

    name: str
    after: tuple[Arrival, ...]
    split: str
    join: str
    branches: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreach:
    """The body once for each item, on the path with the item's index added.

    Attributes:
        name: Unique among the stages of a flow.
        split: The step that splits, in the same block.
        variable: The artifact of `split` that holds the items.
        join: The step that joins, in the same block.
    """

    name: str
    after: tuple[Arrival, ...]
    split: str
    variable: str
    join: str
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """The body again and again, on the path with the turn added.

    The body's exits are those that go round (`again`) and those that leave the loop (`body.exits`). A turn that would be the
    `limit`-th fails its task instead of going round.

    Attributes:
        name: Unique among the stages of a flow.
        header: The step where each turn starts.
        limit: How many turns there may be.
        again: The arrivals in the body that start the next turn.
        ways: The keys that the loop hands on when it ends; empty where all exits lead to one stage.
    """

    name: str
    after: tuple[Arrival, ...]
    header: str
    limit: int
    body: Block
    again: tuple[Arrival, ...]
    ways: tuple[str, ...]


Stage: TypeAlias = Task | Parallel | Foreach | Loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A flow, whole.

    Attributes:
        name: The class's name.
        doc: Its docstring, or "".
        file: The file's name without its folders.
        parameters: In the order written.
        configs: Likewise.
        decorators: Those on the class.
        steps: In the order of `body`, so that the order in the source changes nothing.
        start: The step where a run starts.
        absent: Names of Metaflow's that flowc does not have, and that the flow's files import and never use.
        body: The region tree.
        members: What else `self.` gives: methods, properties, constants, and what is flowc's own. For guesses.
    """

    name: str
    doc: str
    file: str
    parameters: tuple[Parameter, ...]
    configs: tuple[Config, ...] = ()
    decorators: tuple[Decorator, ...]
    steps: tuple[Step, ...]
    start: str
    absent: tuple[str, ...] = ()
    body: Block
    members: tuple[str, ...] = field(default=(), compare=False, repr=False)
    span: Span = field(compare=False, repr=False)
