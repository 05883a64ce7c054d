"""What goes wrong in a run on the cluster goes wrong as in a local one; and what only befalls pods and people's runs there."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from compared import failed_alike, numberless, written
from deployed import run_here
from mishaps import BRANCHES, FAIL, GO_ON, HOOKED

from e2e.argo.cluster import nodes
from e2e.argo.conftest import Ship
from e2e.argo.shell import Deployed, Run, mark, marked, wait_for
from flowc.runtime import contract
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import read_lines
from flowc.runtime.store import open_store

SLEEPS = f"import time; {mark('running')}; time.sleep(900)"
"""A body that says so when it runs, and then goes on for too long."""
SLEEPS_AT_FIRST = f"import time; {marked('running')} or ({mark('running')}, time.sleep(900))"
"""The same, but where it has said so before."""


def flow_name(kind: str, what: str) -> str:
    """A name of its own for a flow, for they are deployed side by side."""
    return kind + "".join(word.strip(",").title() for word in what.split())


@pytest.mark.parametrize("what", FAIL)
def test_what_fails_a_run(ship: Ship, what: str, tmp_path: Path) -> None:
    flow = flow_name("Fails", what)
    file = FAIL[what].write(tmp_path, flow)
    here = run_here(file, flow)
    assert here.code == 1
    ran = ship(file).run()
    assert (ran.code, ran.status) == (1, "Failed"), ran.report()
    assert f"{flow}/{ran.id} failed" in ran.said.err
    failed_alike(ran, here)


@pytest.mark.parametrize("what", GO_ON)
def test_what_a_run_gets_over(ship: Ship, what: str, tmp_path: Path) -> None:
    flow = flow_name("GoesOn", what)
    file = GO_ON[what].write(tmp_path, flow)
    here = run_here(file, flow)
    assert here.code == 0
    ran = ship(file).run()
    assert (ran.code, ran.status) == (0, "Succeeded"), ran.report()
    assert ran.failures() == here.failures
    assert ran.kept() == here.kept


HOW = pytest.mark.parametrize("lost", [False, True], ids=["deleted", "lost"])
"""How a pod goes: as when a person deletes it, or as when its machine is gone. In either case Argo 3.7 may make it anew, as the
same attempt, where its executor had reported nothing when the controller looked."""


def without_its_pod(ship: Ship, file: Path, lost: bool) -> tuple[Deployed, Run]:
    """A run whose task `bad` lost its pod while that ran."""
    deployed = ship(file)
    run = deployed.start()
    cluster = deployed.shell.cluster
    wait_for(open_store(deployed.shell.place), "running")
    cluster.delete_pod(cluster.pod_of(run, "bad"), lost=lost)
    return deployed, deployed.ended(run)


@HOW
def test_a_pod_that_goes_fails_its_run(ship: Ship, lost: bool, tmp_path: Path) -> None:
    file = BRANCHES._replace(body=SLEEPS_AT_FIRST).write(tmp_path, flow_name("Gone", str(lost)))
    deployed, ran = without_its_pod(ship, file, lost)
    done = {"bad/-", "join/-", "end/-"} & json.loads(ran.kept()).keys()
    told = json.loads(deployed("status", ran.id, "--format", "json").out)["status"]
    assert (ran.status, len(done), told) in (("Succeeded", 3, "done"), ("Failed", 0, "failed"), ("Error", 0, "failed")), (
        ran.report()
    )


@HOW
def test_the_task_of_a_pod_that_goes_is_tried_again(ship: Ship, lost: bool, tmp_path: Path) -> None:
    case = BRANCHES._replace(decorators=("@retry(times=1, minutes_between_retries=0)",), body=SLEEPS_AT_FIRST)
    _, ran = without_its_pod(ship, case.write(tmp_path, flow_name("Again", str(lost))), lost)
    assert ran.status == "Succeeded", ran.report()
    assert {"bad/-", "join/-", "end/-"} <= json.loads(ran.kept()).keys()


@HOW
def test_the_task_of_a_pod_that_goes_is_caught(ship: Ship, lost: bool, tmp_path: Path) -> None:
    case = BRANCHES._replace(decorators=("@catch(var='failure')",), body=SLEEPS_AT_FIRST)
    _, ran = without_its_pod(ship, case.write(tmp_path, flow_name("Caught", str(lost))), lost)
    assert ran.status == "Succeeded", ran.report()
    assert {"bad/-", "join/-", "end/-"} <= json.loads(ran.kept()).keys()


def test_a_stopped_run(ship: Ship, tmp_path: Path) -> None:
    deployed = ship(BRANCHES._replace(body=SLEEPS).write(tmp_path, "Stopped"))
    run = deployed.start()
    wait_for(open_store(deployed.shell.place), "running")
    stopped = deployed("stop", run)
    assert stopped.code == 0, stopped.err
    ran = deployed.ended(run)
    assert ran.status in ("Failed", "Error"), ran.report()
    while any(pod.status.phase in ("Pending", "Running") for pod in deployed.shell.cluster.pods(run)):
        time.sleep(0.5)  # Argo does not wait for them
    assert set(json.loads(ran.kept())) <= {"start/-", "good/-"}, "it was not only forgotten"
    assert json.loads(deployed("status", run, "--format", "json").out)["status"] == "stopped"


def test_a_run_that_takes_too_long(ship: Ship, tmp_path: Path) -> None:
    ran = ship(BRANCHES._replace(body=SLEEPS).write(tmp_path, "TooLong"), "--workflow-timeout", "60").run()
    assert (ran.code, ran.status) == (1, "Failed"), ran.report()
    assert f"TooLong/{ran.id} timed out" in ran.said.err
    assert not {"bad/-", "join/-", "end/-"} & set(json.loads(ran.kept()))


def test_a_failed_run_goes_on_where_it_failed(ship: Ship, tmp_path: Path) -> None:
    case = FAIL["an item of an item"]._replace(body=f"assert self.input != 1 or {marked('mended')}")
    file = case.write(tmp_path, "Mended")
    deployed = ship(file)
    ran = deployed.run()
    assert (ran.code, ran.status) == (1, "Failed"), ran.report()
    done = json.loads(ran.kept())
    assert "start/-" in done  # others may have been ended by the failure
    times = {task: written(ran, "Mended", task) for task in done}
    ran.store.put("mended", b"1")
    said = deployed("retry", ran.id, "--wait")
    assert said.code == 0, said.err
    again = deployed.ended(ran.id)
    assert again.status == "Succeeded", again.report()
    assert {task: written(again, "Mended", task) for task in done} == times, "what was done is not done again"
    assert any(one.endswith("/attempt-0.json") for one in again.failures()), "what failed stays on record"
    here = FAIL["an item of an item"]._replace(body="pass").write(tmp_path, "Mended")
    assert numberless(again.kept()) == numberless(run_here(here, "Mended").kept)


def test_a_suspended_run_goes_on_when_it_is_told_to(ship: Ship, tmp_path: Path) -> None:
    wait = f"import time\n        {mark('running')}\n        while not {marked('go')}: time.sleep(0.5)"
    deployed = ship(BRANCHES._replace(body=wait).write(tmp_path, "Suspended"))
    run = deployed.start()
    store = open_store(deployed.shell.place)
    wait_for(store, "running")
    said = deployed("suspend", run)
    assert said.code == 0, said.err
    store.put("go", b"1")
    wait_for(store, f"{contract.task_key('Suspended', run, 'bad', '-')}/{contract.MANIFEST}")
    time.sleep(15)  # the controller would long have gone on
    assert not {"join", "end"} & {one["displayName"] for one in nodes(deployed.shell.cluster.workflow(run), "Pod")}
    said = deployed("resume-workflow", run)
    assert said.code == 0, said.err
    ran = deployed.ended(run)
    assert ran.status == "Succeeded", ran.report()
    assert "end/-" in json.loads(ran.kept())


@pytest.mark.parametrize("how", ["nothing", "a failing body", "a failing hook", "a failing body and hook"])
def test_hooks_run_when_a_run_is_over_and_have_no_say_in_it(ship: Ship, how: str, tmp_path: Path) -> None:
    flow = flow_name("Hooked", how)
    file = tmp_path / "flow.py"
    file.write_text(HOOKED.replace("class Hooked(", f"class {flow}("), encoding="utf-8")
    deployed = ship(file)
    ran = deployed.ended(deployed.start("--how", how))
    outcome = "failure" if "body" in how else "success"
    assert ran.status == ("Failed" if "body" in how else "Succeeded"), ran.report()
    assert ("end/-" in json.loads(ran.kept())) == ("body" not in how)
    hook, other = (contract.HOOK_STEPS[one] for one in (outcome, "success" if outcome == "failure" else "failure"))
    line, *_ = (one.text for one in read_lines(ran.store, flow, TaskId(ran.id, hook, "-"), 0))
    assert line == (f"sorry for {how}" if "body" in how else f"thanks for {how}")
    assert not list(ran.store.list(f"{contract.run_key(flow, ran.id)}/{other}/"))
    assert (f"{hook}/-/attempt-0.json" in ran.failures()) == ("hook" in how)
    said = deployed("status", ran.id, "--format", "json")
    assert json.loads(said.out)["status"] == ("failed" if "body" in how else "done")


def test_a_traceback_is_told_also_when_the_pod_is_gone(ship: Ship, tmp_path: Path) -> None:
    deployed = ship(BRANCHES._replace(body="raise KeyError('lost keys')").write(tmp_path, "Told"))
    ran: Run = deployed.run()
    assert ran.code == 1
    assert "KeyError: 'lost keys'" in ran.said.err
    cluster = deployed.shell.cluster
    for pod in cluster.pods(ran.id):
        cluster.delete_pod(pod.metadata.name, lost=True)
    for verb in ("logs", "status"):
        said = deployed(verb, ran.id)
        assert "lost keys" in said.out + said.err, verb
    assert "Traceback" in deployed("logs", ran.id).out
