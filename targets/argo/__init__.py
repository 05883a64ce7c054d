"""Argo Workflows: from a `Flow` to a WorkflowTemplate.

`profiles` turns settings into container templates, `lower` regions into DAG templates, `pack` keeps DAGs within their
limit, `workflow` is what stands around them, with the `marks` that flowc knows its objects by. `deployment` is all of it
together; `limits` measures, `serialise` writes YAML that YAML 1.1 parsers read as it was meant.
"""

from __future__ import annotations

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from .. import Document
from ..options import Options
from ..usages import report_usages
from .deployment import deployment_of
from .serialise import to_yaml


def emit(flow: Flow, options: Options, report: Report) -> tuple[Document, ...]:
    """The WorkflowTemplate."""
    made = deployment_of(flow, options, report)
    report_usages(made.usages, report)
    return (Document("workflow-template.yaml", to_yaml(made.template), made.usages),)
