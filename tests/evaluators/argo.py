"""Run a WorkflowTemplate by Argo's documented rules for DAGs, as far as flowc emits it.

- `depends` is looked at when every task that it names has ended; where it does not hold the task is Omitted
- `when` is looked at after `depends`; where it does not hold the task is Skipped, and so is one with a sequence of none
- a value that refers to an output of a task that did not run is an error, as on the real controller
- a DAG succeeds when its tasks have, and what was Skipped or Omitted does not stop it

(https://argo-workflows.readthedocs.io: "Enhanced Depends Logic", "Conditionals", "Loops", "Conditional Artifacts and Parameters")
"""

from __future__ import annotations

import re
from typing import Any

from . import Outcome, Runner, TaskFailed

Scope = dict[str, str]


def run(manifest: dict[str, Any], runner: Runner) -> None:
    """Run to the end; raises `TaskFailed` where a task fails after all its attempts."""
    spec = manifest["spec"]
    _Workflow({template["name"]: template for template in spec["templates"]}, runner).call(spec["entrypoint"], {})


class _Workflow:
    def __init__(self, templates: dict[str, Any], runner: Runner) -> None:
        self.templates = templates
        self.runner = runner

    def call(self, name: str, arguments: dict[str, str]) -> dict[str, str]:
        """Run a template; returns its outputs."""
        template = self.templates[name]
        declared = {one["name"] for one in template.get("inputs", {}).get("parameters", [])}
        assert declared == set(arguments), f"{name} takes {declared}, given {set(arguments)}"
        scope = {f"inputs.parameters.{key}": value for key, value in arguments.items()}
        if "suspend" in template:
            assert template["suspend"] == {"duration": "0"}
            return {}
        if "dag" in template:
            return self.dag(template, scope)
        limit = int(template.get("retryStrategy", {}).get("limit", 0))
        for attempt in range(limit + 1):
            try:
                outcome = self.runner(arguments["step"], arguments["path"], attempt)
            except TaskFailed:
                if attempt == limit:
                    raise
            else:
                return _outputs(template, outcome)
        raise AssertionError

    def dag(self, template: dict[str, Any], scope: Scope) -> dict[str, str]:
        tasks = {task["name"]: task for task in template["dag"]["tasks"]}
        assert len(tasks) == len(template["dag"]["tasks"]), "two tasks of one name"
        status: dict[str, str] = {}
        waiting = list(tasks)
        while waiting:
            # The last one that is ready, so that nothing leans on the order in which tasks are written.
            ready = [name for name in waiting if _named(tasks[name].get("depends", "")) <= set(status)]
            assert ready, f"{waiting} wait for each other"
            name = ready[-1]
            waiting.remove(name)
            status[name] = self.dag_task(tasks[name], scope, status)
            scope[f"tasks.{name}.status"] = status[name]
        return {
            one["name"]: _ternary(one["valueFrom"]["expression"], scope)
            for one in template.get("outputs", {}).get("parameters", [])
        }

    def dag_task(self, task: dict[str, Any], scope: Scope, status: dict[str, str]) -> str:
        if "depends" in task and not _holds(task["depends"], status):
            return "Omitted"
        if "when" in task:
            left, right = re.fullmatch(r"'(.*)' == '(.*)'", _fill(task["when"], scope)).groups()  # type: ignore[union-attr]
            if left != right:
                return "Skipped"
        given = {one["name"]: one["value"] for one in task.get("arguments", {}).get("parameters", [])}
        if "withSequence" not in task:
            outputs = self.call(task["template"], {key: _fill(value, scope) for key, value in given.items()})
            scope.update({f"tasks.{task['name']}.outputs.parameters.{key}": value for key, value in outputs.items()})
            return "Succeeded"
        count = int(_fill(task["withSequence"]["count"], scope))
        for item in range(count):
            self.call(task["template"], {key: _fill(value, {**scope, "item": str(item)}) for key, value in given.items()})
        return "Succeeded" if count else "Skipped"


def _outputs(template: dict[str, Any], outcome: Outcome) -> dict[str, str]:
    found = {"next": outcome.next, "cardinality": outcome.cardinality}
    return {
        one["name"]: str(found[one["name"]]) if found[one["name"]] is not None else one["valueFrom"]["default"]
        for one in template["outputs"]["parameters"]
    }


def _named(depends: str) -> set[str]:
    return {name for name, _ in re.findall(r"([\w-]+)\.(\w+)", depends)}


def _holds(depends: str, status: dict[str, str]) -> bool:
    text = re.sub(r"([\w-]+)\.(\w+)", lambda found: str(status[found[1]] == found[2]), depends)
    assert re.fullmatch(r"(True|False|[()|& ])*", text), text
    return bool(eval(text.replace("||", " or ").replace("&&", " and ")))


def _fill(text: str, scope: Scope) -> str:
    def value(found: re.Match[str]) -> str:
        if increment := re.fullmatch(r"=asInt\(([\w.]+)\) \+ 1", found[1]):
            return str(int(scope[increment[1]]) + 1)
        return scope[found[1]]

    return re.sub(r"{{(.*?)}}", value, text)


def _ternary(expression: str, scope: Scope) -> str:
    """`test ? value : otherwise`, looked at from left to right and no further than needed, as the expression language does."""
    test, question, rest = expression.partition(" ? ")
    if not question:
        return _operand(expression, scope)
    value, _, otherwise = rest.partition(" : ")
    holds = all(
        _operand(left, scope) == _operand(right, scope) for left, right in (part.split(" == ") for part in _while(test, scope))
    )
    return _operand(value, scope) if holds else _ternary(otherwise, scope)


def _while(test: str, scope: Scope) -> list[str]:
    """The comparisons of `a && b` up to the first that fails: what follows is not looked at."""
    found: list[str] = []
    for part in test.split(" && "):
        found.append(part)
        left, right = part.split(" == ")
        if _operand(left, scope) != _operand(right, scope):
            break
    return found


def _operand(text: str, scope: Scope) -> str:
    text = text.strip()
    if text.startswith("'"):
        return text.strip("'")
    name, rest = re.fullmatch(r"tasks\['([^']+)'\]\.(.+)", text).groups()  # type: ignore[union-attr]
    return scope[f"tasks.{name}.{rest}"]
