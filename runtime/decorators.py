"""`@step` and the decorators of steps and flows.

The compiler reads them in the source. At run time they change nothing: each returns what it decorates, so that they stack in any
order, and each may be written bare or with arguments. Here they have the signatures that editors and type checkers show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


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
def step() -> None:
    """A method that is a step of the flow."""


@Decorator
def resources(
    *, cpu: float = 1, memory: int = 4096, gpu: int = 0, disk: int | None = None, shared_memory: int | None = None
) -> None:
    """What the step's container needs: processors, memory in MiB, GPUs, disk in MiB, shared memory in MiB."""


@Decorator
def batch(
    *,
    cpu: float = 1,
    memory: int = 4096,
    gpu: int = 0,
    image: str | None = None,
    queue: str | None = None,
    iam_role: str | None = None,
    execution_role: str | None = None,
    shared_memory: int | None = None,
    **more: Any,
) -> None:
    """How AWS Batch runs the step; memory in MiB."""


@Decorator
def kubernetes(
    *,
    cpu: float = 1,
    memory: int = 4096,
    disk: int = 10240,
    gpu: int | None = None,
    image: str | None = None,
    namespace: str | None = None,
    service_account: str | None = None,
    secrets: Sequence[str] = (),
    node_selector: Mapping[str, str] | None = None,
    tolerations: Sequence[Mapping[str, Any]] = (),
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    shared_memory: int | None = None,
    **more: Any,
) -> None:
    """How Kubernetes runs the step; memory, disk and shared memory in MiB."""


@Decorator
def retry(*, times: int = 3, minutes_between_retries: float = 2) -> None:
    """Run the step again when it fails, up to `times` times."""


@Decorator
def timeout(*, seconds: int = 0, minutes: int = 0, hours: int = 0) -> None:
    """How long an attempt of the step may take, the three added; one that takes longer fails."""


@Decorator
def catch(*, var: str | None = None, print_exception: bool = True) -> None:
    """Go on when the step has failed for good, with the failure in the artifact `var`, which is None after a success."""


@Decorator
def environment(*, vars: Mapping[str, str] | None = None) -> None:
    """Environment variables of the step's process."""


@Decorator
def secrets(*, sources: Sequence[str | Mapping[str, Any]] = (), **more: Any) -> None:
    """Secrets that become environment variables of the step's process."""


@Decorator
def pypi(*, packages: Mapping[str, str] | None = None, python: str | None = None, disabled: bool = False) -> None:
    """Packages from PyPI that the step needs, by name and version."""


@Decorator
def pypi_base(*, packages: Mapping[str, str] | None = None, python: str | None = None, disabled: bool = False) -> None:
    """Packages from PyPI that all steps of the flow need."""


@Decorator
def conda(
    *,
    packages: Mapping[str, str] | None = None,
    libraries: Mapping[str, str] | None = None,
    python: str | None = None,
    disabled: bool = False,
) -> None:
    """Packages from conda that the step needs, by name and version."""


@Decorator
def conda_base(
    *,
    packages: Mapping[str, str] | None = None,
    libraries: Mapping[str, str] | None = None,
    python: str | None = None,
    disabled: bool = False,
) -> None:
    """Packages from conda that all steps of the flow need."""


@Decorator
def card(
    *, type: str = "default", id: str | None = None, options: Mapping[str, Any] | None = None, timeout: int = 45, **more: Any
) -> None:
    """A report of the step."""


@Decorator
def schedule(
    *, cron: str | None = None, weekly: bool = False, daily: bool = True, hourly: bool = False, timezone: str | None = None
) -> None:
    """When the deployed flow starts by itself."""


@Decorator
def project(*, name: str = "", branch: str | None = None, production: bool = False) -> None:
    """The project that the flow belongs to."""


@Decorator
def trigger(
    *,
    event: str | Mapping[str, Any] | None = None,
    events: Sequence[str | Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Start the deployed flow when events come."""


@Decorator
def trigger_on_finish(
    *,
    flow: str | Mapping[str, str] | None = None,
    flows: Sequence[str | Mapping[str, str]] = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Start the deployed flow when others have finished."""


@Decorator
def exit_hook(
    *,
    on_success: Sequence[Callable[..., Any]] = (),
    on_error: Sequence[Callable[..., Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Functions that run when a deployed run has ended."""
