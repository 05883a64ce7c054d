"""What the verbs read in Workflows: what runs, what failed and why."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

import pytest
from recorded import NOW, TEMPLATE, Cluster, recorded, runs_in

from flowc.runtime import contract
from flowc.targets.argo import marks
from flowc.targets.argo.cluster.kinds import POD, WORKFLOW_TEMPLATE
from flowc.targets.argo.cluster.nodes import OffloadedError, read_nodes
from flowc.targets.argo.cluster.retrying import retry
from flowc.targets.argo.cluster.words import failure, waiting, warned
from flowc.targets.executions import State
from flowc.targets.platform import PlatformError

POD_LATE = "Pod was active on the node longer than the specified deadline"


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("failing_items", "failed"),
        ("killed", "failed"),
        ("failed_start", "failed"),
        ("retried_pod", "done"),
        ("timed_out", "timed out"),
        ("pod_cut", "timed out"),
        ("stopped", "stopped"),
        ("waiting", "running"),
    ],
)
def test_states(name: str, state: State) -> None:
    workflow = recorded(name)
    workflow["metadata"]["labels"][marks.DEPLOYMENT] = "lab"
    run = workflow["metadata"]["name"]
    found = runs_in(Cluster(workflow), "https://argo.example/").find(run)
    assert found is not None
    assert (found.run, found.state, found.over) == (run, state, state != "running")
    assert (found.ended is None) == (state == "running")
    assert found.link == f"https://argo.example/workflows/watch/{run}"
    assert found.cause == {"stopped": "by ann, with flowc stop"}.get(state)


def test_a_run_that_only_outlasted_its_limit_has_failed() -> None:
    """Its exit hook may take time after a failure, and is not bound by the limit."""
    workflow = recorded("timed_out")
    for node in workflow["status"]["nodes"].values():
        node.pop("message", None)
        if node["name"] == "late.onExit.failure":
            node["message"] = POD_LATE
    found = runs_in(Cluster(workflow)).find("late")
    assert found is not None
    assert found.state == "failed"


def test_a_task_that_took_too_long_is_told_apart_from_a_run_that_did() -> None:
    """Kubernetes says the same of either; here the task's own time is over ten seconds before that of the run."""
    workflow = recorded("pod_cut")
    bad = next(node for node in workflow["status"]["nodes"].values() if node["displayName"] == "bad")
    assert bad["message"] == POD_LATE
    bad["finishedAt"] = "2026-11-21T20:17:20Z"
    runs = runs_in(Cluster(workflow))
    found = runs.find("cut")
    assert found is not None
    assert found.state == "failed"
    (trouble,) = runs.troubles("cut")
    assert (trouble.step, trouble.error) == ("bad", "DeadlineExceeded")
    assert "@timeout" in trouble.cause


def test_a_run_of_another_deployment_is_none() -> None:
    assert runs_in(Cluster(recorded("waiting"))).find("sick1") is None
    assert runs_in(Cluster(recorded("stopped"))).find("no/such") is None


def test_a_suspended_run_says_so() -> None:
    workflow = recorded("waiting")
    workflow["metadata"]["labels"][marks.DEPLOYMENT] = "lab"
    workflow["spec"]["suspend"] = True
    found = runs_in(Cluster(workflow)).find("sick1")
    assert found is not None
    assert (found.state, found.status, found.link) == ("running", "Suspended", "")


def test_the_newest_run_comes_first_and_only_metadata_are_read() -> None:
    cluster = Cluster(recorded("stopped"), recorded("killed"), recorded("failing_items"))
    found = list(runs_in(cluster).recent())
    assert [(one.run, one.state) for one in found] == [("slow", "stopped"), ("item2", "failed"), ("memory", "failed")]
    assert found[0].started > found[2].started
    assert all(one.ended is None for one in found)


def test_items_are_counted() -> None:
    (fan,) = runs_in(Cluster(recorded("failing_items"))).fans("item2")
    assert (fan.name, fan.total, fan.done, fan.failed, fan.running, fan.waiting, fan.stopped) == ("each", 4, 2, 2, 0, 0, 0)
    (fan,) = runs_in(Cluster(recorded("stopped"))).fans("slow")
    assert fan.total == 4
    assert fan.failed + fan.stopped + fan.done == 4


def test_items_that_have_no_node_yet_wait() -> None:
    """Argo adds nodes as it begins them: how many there will be stands in what the split has put out."""
    workflow = recorded("stopped")
    nodes = workflow["status"]["nodes"]
    for id in [id for id, node in nodes.items() if "(2:2)" in node["name"] or "(3:3)" in node["name"]]:
        del nodes[id]
    (fan,) = runs_in(Cluster(workflow)).fans("slow")
    assert (fan.total, fan.waiting) == (4, 2)


def test_items_are_called_by_the_step_where_its_task_has_another_name() -> None:
    cluster = Cluster(recorded("failing_items"))
    template = {**TEMPLATE, "metadata": {**TEMPLATE["metadata"], "annotations": {marks.STEPS: '{"each": "für_jedes"}'}}}
    cluster.objects[cluster.path(WORKFLOW_TEMPLATE, "lab")] = template
    assert [one.name for one in runs_in(cluster).fans("item2")] == ["für_jedes"]


def test_what_waits_says_for_what() -> None:
    jobs = {one.step: one for one in runs_in(Cluster(recorded("waiting"))).jobs("sick1", ())}
    assert {name: (one.status, one.waits) for name, one in jobs.items()} == {
        "config": ("CreateContainerConfigError", True),
        "image": ("ImagePullBackOff", True),
        "room": ("Unschedulable", True),
        "gone": ("Running", False),
    }
    assert jobs["config"].reason == 'its container cannot be set up: secret "nothere" not found'
    assert jobs["room"].reason == "no node has room for it: the only node has too little CPU left"
    assert jobs["gone"].id == "sick1-sleep-4225027571"  # the pod's own name, on the cluster
    assert (jobs["gone"].path, jobs["gone"].reason) == ("-", None)


def test_of_items_that_wait_for_the_same_thing_some_are_told() -> None:
    workflow = recorded("waiting")
    nodes = workflow["status"]["nodes"]
    room = next(node for node in nodes.values() if node["displayName"] == "room")
    for item in range(20):
        inputs = {"parameters": [{"name": "step", "value": "fit"}, {"name": "path", "value": str(item)}]}
        message = room["message"] if item % 2 else ""
        nodes[f"item-{item}"] = {
            **room,
            "id": f"item-{item}",
            "name": f"sick1.fit({item}:{item})",
            "inputs": inputs,
            "message": message,
        }
    jobs = [one for one in runs_in(Cluster(workflow)).jobs("sick1", ()) if one.step == "fit"]
    assert len(jobs) == 3
    assert all(one.reason is not None for one in jobs)


def test_failures_are_told_by_step_path_and_attempt() -> None:
    runs = runs_in(Cluster(recorded("failing_items")), "https://argo.example")
    found = runs.troubles("item2")
    told = {(one.step, one.path, one.attempt, one.error) for one in found}
    assert told == {("two", "1", 0, "Error"), ("two", "2", 0, "Error")}
    assert {one.job for one in found} == {"item2-plain-2267936060", "item2-plain-4075212184"}
    assert found[0].cause == "its container ended with exit code 1"
    (hook,) = runs.hook_troubles("item2")
    assert (hook.step, hook.path, hook.job) == (contract.HOOK_STEPS["failure"], "-", "item2-hook-833315811")
    assert hook.links[0].url.startswith("https://argo.example/workflows/watch/item2?tab=workflow&nodeId=item2-")


def test_of_a_task_its_last_attempt_is_told_and_counted_from_the_last_retry() -> None:
    workflow = recorded("killed")
    (found,) = runs_in(Cluster(workflow)).troubles("memory")
    assert (found.step, found.attempt) == ("a", 1)
    assert found.cause == "its container ended with exit code 137: it was killed, often for want of memory"
    workflow["metadata"]["annotations"][marks.RETRIED] = "2"
    (found,) = runs_in(Cluster(workflow)).troubles("memory")
    assert found.attempt == contract.attempt_number("2.1")


def test_attempts_after_which_one_succeeded_are_no_failures() -> None:
    workflow = recorded("retried_pod")
    assert any(node["phase"] == "Failed" and "one(0)" in node["name"] for node in workflow["status"]["nodes"].values())
    workflow["status"]["phase"] = "Failed"  # for want of another failure the run's own is told
    (found,) = runs_in(Cluster(workflow)).troubles("flaky")
    assert (found.step, found.error) == (None, "Failed")


@pytest.mark.parametrize(("name", "run"), [("timed_out", "late"), ("pod_cut", "cut")])
def test_a_run_that_took_too_long_says_so_once(name: str, run: str) -> None:
    """Also where Kubernetes was quicker than Argo to end a pod: its own deadline is what was left of the run's time."""
    (found,) = runs_in(Cluster(recorded(name))).troubles(run)
    assert (found.step, found.error) == (None, "DeadlineExceeded")
    assert "--workflow-timeout" in found.cause


@pytest.mark.parametrize(
    ("message", "error", "cause"),
    [
        ("main: OOMKilled (exit code 137)", "OOMKilled", "more memory"),
        ("pod deleted", "PodDeleted", "was deleted"),
        ("main: Error (exit code 143)", "Error", "asked to end"),
        ("The node was low on resource: memory. Threshold quantity: 100Mi.", "Evicted", "make room: The node was low"),
        (POD_LATE, "DeadlineExceeded", "@timeout"),
        (
            "Pod failed before main container starts due to ImagePullBackOff: no such image",
            "ImagePullBackOff",
            "cannot be pulled: no",
        ),
        ("init: Error (exit code 1): no disk", "Error", "`init` in its pod ended with exit code 1: no disk"),
        ('wait: Error (exit code 64): workflowtaskresults.argoproj.io is forbidden: User "x"', "Forbidden", "--with-rbac"),
        ('pods "x" is forbidden: exceeded quota', "Error", 'pods "x" is forbidden: exceeded quota'),
        ("", "Error", "does not say why"),
    ],
)
def test_words(message: str, error: str, cause: str) -> None:
    found = failure("Error", message)
    assert found.error == error
    assert cause in found.cause


def test_a_pod_that_is_about_to_begin_waits_for_nothing() -> None:
    assert waiting("PodInitializing") == ("PodInitializing", "")
    assert waiting("") == ("Pending", "")


def test_a_pod_that_never_began_is_told_by_what_kubernetes_warned_of() -> None:
    def event(message: str, at: str, reason: str = "Failed", type: str = "Warning") -> dict[str, str]:
        return {"type": type, "reason": reason, "message": message, "lastTimestamp": at}

    image = 'Failed to pull image "x:1": no such host'
    found = warned(
        [
            event("Pulling image", "2026-11-21T19:00:03Z", "Pulling", "Normal"),
            event(image, "2026-11-21T19:00:02Z"),
            event("Error: ImagePullBackOff", "2026-11-21T19:00:04Z"),
        ]
    )
    assert found == ("ErrImagePull", "its image cannot be pulled: no such host")
    assert warned([event('Error: secret "x" not found', "2026-11-21T19:00:02Z")]) == ("Failed", 'secret "x" not found')
    assert warned([]) is None
    assert failure("Failed", POD_LATE, found).cause.startswith("its image cannot be pulled")


def test_what_a_pod_printed_is_told_without_what_argo_wrote() -> None:
    cluster = Cluster()
    written = (
        'one\ntime="2026-11-21T19:28:36.261Z" level=info msg="sub-process exited" argo=true error="<nil>"\nError: exit status 3\n'
    )
    cluster.answers[f"{cluster.path(POD, 'x')}/log"] = written
    assert runs_in(cluster).output("x") == "one"
    assert runs_in(cluster).output("gone") is None


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: gzip.compress(data, 1)])
def test_compressed_nodes_are_read_and_written(pack: Callable[[bytes], bytes]) -> None:
    workflow = recorded("failing_items")
    plain = read_nodes(workflow)
    text = json.dumps(workflow["status"].pop("nodes"))
    workflow["status"]["compressedNodes"] = base64.b64encode(pack(text.encode())).decode()
    assert read_nodes(workflow) == plain
    again = retry(workflow, NOW).workflow
    assert "nodes" not in again["status"]
    assert len(read_nodes(again)) == len(plain) - len(retry(recorded("failing_items"), NOW).removed)


def test_nodes_that_are_damaged_are_a_message() -> None:
    workflow = recorded("failing_items")
    workflow["status"] |= {"nodes": {}, "compressedNodes": "no"}
    with pytest.raises(PlatformError, match="item2 cannot be read"):
        read_nodes(workflow)


def test_nodes_that_argo_keeps_elsewhere_are_told() -> None:
    workflow = recorded("failing_items")
    del workflow["status"]["nodes"]
    workflow["status"]["offloadNodeStatusVersion"] = "fnv:1"
    runs = runs_in(Cluster(workflow))
    assert (runs.jobs("item2", ()), runs.fans("item2")) == ((), ())
    (trouble,) = runs.troubles("item2")
    assert "in its own database" in trouble.cause
    with pytest.raises(OffloadedError):
        retry(workflow, NOW)
    with pytest.raises(PlatformError, match="argo retry item2"):
        runs.redrive("item2")
