"""Foreaches of many items, of few at a time, and several runs at once."""

from __future__ import annotations

import json
from pathlib import Path

from wide import flow

from e2e.argo.cluster import nodes
from e2e.argo.conftest import Ship

WIDTH = 200
AT_ONCE = 12
"""How many of them: a small machine would start all, and none would get on."""
FEW = """
from flowc import *


class Few(FlowSpec):
    @foreach(max_concurrency=2)
    @step
    def start(self):
        self.items = list(range(8))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.seen = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_200_items(ship: Ship, tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(flow("range(self.width)"), encoding="utf-8")
    ran = ship(file, "--max-workers", str(AT_ONCE)).run("--width", str(WIDTH))
    assert (ran.code, ran.status) == (0, "Succeeded"), ran.report()
    found = json.loads(ran.kept())
    assert found["join/-"]["squares"] == repr([index**2 for index in range(WIDTH)])
    assert sum(task.startswith("work/") for task in found) == WIDTH


def test_two_items_at_a_time(ship: Ship, tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(FEW, encoding="utf-8")
    ran = ship(file).run()
    assert (ran.code, ran.status) == (0, "Succeeded"), ran.report()
    assert json.loads(ran.kept())["join/-"]["seen"] == repr(list(range(8)))
    times = [(one["startedAt"], one["finishedAt"]) for one in nodes(ran.workflow, "Pod") if "(" in one["displayName"]]
    assert len(times) == 8
    most = max(sum(began <= moment < ended for began, ended in times) for moment, _ in times)
    assert most <= 2


def test_runs_at_once_do_not_mix(ship: Ship, tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(flow("range(self.width)").replace("class Wide(", "class AtOnce("), encoding="utf-8")
    deployed = ship(file)
    runs = {width: deployed.start("--width", str(width)) for width in (0, 2, 5)}
    for width, run in runs.items():
        ran = deployed.ended(run)
        assert ran.status == "Succeeded", ran.report()
        assert json.loads(ran.kept())["join/-"]["squares"] == repr([index**2 for index in range(width)])
