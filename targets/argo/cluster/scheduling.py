"""Why no node takes a pod: what the scheduler says, in words for those who wrote the flow.

    0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: 0/3 nodes are available: …
    no node takes it: of 3 nodes 2 have too little CPU left, 1 takes no more pods; it asks for cpu 4, memory 4000M

A node may be counted under several reasons. What is not known here is handed on as it is.
https://github.com/kubernetes/kubernetes/blob/v1.34.2/pkg/scheduler/framework/types.go (FitError)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NODES: Final = re.compile(r"0/(?P<nodes>\d+) nodes are available: (?P<why>.*)")
_PREEMPTION: Final = re.compile(r"\.? *(?:no new claims to deallocate, *)?preemption: .*")
_COUNTED: Final = re.compile(r"(?P<count>\d+) (?P<reason>.+)")
_BETWEEN: Final = re.compile(r", (?=\d+ )")
_LESS: Final = re.compile(r"Insufficient (\S+)")
_FULL: Final = "Too many pods"
_TAINT: Final = re.compile(r"node\(s\) had untolerated taint(?:\(s\)| \{([^}]*)\})?")

_RESOURCES: Final[Mapping[str, str]] = {"cpu": "CPU", "memory": "memory", "ephemeral-storage": "disk"}
_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    _FULL: ("has as many pods as it takes", "have as many pods as they take"),
    "node(s) were unschedulable": ("takes no more pods", "take no more pods"),
    "node(s) didn't match Pod's node affinity/selector": (
        "has other labels than it asks for",
        "have other labels than it asks for",
    ),
    "node(s) had volume node affinity conflict": ("cannot reach its volume", "cannot reach its volume"),
    "node(s) didn't match PersistentVolume's node affinity": ("cannot reach its volume", "cannot reach its volume"),
}
"""By what the scheduler says: what is said of one node, and of several."""


def unscheduled(message: str, asked: str = "") -> str:
    """Why no node takes a pod, without a full stop.

    Args:
        message: What the scheduler says.
        asked: What the pod asks for, as far as that is known: `cpu 4, memory 4000M`.
    """
    message = " ".join(message.split())
    asks = f"; it asks for {asked}" if asked else ""
    found = _NODES.fullmatch(message)
    if found is None:
        return "no node takes it" + (f": {message.rstrip('.')}" if message else "") + asks
    nodes, why = int(found["nodes"]), _PREEMPTION.sub("", found["why"]).rstrip(". ")
    parts = [_COUNTED.fullmatch(one) for one in _BETWEEN.split(why)]
    counted = [(int(one["count"]), one["reason"]) for one in parts if one is not None]
    if len(counted) < len(parts):  # it is said of no node alone, as where there is no such volume claim
        return f"no node takes it: {why}"
    full = all(reason == _FULL or _LESS.fullmatch(reason) for _, reason in counted)
    of = "the only node" if nodes == 1 else f"of {nodes} nodes"
    told = ", ".join(
        _told(reason, one=True) if nodes == 1 else f"{count} {_told(reason, one=count == 1)}"
        for count, reason in sorted(counted, key=lambda each: -each[0])
    )
    return f"no node {'has room for' if full else 'takes'} it: {of} {told}{asks}"


def _told(reason: str, *, one: bool) -> str:
    """What is said of one node, or of several."""
    have = "has" if one else "have"
    if less := _LESS.fullmatch(reason):
        return f"{have} too little {_RESOURCES.get(less[1], less[1])} left"
    if taint := _TAINT.fullmatch(reason):
        which = f" ({taint[1].rstrip(': ')})" if taint[1] else ""
        return f"{have} a taint{which} that it does not tolerate"
    if reason in _REASONS:
        return _REASONS[reason][0 if one else 1]
    return reason.removeprefix("node(s) ")
