"""One task may run twice at once, when an orchestrator lost sight of its container: one of the two counts, whole."""

from __future__ import annotations

import json
from pathlib import Path

from flowc.compiler import Source, compile_source
from flowc.compiler.plan import plan_of
from flowc.runtime.contract import NEXT, task_key
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import parse_plan
from flowc.runtime.records.manifest import Manifest
from flowc.runtime.store import LocalStore
from flowc.runtime.tasks.loading import load_flow_class
from flowc.runtime.tasks.task import execute

FLOW = """
from flowc import FlowSpec, step

turns = ["a", "b"]

class Twice(FlowSpec):
    @step
    def start(self):
        self.kind = turns.pop(0)
        self.next({"a": self.a, "b": self.end}, condition="kind")

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_what_an_orchestrator_reads_is_what_was_committed(tmp_path: Path) -> None:
    file = tmp_path / "twice_at_once.py"
    file.write_text(FLOW)
    flow = compile_source(Source(file.name, FLOW)).flow
    assert flow is not None
    plan, store, task = parse_plan(plan_of(flow)), LocalStore(tmp_path / "store"), TaskId("1", "start", "-")
    flow_class = load_flow_class(file, "Twice")
    first, second = (execute(plan, flow_class, store, task, 0, parameters={}) for _ in range(2))
    assert isinstance(first, Manifest)
    assert first == second
    assert first.chose == "a"
    assert json.loads(store.get(f"{task_key('Twice', '1', 'start', '-')}/{NEXT}") or b"") == "a"
