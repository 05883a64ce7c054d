"""States and machines to write tests of the engine with."""

from __future__ import annotations

from typing import Any

from engines.account import Aws

ALL = ["States.ALL"]
RETRIES = "States.Format('{}', $$.State.RetryCount)"
REDRIVES = "States.Format('{}', $$.Execution.RedriveCount)"
INDEX = "States.Format('{}', $.index)"


def job(name: str, program: str, **properties: Any) -> dict[str, Any]:
    """A job definition, of a program in Python."""
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
    container = {"image": "python", "command": ["python3", "-c", program], "resourceRequirements": needs}
    return {"jobDefinitionName": name, "type": "container", "containerProperties": container, **properties}


def task(aws: Aws, name: str, told: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """A state that runs a job, which is told these paths and intrinsics in variables."""
    parameters: dict[str, Any] = {"JobName": name, "JobQueue": aws.batch_queue, "JobDefinition": name}
    if told:
        parameters["ContainerOverrides"] = {"Environment": [{"Name": key, "Value.$": one} for key, one in told.items()]}
    return {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "Parameters": parameters, **fields}


def line(*states: dict[str, Any], names: str = "s") -> dict[str, Any]:
    """A machine of states that follow each other: `s0`, `s1` …"""
    last = len(states) - 1
    onward: list[dict[str, Any]] = [
        {} if one["Type"] in ("Fail", "Succeed") else {"Next": f"{names}{number + 1}"} for number, one in enumerate(states)
    ]
    onward[last] = {"End": True} if onward[last] else {}
    named = {f"{names}{number}": {**state, **onward[number]} for number, state in enumerate(states)}
    return {"StartAt": f"{names}0", "States": named}
