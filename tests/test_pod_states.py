"""What a Pod's status means: as a Kubernetes 1.34 writes it, in words for those who wrote the flow."""

from __future__ import annotations

from typing import Any

import pytest

from flowc.runtime.compute import Phase, Seen
from flowc.targets.argo.cluster.pod_states import State, gone, missing, state_of
from flowc.targets.argo.cluster.scheduling import unscheduled
from flowc.targets.argo.cluster.words import pending

BEGUN = "2026-11-21T12:00:00Z"


def pod(status: dict[str, Any], *, node: str | None = "n1", **metadata: Any) -> dict[str, Any]:
    """A Pod whose container may take 4000M."""
    resources = {"requests": {"cpu": "4", "memory": "4000M"}, "limits": {"memory": "4000M", "nvidia.com/gpu": "1"}}
    spec = {"containers": [{"name": "main", "resources": resources}, {"name": "mesh"}], **({"nodeName": node} if node else {})}
    return {"metadata": {"name": "p", **metadata}, "spec": spec, "status": status}


def container(state: dict[str, Any], name: str = "main") -> dict[str, Any]:
    return {"name": name, "state": state, "lastState": {}, "ready": False, "restartCount": 0}


def main(**state: Any) -> dict[str, Any]:
    return {"phase": "Pending", "containerStatuses": [container(state)]}


def ended(code: int, reason: str = "Error", message: str = "", **more: Any) -> dict[str, Any]:
    told = {"exitCode": code, "reason": reason, "startedAt": BEGUN, **({"message": message} if message else {})}
    return {"phase": "Failed" if code else "Succeeded", "containerStatuses": [container({"terminated": told})], **more}


def condition(type: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": type, "status": status, "reason": reason, "message": message}]}


UNSCHEDULED = condition("PodScheduled", "False", "Unschedulable", "0/2 nodes are available: 2 Insufficient cpu.")

PHASES: dict[str, tuple[dict[str, Any], Phase]] = {
    "made": (pod({}, node=None), "waiting"),
    "no room": (pod({"phase": "Pending", **UNSCHEDULED}, node=None), "waiting"),
    "scheduled": (pod({"phase": "Pending", **condition("PodScheduled", "True")}, node=None), "starting"),
    "begins": (pod(main(waiting={"reason": "ContainerCreating"})), "starting"),
    "runs": (pod({**main(running={"startedAt": BEGUN}), "phase": "Running"}), "running"),
    "runs with others": (
        pod({"phase": "Running", "containerStatuses": [container({"running": {}}, "mesh"), container({"running": {}})]}),
        "running",
    ),
    "deleted while it runs": (pod({**main(running={}), "phase": "Running"}, deletionTimestamp=BEGUN), "running"),
}


@pytest.mark.parametrize("case", PHASES)
def test_phases(case: str) -> None:
    given, phase = PHASES[case]
    assert state_of(given).seen == Seen(id="p", phase=phase)


OOM = "took more memory than its step may (4000M): `memory` of @resources or @kubernetes sets how much that is"
ENDS: dict[str, tuple[dict[str, Any], str | None, str, int | None]] = {
    "done": (pod(ended(0, "Completed")), None, "", 0),
    "done, though others go on": (pod({**ended(0, "Completed"), "phase": "Running"}), None, "", 0),
    "done, though it was to end": (pod(ended(0, "Completed"), deletionTimestamp=BEGUN), None, "", 0),
    "failed": (pod(ended(1)), None, "", 1),
    "failed with a word": (
        pod(ended(2, message="a\nflowc: no bucket.\n\n")),
        None,
        "ended with exit code 2: flowc: no bucket",
        2,
    ),
    "out of memory": (pod(ended(137, "OOMKilled")), "OOMKilled", f"was ended, since it {OOM}", 137),
    "no such program": (
        pod(ended(128, "StartError", 'exec: "python3": executable file not found in $PATH')),
        "StartError",
        'did not begin, since its container cannot be started: exec: "python3": executable file not found in $PATH',
        128,
    ),
    "too late": (
        pod(ended(137, message="x", reason="Error") | {"reason": "DeadlineExceeded"}),
        "DeadlineExceeded",
        "was ended, since its pod took longer than the task may (@timeout, or 5 days), and was ended",
        137,
    ),
    "no room on the node": (
        pod({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory. Threshold quantity: 1."}),
        "Evicted",
        "was ended, since its node had to make room: The node was low on resource: memory. Threshold quantity: 1",
        None,
    ),
    "evicted while it ran": (
        pod(ended(137) | {"reason": "Evicted", "message": "Pod ephemeral local storage usage exceeds the total limit"}),
        "Evicted",
        "was ended, since its node had to make room: Pod ephemeral local storage usage exceeds the total limit",
        137,
    ),
    "preempted": (
        pod(
            ended(143) | condition("DisruptionTarget", "True", "PreemptionByScheduler", "default-scheduler: preempting"),
            deletionTimestamp=BEGUN,
        ),
        "Preempted",
        "was ended, since its pod had to give way to one of a higher priority",
        143,
    ),
    "drained": (
        pod(ended(143) | condition("DisruptionTarget", "True", "EvictionByEvictionAPI"), deletionTimestamp=BEGUN),
        "Evicted",
        "was ended, since its pod was evicted, as when somebody drains its node or a cluster becomes smaller",
        143,
    ),
    "its node is gone": (
        pod({**main(running={}), "phase": "Failed"} | condition("DisruptionTarget", "True", "DeletionByPodGC")),
        "NodeLost",
        "was ended, since its node is gone",
        None,
    ),
    "its node shuts down": (
        pod(ended(143) | {"reason": "Terminated", "message": "Pod was terminated in response to imminent node shutdown."}),
        "Terminated",
        "was ended, since its node has ended it, or did not take it: Pod was terminated in response to imminent node shutdown",
        143,
    ),
    "the node had less left than was thought": (
        pod({"phase": "Failed", "reason": "OutOfcpu", "message": "Pod was rejected: Node didn't have enough resource: cpu"}),
        "OutOfcpu",
        "was ended, since its node has ended it, or did not take it: Pod was rejected: Node didn't have enough resource: cpu",
        None,
    ),
    "deleted by somebody": (
        pod(ended(143), deletionTimestamp=BEGUN),
        "PodDeleted",
        "was ended, since its pod was deleted while it ran: by somebody, or together with its node",
        143,
    ),
    "another container failed first": (
        pod(
            {
                "phase": "Failed",
                "initContainerStatuses": [
                    container({"terminated": {"exitCode": 3, "reason": "Error", "message": "no\nway."}}, "mesh")
                ],
                "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            }
        ),
        "Error",
        "did not begin, since the container `mesh` in its pod ended with exit code 3: no way",
        None,
    ),
    "nobody knows": (
        pod({"phase": "Failed"}),
        "Failed",
        "was ended, since its pod failed, and Kubernetes does not say why",
        None,
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_ends(case: str) -> None:
    given, error, message, code = ENDS[case]
    assert state_of(given) == State(seen=Seen(id="p", phase="over", error=error, message=message, exit_code=code))


def test_a_pod_that_took_too_long_to_begin_says_what_it_waited_for() -> None:
    late = pod({"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active on the node longer than"})
    before = state_of(pod(main(waiting={"reason": "ErrImagePull", "message": "not found"}))).waits
    seen = state_of(late, before).seen
    assert (seen.error, seen.message) == (
        "ErrImagePull",
        "was ended, since its image cannot be pulled: not found; after the time that the task may take its pod was ended",
    )


def test_why_an_image_cannot_be_pulled_is_not_forgotten() -> None:
    first = state_of(pod(main(waiting={"reason": "ErrImagePull", "message": "not found"})))
    again = pod(main(waiting={"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x"'}))
    assert state_of(again, first.waits).waits == first.waits
    fuller = pod(
        main(waiting={"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x": ErrImagePull: no such host'})
    )
    assert state_of(fuller, first.waits).waits != first.waits
    other = pod(main(waiting={"reason": "CreateContainerConfigError", "message": 'secret "s" not found'}))
    assert state_of(other, first.waits).waits != first.waits


DOOMS = {
    "ErrImagePull": 180.0,
    "ImagePullBackOff": 180.0,
    "CreateContainerConfigError": 180.0,
    "InvalidImageName": 0.0,
    "ErrImageNeverPull": 0.0,
    "ContainerCreating": None,
    "SomethingNew": None,
}


@pytest.mark.parametrize("reason", DOOMS)
def test_what_waits_in_vain(reason: str) -> None:
    doom = state_of(pod(main(waiting={"reason": reason, "message": "m"}))).doom
    assert (doom and doom.after) == DOOMS[reason]
    assert doom is None or (doom.said == pending(reason, "m") and not doom.began)


def test_a_container_that_something_else_in_its_pod_keeps_waiting() -> None:
    status = {
        "phase": "Pending",
        "initContainerStatuses": [container({"waiting": {"reason": "ImagePullBackOff", "message": "no mesh"}}, "mesh")],
        "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
    }
    waits = state_of(pod(status)).waits
    assert waits is not None
    assert waits.cause == "its image cannot be pulled: no mesh"


def test_a_node_that_does_not_answer() -> None:
    lost = pod({**main(running={}), "phase": "Running"}, deletionTimestamp=BEGUN, deletionGracePeriodSeconds=30)
    doom = state_of(lost).doom
    assert doom is not None
    assert (doom.after, doom.said.error, doom.said.cause, doom.began) == (120.0, "NodeLost", "its node no longer answers", True)
    lost["status"] |= condition(
        "DisruptionTarget", "True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"
    )
    doom = state_of(lost).doom
    assert doom is not None
    assert doom.said.cause == "its node does not answer, or was given a taint that its pod does not tolerate"


def test_which_pod_it_is_need_not_be_said() -> None:
    why = 'container has runAsNonRoot and image will run as root (pod: "p_flows(9ff8518e-462b)", container: main)'
    waits = state_of(pod(main(waiting={"reason": "CreateContainerConfigError", "message": why}))).waits
    assert waits is not None
    assert waits.cause == "its container cannot be set up: container has runAsNonRoot and image will run as root"


def test_pods_that_are_gone() -> None:
    ran = pod({**main(running={}), "phase": "Running"})
    assert gone(ran).message == "was ended, since its pod was deleted while it ran: by somebody, or together with its node"
    preempted = pod({**main(running={}), **condition("DisruptionTarget", "True", "PreemptionByScheduler")})
    assert gone(preempted).error == "Preempted"
    assert gone(pod(ended(0, "Completed"))).exit_code == 0
    waited = missing(Seen(id="p", phase="waiting"))
    assert waited.message == "did not begin, since its pod was deleted: by somebody, or together with its node"


NO_ROOM = "no node has room for it: "
NO_NODE = "no node takes it: "
SCHEDULING = {
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 x.": (
        NO_ROOM + "the only node has too little CPU left"
    ),
    "0/3 nodes are available: 1 Too many pods, 2 Insufficient memory. preemption: 0/3 nodes are available: 3 No victims.": (
        NO_ROOM + "of 3 nodes 2 have too little memory left, 1 has as many pods as it takes"
    ),
    "0/3 nodes are available: 1 node(s) had untolerated taint {spray: mortein}, 2 Insufficient nvidia.com/gpu.": (
        NO_NODE + "of 3 nodes 2 have too little nvidia.com/gpu left, 1 has a taint (spray: mortein) that it does not tolerate"
    ),
    "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) had untolerated taint {control-plane: }.": (
        NO_NODE + "of 2 nodes 1 has a taint that it does not tolerate, 1 has a taint (control-plane) that it does not tolerate"
    ),
    "0/2 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.": (
        NO_NODE + "of 2 nodes 2 have other labels than it asks for, 1 takes no more pods"
    ),
    "0/2 nodes are available: 2 node(s) had no available disk.": NO_NODE + "of 2 nodes 2 had no available disk",
    '0/1 nodes are available: persistentvolumeclaim "x" not found. preemption: 0/1 nodes are available: 1 y.': (
        NO_NODE + 'persistentvolumeclaim "x" not found'
    ),
    "no nodes available to schedule pods": NO_NODE + "no nodes available to schedule pods",
    "": "no node takes it",
}


@pytest.mark.parametrize("message", SCHEDULING)
def test_what_the_scheduler_says(message: str) -> None:
    assert unscheduled(message) == SCHEDULING[message]


def test_what_was_asked_for_is_told_where_room_is_wanted() -> None:
    waits = state_of(pod({"phase": "Pending", **UNSCHEDULED}, node=None)).waits
    assert waits is not None
    said = "no node has room for it: of 2 nodes 2 have too little CPU left"
    assert waits.cause == f"{said}; it asks for cpu 4, memory 4000M, nvidia.com/gpu 1"
