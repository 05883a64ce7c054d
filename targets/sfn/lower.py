"""Regions → states.

| region | states |
|---|---|
| `Task` | a job, and what follows from how it ends: see `tasks` |
| `Parallel` | `Parallel`, one branch each |
| `Foreach` | a `Map` over the items that the split left in the datastore, distributed or inline: see `maps` |
| `Loop` | its body among the states around it, between `NAME` (turn 0) and `HEADER.again` (one turn more) |

All states pass on one object: `run`, the run's id; `code`, the key of the package; `path`, the path of the tasks around any loop;
`turn1`, `turn2` …, one for each loop that stands around a state, with its `count` and the `path` of its tasks. `next` and `items`
hold what was read last. Nothing of the user's is in it. An item of a Map starts with the first three.

The machine does not bound loops. It need not: the task that would go one turn too far fails instead, and has no choice to read.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

from ...compiler.ir.nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Stage, Task
from ...runtime import contract
from ..names import Names, spell_word
from ..options import PACKAGE, Options
from . import retries
from .hooks import with_hooks
from .jobs import Jobs
from .maps import Fan
from .places import ITEM, ROOT, Keys, Place
from .tasks import Onward, State, Tasks, goes_on

_READ_ITEMS: Final = "arn:aws:states:::s3:getObject"
_LONGEST: Final = 99_999_999
"""Seconds of the longest timeout (Amazon States Language, "Timeouts"); an execution ends after a year anyway."""
_LABEL: Final = 40
"""Characters of a Map's label, which becomes a part of its children's names (Step Functions, "Distributed mode", `Label`)."""


def lower(flow: Flow, jobs: Jobs, options: Options, maps: dict[str, Fan]) -> State:
    """The state machine's definition.

    Args:
        flow: The flow.
        jobs: What its tasks run as.
        options: What the deployment decides.
        maps: How each foreach runs, by the name of its stage.
    """
    tasks = Tasks(flow, jobs, Keys(flow.name, options))
    first, states = _Lowering(flow, tasks, maps).block(flow.body, ROOT, lambda _: None)
    keep = tasks.names.of("run.input")
    first, states = keep, {keep: {**tasks.keep_input(), "Next": first}, **states}
    first, states = with_hooks(flow, first, states, tasks)
    begin = tasks.names.of("run.begin")  # no step has a dot in its name
    data = {"run.$": "$$.Execution.Name", "path": contract.ROOT_PATH, "code": options.code or PACKAGE}
    return {
        "Comment": f"{flow.name}, compiled by flowc",
        **({} if options.workflow_timeout is None else {"TimeoutSeconds": min(options.workflow_timeout, _LONGEST)}),
        "StartAt": begin,
        "States": {begin: {"Type": "Pass", "Parameters": data, "Next": first}, **states},
    }


class _Lowering:
    def __init__(self, flow: Flow, tasks: Tasks, maps: dict[str, Fan]) -> None:
        self.steps = {step.name: step for step in flow.steps}
        self.tasks = tasks
        self.names = tasks.names
        self.maps = maps
        self.labels = Names(_LABEL, spell_word)

    def block(self, block: Block, place: Place, leave: Onward) -> tuple[str, dict[str, State]]:
        """The states of a block and the name of its first; `leave` says where its exits lead."""
        ways = {arrival: self.entry(stage) for stage in block.stages for arrival in stage.after}

        def onward(arrival: Arrival) -> str | None:
            return ways[arrival] if arrival in ways else leave(arrival)

        states: dict[str, State] = {}
        for stage in block.stages:
            states.update(self.stage(stage, place, onward))
        return self.entry(block.stages[0]), states

    def entry(self, stage: Stage) -> str:
        """The state where a stage begins."""
        if isinstance(stage, Foreach) and self.maps[stage.name].inline:
            return self.names.of(f"{stage.name}.items")
        return self.names.of(stage.name)

    def stage(self, stage: Stage, place: Place, onward: Onward) -> dict[str, State]:
        match stage:
            case Task():
                return self.tasks.of_step(self.steps[stage.name], place, onward)
            case Parallel():
                return {self.entry(stage): {**self.parallel(stage, place), **goes_on(onward(Arrival(stage=stage.name)))}}
            case Foreach():
                return self.foreach(stage, place, onward)
            case Loop():
                return self.loop(stage, place, onward)
            case _:
                assert_never(stage)

    def parallel(self, stage: Parallel, place: Place) -> State:
        branches = []
        for branch in stage.branches:
            first, states = self.block(branch, place, lambda _: None)
            branches.append({"StartAt": first, "States": states})
        return {"Type": "Parallel", "Branches": branches, "ResultPath": None}

    def foreach(self, stage: Foreach, place: Place, onward: Onward) -> dict[str, State]:
        fan, own = self.maps[stage.name], self.names.of(stage.name)
        first, states = self.block(stage.body, ITEM, lambda _: None)
        key = self.tasks.keys.of_task(stage.split, place, contract.ITEMS)
        item = {"run.$": "$.run", "code.$": "$.code", "path.$": place.below("{}", "$$.Map.Item.Value")}
        after = {"ResultPath": None, **goes_on(onward(Arrival(stage=stage.name)))}
        head = {"Type": "Map", "MaxConcurrency": fan.concurrency}
        if fan.inline:
            return {
                self.entry(stage): {**self.tasks.read(key, "items"), "Next": own},
                own: {
                    **head,
                    "ItemsPath": "$.items.is",
                    "ItemSelector": item,
                    "ItemProcessor": _processor({"Mode": "INLINE"}, first, states),
                    **after,
                },
            }
        return {
            own: {
                **head,
                "Label": self.labels.of(stage.name.partition(".")[0]),
                "ItemReader": {
                    "Resource": _READ_ITEMS,
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": self.tasks.keys.bucket, "Key.$": key},
                },
                "ItemSelector": item,
                "ItemProcessor": _processor({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, first, states),
                # Nothing has run when items cannot be read. Of other failures the tasks' own states have tried again.
                "Retry": [retries.passing("reader")],
                **after,
            }
        }

    def loop(self, stage: Loop, place: Place, onward: Onward) -> dict[str, State]:
        level = place.loops + 1
        turn = f"$.turn{level}"
        again = self.names.of(f"{stage.header}.again")
        inside = Place(path=f"{turn}.path", root=False, loops=level)

        def leave(arrival: Arrival) -> str | None:
            if arrival in stage.again:
                return again
            return onward(Arrival(stage=stage.name, key=arrival.key if stage.ways else None))

        first, states = self.block(stage.body, inside, leave)
        start = {"count": 0, "path.$": place.below(f"{contract.TURN_MARK}{{}}", "0")}
        more = f"States.MathAdd({turn}.count, 1)"
        return {
            self.entry(stage): {"Type": "Pass", "Parameters": start, "ResultPath": turn, "Next": first},
            **states,
            again: {
                "Type": "Pass",
                "Parameters": {"count.$": more, "path.$": place.below(f"{contract.TURN_MARK}{{}}", more)},
                "ResultPath": turn,
                "Next": first,
            },
        }


def _processor(config: dict[str, Any], first: str, states: dict[str, State]) -> State:
    return {"ProcessorConfig": config, "StartAt": first, "States": states}
