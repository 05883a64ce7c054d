"""Why a run failed, as far as Argo and Kubernetes know: what a task could not say itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...executions import Trouble
from .deadlines import late_nodes
from .nodes import Node, attempt_of, name_of, pod_name
from .relations import causes, last_attempts, within
from .underway import Page, place_of
from .words import LATE, Said, failure, is_pod_late, is_shutdown

_MOST: Final = 20
"""Failures that are told, of many."""
_LOOKED: Final = 3
"""Pods of which is asked why they did not begin."""

Warned = Callable[[str], Said | None]
"""Why a pod of this name did not begin, where that is so and known."""


def troubles_of(workflow: Mapping[str, Any], nodes: Mapping[str, Node], pages: Page, warned: Warned) -> tuple[Trouble, ...]:
    """What a run failed for that is over; of its foreaches' items only some."""
    hook = _hook(workflow)
    failed = last_attempts(nodes[id] for id in causes(nodes, within(nodes)) if not nodes[id].name.startswith(hook))
    late = late_nodes(workflow, nodes)
    real = [node for node in failed if not (node.id in late or is_shutdown(node.message))]
    if not real:
        status = workflow.get("status") or {}
        said = LATE if late else failure(str(status.get("phase") or "Failed"), str(status.get("message") or ""))
        return (Trouble(step=None, error=said.error, cause=said.cause),)
    found: list[Trouble] = []
    for node in real[:_MOST]:
        asked = len([one for one in found if one.job]) < _LOOKED and is_pod_late(node.message)
        found.append(_trouble(workflow, node, pages, warned(pod_name(workflow, node)) if asked else None))
    return tuple(found)


def hook_troubles_of(workflow: Mapping[str, Any], nodes: Mapping[str, Node], pages: Page) -> tuple[Trouble, ...]:
    """What the exit hook failed with."""
    hook = _hook(workflow)
    pods = last_attempts(node for node in nodes.values() if node.type == "Pod" and node.name.startswith(hook))
    return tuple(_trouble(workflow, node, pages, None) for node in pods if node.failed)


def _trouble(workflow: Mapping[str, Any], node: Node, pages: Page, warning: Said | None) -> Trouble:
    said = failure(node.phase, node.message, warning)
    is_pod = node.type == "Pod"
    step, path = place_of(workflow, node)
    return Trouble(
        step=step,
        path=path,
        attempt=attempt_of(workflow, node) if is_pod else None,
        error=said.error,
        cause=said.cause,
        job=pod_name(workflow, node) if is_pod else None,
        links=pages(node),
    )


def _hook(workflow: Mapping[str, Any]) -> str:
    return f"{name_of(workflow)}.onExit"
