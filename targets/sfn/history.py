"""How many events regions leave in the history of an execution, along the longest way through them.

Of a job there are six, of what is read from S3 or written there five, of a state that runs nothing two (Step Functions,
`HistoryEventType`: a state is entered and exited, a task scheduled, started, submitted and over). Each further attempt of a job
has four. An inline Map adds two for each item to what the item leaves; an item of a distributed one has a history of its own.
Attempts that are due to refused requests are not counted: they are few, and cannot be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from ...compiler.ir.edges import edges_of
from ...compiler.ir.nodes import Block, Flow, Foreach, Loop, Parallel, Stage, Task
from ..settings import Settings
from .retries import caught, retries_of

EXECUTION: Final = 2
"""It starts, and it ends."""
JOB: Final = 6
AGAIN: Final = 4
OBJECT: Final = 5
STATE: Final = 2
"""A `Pass` or a `Choice`: entered, exited."""
PARALLEL: Final = 4
MAP: Final = 6
INLINE_MAP: Final = 4
ITEM: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one task of a step may leave.

    Attributes:
        chooses: It chooses among several ways on.
        retries: How often it may be tried again.
        caught: A job more follows its failure.
    """

    chooses: bool
    retries: int
    caught: bool


def jobs_of(flow: Flow, settings: Mapping[str, Settings]) -> dict[str, Job]:
    """What tasks may leave, by step."""
    return {
        one.name: Job(chooses=len(edges_of(one)) > 1, retries=retries_of(one, settings[one.name]), caught=caught(one))
        for one in flow.steps
    }


def events(block: Block, jobs: Mapping[str, Job], inline: Mapping[str, int], *, most: bool) -> int:
    """The events of the longest way through a block.

    Args:
        block: The block.
        jobs: Its tasks, by step.
        inline: The names of inline foreach, and how many items each is known to have; 1 where that is not known.
        most: With all turns of loops, and all attempts of tasks.
    """
    before: dict[str, int] = {}
    for stage in block.stages:
        earlier = max((before[arrival.stage] for arrival in stage.after), default=0)
        before[stage.name] = earlier + _stage(stage, jobs, inline, most=most)
    return max(before.values())


def _stage(stage: Stage, jobs: Mapping[str, Job], inline: Mapping[str, int], *, most: bool) -> int:
    match stage:
        case Task():
            job = jobs[stage.name]
            over = STATE * (job.chooses or job.caught)  # for some, a state that only ends the others
            more = job.retries * AGAIN + job.caught * JOB + over if most else 0
            return JOB + more + (OBJECT + STATE if job.chooses else 0)
        case Parallel():
            return PARALLEL + sum(events(branch, jobs, inline, most=most) for branch in stage.branches)
        case Foreach():
            return inline_map(stage, inline[stage.name], jobs, inline, most=most) if stage.name in inline else MAP
        case Loop():
            return (STATE + events(stage.body, jobs, inline, most=most)) * (stage.limit if most else 1)
        case _:
            assert_never(stage)


def inline_map(stage: Foreach, count: int, jobs: Mapping[str, Job], inline: Mapping[str, int], *, most: bool) -> int:
    """The events of a foreach of so many items as an inline Map."""
    return OBJECT + INLINE_MAP + count * (ITEM + events(stage.body, jobs, inline, most=most))
