"""Argo Workflows: from a `Flow` to a WorkflowTemplate.

`profiles` turns settings into container templates, `lower` regions into DAG templates, `pack` keeps DAGs within their
limit, `serialise` writes YAML that YAML 1.1 parsers read as it was meant.
"""

from __future__ import annotations

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from .. import Document
from ..options import Options
from ..usages import report_usages
from .limits import check_expansion, measure
from .lower import lower
from .profiles import Profiles
from .serialise import to_yaml


def emit(flow: Flow, options: Options, report: Report) -> tuple[Document, ...]:
    """The WorkflowTemplate."""
    manifest = lower(flow, Profiles(flow, options, report), options)
    text = to_yaml(manifest)
    check_expansion(flow, report)
    usages = measure(flow, manifest, text)
    report_usages(usages, report)
    return (Document("workflow-template.yaml", text, usages),)
