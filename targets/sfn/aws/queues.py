"""Queues of AWS Batch as they are: whether they take jobs, and what runs these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .session import Session

_FARGATE: Final = ("FARGATE", "FARGATE_SPOT")
_AT_ONCE: Final = 100
"""How many things AWS describes in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A compute environment.

    Attributes:
        name: Its name.
        kind: `EC2`, `SPOT`, `FARGATE`, `FARGATE_SPOT` …; None: AWS Batch does not manage it.
        state: `ENABLED`, or `DISABLED`.
        status: `VALID`, `INVALID` …
        reason: What AWS says about that.
        cpus: Virtual CPUs that it may have, or None where that is not limited here.
    """

    name: str
    kind: str | None
    state: str
    status: str
    reason: str
    cpus: int | None

    @property
    def broken(self) -> str | None:
        """Why it runs no jobs, as a part of a sentence; None: it does."""
        if self.state != "ENABLED":
            return f"{self.name} is disabled"
        if self.status == "INVALID":
            return f"{self.name} is INVALID ({self.reason or 'AWS does not say why'})"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue.

    Attributes:
        name: Its name.
        arn: Its ARN.
        state: `ENABLED`, or `DISABLED`.
        status: `VALID`, `INVALID` …
        reason: What AWS says about that.
        type: `ECS`, `ECS_FARGATE`, `EKS`; "" where that is not told.
        environments: Its compute environments, in the order in which they are tried.
    """

    name: str
    arn: str
    state: str
    status: str
    reason: str
    type: str
    environments: tuple[Environment, ...]

    @property
    def fargate(self) -> bool | None:
        """Whether Fargate runs its jobs; None where that is not known."""
        kinds = {one.kind for one in self.environments if one.kind is not None}
        if not kinds:  # not managed by Batch, or none is left of them
            return True if self.type == "ECS_FARGATE" else None
        return bool(kinds & set(_FARGATE))


def read_queues(session: Session, names: Iterable[str]) -> dict[str, Queue]:
    """Queues by the names or ARNs by which they are asked for; those that are not there are left out.

    Raises:
        AwsError: They may not be looked at.
    """
    wanted = list(dict.fromkeys(names))
    described = list(_described(session, "describe_job_queues", "jobQueues", wanted))
    places = [each["computeEnvironment"] for queue in described for each in queue.get("computeEnvironmentOrder", ())]
    environments = {
        one["computeEnvironmentArn"]: _environment(one)
        for one in _described(session, "describe_compute_environments", "computeEnvironments", places)
    }
    found: dict[str, Queue] = {}
    for one in described:
        order = [environments.get(each["computeEnvironment"]) for each in one.get("computeEnvironmentOrder", ())]
        queue = Queue(
            name=one["jobQueueName"],
            arn=one["jobQueueArn"],
            state=one["state"],
            status=one.get("status", "VALID"),
            reason=one.get("statusReason") or "",
            type=one.get("jobQueueType") or "",
            environments=tuple(each for each in order if each),
        )
        found[queue.name] = found[queue.arn] = queue
    return {name: found[name] for name in wanted if name in found}


def unusable(session: Session, name: str, queue: Queue | None) -> Iterator[str]:
    """Why a queue takes no jobs.

    Args:
        name: What it was asked for by.
        queue: The queue, or None: it is not there.
    """
    if queue is None:
        region, arn = session.region, name.split(":")
        if len(arn) > 5 and arn[3] != region:
            yield f"the AWS Batch queue {name} is in {arn[3]}, and {region} is asked: set AWS_REGION, or name another queue"
        else:
            yield f"there is no AWS Batch queue {name} in {region}: create it, or name another one"
        return
    if queue.state != "ENABLED":
        yield f"the AWS Batch queue {name} is disabled: enable it, or name another one"
    if queue.status not in ("VALID", "UPDATING", "CREATING"):
        yield f"the AWS Batch queue {name} is {queue.status} ({queue.reason or 'AWS does not say why'})"


def _environment(found: Mapping[str, Any]) -> Environment:
    resources = found.get("computeResources") or {}
    return Environment(
        name=found["computeEnvironmentName"],
        kind=resources.get("type"),
        state=found.get("state", "ENABLED"),
        status=found.get("status", "VALID"),
        reason=found.get("statusReason") or "",
        cpus=resources.get("maxvCpus", found.get("unmanagedvCpus")),
    )


def _described(session: Session, operation: str, items: str, names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """What AWS says of some things by name, some at a time; of those that are not there it says nothing."""
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), _AT_ONCE):
        yield from session.pages("batch", operation, items, **{items: wanted[start : start + _AT_ONCE]})
