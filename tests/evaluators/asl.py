"""Run a state machine (Amazon States Language, JSONPath), as far as flowc emits it.

Rules: https://states-language.net (Task, Pass, Choice, Parallel, Map, Retry, ResultPath, intrinsic functions). Anything
else that a definition holds is an error here, so that nothing is passed over.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from . import Runner, TaskFailed

State = dict[str, Any]
_KNOWN = {
    "Task": {"Type", "Resource", "Parameters", "Retry", "ResultSelector", "ResultPath", "OutputPath", "Next", "End"},
    "Pass": {"Type", "Parameters", "ResultPath", "OutputPath", "Next", "End"},
    "Choice": {"Type", "Choices"},
    "Parallel": {"Type", "Branches", "ResultPath", "OutputPath", "Next", "End"},
    "Map": {"Type", "MaxConcurrency", "ItemReader", "ItemSelector", "ItemProcessor", "ResultPath", "OutputPath", "Next", "End"},
}


def run(definition: State, runner: Runner, execution_input: State | None = None) -> None:
    """Run to the end; raises `TaskFailed` where a task fails after all its attempts."""
    _Machine(runner, {"Execution": {"Name": "run", "Input": execution_input or {}}}).states(
        definition, dict(execution_input or {})
    )


class _Machine:
    def __init__(self, runner: Runner, context: State) -> None:
        self.runner = runner
        self.context = context
        self.objects: dict[str, Any] = {}

    def states(self, scope: State, data: Any) -> Any:
        name = scope["StartAt"]
        while True:
            state = scope["States"][name]
            assert set(state) <= _KNOWN[state["Type"]], f"{name}: {set(state) - _KNOWN[state['Type']]}"
            if state["Type"] == "Choice":
                name = next(one["Next"] for one in state["Choices"] if self.value(one["Variable"], data) == one["StringEquals"])
                continue
            result = self.state(state, data)
            data = self.place(state.get("ResultPath", "$"), data, result)
            if "OutputPath" in state:
                assert state["OutputPath"] is None
                data = {}
            if state.get("End"):
                assert "Next" not in state
                return data
            name = state["Next"]

    def state(self, state: State, data: Any) -> Any:
        match state["Type"]:
            case "Task":
                return self.task(state, data)
            case "Map":
                return self.map(state, data)
            case "Parallel":
                return [self.states(branch, copy.deepcopy(data)) for branch in state["Branches"]]
            case _:
                return self.template(state["Parameters"], data) if "Parameters" in state else data

    def place(self, path: str | None, data: Any, result: Any) -> Any:
        if path is None:
            return data
        if path == "$":
            return result
        return {**data, path.removeprefix("$."): result}

    def task(self, state: State, data: Any) -> Any:
        if state["Resource"].endswith(":s3:getObject"):
            parameters = self.template(state["Parameters"], data)
            return self.template(state["ResultSelector"], {"Body": json.dumps(self.objects[parameters["Key"]])})
        assert state["Resource"] == "arn:aws:states:::batch:submitJob.sync"
        (retry,) = state.get("Retry", [{"MaxAttempts": 0}])
        for attempt in range(retry["MaxAttempts"] + 1):
            self.context["State"] = {"RetryCount": attempt}
            given = self.template(state["Parameters"], data)["ContainerOverrides"]["Environment"]
            variables = {one["Name"]: one["Value"] for one in given}
            assert all(isinstance(value, str) for value in variables.values())
            step, path = variables["FLOWC_STEP"], variables["FLOWC_PATH"]
            try:
                outcome = self.runner(step, path, attempt)
            except TaskFailed:
                if attempt == retry["MaxAttempts"]:
                    raise
                continue
            self.objects[f"{step}/{path}/next.json"] = outcome.next
            self.objects[f"{step}/{path}/items.json"] = list(range(outcome.cardinality or 0))
            return {}
        raise AssertionError

    def value(self, path: str, data: Any) -> Any:
        for part in path.removeprefix("$").strip(".").split("."):
            data = data[part] if part else data
        return data

    def map(self, state: State, data: Any) -> Any:
        key = self.template(state["ItemReader"]["Parameters"], data)["Key"]
        for item in self.objects[key]:
            self.context["Map"] = {"Item": {"Value": item}}
            self.states(state["ItemProcessor"], self.template(state["ItemSelector"], data))
        return []

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
