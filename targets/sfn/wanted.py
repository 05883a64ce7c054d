"""What a template for CloudFormation or Terraform asks of who applies it, in place of what a compile was not given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .deployment import Deployment
from .policies import Role
from .symbols import BUCKET, CLUSTER, PACKAGE, PARTITION, QUEUE, SUBNETS, Symbol, Text, parse, symbols_in, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A value that a template takes.

    Attributes:
        symbol: What it is for.
        description: What to give.
        default: What it is where nothing is given; None: it must be given.
        pattern: What it looks like, as a regular expression.
        several: It is a list.
    """

    symbol: Symbol
    description: str
    default: str | None = None
    pattern: str | None = None
    several: bool = False


_WANTED: Final = (
    Wanted(
        symbol=BUCKET,
        description="The S3 bucket where runs keep their objects.",
        pattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    ),
    Wanted(symbol=QUEUE, description="The name of the AWS Batch queue of steps that name none.", pattern="[A-Za-z0-9_-]{1,128}"),
    Wanted(
        symbol=PACKAGE,
        description="Where tasks find the flow's code: 'image' if their image holds it, else a package's key in the datastore.",
        default="image",
        pattern="[A-Za-z0-9_./-]+",
    ),
    Wanted(symbol=CLUSTER, description="The name of the ECS cluster that runs tasks.", pattern="[A-Za-z0-9_-]{1,255}"),
    Wanted(symbol=SUBNETS, description="The subnets of ECS tasks.", several=True),
)
ROLE_WORDS: Final = {
    "state-machine": "the state machine",
    "job": "what runs the tasks",
    "execution": "what starts the tasks' containers",
    "events": "schedules and events",
}
"""Whose the roles are."""
_IN_DEFINITION: Final = (BUCKET, QUEUE, PACKAGE, CLUSTER, SUBNETS)


def wanted_of(deployment: Deployment) -> tuple[Wanted, ...]:
    """The values that a deployment lacks, roles apart, which a template can make."""
    lacking = symbols_in([definition_text(deployment.text), *deployment.jobs])
    lacking |= symbols_in([role.policy for _, role in roles_of(deployment) if not role.given])
    return tuple(one for one in _WANTED if one.symbol.name in lacking)


def definition_text(written: str) -> Text:
    """A state machine's definition, however it is written, with symbols for what was not given, and for the partition: that of
    China has `arn:aws-cn:states:::…` for what Step Functions itself does."""
    own, service = text("arn:", PARTITION, ":states:::"), "arn:aws:states:::"
    parts: list[str | Symbol | Text] = []
    for part in parse(written, _IN_DEFINITION).parts:
        first, *others = part.split(service) if isinstance(part, str) else [part]
        parts += [first, *(piece for one in others for piece in (own, one))]
    return text(*parts)


def roles_of(deployment: Deployment) -> Iterator[tuple[str, Role]]:
    """The roles that a deployment needs, by what they are called: `state-machine`, `job`, `execution`, `events`."""
    yield "state-machine", deployment.machine_role
    yield "job", deployment.job_role
    if deployment.execution_role is not None:
        yield "execution", deployment.execution_role
    if deployment.events_role is not None:
        yield "events", deployment.events_role


def with_job_role(deployment: Deployment) -> tuple[dict[str, Any], ...]:
    """The requests for jobs, where those that name no role have that of the deployment."""
    return tuple(_with_role(one, deployment) for one in deployment.jobs)


def _with_role(request: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    if deployment.ecs:
        return {**request, "taskRoleArn": request.get("taskRoleArn", deployment.job_role.arn)}
    properties = request["containerProperties"]
    role = properties.get("jobRoleArn", deployment.job_role.arn)
    return {**request, "containerProperties": {**properties, "jobRoleArn": role}}
