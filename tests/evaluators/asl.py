"""Run a state machine (Amazon States Language, JSONPath), as far as flowc emits it.

Rules: https://states-language.net (Task, Pass, Choice, Parallel, Map, Fail, Retry, Catch, ResultPath, intrinsic functions), and
Step Functions' own: its quotas, and the names of its errors. Anything else that a definition holds is an error here, so that
nothing is passed over. Nothing waits.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from flowc.runtime import contract

from . import Job, ServiceFault, TaskFailed

State = dict[str, Any]
_TASK = {"Comment", "Type", "Resource", "Parameters", "Retry", "Catch", "ResultSelector", "ResultPath", "OutputPath"}
_KNOWN = {
    "Task": {*_TASK, "TimeoutSeconds", "Next", "End"},
    "Pass": {"Type", "Parameters", "ResultPath", "OutputPath", "Next", "End"},
    "Choice": {"Type", "Choices", "Default"},
    "Fail": {"Type", "Error", "Cause", "ErrorPath", "CausePath"},
    "Parallel": {"Type", "Branches", "Catch", "ResultPath", "OutputPath", "Next", "End"},
    "Map": {
        "Type", "Label", "MaxConcurrency", "ItemReader", "ItemsPath", "ItemSelector", "ItemProcessor", "Retry", "ResultPath",
        "OutputPath", "Next", "End",
    },
}  # fmt: skip
_EVENTS = {"batch": 6, "ecs": 6, "s3": 5}
_PAYLOAD = 262_144
_INLINE, _DISTRIBUTED = 40, 10_000
_UNCAUGHT = {"States.Runtime", "States.DataLimitExceeded"}
"""What `States.ALL` does not mean."""


class Execution:
    """What an execution left.

    Attributes:
        events: How many events its history has.
        objects: What its tasks and states wrote, by key, without the flow's and the run's part. Shared with its children.
        children: Those of its distributed Maps.
    """

    def __init__(self, objects: dict[str, str]) -> None:
        self.events = 2
        self.objects = objects
        self.children: list[Execution] = []

    def all(self) -> list[Execution]:
        """It and those that it has started, at any depth."""
        return [self, *(one for child in self.children for one in child.all())]


class _Failed(Exception):
    """A state failed, and the states that it stands in with it, unless one of them catches it."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


def run(definition: State, job: Job, execution_input: object = None, *, name: str = "run") -> Execution:
    """Run to the end; raises `TaskFailed` where the execution fails, with its error and cause."""
    assert set(definition) <= {"Comment", "StartAt", "States", "TimeoutSeconds"}
    assert definition.get("TimeoutSeconds", 1) >= 1
    given = {} if execution_input is None else execution_input
    execution = Execution({})
    context = {"Execution": {"Name": name, "Input": given, "RedriveCount": 0}}
    try:
        _Machine(job, context, execution).states(definition, copy.deepcopy(given))
    except _Failed as failed:
        raise TaskFailed(str(failed)) from failed
    return execution


class _Machine:
    """One execution.

    Attributes:
        context: What `$$` is.
    """

    def __init__(self, job: Job, context: State, execution: Execution) -> None:
        self.job = job
        self.context = context
        self.execution = execution

    def states(self, scope: State, data: Any) -> Any:
        name = scope["StartAt"]
        while True:
            state = scope["States"][name]
            assert set(state) <= _KNOWN[state["Type"]], f"{name}: {set(state) - _KNOWN[state['Type']]}"
            assert len(json.dumps(data).encode()) <= _PAYLOAD
            if state["Type"] == "Choice":
                self.execution.events += 2
                name = self.choose(state, data)
                continue
            try:
                result = self.retried(state, data)
            except _Failed as failed:
                handler = next((one for one in state.get("Catch", ()) if _matches(one, failed.error)), None)
                if handler is None:
                    raise
                assert set(handler) == {"ErrorEquals", "ResultPath", "Next"}
                data = self.place(handler["ResultPath"], data, {"Error": failed.error, "Cause": failed.cause})
                name = handler["Next"]
                continue
            data = self.place(state.get("ResultPath", "$"), data, result)
            if "OutputPath" in state:
                assert state["OutputPath"] is None
                data = {}
            if state.get("End"):
                assert "Next" not in state
                return data
            name = state["Next"]

    def choose(self, state: State, data: Any) -> str:
        for one in state["Choices"]:
            assert set(one) == {"Variable", "StringEquals", "Next"}
            if self.value(one["Variable"], data) == one["StringEquals"]:
                return str(one["Next"])
        if "Default" not in state:
            raise _Failed("States.NoChoiceMatched", json.dumps(data))
        return str(state["Default"])

    def retried(self, state: State, data: Any) -> Any:
        """A state's result, after as many attempts as its retriers allow: each counts for itself, the context counts all."""
        used = [0] * len(state.get("Retry", ()))
        self.execution.events += {"Parallel": 4, "Map": 4, "Pass": 2}.get(state["Type"], 0)
        while True:
            self.context["State"] = {"RetryCount": sum(used)}
            try:
                return self.state(state, data, sum(used))
            except _Failed as failed:
                for position, one in enumerate(state.get("Retry", ())):
                    if _matches(one, failed.error):
                        if used[position] == attempts(one):
                            raise
                        used[position] += 1
                        break
                else:
                    raise

    def state(self, state: State, data: Any, retry: int) -> Any:
        match state["Type"]:
            case "Task":
                return self.task(state, data, retry)
            case "Map":
                return self.map(state, data)
            case "Parallel":
                return [self.states(branch, copy.deepcopy(data)) for branch in state["Branches"]]
            case "Fail":
                error, cause = (
                    state[key] if key in state else self.value(state[f"{key}Path"], data) for key in ("Error", "Cause")
                )
                raise _Failed(error, cause)
            case _:
                return self.template(state["Parameters"], data) if "Parameters" in state else data

    def place(self, path: str | None, data: Any, result: Any) -> Any:
        if path is None:
            return data
        if path == "$":
            return result
        field = path.removeprefix("$.")
        assert field.isidentifier()
        return {**data, field: result}

    def task(self, state: State, data: Any, retry: int) -> Any:
        arn = re.fullmatch(r"arn:aws:states:::(?:aws-sdk:)?(batch|ecs|s3):(\w+)(?:\.sync)?", state["Resource"])
        assert arn, state["Resource"]
        service, action = arn.groups()
        self.execution.events += _EVENTS[service] - 2 * bool(retry)
        given = self.template(state["Parameters"], data)
        if action == "getObject":
            if given["Key"] not in self.execution.objects:
                raise _Failed("S3.NoSuchKeyException", given["Key"])
            return self.template(state["ResultSelector"], {"Body": self.execution.objects[given["Key"]]})
        if action == "putObject":
            assert isinstance(given["Body"], str)
            self.execution.objects[given["Key"]] = given["Body"]
            return {}
        return self.run_job(_container(service, action, given)["Environment"])

    def run_job(self, environment: list[State]) -> State:
        variables = {one["Name"]: one["Value"] for one in environment}
        assert len(variables) == len(environment)
        assert all(isinstance(value, str) for value in variables.values())
        try:
            outcome = self.job(variables)
        except TaskFailed as failed:
            raise _Failed("States.TaskFailed", str(failed)) from failed
        except ServiceFault as fault:
            raise _Failed(fault.error, "refused") from fault
        if outcome is not None:
            prefix = f"{variables[contract.STEP]}/{variables[contract.PATH]}"
            self.execution.objects[f"{prefix}/{contract.NEXT}"] = json.dumps(outcome.next)
            self.execution.objects[f"{prefix}/{contract.ITEMS}"] = json.dumps(list(range(outcome.cardinality or 0)))
        return {"Container": {}}

    def value(self, path: str, data: Any) -> Any:
        for part in path.removeprefix("$").strip(".").split("."):
            data = data[part] if part else data
        return data

    def map(self, state: State, data: Any) -> Any:
        processor = state["ItemProcessor"]
        assert set(processor) == {"ProcessorConfig", "StartAt", "States"}
        inline = processor["ProcessorConfig"] == {"Mode": "INLINE"}
        assert inline or processor["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        assert 1 <= state["MaxConcurrency"] <= (_INLINE if inline else _DISTRIBUTED)
        items = self.items(state, data, inline)
        done = []
        for index, item in enumerate(items):
            self.context["Map"] = {"Item": {"Index": index, "Value": item}}
            given = self.template(state["ItemSelector"], data)
            if inline:
                self.execution.events += 2
                done.append(self.states(processor, given))
                continue
            child = Execution(self.execution.objects)
            self.execution.children.append(child)
            # A child is an execution with a name of its own.
            context = {"Execution": {"Name": f"child-{index}", "Input": given, "RedriveCount": 0}}
            try:
                done.append(_Machine(self.job, context, child).states(processor, given))
            except _Failed as failed:
                raise _Failed("States.ExceedToleratedFailureThreshold", str(failed)) from failed
        return done

    def items(self, state: State, data: Any, inline: bool) -> list[Any]:
        """What a Map goes through."""
        if inline:
            assert not {"ItemReader", "Label", "Retry"} & set(state)
            found = self.value(state["ItemsPath"], data)
        else:
            assert "ItemsPath" not in state
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", state["Label"])
            self.execution.events += 2
            reader = state["ItemReader"]
            assert reader["Resource"] == "arn:aws:states:::s3:getObject"
            assert reader["ReaderConfig"] == {"InputType": "JSON"}
            key = self.template(reader["Parameters"], data)["Key"]
            if key not in self.execution.objects:
                raise _Failed("States.ItemReaderFailed", key)
            found = json.loads(self.execution.objects[key])
        assert isinstance(found, list)
        return found

    def template(self, template: Any, data: Any) -> Any:
        """Fill in a payload template: fields whose names end in `.$`."""
        match template:
            case dict():
                return {
                    key.removesuffix(".$"): self.expression(value, data) if key.endswith(".$") else self.template(value, data)
                    for key, value in template.items()
                }
            case list():
                return [self.template(one, data) for one in template]
            case _:
                return template

    def expression(self, text: str, data: Any) -> Any:
        text = text.strip()
        if re.fullmatch(r"-?\d+", text):
            return int(text)
        if text.startswith("'"):
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if text.startswith("$$"):
            return self.value(text[1:], self.context)
        if text.startswith("$"):
            return self.value(text, data)
        name, _, rest = text.partition("(")
        arguments = [self.expression(one, data) for one in _split(rest[:-1])]
        match name, arguments:
            case "States.Format", [pattern, *values]:
                assert all(isinstance(value, str | int) for value in values)
                pieces = pattern.split("{}")
                assert len(pieces) == len(values) + 1, text
                filled = "".join(piece + str(value) for piece, value in zip(pieces, [*values, ""], strict=True))
                # Keys of control objects, without the flow's and the run's part.
                return filled.partition("/run/")[2] if "/run/" in filled else filled
            case "States.MathAdd", [int(one), int(other)]:
                return one + other
            case "States.StringToJson", [str(body)]:
                return json.loads(body)
            case "States.JsonToString", [value]:
                return json.dumps(value)
            case _:
                raise AssertionError(text)


def _container(service: str, action: str, parameters: State) -> State:
    """The overrides of the container that a job runs."""
    if service == "batch":
        assert action == "submitJob"
        overrides: State = parameters["ContainerOverrides"]
        return overrides
    assert action == "runTask"
    (only,) = parameters["Overrides"]["ContainerOverrides"]
    return dict(only)


def _matches(handler: State, error: str) -> bool:
    """Whether a retrier or a catcher is for an error."""
    names = handler["ErrorEquals"]
    assert names
    assert "States.ALL" not in names or names == ["States.ALL"]
    return error in names or (names == ["States.ALL"] and error not in _UNCAUGHT)


def attempts(retrier: State) -> int:
    """How often a retrier tries again, if what it says is within AWS's bounds."""
    assert set(retrier) <= {
        "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"
    }  # fmt: skip
    wait, most = retrier.get("IntervalSeconds", 1), retrier.get("MaxAttempts", 3)
    assert isinstance(wait, int)
    assert 1 <= wait <= 99_999_999
    assert isinstance(most, int)
    assert 0 <= most <= 99_999_999
    assert retrier.get("BackoffRate", 2.0) >= 1
    assert wait < retrier.get("MaxDelaySeconds", 31_622_399) < 31_622_400 or "MaxDelaySeconds" not in retrier
    assert retrier.get("JitterStrategy", "NONE") in ("NONE", "FULL")
    return most


def _split(text: str) -> list[str]:
    """Arguments at the top level, separated by commas."""
    found, depth, quoted, start = [], 0, False, 0
    for position, character in enumerate(text):
        if character == "'" and text[position - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == "," and depth == 0:
                found.append(text[start:position])
                start = position + 1
    return [*found, text[start:]]
