"""Executions in moto: started by an alias or a version, stopped at once, redriven, and described with all that AWS tells."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ExecutionAlreadyExists, ValidationException
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from engines.limits import check_input
from engines.machines import machine_of, page_of, revision_of
from engines.mending import mend
from engines.redriving import Journal

_starting = threading.Lock()
_LAST = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


class ExecutionNotRedrivable(AWSError):
    """It runs, or has succeeded."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


@mend(StepFunctionsParserBackend, "start_execution")
def _start(original: Callable[..., Any], self: Any, state_machine_arn: str, name: str | None, execution_input: str) -> Any:
    """moto starts no alias, hides what a version has started, and gives no name to what got none."""
    check_input(execution_input)
    if name:
        self._validate_name(name)
    name = name or str(uuid.uuid4())
    parts = state_machine_arn.split(":")
    base = self.describe_state_machine(":".join(parts[:7]))
    alias = version = None
    if len(parts) > 7 and parts[7].isnumeric():
        version = self.describe_state_machine(state_machine_arn)
    elif len(parts) > 7:
        alias = self.describe_state_machine_alias(state_machine_arn)
        ways = alias.routing_configuration
        (way,) = random.choices(ways, [one["weight"] for one in ways])
        version = self.describe_state_machine(way["stateMachineVersionArn"])
    with _starting:
        with suppress(StopIteration):
            there = next(one for one in base.executions if one.name == name)
            if (there.status, there.execution_input) != ("RUNNING", execution_input):
                raise ExecutionAlreadyExists(f"Execution Already Exists: '{there.execution_arn}'")
            return there
        source = version or base
        others, source.executions, source.backend = source.executions, [], self  # a version knows of no backend
        source._handle_name_input_idempotency = lambda *_: None  # a version has none, and what there is was looked up above
        try:
            made = original(self, source.arn, name, execution_input)
        finally:
            source.executions = others
        made.state_machine_arn, made.version, made.alias = base.arn, version, alias
        base.executions.append(made)
    return made


@mend(Execution, "__init__")
def _with_journal(original: Callable[..., None], self: Any, *arguments: Any, **named: Any) -> None:
    """moto knows nothing of what an execution did but its events."""
    original(self, *arguments, **named)
    self.journal, self.redrives, self.redriven, self.over = Journal(), 0, None, threading.Event()


@mend(ExecutionWorker, "_execution_logic")
def _work(original: Callable[..., None], self: Any) -> None:
    """Whatever happens, the execution ends; moto leaves it RUNNING after a bug of its own."""
    execution = self._execution_communication.execution
    try:
        original(self)
    finally:
        if execution.exec_status == ExecutionStatus.RUNNING:
            execution.exec_status, execution.error = ExecutionStatus.FAILED, "States.Runtime"
            execution.stop_date = datetime.now(UTC)
        execution.over.set()


@mend(ExecutionWorker, "_get_evaluation_environment")
def _environment(original: Callable[..., Environment], self: Any) -> Environment:
    """The outermost machine's journal is the execution's; events of a redriven one follow those that were."""
    environment: Any = original(self)
    execution = self._execution_communication.execution
    environment.journal, environment.outermost = execution.journal, True
    execution_data = environment.states.context_object.context_object_data["Execution"]
    execution_data["RedriveCount"] = execution.redrives
    if execution.redrives:
        execution_data["RedriveTime"] = execution.redriven.isoformat()
        environment.event_manager = execution.events
        environment.event_manager.redrives = execution.redrives
    execution.events = environment.event_manager
    environment.map_run_record_pool_manager = execution.map_runs = getattr(
        execution, "map_runs", environment.map_run_record_pool_manager
    )
    return environment  # type: ignore[no-any-return]


@mend(EventManager, "add_event")
def _say_redriven(original: Callable[..., int], self: Any, **named: Any) -> int:
    """moto would say that it has started."""
    redrives = getattr(self, "redrives", 0)
    if redrives and named["event_type"] == HistoryEventType.ExecutionStarted:
        named["event_type"] = HistoryEventType.ExecutionRedriven
        named["event_details"] = {"executionRedrivenEventDetails": {"redriveCount": redrives}}
    return original(self, **named)


@mend(BaseExecutionWorkerCommunication, "_reflect_execution_status")
def _reflect(original: Callable[..., None], self: Any) -> None:
    """moto reports what a stopped execution comes to when its last thread is over; it was stopped before."""
    if self.execution.exec_status != ExecutionStatus.ABORTED:
        original(self)


def stop_execution(self: Any) -> ActionResult:
    """`StopExecution`: with error and cause, and at once."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    error, cause = self._get_param("error"), self._get_param("cause")
    if execution.exec_status == ExecutionStatus.RUNNING:
        while execution.exec_worker.env is None:  # its thread has not begun
            time.sleep(0.001)
        execution.stop_date, execution.error, execution.cause = datetime.now(UTC), error, cause
        execution.exec_status = ExecutionStatus.ABORTED
        while execution.exec_worker.env._program_state is None:
            time.sleep(0.001)
        execution.exec_worker.stop(stop_date=execution.stop_date, error=error, cause=cause)
    return ActionResult({"stopDate": execution.stop_date})


def redrive_execution(self: Any) -> ActionResult:
    """`RedriveExecution`: enter again the states that did not succeed."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.status in ("RUNNING", "SUCCEEDED"):
        raise ExecutionNotRedrivable(
            f"Execution is {execution.status} and cannot be redriven, it must be FAILED, ABORTED, or TIMED_OUT"
        )
    execution.over.wait()
    execution.over.clear()
    execution.journal.resume()
    execution.redrives, execution.redriven = execution.redrives + 1, datetime.now(UTC)
    execution.error = execution.cause = execution.stop_date = execution.output = execution.exec_worker = None
    execution.start()
    return ActionResult({"redriveDate": execution.redriven})


def _told_of(execution: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        "redriveCount": execution.redrives,
    }
    if execution.status != "RUNNING":
        told["stopDate"] = execution.stop_date
    if execution.redriven is not None:
        told["redriveDate"] = execution.redriven
    if execution.version is not None:
        told["stateMachineVersionArn"] = execution.version.arn
    if execution.alias is not None:
        told["stateMachineAliasArn"] = execution.alias.arn
    return told


def describe_execution(self: Any) -> ActionResult:
    """`DescribeExecution`."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    told = _told_of(execution) | {"input": execution.execution_input, "inputDetails": {"included": True}}
    if execution.status == "SUCCEEDED":
        told |= {"output": json.dumps(execution.output, separators=(",", ":"), default=str), "outputDetails": {"included": True}}
    for key in ("error", "cause"):
        if getattr(execution, key) is not None:
            told[key] = getattr(execution, key)
    redrivable = execution.status not in ("RUNNING", "SUCCEEDED")
    told["redriveStatus"] = "REDRIVABLE" if redrivable else "NOT_REDRIVABLE"
    if not redrivable:
        told["redriveStatusReason"] = f"Execution is {execution.status} and cannot be redriven"
    return ActionResult(told)


def list_executions(self: Any) -> ActionResult:
    """`ListExecutions`: of a machine, or of what a version or an alias of it has started; the newest first."""
    arn = self._get_param("stateMachineArn")
    if arn is None:
        raise ValidationException("children of Map runs are not listed here")
    chosen = reversed(machine_of(self, arn).executions)
    wanted, redriven = self._get_param("statusFilter"), self._get_param("redriveFilter")
    found = [
        one
        for one in map(_told_of, chosen)
        if arn in (one["stateMachineArn"], one.get("stateMachineVersionArn"), one.get("stateMachineAliasArn"))
        and wanted in (None, one["status"])
        and redriven in (None, "REDRIVEN" if one["redriveCount"] else "NOT_REDRIVEN")
    ]
    return page_of(self, "executions", found)


def describe_state_machine_for_execution(self: Any) -> ActionResult:
    """`DescribeStateMachineForExecution`: as it was when the execution began."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    was = execution.state_machine
    told = {"stateMachineArn": execution.state_machine_arn, "name": was.name, "definition": was.definition}
    return ActionResult(told | {"roleArn": was.roleArn, "updateDate": was.update_date} | revision_of(was))


def get_execution_history(self: Any) -> ActionResult:
    """`GetExecutionHistory`: in pages, and backwards. In moto what was stopped may still say so after the execution's own end."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    events = list(execution.events.get_event_history()) if hasattr(execution, "events") else []
    kinds = [one["type"] for one in events]
    ended = max((at for at, kind in enumerate(kinds) if kind in _LAST), default=None)
    if ended is not None and "ExecutionRedriven" not in kinds[ended:]:
        events = events[: ended + 1]
    if self._get_param("reverseOrder"):
        events.reverse()
    if self._get_param("includeExecutionData") is False:
        events = [_without_data(one) for one in events]
    return page_of(self, "events", events, 1000)


def list_map_runs(self: Any) -> ActionResult:
    """`ListMapRuns`: of this execution, not of those below it."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    known = execution.map_runs.get_all() if hasattr(execution, "map_runs") else []
    runs = [one.list_item() for one in known if one.execution_arn == execution.execution_arn]
    return ActionResult({"mapRuns": runs})


for _operation in (
    stop_execution,
    redrive_execution,
    describe_execution,
    list_executions,
    describe_state_machine_for_execution,
    get_execution_history,
    list_map_runs,
):
    setattr(StepFunctionResponse, _operation.__name__, _operation)


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {name: one for name, one in value.items() if name not in ("input", "output")} if isinstance(value, dict) else value
        for key, value in event.items()
    }
