"""What goes wrong in a deployed run goes wrong as in a local one: the same attempts fail, for the same reasons."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from deployed import Ran, deploy, run_here
from engines import Aws
from engines.ministack import ministack  # noqa: F401

HEAD = """
from flowc import *


class Fails(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1, 2]
        self.next(BODY, foreach="items")
"""
ITEMS = (
    HEAD.replace("BODY", "self.work")
    + """
    DECORATORS
    @step
    def work(self):
        BODY
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [getattr(one, "square", None) for one in inputs]
        self.caught = [str(getattr(one, "failure", None)) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
)
BRANCHES = """
from flowc import *


class Fails(FlowSpec):
    @step
    def start(self):
        self.next(self.good, self.bad)

    @step
    def good(self):
        self.next(self.join)

    DECORATORS
    @step
    def bad(self):
        BODY
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ONE_FAILS = "if self.input == 1: raise ValueError('never $(one) {{1}}')"
ONCE_FAILS = "if self.input == 1 and current.retry_count == 0: raise ValueError('not at first')"
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
SLEEPS = "import time; time.sleep(600)"
RETRY = "@retry(times=1, minutes_between_retries=0)"
CATCH = "@catch(var='failure')"

FAIL = {
    "an item": (ITEMS, "", ONE_FAILS),
    "an item, twice": (ITEMS, RETRY, ONE_FAILS),
    "a branch": (BRANCHES, "", "raise KeyError('x')"),
    "a killed branch": (BRANCHES, RETRY, DIES),
    "a branch that takes too long": (BRANCHES, "@timeout(seconds=1)", SLEEPS),
}
GO_ON = {
    "an item that is tried again": (ITEMS, RETRY, ONCE_FAILS),
    "an item that is caught": (ITEMS, CATCH, ONE_FAILS),
    "an item that is tried again, and caught": (ITEMS, f"{RETRY}\n    {CATCH}", ONE_FAILS),
    "a killed branch that is caught": (BRANCHES, CATCH, DIES),
    "a branch that takes too long, and is caught": (BRANCHES, f"@timeout(seconds=1)\n    {CATCH}", SLEEPS),
}


@pytest.fixture(params=["moto", "ministack"])
def account(request: pytest.FixtureRequest) -> Aws:
    """Each of the engines."""
    found: Aws = request.getfixturevalue("aws" if request.param == "moto" else "ministack")
    return found


def write(folder: Path, text: str, decorators: str = "", body: str = "") -> Path:
    file = folder / "flow.py"
    file.write_text(text.replace("DECORATORS", decorators or "# none").replace("BODY", body), encoding="utf-8")
    return file


@pytest.mark.parametrize("what", FAIL)
def test_what_fails_a_run(account: Aws, what: str, tmp_path: Path) -> None:
    file = write(tmp_path, *FAIL[what])
    here = run_here(file, "Fails")
    assert here.code == 1
    assert here.failures or "killed" in what
    ran = deploy(account, file).run()
    assert ran.execution.status == "FAILED", ran.execution.report()
    assert ran.failures() == here.failures
    left = json.loads(ran.kept())
    assert not {"join/-", "end/-"} & set(left)
    assert {task: left[task] for task in json.loads(here.kept) if task in left}.items() <= json.loads(here.kept).items()


@pytest.mark.parametrize("what", GO_ON)
def test_what_a_run_gets_over(account: Aws, what: str, tmp_path: Path) -> None:
    file = write(tmp_path, *GO_ON[what])
    here = run_here(file, "Fails")
    assert here.code == 0
    assert here.failures
    ran = deploy(account, file).run()
    assert ran.execution.status == "SUCCEEDED", ran.execution.report()
    assert ran.failures() == here.failures
    assert ran.kept() == here.kept


def test_a_stopped_run(aws: Aws, tmp_path: Path) -> None:
    running = tmp_path / "running"
    file = write(tmp_path, BRANCHES, "", f"open({str(running)!r}, 'w').close(); {SLEEPS}")
    deployed = deploy(aws, file)
    arn = aws.start(deployed.deployment.definition)
    while not running.exists():
        time.sleep(0.05)
    aws.client("stepfunctions").stop_execution(executionArn=arn)
    execution = aws.wait(arn)
    assert execution.status == "ABORTED"
    left = Ran(deployed.flow, execution, deployed.place)
    assert set(json.loads(left.kept())) <= {"start/-", "good/-"}


def test_a_run_that_takes_too_long(aws: Aws, tmp_path: Path) -> None:
    file = write(tmp_path, BRANCHES, "", SLEEPS)
    ran = deploy(aws, file, workflow_timeout=3).run()
    assert ran.execution.status == "TIMED_OUT", ran.execution.report()
    assert "join/-" not in json.loads(ran.kept())
