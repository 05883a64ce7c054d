"""A cluster that throttles, breaks off, forgets, refuses: what a local run is told then, and that it goes on where it can."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engines.argo.api import GUEST, TOKEN
from podruns import Harbour, There, harbour
from wires import Wire

from flowc.runtime.compute import Busy, ComputeError, Started
from flowc.targets.argo.cluster import pod_watch, session

__all__ = ["harbour"]
NO_WAIT = (0.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are made again at once."""
    monkeypatch.setattr(session, "_WAITS", NO_WAIT)
    monkeypatch.setattr(pod_watch, "_WAITS", (0.1, 0.4))


def pods(harbour: Harbour) -> str:
    """Where the pods of the test are, and of no other."""
    return harbour.argo.path("pods")


def watches(harbour: Harbour) -> str:
    return rf"{pods(harbour)}\?.*watch=1.*"


# Starting


def test_a_lost_answer_makes_no_second_pod(harbour: Harbour) -> None:
    there = harbour.prepare()
    harbour.argo.fail("POST", pods(harbour), 0, late=True)
    (id,) = there.start("done")
    assert harbour.pods() == [id]
    assert there.over(id)[0].exit_code == 0


@pytest.mark.parametrize(
    ("code", "reason"), [(429, "TooManyRequests"), (503, "ServiceUnavailable"), (500, "InternalError"), (0, "")]
)
def test_a_cluster_that_has_no_time_is_asked_again(harbour: Harbour, code: int, reason: str) -> None:
    there = harbour.prepare()
    harbour.argo.fail("POST", pods(harbour), code, reason, times=4 if code != 500 else 1)
    orders = there.orders("sleep", 3)
    started: list[Started] = []
    with pytest.raises(Busy) as caught:
        started.extend(there.compute.start(orders[:1]))
    assert "try again" not in str(caught.value)
    assert started == []
    ids = there.note(list(there.compute.start(orders)))
    assert sorted(ids) == harbour.pods()
    for id in ids:
        there.until(id, "running")


def test_a_pause_that_the_cluster_asks_for_is_made(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    there = harbour.prepare()
    pauses: list[float] = []
    monkeypatch.setattr("flowc.targets.argo.cluster.session.time.sleep", pauses.append)
    harbour.argo.fail("POST", pods(harbour), 429, "TooManyRequests", headers={"Retry-After": "7"})
    list(there.compute.start(there.orders("done")))
    assert pauses == [7.0]


def test_what_was_started_is_told_though_the_rest_was_refused(harbour: Harbour) -> None:
    there = harbour.prepare()
    (bad,) = (there.compute._pods.name(one) for one in there.orders("sleep", 12)[-1:])
    harbour.argo.fail(
        "POST", pods(harbour), 403, "Forbidden", f'pods "{bad}" is forbidden: violates PodSecurity "restricted:latest"'
    )
    started: list[Started] = []
    with pytest.raises(ComputeError, match="the cluster does not allow flowc to create pods: .* violates PodSecurity"):
        for one in there.compute.start(there.orders("sleep", 12)):
            started.append(one)
    assert sorted(one.id for one in started) == harbour.pods()


def test_quotas_that_change_at_the_same_time_are_no_refusal(harbour: Harbour) -> None:
    there = harbour.prepare()
    why = 'Operation cannot be fulfilled on resourcequotas "few": the object has been modified; please apply your changes'
    harbour.argo.fail("POST", pods(harbour), 409, "Conflict", why, times=3)
    (id,) = there.start("done")
    assert there.over(id)[0].exit_code == 0


# Watching


def running(harbour: Harbour, count: int = 1) -> tuple[There, list[str]]:
    there = harbour.prepare()
    ids = there.start("sleep", count)
    for id in ids:
        there.until(id, "running")
    return there, ids


@pytest.mark.parametrize("cut", ["end", "reset"])
def test_a_watch_that_breaks_is_taken_up_where_it_was(harbour: Harbour, cut: str) -> None:
    there, ids = running(harbour, 2)
    harbour.argo.calls()
    harbour.argo.fail("GET", watches(harbour), 503, "ServiceUnavailable", times=9)
    harbour.argo.disturb(cut=cut)
    for id in ids:
        harbour.argo.delete("pods", id)
    assert {one.error for one in there.over(*ids)} == {"PodDeleted"}
    assert not [one for one in harbour.argo.calls() if one.startswith("GET") and "pods?limit" in one]


def test_what_the_server_has_forgotten_is_listed_anew(harbour: Harbour) -> None:
    there, ids = running(harbour, 3)
    harbour.argo.fail("GET", watches(harbour), 503, "ServiceUnavailable", times=9)
    harbour.argo.disturb(cut="end")
    harbour.argo.ask("DELETE", f"{harbour.argo.path('pods', ids[0])}?gracePeriodSeconds=0")
    harbour.argo.disturb(forget=True)
    harbour.argo.calls()
    (gone,) = there.over(ids[0])
    assert (gone.error, gone.exit_code) == ("PodDeleted", None)
    assert gone.message == "was ended, since its pod was deleted while it ran: by somebody, or together with its node"
    assert [one for one in harbour.argo.calls() if one.startswith("GET") and "pods?limit" in one]
    assert sorted(there.open) == sorted(ids[1:])


def test_long_lists_come_in_pages(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_watch, "_PAGE", 2)
    there, ids = running(harbour, 5)
    harbour.argo.calls()
    harbour.argo.ask("POST", harbour.argo.path("configmaps"), {"metadata": {"name": "x"}})  # something happens elsewhere
    harbour.argo.disturb(forget=True)
    harbour.argo.disturb(cut="reset")
    harbour.argo.delete("pods", ids[3])
    there.over(ids[3])
    assert len([one for one in harbour.argo.calls() if "pods?limit=2" in one]) in (2, 3)  # with the one that ends, or without
    assert sorted(there.open) == sorted(one for one in ids if one != ids[3])


def test_bookmarks_keep_a_quiet_watch_from_being_forgotten(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_watch, "_SECONDS", 3)
    there, (id,) = running(harbour)
    harbour.argo.calls()
    others = harbour.argo.path("configmaps")
    harbour.argo.ask("POST", others, {"metadata": {"name": "x"}})  # something happens elsewhere
    time.sleep(2.5)  # by now the watch was told how far things are
    harbour.argo.disturb(forget=True)
    there.look(1.5)
    harbour.argo.delete("pods", id)
    there.over(id)
    calls = harbour.argo.calls()
    assert len([one for one in calls if "watch=1" in one]) >= 1
    assert not [one for one in calls if one.startswith("GET") and "pods?limit" in one]


def test_who_looks_is_told_that_nothing_can_be_heard_and_when_it_can_again(harbour: Harbour) -> None:
    there, (id,) = running(harbour)
    harbour.argo.fail("GET", watches(harbour), 503, "ServiceUnavailable", times=10_000)
    harbour.argo.disturb(cut="end")
    begun = time.monotonic()
    with pytest.raises(Busy, match="the cluster has no time to get pods"):
        list(there.compute.look([id], 20.0))
    assert time.monotonic() - begun < 10
    begun = time.monotonic()
    with pytest.raises(Busy):  # then it takes its time
        list(there.compute.look([id], 0.7))
    assert time.monotonic() - begun >= 0.7


def test_a_watch_that_may_no_longer_be_is_an_error(harbour: Harbour) -> None:
    there, (id,) = running(harbour)
    why = 'pods is forbidden: User "ann" cannot watch resource "pods" in API group "" in the namespace "x"'
    harbour.argo.fail("GET", watches(harbour), 403, "Forbidden", why, times=100)
    harbour.argo.disturb(cut="end")
    with pytest.raises(ComputeError, match="ann may not watch pods in the namespace x") as caught:
        list(there.compute.look([id], 20.0))
    assert not isinstance(caught.value, Busy)


def test_jobs_that_are_started_while_somebody_looks_join(harbour: Harbour) -> None:
    there = harbour.prepare()
    with ThreadPoolExecutor(1) as pool:
        looked = pool.submit(lambda: list(there.compute.look(there.open.keys(), 10.0)))
        time.sleep(0.2)
        (id,) = there.start("sleep")
        assert [one.id for one in looked.result(10)] == [id]


@pytest.fixture
def wire(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A wire to the cluster, and a run that waits for hardly anything."""
    monkeypatch.setattr(pod_watch, "_SECONDS", 1)
    monkeypatch.setattr(pod_watch, "_SILENCE", 0.5)
    for name in ("_CONNECT", "_HASTY_READ"):
        monkeypatch.setattr(session, name, 0.5)
    wire = Wire(harbour.argo.endpoint)
    monkeypatch.setenv("KUBECONFIG", str(harbour.argo.kubeconfig(server=wire.address)))
    yield wire
    for one in harbour.made:
        one.close()
    wire.close()


def test_a_network_that_swallows_everything_for_a_while(harbour: Harbour, wire: Wire) -> None:
    there, ids = running(harbour, 2)
    wire.cut()
    harbour.argo.delete("pods", ids[0])
    with pytest.raises(Busy, match="does not answer at"):
        while True:
            there.look(2.0)
    with pytest.raises(Busy, match="does not answer at"):
        list(there.compute.start(there.orders("done", 2)))
    assert there.compute.explain(ids) == {}
    wire.mend()
    assert there.over(ids[0])[0].error == "PodDeleted"
    assert {one.exit_code for one in there.over(*there.start("done", 2))} == {0}


def test_ends_that_nobody_answers(harbour: Harbour, wire: Wire) -> None:
    there, ids = running(harbour, 20)
    wire.cut()
    begun = time.monotonic()
    with pytest.raises(Busy, match="does not answer at"):
        there.compute.end(ids, "x")
    assert time.monotonic() - begun < 5  # and not that often
    wire.mend()
    assert there.compute.end(ids, "x") == ()
    harbour.wait(lambda: harbour.pods() == [])


# Ending


def test_ends_that_do_not_get_there_are_told(harbour: Harbour) -> None:
    there, ids = running(harbour, 3)
    harbour.argo.fail("DELETE", pods(harbour) + "/.*", 503, "ServiceUnavailable", times=100)
    with pytest.raises(Busy):
        there.compute.end(ids, "x")
    assert sorted(harbour.pods()) == sorted(ids)


def test_those_that_could_not_be_ended_are_named(harbour: Harbour) -> None:
    there, ids = running(harbour, 3)
    harbour.argo.fail("DELETE", f"{pods(harbour)}/{ids[1]}", 403, "Forbidden", "no")
    assert there.compute.end(ids, "x") == (ids[1],)
    assert there.compute.end([ids[1]], "x") == ()
    harbour.wait(lambda: harbour.pods() == [])


def test_orders_whose_answer_was_lost_for_good_are_ended_too(harbour: Harbour) -> None:
    there = harbour.prepare()
    harbour.argo.fail("POST", pods(harbour), 0, late=True)
    harbour.argo.fail("POST", pods(harbour), 0, times=3)
    with pytest.raises(Busy):
        list(there.compute.start(there.orders("sleep")))
    assert len(harbour.pods()) == 1  # which nobody knows of
    assert there.compute.end((), "x") == ()
    harbour.wait(lambda: harbour.pods() == [])


def test_an_end_while_pods_are_made_leaves_none(harbour: Harbour) -> None:
    there = harbour.prepare()
    made: list[Started] = []

    def start() -> None:
        made.extend(there.compute.start(there.orders("sleep", 40)))

    thread = threading.Thread(target=start)
    thread.start()
    harbour.wait(lambda: len(harbour.pods()) > 5)
    there.compute.end(tuple(one.id for one in made), "x")
    thread.join()
    there.compute.end(tuple(one.id for one in made), "x")
    assert len(made) < 40
    harbour.wait(lambda: harbour.pods() == [])


def test_close_says_what_it_could_not_delete(harbour: Harbour) -> None:
    there = harbour.prepare()
    there.over(*there.start("done"))
    harbour.argo.fail("DELETE", pods(harbour) + "/.*", 403, "Forbidden", "no more")
    there.compute.close()
    (said,) = harbour.said
    place = f"the namespace {harbour.argo.namespace}"
    assert said == f"a pod of the run could not be deleted from {place}: the cluster does not allow flowc to delete pods: no more"


# Who asks


def expire(harbour: Harbour, there: There) -> Path:
    """Let the credentials of a run expire, and with them what kubeconfig says; the file."""
    file = Path(harbour.argo.environment["KUBECONFIG"])
    file.write_text(file.read_text().replace(TOKEN, "expired"))
    there.compute._session._renew()
    return file


def log_in(file: Path) -> None:
    file.write_text(file.read_text().replace("expired", TOKEN))


def test_credentials_that_expire_are_looked_up_anew(harbour: Harbour) -> None:
    there, (id,) = running(harbour)
    log_in(expire(harbour, there))  # as who has fetched a new token for something else
    harbour.argo.disturb(cut="end")
    harbour.argo.delete("pods", id)
    there.over(id)


def test_who_has_to_log_in_again_may_do_so_while_the_run_goes_on(harbour: Harbour) -> None:
    there, (id,) = running(harbour)
    file = expire(harbour, there)
    harbour.argo.disturb(cut="end")
    with pytest.raises(
        Busy, match="does not accept the credentials of the context tests: they are wrong or expired: log in again"
    ):
        list(there.compute.look([id], 20.0))
    with pytest.raises(Busy, match="log in again"):
        list(there.compute.start(there.orders("done")))
    log_in(file)
    harbour.argo.delete("pods", id)
    there.over(id)
    (other,) = there.start("done")
    there.over(other)


# Before the run


def refusal(harbour: Harbour, decorators: str = "@kubernetes", **options: str) -> str:
    with pytest.raises(ComputeError) as caught:
        harbour.prepare(decorators, **options)
    assert not isinstance(caught.value, Busy)
    assert harbour.uploads == 0
    return str(caught.value)


def test_a_namespace_that_is_not_there(harbour: Harbour) -> None:
    said = refusal(harbour, namespace="nowhere")
    assert said == "there is no namespace nowhere: create it (`kubectl create namespace nowhere`), or correct --namespace"
    assert "there is no namespace elsewhere" in refusal(harbour, "@kubernetes(namespace='elsewhere')")


def test_a_service_account_that_is_not_there(harbour: Harbour) -> None:
    for said in (refusal(harbour, service_account="nobody"), refusal(harbour, "@kubernetes(service_account='nobody')")):
        assert said == (
            f"there is no service account nobody in the namespace {harbour.argo.namespace}: create it, or correct "
            "--service-account, or `service_account` of @kubernetes"
        )


def test_secrets_and_claims_that_are_not_there(harbour: Harbour) -> None:
    said = refusal(harbour, "@kubernetes(secrets=['one', 'two'], persistent_volume_claims={'disk': '/data'})")
    place = f"in the namespace {harbour.argo.namespace}: create what is missing, or correct"
    assert said.splitlines() == [
        f"there are no secrets one, two {place} `secrets` of @kubernetes",
        f"there is no persistent volume claim disk {place} `persistent_volume_claims` of @kubernetes",
    ]


def test_secrets_of_images_may_be_missing(harbour: Harbour) -> None:
    harbour.prepare("@kubernetes(image_pull_secrets=['registry'])")
    assert harbour.said == [f"there is no secret registry in the namespace {harbour.argo.namespace}, by which images are pulled"]


def test_who_may_not_make_pods(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(harbour.argo.kubeconfig(token=GUEST)))
    said = refusal(harbour)
    assert said == (
        f"the credentials of the context tests do not let you create, get, list, watch or delete pods in the namespace "
        f'{harbour.argo.namespace}: a Role with apiGroups [""], resources ["pods"], '
        'verbs ["create", "get", "list", "watch", "delete"] would grant it'
    )
    rbac = harbour.argo.path("roles")
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "get", "list", "watch", "delete"]}
    harbour.argo.ask("POST", rbac, {"metadata": {"name": "runs"}, "rules": [rule]})
    subject = {"kind": "User", "name": "guest", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "runs", "apiGroup": "rbac.authorization.k8s.io"}
    bound = {"metadata": {"name": "runs"}, "roleRef": role, "subjects": [subject]}
    harbour.argo.ask("POST", harbour.argo.path("rolebindings"), bound)
    there = harbour.prepare()  # that is enough: neither namespaces nor secrets can be seen
    (id,) = there.start("done")
    there.over(id)


def test_what_a_policy_refuses_is_told_before_the_run(harbour: Harbour) -> None:
    why = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'
    harbour.argo.fail("POST", pods(harbour), 403, "Forbidden", why)
    assert refusal(harbour) == (
        f"step `done` cannot run in the namespace {harbour.argo.namespace}: "
        f"the cluster does not allow flowc to create pods: {why}"
    )


def test_a_webhook_that_cannot_be_tried_is_no_fault(harbour: Harbour) -> None:
    harbour.argo.fail("POST", pods(harbour), 400, "BadRequest", 'admission webhook "x" does not support dry run')
    harbour.prepare()


def test_no_datastore_that_pods_reach(harbour: Harbour) -> None:
    assert refusal(harbour, datastore=None).startswith("tasks on Kubernetes need a datastore that pods reach: --datastore s3://")  # type: ignore[arg-type]


def test_no_cluster(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(harbour.argo.kubeconfig(server="http://127.0.0.1:9")))
    assert refusal(harbour).startswith("the cluster cannot be reached at http://127.0.0.1:9: ")
    monkeypatch.setenv("KUBECONFIG", str(harbour.argo.folder / "none"))
    assert refusal(harbour).startswith("no cluster is named: ")


# What is there


def test_unfinished_tasks_are_those_of_the_flow_the_run_the_user(harbour: Harbour) -> None:
    ann, bob = harbour.prepare(), harbour.prepare(user="bob")
    (mine, other, his) = (
        compute.note(list(compute.compute.start(compute.orders("sleep", run=run))))[0]
        for compute, run in ((ann, "run-1"), (ann, "run-2"), (bob, "run-3"))
    )
    harbour.argo.ask(
        "POST",
        harbour.argo.path("pods"),
        {"metadata": {"name": "foreign"}, "spec": {"containers": [{"name": "main", "image": "x", "command": ["true"]}]}},
    )
    computing = harbour.computing()
    assert computing.where() == f"Kubernetes, namespace {harbour.argo.namespace}, context tests"
    assert {one.id for one in computing.unfinished("Sample")} == {mine, other, his}
    assert list(computing.unfinished("Another")) == []
    assert {one.id for one in computing.unfinished("Sample", user="ann")} == {mine, other}
    harbour.wait(lambda: all(one.status == "Running" for one in computing.unfinished("Sample")))
    (found,) = computing.unfinished("Sample", run="run-2")
    assert (found.id, found.run, found.step, found.path, found.attempt, found.user) == (other, "run-2", "sleep", "0", 0, "ann")
    assert found.since is not None
    assert computing.end([found], "x") == {}
    assert computing.end([found], "x") == {}
    harbour.argo.fail("DELETE", pods(harbour) + "/.*", 403, "Forbidden", "no")
    (first,) = computing.unfinished("Sample", run="run-1")
    assert computing.end([first], "x") == {mine: "the cluster does not allow flowc to delete pods: no"}
    harbour.wait(lambda: {one.id for one in computing.unfinished("Sample")} == {mine, his})


def test_what_is_over_is_not_unfinished(harbour: Harbour) -> None:
    there = harbour.prepare()
    (id,) = there.start("done")
    there.over(id)
    assert harbour.pods() == [id]
    assert list(harbour.computing().unfinished("Sample")) == []


def test_an_unfinished_task_says_what_it_waits_for(harbour: Harbour) -> None:
    there = harbour.prepare("@kubernetes(cpu=128)")
    there.start("done")
    harbour.wait(lambda: next(iter(harbour.computing().unfinished("Sample"))).reason is not None)
    (found,) = harbour.computing().unfinished("Sample")
    assert found.status == "Unschedulable"
    assert str(found.reason).startswith("no node has room for it")
