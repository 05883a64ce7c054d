"""Which kind of Map a foreach becomes, and how many of its items run at a time.

A *distributed* Map runs each item as an execution of its own, with a history of its own: a foreach of 10,000 leaves six events in
that of the run. An *inline* Map runs them in the execution that it stands in. That starts sooner, and shows the items in the
console's picture of the run, but all of their events count for one history of 25,000 at the most.

`@foreach(mode=…)` on the step that splits decides. Without it a foreach is inline where the code of that step makes evident how
many items there are, and where all that they may do is a small part of a history:

    self.seeds = [1, 2, 3]                      inline
    self.rows = list(range(30))                 inline, if the body is not too long
    self.rows = load()                          distributed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...compiler.ir.nodes import Block, Constant, Fanout, Flow, Foreach, Loop, Parallel, Step
from ..settings import Settings
from .history import Job, inline_map, jobs_of

DISTRIBUTED: Final = 100
"""How many items run at a time where nobody says."""
_MOST_DISTRIBUTED: Final = 10_000
_MOST_INLINE: Final = 40
"""Step Functions, "Service quotas": iterations at a time of a Map of each kind."""
_BUDGET: Final = 5_000
"""The events that all foreach of one execution which nobody called inline may leave: a fifth of a history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """How a foreach runs.

    Attributes:
        inline: In the execution that it stands in.
        count: How many items it has at the most; None where that is not evident.
        concurrency: How many of them run at a time.
    """

    inline: bool
    count: int | None
    concurrency: int


def choose_maps(flow: Flow, settings: Mapping[str, Settings], max_workers: int | None) -> dict[str, Fan]:
    """How each foreach of a flow runs, by the name of its stage.

    Args:
        flow: The flow.
        settings: How tasks run, by step.
        max_workers: How many items run at a time where the step does not say.
    """
    choosing = _Choosing({step.name: step for step in flow.steps}, jobs_of(flow, settings), max_workers or DISTRIBUTED)
    choosing.choose(flow.body, 1, _BUDGET)
    return choosing.fans


def known_counts(fans: Mapping[str, Fan]) -> dict[str, int]:
    """The inline ones, with how many items each is known to have, as `history.events` asks."""
    return {name: 1 if fan.count is None else fan.count for name, fan in fans.items() if fan.inline}


class _Choosing:
    def __init__(self, steps: Mapping[str, Step], jobs: Mapping[str, Job], concurrency: int) -> None:
        self.steps = steps
        self.jobs = jobs
        self.concurrency = concurrency
        self.fans: dict[str, Fan] = {}

    def choose(self, block: Block, turns: int, budget: int) -> int:
        """Choose for all foreach in a block, those inside each other from within; returns what is left of the budget.

        Args:
            block: The block.
            turns: How often it may run in one item, or in the run.
            budget: The events that are left for that item or run.
        """
        for stage in block.stages:
            match stage:
                case Parallel():
                    for branch in stage.branches:
                        budget = self.choose(branch, turns, budget)
                case Loop():
                    budget = self.choose(stage.body, turns * stage.limit, budget)
                case Foreach():
                    self.choose(stage.body, 1, _BUDGET)
                    budget -= self._foreach(stage, turns, budget)
                case _:
                    pass
        return budget

    def _foreach(self, stage: Foreach, turns: int, budget: int) -> int:
        """Choose for one foreach; returns the events that it takes of the budget."""
        step = self.steps[stage.split]
        said = dict(next((one.arguments for one in step.decorators if one.name == "foreach"), ()))
        count, mode = _count(step, stage.variable), said.get("mode")
        taken = 0
        if mode is None and count is not None and count <= _MOST_INLINE:
            taken = turns * inline_map(stage, count, self.jobs, known_counts(self.fans), most=True)
            mode = "inline" if taken <= budget else None
        inline = mode == "inline"
        most = _MOST_INLINE if inline else _MOST_DISTRIBUTED
        concurrency = min(_whole(said.get("max_concurrency"), self.concurrency), most)
        self.fans[stage.name] = Fan(inline=inline, count=count, concurrency=concurrency)
        return taken if inline else 0


def _count(step: Step, variable: str) -> int | None:
    """How many items a foreach over an artifact of a step has at the most, on any of the step's ways that lead there."""
    most: list[int | None] = []
    for arm, leave in zip(step.arms, step.artifacts.leaves, strict=False):
        if isinstance(arm, Fanout) and arm.variable == variable:
            setting = next((one for one in leave.settings if one.name == variable), None)
            most.append(setting.most if setting is not None else None)
    known = [one for one in most if one is not None]
    return max(known, default=None) if len(known) == len(most) else None


def _whole(value: Constant, otherwise: int) -> int:
    """A whole number that is written as a number or as a text, as the front end lets through."""
    return otherwise if value is None else max(1, int(value))  # type: ignore[arg-type]
