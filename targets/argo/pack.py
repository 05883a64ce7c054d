"""Keep DAGs within the number of tasks that Argo allows: long chains and wide splits are cut into sub-DAGs.

A chain can be cut where one stage alone leads on, unconditionally, and nothing after the cut looks back further: the part
before the cut becomes a DAG of its own, and what follows waits for it. A foreach stays beside the step that counts its
items.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...compiler.ir.nodes import Arrival, Block, Foreach, Parallel, Stage
from ...compiler.limits import ARGO_DAG_TASKS, NEAR

BUDGET: Final = int(NEAR * ARGO_DAG_TASKS.most)
"""Tasks of a DAG before it is cut: so many that nobody is warned of them."""


def weight(stage: Stage) -> int:
    """How many tasks a stage adds to its DAG, gates included."""
    if not isinstance(stage, Parallel):
        return 1 + _gates(stage)
    sizes = [block_weight(branch) for branch in stage.branches]
    return _gates(stage) + (sum(sizes) if sum(sizes) <= BUDGET else len(_grouped(sizes)))


def block_weight(block: Block) -> int:
    """How many tasks a block adds to its DAG, with a gate for each way out of it that hangs on a choice."""
    return sum(weight(stage) for stage in block.stages) + _choices(block.exits)


def fits(stage: Parallel) -> bool:
    """Whether all branches can stand in one DAG."""
    return sum(block_weight(branch) for branch in stage.branches) <= BUDGET


def groups(stage: Parallel) -> list[tuple[Block, ...]]:
    """The branches of a split too wide for one DAG, in groups of neighbours that each fit one."""
    sizes = [block_weight(branch) for branch in stage.branches]
    return [tuple(stage.branches[number] for number in group) for group in _grouped(sizes)]


def _grouped(sizes: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = [[]]
    room = BUDGET
    for number, size in enumerate(sizes):
        if found[-1] and size > room:
            found.append([])
            room = BUDGET
        found[-1].append(number)
        room -= size
    return found


def _gates(stage: Stage) -> int:
    """The gates before a stage: for each choice among several arrivals, and for any before a foreach."""
    return _choices(stage.after) if len(stage.after) > 1 or isinstance(stage, Foreach) else 0


def _choices(arrivals: Sequence[Arrival]) -> int:
    return sum(arrival.key is not None for arrival in arrivals)


def parts(block: Block, ends: Sequence[Arrival]) -> list[tuple[Stage, ...]]:
    """The stages of a block in parts, of which all but the last become DAGs of their own; one part where all fit.

    Args:
        block: The block.
        ends: Its exits, and what goes round in a loop: the stages that what surrounds the block looks at.
    """
    weights = [weight(stage) for stage in block.stages]
    if sum(weights) <= BUDGET:
        return [block.stages]
    cuts = _cuts(block.stages, ends)
    found: list[tuple[Stage, ...]] = []
    start, used, last = 0, 0, 0
    for position, size in enumerate(weights):
        if used + size > BUDGET and last > start:
            found.append(block.stages[start:last])
            start, used = last, sum(weights[last:position])
        used += size
        if position + 1 in cuts:
            last = position + 1
    return [*found, block.stages[start:]]


def _cuts(stages: Sequence[Stage], ends: Sequence[Arrival]) -> set[int]:
    """The positions before which a chain may be cut."""
    place = {stage.name: position for position, stage in enumerate(stages)}
    until: dict[int, int] = {}
    bound: dict[int, int] = {}
    for position, stage in enumerate(stages):
        for arrival in stage.after:
            source = place[arrival.stage]
            until[source] = position
            if arrival.key is not None or isinstance(stage, Foreach):
                bound[source] = position
    for arrival in ends:
        until[place[arrival.stage]] = bound[place[arrival.stage]] = len(stages)
    cuts: set[int] = set()
    looked_at: set[int] = set()
    for position in range(len(stages)):
        if len(looked_at) == 1 and bound.get(next(iter(looked_at)), 0) < position:
            cuts.add(position)
        looked_at.add(position)
        looked_at = {source for source in looked_at if until.get(source, -1) > position}
    return cuts
