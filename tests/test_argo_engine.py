"""The tests' own cluster (`engines.argo`) answers as a Kubernetes 1.34 does, and runs Workflows as Argo 3.7 does: each of these
was tried there."""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from typing import Any

import pytest
from engines.argo.cluster import EXECUTOR, Argo, Status
from engines.argo.expressions import Unresolved, Wrong, evaluate
from engines.argo.nodes import fnv
from engines.argo.substitution import substituted

API = "argoproj.io/v1alpha1"
TASK = """
import os, sys, time
step = os.environ["STEP"]
os.makedirs(os.environ["PLACE"], exist_ok=True)
exec(os.environ["BODY"])
open(os.environ["PLACE"] + "/count", "w").write(os.environ["COUNT"])
"""


def template(**changes: Any) -> dict[str, Any]:
    """A small WorkflowTemplate."""
    task = {"name": "main", "container": {"image": "x", "command": ["a"], "env": [{"name": "A", "value": "b"}]}}
    spec = {"entrypoint": "main", "arguments": {"parameters": [{"name": "p", "value": "1"}]}, "templates": [task]}
    return {
        "apiVersion": API,
        "kind": "WorkflowTemplate",
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {**spec, **changes},
    }


def applied(argo: Argo, thing: Any, manager: str = "flowc", more: str = "") -> Any:
    """An object after it was applied."""
    path = f"{argo.path('workflowtemplates', 'a')}?fieldManager={manager}&fieldValidation=Strict{more}"
    return argo.ask("PATCH", path, thing, "application/apply-patch+yaml")


def refusal(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    """The code and the message of what is refused."""
    with pytest.raises(Status) as caught:
        call(*arguments, **named)
    return caught.value.code, json.loads(str(caught.value).partition(": ")[2])["message"]


def test_what_is_applied_belongs_to_whom_it_is_from(argo: Argo) -> None:
    made = applied(argo, template())
    assert made["metadata"]["generation"] == 1
    assert applied(argo, template())["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    fields: dict[str, Any] = {"f:arguments": {"f:parameters": {}}, "f:entrypoint": {}, "f:templates": {}}
    assert made["metadata"]["managedFields"][0]["fieldsV1"] == {"f:metadata": {"f:labels": {"f:x": {}}}, "f:spec": fields}
    argo.change("workflowtemplates", "a", {"spec": {"entrypoint": "other", "parallelism": 1}})
    code, told = refusal(applied, argo, template())
    assert code == 409
    assert told == f'Apply failed with 1 conflict: conflict with "tests" using {API}: .spec.entrypoint'
    would_be = applied(argo, template(), more="&force=true&dryRun=All")
    assert would_be["spec"]["entrypoint"] == "main"
    assert argo.get("workflowtemplates", "a")["spec"]["entrypoint"] == "other"
    now = applied(argo, {**template(), "metadata": {"name": "a"}}, more="&force=true")
    assert now["spec"]["parallelism"] == 1, "what is others' stays"
    assert "labels" not in now["metadata"], "what is no longer applied goes"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"foo": 1}, ".spec.foo: field not declared in schema"),
        ({"parallelism": "x"}, ".spec.parallelism: expected numeric (int or float), got string"),
        (
            {"templates": [{"name": "main", "dag": {"tasks": [{"name": "x", "wehn": ""}]}}]},
            ".spec.templates[0].dag.tasks[0].wehn: field not declared in schema",
        ),
    ],
)
def test_what_no_schema_has_is_refused(argo: Argo, changes: Any, told: str) -> None:
    what = f"{argo.namespace}/a; {API}, Kind=WorkflowTemplate"
    assert refusal(applied, argo, template(**changes)) == (500, f"failed to create typed patch object ({what}): {told}")


def test_refusals(argo: Argo) -> None:
    assert refusal(argo.get, "workflowtemplates", "a") == (404, 'workflowtemplates.argoproj.io "a" not found')
    argo.create(template())
    assert refusal(argo.create, template()) == (409, 'workflowtemplates.argoproj.io "a" already exists')
    code, told = refusal(argo.create, {**template(), "metadata": {"name": "A_b"}})
    assert code == 422
    assert told.startswith('WorkflowTemplate.argoproj.io "A_b" is invalid: metadata.name: Invalid value: "A_b"')
    code, told = refusal(argo.create, {**template(), "metadata": {"name": "b", "labels": {"a": "b c"}}})
    assert (code, "metadata.labels" in told) == (422, True)
    assert refusal(argo.create, template(foo=1))[0] == 400
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"parallelism": 2}}
    assert refusal(argo.change, "workflowtemplates", "a", stale)[0] == 409


def test_lists(argo: Argo) -> None:
    for name in "abc":
        labels = {"x": name, "even": "yes"} if name == "b" else {"x": name}
        argo.create({**template(), "metadata": {"name": name, "labels": labels}})
    path = argo.path("workflowtemplates")
    first = argo.ask("GET", f"{path}?limit=2")
    assert first["metadata"]["remainingItemCount"] == 1
    rest = argo.ask("GET", f"{path}?limit=2&continue={first['metadata']['continue']}")
    assert [one["metadata"]["name"] for one in (*first["items"], *rest["items"])] == ["a", "b", "c"]
    for selector, names in (("x%3Da", "a"), ("x%21%3Da", "bc"), ("x+in+(a,c)", "ac"), ("even", "b"), ("%21even", "ac")):
        found = argo.ask("GET", f"{path}?labelSelector={selector}")["items"]
        assert "".join(one["metadata"]["name"] for one in found) == names, selector


def test_changes_are_seen_as_they_happen(argo: Argo) -> None:
    version = argo.ask("GET", argo.path("workflowtemplates"))["metadata"]["resourceVersion"]
    request = urllib.request.Request(
        f"{argo.endpoint}{argo.path('workflowtemplates')}?watch=1&resourceVersion={version}",
        headers={"Authorization": "Bearer engine-token"},
    )
    with urllib.request.urlopen(request) as seen:
        argo.create(template())
        assert json.loads(seen.readline())["type"] == "ADDED"
        argo.change("workflowtemplates", "a", {"spec": {"parallelism": 3}})
        event = json.loads(seen.readline())
        assert (event["type"], event["object"]["spec"]["parallelism"]) == ("MODIFIED", 3)
        argo.delete("workflowtemplates", "a")
        assert json.loads(seen.readline())["type"] == "DELETED"


def test_requests_fail_on_request(argo: Argo) -> None:
    argo.fail("GET", ".*/workflows/.*", 403, "Forbidden", "not you", times=2)
    for _ in range(2):
        assert refusal(argo.get, "workflows", "x") == (403, "not you")
    assert refusal(argo.get, "workflows", "x")[0] == 404
    argo.fail("POST", ".*/workflowtemplates", 0, late=True)
    with pytest.raises((ConnectionError, http.client.HTTPException, OSError)):
        argo.create(template())
    assert argo.get("workflowtemplates", "a"), "it was done all the same"


def workflow(tasks: list[dict[str, Any]], body: str = "", *, count: int = 3, **more: Any) -> dict[str, Any]:
    """A Workflow of such tasks."""
    env = {"STEP": "{{inputs.parameters.step}}", "PLACE": "/tmp/place", "BODY": body, "COUNT": str(count)}
    task = {
        "name": "task",
        "inputs": {"parameters": [{"name": "step"}]},
        "container": {
            "image": "python:3.11",
            "command": ["python3", "-c"],
            "args": [TASK],
            "env": [{"name": name, "value": value} for name, value in env.items()],
        },
        "outputs": {"parameters": [{"name": "count", "valueFrom": {"path": "/tmp/place/count", "default": "0"}}]},
        **more.pop("task", {}),
    }
    spec = {
        "entrypoint": "main",
        "serviceAccountName": EXECUTOR,
        "templates": [{"name": "main", "dag": {"tasks": tasks}, **more.pop("main", {})}, task],
        **more,
    }
    return {"apiVersion": API, "kind": "Workflow", "metadata": {"name": "run"}, "spec": spec}


def call(name: str, **more: Any) -> dict[str, Any]:
    """A task of a DAG."""
    return {"name": name, "template": "task", "arguments": {"parameters": [{"name": "step", "value": name}]}, **more}


def ended(argo: Argo, name: str = "run") -> dict[str, Any]:
    """The status of a Workflow that is over."""
    while (status := argo.get("workflows", name).get("status", {})).get("phase") not in ("Succeeded", "Failed", "Error"):
        time.sleep(0.02)
    return dict(status)


def phases(status: dict[str, Any]) -> dict[str, str]:
    """The phases of nodes, by what is shown of them."""
    return {one["displayName"]: one["phase"] for one in status["nodes"].values()}


EACH = {"depends": "start.Succeeded", "withSequence": {"count": "{{tasks.start.outputs.parameters.count}}"}}


def test_the_status_of_a_workflow(argo: Argo) -> None:
    tasks = [call("start"), call("each", **EACH), call("join", depends="(each.Succeeded || each.Skipped)")]
    argo.create(workflow(tasks))
    status = ended(argo)
    assert (status["phase"], status["progress"]) == ("Succeeded", "5/5")
    nodes = {one["name"]: one for one in status["nodes"].values()}
    names = ["run", "run.start", "run.each", *(f"run.each({n}:{n})" for n in range(3)), "run.join"]
    assert set(nodes) == set(names)
    assert {name: one["type"] for name, one in nodes.items() if one["type"] != "Pod"} == {"run": "DAG", "run.each": "TaskGroup"}
    assert (nodes["run"]["id"], nodes["run.start"]["id"]) == ("run", f"run-{fnv('run.start')}")
    assert fnv("stopped.start") == 809285660, "as Argo has it"
    assert nodes["run.join"]["boundaryID"] == "run"
    assert nodes["run.each(1:1)"]["children"] == [nodes["run.join"]["id"]]
    labels = argo.get("workflows", "run")["metadata"]["labels"]
    assert labels == {"workflows.argoproj.io/completed": "true", "workflows.argoproj.io/phase": "Succeeded"}


def test_what_fails_leaves_out_what_depends_on_it(argo: Argo) -> None:
    tasks = [call("start"), call("each", **EACH), call("join", depends="each.Succeeded"), call("end", depends="join.Succeeded")]
    argo.create(workflow(tasks, "if step == 'each': sys.exit(3)"))
    status = ended(argo)
    assert status["phase"] == "Failed"
    known = phases(status)
    assert (known["each"], known["join"], known["end"]) == ("Failed", "Omitted", "Omitted")
    (one,) = (one for one in status["nodes"].values() if one["displayName"] == "each(0:0)")
    assert one["message"] == "main: Error (exit code 3)"
    assert one["outputs"]["exitCode"] == "3"


def test_a_sequence_of_none_is_skipped(argo: Argo) -> None:
    argo.create(workflow([call("start"), call("each", **EACH), call("join", depends="each.Skipped")], count=0))
    assert phases(ended(argo)) == {"run": "Succeeded", "start": "Succeeded", "each": "Skipped", "join": "Succeeded"}


def test_attempts_are_nodes_below_their_task(argo: Argo) -> None:
    strategy = {"limit": "2", "retryPolicy": "Always", "backoff": {"duration": "1", "factor": 1}}
    body = "sys.exit('{{retries}}' != '1')"
    argo.create(workflow([call("start")], body, task={"retryStrategy": strategy}))
    status = ended(argo)
    assert phases(status) == {"run": "Succeeded", "start": "Succeeded", "start(0)": "Failed", "start(1)": "Succeeded"}


def test_no_more_run_at_a_time_than_may(argo: Argo) -> None:
    tasks = [call("start"), call("each", **EACH)]
    argo.create(workflow(tasks, "if step == 'each': time.sleep(0.2)", count=5, parallelism=2))
    most = 0
    while not (status := argo.get("workflows", "run").get("status", {})).get("finishedAt"):
        most = max(most, sum(one["status"]["phase"] in ("Pending", "Running") for one in argo.all("pods")))
        time.sleep(0.01)
    assert status["phase"] == "Succeeded"
    assert most <= 2


def test_a_suspended_workflow_begins_nothing(argo: Argo) -> None:
    argo.create(workflow([call("start")], suspend=True))
    while "status" not in argo.get("workflows", "run"):
        time.sleep(0.02)
    assert not argo.all("pods")
    argo.change("workflows", "run", {"spec": {"suspend": None}})
    assert ended(argo)["phase"] == "Succeeded"


def test_what_argo_and_kubernetes_expand(argo: Argo) -> None:
    body = "print(repr(os.environ['COUNT'])); sys.exit(0)"
    made = workflow(
        [call("start")], body, arguments={"parameters": [{"name": "p", "value": "{{workflow.name}} {{=1+1}} $(STEP) $$"}]}
    )
    made["spec"]["templates"][1]["container"]["env"][3]["value"] = "{{workflow.parameters.p}}"
    argo.create(made)
    assert ended(argo)["phase"] == "Succeeded"
    (pod,) = argo.all("pods")
    assert argo.ask("GET", f"{argo.path('pods', pod['metadata']['name'])}/log") == "'run 2 start $'\n"


def test_a_pod_that_is_deleted_at_once_is_an_error(argo: Argo) -> None:
    argo.create(workflow([call("start")], "time.sleep(600)"))
    while not (pods := [one for one in argo.all("pods") if one["status"]["phase"] == "Running"]):
        time.sleep(0.02)
    argo.ask("DELETE", argo.path("pods", pods[0]["metadata"]["name"]) + "?gracePeriodSeconds=0")
    status = ended(argo)
    assert (status["phase"], phases(status)["start"]) == ("Error", "Error")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("asInt(inputs.parameters.turn) + 1", 3),
        ("tasks['a-b'].status == 'Succeeded' ? 'x' : tasks['none'].outputs.parameters.next", "x"),
        ("tasks['a-b'].status != 'Succeeded' && tasks['none'].status == 'x'", False),
        ("workflow.annotations['flowc/x'] ?? '0'", "0"),
        ("1 + 2 * 3 == 7 || nothing", True),
    ],
)
def test_expressions(text: str, value: object) -> None:
    scope = {"inputs.parameters.turn": "2", "tasks.a-b.status": "Succeeded", "workflow.annotations": "{}"}
    assert evaluate(text, scope) == value


def test_expressions_without_a_value() -> None:
    with pytest.raises(Unresolved):
        evaluate("tasks['none'].status", {})
    with pytest.raises(Wrong):
        evaluate("'a' &&", {})
    assert evaluate("left == 'left'", {}, words=True) is True
    assert substituted("{{none}} {{=none.x}} {{a}}", {"a": "b"}) == "{{none}} {{=none.x}} b"
