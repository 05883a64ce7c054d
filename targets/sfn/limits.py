"""What Step Functions and Batch refuse, checked on the finished definitions.

A standard execution fails when its history has too many events, so these are counted too: see `history`. So is what states hand
on to each other, as large as it can get. Names of states and labels of Maps are held to their lengths where they are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, assert_never

from ...compiler import limits
from ...compiler.ir.edges import edges_of
from ...compiler.ir.nodes import Block, Flow, Foreach, Loop, Parallel, Step, Task
from ...compiler.ir.walk import walk_stages
from ...compiler.limits import Usage, usage_of
from ...runtime import contract
from ..settings import Settings, hooks_of
from ..usages import worst
from . import history
from .maps import Fan, known_counts

_RUN: Final = 80
"""Characters of the longest name of an execution, which is the run's id."""
_INDEX: Final = 9
"""Those of the longest index of a foreach in a path, and the dot before it."""


def measure(
    flow: Flow,
    definition: Mapping[str, Any],
    text: str,
    jobs: Sequence[tuple[str, Mapping[str, Any]]],
    settings: Mapping[str, Settings],
    maps: Mapping[str, Fan],
) -> tuple[Usage, ...]:
    """What a state machine and its job definitions take of each limit, and the step that is responsible for most of it.

    Args:
        flow: The flow.
        definition: Its state machine.
        text: That as it is sent.
        jobs: The job definitions, each with the first step that needs it.
        settings: How tasks run, by step.
        maps: How each foreach runs, by the name of its stage.
    """
    spans = {step.name: step.span for step in flow.steps}
    sizes: dict[str, int] = {}
    for step, one in _overrides(definition["States"]):
        sizes[step] = max(_size(one), sizes.get(step, 0))
    on_ecs = any("family" in one for _, one in jobs)
    definitions, starts = (
        (limits.ECS_DEFINITION, limits.ECS_OVERRIDES) if on_ecs else (limits.BATCH_DEFINITION, limits.BATCH_OVERRIDES)
    )
    return (
        usage_of(limits.ASL_DEFINITION, len(text.encode()), flow.span, f"{len(flow.steps):,} steps"),
        *_histories(flow, settings, maps),
        *worst([usage_of(definitions, _size(one), spans[step], f"`{step}` runs with it") for step, one in jobs]),
        *worst([usage_of(starts, size, spans[step], f"the jobs of `{step}`") for step, size in sizes.items()]),
        *_payloads(flow, maps),
    )


def _size(data: object) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())


def _overrides(states: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The overrides of each task's job among these states and those inside them, with its step."""
    pending = [states]
    while pending:
        for state in pending.pop().values():
            pending += [branch["States"] for branch in state.get("Branches", ())]
            pending += [state["ItemProcessor"]["States"]] if "ItemProcessor" in state else []
            parameters = state.get("Parameters", {})
            given = parameters.get("ContainerOverrides") or parameters.get("Overrides")  # of Batch, of ECS
            containers = [given] if given and "Environment" in given else (given or {}).get("ContainerOverrides", ())
            for container in containers:
                yield from ((one["Value"], given) for one in container["Environment"] if one["Name"] == contract.STEP)


def _histories(flow: Flow, settings: Mapping[str, Settings], maps: Mapping[str, Fan]) -> tuple[Usage, ...]:
    """The events of the longest execution, and with all turns of its loops and all attempts of its tasks; each item of a
    distributed foreach is an execution of its own."""
    spans = {step.name: step.span for step in flow.steps}
    jobs, inline = history.jobs_of(flow, settings), known_counts(maps)
    hooks = hooks_of(flow)
    around = history.EXECUTION + history.STATE + history.OBJECT
    if any(hooks):
        around += history.PARALLEL + history.JOB + history.STATE
    bodies = [(flow.start, flow.body, around, f"from `{flow.start}`")]
    for one in walk_stages(flow.body):
        if isinstance(one, Foreach) and one.name not in inline:
            bodies.append((one.split, one.body, history.EXECUTION, f"an item of the foreach of `{one.split}`"))
    least, most = [], []
    for step, body, base, where in bodies:
        once, always = (base + history.events(body, jobs, inline, most=all_of_it) for all_of_it in (False, True))
        least.append(usage_of(limits.ASL_HISTORY, once, spans[step], where))
        if always > once:
            where += ", when its loops make all their turns and its tasks all their attempts"
            most.append(usage_of(limits.ASL_HISTORY, always, spans[step], where, certain=False))
    return (*worst(least), *worst(most))


def _payloads(flow: Flow, maps: Mapping[str, Fan]) -> tuple[Usage, ...]:
    """The largest object that states hand on: of the run, and of an item of each foreach."""
    steps = {step.name: step for step in flow.steps}
    code = len(contract.package_key(flow.name, "0" * 64).encode())
    found: list[Usage] = []
    pending = [(flow.body, len(contract.ROOT_PATH), flow.start)]
    while pending:
        block, path, step = pending.pop()
        base = len('{"run": "", "code": "", "path": ""}') + _RUN + code + path
        size = base + _added(block, path, steps, maps, pending)
        found.append(usage_of(limits.ASL_PAYLOAD, size, steps[step].span, f"below `{step}`"))
    return worst(found)


def _added(
    block: Block,
    path: int,
    steps: Mapping[str, Step],
    maps: Mapping[str, Fan],
    pending: list[tuple[Block, int, str]],
) -> int:
    """The bytes that the states of a block add, where the paths of tasks have so many; bodies of foreach are left pending."""
    turn = chosen = items = 0
    for stage in block.stages:
        match stage:
            case Task():
                keys = [edge.key or "" for edge in edges_of(steps[stage.name])]
                chosen = max(chosen, *(len(f', "next": {{"is": "{key}"}}'.encode()) for key in keys), 0)
            case Parallel():
                turn = max(turn, *(_added(branch, path, steps, maps, pending) for branch in stage.branches))
            case Loop():
                inside = path + len(f".~{stage.limit}")
                own = len(f', "turn00": {{"count": {stage.limit}, "path": ""}}') + inside
                turn = max(turn, own + _added(stage.body, inside, steps, maps, pending))
            case Foreach():
                fan = maps[stage.name]
                if fan.inline:  # its items are read into the state
                    items = max(items, _size({"items": {"is": list(range(fan.count or 0))}}))
                pending.append((stage.body, path + _INDEX, stage.split))
            case _:
                assert_never(stage)
    return turn + chosen + items
