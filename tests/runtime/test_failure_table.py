"""`docs/failures.md` says what failures mean; here its tables are read, and runs held to every row."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from flowc.runtime.failure import Failure
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_failure, read_manifest
from flowc.runtime.tasks.policy import policy_of

PAGE = (Path(__file__).parents[2] / "docs" / "failures.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table below a heading, without its head."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    text = next(one for one in section if one.startswith(heading))
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


FAULTS = rows("What counts as a failure")
ATTEMPTS = rows("How many attempts")

# What to do in a step so that it happens; `NEXT` is its `self.next`.
BODIES = {
    "an exception": "raise ValueError('no such colour')",
    "`sys.exit(3)`": "sys.exit(3)",
    '`sys.exit("no")`': "sys.exit('no')",
    "`sys.exit(0)` before `self.next`": "sys.exit(0)",
    "`sys.exit(0)` in the last step": "NEXT",  # `end` does it in all of these flows
    "`raise KeyboardInterrupt`": "raise KeyboardInterrupt",
    "`os._exit(0)`": "os._exit(0)",
    "`os._exit(7)`": "os._exit(7)",
    "killed by SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "a segmentation fault": "os.kill(os.getpid(), signal.SIGSEGV)",
    "killed for want of memory": "os.kill(os.getpid(), signal.SIGKILL)",
    "Python's own `MemoryError`": "bytearray(1 << 62)",
    "longer than its `@timeout`": "time.sleep(30)",
    "`self.next` missing": "with suppress(KeyError):\n            {}['x'] if ONCE else None\n            NEXT",
    "a condition that leads nowhere": "self.way = 'nowhere'",
    "an artifact that cannot be pickled": "self.f = lambda: 0",
    "an artifact that is not there": "getattr(self, 'missing')",
    "a child that the step has forked fails": "os.waitpid(pid, 0) if (pid := os.fork()) else os._exit(1)",
}
NEXT = "self.next(self.after)"
SWITCH = "self.next({'after': self.after}, condition='way')"


def a_flow(body: str, decorators: str = "", attempts: int = 2) -> str:
    """A flow whose step `work` does what it does in all attempts but the last of so many, and counts them in a file."""
    if "NEXT" in body:
        code = body.replace("NEXT", NEXT).replace("ONCE", f"current.retry_count < {attempts - 1}")
    else:
        code = f"if current.retry_count < {attempts - 1}: {body}\n        {SWITCH if 'self.way' in body else NEXT}"
    return f"""
import os, signal, sys, time
from contextlib import suppress
from pathlib import Path
from flowc import *

class Failing(FlowSpec):
    @step
    def start(self):
        self.way = "after"
        self.next(self.work)

    {decorators}
    @step
    def work(self):
        with open("calls", "a") as file:
            file.write("x")
        {code}

    @step
    def after(self):
        self.next(self.end)

    @step
    def end(self):
        sys.exit(0)
"""


def calls() -> int:
    return len(Path("calls").read_text(encoding="utf-8")) if Path("calls").exists() else 0


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cells(row: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    _, kind, words, retried, caught, code = (cell.strip("`") for cell in row)
    return kind, words, retried, caught, code


RUNNABLE = [row for row in FAULTS if "Ctrl-C" not in row[0]]


def test_all_rows_are_tried():
    assert {row[0] for row in RUNNABLE} == set(BODIES)
    assert len(RUNNABLE) == len(FAULTS) - 1
    assert len(ATTEMPTS) == 7


@pytest.mark.parametrize("row", RUNNABLE, ids=lambda row: row[0])
def test_a_local_run_retries(write, row):
    kind, words, retried, _, _ = cells(row)
    limit = "\n    @timeout(seconds=1)" if "@timeout" in row[0] else ""
    ran = write(a_flow(BODIES[row[0]], f"@retry(times=1, minutes_between_retries=0){limit}")).done()
    assert retried in ("yes", "done")
    assert calls() == (2 if retried == "yes" else 1)
    failure = ran.failure("work")
    if retried == "done":
        assert failure is None
        return
    assert failure.type == kind
    assert words in failure.message


@pytest.mark.parametrize("row", RUNNABLE, ids=lambda row: row[0])
def test_a_local_run_catches(write, row):
    kind, words, _, caught, _ = cells(row)
    limit = "\n    @timeout(seconds=1)" if "@timeout" in row[0] else ""
    ran = write(a_flow(BODIES[row[0]], f"@catch(var='failed'){limit}")).done()
    assert calls() == 1
    failure = ran.value("end", "failed")
    if caught == "done":
        assert failure is None
        return
    assert caught == "yes"
    assert isinstance(failure, Failure)
    assert failure.type == kind
    assert words in failure.message
    assert (failure.exception, failure.stacktrace) == (failure.message, failure.traceback)


@pytest.mark.parametrize("row", [row for row in RUNNABLE if cells(row)[4].isdigit()], ids=lambda row: row[0])
def test_a_container_ends_with(write, row):
    kind, _, retried, _, code = cells(row)
    flow = write(a_flow(BODIES[row[0]], "@timeout(seconds=1)" if "@timeout" in row[0] else ""))
    assert flow.container("7", "start").returncode == 0
    step = "work"
    if "last step" in row[0]:
        step = "end"
        assert flow.container("7", "work").returncode == flow.container("7", "after").returncode == 0
    done = flow.container("7", step)
    assert (done.returncode if done.returncode >= 0 else 128 - done.returncode) == int(code), done.stderr
    task = TaskId("7", step, "-")
    failure = read_failure(flow.store, flow.plan.flow, task, 0)
    assert (failure.type if failure else None) == (None if retried == "done" else kind)
    assert (read_manifest(flow.store, flow.plan.flow, task) is not None) == (retried == "done")


@pytest.mark.parametrize("row", ATTEMPTS, ids=lambda row: row[0])
def test_how_many_attempts(write, row):
    decorators, runs, recorded, end = row
    lines = [line.replace("times=", "minutes_between_retries=0, times=") for line in re.findall(r"`([^`]+)`", decorators)]
    body = "time.sleep(30)" if "@timeout" in decorators else "1 / 0"
    ran = write(a_flow(body, "\n    ".join(lines), attempts=100)).run()
    assert calls() == int(runs)
    assert sum(ran.failure("work", attempt=number) is not None for number in range(10)) == int(recorded)
    assert ran.result.ok == (end == "goes on")
    assert ran.result.exit_code == (0 if end == "goes on" else 1)


@pytest.mark.parametrize("row", rows("How long it waits"), ids=lambda row: row[0])
def test_how_long_it_waits(write, row):
    decorator, seconds = row
    written = decorator.strip("`")
    plan = write(a_flow("pass", f"@retry(times=4, {written})")).plan
    policy = policy_of(plan.steps["work"])
    assert [policy.wait(retry) for retry in range(4)] == [int(one) for one in seconds.split(",")]


def test_a_container_that_was_lost_is_caught(write):
    flow = write(a_flow(BODIES["killed by SIGKILL"], "@catch(var='failed')"))
    for step, attempt in (("start", 0), ("work", 0), ("work", 1), ("after", 0), ("end", 0)):
        if (step, attempt) != ("work", 0):  # whose container was lost
            assert flow.container("7", step, attempt=attempt).returncode == 0
    failure = flow.ran("7").value("end", "failed")
    assert failure.type == "KilledError"
    assert "left no record" in failure.message


def test_timeout_ends_what_parallel_map_has_started(write, tmp_path):
    flow = write(
        a_flow(
            f"parallel_map(lambda n: (time.sleep(3), Path('{tmp_path}/late').touch()), [1, 2])",
            "@catch(var='failed')\n    @timeout(seconds=1)",
        )
    )
    assert flow.done().value("end", "failed").type == "TimeoutError"
    time.sleep(2.5)
    assert not (tmp_path / "late").exists()
