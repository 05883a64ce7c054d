"""What the decorators of a step say to every platform: resources, retries, timeouts, environment.

`@resources` counts on all platforms, a platform's own decorator on that platform; where both name a quantity, the larger counts.
What only another platform's decorator says is left out with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from ..compiler.diagnostics.model import Report
from ..compiler.diagnostics.rules import targets as rules
from ..compiler.ir.nodes import Constant, Decorator, Flow, Step, Table
from ..compiler.source import Span
from .options import Options

DEFAULT_CPU: Final = 1.0
DEFAULT_MEMORY_MB: Final = 4000.0
DEFAULT_TIMEOUT_SECONDS: Final = 5 * 24 * 3600
"""What a task may take without `@timeout`: five days."""

_PLATFORMS: Final = {"batch": "Step Functions", "kubernetes": "Argo"}
"""By the decorator that says what a step wants there: the platforms as people call them."""

_QUANTITIES: Final = ("cpu", "memory", "gpu", "disk", "shared_memory")
_EVERYWHERE: Final = frozenset({"retry", "timeout", "catch", "environment", "resources", "secrets"})
_EMITTED: Final = {
    "batch": _EVERYWHERE | {"foreach", "schedule", "project", "trigger", "trigger_on_finish", "exit_hook"},
    "kubernetes": _EVERYWHERE | {"foreach", "project", "exit_hook"},
}
"""The decorators that a platform's target does something with; `@secrets` is read by the task itself."""
_LEFT_OUT: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "batch": {},
    "kubernetes": {"retry": ("jitter",)},
}
"""And what they say that it leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one step's tasks run, whoever runs them.

    Attributes:
        image: The container image.
        cpu: Virtual CPUs.
        memory: Megabytes.
        gpu: GPUs, 0 for none.
        disk: Megabytes of scratch space, or None for the platform's default.
        shared_memory: Megabytes of /dev/shm, or None for the platform's default.
        queue: The queue that the platform's decorator names.
        attempts: How often a task may start, the attempt that records a caught failure included.
        retry_seconds: The wait before the second attempt.
        retry_backoff: What each further wait is longer by, a factor.
        retry_limit_seconds: The longest wait, or None.
        retry_jitter: Each wait is drawn between nothing and its length.
        timeout: Seconds that one attempt may take.
        environment: Variables of the task, sorted by name.
    """

    image: str
    cpu: float
    memory: float
    gpu: int
    disk: float | None
    shared_memory: float | None
    queue: str | None
    attempts: int
    retry_seconds: int
    retry_backoff: float
    retry_limit_seconds: int | None
    retry_jitter: bool
    timeout: int
    environment: tuple[tuple[str, str], ...]


def read_settings(step: Step, platform: str, emitted: frozenset[str], options: Options, report: Report) -> Settings:
    """The settings of a step on one platform.

    Args:
        step: The step.
        platform: The decorator of this platform, `batch` or `kubernetes`.
        emitted: The arguments of that decorator that the target emits; others are warned about.
        options: What the step does not say.
        report: Takes what has no effect.
    """
    by_name = {one.name: one for one in step.decorators}
    _warn(step, platform, emitted, report)
    own = arguments_of(step, platform)
    quantities = {name: _largest(name, arguments_of(step, "resources"), own) for name in _QUANTITIES}
    retry = arguments_of(step, "retry")
    retries = int(_number(retry.get("times"), 3.0)) if "retry" in by_name else 0
    limit = retry.get("max_minutes_between_retries")
    queue = own.get("queue")
    return Settings(
        image=str(own.get("image") or options.image),
        cpu=quantities["cpu"] or DEFAULT_CPU,
        memory=quantities["memory"] or DEFAULT_MEMORY_MB,
        gpu=int(quantities["gpu"] or 0),
        disk=quantities["disk"],
        shared_memory=quantities["shared_memory"],
        queue=queue if isinstance(queue, str) else None,
        attempts=1 + retries + ("catch" in by_name),
        retry_seconds=round(60 * _number(retry.get("minutes_between_retries"), 2.0)) if retries else 0,
        retry_backoff=_number(retry.get("backoff"), 1.0),
        retry_limit_seconds=None if limit is None else round(60 * _number(limit, 0.0)),
        retry_jitter=bool(retry.get("jitter")),
        timeout=_timeout(arguments_of(step, "timeout")),
        environment=_environment(arguments_of(step, "environment").get("vars")),
    )


def warn_of_flow(flow: Flow, platform: str, report: Report) -> None:
    """Say which decorators of the flow itself have no effect on the platform of this decorator of steps."""
    for decorator in flow.decorators:
        if decorator.name not in _EMITTED[platform]:
            report.add(rules.NOT_EMITTED, f"`@{decorator.name}` has no effect on this target yet", decorator.span)


def hooks_of(flow: Flow) -> tuple[bool, bool]:
    """Whether a flow has exit hooks for success, and for failure."""
    given = [dict(one.arguments) for one in flow.decorators if one.name == "exit_hook"]
    return any(one.get("on_success") for one in given), any(one.get("on_error") for one in given)


def _warn(step: Step, platform: str, emitted: frozenset[str], report: Report) -> None:
    """Say which decorators, and which arguments of the platform's own, have no effect yet."""
    for decorator in step.decorators:
        for name, value in decorator.arguments:
            unknown = decorator.name == platform and name not in emitted
            if value is not None and (unknown or name in _LEFT_OUT[platform].get(decorator.name, ())):
                report.add(
                    rules.NOT_EMITTED,
                    f"`{name}` of `@{decorator.name}` has no effect on this target yet",
                    place_of(decorator, name),
                    help="the document is made without it",
                )
        if decorator.name == platform:
            continue
        if decorator.name in _PLATFORMS:
            _warn_of_other(step, decorator, platform, report)
        elif decorator.name not in _EMITTED[platform]:
            report.add(
                rules.NOT_EMITTED,
                f"`@{decorator.name}` has no effect on this target yet",
                decorator.span,
                help="the document is made without it",
            )


def _warn_of_other(step: Step, other: Decorator, platform: str, report: Report) -> None:
    """Say what only the other platform's decorator asks for. A step that also has this platform's own was written for both."""
    by_name = {one.name: one for one in step.decorators}
    everywhere = arguments_of(step, "resources")
    lost = [name for name, value in other.arguments if value is not None and everywhere.get(name) is None]
    if platform in by_name or not lost:
        return
    places = [f"`@{platform}` on the step says it to {_PLATFORMS[platform]}"]
    if any(name in _QUANTITIES for name in lost):
        places.insert(0, "`@resources` counts on every platform")
    *names, last = (f"`{name}`" for name in lost)
    report.add(
        rules.NOT_EMITTED,
        f"`@{other.name}` says nothing to {_PLATFORMS[platform]}: its "
        + (f"{', '.join(names)} and {last} are left out" if names else f"{last} is left out"),
        other.span,
        help="; ".join(places),
    )


def arguments_of(step: Step, name: str) -> dict[str, Constant]:
    """The arguments of a step's decorator; none, where it has no such decorator."""
    return next((dict(one.arguments) for one in step.decorators if one.name == name), {})


def place_of(decorator: Decorator, argument: str) -> Span:
    """Where an argument stands; where it comes from `**table`, the decorator."""
    return dict(decorator.places).get(argument, decorator.span)


def _number(value: Constant, otherwise: float) -> float:
    """A number, or a string that says one; the front end let nothing else through."""
    return otherwise if value is None else float(value)  # type: ignore[arg-type]


def _largest(name: str, *tables: dict[str, Constant]) -> float | None:
    given = [_number(table[name], 0.0) for table in tables if table.get(name) is not None]
    return max(given, default=None)


def _timeout(given: dict[str, Constant]) -> int:
    seconds = sum(_number(given.get(unit), 0.0) * length for unit, length in (("seconds", 1), ("minutes", 60), ("hours", 3600)))
    return ceil(seconds) or DEFAULT_TIMEOUT_SECONDS


def _environment(variables: Constant) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(name), str(value)) for name, value in (variables.items if isinstance(variables, Table) else ())))


def number_text(value: float) -> str:
    """A quantity as platforms write it: `1`, `0.5`."""
    return str(int(value)) if value == int(value) else repr(value)
