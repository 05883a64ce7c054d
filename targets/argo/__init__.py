"""Argo Workflows: from a `Flow` to a WorkflowTemplate, and what starts runs of it.

`profiles` turns settings into container templates, `lower` regions into DAG templates, `pack` keeps DAGs within their
limit, and `alike` their number; what is tried again (`retries`), what runs at a time (`concurrency`) and what follows a run
(`hooks`) are decided apart from them; `workflow` is what stands around them. Beside it stand what `schedule` and `events` make,
and the accounts of `rbac`; all objects have the `metadata` of their deployment, with the `marks` that flowc knows them by.
`deployment` is all of it together; `limits` measures, `serialise` writes YAML that YAML 1.1 parsers read as it was meant.
`run_pods` makes Pods for runs without Argo, of the same description of a step's pod (`pods`) that templates are written of
(`pod_fields`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from .. import Document
from ..options import Options
from ..usages import report_usages
from .deployment import Deployment, deployment_of
from .serialise import to_yaml

_KINDS: Final = {
    "ServiceAccount": "service-account",
    "Role": "role",
    "RoleBinding": "role-binding",
    "WorkflowTemplate": "workflow-template",
    "CronWorkflow": "cron-workflow",
    "EventSource": "event-source",
    "Sensor": "sensor",
}
"""The names of files, by the kind of what is in them."""


def emit(flow: Flow, options: Options, report: Report) -> tuple[Document, ...]:
    """One document for each object, in the order in which they are applied; together they are one stream."""
    made = deployment_of(flow, options, report)
    report_usages(made.usages, report)
    return tuple(_document(one, made) for one in made.manifests())


def _document(manifest: Mapping[str, Any], made: Deployment) -> Document:
    stem = _KINDS[manifest["kind"]]
    if manifest in made.accounts[3:]:
        stem = f"events-{stem}"  # of what starts runs
    if manifest is made.template:
        return Document(f"{stem}.yaml", made.text, made.usages, streamed=True)
    return Document(f"{stem}.yaml", to_yaml(manifest), streamed=True)
