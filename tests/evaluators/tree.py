"""Run the region tree itself: what every target must agree with.

Besides which tasks run, it tells what each begins with: the tasks that came before it, those of all its branches for a join.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from flowc.compiler.ir.nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Stage, Task

from . import Outcome, Runner

Path: TypeAlias = tuple[str, ...]
History: TypeAlias = tuple[tuple[str, str], ...]
"""Step and path of the tasks that led somewhere, in order; branches one after the other, as written."""


class _Over(NamedTuple):
    """How a stage or a block ended, and the tasks that led there: one history a branch, where the next step joins."""

    arrival: Arrival
    histories: list[History]


def run(flow: Flow, runner: Runner) -> dict[tuple[str, str], History]:
    """Run to the end; returns for each task what led to it, itself the last."""
    tree = _Tree(runner)
    tree.block(flow.body, (), [()])
    return tree.histories


class _Tree:
    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.outcomes: dict[tuple[str, Path], Outcome] = {}
        self.histories: dict[tuple[str, str], History] = {}

    def block(self, block: Block, path: Path, before: list[History], again: tuple[Arrival, ...] = ()) -> _Over:
        """Run a block; how it was over: by one of its exits or, in a loop, one of `again`."""
        came: dict[Arrival, list[History]] = {}
        for stage in block.stages:
            arrived = [came[arrival] for arrival in stage.after if arrival in came]
            if arrived or not stage.after:
                over = self.stage(stage, path, arrived[0] if arrived else before)
                came[over.arrival] = over.histories
        (arrival,) = came.keys() & {*block.exits, *again}
        return _Over(arrival, came[arrival])

    def stage(self, stage: Stage, path: Path, before: list[History]) -> _Over:
        match stage:
            case Task():
                text = ".".join(path) or "-"
                outcome = self.outcomes[stage.name, path] = self.runner(stage.name, text, 0)
                history = (*(task for one in before for task in one), (stage.name, text))
                self.histories[stage.name, text] = history
                return _Over(Arrival(stage=stage.name, key=outcome.next), [history])
            case Parallel():
                ends = [self.block(branch, path, before).histories[0] for branch in stage.branches]
                return _Over(Arrival(stage=stage.name), ends)
            case Foreach():
                count = self.outcomes[stage.split, path].cardinality or 0
                ends = [self.block(stage.body, (*path, str(index)), before).histories[0] for index in range(count)]
                return _Over(Arrival(stage=stage.name), ends)
            case Loop():
                turn = 0
                over = _Over(Arrival(stage=""), before)
                while turn == 0 or over.arrival in stage.again:
                    over = self.block(stage.body, (*path, f"~{turn}"), over.histories, stage.again)
                    turn += 1
                return _Over(Arrival(stage=stage.name, key=over.arrival.key if stage.ways else None), over.histories)
