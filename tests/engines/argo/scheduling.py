"""Whether the one node has room for a pod, in the scheduler's words."""

from __future__ import annotations

from engines.argo.objects import Object

NODE = "engine"
"""The name of the machine."""
CPUS = 64
LABELS = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}
_TAIL = "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."


def refusal(pod: Object) -> str | None:
    """Why no node takes it, or None."""
    spec = pod["spec"]
    asked = sum(_cpus(one.get("resources", {}).get("requests", {}).get("cpu", "0")) for one in spec["containers"])
    reason = None
    if asked > CPUS:
        reason = "1 Insufficient cpu"
    if any(LABELS.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        reason = "1 node(s) didn't match Pod's node affinity/selector"
    return f"0/1 nodes are available: {reason}. {_TAIL}" if reason else None


def _cpus(amount: str) -> float:
    return int(amount[:-1]) / 1000 if amount.endswith("m") else float(amount)
