"""`@step` and the decorators of steps and flows.

The compiler reads them in the source. At run time they change nothing: each returns what it decorates, so that they stack in any
order, and each may be written bare or with arguments. Here they have the signatures that editors and type checkers show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from types import MappingProxyType
from typing import Any, Generic, Literal, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Unchanged(Protocol):
    """What a decorator with arguments gives: it returns what it gets."""

    def __call__(self, target: T, /) -> T:
        """The target itself."""
        ...


class Decorator(Generic[P]):
    """A decorator, written bare or with the arguments of the function that declares it."""

    def __init__(self, declared: Callable[P, None]) -> None:
        update_wrapper(self, declared)

    @overload
    def __call__(self, target: F, /) -> F: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Unchanged: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Bare, the target itself; with arguments, a function that returns it."""
        if len(args) == 1 and not kwargs and callable(args[0]):
            return args[0]
        return lambda target: target


@Decorator
def step(*, start: bool = False, end: bool = False, node_info: Mapping[str, Any] | None = None) -> None:
    """A method that is a step of the flow. The flow starts at the step `start`, or where it says `@step(start=True)`; and ends
    likewise. `node_info` is for Metaflow's sake; nothing reads it."""


@Decorator
def resources(
    *,
    cpu: float | str | None = 1,
    gpu: int | str | None = None,
    disk: float | str | None = None,
    memory: float | str | None = 4096,
    shared_memory: int | str | None = None,
) -> None:
    """What the step's container needs: processors, memory in MB, GPUs, disk in MB, shared memory in MiB."""


@Decorator
def batch(
    *,
    cpu: float | str | None = None,
    gpu: int | str | None = None,
    memory: float | str | None = None,
    image: str | None = None,
    queue: str | None = None,
    iam_role: str | None = None,
    execution_role: str | None = None,
    shared_memory: int | str | None = None,
    max_swap: int | str | None = None,
    swappiness: int | str | None = None,
    inferentia: int | str | None = None,
    trainium: int | str | None = None,
    efa: int | str | None = None,
    host_volumes: str | Sequence[str] | None = None,
    efs_volumes: str | Sequence[str] | None = None,
    use_tmpfs: bool | None = False,
    aws_batch_tags: Mapping[str, str] | None = None,
    tmpfs_tempdir: bool | None = True,
    tmpfs_size: int | str | None = None,
    tmpfs_path: str | None = None,
    ephemeral_storage: int | str | None = None,
    log_driver: str | None = None,
    log_options: str | Sequence[str] | None = None,
    executable: str | None = None,
    privileged: bool | None = False,
) -> None:
    """How AWS Batch runs the step; memory in MB, shared memory, swap and tmpfs in MiB, ephemeral storage in GiB."""


@Decorator
def kubernetes(
    *,
    cpu: float | str = 1,
    memory: float | str = 4096,
    disk: float | str = 10240,
    image: str | None = None,
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None,
    image_pull_secrets: Sequence[str] | None = None,
    service_account: str | None = None,
    secrets: str | Sequence[str] | None = None,
    node_selector: Mapping[str, str] | str | None = None,
    namespace: str | None = None,
    gpu: int | str | None = None,
    gpu_vendor: str | None = None,
    tolerations: Sequence[Mapping[str, Any]] | None = None,
    labels: Mapping[str, str | None] | None = None,
    annotations: Mapping[str, str | None] | None = None,
    use_tmpfs: bool | None = None,
    tmpfs_tempdir: bool | None = True,
    tmpfs_size: int | str | None = None,
    tmpfs_path: str | None = None,
    persistent_volume_claims: Mapping[str, str] | None = None,
    shared_memory: int | str | None = None,
    port: int | str | None = None,
    compute_pool: str | None = None,
    executable: str | None = None,
    hostname_resolution_timeout: float | None = 600,
    qos: str | None = None,
    extended_resources: Mapping[str, str | float] | None = None,
    security_context: Mapping[str, bool | int | None] | None = None,
) -> None:
    """How Kubernetes runs the step; memory and disk in MB, shared memory and tmpfs in MiB."""


@Decorator
def retry(
    *,
    times: int | str = 3,
    minutes_between_retries: float | str = 2,
    backoff: float | str = 1,
    max_minutes_between_retries: float | str | None = None,
    jitter: bool | None = False,
) -> None:
    """Run the step again when it fails, up to `times` times. Each wait is `backoff` times as long as the one before, up to
    `max_minutes_between_retries`; with `jitter` it is any time up to that."""


@Decorator
def timeout(*, seconds: float | str = 0, minutes: float | str = 0, hours: float | str = 0) -> None:
    """How long an attempt of the step may take, the three added; one that takes longer fails."""


@Decorator
def catch(*, var: str | None = None, print_exception: bool | None = True) -> None:
    """Go on when the step has failed for good, with the failure in the artifact `var`, which is None after a success."""


@Decorator
def environment(*, vars: Mapping[str, str | float | bool] = _EMPTY) -> None:
    """Environment variables of the step's process."""


@Decorator
def secrets(
    *, sources: Sequence[str | Mapping[str, Any]] = (), role: str | None = None, allow_override: bool | None = False
) -> None:
    """Secrets that become environment variables of the step's process."""


@Decorator
def pypi(*, packages: Mapping[str, str] = _EMPTY, python: str | None = None, disabled: bool | None = None) -> None:
    """Packages from PyPI that the step needs, by name and version."""


@Decorator
def pypi_base(*, packages: Mapping[str, str] = _EMPTY, python: str | None = None, disabled: bool | None = None) -> None:
    """Packages from PyPI that all steps of the flow need."""


@Decorator
def conda(
    *,
    packages: Mapping[str, str] = _EMPTY,
    libraries: Mapping[str, str] = _EMPTY,
    python: str | None = None,
    disabled: bool | None = None,
) -> None:
    """Packages from conda that the step needs, by name and version."""


@Decorator
def conda_base(
    *,
    packages: Mapping[str, str] = _EMPTY,
    libraries: Mapping[str, str] = _EMPTY,
    python: str | None = None,
    disabled: bool | None = None,
) -> None:
    """Packages from conda that all steps of the flow need."""


@Decorator
def card(
    *,
    type: str | None = "default",
    options: Mapping[str, Any] | None = None,
    scope: str | None = "task",
    rank: Literal["high", "medium", "low"] | None = None,
    timeout: float | None = 45,
    id: str | None = None,
    save_errors: bool | None = True,
    customize: bool | None = False,
    refresh_interval: float | None = 5,
) -> None:
    """A report of the step."""


@Decorator
def schedule(
    *,
    cron: str | None = None,
    weekly: bool | None = False,
    daily: bool | None = True,
    hourly: bool | None = False,
    timezone: str | None = None,
) -> None:
    """When the deployed flow starts by itself: one of the four; daily where nothing is said."""


@Decorator
def project(*, name: str, branch: str | None = None, production: bool | None = False) -> None:
    """The project that the flow belongs to."""


@Decorator
def trigger(
    *,
    event: str | Mapping[str, Any] | None = None,
    events: Sequence[str | Mapping[str, Any]] | None = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Start the deployed flow when events come."""


@Decorator
def trigger_on_finish(
    *,
    flow: str | Mapping[str, str] | None = None,
    flows: Sequence[str | Mapping[str, str]] | None = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Start the deployed flow when others have finished."""


@Decorator
def exit_hook(
    *,
    on_success: Sequence[str | Callable[..., Any]] = (),
    on_error: Sequence[str | Callable[..., Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Functions that run when a deployed run has ended."""
