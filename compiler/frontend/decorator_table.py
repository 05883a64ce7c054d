"""Which decorators there are, what each takes, and which arguments exclude or need each other.

The arguments are those of Metaflow 2.19 (its `defaults` and docstrings, plugin by plugin), in its order. What Metaflow accepts
and a platform then ignores or refuses is a fault here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ..ir.nodes import Constant, Table
from ..similar import did_you_mean
from . import aws_kinds, kinds, kube_kinds
from .kinds import AMOUNT, BOOL, POSITIVE, SIZE, TABLE, TEXT, WHOLE, Kind, keys, number_of

MAX_RETRIES: Final = 100
"""More attempts than this are a mistake; every one of them is a container."""

MAX_CONCURRENCY: Final = 10_000
"""No platform runs more of a foreach's items at once."""

_ENVIRONMENT: Final[dict[str, Kind]] = {"packages": kinds.PACKAGES, "python": kinds.PYTHON, "disabled": BOOL}
_CONDA: Final[dict[str, Kind]] = {
    "packages": kinds.PACKAGES,
    "libraries": kinds.PACKAGES,
    "python": kinds.PYTHON,
    "disabled": BOOL,
}

STEP_DECORATORS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "resources": {"cpu": SIZE, "gpu": WHOLE, "disk": SIZE, "memory": SIZE, "shared_memory": WHOLE},
    "batch": {
        "cpu": SIZE,
        "gpu": WHOLE,
        "memory": SIZE,
        "image": aws_kinds.IMAGE,
        "queue": aws_kinds.QUEUE,
        "iam_role": aws_kinds.ROLE,
        "execution_role": aws_kinds.ROLE,
        "shared_memory": WHOLE,
        "max_swap": WHOLE,
        "swappiness": kinds.numbers("a whole number from 0 to 100", 0, 100, whole=True),
        "inferentia": WHOLE,
        "trainium": WHOLE,
        "efa": WHOLE,
        "host_volumes": aws_kinds.HOST_VOLUMES,
        "efs_volumes": aws_kinds.EFS_VOLUMES,
        "use_tmpfs": BOOL,
        "aws_batch_tags": aws_kinds.TAGS,
        "tmpfs_tempdir": BOOL,
        "tmpfs_size": POSITIVE,
        "tmpfs_path": aws_kinds.PATH,
        "ephemeral_storage": kinds.numbers("a whole number of GiB from 21 to 200", 21, 200, whole=True),
        "log_driver": kinds.one_of(*aws_kinds.LOG_DRIVERS),
        "log_options": aws_kinds.LOG_OPTIONS,
        "executable": aws_kinds.PROGRAM,
        "privileged": BOOL,
    },
    "kubernetes": {
        "cpu": SIZE.needed,
        "memory": SIZE.needed,
        "disk": SIZE.needed,
        "image": kube_kinds.IMAGE,
        "image_pull_policy": kinds.one_of("Always", "IfNotPresent", "Never"),
        "image_pull_secrets": kube_kinds.PULL_SECRETS,
        "service_account": kube_kinds.ACCOUNT,
        "secrets": kube_kinds.SECRETS,
        "node_selector": kube_kinds.SELECTOR,
        "namespace": kube_kinds.NAMESPACE,
        "gpu": WHOLE,
        "gpu_vendor": kinds.one_of("nvidia", "amd", any_case=True),
        "tolerations": kube_kinds.TOLERATIONS,
        "labels": kube_kinds.LABELS,
        "annotations": kube_kinds.ANNOTATIONS,
        "use_tmpfs": BOOL,
        "tmpfs_tempdir": BOOL,
        "tmpfs_size": POSITIVE,
        "tmpfs_path": kube_kinds.PATH,
        "persistent_volume_claims": kube_kinds.CLAIMS,
        "shared_memory": WHOLE,
        "port": kinds.numbers("the number of a port, from 1 to 65535", 1, 65535, whole=True),
        "compute_pool": kube_kinds.POOL,
        "executable": kube_kinds.PROGRAM,
        "hostname_resolution_timeout": AMOUNT,
        "qos": kinds.one_of("Guaranteed", "Burstable", "BestEffort", any_case=True),
        "extended_resources": kube_kinds.RESOURCES,
        "security_context": kube_kinds.SECURITY,
    },
    "retry": {
        "times": kinds.numbers(f"a whole number from 0 to {MAX_RETRIES}", 0, MAX_RETRIES, whole=True).needed,
        "minutes_between_retries": AMOUNT.needed,
        # flowc's own.
        "backoff": kinds.numbers("a number from 1", 1).needed,
        "max_minutes_between_retries": AMOUNT,
        "jitter": BOOL,
    },
    "timeout": {"seconds": AMOUNT.needed, "minutes": AMOUNT.needed, "hours": AMOUNT.needed},
    "catch": {"var": TEXT, "print_exception": BOOL},
    "foreach": {
        "mode": kinds.one_of("distributed", "inline"),
        "max_concurrency": kinds.numbers(f"a whole number from 1 to {MAX_CONCURRENCY:,}", 1, MAX_CONCURRENCY, whole=True),
    },
    "environment": {"vars": kinds.VARIABLES},
    "secrets": {"sources": kinds.SOURCES, "role": TEXT, "allow_override": BOOL},
    "pypi": _ENVIRONMENT,
    "conda": _CONDA,
    "card": {
        "type": TEXT,
        "options": TABLE,
        "scope": TEXT,
        "rank": kinds.one_of("high", "medium", "low"),
        "timeout": SIZE,
        "id": TEXT,
        "save_errors": BOOL,
        "customize": BOOL,
        "refresh_interval": SIZE,
    },
}
"""Decorators of steps, each with its arguments and their kinds."""

FLOW_DECORATORS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "schedule": {"cron": kinds.CRON, "weekly": BOOL, "daily": BOOL, "hourly": BOOL, "timezone": kinds.ZONE},
    "project": {"name": kinds.PROJECT.needed, "branch": kinds.PROJECT, "production": BOOL},
    "trigger": {"event": kinds.EVENT, "events": kinds.EVENTS, "options": TABLE},
    "trigger_on_finish": {"flow": kinds.FLOW, "flows": kinds.FLOWS, "options": TABLE},
    "exit_hook": {"on_success": kinds.FUNCTIONS, "on_error": kinds.FUNCTIONS, "options": TABLE},
    "pypi_base": _ENVIRONMENT,
    "conda_base": _CONDA,
}
"""Decorators of flows, likewise."""

SECRET_TYPES: Final = ("aws-secrets-manager", "kubernetes", "inline")
"""Where `@secrets` finds secrets: those of `runtime/secrets`."""

REPEATABLE: Final = frozenset(["card", "exit_hook"])
"""Those of which there may be several."""

UNEMITTED: Final = frozenset(["card", "conda", "conda_base", "pypi", "pypi_base"])
"""Those that no target does anything with, and whose arguments nothing needs at compile time."""

Fault: TypeAlias = "tuple[str, str, str] | None"
"""The argument at fault ("" for all of the decorator), what is wrong, and what to write."""


def contradiction(name: str, given: Mapping[str, Constant]) -> Fault:
    """What is wrong with a decorator's arguments taken together, each of which is of its kind."""
    check = _CHECKS.get(name)
    return check(given) if check is not None else None


def _retry(given: Mapping[str, Constant]) -> Fault:
    first, most = number_of(given.get("minutes_between_retries", 2)), number_of(given.get("max_minutes_between_retries"))
    if first is None or most is None or first <= most:
        return None
    message = f"`@retry` waits {first:g} minutes before the first retry, more than its `max_minutes_between_retries`"
    return "max_minutes_between_retries", message, f"write `minutes_between_retries={most:g}`, or a greater maximum"


def _timeout(given: Mapping[str, Constant]) -> Fault:
    if any(number_of(value) for value in given.values()):
        return None
    return "", "`@timeout` names no time", "write `@timeout(hours=1)`, or take it away"


def _foreach(given: Mapping[str, Constant]) -> Fault:
    if any(value is not None for value in given.values()):
        return None
    return "", "`@foreach` says nothing", "write `@foreach(max_concurrency=10)`, or take it away"


def _schedule(given: Mapping[str, Constant]) -> Fault:
    times = [name for name in ("cron", "weekly", "daily", "hourly") if given.get(name)]
    if len(times) > 1:
        return times[1], f"`@schedule` is told `{times[0]}` and `{times[1]}`: only one of them would count", "keep one of them"
    if not times and given.get("daily", True) is not True:
        return "", "`@schedule` names no time", 'write `@schedule(daily=True)`, or `cron="0 6 * * *"`'
    return None


def _project(given: Mapping[str, Constant]) -> Fault:
    return None if "name" in given else ("", "`@project` has no name", 'write `@project(name="…")`')


def _trigger(given: Mapping[str, Constant]) -> Fault:
    return _either("trigger", "event", "events", given) or _twice("events", "event", given)


def _trigger_on_finish(given: Mapping[str, Constant]) -> Fault:
    return _either("trigger_on_finish", "flow", "flows", given)


def _either(decorator: str, one: str, many: str, given: Mapping[str, Constant]) -> Fault:
    if given.get(one) and given.get(many):
        return many, f"`@{decorator}` takes `{one}` or `{many}`, not both", f"put all of them into `{many}`"
    if not given.get(one) and not given.get(many):
        return "", f"`@{decorator}` names no {one}", f'write `@{decorator}({one}="…")`'
    return None


def _twice(argument: str, what: str, given: Mapping[str, Constant]) -> Fault:
    seen: set[str] = set()
    listed = given.get(argument)
    for one in listed if isinstance(listed, tuple) else ():
        name = str((keys(one) or {}).get("name")) if isinstance(one, Table) else str(one)
        if name in seen:
            return argument, f"`{name}` stands twice in `{argument}`", f"name each {what} once"
        seen.add(name)
    return None


def _exit_hook(given: Mapping[str, Constant]) -> Fault:
    if given.get("on_success") or given.get("on_error"):
        return None
    return "", "`@exit_hook` names no function", "write `@exit_hook(on_error=[notify])`"


def _secrets(given: Mapping[str, Constant]) -> Fault:
    for source in given.get("sources") or ():  # type: ignore[union-attr]  # the kind says that it is a tuple
        kind = (keys(source) or {}).get("type") if isinstance(source, Table) else str(source).partition(".")[0]
        if isinstance(source, str) and "." not in source:
            continue  # the type is that of the environment
        if isinstance(kind, str) and kind not in SECRET_TYPES:
            known = ", ".join(f"`{one}`" for one in SECRET_TYPES)
            guess = did_you_mean(kind, SECRET_TYPES)
            return (
                "sources",
                f"flowc has no secrets of type `{kind}`",
                f"did you mean `{guess}`?" if guess else f"there are {known}",
            )
    if given.get("sources"):
        return None
    return "", "`@secrets` names no source", 'write `@secrets(sources=["aws-secrets-manager.name"])`'


def _batch(given: Mapping[str, Constant]) -> Fault:
    if given.get("inferentia") is not None and given.get("trainium") is not None:
        return "trainium", "`inferentia` and `trainium` of `@batch` are two names of one thing", "keep one of them"
    return None


def _kubernetes(given: Mapping[str, Constant]) -> Fault:
    device = f"{str(given.get('gpu_vendor') or 'nvidia').lower()}.com/gpu"
    if given.get("gpu") and device in (keys(given.get("extended_resources")) or {}):
        return "extended_resources", f"`gpu` and `extended_resources` of `@kubernetes` both say how many {device}", "keep `gpu`"
    return None


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Constant]], Fault]]] = {
    "retry": _retry,
    "timeout": _timeout,
    "foreach": _foreach,
    "schedule": _schedule,
    "project": _project,
    "trigger": _trigger,
    "trigger_on_finish": _trigger_on_finish,
    "exit_hook": _exit_hook,
    "secrets": _secrets,
    "batch": _batch,
    "kubernetes": _kubernetes,
}
