"""What Argo and Kubernetes say of a pod, in words for those who wrote the flow.

A node's message is what Argo makes of a pod that failed or waits: `main: OOMKilled (exit code 137)`, `Unschedulable: 0/3 nodes
are available: …`. Of pods that no Workflow has, `pod_states` reads the same off the pod itself. What is not known here is handed
on as it is.
https://github.com/argoproj/argo-workflows/blob/v3.7.18/workflow/controller/operator.go (inferFailedReason, getPendingReason)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from .scheduling import unscheduled

_SHUTDOWN: Final = re.compile(r"workflow shutdown with strategy|Stopped with strategy")
_LATE: Final = re.compile(r"Step exceeded its deadline$|retry exceeded workflow deadline")
_POD_LATE: Final = "Pod was active on the node longer than the specified deadline"
_CONTAINER: Final = re.compile(r"(?P<name>[a-z0-9-]+): (?P<reason>\w*) ?\(exit code (?P<code>\d+)\)(?:: (?P<more>.*))?", re.S)
_BEFORE: Final = re.compile(r"Pod failed before \S+ container starts due to (?P<reason>\w+): ?(?P<more>.*)", re.S)
_EMPTY: Final = re.compile(r"Error: (ErrImagePull|ImagePullBackOff)|Back-off |$")
"""Warnings that tell nothing beside others."""
_NOT_PULLED: Final = re.compile(r'^Failed to pull image (?:"[^"]*": )?')
"""What such a warning has before the reason."""
_OF_POD: Final = re.compile(r' \(pod: "[^"]*", container: [^)]*\)$')
_BACK_OFF: Final = re.compile(r'Back-off pulling image "[^"]*"$')
_WAITS: Final = re.compile(r"(?P<reason>[A-Z]\w+)(?:: (?P<more>.*))?", re.S)
_RESULTS: Final = re.compile(r"workflowtaskresults\S* is forbidden")

_IMAGE: Final = frozenset(
    ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable")
)
_BEGINS: Final = frozenset(("ContainerCreating", "PodInitializing"))
_MEANT: Final[Mapping[str, str]] = {
    "CreateContainerConfigError": "its container cannot be set up",
    "CreateContainerError": "its container cannot be set up",
    "CreatePodSandboxError": "its pod cannot be set up",
    "RunContainerError": "its container cannot be started",
    "StartError": "its container cannot be started",
    "ContainerCannotRun": "its container cannot be started",
    **dict.fromkeys(_IMAGE, "its image cannot be pulled"),
}


_KILLED: Final[Mapping[int, str]] = {
    137: "it was killed, often for want of memory",
    143: "it was asked to end, as when somebody deletes its pod, or its node goes",
}


class Said(NamedTuple):
    """What is said of a failure.

    Attributes:
        error: The platform's word for it.
        cause: What it means.
    """

    error: str
    cause: str


def is_shutdown(message: str) -> bool:
    """Whether this is said of what ended since the run was stopped."""
    return _SHUTDOWN.search(message) is not None


def is_late(message: str) -> bool:
    """Whether this is said of what ended since the run took too long."""
    return _LATE.match(message) is not None


def is_pod_late(message: str) -> bool:
    """Whether this is said of a pod that had its own deadline: that of its task, or what was left of the run's time."""
    return message.startswith(_POD_LATE)


LATE: Final = Said(
    "DeadlineExceeded", "the run took longer than it may (--workflow-timeout, when it was deployed), and was ended"
)
"""What is said of a run that took too long."""


def failure(phase: str, message: str, warning: Said | None = None) -> Said:
    """Why a node failed.

    Args:
        phase: Its phase, for want of a better word.
        message: What Argo says.
        warning: Why it did not begin, where that is so and known.
    """
    if is_shutdown(message):
        return Said("Stopped", "the run was stopped")
    if is_late(message):
        return LATE
    if is_pod_late(message):
        return pod_late(warning)
    if message == "pod deleted":
        return DELETED
    if message.startswith("The node was low on resource"):
        return evicted(message)
    if match := _BEFORE.fullmatch(message):
        return pending(match["reason"], match["more"])
    if match := _CONTAINER.fullmatch(message):
        return of_container(match["name"], match["reason"] or "Error", int(match["code"]), match["more"] or "")
    return Said(phase, message or "Argo does not say why")


def pod_late(warning: Said | None = None) -> Said:
    """What is said of a pod that had its own deadline.

    Args:
        warning: Why it did not begin, where that is so and known.
    """
    if warning is not None:
        return Said(warning.error, f"{warning.cause}; after the time that the task may take its pod was ended")
    return Said("DeadlineExceeded", "its pod took longer than the task may (@timeout, or 5 days), and was ended")


DELETED: Final = Said("PodDeleted", "its pod was deleted while it ran: by somebody, or together with its node")
"""What is said of a pod that is gone."""
DELETED_BEFORE: Final = Said("PodDeleted", "its pod was deleted: by somebody, or together with its node")
"""The same, where it had not begun."""


def evicted(message: str) -> Said:
    """What is said of a pod that its node has ended, to have more for others."""
    return Said("Evicted", f"its node had to make room: {sentence(message)}")


def disrupted(reason: str, message: str) -> Said:
    """Why a pod was ended that had done nothing for it: the reason of its condition `DisruptionTarget`.

    https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
    """
    return Said(*_DISRUPTED.get(reason, (reason, f"the cluster has ended its pod: {sentence(message) or reason}")))


_DISRUPTED: Final[Mapping[str, tuple[str, str]]] = {
    "PreemptionByScheduler": ("Preempted", "its pod had to give way to one of a higher priority"),
    "DeletionByTaintManager": ("NodeLost", "its node does not answer, or was given a taint that its pod does not tolerate"),
    "DeletionByDeviceTaintManager": ("NodeLost", "a device of its node was given a taint that its pod does not tolerate"),
    "EvictionByEvictionAPI": ("Evicted", "its pod was evicted, as when somebody drains its node or a cluster becomes smaller"),
    "DeletionByPodGC": ("NodeLost", "its node is gone"),
}


def rejected(reason: str, message: str) -> Said:
    """What a node says of a pod that it has ended, or did not take: it shuts down, or has less left than was thought."""
    return Said(reason, f"its node has ended it, or did not take it: {sentence(message) or reason}")


NODE_LOST: Final = Said("NodeLost", "its node no longer answers")
"""What is said of a pod that was to end long ago."""


def pending(reason: str, more: str = "", asked: str = "") -> Said:
    """What a pod or a container waits for, by Kubernetes's word for it.

    Args:
        more: What it says besides.
        asked: What the pod asks for, as far as that is known: `cpu 4, memory 4000M`.
    """
    if reason == "Unschedulable":
        return Said(reason, unscheduled(more, asked))
    meant, more = _MEANT.get(reason, ""), sentence(more)
    return Said(reason, ": ".join(filter(None, (meant, more))) or reason)


def tells_less(said: Said, before: Said) -> bool:
    """Whether an image is only waited for again, of which was known before why it cannot be pulled."""
    return said.error in _IMAGE and before.error in _IMAGE and _BACK_OFF.search(said.cause) is not None


def waiting(message: str) -> Said:
    """What a pod that has not begun waits for, by its node's message; a cause that is empty: it is only about to begin."""
    match = _WAITS.fullmatch(message)
    if match is None:
        return Said("Pending", sentence(message))
    return Said(match["reason"], "") if match["reason"] in _BEGINS else pending(match["reason"], match["more"] or "")


def warned(events: Iterable[Mapping[str, Any]]) -> Said | None:
    """Why a pod did not begin, by Kubernetes's warnings about it, the last of which counts; None: there is none.

    Once such a pod is ended it no longer says itself what it waited for. Events are kept for an hour.
    """
    told = [one for one in events if one.get("type") == "Warning" and not _EMPTY.match(str(one.get("message") or ""))]
    if not told:
        return None
    last = max(told, key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""))
    message = sentence(str(last["message"])).removeprefix("Error: ")
    why = _NOT_PULLED.sub("", message)  # as the container's own status has it
    return pending("ErrImagePull" if why != message else str(last.get("reason") or "Failed"), why)


def of_container(name: str, reason: str, code: int, more: str, limit: str = "") -> Said:
    """Why a container ended.

    Args:
        reason: Kubernetes's word for it.
        more: What it says besides.
        limit: The memory that it might take, as far as that is known: `4000M`.
    """
    more = sentence(more)
    if reason == "OOMKilled":
        most = f" ({limit})" if limit else ""
        return Said(
            reason, f"it took more memory than its step may{most}: `memory` of @resources or @kubernetes sets how much that is"
        )
    if name == "wait" and _RESULTS.search(more):
        return Said(
            "Forbidden",
            f"its pod may not tell Argo what came of it: {more}: `flowc compile --with-rbac` prints what runs must be allowed",
        )
    if name in ("init", "wait"):
        return beside(f"Argo's own container `{name}`", reason, code, more)
    if reason in _MEANT:
        return pending(reason, more)
    return Said(reason, f"its container {exited(code, more)}")


def beside(container: str, reason: str, code: int, more: str) -> Said:
    """What is said of another container in a pod, for which it failed."""
    return Said(reason, f"{container} in its pod ended with exit code {code}" + (f": {more}" if more else ""))


def exited(code: int, more: str) -> str:
    """That a container has ended by itself, or was killed.

    Args:
        more: What is known besides.
    """
    return f"ended with exit code {code}: {more or _KILLED.get(code, '')}".removesuffix(": ")


def sentence(text: str) -> str:
    """Text on one line, without a full stop, and without which pod it is said of, where the kubelet adds that."""
    return _OF_POD.sub("", " ".join(text.split())).rstrip(".")
