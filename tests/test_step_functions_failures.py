"""What goes wrong in a deployed run goes wrong as in a local one: the same attempts fail, for the same reasons, and what is done
is the same. Flows are deployed, started, stopped and redriven by the command line.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from compared import failed_alike, numberless, written
from deployed import run_here
from engines import Aws
from mishaps import BRANCHES, FAIL, GO_ON, HOOKED
from shipped import Run, Said, Ship, Shipped, Shop, ship, shop  # noqa: F401

from flowc.runtime import contract
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import read_lines


@pytest.mark.parametrize("what", FAIL)
def test_what_fails_a_run(ship: Ship, what: str, tmp_path: Path) -> None:  # noqa: F811
    file = FAIL[what].write(tmp_path)
    here = run_here(file, "Fails")
    assert here.code == 1
    assert here.failures
    ran = ship(file).run()
    assert (ran.code, ran.execution().status) == (1, "FAILED"), ran.report()
    assert f"Fails/{ran.id} failed" in ran.said.err
    failed_alike(ran, here)


@pytest.mark.parametrize("what", GO_ON)
def test_what_a_run_gets_over(ship: Ship, what: str, tmp_path: Path) -> None:  # noqa: F811
    file = GO_ON[what].write(tmp_path)
    here = run_here(file, "Fails")
    assert here.code == 0
    assert here.failures
    ran = ship(file).run()
    assert (ran.code, ran.execution().status) == (0, "SUCCEEDED"), ran.report()
    assert ran.failures() == here.failures
    assert ran.kept() == here.kept


def test_refused_jobs_are_no_attempts(ship: Ship, aws: Aws, tmp_path: Path) -> None:  # noqa: F811
    file = GO_ON["an item that is tried again, and caught"].write(tmp_path)
    here = run_here(file, "Fails")
    shipped = ship(file)
    aws.fail("batch", "SubmitJob", "AWSBatchException", status=429, times=4)  # so Step Functions calls too many requests
    ran = shipped.run()
    assert ran.code == 0, ran.report()
    assert len(ran.execution().events("TaskFailed")) == 4  # those of items are in histories of their own

    assert numberless(ran.kept()) == numberless(here.kept)
    assert list(ran.failures().values()) == list(here.failures.values())


def test_a_stopped_run(ship: Ship, tmp_path: Path) -> None:  # noqa: F811
    running = tmp_path / "running"
    body = (
        f"import os; open('{running}.new', 'w').write(str(os.getpid())); os.rename('{running}.new', '{running}'); {BRANCHES.body}"
    )
    shipped = ship(BRANCHES._replace(body=body).write(tmp_path))
    run = shipped.start()
    while not running.exists():
        time.sleep(0.05)
    stopped = shipped("stop", run)
    assert stopped.code == 0, stopped.err
    ran = Run(shipped, stopped, run)
    assert ran.execution().status == "ABORTED"
    while is_alive(int(running.read_text())):  # it was not only forgotten
        time.sleep(0.05)
    assert set(json.loads(ran.kept())) <= {"start/-", "good/-"}


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_that_takes_too_long(ship: Ship, tmp_path: Path) -> None:  # noqa: F811
    ran = ship(BRANCHES.write(tmp_path), "--workflow-timeout", "3").run()
    assert (ran.code, ran.execution().status) == (1, "TIMED_OUT"), ran.report()
    assert f"Fails/{ran.id} timed out" in ran.said.err
    assert not {"bad/-", "join/-"} & set(json.loads(ran.kept()))


def test_a_failed_run_goes_on_where_it_failed(ship: Ship, tmp_path: Path) -> None:  # noqa: F811
    there = tmp_path / "there"
    body = f"import os; assert self.input != 1 or os.path.exists({str(there)!r})"
    file = FAIL["an item of an item"]._replace(body=body).write(tmp_path)
    shipped = ship(file)
    ran = shipped.run()
    assert ran.code == 1
    done = json.loads(ran.kept())
    assert "start/-" in done  # others may have been ended by the failure
    times = {task: written(ran, "Fails", task) for task in done}
    there.touch()
    assert shipped("redrive", ran.id, "--wait").code == 0
    assert {task: written(ran, "Fails", task) for task in done} == times, "what was done is not done again"
    assert numberless(ran.kept()) == numberless(run_here(file, "Fails").kept)
    assert any(one.endswith("/attempt-0.json") for one in ran.failures()), "what failed stays on record"


def test_hooks_run_when_a_run_is_over_and_have_no_say_in_it(ship: Ship, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "flow.py"
    file.write_text(HOOKED, encoding="utf-8")
    shipped = ship(file)
    ways = ("nothing", "a failing body", "a failing hook", "a failing body and hook")
    runs = {how: Run(shipped, Said(0, "", ""), shipped.start("--how", how)) for how in ways}
    for how, ran in runs.items():
        execution = ran.execution()
        outcome = "failure" if "body" in how else "success"
        assert execution.status == ("FAILED" if "body" in how else "SUCCEEDED"), (how, ran.report())
        if "body" in how:
            assert execution.error == "States.TaskFailed"
        assert ("end/-" in json.loads(ran.kept())) == ("body" not in how)
        hook, other = (contract.HOOK_STEPS[one] for one in (outcome, "success" if outcome == "failure" else "failure"))
        line, *_ = (one.text for one in read_lines(ran.store, "Hooked", TaskId(ran.id, hook, "-"), 0))
        assert line == (f"sorry for {how}" if "body" in how else f"thanks for {how}")
        assert not list(ran.store.list(f"{contract.run_key('Hooked', ran.id)}/{other}/"))
        assert (f"{hook}/-/attempt-0.json" in ran.failures()) == ("hook" in how)
        said = shipped("status", ran.id, "--format", "json")
        assert json.loads(said.out)["status"] == ("failed" if "body" in how else "done"), how
