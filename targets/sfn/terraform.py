"""A deployment as one Terraform configuration in JSON, for those who deploy without flowc.

    terraform apply -var datastore_bucket=flows -var batch_queue=cpu

What was not given is a variable; a role that was not given is made. In Terraform's JSON every string is a template, names of
fields included, so that `${` and `%{` in text of the user's are escaped, all of it in one place (`_escape`).

https://developer.hashicorp.com/terraform/language/syntax/json, …/language/expressions/strings
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .casing import to_snake
from .deployment import ALIAS, Deployment
from .jobs import MAKER_TAG
from .policies import Role
from .symbols import (
    ACCOUNT,
    EVENTS_ROLE,
    EXECUTION_ROLE,
    JOB_ROLE,
    MACHINE_ROLE,
    PARTITION,
    REGION,
    SUBNETS,
    Symbol,
    Text,
    json_text,
    text,
)
from .wanted import ROLE_WORDS, Wanted, definition_text, roles_of, wanted_of, with_job_role

_PROVIDER: Final = ">= 5.50"
_KNOWN: Final = {
    PARTITION.name: "data.aws_partition.current.partition",
    REGION.name: "data.aws_region.current.id",
    ACCOUNT.name: "data.aws_caller_identity.current.account_id",
}
_ROLES: Final = (MACHINE_ROLE, JOB_ROLE, EXECUTION_ROLE, EVENTS_ROLE)
_MACHINE: Final = "aws_sfn_state_machine.flow"


class _Expression(str):
    """Text that Terraform evaluates, and that flowc wrote."""

    __slots__ = ()


def configuration_of(deployment: Deployment) -> dict[str, Any]:
    """The configuration: what `main.tf.json` holds."""
    created = {_snake(name): role for name, role in roles_of(deployment) if not role.given}
    variables = {_snake(one.symbol.name): _variable(one) for one in wanted_of(deployment)}
    variables |= {f"{name}_role_arn": _role_variable(name) for name in created}
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": _PROVIDER}}},
        **({"variable": _written(variables)} if variables else {}),
        "data": {kind: {"current": {}} for kind in ("aws_caller_identity", "aws_partition", "aws_region")},
        **({"locals": {f"{name}_role_arn": _made_or_given(name) for name in created}} if created else {}),
        "resource": _written(dict(_resources(deployment, created))),
        "output": {
            "state_machine_arn": {"description": "The state machine.", "value": f"${{{_MACHINE}.arn}}"},
            "alias_arn": {"description": "What to start: the version that is live.", "value": "${aws_sfn_alias.live.arn}"},
        },
    }


def _resources(deployment: Deployment, created: Mapping[str, Role]) -> Iterator[tuple[str, dict[str, Any]]]:
    tags = dict(deployment.tags)
    yield from _of_roles(created, tags)
    kind = "aws_ecs_task_definition" if deployment.ecs else "aws_batch_job_definition"
    make = _task_definition if deployment.ecs else _job_definition
    jobs = {str(one["family" if deployment.ecs else "jobDefinitionName"]): make(one) for one in with_job_role(deployment)}
    yield kind, jobs
    machine = {
        "name": deployment.name,
        "type": deployment.machine["type"],
        "role_arn": deployment.machine["roleArn"],
        "definition": definition_text(deployment.text),
        "publish": True,
        "tags": {**tags, MAKER_TAG: "Terraform"},
        # It names its jobs' definitions, and roles what they may do, which are no references: a run that starts before these are
        # there would fail.
        "depends_on": [*_grants(created), *(f"{kind}.{name}" for name in jobs)],
    }
    yield "aws_sfn_state_machine", {"flow": machine}
    version = _Expression(f"${{{_MACHINE}.state_machine_version_arn}}")
    yield (
        "aws_sfn_alias",
        {ALIAS: {"name": ALIAS, "routing_configuration": {"state_machine_version_arn": version, "weight": 100}}},
    )
    alias = _Expression(f"${{aws_sfn_alias.{ALIAS}.arn}}")
    granted = {"depends_on": ["aws_iam_role_policy.events"]} if "events" in created else {}
    if deployment.schedule is not None:
        yield "aws_scheduler_schedule", {"flow": {**_schedule(deployment.schedule, alias), **granted}}
    if deployment.rules:
        rules, targets = {}, {}
        for rule in deployment.rules:
            kind = rule.name.rpartition("-")[2]
            bus = {"event_bus_name": rule.bus} if rule.bus else {}
            rules[kind] = {
                "name": rule.name,
                **bus,
                "description": rule.description,
                "event_pattern": json_text(rule.pattern),
                "tags": tags,
            }
            named = _Expression(f"${{aws_cloudwatch_event_rule.{kind}.name}}")
            targets[kind] = {"rule": named, **bus, "target_id": "flowc", "arn": alias, "role_arn": rule.role, **granted}
        yield "aws_cloudwatch_event_rule", rules
        yield "aws_cloudwatch_event_target", targets


def _of_roles(created: Mapping[str, Role], tags: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    roles, policies, attachments = {}, {}, {}
    for name, role in created.items():
        count = _Expression(f"${{var.{name}_role_arn == null ? 1 : 0}}")
        named = _Expression(f"${{aws_iam_role.{name}[0].name}}")
        roles[name] = {
            "count": count,
            "name_prefix": f"flowc-{name.replace('_', '-')}-",
            "assume_role_policy": json_text(role.trust),
            "tags": tags,
        }
        if role.policy is not None:
            policies[name] = {"count": count, "name": name, "role": named, "policy": json_text(role.policy)}
        for one in role.managed:
            policy = text("arn:", PARTITION, f":iam::aws:policy/{one}")
            attachments[_attached(name, one)] = {"count": count, "role": named, "policy_arn": policy}
    for kind, found in (
        ("aws_iam_role", roles),
        ("aws_iam_role_policy", policies),
        ("aws_iam_role_policy_attachment", attachments),
    ):
        if found:
            yield kind, found


def _grants(created: Mapping[str, Role]) -> Iterator[str]:
    """What says what the roles may do that are created, but for those that start runs."""
    for name, role in created.items():
        if name == "events":
            continue
        if role.policy is not None:
            yield f"aws_iam_role_policy.{name}"
        yield from (f"aws_iam_role_policy_attachment.{_attached(name, one)}" for one in role.managed)


def _attached(name: str, policy: str) -> str:
    return f"{name}_{_snake(policy.rpartition('/')[2])}"


def _job_definition(request: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: value for key, value in request.items() if key not in ("jobDefinitionName", "containerProperties")}
    return {
        "name": request["jobDefinitionName"],
        **to_snake(fields),
        "container_properties": json_text(request["containerProperties"]),
        "deregister_on_new_revision": False,  # running executions may need the older one
    }


def _task_definition(request: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: value for key, value in request.items() if key not in ("containerDefinitions", "volumes", "tags")}
    volumes = [
        {**to_snake({key: value for key, value in one.items() if key != "host"}), **_host(one)}
        for one in request.get("volumes", ())
    ]
    return {
        **to_snake(fields),
        "container_definitions": json_text(request["containerDefinitions"]),
        **({"volume": volumes} if volumes else {}),
        "skip_destroy": True,  # running executions may need it
        "tags": {one["key"]: one["value"] for one in request.get("tags", ())},
    }


def _host(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {"host_path": volume["host"]["sourcePath"]} if "host" in volume else {}


def _schedule(request: Mapping[str, Any], alias: _Expression) -> dict[str, Any]:
    target = request["Target"]
    return {
        "name": request["Name"],
        "description": request["Description"],
        "state": request["State"],
        "schedule_expression": request["ScheduleExpression"],
        "schedule_expression_timezone": request["ScheduleExpressionTimezone"],
        "flexible_time_window": to_snake(request["FlexibleTimeWindow"]),
        "target": {
            "arn": alias,
            "role_arn": target["RoleArn"],
            "input": target["Input"],
            "retry_policy": to_snake(target["RetryPolicy"]),
        },
    }


def _variable(wanted: Wanted) -> dict[str, Any]:
    return {
        "type": _Expression("list(string)" if wanted.several else "string"),
        "description": wanted.description,
        **({} if wanted.default is None else {"default": wanted.default}),
    }


def _role_variable(name: str) -> dict[str, Any]:
    description = f"The ARN of the IAM role of {ROLE_WORDS[name.replace('_', '-')]}; null: one is created."
    return {"type": _Expression("string"), "description": description, "default": None}


def _made_or_given(name: str) -> str:
    return f"${{var.{name}_role_arn == null ? aws_iam_role.{name}[0].arn : var.{name}_role_arn}}"


def _written(data: Any) -> Any:
    """Data with all text as Terraform's templates."""
    if isinstance(data, _Expression):
        return str(data)
    if isinstance(data, str):
        return _escape(data)
    if isinstance(data, Symbol):
        return _interpolation(data)
    if isinstance(data, Text):
        return "".join(_interpolation(part) if isinstance(part, Symbol) else _literal(part) for part in data.parts)
    if isinstance(data, Mapping):
        return {_escape(key): _written(value) for key, value in data.items()}
    return [_written(one) for one in data] if isinstance(data, list | tuple) else data


def _escape(plain: str) -> str:
    """Text that Terraform takes as it is: `$${` is `${`, `%%{` is `%{`. What more than one `$` before a brace is, nobody says:
    these are written as what an interpolation gives."""
    return re.sub(r"(\$+|%+)(?=\{)", lambda one: one[0] * 2 if len(one[0]) == 1 else f'${{"{one[0]}"}}', plain)


def _literal(part: str) -> str:
    """A part before a symbol: a `$` or `%` at its end would make the symbol's `${` an escaped one."""
    return re.sub(r"(\$+|%+)$", lambda one: f'${{"{one[0]}"}}', _escape(part))


def _interpolation(symbol: Symbol) -> str:
    if symbol.name in _KNOWN:
        return f"${{{_KNOWN[symbol.name]}}}"
    if symbol in _ROLES:
        return f"${{local.{_snake(symbol.name)}_arn}}"
    if symbol == SUBNETS:
        return '${join("\\",\\"", var.subnets)}'
    return f"${{var.{_snake(symbol.name)}}}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
