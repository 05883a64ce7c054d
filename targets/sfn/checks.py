"""What a step asks for and AWS does not have: errors and warnings at the argument, and the amounts that are used."""

from __future__ import annotations

from math import ceil
from typing import Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.frontend.kinds import number_of
from ...compiler.ir.nodes import Constant, Step
from ...compiler.source import Span
from ..options import Options
from ..settings import DEFAULT_MEMORY_MB, Settings, arguments_of, number_text, place_of
from .containers import Container, has_tmpfs, storage_of
from .fargate import Size, fitting_size, remedy

_LEAST_MEMORY: Final = 6
"""ECS, `memory`: Docker refuses less."""
_MOST_STORAGE: Final = 200
_FARGATE_LOGS: Final = ("awslogs", "splunk")

_NOT_ON_FARGATE: Final = (
    (("gpu",), "GPUs"),
    (("shared_memory",), "choice of the size of /dev/shm"),
    (("max_swap", "swappiness"), "swap"),
    (("inferentia", "trainium", "efa"), "devices"),
    (("privileged",), "privileged containers"),
    (("host_volumes",), "host whose folders could be mounted"),
    (("use_tmpfs", "tmpfs_size"), "tmpfs in jobs of AWS Batch"),
)
"""docs.aws.amazon.com/batch/latest/userguide/fargate-job-definitions.html and, for ECS, the API's reference. Of a group, the
first that a step names is said. ECS's own tasks have had tmpfs on Fargate since January 2026."""


def size_of(step: Step, settings: Settings, options: Options, report: Report) -> Size:
    """The amounts that a step's tasks get, which are no less than what it asks for."""
    cpu, memory = settings.cpu, ceil(settings.memory)
    if memory < _LEAST_MEMORY:
        message = f"step `{step.name}` asks for {memory} MB of memory, and a container takes {_LEAST_MEMORY} or more"
        report.add(rules.BAD_VALUE, message, _place(step, "memory"))
    if options.compute.endswith("fargate"):
        return _fargate_size(step, cpu, memory, report)
    if options.compute == "ecs":
        return Size(cpu=ceil(cpu * 1024) / 1024, memory=memory)
    if cpu != ceil(cpu):
        report.add(
            rules.ROUNDED,
            f"step `{step.name}` asks for {number_text(cpu)} CPUs, and AWS Batch has whole ones on EC2: it gets {ceil(cpu)}",
            _place(step, "cpu"),
            help=f"write `cpu={ceil(cpu)}`, or compile with --compute batch-fargate, which has 0.25 and 0.5 too",
        )
    return Size(cpu=ceil(cpu), memory=memory)


def _fargate_size(step: Step, cpu: float, memory: int, report: Report) -> Size:
    asked = Size(cpu=cpu, memory=memory)
    cpu_given, memory_given = _given(step, "cpu"), _given(step, "memory")
    at = _place(step, "memory" if memory_given else "cpu")
    size = fitting_size(cpu, memory, cpu_given=cpu_given)
    if size is None:
        message = f"step `{step.name}` asks for {asked}, a size that Fargate does not have"
        if not memory_given:
            message = f"step `{step.name}` gets {asked}, which is a size that Fargate does not have"
        report.add(rules.BAD_VALUE, message, at, help="write " + remedy(cpu, memory))
        return asked
    # What nobody asked for is no news where it is as good as the default.
    default = fitting_size(1, ceil(DEFAULT_MEMORY_MB), cpu_given=False)
    news = [size.cpu != cpu, size.memory != memory if memory_given else default is None or size.memory != default.memory]
    if any(news):
        report.add(
            rules.ROUNDED,
            f"step `{step.name}` asks for {asked}, and gets the next size of Fargate: {size}",
            at,
            help=f"write `cpu={number_text(size.cpu)}, memory={size.memory}`",
        )
    return size


def check(step: Step, settings: Settings, options: Options, report: Report) -> None:
    """Report what this compute has not, and what has no effect on it."""
    if options.compute.startswith("batch"):
        _check_names(step, settings, report)
    if options.compute.endswith("fargate"):
        _check_fargate(step, settings, options, report)
    else:
        _check_ec2(step, settings, options, report)
    own = arguments_of(step, "batch")
    if options.compute.startswith("ecs"):
        _check_ecs(step, own, options, report)
    if own.get("tmpfs_path") is not None and not has_tmpfs(own):
        _no_effect(step, "tmpfs_path", "without `use_tmpfs=True`", report)


def check_mounts(step: Step, container: Container, report: Report) -> None:
    """Report two volumes at one place, which no container can have."""
    paths = [one["containerPath"] for one in (*container.mounts, *container.linux.get("tmpfs", ()))]
    for index, path in enumerate(paths):
        if path in paths[:index]:
            names = ("efs_volumes", "host_volumes", "tmpfs_path")
            argument = next(one for one in names if arguments_of(step, "batch").get(one) is not None)
            message = f"step `{step.name}` mounts two volumes at {path}"
            report.add(rules.BAD_VALUE, message, _place(step, argument), help='say where each goes: "/path/of/the/host:/path"')
            return


def _check_names(step: Step, settings: Settings, report: Report) -> None:
    for name, value in settings.environment:
        if name.startswith("AWS_BATCH"):
            report.add(
                rules.BAD_VALUE,
                f"`{name}` cannot be set: AWS Batch keeps names with AWS_BATCH for itself",
                next(one.span for one in step.decorators if one.name == "environment"),
                f"set to {value!r}",
            )


def _check_fargate(step: Step, settings: Settings, options: Options, report: Report) -> None:
    own = arguments_of(step, "batch")
    everywhere = arguments_of(step, "resources")
    for names, words in _NOT_ON_FARGATE:
        if "use_tmpfs" in names and options.compute.startswith("ecs"):
            continue
        found = next((one for one in names if _asked(own.get(one)) or _asked(everywhere.get(one))), None)
        if found is not None:
            report.add(
                rules.BAD_VALUE,
                f"step `{step.name}` asks for `{found}`, and Fargate has no {words}",
                _place(step, found),
                help=f"take `{found}` away, or compile with --compute {options.compute.removesuffix('-fargate')}",
            )
    driver = own.get("log_driver")
    if driver is not None and driver not in _FARGATE_LOGS:
        report.add(
            rules.BAD_VALUE,
            f"step `{step.name}` logs by {driver}, which Fargate does not have",
            _place(step, "log_driver"),
            help="write " + " or ".join(f'`log_driver="{one}"`' for one in _FARGATE_LOGS),
        )
    storage = storage_of(settings, own)
    if storage is not None and storage > _MOST_STORAGE:
        message = f"step `{step.name}` asks for {storage:,} GiB of disk, and Fargate has up to {_MOST_STORAGE}"
        report.add(rules.BAD_VALUE, message, _place(step, "disk"), help=f"write `disk={_MOST_STORAGE * 1024}` or less")


def _check_ec2(step: Step, settings: Settings, options: Options, report: Report) -> None:
    own = arguments_of(step, "batch")
    if own.get("ephemeral_storage") is not None:
        report.add(
            rules.BAD_VALUE,
            f"step `{step.name}` asks for `ephemeral_storage`, which only Fargate has",
            _place(step, "ephemeral_storage"),
            help=f"take it away, or compile with --compute {options.compute}-fargate",
        )
    if settings.disk is not None:
        _no_effect(step, "disk", "on EC2, where tasks share the disk of their instance", report)
    if own.get("swappiness") is not None and own.get("max_swap") is None:
        _no_effect(step, "swappiness", "without `max_swap`", report)


def _check_ecs(step: Step, own: dict[str, Constant], options: Options, report: Report) -> None:
    if own.get("queue") is not None:
        _no_effect(step, "queue", f"with --compute {options.compute}, which has no queues", report)
    listed = own.get("log_options")
    texts = (listed,) if isinstance(listed, str) else listed if isinstance(listed, tuple) else ()
    driver = own.get("log_driver") or ("awslogs" if texts else None)
    if driver == "awslogs" and not any(str(one).startswith("awslogs-group:") for one in texts):
        report.add(
            rules.BAD_VALUE,
            f"step `{step.name}` logs by awslogs and names no group, which ECS wants",
            _place(step, "log_options" if texts else "log_driver"),
            help='write `log_options=["awslogs-group:NAME"]`; flowc keeps what tasks print in the datastore anyway',
        )


def _no_effect(step: Step, argument: str, where: str, report: Report) -> None:
    name = next(one.name for one in step.decorators if dict(one.arguments).get(argument) is not None)
    message = f"`{argument}` of `@{name}` has no effect {where}"
    report.add(rules.NOT_EMITTED, message, _place(step, argument), help="the document is made without it")


def _given(step: Step, argument: str) -> bool:
    return any(arguments_of(step, name).get(argument) is not None for name in ("batch", "resources"))


def _place(step: Step, argument: str) -> Span:
    """Where a step says so, the larger of two amounts; else the step."""
    found = [
        (number_of(value) or 0, place_of(decorator, argument))
        for decorator in step.decorators
        for name, value in decorator.arguments
        if decorator.name in ("batch", "resources") and name == argument and value is not None
    ]
    return max(found, key=lambda one: one[0])[1] if found else step.span


def _asked(value: Constant) -> bool:
    number = number_of(value)
    return bool(value) if number is None else number > 0
