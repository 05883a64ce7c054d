"""`flowc deploy --target argo` and `flowc undeploy`, against a cluster that the engine plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.argo.cluster import EXECUTOR

from flowc.targets.argo import marks
from flowc.targets.argo.cluster import deploy
from flowc.targets.argo.deployment import Deployment, deployment_of

from .accounts import PLAIN, PROJECT
from .clusters import Cluster

CHANGED = PLAIN.replace("default=0.5", "default=0.75")
RBAC = ("ServiceAccount", "Role", "RoleBinding")
RUN_IT = "  run it   flowc trigger sums.py\n"


class With:
    """A deployment with more objects than the WorkflowTemplate."""

    def __init__(self, made: Deployment, namespace: str) -> None:
        self.name = made.name
        self._made = made
        self._metadata = {**made.template["metadata"], "namespace": namespace}

    def manifests(self) -> Iterator[dict[str, Any]]:
        api, group = "argoproj.io/v1alpha1", "rbac.authorization.k8s.io"
        metadata = {"metadata": self._metadata}
        yield {"apiVersion": "v1", "kind": "ServiceAccount", **metadata}
        yield {"apiVersion": f"{group}/v1", "kind": "Role", **metadata, "rules": []}
        role = {"apiGroup": group, "kind": "Role", "name": self.name}
        yield {"apiVersion": f"{group}/v1", "kind": "RoleBinding", **metadata, "roleRef": role}
        yield from self._made.manifests()
        when = {"schedules": ["0 6 * * 1-5"], "timezone": "Europe/Berlin"}
        work = {"workflowSpec": {"workflowTemplateRef": {"name": self.name}}}
        yield {"apiVersion": api, "kind": "CronWorkflow", **metadata, "spec": {**when, **work}}
        named = {"data": [{"path": "body.payload.name", "type": "string", "value": ["^a\\.b$"]}]}
        events = [
            {"name": "event1", "eventSourceName": "x", "eventName": "y", "filters": named},
            {"name": "finish1", "eventSourceName": "sums", "eventName": "load"},
        ]
        yield {"apiVersion": api, "kind": "Sensor", **metadata, "spec": {"dependencies": events, "triggers": []}}


def test_a_deploy(cluster: Cluster) -> None:
    ended = cluster.deploy("--yes")
    version = f"{cluster.argo.namespace}/sums@1"
    assert (ended.code, ended.out) == (0, f"{version}\n"), ended.err
    assert ended.err.startswith(f"sums, namespace {cluster.argo.namespace}, context tests:\n+ package           s3://")
    assert ended.err.endswith(
        "created WorkflowTemplate sums\nflowc: new runs of sums have version 1\n  run it   flowc trigger sums.py\n"
    )
    (package,) = (key for key in cluster.store.list("flowc-packages/Sums/") if key.endswith(".tar.gz"))
    plan = cluster.store.get(package.replace(".tar.gz", ".json"))
    assert plan is not None
    assert json.loads(plan)["flow"] == "Sums"
    metadata = cluster.template["metadata"]
    assert {marks.MANAGED_BY: marks.FLOWC, marks.DEPLOYMENT: "sums"}.items() <= metadata["labels"].items()
    assert metadata["annotations"].keys() >= {marks.FLOW, marks.VERSION}
    assert [one["manager"] for one in metadata["managedFields"]] == [marks.FLOWC]
    assert cluster.template["spec"]["serviceAccountName"] == EXECUTOR


def test_the_second_deploy_of_the_same_changes_nothing(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    before, _ = cluster.template, cluster.writes()
    ended = cluster.deploy()  # without a word, for there is nothing to ask
    assert (ended.code, ended.out) == (0, f"{cluster.argo.namespace}/sums@1\n")
    assert ended.err.startswith("flowc: sums is deployed as it is: there is nothing to change\n")
    assert cluster.writes() == []
    assert cluster.template == before


def test_what_will_change_is_shown_first(cluster: Cluster) -> None:
    first = cluster.deploy("--dry-run")
    assert (first.code, first.err) == (0, "")
    assert [line.split()[:2] for line in first.out.splitlines()[1:]] == [
        ["+", "package"],
        ["+", "plan"],
        ["+", "WorkflowTemplate"],
    ]
    assert (cluster.there(), cluster.writes()) == ([], [])
    assert list(cluster.store.list("")) == []
    cluster.deploy("--yes")
    cluster.writes()
    ended = cluster.deploy("--dry-run", text=CHANGED)
    assert (ended.code, ended.err) == (0, "")
    assert "\n~ WorkflowTemplate  sums\n    @@ " in ended.out
    assert "\n    -    - {name: alpha, value: '0.5'}\n    +    - {name: alpha, value: '0.75'}\n" in ended.out
    assert cluster.writes() == []
    changed = cluster.deploy("--yes")
    assert changed.out == f"{cluster.argo.namespace}/sums@2\n"
    assert "changed WorkflowTemplate sums\n" in changed.err


def test_nothing_is_written_before_anybody_agreed(cluster: Cluster) -> None:
    ended = cluster.deploy()
    assert (ended.code, ended.out) == (2, "")
    said = "flowc: nothing was changed, for there is no terminal to ask at: say --yes to make these changes\n"
    assert ended.err.endswith(said)
    assert (cluster.there(), cluster.writes()) == ([], [])


def test_what_the_flow_no_longer_has_is_deleted_last(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    cluster.put(
        "CronWorkflow", "sums-old", {"schedules": ["0 0 1 1 *"], "workflowSpec": {"workflowTemplateRef": {"name": "sums"}}}
    )
    cluster.put("Sensor", "sums-old", {"dependencies": [], "triggers": []})
    cluster.put("EventSource", "others", {}, labels={marks.DEPLOYMENT: "others"})
    cluster.put("CronWorkflow", "mine", {"schedules": ["0 0 1 1 *"], "workflowSpec": {"entrypoint": "x"}}, labels={})
    ended = cluster.deploy("--yes", text=CHANGED)
    assert ended.code == 0, ended.err
    assert ended.err.endswith(
        "changed WorkflowTemplate sums\ndeleted Sensor sums-old\ndeleted CronWorkflow sums-old\n"
        "flowc: new runs of sums have version 2\n  run it   flowc trigger sums.py\n"
    )
    assert cluster.there() == ["workflowtemplates/sums", "cronworkflows/mine", "eventsources/others"]


def test_what_starts_a_flow_and_what_runs_may_do(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is all applied, in its order, and taken away again, but not what runs need that are under way."""
    with monkeypatch.context() as more:
        more.setattr(deploy, "deployment_of", lambda *given: With(deployment_of(*given), cluster.argo.namespace))
        ended = cluster.deploy("--yes")
        assert ended.code == 0, ended.err
        made = [line.split()[1] for line in ended.err.splitlines() if line.startswith("created ")]
        assert made == ["package", "plan", *RBAC, "WorkflowTemplate", "CronWorkflow", "Sensor"]
        assert "+ CronWorkflow      sums (0 6 * * 1-5 Europe/Berlin)\n" in ended.err
        starts = (
            "  starts   0 6 * * 1-5 Europe/Berlin\n           on the event a.b\n           on the end of load, if it succeeds\n"
        )
        assert starts in ended.err
        assert cluster.deploy().err.endswith(
            f"there is nothing to change\nflowc: new runs of sums have version 1\n{starts}{RUN_IT}"
        )
    cluster.put_run("run")
    kept = {"metadata": {"name": "kept", "namespace": cluster.argo.namespace, "labels": {marks.DEPLOYMENT: "sums"}}}
    cluster.argo.apply({"apiVersion": "v1", "kind": "ServiceAccount", **kept}, "somebody")
    ended = cluster.deploy("--yes")
    assert ended.err.endswith(f"deleted Sensor sums\ndeleted CronWorkflow sums\nflowc: new runs of sums have version 1\n{RUN_IT}")
    said = "the service account that runs had so far is left, for some are under way: the next deploy deletes it"
    assert f"note: {said}\n" in ended.err
    cluster.argo.change("workflows", "run", {"spec": {"shutdown": "Terminate"}})
    ended = cluster.deploy("--yes")
    assert [line for line in ended.err.splitlines() if "deleted" in line] == [f"deleted {one} sums" for one in reversed(RBAC)]
    assert [one["metadata"]["name"] for one in cluster.argo.all("serviceaccounts")] == ["default", "kept", EXECUTOR]


def test_what_others_have_added_stays_and_is_no_change(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    cluster.argo.change("workflowtemplates", "sums", {"metadata": {"annotations": {"team": "x"}}})
    ended = cluster.deploy()
    assert ended.err.startswith("flowc: sums is deployed as it is"), ended.err
    cluster.deploy("--yes", text=CHANGED)
    assert cluster.template["metadata"]["annotations"]["team"] == "x"


def test_what_others_have_changed_is_replaced_only_when_that_is_said(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    cluster.argo.change("workflowtemplates", "sums", {"spec": {"parallelism": 7}})
    cluster.writes()
    for text in (PLAIN, CHANGED):
        ended = cluster.deploy("--yes", text=text)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            "flowc: the WorkflowTemplate sums was changed by others since flowc made it: tests (.spec.parallelism): --overwrite "
            "replaces that, and --dry-run --overwrite shows what\n"
        )
    assert cluster.writes() == []
    assert "    -  parallelism: 7\n    +  parallelism: 100\n" in cluster.deploy("--dry-run", "--overwrite", text=PLAIN).out
    assert cluster.deploy("--yes", "--overwrite").code == 0
    assert cluster.template["spec"]["parallelism"] == 100
    assert cluster.deploy().err.startswith("flowc: sums is deployed as it is")


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (
            {},
            "was not made by flowc (it has no label flowc/deployment) and is left as it is: give the flow another name, or",
        ),
        (
            {marks.DEPLOYMENT: "other"},
            "belongs to something else (its label flowc/deployment is other, and not sums) and is left",
        ),
    ],
)
def test_what_is_not_ours_is_never_touched(cluster: Cluster, labels: dict[str, str], why: str) -> None:
    cluster.put("WorkflowTemplate", "sums", {"entrypoint": "mine"}, labels=labels)
    before, _ = cluster.template, cluster.writes()
    for act in (cluster.deploy, cluster.undeploy):
        ended = act("--yes", *(("--overwrite",) if act == cluster.deploy else ()))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"flowc: the WorkflowTemplate sums in the namespace {cluster.argo.namespace} {why}"), (
            ended.err
        )
    assert cluster.writes() == []
    assert cluster.template == before


@pytest.mark.parametrize("labels", [{}, {marks.DEPLOYMENT: "other"}])
def test_an_account_that_is_not_ours_is_never_touched(cluster: Cluster, labels: dict[str, str]) -> None:
    """As that of another flow with `--with-rbac`, or what the namespace came with."""
    metadata = {"name": "shared", "namespace": cluster.argo.namespace, "labels": labels}
    cluster.argo.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    cluster.writes()
    ended = cluster.deploy("--yes", "--with-rbac", "--service-account", "shared")
    assert (ended.code, ended.out, cluster.writes()) == (2, "", [])
    assert ended.err.startswith(f"flowc: the ServiceAccount shared in the namespace {cluster.argo.namespace} "), ended.err
    assert ended.err.endswith(
        "is left as it is: leave out --with-rbac to use what is there, or name other accounts (--service-account)\n"
    )


def test_each_branch_of_a_project_is_a_deployment(cluster: Cluster) -> None:
    cluster.deploy("--yes", "--branch", "x", text=PROJECT)
    cluster.deploy("--yes", "--production")
    assert cluster.there() == ["workflowtemplates/adds--prod--sums", "workflowtemplates/adds--test--x--sums"]
    ended = cluster.deploy("--branch", "x")
    assert "flowc: adds--test--x--sums is deployed as it is" in ended.err
    assert ended.err.endswith("  run it   flowc trigger sums.py --branch x\n")
    assert cluster.undeploy("--production", "--yes").code == 0
    assert cluster.there() == ["workflowtemplates/adds--test--x--sums"]
    assert cluster.run("undeploy", "adds.test.x.Sums", "--yes").code == 0
    assert cluster.there() == []


def test_another_namespace_and_another_context(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    argo = cluster.argo
    other = f"{argo.namespace}-other"
    argo.ask("POST", "/api/v1/namespaces", {"metadata": {"name": other}})
    argo.ask("POST", argo.path("serviceaccounts", namespace=other), {"metadata": {"name": EXECUTOR}})
    ended = cluster.deploy("--yes", "--namespace", other)
    assert ended.out == f"{other}/sums@1\n", ended.err
    assert cluster.there() == []
    assert cluster.undeploy("--yes").err == "flowc: sums is not deployed: there is nothing to change\n"
    more = argo.kubeconfig(context="second", namespace=other)
    monkeypatch.setenv("KUBECONFIG", f"{argo.environment['KUBECONFIG']}:{more}")
    ended = cluster.deploy("--context", "second", "--argo-url", "https://argo.example/")
    assert ended.out == f"{other}/sums@1\n", ended.err
    assert f"\n  look     https://argo.example/workflow-templates/{other}/sums\n" in ended.err
    assert cluster.undeploy("--yes", "--context", "second").code == 0
    with Path("flowc.toml").open("w") as settings:
        settings.write(f'context = "second"\nnamespace = "{argo.namespace}"\n')
    assert cluster.deploy("--yes").out == f"{argo.namespace}/sums@1\n"


def test_undeploy(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    cluster.put("CronWorkflow", "sums", {"schedules": ["0 0 1 1 *"], "workflowSpec": {"workflowTemplateRef": {"name": "sums"}}})
    cluster.put_run("over", {"workflows.argoproj.io/completed": "true"})
    packages = sorted(cluster.store.list(""))
    shown = cluster.undeploy("--dry-run")
    assert shown.out == (
        f"sums, namespace {cluster.argo.namespace}, context tests:\n- CronWorkflow      sums\n- WorkflowTemplate  sums\n"
        "note: the datastore is left as it is, and so are Workflows: runs and packages stay until you delete them\n"
    )
    ended = cluster.undeploy("--yes")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.endswith("deleted CronWorkflow sums\ndeleted WorkflowTemplate sums\nflowc: sums is no longer deployed\n")
    assert cluster.there() == ["workflows/over"]
    assert sorted(cluster.store.list("")) == packages
    assert cluster.undeploy("--yes").err == "flowc: sums is not deployed: there is nothing to change\n"
    assert cluster.deploy("--yes").code == 0


def test_runs_that_are_under_way_are_ended_only_when_that_is_said(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    cluster.put_run("first")
    cluster.put_run("second")
    cluster.writes()
    ended = cluster.undeploy("--yes")
    assert (ended.code, ended.err) == (
        2,
        "flowc: 2 runs are under way of the WorkflowTemplate sums: wait, or say --stop\n",
    )
    assert cluster.writes() == []
    ended = cluster.undeploy("--yes", "--stop")
    assert ended.code == 0, ended.err
    assert cluster.there() == ["workflows/first", "workflows/second"]
    # Both were suspended, and as such would not end.
    specs = [one["spec"] for one in cluster.argo.all("workflows")]
    assert [(one["shutdown"], one["suspend"]) for one in specs] == [("Terminate", False)] * 2
    assert cluster.undeploy("--yes").err == "flowc: sums is not deployed: there is nothing to change\n"


def test_there_is_no_rollback(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    ended = cluster.deploy("--rollback")
    assert (ended.code, ended.out, ended.err) == (
        2,
        "",
        "flowc: on Argo a deployment has no older versions: deploy again the commit that sums was made of before\n",
    )


def test_a_folder_that_pods_mount(cluster: Cluster, tmp_path: Path) -> None:
    ended = cluster.deploy("--yes", "--datastore", str(tmp_path / "runs"))
    assert ended.code == 0, ended.err
    assert len(list((tmp_path / "runs").rglob("*.tar.gz"))) == 1
    assert f"note: the package goes into {tmp_path}/runs of this machine: pods must have the same folder there\n" in ended.err
