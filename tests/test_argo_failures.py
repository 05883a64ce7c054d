"""What goes wrong in a run on Argo goes wrong as in a local one: the same attempts fail, for the same reasons, and what is done
is the same. Flows are deployed, started, stopped and retried by the command line; the cluster is the engine's (`engines.argo`).
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from clustered import Moor, Run, berth, moor  # noqa: F401
from compared import numberless
from deployed import run_here
from mishaps import BRANCHES, FAIL, GO_ON, HOOKED, without_ended
from shipped import Said
from test_step_functions_failures import is_alive

from flowc.runtime import contract
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import read_lines


@pytest.mark.parametrize("what", FAIL)
def test_what_fails_a_run(moor: Moor, what: str, tmp_path: Path) -> None:  # noqa: F811
    file = FAIL[what].write(tmp_path)
    here = run_here(file, "Fails")
    assert here.code == 1
    assert here.failures
    ran = moor(file).run()
    assert (ran.code, ran.phase) == (1, "Failed"), ran.report()
    assert f"Fails/{ran.id} failed" in ran.said.err
    assert without_ended(ran.failures()) == here.failures
    kept, kept_here = json.loads(ran.kept()), json.loads(here.kept)
    assert not {"join/-", "end/-"} & kept.keys()
    # Of what runs beside a failure, either may have more when that is seen.
    assert {task: kept[task] for task in kept.keys() & kept_here.keys()} == {
        task: kept_here[task] for task in kept.keys() & kept_here.keys()
    }
    assert ("start/-" in kept) == ("start/-" in kept_here)


@pytest.mark.parametrize("what", GO_ON)
def test_what_a_run_gets_over(moor: Moor, what: str, tmp_path: Path) -> None:  # noqa: F811
    file = GO_ON[what].write(tmp_path)
    here = run_here(file, "Fails")
    assert here.code == 0
    assert here.failures
    ran = moor(file).run()
    assert (ran.code, ran.phase) == (0, "Succeeded"), ran.report()
    assert ran.failures() == here.failures
    assert ran.kept() == here.kept


def started(moor: Moor, folder: Path, *arguments: str, once: bool = False) -> tuple[Run, int]:  # noqa: F811
    """A run in which a branch does not end, at least the first time, and the process that runs that branch."""
    running = folder / "running"
    test = f"os.path.exists('{running}') or " if once else ""
    body = (
        f"import os, time; {test}(open('{running}.new', 'w').write(str(os.getpid())), os.rename('{running}.new', '{running}'), "
        "time.sleep(600))"
    )
    moored = moor(BRANCHES._replace(body=body).write(folder), *arguments)
    run = moored.start()
    while not running.exists():
        time.sleep(0.05)
    return Run(moored, Said(0, "", ""), run), int(running.read_text())


def delete_pod(ran: Run, step: str) -> None:
    """Delete the pod that runs a step."""
    argo = ran.moored.berth.argo
    named = {one["metadata"]["annotations"]["workflows.argoproj.io/node-name"]: one for one in argo.all("pods")}
    (pod,) = (one for name, one in named.items() if name.rpartition(".")[2] == step)
    argo.delete("pods", pod["metadata"]["name"])


def test_a_stopped_run(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    ran, process = started(moor, tmp_path)
    stopped = ran.moored("stop", ran.id)
    assert stopped.code == 0, stopped.err
    assert ran.phase == "Failed"
    assert ran.workflow()["status"]["message"] == "Stopped with strategy 'Terminate'"
    while is_alive(process):  # it was not only forgotten
        time.sleep(0.05)
    assert set(json.loads(ran.kept())) <= {"start/-", "good/-"}
    said = ran.moored("status", ran.id, "--format", "json")
    assert json.loads(said.out)["status"] == "stopped"


def test_a_deleted_pod_is_an_attempt_that_failed(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    ran, process = started(moor, tmp_path, once=True)
    delete_pod(ran, "bad")
    assert ran.phase == "Failed"
    assert not is_alive(process)
    assert ran.moored("retry", ran.id, "--wait").code == 0
    assert "join/-" in json.loads(ran.kept())


def test_a_run_that_takes_too_long(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    ran = moor(BRANCHES.write(tmp_path), "--workflow-timeout", "3").run()
    assert (ran.code, ran.phase) == (1, "Failed"), ran.report()
    assert not {"bad/-", "join/-"} & set(json.loads(ran.kept()))


def test_a_suspended_run(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    ran, _ = started(moor, tmp_path)
    assert ran.moored("suspend", ran.id).code == 0
    delete_pod(ran, "bad")
    argo = ran.moored.berth.argo
    while any(one["status"]["phase"] in ("Pending", "Running") for one in argo.all("pods")):
        time.sleep(0.05)
    assert argo.get("workflows", ran.id)["status"]["phase"] == "Running"
    assert ran.moored("resume-workflow", ran.id).code == 0
    assert ran.phase == "Failed"


def test_a_failed_run_goes_on_where_it_failed(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    there = tmp_path / "there"
    body = f"import os; assert self.input != 1 or os.path.exists({str(there)!r})"
    file = FAIL["an item of an item"]._replace(body=body).write(tmp_path)
    moored = moor(file)
    ran = moored.run()
    assert ran.code == 1
    done = json.loads(ran.kept())
    assert "start/-" in done  # others may have been ended by the failure
    times = {task: written(ran, task) for task in done}
    there.touch()
    assert moored("retry", ran.id, "--wait").code == 0
    assert {task: written(ran, task) for task in done} == times, "what was done is not done again"
    assert numberless(ran.kept()) == numberless(run_here(file, "Fails").kept)
    assert any(one.endswith("/attempt-0.json") for one in ran.failures()), "what failed stays on record"


def written(ran: Run, task: str) -> bytes | None:
    """What a task left, which is written once."""
    step, path = task.split("/")
    return ran.store.get(f"{contract.task_key('Fails', ran.id, step, path)}/{contract.MANIFEST}")


def test_hooks_run_when_a_run_is_over_and_have_no_say_in_it(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "flow.py"
    file.write_text(HOOKED, encoding="utf-8")
    moored = moor(file)
    ways = ("nothing", "a failing body", "a failing hook", "a failing body and hook")
    runs = {how: Run(moored, Said(0, "", ""), moored.start("--how", how)) for how in ways}
    for how, ran in runs.items():
        outcome = "failure" if "body" in how else "success"
        assert ran.phase == ("Failed" if "body" in how else "Succeeded"), (how, ran.report())
        assert ("end/-" in json.loads(ran.kept())) == ("body" not in how)
        hook, other = (contract.HOOK_STEPS[one] for one in (outcome, "success" if outcome == "failure" else "failure"))
        line, *_ = (one.text for one in read_lines(ran.store, "Hooked", TaskId(ran.id, hook, "-"), 0))
        assert line == (f"sorry for {how}" if "body" in how else f"thanks for {how}")
        assert not list(ran.store.list(f"{contract.run_key('Hooked', ran.id)}/{other}/"))
        assert (f"{hook}/-/attempt-0.json" in ran.failures()) == ("hook" in how)
        said = moored("status", ran.id, "--format", "json")
        assert json.loads(said.out)["status"] == ("failed" if "body" in how else "done"), how


def test_a_service_account_that_may_nothing(moor: Moor, tmp_path: Path) -> None:  # noqa: F811
    ran = moor(BRANCHES._replace(body="pass").write(tmp_path), "--service-account", "default").run()
    assert (ran.code, ran.phase) == (1, "Error"), ran.report()
    assert "workflowtaskresults.argoproj.io is forbidden" in ran.node("start")["message"]
