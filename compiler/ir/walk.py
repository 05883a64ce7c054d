"""Ways through the region tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from .nodes import Arrival, Block, Foreach, Loop, Parallel, Stage, Task


def blocks_of(stage: Stage) -> tuple[Block, ...]:
    """The blocks that a stage holds."""
    match stage:
        case Task():
            return ()
        case Parallel():
            return stage.branches
        case Foreach() | Loop():
            return (stage.body,)
        case _:
            assert_never(stage)


def walk_stages(block: Block) -> Iterator[Stage]:
    """All stages of a block and of the blocks within, each before what it holds."""
    pending: list[Stage] = list(reversed(block.stages))
    while pending:
        stage = pending.pop()
        yield stage
        pending.extend(one for inner in reversed(blocks_of(stage)) for one in reversed(inner.stages))


def index_stages(block: Block) -> dict[str, Stage]:
    """All stages of a block and of the blocks within by name; names are unique in a flow."""
    return {stage.name: stage for stage in walk_stages(block)}


def resolve(stages: Mapping[str, Stage], arrival: Arrival) -> tuple[Arrival, ...]:
    """The steps behind an arrival: itself for a task; for a loop, the exits of its body that hand on the same key.

    Raises:
        KeyError: The arrival is at a split, which ends in no single step.
    """
    stage = stages[arrival.stage]
    match stage:
        case Task():
            return (arrival,)
        case Loop():
            exits = [one for one in stage.body.exits if arrival.key is None or one.key == arrival.key]
            return tuple(dict.fromkeys(step for one in exits for step in resolve(stages, one)))
        case _:
            raise KeyError(arrival.stage)


def closers(stages: Mapping[str, Stage], loop: Loop) -> tuple[str, ...]:
    """The steps that lead back to a loop's header."""
    return tuple(dict.fromkeys(one.stage for arrival in loop.again for one in resolve(stages, arrival)))
