"""How the nodes of a run relate: what holds what, what came after what, and for which of them a run failed.

The children of a node say less than one would think, for what follows a task is a child of its last pod. What holds a node is
told by its name and by the DAG that it is a task of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .nodes import ITEM, Node


def within(nodes: Mapping[str, Node]) -> dict[str, tuple[str, ...]]:
    """By node, what holds it, from the inside out: the `Retry` it is an attempt of, the `TaskGroup` it is an item of, the DAG."""
    by_name = {node.name: node.id for node in nodes.values()}
    found: dict[str, tuple[str, ...]] = {}
    for start in nodes:
        way = [start] if start not in found else []
        while way:
            above = _above(nodes[way[-1]], by_name, nodes)
            if above is None or above in found:
                found[way.pop()] = () if above is None else (above, *found[above])
            else:
                way.append(above)
    return found


def after(starts: Iterable[str], nodes: Mapping[str, Node]) -> set[str]:
    """Nodes, what is within them, and what came after them."""
    found: set[str] = set()
    open = list(starts)
    while open:
        id = open.pop()
        if id not in found and id in nodes:
            found.add(id)
            open += nodes[id].children
    return found


def causes(nodes: Mapping[str, Node], held: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Those that failed, though nothing within them did; without what something came of all the same: an attempt after which
    another one succeeded.

    Args:
        held: What holds each of them, as `within` tells.
    """
    failed = {id for id, node in nodes.items() if node.failed}
    innermost = failed.difference(*(held[id] for id in failed))
    tasks = {id: held[id][0] if nodes[id].is_retried and held[id] else id for id in innermost}
    went_on = {task: _went_on(task, nodes) for task in set(tasks.values())}
    return {id for id in innermost if not went_on[tasks[id]]}


def last_attempts(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Of nodes that are attempts of one task only the last, in the order in which they began."""
    last: dict[str, Node] = {}
    for node in nodes:
        if node.task not in last or last[node.task].retries < node.retries:
            last[node.task] = node
    return tuple(sorted(last.values(), key=lambda one: (one.started or 0.0, one.name)))


def _went_on(task: str, nodes: Mapping[str, Node]) -> bool:
    """Whether something succeeded after this, or within it."""
    if nodes[task].type == "Retry" and nodes[task].phase == "Succeeded":
        return True
    return any(nodes[id].phase == "Succeeded" for id in after((task,), nodes) if id != task)


def _above(node: Node, by_name: Mapping[str, str], nodes: Mapping[str, Node]) -> str | None:
    """What holds a node directly."""
    if node.is_retried and (retry := by_name.get(node.task)) is not None and retry != node.id:
        return retry
    item = node.name.rfind("(")
    if node.name.endswith(")") and ITEM.match(node.name, item) and (group := by_name.get(node.name[:item])) is not None:
        return group
    return node.boundary if node.boundary in nodes and node.boundary != node.id else None
