"""Going on with a Workflow that failed, from where it failed: what it must be for Argo's controller to do so.

A function of the object, as is the one behind `argo retry`, whose rules these are (`FormulateRetryWorkflow` in
https://github.com/argoproj/argo-workflows/blob/v3.7.18/workflow/util/util.go):

| node | becomes |
|---|---|
| that failed, and none within it did | removed, with all that came after it; its pods are deleted |
| an attempt that failed, where a later one succeeded | stays as it is |
| what holds a removed one: `Retry`, `TaskGroup`, `DAG` | runs again |
| of the exit hook | removed |

Otherwise than there, groups that succeeded are left alone; what failed without a pod, such as a `withSequence` over no number, is
removed as well; and the run counts how often that was done, for its tasks to call their attempts differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .. import marks
from .nodes import FAILED, name_of, pod_name, raw_nodes, read_nodes, redrives_of, with_nodes
from .relations import after, causes, within

_HOLDERS: Final = frozenset(("DAG", "TaskGroup", "Retry", "Steps", "StepGroup"))
_COMPLETED: Final = "workflows.argoproj.io/completed"
_ARCHIVING: Final = "workflows.argoproj.io/workflow-archiving-status"
_PHASE: Final = "workflows.argoproj.io/phase"


@dataclass(frozen=True, slots=True)
class Retried:
    """What must be done.

    Attributes:
        workflow: The object as it shall be, with the version it was read at: put in its place once the pods are gone.
        pods: The names of pods that must be deleted first, for new ones will have these names.
        removed: The ids of the nodes that are gone; what Argo has kept of their results is called so.
    """

    workflow: dict[str, Any]
    pods: tuple[str, ...]
    removed: tuple[str, ...]


def retry(workflow: Mapping[str, Any], now: str) -> Retried:
    """What a Workflow that failed must become to go on.

    Args:
        workflow: The object as it was read.
        now: The time, as Kubernetes writes it: `2026-11-21T12:23:22Z`.

    Raises:
        OffloadedError: Argo keeps its nodes elsewhere.
    """
    nodes, raw = read_nodes(workflow), raw_nodes(workflow)
    hook = f"{name_of(workflow)}.onExit"
    hooks = {id for id, node in nodes.items() if node.name.startswith(hook)}
    held = within(nodes)
    failed = causes(nodes, held) - hooks
    groups = {id for id in failed if nodes[id].type in _HOLDERS}
    removed = after(failed - groups, nodes) | {id for id in after(groups, nodes) if nodes[id].phase == "Omitted"} | hooks
    again = (groups | {holder for id in failed for holder in held[id]}) - removed
    kept = {id: _again(one, now) if id in again else dict(one) for id, one in raw.items() if id not in removed}
    for one in kept.values():
        for others in ("children", "outboundNodes"):
            if others in one:
                one[others] = [id for id in one[others] if id not in removed]
    pods = dict.fromkeys(pod_name(workflow, nodes[id]) for id in sorted(removed) if nodes[id].type == "Pod")
    return Retried(with_nodes(_begun_again(workflow, removed, now), kept), tuple(pods), tuple(sorted(removed)))


def _again(raw: Mapping[str, Any], now: str) -> dict[str, Any]:
    """A node that runs once more."""
    rest = {name: value for name, value in raw.items() if name != "message"}
    return {**rest, "phase": "Running", "startedAt": now, "finishedAt": None}


def _begun_again(workflow: Mapping[str, Any], removed: Iterable[str], now: str) -> dict[str, Any]:
    """The Workflow without what says that it is over."""
    metadata, spec, status = (dict(workflow.get(part) or {}) for part in ("metadata", "spec", "status"))
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name not in (_COMPLETED, _ARCHIVING)}
    notes = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != marks.STOPPED}
    metadata["labels"] = {**labels, _PHASE: "Running"}
    metadata["annotations"] = {**notes, marks.RETRIED: str(redrives_of(workflow) + 1)}
    metadata.pop("managedFields", None)
    spec.pop("shutdown", None)
    if spec.get("activeDeadlineSeconds") == 0:
        del spec["activeDeadlineSeconds"]
    if stored := status.get("storedWorkflowTemplateSpec"):
        status["storedWorkflowTemplateSpec"] = {name: value for name, value in stored.items() if name != "shutdown"}
    conditions = [one for one in status.get("conditions") or () if one.get("type") != "Completed"]
    gone = set(removed)
    results = {id: done for id, done in (status.get("taskResultsCompletionStatus") or {}).items() if id not in gone}
    rest = {name: value for name, value in status.items() if name not in ("message", "persistentVolumeClaims")}
    again = {
        **rest,
        "phase": "Running",
        "startedAt": now,
        "finishedAt": None,
        "conditions": [*conditions, {"type": "Completed", "status": "False"}],
        **({"taskResultsCompletionStatus": results} if results or "taskResultsCompletionStatus" in status else {}),
    }
    return {**workflow, "metadata": metadata, "spec": spec, "status": again}


def may_be_retried(workflow: Mapping[str, Any]) -> bool:
    """Whether it has failed, or was ended."""
    return (workflow.get("status") or {}).get("phase") in FAILED
