"""Walks the region tree of a plan: which task may start next, as tasks end.

In: a `Plan`, and `end(task, chose, cardinality)` for each task that is done. Out: `take()`, the next task that may start, or None
until another has ended. The walker runs nothing and knows nothing of processes.

- A block starts with its stages that come after nothing; another starts when any arrival in its `after` comes. The block is over
  when any of its exits comes.
- A foreach starts its bodies one by one, as tasks are taken: of 10,000 there are as many alive as there are workers, or as
  `@foreach(max_concurrency=…)` allows. What was begun goes first (the waiting work is a stack), so nested ones do not pile up
  either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from .. import paths
from ..paths import Path
from ..plan import Arrival, Block, ForeachStage, LoopStage, ParallelStage, Plan, Stage, TaskStage

Over: TypeAlias = Callable[[Arrival], None]
"""Called with the exit that ended a block; its key is the one chosen, None where there was nothing to choose."""
Ready: TypeAlias = tuple[str, str]
"""Step and path of a task."""


@dataclass(slots=True)
class _LiveBlock:
    """A block that has started on a path. `counts` are what its splits found."""

    block: Block
    path: Path
    over: Over
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _LiveForeach:
    """A foreach whose bodies are not all over: `begun` of them have started, `left` are not over, and `most` may be between."""

    stage: ForeachStage
    owner: _LiveBlock
    count: int
    most: int
    begun: int = 0
    left: int = 0

    @property
    def may_begin(self) -> bool:
        """Whether another body may start now."""
        return self.begun < self.count and self.begun - (self.count - self.left) < self.most


@dataclass(slots=True)
class _LiveTask:
    stage: TaskStage
    owner: _LiveBlock


class Walk:
    """One run's way through the tree."""

    def __init__(self, plan: Plan) -> None:
        self.over = False
        """Whether the flow has come to its end."""
        limits = {name: (step.decorator("foreach") or {}).get("max_concurrency") for name, step in plan.steps.items()}
        self._most = {name: int(float(limit)) for name, limit in limits.items() if limit is not None}
        self._waiting: list[_LiveTask | _LiveForeach] = []
        self._running: dict[Ready, _LiveTask] = {}
        self._begin(_LiveBlock(plan.body, (), self._finish))

    def take(self) -> Ready | None:
        """The next task that may start, as (step, path); None if all that may start have."""
        while self._waiting:
            top = self._waiting[-1]
            if isinstance(top, _LiveTask):
                self._waiting.pop()
                ready = (top.stage.name, paths.text(top.owner.path))
                self._running[ready] = top
                return ready
            index = top.begun
            top.begun += 1
            if not top.may_begin:
                self._waiting.pop()
            self._begin(_LiveBlock(top.stage.body, (*top.owner.path, str(index)), self._body_over(top)))
        return None

    def end(self, ready: Ready, chose: str | None, cardinality: int | None) -> None:
        """Say that a task is done, which edge it chose, and how many items its foreach has."""
        task = self._running.pop(ready)
        if cardinality is not None:
            task.owner.counts[task.stage.name] = cardinality
        self._arrive(task.owner, task.stage.name, chose)

    def _finish(self, _exit: Arrival) -> None:
        self.over = True

    def _begin(self, live: _LiveBlock) -> None:
        self._start_all(live, [stage for stage in live.block.stages if not stage.after])

    def _arrive(self, live: _LiveBlock, stage: str, key: str | None) -> None:
        """A stage of a block is over: start what comes after it, or end the block."""
        exit = _coming(live.block.exits, stage, key)
        if exit is not None:
            live.over(exit)
            return
        self._start_all(live, [other for other in live.block.stages if _coming(other.after, stage, key)])

    def _start_all(self, live: _LiveBlock, stages: list[Stage]) -> None:
        for stage in reversed(stages):  # onto a stack: the first written is taken first
            self._start(live, stage)

    def _start(self, live: _LiveBlock, stage: Stage) -> None:
        match stage:
            case TaskStage():
                self._waiting.append(_LiveTask(stage, live))
            case ParallelStage():
                self._start_branches(live, stage)
            case ForeachStage():
                count = live.counts[stage.split]
                if count:
                    self._waiting.append(_LiveForeach(stage, live, count, self._most.get(stage.split, count), left=count))
                else:
                    self._arrive(live, stage.name, None)
            case LoopStage():
                self._start_turn(live, stage, 0)
            case _:
                assert_never(stage)

    def _start_branches(self, live: _LiveBlock, stage: ParallelStage) -> None:
        left = len(stage.branches)

        def branch_over(_exit: Arrival) -> None:
            nonlocal left
            left -= 1
            if not left:
                self._arrive(live, stage.name, None)

        for branch in reversed(stage.branches):
            self._begin(_LiveBlock(branch, live.path, branch_over))

    def _body_over(self, foreach: _LiveForeach) -> Over:
        def over(_exit: Arrival) -> None:
            held = not foreach.may_begin
            foreach.left -= 1
            if not foreach.left:
                self._arrive(foreach.owner, foreach.stage.name, None)
            elif held and foreach.may_begin:
                self._waiting.append(foreach)

        return over

    def _start_turn(self, live: _LiveBlock, stage: LoopStage, turn: int) -> None:
        def turn_over(exit: Arrival) -> None:
            if exit in stage.again:
                self._start_turn(live, stage, turn + 1)
            else:
                self._arrive(live, stage.name, exit.key if stage.ways else None)

        # To the body's block, going round is one more way to be over.
        body = Block(stage.body.stages, (*stage.again, *stage.body.exits))
        self._begin(_LiveBlock(body, (*live.path, paths.turn(turn)), turn_over))


def _coming(arrivals: tuple[Arrival, ...], stage: str, key: str | None) -> Arrival | None:
    """The arrival that comes when a stage has ended; a stage that had nothing to choose (key None) comes as any."""
    for arrival in arrivals:
        if arrival.stage == stage and (arrival.key is None or key is None or arrival.key == key):
            return arrival
    return None
