"""One template for sub-DAGs that are alike but for the names of their steps, where a flow else has too many templates.

    each-1: {split: "a", body: "b"}          alike: {step-1, step-2, path}
    each-2: {split: "c", body: "d"}     →      called with step-1=a, step-2=b, and with step-1=c, step-2=d

The names of steps become inputs, and those of tasks are counted. It is done only where it must be, since a person reads a
sub-DAG more easily that says what it runs. A DAG that chooses among ways stays as it is: its conditions are made of names, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .serialise import Inline

_STEP = re.compile("step(-[0-9]+)?")
_TASK = re.compile(r"(?<![\w-])([A-Za-z0-9][\w-]*)(?=\.(?:Succeeded|Skipped|outputs\.))")


def share_alike(templates: Sequence[dict[str, Any]], name: Callable[[int], str]) -> list[dict[str, Any]]:
    """The same templates with one for all sub-DAGs that are alike.

    Args:
        templates: Each stands before those that it calls, here and in what comes out; the first is what a run begins with.
        name: What the first shared one is called, the second, and so on.
    """
    called: dict[str, tuple[str, tuple[str, ...]]] = {}
    shared: dict[str, str] = {}
    made: list[dict[str, Any]] = []
    for template in reversed(templates):
        if "dag" in template:
            template = {**template, "dag": {"tasks": [_calling(task, called) for task in template["dag"]["tasks"]]}}
        if template["name"] == templates[0]["name"] or not _is_straight(template):
            made.append(template)
            continue
        general, steps = _generalise(template)
        key = json.dumps(general)
        if key not in shared:
            shared[key] = name(len(shared) + 1)
            made.append({"name": shared[key], **general})
        called[template["name"]] = (shared[key], steps)
    return made[::-1]


def _is_straight(template: Mapping[str, Any]) -> bool:
    """Whether a template is a DAG without choices, and without a turn that calls the next."""
    if "dag" not in template or "outputs" in template:
        return False
    return not any("when" in task or task["template"] == template["name"] for task in template["dag"]["tasks"])


def _calling(task: dict[str, Any], called: Mapping[str, tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
    """A task with what it calls now in place of what it called."""
    if task["template"] not in called:
        return task
    name, steps = called[task["template"]]
    given = [*task.get("arguments", {}).get("parameters", ()), *_inputs(steps)]
    return {**task, "template": name, "arguments": Inline(parameters=given)}


def _generalise(template: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A DAG without its name, with an input for each step that it names; and these steps."""
    steps: list[str] = []
    tasks = []
    places = {task["name"]: f"task-{number}" for number, task in enumerate(template["dag"]["tasks"], 1)}

    def place(text: str) -> str:
        return _TASK.sub(lambda found: places.get(found[1], found[1]), text)

    for task in template["dag"]["tasks"]:
        made = {**task, "name": places[task["name"]]}
        if "depends" in task:
            made["depends"] = place(task["depends"])
        if "withSequence" in task:
            made["withSequence"] = Inline(count=place(task["withSequence"]["count"]))
        given = []
        for one in task.get("arguments", {}).get("parameters", ()):
            if _STEP.fullmatch(one["name"]):
                steps.append(one["value"])
                given.append(Inline(name=one["name"], value=f"{{{{inputs.parameters.step-{len(steps)}}}}}"))
            else:
                given.append(Inline(name=one["name"], value=place(one["value"])))
        if given:
            made["arguments"] = Inline(parameters=given)
        tasks.append(made)
    inputs = [*template.get("inputs", {}).get("parameters", ()), *(Inline(name=one["name"]) for one in _inputs(steps))]
    general = {key: value for key, value in template.items() if key not in ("name", "inputs", "dag")}
    return {"inputs": {"parameters": inputs}, **general, "dag": {"tasks": tasks}}, tuple(steps)


def _inputs(steps: Sequence[str]) -> list[Inline]:
    return [Inline(name=f"step-{number}", value=step) for number, step in enumerate(steps, 1)]
