"""What a step asks of its pods that Kubernetes or Argo would refuse or expand, or that no pod of a workflow has.

Of a bare pod, which no workflow has, what is Argo's alone does not count. What is wrong with one argument in itself the front end
has said (`compiler/frontend/kube_kinds.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.frontend.kube_kinds import table_of
from ...compiler.ir.nodes import Constant, Step, Table
from ...compiler.source import Span
from ..options import Options
from ..settings import Settings, arguments_of, place_of
from . import marks
from .volumes import Volume, has_tmpfs, misplaced

_RESERVED: Final = "workflows.argoproj.io/"
"""Argo's controller keeps its own state in labels and annotations of pods; those of a template go over it."""
_OWN: Final = f"{marks.DEPLOYMENT.partition('/')[0]}/"
"""By those on objects flowc knows them for its own."""
_ARGOS_VARIABLES: Final = frozenset(
    {"CONTAINER_NAME", "TEMPLATE", "POD_NAME", "POD_UID", "WORKFLOW_NAME", "WORKFLOW_UID", "NODE_ID", "INSTANCE_ID", "DEADLINE"}
    | {"INCLUDE_SCRIPT_OUTPUT", "PROGRESS_FILE", "PROGRESS_PATCH_TICK_DURATION", "PROGRESS_FILE_TICK_DURATION"}
    | {"TERMINATION_GRACE_PERIOD_SECONDS"}
)
"""With `ARGO_` in front: what Argo sets in every container after a template's own variables (workflowpod.go, `createEnvVars`)."""
_VARIABLE: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*", re.ASCII)
"""Kubernetes, names of variables; from 1.32 on it takes more."""


def check_pod(
    step: Step, settings: Settings, volumes: tuple[Volume, ...], options: Options, report: Report, *, bare: bool
) -> None:
    """Report what cannot be, and what has no effect."""
    own = arguments_of(step, "kubernetes")
    if not bare:
        _check_expansion(step, report)
    _check_variables(step, settings, report, bare=bare)
    _check_reserved(step, own, report, bare=bare)
    _check_volumes(step, volumes, report, bare=bare)
    if bare:
        _check_place(step, own, options, report)
    else:
        _check_namespace(step, own, options, report)
    _check_effects(step, own, report)


def _check_expansion(step: Step, report: Report) -> None:
    """No argument holds what Argo would expand but was not meant to."""
    for decorator in step.decorators:
        if decorator.name in ("environment", "kubernetes"):
            for argument, value in decorator.arguments:
                if any("{{" in text for text in _all_texts(value)):
                    report.add(
                        rules.BAD_VALUE,
                        f"`{argument}` of `@{decorator.name}` holds `{{{{`, which Argo would expand",
                        place_of(decorator, argument),
                        help="take it out; what a step needs can be set in the step, or read from a parameter",
                    )


def _all_texts(value: Constant) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple():
            for one in value:
                yield from _all_texts(one)
        case Table(items):
            for key, one in items:
                yield from _all_texts(key)
                yield from _all_texts(one)


def _check_variables(step: Step, settings: Settings, report: Report, *, bare: bool) -> None:
    for name, value in settings.environment:
        why = ""
        if not bare and name.removeprefix("ARGO_") in _ARGOS_VARIABLES and name.startswith("ARGO_"):
            why = "Argo sets it itself"
        elif not _VARIABLE.fullmatch(name):
            why = "Kubernetes takes letters, digits, `-`, `_` and `.`, and no digit in front"
        if why:
            place = _place(step, "vars", ("environment",))
            report.add(rules.BAD_VALUE, f"`{name}` cannot be set: {why}", place, f"set to {value!r}")


def _check_reserved(step: Step, own: Mapping[str, Constant], report: Report, *, bare: bool) -> None:
    for argument in ("labels", "annotations"):
        for name, _ in table_of(own.get(argument)):
            for start, whose in ((_RESERVED, "Argo keeps"), (_OWN, "flowc keeps"))[bare:]:
                if name.lower().startswith(start):
                    message = f"`{name}` cannot be set: {whose} {argument} that begin with {start} for itself"
                    report.add(rules.BAD_VALUE, message, _place(step, argument))


def _check_volumes(step: Step, volumes: tuple[Volume, ...], report: Report, *, bare: bool) -> None:
    for volume, why in misplaced(volumes, bare=bare):
        report.add(rules.BAD_VALUE, f"step `{step.name}` mounts {why}", _place(step, volume.argument))


def _check_namespace(step: Step, own: Mapping[str, Constant], options: Options, report: Report) -> None:
    """A pod is in the namespace of its workflow, whatever a step says."""
    namespace = own.get("namespace") or None
    if namespace is not None and options.namespace is None:
        report.add(
            rules.NOT_EMITTED,
            "`namespace` of `@kubernetes` is not in the document: a workflow's pods are in the namespace of the workflow",
            _place(step, "namespace"),
            help=f"compile with --namespace {namespace}, which puts all of it there",
        )
    elif namespace not in (None, options.namespace):
        report.add(
            rules.BAD_VALUE,
            f"step `{step.name}` asks for the namespace {namespace}, and a workflow's pods are in its own, {options.namespace}",
            _place(step, "namespace"),
            help=f"take `namespace` away, or say --namespace {namespace}",
        )


def _check_place(step: Step, own: Mapping[str, Constant], options: Options, report: Report) -> None:
    """The pods of a run are in one namespace, whichever their steps say."""
    namespace = own.get("namespace") or None
    if namespace not in (None, options.namespace):
        report.add(
            rules.BAD_VALUE,
            f"step `{step.name}` asks for the namespace {namespace}, and the pods of a run are in one, {options.namespace}",
            _place(step, "namespace"),
            help=f"say --namespace {namespace} for all of them, or take `namespace` away",
        )


def _check_effects(step: Step, own: Mapping[str, Constant], report: Report) -> None:
    if str(own.get("qos") or "").lower() == "besteffort":
        for name in ("cpu", "memory"):
            if any(arguments_of(step, one).get(name) is not None for one in ("kubernetes", "resources")):
                _no_effect(step, name, 'with `qos="BestEffort"`, which asks for nothing', report)
    if not has_tmpfs(own):
        for name in ("tmpfs_path", "tmpfs_tempdir"):
            if own.get(name) is not None:
                _no_effect(step, name, "without `use_tmpfs=True`", report)
    if own.get("hostname_resolution_timeout") is not None:
        _no_effect(step, "hostname_resolution_timeout", "without @parallel, which flowc does not have", report)


def _no_effect(step: Step, argument: str, where: str, report: Report) -> None:
    name = next(one.name for one in step.decorators if dict(one.arguments).get(argument) is not None)
    message = f"`{argument}` of `@{name}` has no effect {where}"
    report.add(rules.NOT_EMITTED, message, _place(step, argument), help="the document is made without it")


def _place(step: Step, argument: str, decorators: tuple[str, ...] = ("kubernetes", "resources")) -> Span:
    """Where a step says so; else the step."""
    found = (
        place_of(one, argument)
        for one in step.decorators
        if one.name in decorators and dict(one.arguments).get(argument) is not None
    )
    return next(found, step.span)
