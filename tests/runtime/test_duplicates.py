"""One task may run twice at once, when an orchestrator lost sight of its container: one of the two counts, whole."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from flowc.compiler import Source, compile_source
from flowc.compiler.plan import plan_of
from flowc.runtime.contract import ITEMS, NEXT, task_key
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import parse_plan
from flowc.runtime.records.logs import read_lines
from flowc.runtime.records.manifest import Manifest, read_failure, read_manifest
from flowc.runtime.records.traces import traces
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


AGAIN = """
    import os, time
    from flowc import *

    class Again(FlowSpec):
        @step
        def start(self):
            first = not os.path.exists("again")
            print("first" if first else "second", flush=True)
            self.kind = "first" if first else "second"
            self.items = [1, 2] if first else [1, 2, 3]
            if first:
                print("more of the first", flush=True)
                time.sleep(600)
            self.next(self.each, foreach="items")

        @step
        def each(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """
TASK = TaskId("r", "start", "-")


@pytest.mark.parametrize("with_", [signal.SIGKILL, signal.SIGTERM])
def test_an_attempt_that_was_ended_is_begun_again_under_its_number(write, with_):
    """Argo makes a pod anew that was deleted without a word: the second one finds what the first has left, and counts."""
    flow = write(AGAIN)
    process = _first(flow)
    process.send_signal(with_)
    process.communicate()
    assert read_manifest(flow.store, "Again", TASK) is None
    assert (read_failure(flow.store, "Again", TASK, 0) is None) == (with_ == signal.SIGKILL)
    second = _second(flow)
    assert (second.returncode, second.stdout) == (0, "second\n"), second.stderr
    assert [line.text for line in read_lines(flow.store, "Again", TASK, 0)] == ["second"]
    _is_of_the_second(flow)


def test_an_attempt_that_nobody_knows_of_any_more_goes_on_beside_its_second(write):
    """As on a machine that was cut off: it is told to end when the other is long done, and says nothing against it."""
    flow = write(AGAIN)
    process = _first(flow)
    assert _second(flow).returncode == 0
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0
    assert read_failure(flow.store, "Again", TASK, 0) is None
    _is_of_the_second(flow)


def _first(flow) -> subprocess.Popen[bytes]:
    command, settings = flow.container_command("r", "start")
    process = subprocess.Popen(command, **settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == [b"first\n", b"more of the first\n"]
    (flow.file.parent / "again").touch()
    return process


def _second(flow) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[str] = flow.container("r", "start")
    return done


def _is_of_the_second(flow) -> None:
    """All that others read of the task."""
    manifest = read_manifest(flow.store, "Again", TASK)
    assert manifest is not None
    assert (manifest.attempt, manifest.cardinality) == (0, 3)
    assert json.loads(flow.store.get(f"{task_key('Again', 'r', 'start', '-')}/{ITEMS}") or b"") == [0, 1, 2]
    assert traces(flow.store, "Again", "r", "start")["-"].done
    assert flow.container("r", "each", "2").returncode == 0
