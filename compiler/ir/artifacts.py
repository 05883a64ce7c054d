"""What a step does with the artifacts of its flow: the facts that the data-flow analysis finds in its code.

They are part of a `Step`. `compiler/dataflow` makes them, `compiler/passes` judges them over the whole graph, and the plan hands
the names on to the runtime.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..source import Span

if TYPE_CHECKING:
    from .nodes import Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What is evident of a value at the place that assigns it.

    Attributes:
        what: Words for it, such as `a set`; "" where nothing is evident.
        constant: The value in a tuple of one, where it is a constant; else empty.
        indexed: Whether it has a length and indices, as a foreach needs; None where that is not evident.
        pickled: False where it evidently cannot be pickled.
        length: How many items it has when it is made; None where that is not evident.
        varies: It is computed from the item of a foreach, so that each task has its own.
        text: The expression as written, where it may have to be compared with another.
    """

    what: str = ""
    constant: tuple[Constant, ...] = ()
    indexed: bool | None = None
    length: int | None = None
    pickled: bool = True
    varies: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A step uses an artifact's value from before the step.

    Attributes:
        name: The artifact.
        use: How: `read`, `call`, `foreach` (its items are counted), `condition` (a switch decides by it) or `delete`.
        sure: Every run of the step that succeeds gets there.
        claimed: It fails where the artifact is not set; False where the code allows for that, or where that cannot be known.
        merges: The calls of `merge_artifacts`, as positions in `Artifacts.merges`, that may come before it.
        via: The call in the step, where the read stands in a method that the step calls.
    """

    name: str
    use: str = "read"
    sure: bool
    claimed: bool = True
    merges: tuple[int, ...] = ()
    via: Span | None = field(default=None, compare=False, repr=False)
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A step assigns an artifact."""

    name: str
    value: Value
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A join reads an artifact of the tasks that it joins.

    Attributes:
        name: The artifact; "" for a task that is named and not read from.
        branch: The task: the name of its step, its position, or None for any of them.
        every: It is read of each of them.
        sure: As for `Read`.
        claimed: As for `Read`.
        unpacked: All of them are given names at once: so many names. Else 0.
    """

    name: str
    branch: str | int | None
    every: bool
    sure: bool
    claimed: bool
    unpacked: int = 0
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A join calls `merge_artifacts`.

    Attributes:
        include: The names it takes and no others, or None.
        exclude: The names it leaves out.
        known: Which names and which inputs it takes is evident.
        sure: As for `Read`.
        claimed: A failure of it is not caught.
        set_before: Names that are surely assigned before it, which stay as they are.
    """

    include: tuple[str, ...] | None
    exclude: tuple[str, ...]
    known: bool
    sure: bool
    claimed: bool
    set_before: tuple[str, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an artifact may be when a step ends one way.

    Attributes:
        name: The artifact.
        writes: The assignments of the step that its value may come from.
        kept: Its value may also be the one from before the step.
        deleted: It may have been deleted.
        loose: Code that may run at any time may assign it too.
        most: How many items it has at the most, where nothing but its assignments can have made it so; else None.
    """

    name: str
    writes: tuple[Write, ...]
    kept: bool
    deleted: bool
    loose: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """What a step leaves when it ends one way.

    Attributes:
        settings: By name, for all that the step assigns or deletes on this way.
        merges: The merges, as positions in `Artifacts.merges`, that may have come before.
        merged: Those of them that surely have.
        open: Any other artifact may have been set too, in a way that cannot be followed.
        reached: The code can get there at all.
    """

    settings: tuple[Setting, ...] = ()
    merges: tuple[int, ...] = ()
    merged: tuple[int, ...] = ()
    open: bool = False
    reached: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """What a step does with `self.*`.

    Attributes:
        reads: Uses of values from before the step, at most a few for each name.
        used: All names that it uses, those too that it has assigned itself.
        takes: What a join reads of its inputs.
        merges: Its calls of `merge_artifacts`, in the order written.
        writes: Every assignment, by place.
        leaves: What is left, for each of the step's arms in their order; one for a step without arms.
        loose: Names that code which may run at any time assigns.
        plain: Plain variables of its code, which messages name where an artifact of that name is missing.
        item: It uses `self.input`, `self.index` or `self.foreach_stack()`.
        closed: All its reads are known: `self` is not handed to anything that could read more.
        takes_known: All that it reads of its inputs is known.
    """

    reads: tuple[Read, ...] = ()
    used: tuple[str, ...] = ()
    takes: tuple[Take, ...] = ()
    merges: tuple[Merge, ...] = ()
    writes: tuple[Write, ...] = ()
    leaves: tuple[Leave, ...] = ()
    loose: tuple[str, ...] = ()
    plain: tuple[tuple[str, Span], ...] = field(default=(), compare=False, repr=False)
    item: bool = False
    closed: bool = True
    takes_known: bool = True


NO_ARTIFACTS: Final = Artifacts()
"""Those of a step whose body is not understood."""


def names_read(found: Artifacts) -> tuple[str, ...] | None:
    """The artifacts of which a step's code uses the value from before it, sorted; None where that cannot be told."""
    return tuple(sorted({one.name for one in found.reads})) if found.closed else None


def names_taken(found: Artifacts) -> tuple[str, ...] | None:
    """The artifacts that a join reads of its inputs, likewise."""
    return tuple(sorted({one.name for one in found.takes if one.name})) if found.takes_known else None


def names_written(found: Artifacts) -> tuple[str, ...] | None:
    """The artifacts that a step may assign, likewise. What is changed in place is not among them."""
    if any(leave.open for leave in found.leaves):
        return None
    return tuple(sorted({*(one.name for one in found.writes), *found.loose}))
