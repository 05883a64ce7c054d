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
    """How a stage or a block ended, and the tasks that led there: one history a branch, where the next step joins; and all that
    were waited for, those of a foreach over nothing included, which leaves no history."""

    arrival: Arrival
    histories: list[History]
    awaited: frozenset[tuple[str, str]]


class Ran(NamedTuple):
    """What ran: for each task what led to it, itself the last; and all that it waited for, itself included."""

    histories: dict[tuple[str, str], History]
    awaited: dict[tuple[str, str], frozenset[tuple[str, str]]]


def run(flow: Flow, runner: Runner) -> dict[tuple[str, str], History]:
    """Run to the end; returns for each task what led to it, itself the last."""
    return run_all(flow, runner).histories


def run_all(flow: Flow, runner: Runner) -> Ran:
    """Run to the end; returns all that is to be known of it."""
    tree = _Tree(runner)
    tree.block(flow.body, (), _Over(Arrival(stage=""), [()], frozenset()))
    return Ran(tree.histories, tree.awaited)


class _Tree:
    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.outcomes: dict[tuple[str, Path], Outcome] = {}
        self.histories: dict[tuple[str, str], History] = {}
        self.awaited: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    def block(self, block: Block, path: Path, before: _Over, again: tuple[Arrival, ...] = ()) -> _Over:
        """Run a block; how it was over: by one of its exits or, in a loop, one of `again`."""
        came: dict[Arrival, _Over] = {}
        for stage in block.stages:
            arrived = [came[arrival] for arrival in stage.after if arrival in came]
            if arrived or not stage.after:
                over = self.stage(stage, path, arrived[0] if arrived else before)
                came[over.arrival] = over
        (arrival,) = came.keys() & {*block.exits, *again}
        return came[arrival]

    def stage(self, stage: Stage, path: Path, before: _Over) -> _Over:
        match stage:
            case Task():
                text = ".".join(path) or "-"
                outcome = self.outcomes[stage.name, path] = self.runner(stage.name, text, 0)
                history = (*(task for one in before.histories for task in one), (stage.name, text))
                self.histories[stage.name, text] = history
                self.awaited[stage.name, text] = awaited = before.awaited | {(stage.name, text)}
                return _Over(Arrival(stage=stage.name, key=outcome.next), [history], awaited)
            case Parallel():
                return self.joined(stage, before, [self.block(branch, path, before) for branch in stage.branches])
            case Foreach():
                count = self.outcomes[stage.split, path].cardinality or 0
                return self.joined(stage, before, [self.block(stage.body, (*path, str(index)), before) for index in range(count)])
            case Loop():
                turn = 0
                over = before
                while turn == 0 or over.arrival in stage.again:
                    over = self.block(stage.body, (*path, f"~{turn}"), over, stage.again)
                    turn += 1
                return over._replace(arrival=Arrival(stage=stage.name, key=over.arrival.key if stage.ways else None))

    def joined(self, stage: Stage, before: _Over, ends: list[_Over]) -> _Over:
        """How a stage of several blocks was over, which ended so."""
        awaited = before.awaited.union(*(one.awaited for one in ends))
        return _Over(Arrival(stage=stage.name), [one.histories[0] for one in ends], awaited)
