"""State machines in moto: what it has no operation for, and where it forgets what it was told: revisions, versions, aliases."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions import models
from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from engines.limits import InvalidDefinition
from engines.mending import mend


class StateMachineAlreadyExists(AWSError):
    """Another one has the name."""

    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


class ConflictException(AWSError):
    """Something else stands against it."""

    TYPE = "ConflictException"
    STATUS = 400


@mend(StepFunctionsParserBackend, "create_state_machine")
def _create(original: Callable[..., Any], self: Any, name: str, definition: str, **named: Any) -> Any:
    """moto returns the machine that has the name, whatever it does."""
    there = next((one for one in self.state_machines if one.name == name), None)
    if there is not None and there.definition != definition:
        raise StateMachineAlreadyExists(f"State Machine Already Exists: '{there.arn}'")
    made = original(self, name=name, definition=definition, **named)
    if there is None:
        made.revision = None  # of the first there is no id
    return made


@mend(StepFunctionsParserBackend, "update_state_machine")
def _update(
    original: Callable[..., Any],
    self: Any,
    arn: str,
    definition: str | None = None,
    role_arn: str | None = None,
    publish: bool | None = None,
    version_description: str | None = None,
    **named: Any,
) -> Any:
    """moto makes a version of a revision that has one, and a revision has no id."""
    there = self.describe_state_machine(arn)
    changed = (definition or there.definition, role_arn or there.roleArn) != (there.definition, there.roleArn)
    changed = changed or any(value is not None for value in named.values())
    machine = original(self, arn, definition=definition, role_arn=role_arn, **named)
    if changed:
        machine.revision = str(uuid.uuid4())
    if publish:
        machine.publish(version_description)
    return machine


@mend(models.StateMachine, "publish")
def _publish(original: Callable[..., None], self: Any, description: str | None) -> None:
    """Likewise."""
    revision = getattr(self, "revision", None)
    same = [one for one in self.versions.values() if one.revision == revision]
    if same:
        self.latest_version = same[-1]
        return
    original(self, description)
    self.latest_version.revision = revision


@mend(models.StepFunctionBackend, "create_state_machine_alias")
def _create_alias(
    original: Callable[..., Any], self: Any, name: str, routing_configuration: list[dict[str, Any]], description: str | None
) -> Any:
    """moto replaces an alias of that name."""
    base = routing_configuration[0]["stateMachineVersionArn"].rpartition(":")[0]
    machine = next((one for one in self.state_machines if one.arn == base), None)
    there = machine.aliases.get(name) if machine is not None else None
    if there is not None and (there.routing_configuration, there.description) != (routing_configuration, description):
        raise ConflictException(f"State Machine Alias Already Exists: '{there.arn}'")
    return there or original(self, name, routing_configuration, description)


def revision_of(machine: Any) -> dict[str, str]:
    revision = getattr(machine, "revision", None)
    return {} if revision is None else {"revisionId": revision}


def _attributes(result: ActionResult) -> dict[str, Any]:
    return result.result  # type: ignore[no-any-return]


@mend(StepFunctionResponse, "_describe_state_machine")
def _describe_machine(original: Callable[..., ActionResult], self: Any, state_machine_arn: str) -> ActionResult:
    """moto does not tell the revision."""
    result = original(self, state_machine_arn)
    _attributes(result).update(revision_of(self.stepfunction_backend.describe_state_machine(state_machine_arn)))
    return result


@mend(StepFunctionResponse, "update_state_machine")
def _say_revision(original: Callable[..., ActionResult], self: Any) -> ActionResult:
    """Likewise."""
    result = original(self)
    _attributes(result).update(revision_of(self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))))
    return result


def machine_of(self: Any, arn: str) -> Any:
    """The machine itself, by an ARN that may name a version or alias of it."""
    base = ":".join(arn.split(":")[:7])
    machine = next((one for one in self.stepfunction_backend.state_machines if one.arn == base), None)
    if machine is None:
        raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
    return machine


def publish_state_machine_version(self: Any) -> ActionResult:
    """`PublishStateMachineVersion`."""
    machine, wanted = machine_of(self, self._get_param("stateMachineArn")), self._get_param("revisionId")
    if wanted is not None and wanted != getattr(machine, "revision", None):
        raise ConflictException("Failed to publish the State Machine version: the revision is not the current one")
    machine.publish(self._get_param("description"))
    return ActionResult(
        {"creationDate": machine.latest_version.creation_date, "stateMachineVersionArn": machine.latest_version.arn}
    )


def list_state_machine_versions(self: Any) -> ActionResult:
    """`ListStateMachineVersions`: the newest first."""
    versions = sorted(machine_of(self, self._get_param("stateMachineArn")).versions.items(), reverse=True)
    found = [{"stateMachineVersionArn": one.arn, "creationDate": one.creation_date} for _, one in versions]
    return page_of(self, "stateMachineVersions", found)


def delete_state_machine_version(self: Any) -> ActionResult:
    """`DeleteStateMachineVersion`: not one that an alias leads to."""
    arn = self._get_param("stateMachineVersionArn")
    machine, number = machine_of(self, arn), arn.rpartition(":")[2]
    for alias in machine.aliases.values():
        if any(way["stateMachineVersionArn"] == arn for way in alias.routing_configuration):
            raise ConflictException(f"Version {arn} is used by alias {alias.arn}")
    machine.versions.pop(int(number), None)
    return EmptyResult()


def validate_state_machine_definition(self: Any) -> ActionResult:
    """`ValidateStateMachineDefinition`."""
    try:
        self.stepfunction_backend._validate_definition(definition=self._get_param("definition"))
    except InvalidDefinition as error:
        fault = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(error.message)}
        return ActionResult({"result": "FAIL", "diagnostics": [fault], "truncated": False})
    return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})


def list_state_machine_aliases(self: Any) -> ActionResult:
    """`ListStateMachineAliases`: of a machine, or those that lead to a version of it."""
    arn = self._get_param("stateMachineArn")
    machine = machine_of(self, arn)
    found = [
        {"stateMachineAliasArn": alias.arn, "creationDate": alias.creation_date}
        for alias in machine.aliases.values()
        if arn in (machine.arn, *(way["stateMachineVersionArn"] for way in alias.routing_configuration))
    ]
    return ActionResult({"stateMachineAliases": found})


def page_of(self: Any, key: str, found: list[dict[str, Any]], most: int = 100) -> ActionResult:
    """The page of a list that was asked for."""
    begin, size = int(self._get_param("nextToken") or 0), self._get_param("maxResults") or most
    more = {"nextToken": str(begin + size)} if len(found) > begin + size else {}
    return ActionResult({key: found[begin : begin + size], **more})


for _operation in (
    publish_state_machine_version,
    list_state_machine_versions,
    delete_state_machine_version,
    validate_state_machine_definition,
    list_state_machine_aliases,
):
    setattr(StepFunctionResponse, _operation.__name__, _operation)
