"""A thousand tasks elsewhere: what they cost the scheduler and its helper, and what is seen of them at a terminal."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pytest
from farm import Farm
from hybrids import hybrid
from terminals import Terminal, screen

__all__ = ["hybrid"]  # a fixture


def cost(flow, farm: Farm, count: int, **settings: object) -> tuple[float, int]:
    """CPU seconds of both processes, with those of the farm itself, and the helper's memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    ran = flow.done(elsewhere=farm.elsewhere("work"), max_num_splits=count, **settings)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert sum(line.startswith("[work/") for line in ran.out.splitlines()) == count
    (closed,) = farm.calls("close")
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return own + closed["cpu"], closed["memory"] >> 10


def test_a_thousand(hybrid):
    flow, farm = hybrid(count=1000, pretends=True)
    cost(flow, farm, 1000, max_workers=1000)
    assert len(farm.calls("start")) <= 3
    assert len(farm.calls("look")) <= 10
    assert len(farm.told()) < 200


def test_memory_does_not_grow_with_what_is_done(hybrid, monkeypatch):
    monkeypatch.setattr("flowc.runtime.remote.platforms.SOONEST", 0.1)
    used = []
    for count in (400, 4000):
        flow, farm = hybrid(count=count, pretends=True, name=str(count))
        used.append(cost(flow, farm, count, max_workers=200)[1])
    assert used[1] < used[0] + 4, used


DRIVER = """
import json, sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
import pytest
from farm import Farm, Process, quicken
from flowc.runtime.local.scheduler import run_locally
from flowc.runtime.plan import parse_plan

Process.warm()
quicken(pytest.MonkeyPatch())
document = json.loads(Path({plan!r}).read_text())
farm = Farm(Path({folder!r}), Path({package!r}), {store!r}, queue=lambda order: 1.0 if int(order.path) % 2 else 0.0)
run_locally(
    parse_plan(document), Path({file!r}), {{}}, store={store!r}, document=document, elsewhere=farm.elsewhere("work")
)
"""


@pytest.fixture
def terminal(hybrid) -> Terminal:
    flow, farm = hybrid(
        "print('at', self.input); time.sleep(0.5); self.input == 4 and os._exit(1)", "@catch(var='failed')", count=8
    )
    text = DRIVER.format(
        tests=str(Path(__file__).parents[1]),
        plan=str(farm.package / "plan.json"),
        folder=str(farm.folder),
        package=str(farm.package),
        store=farm.datastore,
        file=str(flow.file),
    )
    return Terminal([sys.executable, "-c", text], farm.folder)


def test_the_live_table(terminal):
    shown = terminal.read_until(lambda text: "8 waiting" in text)
    terminal.read_until(lambda text: "4 running, 4 waiting" in text)
    lines = screen(terminal.read_to_end())
    assert terminal.code == 0, lines
    assert "waits on" not in shown
    for number in range(8):
        assert f"[work/{number}] at {number}" in lines
    at = next(n for n, line in enumerate(lines) if line.startswith("step "))
    assert lines[at].split() == ["step", "waiting", "running", "done", "failed", "retried", "time"]
    work = next(line for line in lines[at:] if line.startswith("work "))
    assert work.split()[1:3] == ["8/8", "1"]
    assert any(line.startswith("Hybrid/1: 0 running, ") for line in lines)


def test_what_the_farm_tells_is_json(hybrid):
    """What is asked of the farm above would be true of nothing told."""
    flow, farm = hybrid(count=2, pretends=True)
    flow.done(elsewhere=farm.elsewhere("work"))
    kinds = [json.loads(line)["call"] for line in (farm.folder / "farm.jsonl").read_text().splitlines()]
    assert kinds == ["prepare", "start", "look", "close"]
