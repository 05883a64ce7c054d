"""What the workflow controller does with a DAG: which tasks are due, what each is given, and how the whole of it ends.

(https://argo-workflows.readthedocs.io: "Enhanced Depends Logic", "Conditionals", "Loops")
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engines.argo.expressions import Unresolved, Wrong, evaluate
from engines.argo.nodes import Node, is_bad, is_over
from engines.argo.substitution import Unsupplied, substituted

if TYPE_CHECKING:
    from engines.argo.operation import Operation

_RESULTS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
_NAMED = re.compile(rf"([A-Za-z0-9][\w-]*)(?:\.({'|'.join(_RESULTS)}))?")


class Full(Exception):
    """As many pods run as may."""


@dataclass
class Call:
    """A call of a template.

    Attributes:
        template: Its name.
        arguments: Its parameters.
        boundary: The id of the DAG that calls it, or nothing.
        at_exit: Whether it is, or belongs to, an exit handler.
    """

    template: str
    arguments: Mapping[str, str]
    boundary: str = ""
    at_exit: bool = False


class Dags:
    """The DAGs of one workflow."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def execute(self, node: Node, call: Call, template: dict[str, Any]) -> Node:
        """Go on with a DAG."""
        dag = _Dag(self._operation, node, call, template)
        for task in dag.leaves():
            dag.visit(task)
        dag.judge()
        return node


class _Dag:
    def __init__(self, operation: Operation, node: Node, call: Call, template: dict[str, Any]) -> None:
        self.operation = operation
        self.nodes = operation.nodes
        self.node = node
        self.call = call
        self.template = template
        self.tasks = {task["name"]: task for task in template["dag"]["tasks"]}
        self.before = {name: self._named(task) for name, task in self.tasks.items()}
        self.visited: set[str] = set()

    def _named(self, task: dict[str, Any]) -> list[str]:
        found = [name for name, _ in _NAMED.findall(task.get("depends", ""))]
        for name in found:
            if name not in self.tasks:
                raise Wrong(f"task {task['name']} depends on {name}, which does not exist")
        return list(dict.fromkeys([*found, *task.get("dependencies", ())]))

    def leaves(self) -> list[str]:
        """The tasks that no other waits for."""
        waited = {name for names in self.before.values() for name in names}
        return sorted(name for name in self.tasks if name not in waited)

    def node_of(self, task: str) -> Node | None:
        """A task's node."""
        return self.nodes.named(f"{self.node['name']}.{task}")

    def visit(self, start: str) -> None:
        """Go on with a task, and before it with those that it waits for."""
        pending = [start]
        while pending:
            name = pending[-1]
            ahead = [one for one in self.before[name] if one not in self.visited]
            if name in self.visited:
                pending.pop()
            elif ahead and not self._is_over(name):
                pending += ahead
            else:
                self.visited.add(name)
                pending.pop()
                self._go_on(name)

    def _is_over(self, name: str) -> bool:
        node = self.node_of(name)
        return node is not None and is_over(node)

    def _go_on(self, name: str) -> None:
        if self._is_over(name):
            return
        task, node = self.tasks[name], self.node_of(name)
        boundary = self.node["id"]
        if node is None:
            try:
                due = self._due(name)
            except (Wrong, Unresolved) as error:
                self._add(name, "Error", f"unable to evaluate expression '{task['depends']}': {error}")
                return
            if due is None:
                return
            if not due:
                self._add(name, "Omitted", "omitted: depends condition not met")
                return
        try:
            given, count = self._given(task)
        except _NotNow as error:
            self._add(name, "Skipped", str(error))
            return
        except (Unsupplied, Unresolved, Wrong, ValueError) as error:
            self._add(name, "Error", str(error))
            return
        if count is None:
            self._run(name, given, node)
            return
        if not count:
            self._add(name, "Skipped", "Skipped, empty params")
            return
        if node is None:
            node = self.nodes.add(f"{self.node['name']}.{name}", "TaskGroup", given["template"], boundary, "Running")
            self._connect(name, node["id"])
        for index in range(count):
            item = f"{name}({index}:{index})"
            known = self.node_of(item)
            if known is not None and is_over(known):
                continue
            one = substituted(given, {"item": str(index)})
            may_go_on = self._run(item, one, known, connect=False)
            if (made := self.node_of(item)) is not None:
                self.nodes.connect(node, made["id"])
            if not may_go_on:
                break
        parts = [self.node_of(f"{name}({index}:{index})") for index in range(count)]
        if all(part is not None and is_over(part) for part in parts):
            bad = [part["phase"] for part in parts if part is not None and is_bad(part)]
            self.nodes.mark(node, bad[-1] if bad else "Succeeded")

    def _run(self, name: str, task: dict[str, Any], node: Node | None, *, connect: bool = True) -> bool:
        """Go on with a task, or one item of it; whether others may be begun."""
        full_name = f"{self.node['name']}.{name}"
        arguments = {one["name"]: str(one["value"]) for one in task.get("arguments", {}).get("parameters", ())}
        call = Call(task["template"], arguments, self.node["id"], self.call.at_exit)
        try:
            made = self.operation.template(full_name, call)
        except Full:
            made, full = self.nodes.named(full_name), True
        else:
            full = False
        if made is not None and node is None and connect:
            self._connect(name, made["id"])
        return not full

    def _add(self, name: str, phase: str, why: str) -> None:
        made = self.nodes.add(f"{self.node['name']}.{name}", "Skipped", self.tasks[name]["template"], self.node["id"], phase, why)
        self._connect(name, made["id"])

    def _connect(self, name: str, node_id: str) -> None:
        if not self.before[name]:
            self.nodes.connect(self.node, node_id)
        for one in self.before[name]:
            earlier = self.node_of(one)
            assert earlier is not None
            for last in self.nodes.outbound(earlier):
                self.nodes.connect(self.nodes.known[last], node_id)

    def _due(self, name: str) -> bool | None:
        """Whether a task is to be run; None: others are not over yet, or never will be."""
        if self.before[name] and self.operation.is_stopped(at_exit=self.call.at_exit):
            return None
        known: dict[str, Any] = {}
        for one in self.before[name]:
            node = self.node_of(one)
            if node is None or not is_over(node):
                return None
            phases = [child["phase"] for child in self.nodes.children(node)] if node["type"] == "TaskGroup" else []
            results = {
                "Errored": node["phase"] == "Error",
                "Daemoned": False,
                "AnySucceeded": "Succeeded" in phases,
                "AllFailed": bool(phases) and set(phases) == {"Failed"},
            }
            for result in _RESULTS:
                known[f"{one.replace('-', '_')}.{result}"] = results.get(result, node["phase"] == result)
        depends = self.tasks[name].get("depends", "")
        if not depends:
            return all(known[f"{one.replace('-', '_')}.Succeeded"] for one in self.before[name])
        plain = _NAMED.sub(lambda found: f"{found[1]}.{found[2]}" if found[2] else f"({_usual(found[1])})", depends)
        held = evaluate(plain.replace("-", "_"), known)
        if not isinstance(held, bool):
            raise Wrong("it is neither true nor false")
        return held

    def _scope(self, names: list[str]) -> dict[str, Any]:
        """What tasks have left."""
        scope = dict(self.operation.scope)
        for name in names:
            node = self.node_of(name)
            if node is None:
                continue
            scope[f"tasks.{name}.id"] = node["id"]
            scope[f"tasks.{name}.status"] = node["phase"]
            scope[f"tasks.{name}.startedAt"] = node["startedAt"]
            scope[f"tasks.{name}.finishedAt"] = node["finishedAt"]
            for one in node.get("outputs", {}).get("parameters", ()):
                scope[f"tasks.{name}.outputs.parameters.{one['name']}"] = one["value"]
        return scope

    def _ancestors(self, name: str) -> list[str]:
        found: dict[str, None] = {}
        pending = deque(self.before[name])
        while pending:
            one = pending.popleft()
            if one not in found:
                found[one] = None
                pending += self.before[one]
        return list(found)

    def _given(self, task: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
        """A task with what it is given; how many items it has, None if it is not a task of items.

        Raises:
            _NotNow: Its condition does not hold.
        """
        scope = self._scope(self._ancestors(task["name"]))
        needed = ("tasks.",)
        if "when" in task:
            when = substituted(task["when"], scope, needed=needed)
            held = evaluate(when, {}, words=True)
            if not isinstance(held, bool):
                raise Wrong(f"invalid 'when' expression '{when}'")
            if not held:
                raise _NotNow(f"when '{when}' evaluated false")
        given = substituted({key: value for key, value in task.items() if key != "when"}, scope, needed=needed)
        if "withSequence" not in task:
            return given, None
        return given, int(given["withSequence"]["count"])

    def judge(self) -> None:
        """How the DAG stands."""
        operation, node = self.operation, self.node
        phase = self._phase()
        if operation.shutdown and not self.call.at_exit:
            phase = "Failed"
        if phase == "Running":
            return
        leaves = [leaf for name in self.leaves() if (leaf := self.node_of(name)) is not None]
        if outbound := [last for leaf in leaves for last in self.nodes.outbound(leaf)]:
            node["outboundNodes"] = outbound
        if phase == "Succeeded" and "outputs" in self.template:
            try:
                node["outputs"] = self._outputs()
            except (Unsupplied, Unresolved, Wrong) as error:
                self.nodes.mark(node, "Error", str(error))
                return
        self.nodes.mark(node, phase)

    def _phase(self) -> str:
        found = {self.nodes.id_of(f"{self.node['name']}.{name}"): "" for name in self.leaves()}
        pending = deque((child, "Succeeded") for child in self.node.get("children", ()))
        seen = set(pending)
        while pending:
            node_id, branch = pending.popleft()
            node = self.nodes.known.get(node_id)
            if node is None or not is_over(node):
                return "Running"
            if node["phase"] in ("Succeeded", "Failed", "Error"):
                branch = node["phase"]
            if node_id in found and found[node_id] not in ("Failed", "Error"):
                found[node_id] = branch
            following = node.get("children", ())
            if node["type"] == "Retry":  # what follows hangs on its last attempt
                attempts = self.nodes.attempts(node)
                following = [attempts[-1]["id"]] if attempts else []
            for child in following:
                if (child, branch) not in seen:
                    seen.add((child, branch))
                    pending.append((child, branch))
        bad = [phase for phase in found.values() if phase in ("Failed", "Error")]
        if bad and (all(found.values()) or self.template["dag"].get("failFast", True)):
            return bad[0]
        return "Succeeded" if all(found.values()) else "Running"

    def _outputs(self) -> dict[str, Any]:
        scope = self._scope(list(self.tasks))
        inputs = self.template.get("inputs", {}).get("parameters", ())
        scope |= {f"inputs.parameters.{one['name']}": one["value"] for one in inputs}
        told = []
        for one in self.template["outputs"].get("parameters", ()):
            source = one["valueFrom"]
            try:
                if "expression" in source:
                    value = evaluate(source["expression"], scope)
                else:
                    value = substituted("{{" + source["parameter"].strip("{}") + "}}", scope, needed=("tasks.",))
            except (Unsupplied, Unresolved):
                if "default" not in source:
                    raise
                value = source["default"]
            told.append({"name": one["name"], "value": str(value)})
        return {"parameters": told}


class _NotNow(Exception):
    """A condition does not hold."""


def _usual(name: str) -> str:
    """What a name alone stands for in `depends`."""
    return " || ".join(f"{name}.{result}" for result in ("Succeeded", "Skipped", "Daemoned"))
