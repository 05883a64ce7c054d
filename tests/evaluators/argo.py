"""Run a WorkflowTemplate by Argo's documented rules, as far as flowc emits it; failures too.

- `depends` is looked at when every task that it names has ended; where it does not hold the task is Omitted. A name without a
  result stands for `(A.Succeeded || A.Skipped || A.Daemoned)`
- `when` is looked at after `depends`; where it does not hold the task is Skipped, and so is one with a sequence of none
- a task with a sequence has failed if any item has; the others run all the same, and so do neighbours of what fails
- a DAG has failed if any of its last tasks has, where one that did not run counts as what came before it: a failure that
  another task follows up does not count. DAGs that have failed put out nothing
- a task is tried again as its `retryStrategy` says, after failures of all kinds (`Always`)
- a value that refers to an output of a task that did not run is an error: what Argo makes of it differs between versions
- exit hooks run when all else is over; where they fail, a workflow that has succeeded has failed
- `templateDefaults` are merged into templates of their kind, variables by name

(https://argo-workflows.readthedocs.io: "Enhanced Depends Logic", "Conditionals", "Loops", "Lifecycle-Hook", "Retries", "Template
Defaults"; and `assessDAGPhase` in `workflow/controller/dag.go`.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flowc.runtime import contract

from . import Job, Outcome, TaskFailed

Scope = dict[str, str]

_DEEPEST: Final = 100
"""Templates inside each other (`maxStackDepth` of the controller)."""
_RESULTS: Final = {"Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed"}
_WORDS: Final = frozenset("let matches contains startsWith endsWith nil true false not in and or if else".split())
_FAILED: Final = ("Failed", "Error")


@dataclass
class _Node:
    """How a task ended: its phase, those of its items, and what it put out."""

    phase: str
    items: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)


def run(manifest: dict[str, Any], job: Job, *, retried: int = 0) -> None:
    """Run to the end; raises `TaskFailed` where the workflow fails, which it does when all that can run has run.

    Args:
        manifest: The WorkflowTemplate.
        job: Runs a container, with its variables.
        retried: How often somebody has let the run go on after a failure.
    """
    spec = manifest["spec"]
    workflow = _Workflow(spec, job, {"workflow.name": "run", "retried": str(retried)})
    ended = workflow.call(spec["entrypoint"], {}).phase
    hook = spec.get("hooks", {}).get("exit")
    if hook is not None:
        workflow.scope["workflow.status"] = ended
        left = workflow.call(hook["template"], {}).phase
        ended = left if ended == "Succeeded" else ended
    if ended != "Succeeded":
        raise TaskFailed(f"the workflow ended as {ended}: {workflow.said}")


class _Workflow:
    def __init__(self, spec: dict[str, Any], job: Job, scope: Scope) -> None:
        self.templates = {template["name"]: template for template in spec["templates"]}
        self.defaults = spec.get("templateDefaults", {})
        self.job = job
        self.scope = scope
        self.depth = 0
        self.said: list[str] = []

    def call(self, name: str, arguments: dict[str, str]) -> _Node:
        """Run a template."""
        template = self.templates[name]
        declared = {one["name"] for one in template.get("inputs", {}).get("parameters", [])}
        assert declared == set(arguments), f"{name} takes {declared}, given {set(arguments)}"
        scope = {**self.scope, **{f"inputs.parameters.{key}": value for key, value in arguments.items()}}
        self.depth += 1
        assert self.depth < _DEEPEST, "too many templates inside each other"
        try:
            if "suspend" in template:
                assert template["suspend"] == {"duration": "0"}
                return _Node("Succeeded")
            return self.dag(template, scope) if "dag" in template else self.container(template, scope)
        finally:
            self.depth -= 1

    def container(self, template: dict[str, Any], scope: Scope) -> _Node:
        strategy = template.get("retryStrategy", {"limit": "0", "retryPolicy": "Always"})
        assert strategy["retryPolicy"] == "Always"
        given = [*self.defaults["container"]["env"], *template["container"]["env"]]
        variables = {one["name"]: one["value"] for one in given}
        for attempt in range(int(strategy["limit"]) + 1):
            here = {
                **scope,
                "workflow.parameters.json": "[]",
                **({"retries": str(attempt)} if "retryStrategy" in template else {}),
            }
            try:
                outcome = self.job({name: _fill(value, here).replace("$$", "$") for name, value in variables.items()})
            except TaskFailed as failed:
                self.said.append(str(failed))
            else:
                return _Node("Succeeded", outputs=_outputs(template, outcome) if outcome else {})
        return _Node("Failed")

    def dag(self, template: dict[str, Any], scope: Scope) -> _Node:
        assert not {"retryStrategy", "activeDeadlineSeconds", "failFast"} & set(template)
        tasks = {task["name"]: task for task in template["dag"]["tasks"]}
        assert len(tasks) == len(template["dag"]["tasks"]), "two tasks of one name"
        assert len({name.replace("-", "_") for name in tasks}) == len(tasks), "Argo takes them for one"
        before = {name: names_in(task.get("depends", "")) for name, task in tasks.items()}
        assert all(named <= tasks.keys() and not named & _WORDS for named in before.values())
        nodes: dict[str, _Node] = {}
        branch: dict[str, set[str]] = {}
        waiting = list(tasks)
        while waiting:
            # The last one that is ready, so that nothing leans on the order in which tasks are written.
            ready = [name for name in waiting if before[name] <= nodes.keys()]
            assert ready, f"{waiting} wait for each other"
            name = ready[-1]
            waiting.remove(name)
            node = nodes[name] = self.dag_task(tasks[name], scope, nodes)
            ran = node.phase in ("Succeeded", *_FAILED)
            branch[name] = {node.phase} if ran else set().union(*(branch[one] for one in before[name])) or {"Succeeded"}
            scope[f"tasks.{name}.status"] = node.phase
            scope.update({f"tasks.{name}.outputs.parameters.{key}": value for key, value in node.outputs.items()})
        last = tasks.keys() - set().union(*before.values())
        for phase in _FAILED:
            if any(phase in branch[name] for name in last):
                return _Node(phase)
        outputs = template.get("outputs", {}).get("parameters", [])
        assert all("default" in one["valueFrom"] for one in outputs)
        return _Node("Succeeded", outputs={one["name"]: _ternary(one["valueFrom"]["expression"], scope) for one in outputs})

    def dag_task(self, task: dict[str, Any], scope: Scope, nodes: Mapping[str, _Node]) -> _Node:
        if "depends" in task and not holds(
            task["depends"], {name: results(node.phase, node.items) for name, node in nodes.items()}
        ):
            return _Node("Omitted")
        if "when" in task and not when_holds(_fill(task["when"], scope)):
            return _Node("Skipped")
        given = {one["name"]: one["value"] for one in task.get("arguments", {}).get("parameters", [])}
        if "withSequence" not in task:
            return self.call(task["template"], {key: _fill(value, scope) for key, value in given.items()})
        count = int(_fill(task["withSequence"]["count"], scope))
        items = tuple(
            self.call(task["template"], {key: _fill(value, {**scope, "item": str(item)}) for key, value in given.items()}).phase
            for item in range(count)
        )
        failed = [phase for phase in items if phase in _FAILED]
        return _Node(failed[-1] if failed else "Succeeded" if count else "Skipped", items)


def results(phase: str, items: Collection[str] = ()) -> frozenset[str]:
    """What holds in `depends` of a task that ended in a phase, with those of its items."""
    found = {"Errored" if phase == "Error" else phase}
    if "Succeeded" in items:
        found.add("AnySucceeded")
    if items and set(items) == {"Failed"}:
        found.add("AllFailed")
    return frozenset(found)


def names_in(depends: str) -> set[str]:
    """The tasks that a `depends` names."""
    return {name.partition(".")[0] for name in re.findall(r"[\w.-]+", depends)}


def holds(depends: str, found: Mapping[str, Collection[str]]) -> bool:
    """Whether a `depends` holds, by the results of each task."""

    def one(match: re.Match[str]) -> str:
        name, _, result = match[0].partition(".")
        assert not result or result in _RESULTS, depends
        wanted = {result} if result else {"Succeeded", "Skipped", "Daemoned"}
        return str(not wanted.isdisjoint(found[name]))

    text = re.sub(r"[\w.-]+", one, depends)
    assert re.fullmatch(r"(True|False|[()|&! ])*", text), text
    return bool(eval(text.replace("||", " or ").replace("&&", " and ").replace("!", " not ")))


def when_holds(text: str) -> bool:
    """Whether a `when` holds, whose values are filled in."""
    match = re.fullmatch(r"'([^']*)' (==|!=) '([^']*)'", text)
    assert match, text
    return (match[1] == match[3]) == (match[2] == "==")


def _outputs(template: dict[str, Any], outcome: Outcome) -> dict[str, str]:
    found = {contract.OUTPUT_NEXT: outcome.next, contract.OUTPUT_CARDINALITY: outcome.cardinality}
    return {
        one["name"]: str(found[one["name"]]) if found[one["name"]] is not None else one["valueFrom"]["default"]
        for one in template["outputs"]["parameters"]
    }


def _fill(text: str, scope: Scope) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] == "=workflow.annotations['flowc/retried'] ?? '0'":
            return scope["retried"]
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
    holds_here = all(
        _operand(left, scope) == _operand(right, scope) for left, right in (part.split(" == ") for part in _while(test, scope))
    )
    return _operand(value, scope) if holds_here else _ternary(otherwise, scope)


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
