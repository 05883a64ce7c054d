"""Regions → states.

| region | states |
|---|---|
| `Task` | a Batch job; where the step chooses, `NAME.next` reads the choice from the datastore and `NAME.choice` follows it |
| `Parallel` | `Parallel`, one branch each |
| `Foreach` | a distributed `Map` over the items that the split left in the datastore; children have a history of their own |
| `Loop` | its body among the states around it, between `NAME` (turn 0) and `HEADER.again` (one turn more) |

All states pass on one object: `run`, the run's id; `path`, the path of the tasks around any loop; `turn1`, `turn2` …, one
for each loop that stands around a state, with its `count` and the `path` of its tasks. Nothing of the user's is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

from ...compiler.ir.edges import edges_of
from ...compiler.ir.nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Stage, Step, Task
from ...compiler.limits import ASL_STATE_NAME, BATCH_NAME
from ...runtime import contract
from ..names import Names, spell_same, spell_word
from ..options import Options
from .jobs import Jobs

State: TypeAlias = dict[str, Any]
Onward: TypeAlias = Callable[[Arrival], str | None]
"""Where an arrival leads: a state's name, or None where the states end."""

_READ: Final = "arn:aws:states:::aws-sdk:s3:getObject"
_READ_ITEMS: Final = "arn:aws:states:::s3:getObject"
_MAX_CONCURRENCY: Final = 100


def lower(flow: Flow, jobs: Jobs, options: Options) -> State:
    """The state machine's definition."""
    lowering = _Lowering(flow, jobs, options)
    first, states = lowering.block(flow.body, _Place(path="$.path", root=True, loops=0), lambda _: None)
    begin = lowering.names.of("run.begin")  # no step has a dot in its name
    start = {"run.$": "$$.Execution.Name", "path": contract.ROOT_PATH}
    return {
        "Comment": f"{flow.name}, compiled by flowc",
        "StartAt": begin,
        "States": {begin: {"Type": "Pass", "Parameters": start, "Next": first}, **states},
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where states stand.

    Attributes:
        path: The JSONPath of their tasks' path.
        root: That path is the root's.
        loops: How many loops stand around them in the same states.
    """

    path: str
    root: bool
    loops: int

    def below(self, component: str, *values: str) -> str:
        """An intrinsic that makes the path of tasks one level down."""
        if self.root:
            return f"States.Format('{component}', {', '.join(values)})"
        return f"States.Format('{{}}.{component}', {', '.join((self.path, *values))})"


class _Lowering:
    def __init__(self, flow: Flow, jobs: Jobs, options: Options) -> None:
        self.flow = flow
        self.jobs = jobs
        self.steps = {step.name: step for step in flow.steps}
        bucket, _, prefix = options.datastore_url.removeprefix("s3://").partition("/")
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.names = Names(ASL_STATE_NAME, spell_same)
        self.job_names = Names(BATCH_NAME, spell_word)

    def block(self, block: Block, place: _Place, leave: Onward) -> tuple[str, dict[str, State]]:
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
        return self.names.of(stage.name)

    def stage(self, stage: Stage, place: _Place, onward: Onward) -> dict[str, State]:
        match stage:
            case Task():
                return self.task(self.steps[stage.name], place, onward)
            case Parallel():
                return {self.entry(stage): {**self.parallel(stage, place), **_next(onward(Arrival(stage=stage.name)))}}
            case Foreach():
                return {self.entry(stage): {**self.foreach(stage, place), **_next(onward(Arrival(stage=stage.name)))}}
            case Loop():
                return self.loop(stage, place, onward)
            case _:
                assert_never(stage)

    def task(self, step: Step, place: _Place, onward: Onward) -> dict[str, State]:
        settings = self.jobs.settings[step.name]
        environment: list[dict[str, str]] = [
            {"Name": contract.RUN, "Value.$": "$.run"},
            {"Name": contract.STEP, "Value": step.name},
            {"Name": contract.PATH, "Value.$": place.path},
            {"Name": contract.ATTEMPT, "Value.$": "States.Format('{}', $$.State.RetryCount)"},
        ]
        if step.name == self.flow.start:
            environment.append({"Name": contract.PARAMETERS, "Value.$": "States.JsonToString($$.Execution.Input)"})
        state: State = {
            "Type": "Task",
            **self.jobs.submission(step.name, self.job_names.of(f"{self.flow.name}-{step.name}"), environment),
        }
        if settings.attempts > 1:
            wait = max(1, settings.retry_seconds)  # Step Functions waits a second at the least
            more = settings.attempts - 1
            state["Retry"] = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": wait, "MaxAttempts": more, "BackoffRate": 1.0}]
        state["ResultPath"] = None
        own = self.names.of(step.name)
        if own != step.name:
            state = {"Comment": f"step {step.name}", **state}
        edges = edges_of(step)
        if len(edges) < 2:
            return {own: {**state, **_next(onward(Arrival(stage=step.name)))}}
        read, choice, over = (self.names.of(f"{step.name}.{what}") for what in ("next", "choice", "over"))
        leads = {edge.key: onward(Arrival(stage=step.name, key=edge.key)) for edge in edges}
        states: dict[str, State] = {
            own: {**state, "Next": read},
            read: {
                "Type": "Task",
                "Resource": _READ,
                "Parameters": {"Bucket": self.bucket, "Key.$": self.key(step.name, place, contract.NEXT)},
                "ResultSelector": {"is.$": "States.StringToJson($.Body)"},
                "ResultPath": "$.next",
                "Next": choice,
            },
            choice: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.next.is", "StringEquals": key, "Next": state or over} for key, state in leads.items()
                ],
            },
        }
        if None in leads.values():  # a Choice cannot end the states that it stands in
            states[over] = {"Type": "Pass", **_next(None)}
        return states

    def parallel(self, stage: Parallel, place: _Place) -> State:
        branches = []
        for branch in stage.branches:
            first, states = self.block(branch, place, lambda _: None)
            branches.append({"StartAt": first, "States": states})
        return {"Type": "Parallel", "Branches": branches, "ResultPath": None}

    def foreach(self, stage: Foreach, place: _Place) -> State:
        first, states = self.block(stage.body, _Place(path="$.path", root=False, loops=0), lambda _: None)
        return {
            "Type": "Map",
            "MaxConcurrency": _MAX_CONCURRENCY,
            "ItemReader": {
                "Resource": _READ_ITEMS,
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": self.bucket, "Key.$": self.key(stage.split, place, contract.ITEMS)},
            },
            "ItemSelector": {"run.$": "$.run", "path.$": place.below("{}", "$$.Map.Item.Value")},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": first,
                "States": states,
            },
            "ResultPath": None,
        }

    def loop(self, stage: Loop, place: _Place, onward: Onward) -> dict[str, State]:
        level = place.loops + 1
        turn = f"$.turn{level}"
        again = self.names.of(f"{stage.header}.again")
        inside = _Place(path=f"{turn}.path", root=False, loops=level)

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

    def key(self, step: str, place: _Place, object_name: str) -> str:
        """An intrinsic that makes the key of a control object of a task."""
        pattern = self.prefix + contract.task_key(self.flow.name, "{}", step, "{}") + f"/{object_name}"
        return f"States.Format('{_escape(pattern)}', $.run, {place.path})"


def _escape(pattern: str) -> str:
    """A pattern of States.Format: quotes and backslashes escaped, `{}` left alone."""
    return pattern.replace("\\", "\\\\").replace("'", "\\'")


def _next(state: str | None) -> State:
    """How a state goes on. The last one hands on nothing: a Map collects what its children hand on, 256 KiB at the most."""
    return {"OutputPath": None, "End": True} if state is None else {"Next": state}
