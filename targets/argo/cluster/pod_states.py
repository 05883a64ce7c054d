"""How far a Pod is, by what stands in its status: a task's, of a run that was started from somebody's machine.

What counts is the container that runs the task. A Pod whose other containers go on, as those that a mesh adds, is over with it,
and one that waits for what never comes is not over by itself: it is `doomed`, after some time.
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ....runtime.compute import Phase, Seen
from ..inside import mapping, mappings
from ..pod_fields import CONTAINER
from . import words
from .words import Said

_PATIENCE: Final = 180.0
"""Seconds in which an image, or a secret, may still come."""
_LOST: Final = 90.0
"""Seconds more than its grace that a Pod has which is being deleted."""
_HOPELESS: Final = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_IN_VAIN: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"}
    | {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", *_HOPELESS}
)
"""What a container waits for that will hardly come."""
_BEGINS: Final = frozenset({"ContainerCreating", "PodInitializing"})
_OVER: Final = ("Succeeded", "Failed")
_UNSTARTED: Final = ("StartError", "ContainerCannotRun")
"""Of a container that has ended: it never ran."""
_SIGNALLED: Final = (137, 143)
"""How a container ends whose Pod is deleted: by SIGTERM, or else by SIGKILL."""


class Doom(NamedTuple):
    """What a Pod will be taken for.

    Attributes:
        after: Seconds from when it was first said.
        said: Why.
        began: Whether its container has run.
    """

    after: float
    said: Said
    began: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a Pod's status says.

    Attributes:
        seen: The same, for who started it.
        waits: What it waits for, as far as it says so; None: for nothing that is worth a word.
        doom: What it will be taken for if nothing changes, or None.
    """

    seen: Seen
    waits: Said | None = None
    doom: Doom | None = None


def state_of(pod: Mapping[str, Any], before: Said | None = None) -> State:
    """How far a Pod is.

    Args:
        before: What it waited for when it was last looked at.
    """
    name, status = str(pod["metadata"]["name"]), mapping(pod.get("status"))
    own = _container(status)
    ended = mapping(mapping(own.get("state")).get("terminated"))
    if ended or status.get("phase") in _OVER:
        return State(seen=_over(name, pod, status, ended, before))
    waits = _waits_for(pod, status, own)
    if waits is not None and before is not None and words.tells_less(waits, before):
        waits = before
    began = "running" in mapping(own.get("state"))
    phase: Phase = "running" if began else "starting" if _is_scheduled(pod, status) else "waiting"
    return State(seen=Seen(id=name, phase=phase), waits=waits, doom=_doom(pod, waits, began=began))


def gone(pod: Mapping[str, Any]) -> Seen:
    """A Pod that is no longer there, by what was last known of it."""
    seen = state_of(pod).seen
    return seen if seen.phase == "over" else missing(seen, _disruption(mapping(pod.get("status"))))


def missing(seen: Seen, said: Said | None = None) -> Seen:
    """A job whose Pod is not there any more.

    Args:
        seen: How far it was.
        said: Why that is so, as far as it is known.
    """
    began = seen.phase == "running"
    return ended_by(seen.id, said or (words.DELETED if began else words.DELETED_BEFORE), began=began)


def ended_by(name: str, said: Said, *, began: bool = True, exit_code: int | None = None) -> Seen:
    """A job that came to nothing for this."""
    how = "was ended" if began else "did not begin"
    return Seen(id=name, phase="over", error=said.error, message=f"{how}, since {said.cause}", exit_code=exit_code)


def asked_of(pod: Mapping[str, Any]) -> str:
    """What a Pod asks for: `cpu 4, memory 4000M`."""
    resources = mapping(next(iter(mappings(pod, "spec", "containers")), {}).get("resources"))
    asked = {**mapping(resources.get("limits")), **mapping(resources.get("requests"))}
    return ", ".join(f"{name} {asked[name]}" for name in sorted(asked))


def _over(name: str, pod: Mapping[str, Any], status: Mapping[str, Any], ended: Mapping[str, Any], before: Said | None) -> Seen:
    code = ended.get("exitCode")
    if code == 0 or (not ended and status.get("phase") == "Succeeded"):
        return Seen(id=name, phase="over", exit_code=0)
    own = mapping(_container(status).get("state"))
    began = "waiting" not in own and (not ended or (bool(ended.get("startedAt")) and ended.get("reason") not in _UNSTARTED))
    said = _why_of_pod(status, None if ended and began else before)
    if said is None and pod["metadata"].get("deletionTimestamp") and code in (*_SIGNALLED, None):
        said = words.DELETED if began else words.DELETED_BEFORE
    if said is not None:
        return ended_by(name, said, began=began, exit_code=code)
    if not ended:
        said = _why_of_others(status) or Said(str(status.get("reason") or "Failed"), _unsaid(status))
        return ended_by(name, said, began=began)
    reason, more = str(ended.get("reason") or "Error"), str(ended.get("message") or "")
    if reason in ("Error", "Completed", "ContainerStatusUnknown"):
        # The task, or what starts it, has ended so: what it printed last says more than the cluster can.
        last = next((line for line in reversed(more.splitlines()) if line.strip()), "")
        told = words.exited(int(code or 0), words.sentence(last)) if last else ""
        return Seen(id=name, phase="over", message=told, exit_code=code)
    limits = next((mapping(one.get("resources")) for one in mappings(pod, "spec", "containers")), {}).get("limits")
    said = words.of_container(CONTAINER, reason, int(code or 0), more, str(mapping(limits).get("memory") or ""))
    return ended_by(name, said, began=began, exit_code=code)


def _why_of_pod(status: Mapping[str, Any], warning: Said | None) -> Said | None:
    """Why a Pod ended, if not of its containers."""
    reason, message = str(status.get("reason") or ""), str(status.get("message") or "")
    if reason == "DeadlineExceeded" or words.is_pod_late(message):
        return words.pod_late(warning)
    if reason == "Evicted":
        return words.evicted(message)
    if said := _disruption(status):
        return said
    return words.rejected(reason, message) if reason else None


def _disruption(status: Mapping[str, Any]) -> Said | None:
    found = _condition(status, "DisruptionTarget")
    if found.get("status") != "True":
        return None
    reason, message = str(found.get("reason") or ""), str(found.get("message") or "")
    return words.rejected(reason, message) if reason == "TerminationByKubelet" else words.disrupted(reason, message)


def _why_of_others(status: Mapping[str, Any]) -> Said | None:
    """Which other container has kept the task from beginning."""
    for one in _all(status):
        ended = mapping(mapping(one.get("state")).get("terminated"))
        if ended.get("exitCode"):
            reason, code = str(ended.get("reason") or "Error"), int(ended["exitCode"])
            return words.beside(
                f"the container `{one.get('name')}`", reason, code, words.sentence(str(ended.get("message") or ""))
            )
    return None


def _unsaid(status: Mapping[str, Any]) -> str:
    return words.sentence(str(status.get("message") or "")) or "its pod failed, and Kubernetes does not say why"


def _waits_for(pod: Mapping[str, Any], status: Mapping[str, Any], own: Mapping[str, Any]) -> Said | None:
    """What a Pod waits for that has not begun."""
    for one in (own, *_all(status)):
        waiting = mapping(mapping(one.get("state")).get("waiting"))
        reason = str(waiting.get("reason") or "")
        if reason and reason not in _BEGINS:
            return words.pending(reason, str(waiting.get("message") or ""))
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        return words.pending(str(scheduled.get("reason") or ""), str(scheduled.get("message") or ""), asked_of(pod))
    return None


def _doom(pod: Mapping[str, Any], waits: Said | None, *, began: bool) -> Doom | None:
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        said = _disruption(mapping(pod.get("status"))) or words.NODE_LOST
        return Doom(float(metadata.get("deletionGracePeriodSeconds") or 0) + _LOST, said, began)
    if waits is not None and waits.error in _IN_VAIN:
        return Doom(0.0 if waits.error in _HOPELESS else _PATIENCE, waits, began)
    return None


def _is_scheduled(pod: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    return bool(mapping(pod.get("spec")).get("nodeName")) or _condition(status, "PodScheduled").get("status") == "True"


def _condition(status: Mapping[str, Any], type: str) -> Mapping[str, Any]:
    return next((one for one in mappings(status, "conditions") if one.get("type") == type), {})


def _container(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((one for one in mappings(status, "containerStatuses") if one.get("name") == CONTAINER), {})


def _all(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("initContainerStatuses", "containerStatuses"):
        yield from mappings(status, key)
