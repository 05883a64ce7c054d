"""The settings that decide what becomes of a flow on a platform: the same options for every verb that compiles for one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..targets import TARGETS
from ..targets.options import COMPUTE, DEFAULT_IMAGE, EVENT_SOURCE, Options, Overlay
from .output import Unusable
from .settings import read_settings, setting

if TYPE_CHECKING:
    from .flow_file import FlowFile
    from .verb import Decorated


def target_option(function: Decorated) -> Decorated:
    """`--target`: the verb gets `target: str | None`, for `target_of`."""
    return setting("target", "|".join(TARGETS), "The platform.", type=click.Choice(TARGETS))(function)


def namespace_option(function: Decorated) -> Decorated:
    """`--namespace`: the verb gets it by name."""
    return setting("namespace", "NAME", "argo: the Kubernetes namespace. [default: that of the context]")(function)


def context_option(function: Decorated) -> Decorated:
    """`--context`: likewise, for verbs that ask a cluster."""
    return setting("context", "NAME", "argo: the context of kubeconfig. [default: the current one]")(function)


def argo_url_option(function: Decorated) -> Decorated:
    """`--argo-url`: likewise, for verbs that tell where something is shown."""
    return setting("argo-url", "URL", "argo: where a browser shows its pages, for links to them.")(function)


def cluster_options(function: Decorated) -> Decorated:
    """`--context` and `--namespace`: which part of which cluster."""
    return context_option(namespace_option(function))


def target_options(function: Decorated) -> Decorated:
    """`--target` and what a deployment decides; the verb gets what was given by name, for `target_of` and `options_of`."""
    for option in (
        setting("overlay", "FILE", "argo: YAML that is merged onto the objects of its kinds."),
        setting("with-rbac", "", "argo: Also make these service accounts, with a role for what they need."),
        setting("events-service-account", "NAME", "argo: the Kubernetes service account of what starts runs by events."),
        setting("service-account", "NAME", "argo: the Kubernetes service account of tasks."),
        namespace_option,
        setting("event-source", "SOURCE/EVENT", f"argo: the event source of @trigger's events. [default: {EVENT_SOURCE}]"),
        setting("event-bus", "NAME", "The bus of @trigger's events: EventBridge's, or an EventBus of Argo. [default: default]"),
        setting("security-groups", "ID", "sfn: a security group of ECS tasks. May be repeated."),
        setting("subnets", "ID", "sfn: a subnet of ECS tasks. May be repeated."),
        setting("ecs-cluster", "CLUSTER", "sfn: the ECS cluster, where tasks are ECS tasks."),
        setting("compute", "|".join(COMPUTE), "sfn: what runs tasks. [default: batch]", type=click.Choice(COMPUTE)),
        setting("execution-role", "ARN", "sfn: the IAM role that starts jobs' containers."),
        setting("job-role", "ARN", "sfn: the IAM role of jobs."),
        setting("events-role", "ARN", "sfn: the IAM role of schedules and triggers. [default: that of --sfn-role]"),
        setting("sfn-role", "ARN", "sfn: the IAM role of the state machine."),
        setting("batch-queue", "QUEUE", "sfn: the AWS Batch queue of steps that name none."),
        setting("workflow-timeout", "SECONDS", "How long a run may take."),
        setting(
            "max-workers", "N", "sfn: how many items of a foreach run at a time; argo: how many tasks of a run. [default: 100]"
        ),
        setting("production", "", "Deploy the production branch of @project."),
        setting("branch", "NAME", "The branch of @project, where the flow names none."),
        setting("datastore", "URL", "Where runs keep their objects: s3://bucket/prefix; argo also takes az://, gs:// or a path."),
        setting("image", "IMAGE", f"The container image of steps that name none. [default: {DEFAULT_IMAGE}]"),
    ):
        function = option(function)
    return target_option(function)


def settings_of(flow: FlowFile | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the settings file says for a flow (None: for the current folder), and over it what options and variables give."""
    settings = read_settings(Path(flow.path).parent if flow else Path())
    return settings | {name.replace("_", "-"): value for name, value in given.items() if value is not None and value != ()}


def target_of(settings: Mapping[str, Any]) -> str:
    """Which platform.

    Raises:
        UsageError: Nothing names one.
        Unusable: What the settings name is none.
    """
    target = settings.get("target")
    if target is None:
        raise click.UsageError(f"which platform? Say --target {' or --target '.join(TARGETS)}", click.get_current_context())
    if target not in TARGETS:
        raise Unusable(f"the settings' target is '{target}'; there are {', '.join(TARGETS)}")
    return str(target)


def whereabouts(settings: Mapping[str, Any]) -> Options:
    """What says which deployment is meant, of all that the settings say.

    Raises:
        Unusable: It makes no sense.
    """
    from ..runtime.language.current import user_name

    options = Options(
        branch=settings.get("branch"),
        production=bool(settings.get("production")),
        user=user_name(),
        context=settings.get("context"),
        namespace=settings.get("namespace"),
        argo_url=settings.get("argo-url"),
    )
    if (why := options.unusable_place()) is not None:
        raise Unusable(why)
    return options


_ONLY = {
    "argo": ("namespace", "service_account", "events_service_account", "with_rbac", "event_source", "overlay"),
    "sfn": (
        *("sfn_role", "events_role", "job_role", "execution_role", "batch_queue", "compute", "ecs_cluster", "subnets"),
        "security_groups",
    ),
}
"""By target the settings that only it takes."""


def refuse_options_of_others(target: str) -> None:
    """Variables and the settings file may hold for several platforms; a command line is about one.

    Raises:
        Unusable: It says what only another platform takes.
    """
    source = click.get_current_context().get_parameter_source
    for other, names in _ONLY.items():
        said = [f"--{name.replace('_', '-')}" for name in names if source(name) is ParameterSource.COMMANDLINE]
        if other != target and said:
            raise Unusable(f"{said[0]} is for --target {other}, and means nothing to {target}: leave it out")


def options_of(settings: Mapping[str, Any], target: str) -> Options:
    """The settings that a target takes.

    Raises:
        Unusable: One makes no sense.
    """
    fields = {field.replace("_", "-"): field for field in Options.__dataclass_fields__}
    for key, value in settings.items():
        if key in ("datastore", "overlay") or not isinstance(value, str):
            continue
        # None of them is ever text with blanks in it; one with a line break could end a line of the Dockerfile.
        if not value or any(one.isspace() for one in value):
            raise Unusable(f"--{key} is empty or has blanks in it: {value!r}")
        if any("\ud800" <= one <= "\udfff" for one in value):
            raise Unusable(f"--{key} holds bytes that are no text: {value!r}")
    if settings.get("compute", COMPUTE[0]) not in COMPUTE:
        raise Unusable(f"the settings' compute is '{settings['compute']}'; there are {', '.join(COMPUTE)}")
    taken = {fields[key]: value for key, value in settings.items() if key in fields}
    if "overlay" in taken:
        taken["overlay"] = _read_overlay(str(taken["overlay"])) if target == "argo" else None
    options = Options(**taken)
    if (why := options.unusable(target)) is not None:
        raise Unusable(why)
    return options


def _read_overlay(path: str) -> Overlay:
    if not path.strip():
        raise Unusable("--overlay is empty: leave it out, or name a file of YAML")
    from .flow_file import read_file

    try:
        return Overlay(path, read_file(path).decode())
    except UnicodeDecodeError:
        raise Unusable(f"{path}: an overlay is text in UTF-8") from None
