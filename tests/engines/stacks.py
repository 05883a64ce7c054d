"""CloudFormation in moto: resources that it does not know, or makes with less than the template says.

Each becomes the request of the service that makes it, which the SDK then checks as it checks anybody's. Loading CloudFormation
takes seconds, for moto loads all its services with it: only an engine with FLOWC_ENGINE_STACKS does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.model import Shape
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.iam.models import Role

from engines.mending import mend
from engines.services import client_for

INITIAL = "INITIAL"
"""What CloudFormation calls the revision of a machine that was never updated."""


@dataclass(frozen=True)
class Kind:
    """A type of resource.

    Attributes:
        service: The service that makes it.
        operation: The operation that does.
        ref: What `Ref` gives, of the properties and of what the service answers.
        request: What changes properties into the request; None: nothing but the letters that names begin with.
    """

    service: str
    operation: str
    ref: Callable[[Mapping[str, Any], Mapping[str, Any]], str]
    request: Callable[[dict[str, Any]], dict[str, Any]] | None = None


def _job_definition(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "ResourceRetentionPolicy"}


def _version(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value != INITIAL}


def _alias(properties: dict[str, Any]) -> dict[str, Any]:
    live = properties["DeploymentPreference"]
    assert live["Type"] == "ALL_AT_ONCE"
    route = {"StateMachineVersionArn": live["StateMachineVersionArn"], "Weight": 100}
    return {"Name": properties["Name"], "RoutingConfiguration": [route]}


def _machine(properties: dict[str, Any]) -> dict[str, Any]:
    own = {"StateMachineName": "Name", "StateMachineType": "Type", "DefinitionString": "Definition"}
    return {own.get(name, name): value for name, value in properties.items()}


KINDS = {
    "AWS::Batch::JobDefinition": Kind(
        "batch", "RegisterJobDefinition", lambda _, made: str(made["jobDefinitionArn"]), _job_definition
    ),
    "AWS::ECS::TaskDefinition": Kind(
        "ecs", "RegisterTaskDefinition", lambda _, made: str(made["taskDefinition"]["taskDefinitionArn"])
    ),
    "AWS::Scheduler::Schedule": Kind("scheduler", "CreateSchedule", lambda wanted, _: str(wanted["Name"])),
    "AWS::StepFunctions::StateMachine": Kind(
        "stepfunctions", "CreateStateMachine", lambda _, made: str(made["stateMachineArn"]), _machine
    ),
    "AWS::StepFunctions::StateMachineVersion": Kind(
        "stepfunctions", "PublishStateMachineVersion", lambda _, made: str(made["stateMachineVersionArn"]), _version
    ),
    "AWS::StepFunctions::StateMachineAlias": Kind(
        "stepfunctions", "CreateStateMachineAlias", lambda _, made: str(made["stateMachineAliasArn"]), _alias
    ),
}


@dataclass
class Made:
    """A resource that was made.

    Attributes:
        physical_resource_id: What `Ref` gives.
        type: Its type.
        region: Where it is.
    """

    physical_resource_id: str
    type: str
    region: str
    cf_resource_type: str = field(default="", init=False)
    logical_resource_id: str = field(default="", init=False)

    def is_created(self) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> Any:
        """What `Fn::GetAtt` gives."""
        assert (self.type, name) == ("AWS::StepFunctions::StateMachine", "StateMachineRevisionId")
        machine: Any = client_for(self.region, "stepfunctions", "stack")
        return machine.describe_state_machine(stateMachineArn=self.physical_resource_id).get("revisionId", INITIAL)


@mend(parsing, "resource_class_from_type")
def _class_of(original: Callable[[str], type[CloudFormationModel]], kind: str) -> Any:
    """Ours first."""
    return type(kind, (_Maker,), {"kind": kind}) if kind in KINDS else original(kind)


class _Maker:
    kind = ""

    @classmethod
    def create_from_cloudformation_json(
        cls, _name: str, template: Mapping[str, Any], _account: str, region: str, **_more: Any
    ) -> Made:
        kind, properties = KINDS[cls.kind], template["Properties"]
        shape = botocore.session.get_session().get_service_model(kind.service).operation_model(kind.operation).input_shape
        assert shape is not None
        wanted = kind.request(properties) if kind.request else properties
        client = client_for(region, kind.service, "stack")
        answer = client._make_api_call(kind.operation, _request(wanted, shape))  # type: ignore[attr-defined]
        return Made(kind.ref(properties, answer), cls.kind, region)


def _request(data: Any, shape: Shape) -> Any:
    """Properties by the names that they have in a request; a name that is none there stays, and the SDK refuses it."""
    if shape.type_name == "list":
        return [_request(one, shape.member) for one in data]  # type: ignore[attr-defined]
    if shape.type_name != "structure":
        return data
    names = {name.lower(): name for name in shape.members}  # type: ignore[attr-defined]
    found = {names.get(name.lower(), name): value for name, value in data.items()}
    return {name: _request(value, shape.members[name]) if name in shape.members else value for name, value in found.items()}  # type: ignore[attr-defined]


@mend(Role, "create_from_cloudformation_json")
def _role(original: Callable[..., Role], name: str, template: Mapping[str, Any], *places: str, **more: Any) -> Role:
    """moto keeps what Python shows of a policy."""
    properties = dict(template["Properties"])
    properties["Policies"] = [
        {**one, "PolicyDocument": json.dumps(one["PolicyDocument"])} for one in properties.get("Policies", ())
    ]
    return original(name, {**template, "Properties": properties}, *places, **more)
