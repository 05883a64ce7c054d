"""What Argo and Kubernetes refuse, checked on the finished manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...compiler import limits
from ...compiler.ir.nodes import Flow
from ...compiler.limits import Usage, usage_of
from ..usages import worst


def measure(flow: Flow, manifest: Mapping[str, Any], text: str) -> tuple[Usage, ...]:
    """What a WorkflowTemplate takes of each limit, and the step that is responsible for most of it."""
    spans = {step.name: step.span for step in flow.steps}
    templates: list[dict[str, Any]] = manifest["spec"]["templates"]
    owners = _owners(flow, templates)
    sizes = {one["name"]: len(json.dumps(one, ensure_ascii=False).encode()) for one in templates}
    largest = max(sizes, key=lambda name: sizes[name])
    biggest = owners.get(largest, flow.start)
    past = owners.get(templates[min(limits.ARGO_TEMPLATES.most, len(templates) - 1)]["name"], flow.start)
    dags = [
        usage_of(limits.ARGO_DAG_TASKS, len(one["dag"]["tasks"]), spans[step], f"the DAG that starts with `{step}`")
        for one in templates
        if "dag" in one
        for step in (owners.get(one["name"], flow.start),)
    ]
    containers = [
        usage_of(limits.ARGO_TEMPLATE, sizes[one["name"]], spans[step], f"`{step}` runs with it")
        for one in templates
        if "container" in one
        for step in (owners.get(one["name"], flow.start),)
    ]
    noted = sum(len(f"{key}{value}".encode()) for key, value in manifest["metadata"]["annotations"].items())
    return (
        usage_of(limits.ARGO_OBJECT, len(text.encode()), spans[biggest], f"`{biggest}` has the largest part, {sizes[largest]:,}"),
        usage_of(limits.ARGO_TEMPLATES, len(templates), spans[past], f"`{past}` adds one"),
        *worst(dags),
        *worst(containers),
        usage_of(limits.ARGO_PARAMETERS, len(flow.parameters), flow.span),
        usage_of(limits.ARGO_ANNOTATIONS, noted, flow.span),
    )


def _owners(flow: Flow, templates: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The step that each template stands for: the first of the flow's that runs in it."""
    place = {step.name: number for number, step in enumerate(flow.steps)}
    owners: dict[str, str] = {}
    for template in reversed(templates):  # what a DAG calls stands behind it
        for task in template.get("dag", {}).get("tasks", ()):
            given = {one["name"]: one["value"] for one in task.get("arguments", {}).get("parameters", ())}
            step = given.get("step") or owners.get(task["template"])
            if step is not None:
                for name in (task["template"], template["name"]):
                    owners[name] = min(step, owners.get(name, step), key=place.__getitem__)
    return owners
