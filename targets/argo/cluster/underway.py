"""What a run has under way, by its nodes: pods that wait or run, and how far its foreaches are."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ....runtime.contract import HOOK_STEPS, ROOT_PATH
from ...executions import Fan, Job, Link
from .. import marks
from .nodes import Node, name_of, pod_name
from .relations import within
from .words import is_shutdown, waiting

_COUNT: Final = re.compile(r"\{\{tasks\.([^.}]+)\.outputs\.parameters\.([^.}]+)\}\}")
_INPUT: Final = re.compile(r"\{\{inputs\.parameters\.([^.}]+)\}\}")

_ALIKE: Final = 3
"""Items of one step that wait for the same thing, which are told."""

Page = Callable[[Node], tuple[Link, ...]]
"""Pages about a node."""


def jobs_of(workflow: Mapping[str, Any], nodes: Mapping[str, Node], pages: Page) -> tuple[Job, ...]:
    """The pods that are not over, and tasks that wait to be tried again; those that wait come first.

    Of a foreach's items, those that wait are told only where there is something to say, and of those that wait for the same
    thing only some.
    """
    jobs = sorted(_jobs(workflow, nodes, pages), key=lambda one: (not one.waits, one.since or 0.0, one.id))
    alike: Counter[tuple[str, str | None]] = Counter()
    found = []
    for job in jobs:
        if job.waits and job.path not in (None, ROOT_PATH):
            alike[job.step, job.reason] += 1
            if job.reason is None or alike[job.step, job.reason] > _ALIKE:
                continue
        found.append(job)
    return tuple(found)


def fans_of(workflow: Mapping[str, Any], nodes: Mapping[str, Node], steps: Mapping[str, str]) -> tuple[Fan, ...]:
    """The foreaches that are not within items of others, in the order in which they began.

    Args:
        steps: By name of a DAG's task the step that it runs, where these differ.
    """
    groups = [node for node in nodes.values() if node.type == "TaskGroup" and not node.of_item]
    items: dict[str, list[Node]] = {group.id: [] for group in groups}
    for id, holders in within(nodes).items():
        if holders[:1] and holders[0] in items:
            items[holders[0]].append(nodes[id])
    templates = _templates(workflow)
    groups.sort(key=lambda one: (one.started or 0.0, one.name))
    return tuple(_fan(group, items[group.id], nodes, templates, steps) for group in groups)


def renamed_steps(template: Mapping[str, Any] | None) -> dict[str, str]:
    """What a WorkflowTemplate says of names: by name of a DAG's task the step that it runs, where these differ."""
    text = (((template or {}).get("metadata") or {}).get("annotations") or {}).get(marks.STEPS)
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def place_of(workflow: Mapping[str, Any], node: Node) -> tuple[str, str | None]:
    """The step and the path of a pod; of one of the exit hook what stands for them."""
    if node.step:
        return node.step, node.path
    task = node.task.rpartition(".")[2]
    if node.name.startswith(f"{name_of(workflow)}.onExit"):
        ended = node.inputs.get("hook") or task
        return HOOK_STEPS.get(ended, HOOK_STEPS["failure"]), ROOT_PATH
    return task, None


def _jobs(workflow: Mapping[str, Any], nodes: Mapping[str, Node], pages: Page) -> Iterator[Job]:
    for node in nodes.values():
        if node.over or node.type not in ("Pod", "Retry"):
            continue
        reason: str | None = None
        if node.type == "Retry":
            if not node.message.startswith("Backoff"):
                continue
            status, reason, waits, id = "Retry", node.message, True, node.id
        else:
            waits, id = node.phase != "Running", pod_name(workflow, node)
            said = waiting(node.message)
            status, reason = (said.error, said.cause or None) if waits else (node.phase, None)
        step, path = place_of(workflow, node)
        yield Job(
            step=step,
            path=path,
            id=id,
            status=status,
            waits=waits,
            reason=reason,
            since=node.started,
            links=pages(node),
        )


def _fan(
    group: Node,
    items: list[Node],
    nodes: Mapping[str, Node],
    templates: Mapping[str, Mapping[str, Any]],
    steps: Mapping[str, str],
) -> Fan:
    stopped = sum(one.failed and is_shutdown(one.message) for one in items)
    done = sum(one.over and not one.failed for one in items)
    failed = sum(one.failed for one in items) - stopped
    running = sum(one.phase == "Running" for one in items)
    total = max(len(items), _count(group, nodes, templates) or 0)
    task = group.name.rpartition(".")[2]
    return Fan(
        id=group.id,
        name=steps.get(task, task),
        total=total,
        done=done,
        running=running,
        failed=failed,
        stopped=stopped,
        waiting=total - done - failed - stopped - running,
    )


def _templates(workflow: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The templates that the run has, by name."""
    spec = (workflow.get("status") or {}).get("storedWorkflowTemplateSpec") or workflow.get("spec") or {}
    return {str(one.get("name")): one for one in spec.get("templates") or ()}


def _count(group: Node, nodes: Mapping[str, Node], templates: Mapping[str, Mapping[str, Any]]) -> int | None:
    """How many items a foreach has: what its `withSequence` takes off the task that found them. Argo adds nodes as it begins
    them, so that there may be fewer."""
    dag = nodes.get(group.boundary or "")
    if dag is None:
        return None
    place, _, name = group.name.rpartition(".")
    tasks = (templates.get(dag.template) or {}).get("dag", {}).get("tasks") or ()
    count = next((str((one.get("withSequence") or {}).get("count") or "") for one in tasks if one.get("name") == name), "")
    if match := _COUNT.fullmatch(count):
        split = next((one for one in nodes.values() if one.name == f"{place}.{match[1]}"), None)
        found = split.outputs.get(match[2]) if split is not None else None
    else:
        match = _INPUT.fullmatch(count)
        found = dag.inputs.get(match[1]) if match else None
    return int(found) if found is not None and found.isdecimal() else None
