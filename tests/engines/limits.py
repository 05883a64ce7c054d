"""What Step Functions and Batch refuse, and moto lets pass.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.batch.exceptions import ClientException
from moto.batch.models import BatchBackend, JobDefinition
from moto.stepfunctions.exceptions import AWSError, InvalidExecutionInput
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.state_parallel import StateParallel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from engines.mending import mend
from engines.waiting import failure

DEFINITION = 1 << 20
PAYLOAD = 1 << 18
HISTORY = 25_000
STATE_NAME = 80
OVERRIDES = 8192
JOB_SECONDS = 60


class InvalidDefinition(AWSError):
    """A definition that is refused."""

    TYPE = "InvalidDefinition"
    STATUS = 400


def check_input(text: str) -> None:
    """Refuse what an execution cannot be started with."""
    if len(text.encode()) > PAYLOAD:
        raise InvalidExecutionInput(f"the input has more than {PAYLOAD:,} bytes")


@mend(StepFunctionsParserBackend, "_validate_definition")
def _validate(original: Callable[[str], None], definition: str) -> None:
    """moto accepts a machine of any size, with transitions to states that there are not, and answers 500 to what it refuses."""
    if len(definition.encode()) > DEFINITION:
        raise InvalidDefinition(f"the definition has more than {DEFINITION:,} bytes")
    try:
        original(definition)
        faults = list(faults_of(json.loads(definition)))
    except AWSError:
        raise
    except Exception as error:
        raise InvalidDefinition(f"SCHEMA_VALIDATION_FAILED: {getattr(error, 'message', None) or error}") from error
    if faults:
        raise InvalidDefinition("; ".join(faults))


def faults_of(machine: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the names in a machine, and in those inside it."""
    seen: set[str] = set()
    pending = [machine]
    while pending:
        here = pending.pop()
        states: dict[str, dict[str, Any]] = here["States"]
        reached = {here["StartAt"]}
        for name, state in states.items():
            if len(name) > STATE_NAME:
                yield f"SCHEMA_VALIDATION_FAILED: the state name {name!r} has more than {STATE_NAME} characters"
            if name in seen:
                yield f"DUPLICATE_STATE_NAME: {name!r}"
            seen.add(name)
            ways = [state, *state.get("Catch", ()), *state.get("Choices", ())]
            reached.update(way["Next"] for way in ways if "Next" in way)
            reached.update([state["Default"]] if "Default" in state else [])
            pending += state.get("Branches", ())
            pending += [state[key] for key in ("ItemProcessor", "Iterator") if key in state]
        yield from (f"MISSING_TRANSITION_TARGET: {name!r}" for name in sorted(reached - states.keys()))
        yield from (f"MISSING_TRANSITION_TARGET: {name!r} is not reachable" for name in states if name not in reached)


def _too_large(env: Environment, what: str) -> Exception:
    name = StatesErrorNameType.StatesStatesDataLimitExceeded
    cause = f"The state/task {what} returned a result with a size exceeding the maximum number of bytes service limit."
    return failure(env, name, cause, HistoryEventType.TaskFailed, "taskFailedEventDetails")


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode())


@mend(state_task_service.StateTaskService, "_verify_size_quota")
def _measure_answer(_original: Callable[..., None], self: Any, env: Environment, value: Any) -> None:
    """moto measures JSON with spaces and escapes, which nobody sends."""
    if _size(value) > PAYLOAD:
        raise _too_large(env, repr(self._get_sfn_resource_type()))


@mend(CommonStateField, "_verify_size_quota")
def _measure_output(_original: Callable[..., None], self: Any, env: Environment, value: Any) -> None:
    """Likewise."""
    if _size(value) > PAYLOAD:
        raise _too_large(env, repr(self.name))


@mend(StateTask, "_eval_parameters")
def _measure_parameters(original: Callable[..., Any], self: Any, env: Environment) -> Any:
    """What is sent counts as well as what comes back."""
    parameters = original(self, env=env)
    if _size(parameters) > PAYLOAD:
        raise _too_large(env, repr(self.name))
    return parameters


def _measure_collected(original: Callable[..., None], self: Any, env: Environment) -> None:
    """What branches or items hand up counts, even where `ResultPath` drops it."""
    original(self, env=env)
    if _size(env.stack[-1]) > PAYLOAD:
        raise _too_large(env, repr(self.name))


mend(StateMap, "_eval_execution")(_measure_collected)
mend(StateParallel, "_eval_execution")(_measure_collected)


@mend(ExecutionState, "_eval_state_output")
def _measure_result(original: Callable[..., None], self: Any, env: Environment) -> None:
    """A history of 25,000 events is full, and the execution fails."""
    if len(env.event_manager._history_event_list) > HISTORY:
        cause = f"The execution reached the maximum number of history events ({HISTORY})."
        raise failure(
            env, StatesErrorNameType.StatesRuntime, cause, HistoryEventType.ExecutionFailed, "executionFailedEventDetails"
        )
    original(self, env=env)


@mend(BatchBackend, "submit_job")
def _check_overrides(original: Callable[..., Any], self: BatchBackend, *arguments: Any, **named: Any) -> Any:
    """moto takes overrides of any size, and variables that Batch keeps for itself."""
    overrides = named.get("container_overrides") or {}
    if len(json.dumps(overrides, ensure_ascii=False, separators=(",", ":"))) > OVERRIDES:
        raise ClientException(f"Container Overrides length must be at most {OVERRIDES}")
    _check_environment(overrides)
    return original(self, *arguments, **named)


@mend(JobDefinition, "_validate_container_properties")
def _check_definition(original: Callable[..., None], self: JobDefinition) -> None:
    """Likewise, and time-outs of less than a minute."""
    original(self)
    _check_environment(self.container_properties or {})
    if self.timeout and self.timeout.get("attemptDurationSeconds", JOB_SECONDS) < JOB_SECONDS:
        raise ClientException(f"Timeout attemptDurationSeconds must be at least {JOB_SECONDS} seconds")


def _check_environment(container: Mapping[str, Any]) -> None:
    for one in container.get("environment", ()):
        if one["name"].startswith("AWS_BATCH"):
            raise ClientException("Environment variables must not start with AWS_BATCH")
        if not isinstance(one.get("value"), str):
            raise ClientException(f"the value of {one['name']} must be a string")
