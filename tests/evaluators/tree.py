"""Run the region tree itself: what every target must agree with."""

from __future__ import annotations

from flowc.compiler.ir.nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Stage, Task

from . import Outcome, Runner


def run(flow: Flow, runner: Runner) -> None:
    """Run to the end."""
    _Tree(runner).block(flow.body, ())


class _Tree:
    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.outcomes: dict[tuple[str, tuple[str, ...]], Outcome] = {}

    def block(self, block: Block, path: tuple[str, ...], again: tuple[Arrival, ...] = ()) -> Arrival:
        """Run a block; returns the arrival that ended it: one of its exits or, in a loop, of `again`."""
        came: set[Arrival] = set()
        for stage in block.stages:
            if not stage.after or came & set(stage.after):
                key = self.stage(stage, path)
                came.add(Arrival(stage=stage.name, key=key))
        (over,) = came & {*block.exits, *again}
        return over

    def stage(self, stage: Stage, path: tuple[str, ...]) -> str | None:
        match stage:
            case Task():
                outcome = self.outcomes[stage.name, path] = self.runner(stage.name, ".".join(path) or "-", 0)
                return outcome.next
            case Parallel():
                for branch in stage.branches:
                    self.block(branch, path)
                return None
            case Foreach():
                for index in range(self.outcomes[stage.split, path].cardinality or 0):
                    self.block(stage.body, (*path, str(index)))
                return None
            case Loop():
                turn = 0
                while (over := self.block(stage.body, (*path, f"~{turn}"), stage.again)) in stage.again:
                    turn += 1
                return over.key if stage.ways else None
