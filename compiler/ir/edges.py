"""The ways on from a step, flattened: one `Edge` for each thing that may be chosen at run time.

A switch of three cases that lead to two steps has two edges; a step with a plain `self.next` has one, and nothing to choose.

Keys name the way chosen in control objects and conditions: the target's name for a plain move, the targets' names joined by `+`
for a split, the target's name and `*` for a foreach. They hold nothing else of the user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from .nodes import Arm, Fanout, Goto, Split, Step, Switch


@dataclass(frozen=True, slots=True)
class Edge:
    """One way on.

    Attributes:
        key: Its name among the step's ways; None where it is the only one.
        arm: The `self.next` that it belongs to.
        targets: The steps it leads to: one, or those of a split.
    """

    key: str | None
    arm: Arm
    targets: tuple[str, ...]


def edges_of(step: Step) -> tuple[Edge, ...]:
    """The ways on from a step, in the order written, each once."""
    ways: dict[str, Edge] = {}
    for arm in step.arms:
        for key, targets in _ways(arm):
            ways.setdefault(key, Edge(key, arm, targets))
    if len(ways) == 1:
        (only,) = ways.values()
        return (Edge(None, only.arm, only.targets),)
    return tuple(ways.values())


def _ways(arm: Arm) -> list[tuple[str, tuple[str, ...]]]:
    match arm:
        case Goto():
            return [(arm.target, (arm.target,))]
        case Split():
            return [("+".join(arm.targets), arm.targets)]
        case Fanout():
            return [(f"{arm.target}*", (arm.target,))]
        case Switch():
            return [(target, (target,)) for _, target in arm.cases]
        case _:
            assert_never(arm)
