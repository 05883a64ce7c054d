"""AWS Batch: a container as a job definition, a task of a step as a job of it, which a state machine submits or a local run.

On EC2 a job gets whole virtual CPUs; on Fargate it has an address of its own, for without one it could fetch its image only
through a NAT gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..settings import number_text
from .containers import Container, common

RESOURCE: Final = "arn:aws:states:::batch:submitJob.sync"


def define(container: Container, tags: dict[str, str], *, fargate: bool) -> dict[str, Any]:
    """The request of `batch:RegisterJobDefinition`, without its name."""
    amounts = [("VCPU", number_text(container.size.cpu)), ("MEMORY", str(container.size.memory))]
    if container.gpu:
        amounts.append(("GPU", str(container.gpu)))
    properties = common(container, upper=True)
    more: dict[str, Any] = {
        "jobRoleArn": container.job_role,
        "executionRoleArn": container.execution_role,
        "volumes": container.volumes,
        "ephemeralStorage": {"sizeInGiB": container.storage} if container.storage else None,
    }
    if fargate:
        more["networkConfiguration"] = {"assignPublicIp": "ENABLED"}
        more["runtimePlatform"] = {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}
    return {
        "type": "container",
        **({"platformCapabilities": ["FARGATE"]} if fargate else {}),
        "containerProperties": {
            "image": properties.pop("image"),
            "command": properties.pop("command"),
            "resourceRequirements": [{"type": kind, "value": value} for kind, value in amounts],
            **properties,
            **{key: value for key, value in more.items() if value},
        },
        "retryStrategy": {"attempts": 1},  # the state machine's own `Retry` counts attempts and waits between them
        "timeout": {"attemptDurationSeconds": container.seconds},
        "propagateTags": True,
        "tags": tags,
    }


def submit(
    container: Container, *, definition: str, queue: str, job_name: str, environment: list[dict[str, str]]
) -> dict[str, Any]:
    """The fields of a `Task` state that runs one job."""
    parameters: dict[str, Any] = {
        "JobName": job_name,
        "JobQueue": queue,
        "JobDefinition": definition,
        "ContainerOverrides": {"Environment": environment},
    }
    if container.tags:  # the definition's go to its ECS task only, not to the job
        parameters["Tags"] = container.tags
    return {"Resource": RESOURCE, "Parameters": parameters}


def request(
    container: Container,
    *,
    definition: str,
    queue: str,
    job_name: str,
    environment: Mapping[str, str],
    tags: Mapping[str, str],
    size: int,
) -> dict[str, Any]:
    """The request of `batch:SubmitJob` for one job, or for an array of them.

    Args:
        environment: What the job is told beside its definition; of an array, all of them alike.
        tags: What says whose it is; the step's own are added.
        size: How many jobs.
    """
    found: dict[str, Any] = {
        "jobName": job_name,
        "jobQueue": queue,
        "jobDefinition": definition,
        "containerOverrides": {"environment": [{"name": name, "value": value} for name, value in environment.items()]},
        "tags": {**container.tags, **tags},
        "propagateTags": True,
    }
    if size > 1:
        found["arrayProperties"] = {"size": size}
    return found
