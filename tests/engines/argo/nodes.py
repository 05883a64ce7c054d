"""The nodes of a Workflow's status: their names and ids, how they hang together, and how they change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engines.argo.objects import now

Node = dict[str, Any]

FULFILLED = ("Succeeded", "Failed", "Error", "Skipped", "Omitted")
ACTIVE = ("Pending", "Running")


class Nodes:
    """Those of one workflow, by id, in its own status."""

    def __init__(self, workflow: str, known: dict[str, Node]) -> None:
        self.workflow = workflow
        self.known = known

    def id_of(self, name: str) -> str:
        """A node's id."""
        return name if name == self.workflow else f"{self.workflow}-{fnv(name)}"

    def pod_of(self, node: Node) -> str:
        """The name of a node's pod."""
        if node["name"] == self.workflow:
            return self.workflow
        prefix = f"{self.workflow}-{node['templateName']}"[:241]
        return f"{prefix}-{fnv(node['name'])}"

    def named(self, name: str) -> Node | None:
        """The node of this name."""
        return self.known.get(self.id_of(name))

    def add(self, name: str, kind: str, template: str, boundary: str, phase: str, message: str = "") -> Node:
        """A node that is new."""
        node_id = self.id_of(name)
        assert node_id not in self.known, name
        outer = self.known.get(boundary)
        shown = re.sub(r"^\.|^\[\d+\]\.", "", name.removeprefix(outer["name"])) if outer else name
        node: Node = {"id": node_id, "name": name, "displayName": shown, "type": kind, "templateName": template}
        node |= {"templateScope": f"local/{self.workflow}", "phase": phase, "startedAt": now(), "finishedAt": None}
        if boundary:
            node["boundaryID"] = boundary
        if message:
            node["message"] = message
        if kind in ("Skipped", "TaskGroup"):
            node["nodeFlag"] = {}
        if phase in FULFILLED:
            node["finishedAt"] = node["startedAt"]
        self.known[node_id] = node
        return node

    def mark(self, node: Node, phase: str, message: str | None = None) -> Node:
        """A node is in this phase now."""
        node["phase"] = phase
        if message:
            node["message"] = message
        elif message is not None:
            node.pop("message", None)
        if phase in FULFILLED and not node.get("finishedAt"):
            node["finishedAt"] = now()
        return node

    def connect(self, parent: Node, child: str) -> None:
        """The node of this id comes after another."""
        children = parent.setdefault("children", [])
        if child not in children:
            children.append(child)

    def children(self, node: Node) -> list[Node]:
        """Those that come after a node, as far as they are there."""
        return [self.known[one] for one in node.get("children", ()) if one in self.known]

    def attempts(self, node: Node) -> list[Node]:
        """The attempts of a Retry node: its children of its own name."""
        return [one for one in self.children(node) if re.fullmatch(re.escape(node["name"]) + r"\(\d+\)", one["name"])]

    def outbound(self, node: Node) -> Iterator[str]:
        """The ids of the nodes after which comes what comes after a node."""
        children = node.get("children", ())
        match node["type"]:
            case "Pod" | "Skipped" | "Suspend":
                yield node["id"]
            case "TaskGroup":
                if not children:
                    yield node["id"]
                for child in children:
                    yield from self.outbound(self.known[child])
            case "Retry" if children:
                yield self.attempts(node)[-1]["id"]
            case _:
                for one in node.get("outboundNodes", ()):
                    yield from self.outbound(self.known[one])

    def count(self) -> str:
        """How many of those that can progress have, and of all others how many after them; of all together that is returned."""
        counts = {node_id: _progress(node) for node_id, node in self.known.items() if node["type"] in ("Pod", "Suspend")}
        for node_id, count in counts.items():
            self.known[node_id]["progress"] = "/".join(map(str, count))
        for node_id, node in self.known.items():
            if node_id not in counts and node.get("children"):
                after = [counts[one] for one in self._all_after(node) if one in counts]
                if after:
                    node["progress"] = _sum(after)
        return _sum(list(counts.values()))

    def _all_after(self, node: Node) -> Iterator[str]:
        pending, seen = list(node["children"]), set[str]()
        while pending:
            one = pending.pop()
            if one not in seen and one in self.known:
                seen.add(one)
                yield one
                pending += self.known[one].get("children", ())

    def within(self, boundary: str) -> list[Node]:
        """Those of one DAG."""
        return [one for one in self.known.values() if one.get("boundaryID") == boundary]


def _progress(node: Node) -> tuple[int, int]:
    return int(node["phase"] == "Succeeded"), 1


def _sum(counts: list[tuple[int, int]]) -> str:
    return f"{sum(done for done, _ in counts)}/{sum(total for _, total in counts)}"


def is_over(node: Node) -> bool:
    """Whether nothing more happens to it."""
    return node["phase"] in FULFILLED


def is_bad(node: Node) -> bool:
    """Whether it failed."""
    return node["phase"] in ("Failed", "Error")


def fnv(text: str) -> int:
    """FNV-1a, of 32 bits."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
