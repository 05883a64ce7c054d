"""`flowc deploy --target argo` and `flowc undeploy` where a cluster refuses something, lacks it, or does not answer."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from flowc.cli.changing import carry_out
from flowc.targets.argo.cluster.session import Session
from flowc.targets.platform import PlatformError

from .accounts import PLAIN
from .clusters import Cluster

CHANGED = PLAIN.replace("default=0.5", "default=0.75")
TEMPLATE = ".*/workflowtemplates/sums"
CRON = {"schedules": ["0 0 1 1 *"], "workflowSpec": {"workflowTemplateRef": {"name": "sums"}}}


def refused(cluster: Cluster, *arguments: str, code: int = 2) -> str:
    """What a deploy says that changes nothing."""
    cluster.writes()
    ended = cluster.deploy("--yes", *arguments)
    assert (ended.code, ended.out) == (code, ""), ended.err
    assert cluster.writes() == []
    assert "Traceback" not in ended.err
    return ended.err


def test_no_cluster_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    assert refused(cluster) == (
        f"flowc: no cluster is named: the file {tmp_path}/nowhere, which KUBECONFIG names, is not there: set KUBECONFIG to the "
        "kubeconfig of your cluster\n"
    )
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert refused(cluster) == (
        "flowc: no cluster is named: there is no ~/.kube/config: set KUBECONFIG to the kubeconfig of your cluster\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contexts: [}", "FILE is no YAML (line 1): did not find expected node content"),
        ("hello", "FILE, which KUBECONFIG names, is no kubeconfig"),
        ("contexts: [{}]", "FILE is no kubeconfig: `contexts` is no list of contexts, each with its `name` and `context`"),
        ("contexts: x", "FILE is no kubeconfig: `contexts` is no list of contexts, each with its `name` and `context`"),
        ("clusters: [{name: one, cluster: {server: 12}}]", "FILE is no kubeconfig: `clusters` is no list of clusters, each "),
        ("users: [{user: {}}]", "FILE is no kubeconfig: `users` is no list of users, each with its `name` and `user`"),
        ("a: \x00", "FILE is no YAML: unacceptable character"),
        ("a: \udce9", "FILE, which KUBECONFIG names, is no kubeconfig: it is not text in UTF-8"),
        ("contexts: []", "FILE names no current context: say --context, of which there are: none"),
        ("contexts: [{name: one}]", "FILE names no current context: say --context, of which there are: one"),
        ("{contexts: [{name: one}], current-context: two}", "FILE has no context two, which is its current one: did you mean"),
        ("{contexts: [{name: one}], current-context: one}", "FILE makes no sense: "),
    ],
)
def test_a_kubeconfig_that_makes_no_sense(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    monkeypatch.setenv("KUBECONFIG", str(file))
    told = refused(cluster)
    assert told.startswith(f"flowc: {said.replace('FILE', str(file)).partition(': did')[0]}"), told
    assert told.count("\n") == 1


def test_a_context_that_is_not_there(cluster: Cluster) -> None:
    file = cluster.argo.environment["KUBECONFIG"]
    assert refused(cluster, "--context", "test") == f"flowc: {file} has no context test: did you mean tests?\n"
    assert refused(cluster, "--context", "prod") == f"flowc: {file} has no context prod: there are: tests\n"


def test_credentials_that_a_program_cannot_fetch(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cluster.argo.kubeconfig()
    text = file.read_text()
    for command, said in (
        ("no-such-program", "[Errno 2] No such file or directory: 'no-such-program'"),
        ("false", "exec: process returned 1"),
    ):
        exec_ = {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"}
        file.write_text(re.sub(r"token: .*", f"exec: {json.dumps(exec_)}", text))
        monkeypatch.setenv("KUBECONFIG", str(file))
        told = f"flowc: the credentials of the context tests cannot be had: {said}: log in to the cluster again\n"
        assert refused(cluster) == told


def test_credentials_that_a_program_fetches(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = cluster.argo.kubeconfig()
    text = file.read_text()
    found = re.search(r"token: (.*)", text)
    assert found is not None
    version = "client.authentication.k8s.io/v1"
    answer = tmp_path / "answer"
    answer.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": found[1]}}))
    exec_ = {"apiVersion": version, "command": "cat", "args": [str(answer)], "interactiveMode": "Never"}
    file.write_text(re.sub(r"token: .*", f"exec: {json.dumps(exec_)}", text))
    monkeypatch.setenv("KUBECONFIG", str(file))
    assert cluster.deploy("--yes").code == 0


def test_credentials_that_are_not_accepted(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.argo.kubeconfig(token="expired")))
    assert refused(cluster) == (
        "flowc: the cluster does not accept the credentials of the context tests: they are wrong or expired: log in again\n"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": "one\ntwo"}, "the credentials of the context tests hold characters that no token has: log in to the cluster "),
        ({"token": "\u20ac"}, "the credentials of the context tests hold characters that no token has: log in to the cluster "),
        ({"server": ""}, "FILE: the server of the context tests is '': it must begin with https://"),
        ({"server": "ftp://x"}, "FILE: the server of the context tests is 'ftp://x': it must begin with https://"),
        ({"namespace": "Bad/Name"}, "FILE: the namespace of the context tests is 'Bad/Name', which no namespace is called"),
    ],
)
def test_a_context_that_cannot_be_used(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], said: str
) -> None:
    file = str(cluster.argo.kubeconfig(**changes))
    monkeypatch.setenv("KUBECONFIG", file)
    told = refused(cluster)
    assert told.startswith(f"flowc: {said.replace('FILE', file)}"), told
    assert told.count("\n") == 1


def test_a_proxy_that_is_not_there(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        said = refused(cluster)
    server = cluster.argo.endpoint
    assert said.startswith(f"flowc: the cluster cannot be reached at {server} through the proxy of HTTPS_PROXY or HTTP_PROXY: ")
    assert said.endswith("Connection refused\n")


def test_a_cluster_that_is_not_there(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("KUBECONFIG", str(cluster.argo.kubeconfig(server=server)))
        said = refused(cluster, code=1)
    assert re.fullmatch(rf"flowc: the cluster cannot be reached at {server}: .*Connection refused.*\n", said), said
    monkeypatch.setenv("KUBECONFIG", str(cluster.argo.kubeconfig(server="https://no-such-host.invalid")))
    said = refused(cluster)
    assert said == ("flowc: the cluster cannot be reached at https://no-such-host.invalid: there is no host of that name\n")
    monkeypatch.setenv("KUBECONFIG", str(cluster.argo.kubeconfig(server="https://[nonsense")))
    assert refused(cluster).endswith(" makes no sense: Invalid IPv6 URL\n")


def test_a_server_that_is_no_cluster(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    server = cluster.argo.environment["AWS_ENDPOINT_URL_S3"]
    monkeypatch.setenv("KUBECONFIG", str(cluster.argo.kubeconfig(server=server)))
    assert re.fullmatch(rf"flowc: {server} is no API server of Kubernetes: it answers .*\n", refused(cluster))


def test_a_namespace_that_is_not_there(cluster: Cluster) -> None:
    said = "flowc: there is no namespace nowhere: create it (`kubectl create namespace nowhere`), or correct --namespace\n"
    assert refused(cluster, "--namespace", "nowhere") == said
    ended = cluster.undeploy("--yes", "--namespace", "nowhere")
    assert (ended.code, ended.err) == (2, said)


@pytest.mark.parametrize("verb", ["deploy", "undeploy"])
def test_a_cluster_without_argo(cluster: Cluster, verb: str) -> None:
    cluster.argo.fail("GET", ".*/workflowtemplates", 404, None, "404 page not found")
    ended = cluster.run(verb, "sums.py", *(("--no-dependencies",) if verb == "deploy" else ()), "--yes")
    assert (ended.code, ended.err) == (
        2,
        f"flowc: Argo Workflows is not installed in the cluster {cluster.argo.endpoint}, which knows no WorkflowTemplate\n",
    )


def test_a_cluster_without_argo_events(cluster: Cluster) -> None:
    """Of a flow that has no use for it, nobody hears of that."""
    for act in (cluster.deploy, cluster.undeploy):
        for kind in ("sensors", "eventsources"):
            cluster.argo.fail("GET", f".*/{kind}", 404, None, "404 page not found")
        ended = act("--yes")
        assert ended.code == 0
        assert "Sensor" not in ended.err
        assert "sensors" not in ended.err


def test_what_may_not_be_done(cluster: Cluster) -> None:
    place = cluster.argo.namespace
    said = (
        'workflowtemplates.argoproj.io "sums" is forbidden: User "jo" cannot patch resource "workflowtemplates" in API group '
        f'"argoproj.io" in the namespace "{place}"'
    )
    cluster.argo.fail("PATCH", TEMPLATE, 403, "Forbidden", said)
    assert refused(cluster) == (
        f"flowc: jo may not patch workflowtemplates.argoproj.io in the namespace {place}: a Role with apiGroups "
        '["argoproj.io"], resources ["workflowtemplates"], verbs ["patch"] would grant it\n'
    )
    cluster.argo.fail("PATCH", TEMPLATE, 403, "Forbidden", 'admission webhook "policy.example" denied the request: no labels')
    assert refused(cluster) == (
        "flowc: the cluster does not allow flowc to patch workflowtemplates: admission webhook "
        '"policy.example" denied the request: no labels\n'
    )


def test_what_may_not_be_looked_for_is_a_note(cluster: Cluster) -> None:
    for kind in ("sensors", "cronworkflows"):
        cluster.argo.fail("GET", f".*/{kind}", 403, "Forbidden", "no")
    ended = cluster.deploy("--yes")
    assert ended.code == 0
    said = "note: what may be left of sums was not looked for: the credentials do not let you list sensors, cronworkflows\n"
    assert said in ended.err


def test_whoever_may_not_see_namespaces_may_deploy(cluster: Cluster) -> None:
    cluster.argo.fail("GET", "/api/v1/namespaces/[^/]*", 403, "Forbidden", "no")
    cluster.argo.fail("GET", ".*/serviceaccounts/.*", 403, "Forbidden", "no")
    assert cluster.deploy("--yes").code == 0


def test_in_a_cluster_it_is_the_pods_own_service_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in (("token", "secret"), ("ca.crt", "an authority"), ("namespace", "flows\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr("flowc.targets.argo.cluster.credentials.IN_CLUSTER", tmp_path)
    for name, value in (("HOST", "10.0.0.1"), ("PORT", "443")):
        monkeypatch.setenv(f"KUBERNETES_SERVICE_{name}", value)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    session = Session()
    assert session.where == "namespace flows, cluster https://10.0.0.1:443"
    assert session.credentials.headers() == {"authorization": "bearer secret"}
    assert Session(namespace="others").namespace == "others"
    (tmp_path / "token").unlink()
    with pytest.raises(PlatformError, match="the credentials of this pod's service account cannot be had: Service token file"):
        _ = Session().where


def test_a_service_account_that_is_not_there(cluster: Cluster) -> None:
    assert refused(cluster, "--service-account", "nobody") == (
        f"flowc: there is no service account nobody in the namespace {cluster.argo.namespace}: create it, or correct "
        "--service-account (--with-rbac makes one that may do what is needed)\n"
    )


def test_fields_that_the_cluster_does_not_know(cluster: Cluster) -> None:
    told = (
        "failed to create typed patch object (x/sums; argoproj.io/v1alpha1, Kind=WorkflowTemplate): .spec.x: field not declared"
    )
    cluster.argo.fail("PATCH", TEMPLATE, 500, "", told)
    assert refused(cluster, code=1) == (
        "flowc: this cluster's Argo does not take the WorkflowTemplate: .spec.x: field not declared (is it older than 3.6?)\n"
    )


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_cluster_that_has_no_time_is_asked_again(cluster: Cluster, code: int) -> None:
    cluster.argo.fail("GET", TEMPLATE, code, "ServerTimeout", headers={"Retry-After": "1"}, times=2)
    cluster.argo.fail("PATCH", TEMPLATE, code, "ServerTimeout", times=3)
    assert cluster.deploy("--yes").code == 0
    cluster.argo.fail("PATCH", TEMPLATE, code, "ServerTimeout", times=4)
    said = f"flowc: the cluster has no time to patch workflowtemplates ({code} ServerTimeout): try again in a minute\n"
    assert cluster.deploy("--yes", text=CHANGED).err == said


def test_a_connection_that_breaks_is_made_again(cluster: Cluster) -> None:
    cluster.argo.fail("GET", TEMPLATE, 0, times=2)
    cluster.argo.fail("PATCH", TEMPLATE, 0, times=3, late=True)
    assert cluster.deploy("--yes").code == 0
    cluster.argo.fail("GET", TEMPLATE, 0, times=4)
    said = refused(cluster, code=1)
    assert said.startswith(f"flowc: the cluster cannot be reached at {cluster.argo.endpoint}: "), said


@pytest.mark.parametrize(("code", "reason"), [(500, "InternalError"), (403, "Forbidden"), (409, "Conflict")])
@pytest.mark.parametrize("late", [False, True], ids=["not made", "made"])
def test_a_deploy_goes_on_where_one_before_it_failed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, code: int, reason: str, late: bool
) -> None:
    """It is not made, or it was made and only the answer is lost."""
    cluster.put("CronWorkflow", "sums-old", CRON)

    def fail_when_agreed(*given: Any, **more: Any) -> Any:
        cluster.argo.fail("PATCH", TEMPLATE, code, reason, late=late)
        return carry_out(*given, **more)

    with monkeypatch.context() as failing:
        failing.setattr("flowc.cli.deploy.carry_out", fail_when_agreed)
        ended = cluster.deploy("--yes")
    assert (ended.code, ended.out) == (2 if code == 403 else 1, "")
    said = "flowc: stopped at the WorkflowTemplate sums after 2 of 4 changes: the same command goes on from there\n"
    assert ended.err.endswith(said), ended.err
    assert cluster.there() == [*(["workflowtemplates/sums"] if late else []), "cronworkflows/sums-old"]
    cluster.argo.fail("DELETE", ".*/cronworkflows/sums-old", 500, "InternalError", late=late)
    ended = cluster.deploy("--yes")
    assert ended.code == 1
    assert "flowc: stopped at the CronWorkflow sums-old after " in ended.err
    ended = cluster.deploy("--yes")
    assert (ended.code, ended.err.startswith("flowc: sums is deployed as it is")) == (0, late), ended.err
    assert cluster.there() == ["workflowtemplates/sums"]


@pytest.mark.parametrize("late", [False, True], ids=["not made", "made"])
def test_an_undeploy_goes_on_where_one_before_it_failed(cluster: Cluster, late: bool) -> None:
    cluster.deploy("--yes")
    cluster.put("CronWorkflow", "sums", CRON)
    cluster.put_run("run")
    for method, path, what in (
        ("DELETE", ".*/cronworkflows/sums", "CronWorkflow sums"),
        ("PATCH", ".*/workflows/run", "run run"),
        ("DELETE", TEMPLATE, "WorkflowTemplate sums"),
    ):
        cluster.argo.fail(method, path, 500, "InternalError", late=late)
        ended = cluster.undeploy("--yes", "--stop")
        assert ended.code == 1
        assert f"flowc: stopped at the {what} after " in ended.err
    ended = cluster.undeploy("--yes")
    assert ended.code == 0
    assert cluster.there() == ["workflows/run"]


def test_what_somebody_deletes_meanwhile_is_no_fault(cluster: Cluster) -> None:
    cluster.deploy("--yes")
    cluster.argo.fail("DELETE", TEMPLATE, 404, "NotFound", late=True)
    assert cluster.undeploy("--yes").code == 0
    assert cluster.there() == []


def test_a_datastore_that_cannot_be_written(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWC_DATASTORE")
    assert refused(cluster) == (
        "flowc: --datastore is not given: where runs keep their objects, as s3://bucket/prefix, az://container/prefix, "
        "gs://bucket/prefix or the path of a volume that all pods mount (FLOWC_DATASTORE, or datastore in flowc.toml)\n"
    )
    assert "there is no bucket no-such-bucket" in refused(cluster, "--datastore", "s3://no-such-bucket/x", code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--namespace", "No_Such"), "the name of a Kubernetes namespace has at most 63 characters, lower-case letters, "),
        (("--argo-url", "argo.example"), "--argo-url is the address of Argo's pages, as https://argo.example, and not "),
        (("--argo-url", "http://a b/"), "--argo-url is empty or has blanks in it: 'http://a b/'"),
        (("--context", ""), "--context is empty or has blanks in it: ''"),
        (("--image", "\udcff"), "--image holds bytes that are no text: '\\udcff'"),
        (("--rollback", "x"), "--rollback takes the number of a version, or nothing for the one before, and not 'x'"),
    ],
)
def test_options_that_make_no_sense(cluster: Cluster, arguments: tuple[str, ...], said: str) -> None:
    assert refused(cluster, *arguments).startswith(f"flowc: {said}")
