"""Versions of state machines: moto publishes them, but neither lists nor deletes them, nor starts what an alias leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.models import StateMachine, StateMachineVersion, StepFunctionBackend
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from engines.mending import mend


def _machine(responses: StepFunctionResponse, arn: str) -> StateMachine:
    found: Any = responses.stepfunction_backend.describe_state_machine(arn)
    if not isinstance(found, StateMachine):
        raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
    return found


def _list_state_machine_versions(self: StepFunctionResponse) -> ActionResult:
    machine = _machine(self, self._get_param("stateMachineArn"))
    versions = [machine.versions[number] for number in sorted(machine.versions, reverse=True)]
    start, count = int(self._get_param("nextToken") or 0), self._get_int_param("maxResults") or 100
    more = {"nextToken": str(start + count)} if start + count < len(versions) else {}
    listed = [{"stateMachineVersionArn": one.arn, "creationDate": one.creation_date} for one in versions[start : start + count]]
    return ActionResult({"stateMachineVersions": listed, **more})


def _publish_state_machine_version(self: StepFunctionResponse) -> ActionResult:
    machine = _machine(self, self._get_param("stateMachineArn"))
    machine.publish(self._get_param("description"))
    assert machine.latest_version is not None
    return ActionResult(
        {"stateMachineVersionArn": machine.latest_version.arn, "creationDate": machine.latest_version.creation_date}
    )


def _delete_state_machine_version(self: StepFunctionResponse) -> EmptyResult:
    arn, _, number = str(self._get_param("stateMachineVersionArn")).rpartition(":")
    _machine(self, arn).versions.pop(int(number), None)
    return EmptyResult()


for _operation in (_list_state_machine_versions, _publish_state_machine_version, _delete_state_machine_version):
    assert not hasattr(StepFunctionResponse, _operation.__name__[1:]), "moto has it now"
    setattr(StepFunctionResponse, _operation.__name__[1:], _operation)


@mend(StateMachine, "publish")
def _once(original: Callable[..., None], self: StateMachine, description: str | None) -> None:
    """What did not change since it was published is not published again."""
    newest = self.versions.get(max(self.versions, default=0))
    if newest is None or (newest.definition, newest.roleArn) != (self.definition, self.roleArn):
        original(self, description)


@mend(StepFunctionBackend, "delete_state_machine")
def _with_tags(original: Callable[..., None], self: StepFunctionBackend, arn: str) -> None:
    """A machine of the same name that is made later has none of them."""
    original(self, arn)
    self.tagger.delete_all_tags_for_resource(arn)


@mend(StepFunctionsParserBackend, "start_execution")
def _by_alias(original: Callable[..., Any], self: Any, state_machine_arn: str, *arguments: Any, **named: Any) -> Any:
    """An alias, or a version, runs what it leads to; the execution is its machine's."""
    parts = state_machine_arn.split(":")
    if len(parts) < 8:
        return original(self, state_machine_arn, *arguments, **named)
    machine: Any = self.describe_state_machine(":".join(parts[:7]))
    if not parts[7].isdigit():
        route = self.describe_state_machine_alias(state_machine_arn).routing_configuration[0]
        parts = route["stateMachineVersionArn"].split(":")
    version: StateMachineVersion = machine.versions[int(parts[7])]
    now = machine.definition, machine.roleArn
    machine.definition, machine.roleArn = version.definition, version.roleArn  # of which an execution takes a copy
    try:
        return original(self, machine.arn, *arguments, **named)
    finally:
        machine.definition, machine.roleArn = now
