"""The invariants of the IR: what every pass and target may rely on. Run in tests after each compile."""

from __future__ import annotations

from collections import Counter

from .edges import edges_of
from .nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Step, Task
from .walk import blocks_of, walk_stages


def verify(flow: Flow) -> list[str]:
    """What is wrong with a flow's IR; nothing, if the compiler is right."""
    faults: list[str] = []
    stages = list(walk_stages(flow.body))
    for name, count in Counter(stage.name for stage in stages).items():
        if count > 1:
            faults.append(f"{count} stages are named {name}")
    tasks = [stage.name for stage in stages if isinstance(stage, Task)]
    if tasks != [step.name for step in flow.steps]:
        faults.append("the steps are not the tree's tasks in its order")
    if tasks[:1] != [flow.start]:
        faults.append(f"the tree starts at {tasks[:1]}, not at {flow.start}")
    _block(flow.body, {step.name: step for step in flow.steps}, faults)
    return faults


def _block(block: Block, steps: dict[str, Step], faults: list[str]) -> None:
    known: set[str] = set()
    for position, stage in enumerate(block.stages):
        if (position == 0) != (not stage.after):
            faults.append(f"{stage.name}: the first stage, and no other, runs as soon as its block starts")
        for arrival in stage.after:
            if arrival.stage not in known:
                faults.append(f"{stage.name} runs after {arrival.stage}, which is not before it in its block")
        known.add(stage.name)
        match stage:
            case Parallel() | Foreach():
                own = {one.name for one in block.stages if isinstance(one, Task)}
                if not {stage.split, stage.join} <= own:
                    faults.append(f"{stage.name}: its split or its join is not in its block")
                if len(stage.after) != 1 or stage.after[0].stage != stage.split:
                    faults.append(f"{stage.name} does not run after its split alone")
            case Loop():
                if stage.body.stages[0].name != stage.header:
                    faults.append(f"{stage.name} does not start at {stage.header}")
                if not stage.again or not stage.body.exits:
                    faults.append(f"{stage.name} cannot go round, or cannot be left")
                if stage.limit < 1:
                    faults.append(f"{stage.name} has no limit")
                _arrivals(stage.name, stage.again, stage.body, steps, faults)
            case Task():
                pass
        for inner in blocks_of(stage):
            _block(inner, steps, faults)
    if not block.exits:
        faults.append(f"the block of {block.stages[0].name} never ends")
    _arrivals(block.stages[0].name, block.exits, block, steps, faults)
    for stage in block.stages:
        _arrivals(stage.name, stage.after, block, steps, faults)


def _arrivals(where: str, arrivals: tuple[Arrival, ...], block: Block, steps: dict[str, Step], faults: list[str]) -> None:
    """Each arrival is at a stage of the block, and has a key that this stage may choose; none where it does not choose."""
    stages = {stage.name: stage for stage in block.stages}
    for arrival in arrivals:
        stage = stages.get(arrival.stage)
        match stage:
            case None:
                faults.append(f"{where}: an arrival at {arrival.stage}, which is not in its block")
                continue
            case Task():
                edges = edges_of(steps[stage.name])
                keys: set[str | None] = {edge.key for edge in edges} if edges else {None}
            case Loop():
                keys = set(stage.ways) if stage.ways else {None}
            case _:
                keys = {None}
        if arrival.key not in keys:
            faults.append(f"{where}: an arrival at {arrival.stage} with {arrival.key}, which it cannot choose")
