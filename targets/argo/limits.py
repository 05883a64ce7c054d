"""What Argo and Kubernetes refuse, checked on the finished manifest."""

from __future__ import annotations

from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ...compiler.ir.printer import print_decorator
from ...compiler.limits import ARGO_DAG_TASKS, ARGO_OBJECT_BYTES, ARGO_TEMPLATES


def check_manifest(flow: Flow, manifest: dict[str, Any], text: str, report: Report) -> None:
    """The manifest is within etcd's size and Argo's counts, and holds nothing that Argo would expand but was not meant to."""
    templates = manifest["spec"]["templates"]
    widest = max((len(template["dag"]["tasks"]), template["name"]) for template in templates if "dag" in template)
    for used, limit, what in (
        (len(text.encode()), ARGO_OBJECT_BYTES, "bytes of a workflow template"),
        (len(templates), ARGO_TEMPLATES, "templates of a workflow"),
        (widest[0], ARGO_DAG_TASKS, f"tasks of a DAG (`{widest[1]}`)"),
    ):
        if used > limit:
            report.add(
                rules.OVER_LIMIT,
                f"{used:,} of {limit:,} {what}",
                flow.span,
                f"{len(flow.steps)} steps",
                help="split the flow into two",
            )
    for step in flow.steps:
        for decorator in step.decorators:
            if decorator.name in ("environment", "kubernetes") and "{{" in print_decorator(decorator):
                report.add(
                    rules.BAD_VALUE,
                    f"`@{decorator.name}` of step `{step.name}` holds `{{{{`, which Argo would expand",
                    decorator.span,
                    help="take it out; what a step needs can be set in the step, or read from a parameter",
                )
