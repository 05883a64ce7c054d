"""A deployment as one CloudFormation template, for those who deploy without flowc.

    aws cloudformation deploy --template-file cloudformation.json --stack-name sums --capabilities CAPABILITY_IAM \
        --parameter-overrides DatastoreBucket=flows BatchQueue=cpu

What was not given is a parameter; a role that was not given is made. What running executions need outlives an update and the
stack itself: job definitions, and the machine's older versions.

Text of the user's is never part of `Fn::Sub` where it has `${` in it: what consists of parts is then joined by `Fn::Join`, which
expands nothing. One thing CloudFormation expands in any text, and cannot be told not to: `{{resolve:…}}` (`dynamic_reference`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .casing import to_pascal
from .deployment import ALIAS, Deployment
from .jobs import MAKER_TAG
from .policies import Role
from .symbols import PARTITION, SUBNETS, Symbol, Text, replace, text
from .wanted import ROLE_WORDS, Wanted, definition_text, roles_of, wanted_of, with_job_role

_ROLES: Final = {"state-machine": "StateMachineRole", "job": "JobRole", "execution": "ExecutionRole", "events": "EventsRole"}
_REFERENCE: Final = "{{resolve:"

_MACHINE: Final = "StateMachine"
_VERSION: Final = "StateMachineVersion"
_ALIAS: Final = "StateMachineAlias"


def template_of(deployment: Deployment) -> dict[str, Any]:
    """The template."""
    created = {name: role for name, role in roles_of(deployment) if not role.given}
    parameters = {one.symbol.name: _parameter(one) for one in wanted_of(deployment)}
    parameters |= {f"{_ROLES[name]}Arn": _role_parameter(name) for name in created}
    resources = dict(_resources(deployment, created))
    conditions = {f"Create{_ROLES[name]}": {"Fn::Equals": [{"Ref": f"{_ROLES[name]}Arn"}, ""]} for name in created}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The flow {deployment.flow}, compiled by flowc",
        **({"Parameters": parameters} if parameters else {}),
        **({"Conditions": conditions} if conditions else {}),
        "Resources": replace(resources, _expression),
        "Outputs": {
            "StateMachineArn": {"Description": "The state machine.", "Value": {"Ref": _MACHINE}},
            "AliasArn": {"Description": "What to start: the version that is live.", "Value": {"Ref": _ALIAS}},
        },
    }


def dynamic_reference(template: Mapping[str, Any]) -> str | None:
    """How text of the template begins that CloudFormation would replace by something else, or None."""
    pending: list[Any] = [template]
    while pending:
        data = pending.pop()
        if isinstance(data, str) and _REFERENCE in data:
            return _REFERENCE
        pending += [*data, *data.values()] if isinstance(data, Mapping) else data if isinstance(data, list) else []
    return None


def _resources(deployment: Deployment, created: Mapping[str, Role]) -> Iterator[tuple[str, dict[str, Any]]]:
    tags = [{"Key": key, "Value": value} for key, value in deployment.tags]
    for name, role in created.items():
        yield (
            _ROLES[name],
            {"Type": "AWS::IAM::Role", "Condition": f"Create{_ROLES[name]}", "Properties": _role(name, role, tags)},
        )
    jobs = dict(_job(request, ecs=deployment.ecs) for request in with_job_role(deployment))
    yield from jobs.items()
    compact = json.dumps(deployment.definition, ensure_ascii=False, separators=(",", ":"))
    machine = {
        "StateMachineName": deployment.name,
        "StateMachineType": deployment.machine["type"],
        "RoleArn": deployment.machine["roleArn"],
        "DefinitionString": definition_text(compact),
        "Tags": [*tags, {"Key": MAKER_TAG, "Value": "CloudFormation"}],
    }
    # It names its jobs' definitions, which is no reference: a run that starts before they are there would fail.
    yield _MACHINE, {"Type": "AWS::StepFunctions::StateMachine", "DependsOn": list(jobs), "Properties": machine}
    yield (
        _VERSION,
        {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            **_KEPT,
            "Properties": {
                "StateMachineArn": {"Ref": _MACHINE},
                # Another revision is another version; without it there would never be a second one.
                "StateMachineRevisionId": {"Fn::GetAtt": [_MACHINE, "StateMachineRevisionId"]},
            },
        },
    )
    live = {"StateMachineVersionArn": {"Ref": _VERSION}, "Type": "ALL_AT_ONCE"}
    yield _ALIAS, {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {"Name": ALIAS, "DeploymentPreference": live}}
    if deployment.schedule is not None:
        yield "Schedule", {"Type": "AWS::Scheduler::Schedule", "DependsOn": _ALIAS, "Properties": deployment.schedule}
    for kind, rule in zip(_rule_names(deployment), deployment.rules, strict=True):
        properties = {
            "Name": rule.name,
            **({"EventBusName": rule.bus} if rule.bus else {}),
            "Description": rule.description,
            "EventPattern": rule.pattern,
            "State": "ENABLED",
            "Targets": rule.put_targets()["Targets"],
            "Tags": tags,
        }
        yield kind, {"Type": "AWS::Events::Rule", "DependsOn": _ALIAS, "Properties": properties}


_KEPT: Final = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def _rule_names(deployment: Deployment) -> list[str]:
    return [f"{one.name.rpartition('-')[2].title()}Rule" for one in deployment.rules]


def _job(request: Mapping[str, Any], *, ecs: bool) -> tuple[str, dict[str, Any]]:
    name = str(request["family" if ecs else "jobDefinitionName"])
    properties = to_pascal(request, ecs=ecs)
    if not ecs:
        properties["ResourceRetentionPolicy"] = {"SkipDeregisterOnUpdate": True}
    kind = "AWS::ECS::TaskDefinition" if ecs else "AWS::Batch::JobDefinition"
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"Job{digest}", {"Type": kind, **_KEPT, "Properties": properties}


def _role(name: str, role: Role, tags: list[dict[str, str]]) -> dict[str, Any]:
    managed = [text("arn:", PARTITION, f":iam::aws:policy/{one}") for one in role.managed]
    own = [{"PolicyName": name, "PolicyDocument": role.policy}] if role.policy is not None else []
    return {
        "Description": f"By flowc, for {ROLE_WORDS[name]}",
        "AssumeRolePolicyDocument": role.trust,
        **({"ManagedPolicyArns": managed} if managed else {}),
        **({"Policies": own} if own else {}),
        "Tags": tags,
    }


def _parameter(wanted: Wanted) -> dict[str, Any]:
    return {
        "Type": "CommaDelimitedList" if wanted.several else "String",
        "Description": wanted.description,
        **({} if wanted.default is None else {"Default": wanted.default}),
        **({"AllowedPattern": wanted.pattern} if wanted.pattern else {}),
    }


def _role_parameter(name: str) -> dict[str, Any]:
    return {
        "Type": "String",
        "Description": f"The ARN of the IAM role of {ROLE_WORDS[name]}; empty: one is created.",
        "Default": "",
        "AllowedPattern": "|arn:aws[a-z-]*:iam::[0-9]{12}:role/.+",
    }


def _expression(given: Text) -> Any:
    """What stands for a text in the template."""
    symbols = {part.name: part for part in given.parts if isinstance(part, Symbol)}
    if not symbols:
        return str(given)
    if len(given.parts) == 1:
        return _value(next(iter(symbols.values())))
    if any("${" in part or part.endswith("$") for part in given.parts if isinstance(part, str)):
        return {"Fn::Join": ["", [_value(part) if isinstance(part, Symbol) else part for part in given.parts]]}
    computed = {name: _value(one) for name, one in symbols.items() if _value(one) != {"Ref": name}}
    return {"Fn::Sub": [str(given), computed] if computed else str(given)}


def _value(symbol: Symbol) -> Any:
    if symbol.name in _ROLES.values():
        created = {"Fn::GetAtt": [symbol.name, "Arn"]}
        return {"Fn::If": [f"Create{symbol.name}", created, {"Ref": f"{symbol.name}Arn"}]}
    if symbol == SUBNETS:
        return {"Fn::Join": ['","', {"Ref": symbol.name}]}
    return {"Ref": symbol.name}
