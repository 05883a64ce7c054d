"""Which steps come directly before a step, as the region tree tells: a task's possible predecessors, and what a join joins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from .nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Stage, Task
from .walk import index_stages, resolve


@dataclass(frozen=True, slots=True)
class Joined:
    """A split that a join joins.

    Attributes:
        stage: The stage that ends there.
        key: The way that its split chose, where it had several.
        branches: For each branch the steps that it may end with; one branch, for all tasks, where it is a foreach.
    """

    stage: Parallel | Foreach
    key: str | None
    branches: tuple[tuple[Arrival, ...], ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What comes before a step.

    Attributes:
        arrivals: Steps, any of which leads here; empty for the start and for joins.
        joined: The splits that end here, any of them.
    """

    arrivals: tuple[Arrival, ...]
    joined: tuple[Joined, ...]


def trace(flow: Flow) -> dict[str, Before]:
    """What comes before each step."""
    tracer = _Tracer(index_stages(flow.body))
    tracer.visit(flow.body, ())
    return tracer.found


class _Tracer:
    def __init__(self, stages: dict[str, Stage]) -> None:
        self.stages = stages
        self.found: dict[str, Before] = {}

    def visit(self, block: Block, entry: tuple[Arrival, ...]) -> None:
        """Visit a block whose first stage is arrived at by `entry`, arrivals at steps."""
        for stage in block.stages:
            after = self._steps(stage.after) if stage.after else entry
            match stage:
                case Task():
                    splits = [(self.stages[arrival.stage]) for arrival in stage.after]
                    joined = tuple(self._joined(one) for one in splits if isinstance(one, Parallel | Foreach))
                    self.found[stage.name] = Before(() if joined else after, joined)
                case Parallel():
                    for branch in stage.branches:
                        self.visit(branch, after)
                case Foreach():
                    self.visit(stage.body, after)
                case Loop():
                    self.visit(stage.body, tuple(dict.fromkeys((*after, *self._steps(stage.again)))))
                case _:
                    assert_never(stage)

    def _steps(self, arrivals: tuple[Arrival, ...]) -> tuple[Arrival, ...]:
        """Arrivals at stages as arrivals at steps; those at a split are none, its join is told by `joined`."""
        return tuple(
            step
            for arrival in arrivals
            if not isinstance(self.stages[arrival.stage], Parallel | Foreach)
            for step in resolve(self.stages, arrival)
        )

    def _joined(self, stage: Parallel | Foreach) -> Joined:
        blocks = stage.branches if isinstance(stage, Parallel) else (stage.body,)
        return Joined(stage, stage.after[0].key, tuple(self._steps(block.exits) for block in blocks))
