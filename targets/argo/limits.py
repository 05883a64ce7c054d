"""What Argo and Kubernetes refuse, checked on the finished manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...compiler import limits
from ...compiler.ir.nodes import Flow, Loop
from ...compiler.ir.walk import walk_stages
from ...compiler.limits import Usage, usage_of
from ..usages import worst
from .inside import mappings
from .lower import template_names


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
        usage_of(limits.ARGO_DAG_TASKS, len(mappings(one, "dag", "tasks")), spans[step], f"the DAG that starts with `{step}`")
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
        *_depth(flow, templates, manifest["spec"]["entrypoint"]),
        usage_of(limits.ARGO_PARAMETERS, len(flow.parameters) + 1, flow.span),
        usage_of(limits.ARGO_ANNOTATIONS, noted, flow.span),
    )


def _owners(flow: Flow, templates: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The step that each template stands for: the first of the flow's that runs in it."""
    place = {step.name: number for number, step in enumerate(flow.steps)}
    owners: dict[str, str] = {}
    for template in reversed(templates):  # what a DAG calls stands behind it
        for task in mappings(template, "dag", "tasks"):
            step = _step_of(task) or owners.get(str(task.get("template")))
            if step is not None and step in place:
                for name in (str(task.get("template")), template["name"]):
                    owners[name] = min(step, owners.get(name, step), key=place.__getitem__)
    return owners


def _step_of(task: Mapping[str, Any]) -> str | None:
    """The step that a task of a DAG runs, or the first of them; None where it runs something else, or its caller says which."""
    given = {str(one.get("name")): str(one.get("value")) for one in mappings(task, "arguments", "parameters")}
    step = given.get("step", given.get("step-1", "{{"))  # `alike` hands several to a sub-DAG
    return None if step.startswith("{{") else step


def _depth(flow: Flow, templates: Sequence[Mapping[str, Any]], entrypoint: str) -> tuple[Usage, ...]:
    """How many templates stand inside each other, and how many where loops make all their turns, each of which is one more."""
    names, spans = template_names(), {step.name: step.span for step in flow.steps}
    turns = {names.of(stage.name): stage.limit for stage in walk_stages(flow.body) if isinstance(stage, Loop)}
    found = []
    for certain in (True, False):
        deepest: dict[str, tuple[int, str]] = {}
        for template in reversed(templates):  # as above
            inside = [(0, "")]
            for task in mappings(template, "dag", "tasks"):
                depth, step = deepest.get(str(task.get("template")), (0, ""))
                inside.append((depth, _step_of(task) or step))
            depth, step = max(inside)
            name = template["name"]
            deepest[name] = depth + (1 if certain else turns.get(name, 1)), step
        used, step = deepest[entrypoint]
        found.append(usage_of(limits.ARGO_DEPTH, used, spans.get(step, flow.span), f"around `{step}`", certain=certain))
    return tuple(found) if found[0].used < found[1].used else tuple(found[:1])
