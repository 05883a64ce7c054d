"""What the verbs read in Workflows, and what they make of them. `argo_runs` are runs of Argo 3.7.18 on a real cluster, cut short:
the objects as its controller left them, without what says how much a pod took.

Their flow: `start` finds 4 items and goes on to `a` and to a foreach of two steps, `one` and `two`; `join` follows both. All
but `two` may be tried again once. The exit hook fails.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from flowc.runtime import contract
from flowc.runtime.plan import ParameterSpec, Plan
from flowc.runtime.tasks.parameters import from_environment
from flowc.targets.argo import marks
from flowc.targets.argo.cluster import executions as under_test
from flowc.targets.argo.cluster.executions import WorkflowRuns
from flowc.targets.argo.cluster.kinds import POD, TASK_RESULT, WORKFLOW, WORKFLOW_TEMPLATE, Kind
from flowc.targets.argo.cluster.nodes import OffloadedError, read_nodes
from flowc.targets.argo.cluster.refusals import ClusterError
from flowc.targets.argo.cluster.relations import within
from flowc.targets.argo.cluster.retrying import retry
from flowc.targets.argo.cluster.session import Session
from flowc.targets.argo.cluster.starting import LIMIT, arguments_of, size_of, started_with, workflow_of
from flowc.targets.argo.cluster.words import failure, waiting, warned
from flowc.targets.executions import State
from flowc.targets.platform import PlatformError

RUNS = Path(__file__).parent / "argo_runs"
NOW = "2026-11-21T20:00:00Z"
TEMPLATE = {
    "metadata": {"name": "lab", "labels": {marks.DEPLOYMENT: "lab"}, "annotations": {marks.CODE: "image"}},
    "spec": {},
}


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RUNS / f"{name}.json").read_text())
    return found


class Cluster:
    """A session with a cluster that holds these objects, and notes what it is asked to do.

    Args:
        refusals: By method, what it refuses the next time.
    """

    namespace = "watch"
    where = "namespace watch"

    def __init__(self, *workflows: dict[str, Any], pods: tuple[str, ...] = ()) -> None:
        self.objects: dict[str, dict[str, Any]] = {self.path(WORKFLOW_TEMPLATE, "lab"): TEMPLATE}
        self.objects |= {self.path(WORKFLOW, one["metadata"]["name"]): one for one in workflows}
        self.objects |= {self.path(POD, name): {"metadata": {"name": name}} for name in pods}
        self.done: list[tuple[str, str]] = []
        self.refusals: dict[str, list[ClusterError]] = {}
        self.answers: dict[str, Any] = {}

    def path(self, kind: Kind, name: str | None = None) -> str:
        return kind.path(self.namespace, name)

    def find(self, kind: Kind, name: str) -> dict[str, Any] | None:
        return self.objects.get(self.path(kind, name))

    def is_there(self, kind: Kind, name: str) -> bool:
        return self.find(kind, name) is not None

    def pages(self, kind: Kind, *, labels: str | None = None, metadata: bool = False) -> Iterator[dict[str, Any]]:
        assert labels is not None
        name, _, value = labels.partition("=")
        for path, one in self.objects.items():
            if path.startswith(self.path(kind) + "/") and one["metadata"]["labels"].get(name) == value:
                yield {"metadata": one["metadata"]} if metadata else one

    def text(self, path: str, *, query: Mapping[str, Any]) -> str:
        assert query["container"] == "main"
        return str(self._answer(path))

    def ask(self, method: str, path: str, body: Any = None, *, query: Any = None, form: str = "") -> dict[str, Any]:
        if method == "GET":
            return cast("dict[str, Any]", self._answer(path))
        self.done.append((method, path.rpartition("/")[2]))
        if self.refusals.get(method):
            raise self.refusals[method].pop()
        match method:
            case "DELETE":
                if path not in self.objects:
                    raise ClusterError("not there", status=404, reason="NotFound")
                del self.objects[path]
            case "POST":
                path = f"{path}/{body['metadata']['name']}"
                self.objects[path] = {**body, "metadata": {"creationTimestamp": "2026-11-21T19:00:00Z", **body["metadata"]}}
            case "PUT":
                self.objects[path] = body
            case "PATCH":
                self.objects[path] = {**self.objects[path], "patched": body}
        return self.objects.get(path, {})

    def _answer(self, path: str) -> Any:
        if path not in self.answers:
            raise ClusterError("not there", status=404, reason="NotFound")
        return self.answers[path]


def runs_in(cluster: Cluster, url: str | None = None) -> WorkflowRuns:
    return WorkflowRuns(cast("Session", cluster), "lab", url)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("failing_items", "failed"),
        ("killed", "failed"),
        ("failed_start", "failed"),
        ("retried_pod", "done"),
        ("timed_out", "timed out"),
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
    found = runs_in(Cluster(workflow)).find("late")
    assert found is not None
    assert found.state == "failed"


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
    assert str(jobs["room"].reason).startswith("no node has room for it: 0/1 nodes are available: 1 Insufficient cpu")
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


def test_a_run_that_took_too_long_says_so_once() -> None:
    (found,) = runs_in(Cluster(recorded("timed_out"))).troubles("late")
    assert (found.step, found.error) == (None, "DeadlineExceeded")
    assert "--workflow-timeout" in found.cause


@pytest.mark.parametrize(
    ("message", "error", "cause"),
    [
        ("main: OOMKilled (exit code 137)", "OOMKilled", "more memory"),
        ("pod deleted", "PodDeleted", "was deleted"),
        ("main: Error (exit code 143)", "Error", "asked to end"),
        ("The node was low on resource: memory. Threshold quantity: 100Mi.", "Evicted", "make room: The node was low"),
        ("Pod was active on the node longer than the specified deadline", "DeadlineExceeded", "@timeout"),
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
    assert found == ("ErrImagePull", f"its image cannot be pulled: {image}")
    assert warned([event('Error: secret "x" not found', "2026-11-21T19:00:02Z")]) == ("Failed", 'secret "x" not found')
    assert warned([]) is None
    late = "Pod was active on the node longer than the specified deadline"
    assert failure("Failed", late, found).cause.startswith("its image cannot be pulled")


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


HOSTILE = (
    "{{workflow.name}} {{=1+1}}",
    "$(PATH) $$(PATH) $$ $(touch x) `id` $HOME",
    'quotes " \' \\ \\" and\nnewlines\r\n\ttabs',
    "\x00\x07\x1b[31m\x7f\u2028\u2029\u200b\ufeff",
    "Zürich 日本 😀 \U0001fae9 \U000e0041",
    "null",
    '"quoted"',
    "",
    " 3 ",
    "3",
    "true",
    "{}",
    "<a href='&'>",
    "{{",
    "}}",
    "{{{{",
    "$",
    "%s %(x)s {0}",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_arrives(value: str) -> None:
    """What Argo and Kubernetes do to it between is tried on a real cluster (tests/e2e)."""
    made = workflow_of("r", "lab", "watch", json.dumps({"text": value}))
    given = made["spec"]["arguments"]["parameters"]
    assert not any(mark in one["value"] for one in given for mark in ("{{", "$(", "$$"))
    spec = ParameterSpec(
        name="text",
        attribute="text",
        type="str",
        default=None,
        required=False,
        deferred=False,
        help="",
        separator=None,
        file=None,
    )
    plan = cast("Plan", type("Plan", (), {"parameters": (spec,), "flow": "Lab"})())
    rest = [one for one in given if one["name"] != contract.ARGO_RUN]
    assert from_environment(plan, json.dumps(rest)) == {"text": value}


def test_who_started_it_travels_apart_from_parameters() -> None:
    text = json.dumps({"alpha": 0.5, "flowc:user": "änn {{x}}", "flowc:tags": ["a", "$(b)"]})
    made = workflow_of("r", "lab", "watch", text)
    assert made["metadata"]["labels"][marks.DEPLOYMENT] == "lab"
    assert arguments_of(text)["alpha"] == "0.5"
    assert set(arguments_of(text)) == {"alpha", contract.ARGO_RUN}
    found = started_with(made)
    assert (found.user, found.tags) == ("änn {{x}}", ("a", "$(b)"))
    assert arguments_of("{}") == {contract.ARGO_RUN: ""}


@pytest.mark.parametrize("value", ["", "no base64 !", "W10=", "bm8=", None, "eyJ1c2VyIjogMX0="])
def test_what_somebody_else_wrote_there_is_nobody(value: str | None) -> None:
    made = {"spec": {"arguments": {"parameters": [{"name": contract.ARGO_RUN, "value": value}]}}}
    found = started_with(made)
    assert (found.user, found.tags) == (None, ())


def test_the_size_is_that_of_the_longest_string_in_a_pod() -> None:
    """Counted as Argo writes it: as JSON in the variable, and once more in its own copy of the template."""
    container = {"name": "task", "container": {"env": [{"name": "FLOWC_PARAMETERS", "value": "{{workflow.parameters.json}}"}]}}
    template = {"spec": {"arguments": {"parameters": [{"name": "text", "value": ""}]}, "templates": [container]}}
    empty = size_of(template, '{"text": ""}')
    assert size_of(template, json.dumps({"text": "a" * 1000})) == empty + 1000
    assert size_of(template, json.dumps({"text": "<" * 1000})) == empty + 7000
    assert size_of(template, json.dumps({"text": 'a"' * 1000})) == empty + 1000 * 5
    assert size_of(template, json.dumps({"text": "ä" * 1000})) == empty + 2000
    assert size_of(template, json.dumps({"text": "a" * LIMIT})) > LIMIT
    filled = {"spec": {**template["spec"], "templateDefaults": {"container": {"command": ["x" * 5000]}}}}
    assert size_of(filled, '{"text": ""}') >= empty + 5000


def test_a_start_whose_answer_was_lost_is_the_run() -> None:
    cluster = Cluster()
    made = workflow_of("r", "lab", "watch", "{}")
    cluster.objects[cluster.path(WORKFLOW, "r")] = {
        **made,
        "metadata": {**made["metadata"], "creationTimestamp": "2026-11-21T19:00:00Z"},
    }
    cluster.refusals["POST"] = [ClusterError("exists", status=409, reason="AlreadyExists")]
    assert runs_in(cluster).start("r", "{}").state == "running"


def test_a_start_without_a_template_is_a_message() -> None:
    cluster = Cluster()
    template = cluster.objects[cluster.path(WORKFLOW_TEMPLATE, "lab")]
    cluster.objects[cluster.path(WORKFLOW_TEMPLATE, "lab")] = {**template, "metadata": {"name": "lab"}}
    with pytest.raises(PlatformError, match="not made by flowc"):
        runs_in(cluster).start("r", "{}")
