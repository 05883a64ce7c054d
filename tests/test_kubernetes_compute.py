"""Pods as the jobs of a local run: how they are made, watched, explained and ended, against the stand-in cluster."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from podruns import RUN, Harbour, harbour

from flowc.runtime.compute import ComputeError, Order, Seen
from flowc.targets.argo import marks
from flowc.targets.argo.cluster import pod_compute, pod_states

__all__ = ["harbour"]


def test_a_task_from_order_to_end(harbour: Harbour) -> None:
    there = harbour.prepare("@kubernetes(labels={'team': 'ml'}, cpu=0.5)", service_account="default")
    assert (harbour.uploads, harbour.said) == (1, [])
    assert there.compute.where == f"Kubernetes, namespace {harbour.argo.namespace}, context tests"
    (id,) = there.start("done")
    assert there.over(id) == [Seen(id=id, phase="over", exit_code=0)]
    assert [one.phase for one in there.seen] == sorted(
        {one.phase for one in there.seen}, key="waiting starting running over".split().index
    )
    pod = harbour.argo.get("pods", id)
    labels, annotations, spec = pod["metadata"]["labels"], pod["metadata"]["annotations"], pod["spec"]
    assert labels == {
        "team": "ml",
        marks.MANAGED_BY: marks.FLOWC,
        marks.FLOW: "Sample",
        marks.RUN: RUN,
        marks.STEP: "done",
        marks.USER: "ann",
    }
    assert (
        annotations.items() >= {marks.RUN: RUN, marks.PATH: "0", marks.ATTEMPT: "0", marks.DATASTORE: harbour.argo.place}.items()
    )
    assert (spec["restartPolicy"], spec["activeDeadlineSeconds"], spec["serviceAccountName"]) == (
        "Never",
        5 * 24 * 3600,
        "default",
    )
    (container,) = spec["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert (
        variables.items()
        >= {
            "FLOWC_RUN": RUN,
            "FLOWC_STEP": "done",
            "FLOWC_PATH": "0",
            "FLOWC_ATTEMPT": "0",
            "FLOWC_BEGUN": "1",
            "FLOWC_TARGET": "local",
            "FLOWC_USER": "ann",
            "FLOWC_CODE": "flowc-packages/Sample/0.tar.gz",
        }.items()
    )
    there.look(0.0)  # it is not asked for any more
    harbour.wait(lambda: harbour.pods() == [])


def test_many_are_told_by_one_watch_and_nothing_is_kept_of_those_that_are_over(harbour: Harbour) -> None:
    there = harbour.prepare()
    harbour.argo.calls()
    ids = there.start("done", 40)
    assert len(set(ids)) == 40
    there.over(*ids)
    there.look(0.0)
    harbour.wait(lambda: harbour.pods() == [])
    assert not there.compute._jobs.where(lambda _: True)
    calls = [one.split("?")[0].split()[0] for one in harbour.argo.calls() if "pods" in one and "engine" not in one]
    asked = [one for one in calls if one == "GET"]
    assert (calls.count("POST"), calls.count("DELETE")) == (40, 40)
    assert len(asked) < 20  # one list, one watch, and those of `harbour.pods`


def test_what_a_container_says_last_is_told(harbour: Harbour) -> None:
    there = harbour.prepare()
    (id,) = there.start("fail")
    (seen,) = there.over(id)
    assert seen == Seen(id=id, phase="over", message="ended with exit code 1: flowc: no such bucket", exit_code=1)


def test_names_are_short_and_no_two_orders_have_the_same(harbour: Harbour) -> None:
    there = harbour.prepare()
    pods = there.compute._pods
    names = {
        pods.name(Order(run=run, step=step, path=path, attempt=attempt))
        for run in (RUN, "a" * 60, "A" * 60)
        for step in ("done", "fail")
        for path in ("-", "3", "3.1", "31", "3.~1", "3" * 80)
        for attempt in (0, 1, 11)
    }
    assert len(names) == 3 * 2 * 6 * 3
    assert max(map(len, names)) <= 63
    assert pods.name(Order(RUN, "done", "3.1", 0)).startswith("sample-20261121-122322-a1b2c3-done-3-1-0-")


def test_labels_of_what_no_label_takes(harbour: Harbour) -> None:
    there = harbour.prepare(user="ann@example.com")
    (id,) = there.start("sleep")
    pod = harbour.argo.get("pods", id)["metadata"]
    assert pod["labels"][marks.USER].startswith("ann-example-com-")
    assert pod["annotations"][marks.USER] == "ann@example.com"
    computing = harbour.computing()
    assert [one.id for one in computing.unfinished("Sample", user="ann@example.com")] == [id]


def test_a_pod_that_somebody_deletes(harbour: Harbour) -> None:
    there = harbour.prepare()
    (id,) = there.start("sleep")
    there.until(id, "running")
    harbour.argo.delete("pods", id)
    (seen,) = there.over(id)
    assert (seen.error, seen.exit_code) == ("PodDeleted", 143)
    assert seen.message == "was ended, since its pod was deleted while it ran: by somebody, or together with its node"


def test_a_pod_that_takes_too_long(harbour: Harbour) -> None:
    there = harbour.prepare()
    there.compute._pods.steps["sleep"]["spec"]["activeDeadlineSeconds"] = 1  # nobody waits for a minute
    (id,) = there.start("sleep")
    (seen,) = there.over(id)
    assert (seen.error, seen.message) == (
        "DeadlineExceeded",
        "was ended, since its pod took longer than the task may (@timeout, or 5 days), and was ended",
    )


def test_how_long_a_pod_may_live_follows_from_the_timeout(harbour: Harbour) -> None:
    there = harbour.prepare("@kubernetes\n@timeout(minutes=2)")
    assert there.compute._pods.steps["done"]["spec"]["activeDeadlineSeconds"] == 180


# What waits


def test_an_image_that_cannot_be_pulled_is_waited_for_some_time(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_states, "_PATIENCE", 1.0)
    there = harbour.prepare("@kubernetes(image='example.invalid/nope')")
    (id,) = there.start("done")
    there.until(id, "starting")
    begun = time.monotonic()
    harbour.wait(lambda: id in there.compute.explain([id]))
    why = 'failed to pull and unpack image "example.invalid/nope": failed to resolve reference "example.invalid/nope": not found'
    assert there.compute.explain([id])[id] == f"its image cannot be pulled: {why}"
    (seen,) = there.over(id)
    assert time.monotonic() - begun > 0.7
    assert seen.error in ("ErrImagePull", "ImagePullBackOff")
    assert seen.message == f"did not begin, since its image cannot be pulled: {why}"
    there.look(0.0)
    harbour.wait(lambda: harbour.pods() == [])


def test_a_name_that_no_image_has_is_not_waited_for(harbour: Harbour) -> None:
    there = harbour.prepare(image="Nope")
    (id,) = there.start("done")
    (seen,) = there.over(id)
    assert seen.error == "InvalidImageName"
    assert "did not begin, since its image cannot be pulled: Failed to apply default image tag" in seen.message


def test_a_secret_that_goes_in_the_meantime(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_states, "_PATIENCE", 0.2)
    harbour.argo.create(secret("keys"))
    there = harbour.prepare("@kubernetes(secrets=['keys'])")
    harbour.argo.delete("secrets", "keys")
    (id,) = there.start("done")
    (seen,) = there.over(id)
    assert seen.error == "CreateContainerConfigError"
    assert seen.message == 'did not begin, since its container cannot be set up: secret "keys" not found'


@pytest.mark.parametrize(
    ("decorator", "why"),
    [
        (
            "@kubernetes(cpu=128)",
            "no node has room for it: the only node has too little CPU left; it asks for cpu 128, memory 4000M",
        ),
        (
            "@kubernetes(node_selector='disk=fast')",
            "no node takes it: the only node has other labels than it asks for; it asks for cpu 1, memory 4000M",
        ),
    ],
)
def test_what_no_node_takes_waits_and_says_why(harbour: Harbour, decorator: str, why: str) -> None:
    there = harbour.prepare(decorator)
    ids = there.start("done", 6)
    for id in ids:
        there.until(id, "waiting")
    harbour.wait(lambda: len(there.compute.explain(ids)) == 6)
    said = set(there.compute.explain(ids).values())
    assert said == {f"{why}: `kubectl describe nodes` shows what nodes have left"}
    assert there.compute.end(ids, "x") == ()
    assert {one.error for one in there.over(*ids)} == {"Stopped"}


def test_a_node_that_is_on_its_way(harbour: Harbour) -> None:
    there = harbour.prepare("@kubernetes(cpu=128)")
    (id,) = there.start("done")
    note(harbour, id, "Normal", "TriggeredScaleUp", "pod triggered scale-up: [{big 0->1 (max: 3)}]")
    harbour.wait(lambda: "makes a node" in there.compute.explain([id]).get(id, ""))
    assert there.compute.explain([id])[id].endswith("it asks for cpu 128, memory 4000M; the cluster makes a node for it")


def test_what_begins_slowly_is_asked_about(harbour: Harbour) -> None:
    there = harbour.prepare()
    (id,) = there.start("sleep")
    there.until(id, "running")
    note(harbour, id, "Normal", "Pulling", "Pulling image")
    assert there.compute.explain([id]) == {id: "its image is being pulled"}
    note(harbour, id, "Warning", "FailedMount", "MountVolume.SetUp failed for volume")
    assert there.compute.explain([id]) == {id: "MountVolume.SetUp failed for volume"}
    harbour.argo.fail("GET", ".*/events", 403, "Forbidden")
    assert there.compute.explain([id]) == {}


def test_a_quota_holds_orders_until_there_is_room(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_compute, "_HELD", 0.5)
    quota = {"metadata": {"name": "few"}, "kind": "ResourceQuota", "apiVersion": "v1", "spec": {"hard": {"pods": "1"}}}
    harbour.argo.create(quota)
    there = harbour.prepare()
    (first,) = there.start("sleep")
    ids = there.start("done", 2)
    for id in ids:
        there.until(id, "waiting")
    assert harbour.pods() == [first]
    said = there.compute.explain(ids)
    place = f"the namespace {harbour.argo.namespace}"
    why = f"{place} has no room for it: of its quota few, pods=1, pods=1 is used, and pods=1 is asked for"
    assert said == dict.fromkeys(ids, why)
    harbour.argo.delete("pods", first)
    there.over(first)
    assert {one.exit_code for one in there.over(*ids)} == {0}


def test_a_quota_that_is_used_up_is_told_before_the_run(harbour: Harbour) -> None:
    harbour.argo.create({"metadata": {"name": "none"}, "kind": "ResourceQuota", "spec": {"hard": {"pods": "0"}}})
    harbour.prepare()
    place = (
        f"the namespace {harbour.argo.namespace} has no room for a pod of step `done`, whose tasks will wait: of its quota none"
    )
    assert harbour.said == [f"{place}, pods=0, pods=0 is used, and pods=1 is asked for"]


# Ending


def test_jobs_are_ended_and_no_more_are_started(harbour: Harbour) -> None:
    there = harbour.prepare()
    ids = there.start("sleep", 3)
    for id in ids:
        there.until(id, "running")
    assert there.compute.end(ids, "the run was interrupted") == ()
    assert there.compute.end(ids, "the run was interrupted") == ()  # again
    assert list(there.compute.start(there.orders("sleep", 5, attempt=1))) == []
    for seen in there.over(*ids):
        assert (seen.error, seen.message) == ("Stopped", "was ended: the run was interrupted")
    harbour.wait(lambda: harbour.pods() == [])


def test_what_is_over_is_no_longer_ended(harbour: Harbour) -> None:
    there = harbour.prepare()
    (id,) = there.start("done")
    there.over(id)
    there.look(0.0)
    harbour.wait(lambda: harbour.pods() == [])
    assert there.compute.end([id], "too late") == ()


def test_orders_that_a_quota_holds_are_ended(harbour: Harbour) -> None:
    harbour.argo.create({"metadata": {"name": "none"}, "kind": "ResourceQuota", "spec": {"hard": {"pods": "0"}}})
    there = harbour.prepare()
    ids = there.start("done", 2)
    assert there.compute.end(ids, "x") == ()
    assert {one.error for one in there.over(*ids)} == {"Stopped"}
    harbour.argo.delete("resourcequotas", "none")
    there.look(0.5)
    assert harbour.pods() == []


def secret(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {"KEY": base64.b64encode(b"x").decode()}}


def note(harbour: Harbour, pod: str, type: str, reason: str, message: str) -> None:
    """An event about a pod."""
    moment = f"2036-11-21T12:00:{len(harbour.argo.all('events')):02}Z"
    told = {"type": type, "reason": reason, "message": message, "lastTimestamp": moment, "involvedObject": {"name": pod}}
    path = harbour.argo.path("events")
    harbour.argo.ask("POST", path, {"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{pod}.{reason.lower()}"}, **told})


def test_a_foreign_pod_of_the_same_name_is_left_alone(harbour: Harbour) -> None:
    there = harbour.prepare()
    (order,) = there.orders("sleep")
    name = there.compute._pods.name(order)
    harbour.argo.ask("POST", harbour.argo.path("pods"), {**there.compute._pods.manifest(order), "metadata": {"name": name}})
    with pytest.raises(ComputeError, match=f"there is a pod {name} in the namespace .* that is not of this run: delete it"):
        list(there.compute.start([order]))
    there.compute.close()
    assert harbour.pods() == [name]
