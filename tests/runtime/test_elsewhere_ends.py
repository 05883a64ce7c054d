"""However a run with tasks elsewhere is ended, none of them goes on; and where one may, that is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from farm import Farm
from hybrids import ALL, hybrid, quick

from flowc.runtime.records.runs import read_result

__all__ = ["hybrid", "quick"]  # fixtures

DRIVER = """
import json, sys
from collections import Counter
from pathlib import Path
sys.path[:0] = [{tests!r}, {runtime!r}]
import pytest
from farm import Farm, quicken
from flowc.runtime.local.scheduler import run_locally
from flowc.runtime.plan import parse_plan
from flowc.runtime.remote import agent

quicken(pytest.MonkeyPatch())
agent.ENDING = {ending}
document = json.loads(Path({plan!r}).read_text())
farm = Farm(Path({folder!r}), Path({package!r}), {store!r}, faults=Counter({faults!r}), lasting=True)
result = run_locally(
    parse_plan(document), Path({file!r}), {{}}, store={store!r}, document=document,
    elsewhere=farm.elsewhere(*{steps!r}), again="flow.py"
)
sys.exit(result.exit_code)
"""


@pytest.fixture
def begin(hybrid) -> Iterator[Callable[..., tuple[subprocess.Popen[str], Any, Farm]]]:
    """Starts a run in a process of its own, whose jobs outlive it if nobody ends them."""
    farms = []

    def begin(body: str, steps: tuple[str, ...] = ("work",), ending: float = 30.0, **settings: Any):
        flow, farm = hybrid(body, **settings)
        farms.append(farm)
        text = DRIVER.format(
            tests=str(Path(__file__).parents[1]),
            runtime=str(Path(__file__).parent),
            ending=ending,
            plan=str(farm.package / "plan.json"),
            folder=str(farm.folder),
            package=str(farm.package),
            store=farm.datastore,
            faults=dict(farm.faults),
            file=str(flow.file),
            steps=steps,
        )
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([sys.executable, "-c", text], start_new_session=True, **pipes), flow, farm

    yield begin
    for farm in farms:
        for pid in farm.processes():
            os.kill(pid, signal.SIGKILL)


def up(farm: Farm, run: subprocess.Popen[str], count: int) -> None:
    """Wait until so many tasks' code runs."""
    while len(list(farm.folder.glob("*/work/up"))) < count:
        assert run.poll() is None
        time.sleep(0.02)


SLEEPS = "open('up', 'w').close(); time.sleep(60)"


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_a_signal(begin, signum, send):
    run, _, farm = begin(SLEEPS)
    up(farm, run, 3)
    send(run.pid, signum)
    told = run.communicate(timeout=30)[0]
    assert run.returncode == 128 + signum
    assert f"flowc: run Hybrid/1 is not done: stopped by {signum.name}; 3 running tasks stopped\n" in told
    assert "may go on" not in told
    assert [(one["jobs"], one["why"]) for one in farm.calls("end")] == [(3, f"stopped by {signum.name}")]
    farm.wait_until_none_is_alive()
    gone(farm.helper())


def test_a_signal_before_all_is_ready(begin):
    run, flow, farm = begin(SLEEPS, faults={"slow prepare": 1})
    while not farm.calls("fault"):
        time.sleep(0.02)
    time.sleep(1)  # until signals are its own
    os.kill(run.pid, signal.SIGINT)
    began = time.monotonic()
    told = run.communicate(timeout=30)[0]
    assert time.monotonic() - began < 10
    assert run.returncode == 130
    assert "stopped by SIGINT\n" in told
    assert list(flow.store.list("Hybrid/")) == []
    gone(farm.helper())


def test_a_second_signal_cuts_it_short(begin):
    run, _, farm = begin(SLEEPS, faults={"end hangs": 1})
    up(farm, run, 3)
    os.kill(run.pid, signal.SIGINT)
    while not farm.calls("end"):
        time.sleep(0.02)
    began = time.monotonic()
    os.kill(run.pid, signal.SIGINT)
    told = run.communicate(timeout=30)[0]
    assert time.monotonic() - began < 15
    assert run.returncode == 130
    assert "flowc: 3 tasks on The Farm could not be ended, and may go on: flowc farm kill flow.py --run-id 1 --field 7\n" in told
    os.kill(farm.helper(), signal.SIGKILL)  # which waits for the answer


def test_a_second_signal_while_ending_is_refused(begin):
    """Whoever does not wait leaves it to the helper, which goes on for a while."""
    run, _, farm = begin(SLEEPS, faults={"busy end": 8})
    up(farm, run, 3)
    os.kill(run.pid, signal.SIGINT)
    while not farm.calls("end"):
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGINT)
    assert "could not be ended" in run.communicate(timeout=30)[0]
    farm.wait_until_none_is_alive(30)
    gone(farm.helper())


def test_a_platform_that_never_answers(begin):
    run, _, farm = begin(SLEEPS, faults={"end hangs": 1}, ending=1.0)
    up(farm, run, 3)
    os.kill(run.pid, signal.SIGINT)
    told = run.communicate(timeout=60)[0]
    assert "3 tasks on The Farm could not be ended (it does not answer), and may go on: flowc farm kill" in told
    gone(farm.helper())


def test_a_scheduler_that_is_killed(begin):
    run, flow, farm = begin(SLEEPS, faults={"busy end": 2})
    up(farm, run, 3)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate(timeout=30)
    farm.wait_until_none_is_alive(30)
    gone(farm.helper())
    assert farm.calls("end")[-1]["why"] == "the process that ran it is gone"
    result = read_result(flow.store, "Hybrid", "1")
    assert result is not None
    assert (result.ok, result.message) == (False, "the process that ran it was killed")


def test_a_helper_that_is_killed(begin):
    run, flow, farm = begin(SLEEPS)
    up(farm, run, 3)
    os.kill(farm.helper(), signal.SIGKILL)
    told = run.communicate(timeout=30)[0]
    assert run.returncode == 1
    assert "is not done: the process that starts and watches tasks elsewhere has been killed" in told
    words = "3 tasks on The Farm could not be ended (it was killed), and may go on: flowc farm kill flow.py --run-id 1 --field 7"
    assert f"flowc: {words}\n" in told
    assert len(farm.processes()) >= 3  # as it says
    result = read_result(flow.store, "Hybrid", "1")
    assert result is not None
    assert not result.ok


@pytest.mark.parametrize("steps", [("work", "join"), ALL])
def test_a_signal_at_any_moment(begin, steps, monkeypatch):
    """It leaves no job, and a run that can be resumed; see `test_interrupt_anywhere` for those here."""
    import random

    chance = random.Random(len(steps))
    for number in range(8):
        run, flow, farm = begin("time.sleep(0.1)", steps, count=4, name=f"place-{number}")
        time.sleep(chance.uniform(0.3, 3.0))
        chance.choice([os.killpg, os.kill])(run.pid, chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL]))
        told = run.communicate(timeout=60)[0]
        assert "bug" not in told, told
        assert "may go on" not in told, told
        farm.wait_until_none_is_alive(30)
        if farm.calls("prepare"):
            gone(farm.helper())
        if run.returncode > 0 and flow.store.get("Hybrid/1/plan.json"):
            result = read_result(flow.store, "Hybrid", "1")
            assert result is not None, told
            assert not result.ok
