"""The container of a step's tasks: what `@batch`, `@resources` and `@environment` say, as AWS Batch and ECS both take it.

Both run containers by ECS's agent, so that volumes, mounts, Linux parameters and logs are written alike. What differs (amounts,
roles, how devices' permissions are spelt) is in `batch` and `ecs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from ...compiler.ir.nodes import Constant, Flow, Step, Table
from ...runtime import contract
from ...templates import bootstrap_command
from ..options import Options
from ..project import project_of
from ..settings import DEFAULT_TIMEOUT_SECONDS, Settings, arguments_of
from .fargate import Size
from .symbols import EXECUTION_ROLE, JOB_ROLE, REGION

ARGUMENTS: Final = frozenset(
    {"cpu", "gpu", "memory", "image", "queue", "iam_role", "execution_role", "shared_memory", "max_swap", "swappiness"}
    | {"inferentia", "trainium", "efa", "host_volumes", "efs_volumes", "use_tmpfs", "aws_batch_tags", "tmpfs_tempdir"}
    | {"tmpfs_size", "tmpfs_path", "ephemeral_storage", "log_driver", "log_options", "executable", "privileged"}
)
"""The arguments of `@batch` that have an effect: all."""

TMPFS_PATH: Final = "/metaflow_temp"
"""Where a tmpfs is mounted if the step does not say: where Metaflow mounts it."""

GRACE_SECONDS: Final = 60
"""What an attempt has to record that it timed out, before the platform ends it."""
SHORTEST_TIMEOUT: Final = 60
"""Batch, `attemptDurationSeconds`."""
LONGEST_TIMEOUT: Final = 99_999_999
"""Step Functions, `TimeoutSeconds`, more than three years; Batch's number has 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """How a step's tasks run on AWS.

    Attributes:
        image: The image.
        command: Its words.
        environment: Variables, by name.
        size: Virtual CPUs and megabytes.
        gpu: GPUs, 0 for none.
        storage: GiB of Fargate's disk, or None for its default.
        job_role: The role of the code.
        execution_role: The role that starts the container.
        linux: `linuxParameters` without devices, which both services spell alike.
        devices: Paths on the host, each with what may be done with it.
        volumes: `volumes`.
        mounts: `mountPoints`.
        log: `logConfiguration`, or None for the service's own.
        privileged: It runs as root of its host.
        tags: Tags of its tasks.
        seconds: When the service ends it, if it has not ended itself.
    """

    image: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    size: Size
    gpu: int
    storage: int | None
    job_role: str | None
    execution_role: str | None
    linux: dict[str, Any]
    devices: tuple[tuple[str, tuple[str, ...]], ...]
    volumes: list[dict[str, Any]]
    mounts: list[dict[str, str]]
    log: dict[str, Any] | None
    privileged: bool
    tags: dict[str, str]
    seconds: int


def container_of(
    step: Step, settings: Settings, size: Size, options: Options, variables: tuple[tuple[str, str], ...]
) -> Container:
    """The container of a step's tasks, of what `check` let through; `variables` are those of the whole deployment."""
    own = arguments_of(step, "batch")
    fargate = options.compute.endswith("fargate")
    tmpfs = _tmpfs(own, size)
    volumes, mounts = _volumes(own)
    program, *rest = bootstrap_command(options.datastore_url)
    return Container(
        image=settings.image,
        command=(str(own.get("executable") or program), *rest),
        environment=_environment(settings, own, tmpfs, variables),
        size=size,
        gpu=settings.gpu,
        storage=storage_of(settings, own) if fargate else None,
        job_role=_text(own.get("iam_role")) or options.job_role or (str(JOB_ROLE) if fargate else None),
        execution_role=_text(own.get("execution_role")) or options.execution_role or (str(EXECUTION_ROLE) if fargate else None),
        linux=_linux(settings, own, tmpfs),
        devices=_devices(own),
        volumes=volumes,
        mounts=mounts,
        log=_log(own, options),
        privileged=bool(own.get("privileged")),
        tags=_tags(own),
        seconds=_seconds(step, settings),
    )


def common(container: Container, *, upper: bool) -> dict[str, Any]:
    """What is written alike for both services.

    Args:
        container: The container.
        upper: Permissions of devices are in capital letters, as Batch has them; ECS has small ones.
    """
    linux = dict(container.linux)
    if container.devices:
        linux["devices"] = [
            {"hostPath": path, "containerPath": path, "permissions": [one.upper() if upper else one for one in permissions]}
            for path, permissions in container.devices
        ]
    found: dict[str, Any] = {
        "image": container.image,
        "command": list(container.command),
        "environment": [{"name": name, "value": value} for name, value in container.environment],
        "mountPoints": container.mounts,
        "linuxParameters": linux,
        "logConfiguration": container.log,
        "privileged": container.privileged,
    }
    return {key: value for key, value in found.items() if value}


def amount(value: Constant) -> int:
    """A whole number that an argument says; 0 where it says nothing."""
    return int(float(value)) if isinstance(value, int | float | str) else 0


def storage_of(settings: Settings, own: dict[str, Constant]) -> int | None:
    """GiB of Fargate's disk: the larger of `ephemeral_storage` and `disk`, or None where its 20 GiB are enough."""
    wanted = max(amount(own.get("ephemeral_storage")), ceil((settings.disk or 0) / 1024))
    return wanted if wanted > 20 else None


def has_tmpfs(own: dict[str, Constant]) -> bool:
    """Whether a tmpfs is mounted: it is asked for, or given a size."""
    return bool(own.get("use_tmpfs") or own.get("tmpfs_size"))


def deployment_variables(flow: Flow, options: Options) -> tuple[tuple[str, str], ...]:
    """What is the same for all tasks of a deployment."""
    project = project_of(flow, options)
    return (
        (contract.DATASTORE, options.datastore_url),
        (contract.TARGET, "sfn"),
        *(project.environment if project else ()),
    )


def _environment(
    settings: Settings, own: dict[str, Constant], tmpfs: dict[str, Any] | None, deployment: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    variables = dict(settings.environment)
    if tmpfs is not None and own.get("tmpfs_tempdir") is not False:
        variables.setdefault("TMPDIR", tmpfs["containerPath"])
    return *sorted(variables.items()), *deployment


def _tmpfs(own: dict[str, Constant], size: Size) -> dict[str, Any] | None:
    if not has_tmpfs(own):
        return None
    return {
        "containerPath": str(own.get("tmpfs_path") or TMPFS_PATH),
        "size": amount(own.get("tmpfs_size")) or max(size.memory // 2, 1),
        "mountOptions": ["defaults"],
    }


def _linux(settings: Settings, own: dict[str, Constant], tmpfs: dict[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if settings.shared_memory:
        found["sharedMemorySize"] = int(settings.shared_memory)
    if own.get("max_swap") is not None:
        found["maxSwap"] = amount(own["max_swap"])
        if own.get("swappiness") is not None:
            found["swappiness"] = amount(own["swappiness"])
    if tmpfs is not None:
        found["tmpfs"] = [tmpfs]
    return found


def _devices(own: dict[str, Constant]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    chips = amount(own.get("inferentia")) or amount(own.get("trainium"))
    return (
        *((f"/dev/neuron{index}", ("read", "write")) for index in range(chips)),
        *((f"/dev/infiniband/uverbs{index}", ("read", "write", "mknod")) for index in range(amount(own.get("efa")))),
    )


def _volumes(own: dict[str, Constant]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    volumes: list[dict[str, Any]] = []
    mounts: list[dict[str, str]] = []
    for given in _texts(own.get("host_volumes")):
        path, _, inside = given.partition(":")
        volumes.append({"name": f"host-{len(volumes)}", "host": {"sourcePath": path}})
        mounts.append({"sourceVolume": volumes[-1]["name"], "containerPath": inside or path})
    for given in _texts(own.get("efs_volumes")):
        system, _, inside = given.partition(":")
        configuration = {"fileSystemId": system, "transitEncryption": "ENABLED"}
        volumes.append({"name": f"efs-{len(volumes)}", "efsVolumeConfiguration": configuration})
        mounts.append({"sourceVolume": volumes[-1]["name"], "containerPath": inside or f"/mnt/{system}"})
    return volumes, mounts


def _log(own: dict[str, Constant], options: Options) -> dict[str, Any] | None:
    given = dict(one.split(":", 1) for one in _texts(own.get("log_options")))
    driver = own.get("log_driver") or ("awslogs" if given else None)
    if driver is None:
        return None
    if driver == "awslogs" and options.compute.startswith("ecs"):  # which wants both, where Batch has defaults
        given = {"awslogs-region": str(REGION), "awslogs-stream-prefix": "flowc", **given}
    return {"logDriver": driver, **({"options": given} if given else {})}


def _tags(own: dict[str, Constant]) -> dict[str, str]:
    table = own.get("aws_batch_tags")
    return {str(name): str(value) for name, value in table.items} if isinstance(table, Table) else {}


def _seconds(step: Step, settings: Settings) -> int:
    """The container's supervisor ends an attempt itself, and records it; this is for where that fails."""
    if any(one.name == "timeout" for one in step.decorators):
        return min(max(SHORTEST_TIMEOUT, settings.timeout + GRACE_SECONDS), LONGEST_TIMEOUT)
    return DEFAULT_TIMEOUT_SECONDS


def _text(value: Constant) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Constant) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, tuple) else ()
