"""Tasks of a local run that run elsewhere: on a platform whose jobs are processes, which errs as platforms do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from farm import Farm, Process, quicken

from flowc.runtime import contract
from flowc.runtime.compute import ComputeError
from flowc.runtime.records.logs import read_lines
from flowc.runtime.records.runs import read_result, read_run
from flowc.runtime.remote import agent, waits

FLOW = """
    import os, sys, time
    from flowc import *

    class Hybrid(FlowSpec):
        alpha = Parameter("alpha", default=2)

        @step
        def start(self):
            self.items = list(range(COUNT))
            self.where = os.environ.get("FLOWC_PACKAGE") is not None
            self.next(self.work, foreach="items")

        DECORATORS
        @step
        def work(self):
            self.there = os.environ.get("FLOWC_PACKAGE") is not None
            BODY
            self.square = self.alpha * self.input ** 2
            self.next(self.join)

        @step
        def join(self, inputs):
            self.squares = [getattr(one, "square", None) for one in inputs]
            self.there = [getattr(one, "there", None) for one in inputs]
            self.next(self.end)

        @step
        def end(self):
            pass
    """


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    Process.warm()
    quicken(monkeypatch)


@pytest.fixture
def hybrid(write, tmp_path):
    """Writes the flow, and makes a platform for it."""

    def make(body: str = "pass", decorators: str = "# none", count: int = 3, **settings: Any):
        text = FLOW.replace("COUNT", str(count)).replace("BODY", body).replace("DECORATORS", decorators)
        flow = write(text)
        package = tmp_path / "package"
        package.mkdir()
        (package / contract.PLAN_FILE).write_text(flow.plan_text)
        (package / flow.file.name).write_text(flow.file.read_text())
        (tmp_path / "farm").mkdir()
        return flow, Farm(tmp_path / "farm", package, flow.store.root, **settings)

    return make


ALL = ("start", "work", "join", "end")


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("steps", [("work",), ("start", "join"), ALL])
def test_a_run(hybrid, steps, method, tells):
    flow, farm = hybrid("print('at', self.input)", tells=tells)
    ran = flow.done({"alpha": "3"}, elsewhere=farm.elsewhere(*steps), method=method)
    assert ran.value("end", "squares") == [0, 3, 12]
    assert ran.value("start", "where") == ("start" in steps)
    assert ran.value("join", "there") == [("work" in steps)] * 3
    assert sorted(ran.out.splitlines()) == [f"[work/{n}] at {n}" for n in range(3)]
    assert {(one["step"], one["orders"]) for one in farm.calls("start")} == {
        (step, 3 if step == "work" else 1) for step in steps
    }
    assert len(farm.calls("end")) == 0
    assert len(farm.calls("close")) == 1
    assert farm.alive() == []
    assert "flowc: the field is ploughed" in ran.err
    record = read_run(flow.store, "Hybrid", "1")
    assert record is not None
    assert record.target == "local"
    if "work" in steps:
        assert "[work/1] waits on The Farm (job 1-work-1-0)" in ran.err
        assert "[work/1] runs" in ran.err
        assert "[work/1] done in" in ran.err
