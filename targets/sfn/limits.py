"""What Step Functions and Batch refuse, checked on the finished definitions.

A standard execution fails when its history has too many events, so these are counted too, along the longest way: six for a job,
five for what is read from S3, two for a state that runs nothing (Step Functions, `HistoryEventType`: a state is entered and
exited, a task scheduled, started, submitted and over). What is tried again adds to that, and is not counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, assert_never

from ...compiler import limits
from ...compiler.ir.edges import edges_of
from ...compiler.ir.nodes import Block, Flow, Foreach, Loop, Parallel, Stage, Task
from ...compiler.ir.walk import walk_stages
from ...compiler.limits import Usage, usage_of
from ...runtime import contract
from ..usages import worst

_EXECUTION: Final = 2 + 2
"""It starts and ends, and the first state is a `Pass`."""
_CHILD: Final = 2
_JOB: Final = 6
_READ: Final = 5
_STATE: Final = 2
"""A `Pass` or a `Choice`: entered, exited."""
_PARALLEL: Final = 4
_MAP: Final = 5


def measure(
    flow: Flow, definition: Mapping[str, Any], text: str, jobs: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[Usage, ...]:
    """What a state machine and its job definitions take of each limit, and the step that is responsible for most of it.

    Args:
        flow: The flow.
        definition: Its state machine.
        text: That as it is written.
        jobs: The job definitions, each with the first step that needs it.
    """
    spans = {step.name: step.span for step in flow.steps}
    overrides = dict(_overrides(definition["States"]))
    sizes = {step: _size(one) for step, one in overrides.items()}
    on_ecs = any("family" in one for _, one in jobs)
    definitions, starts = (
        (limits.ECS_DEFINITION, limits.ECS_OVERRIDES) if on_ecs else (limits.BATCH_DEFINITION, limits.BATCH_OVERRIDES)
    )
    return (
        usage_of(limits.ASL_DEFINITION, len(text.encode()), flow.span, f"{len(flow.steps):,} steps"),
        *_histories(flow),
        *worst([usage_of(definitions, _size(one), spans[step], f"`{step}` runs with it") for step, one in jobs]),
        *worst([usage_of(starts, size, spans[step], f"the jobs of `{step}`") for step, size in sizes.items()]),
    )


def _size(data: object) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())


def _overrides(states: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The overrides of each job among these states and those inside them, with its step."""
    pending = [states]
    while pending:
        for state in pending.pop().values():
            pending += [branch["States"] for branch in state.get("Branches", ())]
            pending += [state["ItemProcessor"]["States"]] if "ItemProcessor" in state else []
            parameters = state.get("Parameters", {})
            given = parameters.get("ContainerOverrides") or parameters.get("Overrides")
            if given is not None:
                own = given.get("ContainerOverrides", [given])[0]
                yield next(one["Value"] for one in own["Environment"] if one["Name"] == contract.STEP), given


def _histories(flow: Flow) -> tuple[Usage, ...]:
    """The events of the longest execution, and with all turns of its loops; each item of a foreach is an execution of its own."""
    spans = {step.name: step.span for step in flow.steps}
    choices = {step.name: len(edges_of(step)) > 1 for step in flow.steps}
    bodies = [(flow.start, flow.body, _EXECUTION)]
    bodies += [(one.split, one.body, _CHILD) for one in walk_stages(flow.body) if isinstance(one, Foreach)]
    least, most = [], []
    for step, body, base in bodies:
        where = f"an item of the foreach of `{step}`" if base == _CHILD else f"from `{step}`"
        once, always = base + _events(body, choices, turns=False), base + _events(body, choices, turns=True)
        least.append(usage_of(limits.ASL_HISTORY, once, spans[step], where))
        if always > once:
            where += ", when its loops make all their turns"
            most.append(usage_of(limits.ASL_HISTORY, always, spans[step], where, certain=False))
    return (*worst(least), *worst(most))


def _events(block: Block, choices: Mapping[str, bool], *, turns: bool) -> int:
    """The events of the longest way through a block."""
    before: dict[str, int] = {}
    for stage in block.stages:
        earlier = max((before[arrival.stage] for arrival in stage.after), default=0)
        before[stage.name] = earlier + _stage_events(stage, choices, turns=turns)
    return max(before.values())


def _stage_events(stage: Stage, choices: Mapping[str, bool], *, turns: bool) -> int:
    match stage:
        case Task():
            return _JOB + (_READ + _STATE if choices[stage.name] else 0)
        case Parallel():
            return _PARALLEL + sum(_events(branch, choices, turns=turns) for branch in stage.branches)
        case Foreach():
            return _MAP
        case Loop():
            return (_STATE + _events(stage.body, choices, turns=turns)) * (stage.limit if turns else 1)
        case _:
            assert_never(stage)
