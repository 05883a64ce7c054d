"""What every object of a deployment is called and marked with."""

from __future__ import annotations

from typing import Any, Final

from ...compiler.ir.nodes import Flow
from ...compiler.limits import ARGO_NAME
from ..names import Names, spell_camel
from ..options import Options
from ..project import project_of
from . import marks

_CRON_NAME: Final = 52
"""Characters of a CronWorkflow's name: its runs are called so, and when they were due."""
_EVENTS: Final = "-events"


def name_of(flow: Flow, options: Options) -> str:
    """The name of a flow's WorkflowTemplate: that of the deployment."""
    project = project_of(flow, options)
    return template_name(project.name_of(flow.name) if project else flow.name)


def template_name(whole: str) -> str:
    """The name of the WorkflowTemplate of a flow, by its whole name: `big-sum` of `BigSum`, `sums--prod--big-sum` of
    `sums.prod.BigSum`. It is lower case, and short enough for a label, which it becomes."""
    return Names(ARGO_NAME, _spell, lower=True).of(whole)


def cron_name(template: str) -> str:
    """The name of the CronWorkflow of a WorkflowTemplate."""
    return _cut(template, _CRON_NAME)


def account_name(template: str) -> str:
    """The name of the service account of what starts runs of a WorkflowTemplate by events."""
    return f"{_cut(template, ARGO_NAME - len(_EVENTS))}{_EVENTS}"


def labels_of(deployment: str) -> dict[str, str]:
    """The labels of each object of a deployment, and of each of its runs."""
    return {marks.MANAGED_BY: marks.FLOWC, marks.DEPLOYMENT: deployment}


def metadata_of(flow: Flow, options: Options, name: str | None = None) -> dict[str, Any]:
    """The metadata of an object of a deployment.

    Args:
        name: What it is called, if not as the deployment is.
    """
    deployment = name_of(flow, options)
    return {
        "name": name or deployment,
        **({"namespace": options.namespace} if options.namespace else {}),
        "labels": labels_of(deployment),
        "annotations": {marks.FLOW: flow.name, marks.DATASTORE: options.datastore_url},
    }


def _spell(whole: str) -> str | None:
    """A flow's name, after project and branch: two dashes for a dot, which no part has."""
    *places, flow = whole.split(".")
    name = spell_camel(flow)
    if name is None or not all(place.isascii() and place.isalnum() and place == place.lower() for place in places):
        return None
    return "--".join([*places, name])


def _cut(name: str, longest: int) -> str:
    """A name as it is, or what fits of it and a hash."""
    return Names(longest, lambda one: one, lower=True).of(name)
