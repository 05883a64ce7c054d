"""Which parts of a run were ended since the run took longer than it may (`spec.activeDeadlineSeconds`).

At that time Argo ends pods that wait or run, and says so. But each pod has what was left of the run's time as its own deadline,
when it was made, and Kubernetes may come first: then it reads as though the task had taken too long. When that was tells which.
https://github.com/argoproj/argo-workflows/blob/v3.7.18/workflow/controller/exec_control.go (applyExecutionControl)
https://github.com/argoproj/argo-workflows/blob/v3.7.18/workflow/controller/workflowpod.go (createWorkflowPod)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .nodes import Node, name_of, seconds_of
from .words import is_late, is_pod_late

_ROUNDED: Final = 2.0
"""Seconds by which a pod may end early: what was left of the time is cut to whole ones, and so is when it ended."""


def deadline_of(workflow: Mapping[str, Any]) -> float | None:
    """When the run must be over, in seconds since 1970; None: it may take any time, or has not begun."""
    status = workflow.get("status") or {}
    spec = status.get("storedWorkflowTemplateSpec") or workflow.get("spec") or {}
    began, limit = seconds_of(status.get("startedAt")), spec.get("activeDeadlineSeconds")
    return None if began is None or not limit else began + float(limit)


def outlasted(workflow: Mapping[str, Any]) -> bool:
    """Whether the run took longer than it may, by its end: it may have failed before, for its exit hook has more time."""
    until, ended = deadline_of(workflow), seconds_of((workflow.get("status") or {}).get("finishedAt"))
    return until is not None and ended is not None and ended >= until - _ROUNDED


def late_nodes(workflow: Mapping[str, Any], nodes: Mapping[str, Node]) -> frozenset[str]:
    """The nodes that were ended for it; those of the exit hook never are."""
    until, hook = deadline_of(workflow), f"{name_of(workflow)}.onExit"
    return frozenset(
        id
        for id, node in nodes.items()
        if node.failed and not node.name.startswith(hook) and (is_late(node.message) or _is_cut(node, until))
    )


def _is_cut(node: Node, until: float | None) -> bool:
    return is_pod_late(node.message) and until is not None and node.ended is not None and node.ended >= until - _ROUNDED
