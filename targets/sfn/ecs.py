"""ECS: a container as a task definition, a task of a step as an ECS task of it.

On Fargate, and wherever subnets are given, a task has a network interface of its own. ECS ends no task that takes too long: the
state does, by its `TimeoutSeconds`.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Final

from ..options import Options
from .containers import Container, common
from .symbols import CLUSTER, SUBNETS

RESOURCE: Final = "arn:aws:states:::ecs:runTask.sync"
CONTAINER: Final = "task"
"""The name of the one container."""


def define(container: Container, tags: dict[str, str], *, fargate: bool, interface: bool) -> dict[str, Any]:
    """The request of `ecs:RegisterTaskDefinition`, without its family."""
    cpu, memory = ceil(container.size.cpu * 1024), container.size.memory
    one: dict[str, Any] = {"name": CONTAINER, **common(container, upper=False), "essential": True}
    if not fargate:
        one |= {"cpu": cpu, "memory": memory}
    if container.gpu:
        one["resourceRequirements"] = [{"type": "GPU", "value": str(container.gpu)}]
    found: dict[str, Any] = {
        "containerDefinitions": [one],
        "requiresCompatibilities": ["FARGATE" if fargate else "EC2"],
        "networkMode": "awsvpc" if fargate or interface else None,
        "cpu": str(cpu) if fargate else None,
        "memory": str(memory) if fargate else None,
        "taskRoleArn": container.job_role,
        "executionRoleArn": container.execution_role,
        "volumes": container.volumes,
        "ephemeralStorage": {"sizeInGiB": container.storage} if container.storage else None,
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"} if fargate else None,
        "tags": [{"key": name, "value": value} for name, value in {**tags, **container.tags}.items()],
    }
    return {key: value for key, value in found.items() if value}


def submit(container: Container, options: Options, *, definition: str, environment: list[dict[str, str]]) -> dict[str, Any]:
    """The fields of a `Task` state that runs one ECS task."""
    fargate = options.compute.endswith("fargate")
    parameters: dict[str, Any] = {
        "Cluster": options.ecs_cluster or str(CLUSTER),
        "LaunchType": "FARGATE" if fargate else "EC2",
        "TaskDefinition": definition,
        "Overrides": {"ContainerOverrides": [{"Name": CONTAINER, "Environment": environment}]},
        "PropagateTags": "TASK_DEFINITION",
    }
    if fargate or options.subnets:
        network: dict[str, Any] = {"Subnets": list(options.subnets) or [str(SUBNETS)]}
        if options.security_groups:
            network["SecurityGroups"] = list(options.security_groups)
        if fargate:  # EC2's interfaces cannot have one
            network["AssignPublicIp"] = "ENABLED"
        parameters["NetworkConfiguration"] = {"AwsvpcConfiguration": network}
    return {"Resource": RESOURCE, "Parameters": parameters, "TimeoutSeconds": container.seconds}
