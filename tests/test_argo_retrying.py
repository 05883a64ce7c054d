"""What `flowc retry`, `stop`, `suspend` and `resume-workflow` make of a Workflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from recorded import NOW, RUNS, Cluster, recorded, runs_in

from flowc.targets.argo import marks
from flowc.targets.argo.cluster import executions as under_test
from flowc.targets.argo.cluster.kinds import TASK_RESULT, WORKFLOW
from flowc.targets.argo.cluster.nodes import read_nodes
from flowc.targets.argo.cluster.refusals import ClusterError
from flowc.targets.argo.cluster.relations import within
from flowc.targets.argo.cluster.retrying import retry
from flowc.targets.platform import PlatformError


def names(workflow: Mapping[str, Any]) -> dict[str, str]:
    return {
        node["name"].removeprefix(workflow["metadata"]["name"]): node["phase"] for node in workflow["status"]["nodes"].values()
    }


def test_a_retry_begins_again_what_failed_and_leaves_the_rest() -> None:
    workflow = recorded("failing_items")
    found = retry(workflow, NOW)
    left = names(found.workflow)
    assert names(workflow).keys() - left.keys() == {
        *(".each(1:1).two", ".each(2:2).two", ".join"),
        *(".onExit", ".onExit.success", ".onExit.failure", ".onExit.over"),
    }
    assert {name for name, phase in left.items() if phase == "Running"} == {"", ".each", ".each(1:1)", ".each(2:2)"}
    assert set(found.pods) == {"item2-plain-2267936060", "item2-plain-4075212184", "item2-hook-833315811"}
    metadata, status = found.workflow["metadata"], found.workflow["status"]
    assert metadata["annotations"][marks.RETRIED] == "1"
    assert metadata["resourceVersion"] == workflow["metadata"]["resourceVersion"]
    assert metadata["labels"]["workflows.argoproj.io/phase"] == "Running"
    assert "workflows.argoproj.io/completed" not in metadata["labels"]
    assert (status["phase"], status["finishedAt"], "message" in status) == ("Running", None, False)
    assert {"type": "Completed", "status": "False"} in status["conditions"]
    there = {*status["nodes"]}
    assert all({*node.get("children", ()), *node.get("outboundNodes", ())} <= there for node in status["nodes"].values())


def test_a_retry_changes_nothing_of_what_it_was_given() -> None:
    workflow = recorded("killed")
    before = json.dumps(workflow)
    retry(workflow, NOW)
    assert json.dumps(workflow) == before


def test_a_retry_counts_attempts_of_a_task_anew() -> None:
    found = retry(recorded("killed"), NOW)
    left = names(found.workflow)
    assert left[".a"] == "Running"  # the Retry
    assert not {".a(0)", ".a(1)"} & left.keys()
    assert {"memory-task-759650110", "memory-task-1229276347"} <= set(found.pods)
    node = next(one for one in found.workflow["status"]["nodes"].values() if one["name"] == "memory.a")
    assert (node["children"], "message" in node) == ([], False)


def test_a_retry_keeps_attempts_after_which_one_succeeded() -> None:
    workflow = recorded("retried_pod")
    found = retry(workflow, NOW)
    assert names(found.workflow) == {name: phase for name, phase in names(workflow).items() if ".onExit" not in name}


def test_a_retry_of_a_stopped_run_lets_it_go_on() -> None:
    found = retry(recorded("stopped"), NOW).workflow
    assert "shutdown" not in found["spec"]
    assert "shutdown" not in found["status"]["storedWorkflowTemplateSpec"]
    assert marks.STOPPED not in found["metadata"]["annotations"]
    failed = {name for name, phase in names(found).items() if phase in ("Failed", "Error")}
    assert not failed


def test_a_retry_begins_again_what_failed_without_a_pod() -> None:
    """Such as a foreach over what is no number: Argo notes that as a task that was skipped with an error."""
    workflow = recorded("failed_start")
    nodes = workflow["status"]["nodes"]
    for node in nodes.values():
        if node["name"].startswith("start.start"):
            node["phase"] = "Succeeded"
        if node["name"] == "start.each":
            node |= {"phase": "Error", "type": "Skipped", "message": "withSequence: no number"}
    found = retry(workflow, NOW)
    assert ".each" not in names(found.workflow)
    assert {".start", ".start(0)"} <= names(found.workflow).keys()
    assert names(found.workflow)[""] == "Running"


def test_every_node_is_within_the_run() -> None:
    for file in sorted(RUNS.glob("*.json")):
        workflow = recorded(file.stem)
        nodes = read_nodes(workflow)
        held = within(nodes)
        root = workflow["metadata"]["name"]
        for id, node in nodes.items():
            assert (held[id][-1] if held[id] else id) in (
                root,
                *(one.id for one in nodes.values() if one.name == f"{root}.onExit"),
            ), node


def test_many_ways_to_a_node_take_no_more_time_than_one() -> None:
    """Nodes that share descendants are looked at once: Argo's own function goes through all ways."""
    workflow = recorded("failing_items")
    nodes = workflow["status"]["nodes"]
    layers = [[f"layer-{depth}-{number}" for number in range(30)] for depth in range(60)]
    failed = next(id for id, node in nodes.items() if node["name"] == "item2.each(1:1).two")
    nodes[failed]["children"] += layers[0]
    for depth, layer in enumerate(layers):
        after = layers[depth + 1] if depth + 1 < len(layers) else []
        for id in layer:
            nodes[id] = {
                "id": id,
                "name": f"item2.{id}",
                "type": "Skipped",
                "phase": "Omitted",
                "boundaryID": "item2",
                "children": after,
            }
    assert not any(name.startswith(".layer") for name in names(retry(workflow, NOW).workflow))


def test_pods_are_gone_before_the_run_goes_on() -> None:
    workflow = recorded("failing_items")
    pods = retry(workflow, NOW).pods
    cluster = Cluster(workflow, pods=pods)
    runs_in(cluster).redrive("item2")
    methods = [method for method, _ in cluster.done]
    assert methods[-1] == "PUT"
    assert {name for method, name in cluster.done if method == "DELETE"} >= set(pods)
    again = cluster.find(WORKFLOW, "item2")
    assert again is not None
    assert again["status"]["phase"] == "Running"


def test_a_retry_that_somebody_overtook_is_made_anew() -> None:
    cluster = Cluster(recorded("failing_items"))
    cluster.refusals["PUT"] = [ClusterError("changed", status=409, reason="Conflict")]
    runs_in(cluster).redrive("item2")
    assert [method for method, _ in cluster.done].count("PUT") == 2


def test_a_retry_without_permission_for_results_goes_on() -> None:
    cluster = Cluster(recorded("failing_items"), pods=())
    real = cluster.ask

    def ask(method: str, path: str, *args: Any, **more: Any) -> dict[str, Any]:
        if TASK_RESULT.plural in path:
            raise ClusterError("forbidden", status=403)
        return real(method, path, *args, **more)

    cluster.ask = ask  # type: ignore[method-assign]
    runs_in(cluster).redrive("item2")
    assert ("PUT", "item2") in cluster.done


@pytest.mark.parametrize(("name", "why"), [("retried_pod", "it came to its end"), ("waiting", "it still runs")])
def test_only_what_failed_is_retried(name: str, why: str) -> None:
    workflow = recorded(name)
    with pytest.raises(PlatformError, match=why):
        runs_in(Cluster(workflow)).redrive(workflow["metadata"]["name"])


def test_a_pod_that_stays_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = recorded("failing_items")
    cluster = Cluster(workflow, pods=retry(workflow, NOW).pods)
    monkeypatch.setattr(cluster, "is_there", lambda kind, name: True)
    monkeypatch.setattr(under_test, "_GONE", (0.0, 0.0))
    with pytest.raises(PlatformError, match="is still there"):
        runs_in(cluster).redrive("item2")
    assert "PUT" not in [method for method, _ in cluster.done]


def test_stop_suspend_and_resume_are_one_patch_each() -> None:
    cluster = Cluster(recorded("waiting"))
    runs = runs_in(cluster)
    runs.stop("sick1", "by ann")
    patch = cluster.objects[cluster.path(WORKFLOW, "sick1")]["patched"]
    # A suspended Workflow would not end.
    assert patch == {"metadata": {"annotations": {marks.STOPPED: "by ann"}}, "spec": {"shutdown": "Terminate", "suspend": False}}
    runs.suspend("sick1")
    assert cluster.objects[cluster.path(WORKFLOW, "sick1")]["patched"] == {"spec": {"suspend": True}}
    runs.resume("sick1")
    assert cluster.objects[cluster.path(WORKFLOW, "sick1")]["patched"] == {"spec": {"suspend": False}}
