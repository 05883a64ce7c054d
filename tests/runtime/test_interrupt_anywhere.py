"""A Ctrl-C at any moment leaves no process, whole manifests, and a run that can be resumed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_manifest
from flowc.runtime.records.runs import read_result, read_run
from flowc.runtime.store import LocalStore

FLOW = """
from flowc import *
import signal

class Stopped(FlowSpec):
    @step
    def start(self):
        self.items = list(range(40))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input % 5 == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("at", self.input)
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.square for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total)
"""
TIMES = 40
MARK = "FLOWC_TEST_STOPPED"


def marked(mark: str) -> list[int]:
    """The processes that have come from a run, however far."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def run(tmp_path: Path, mark: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flowc", *arguments],
        cwd=tmp_path,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which processes come from a run")
def test_a_signal_at_any_moment(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    whole = run(tmp_path, "whole", "run", "flow.py")
    began = time.monotonic()
    assert "total 20540" in whole.communicate()[0]
    usual = time.monotonic() - began
    store, moments = LocalStore(tmp_path / ".flowc"), random.Random(7)
    stopped = 0
    for number in range(TIMES):
        mark = f"{tmp_path}-{number}"
        known = set(store.folders("Stopped/"))
        one = run(tmp_path, mark, "run", "flow.py")
        time.sleep(moments.uniform(0, 1.1 * usual))
        # As a terminal does, to all of the group; or to the one process, as a person does with `kill`.
        moments.choice([os.killpg, os.kill])(one.pid, moments.choice([signal.SIGINT, signal.SIGINT, signal.SIGTERM]))
        told = one.communicate()[0]
        assert "bug" not in told, told
        assert marked(mark) == []
        new = set(store.folders("Stopped/")) - known
        assert len(new) <= 1
        for run_id in new:
            if read_run(store, "Stopped", run_id) is None:
                continue
            tasks = whole_tasks(store, run_id)
            result = read_result(store, "Stopped", run_id)
            assert result is not None, told
            if result.ok:
                assert len(tasks) == 43
                continue
            stopped += 1
            assert str(result.message).startswith("stopped by SIG"), (result, told)
            again = run(tmp_path, mark, "resume", "flow.py", run_id)
            resumed = again.communicate()[0]
            if len(tasks) == 43:  # stopped when its last task was done, and nobody had looked yet
                assert "came to its end, so that nothing is left to run" in resumed
                continue
            assert again.returncode == 0, resumed
            assert "total 20540" in resumed
    assert stopped > TIMES // 8


def whole_tasks(store: LocalStore, run_id: str) -> list[TaskId]:
    tasks = []
    for key in store.list(f"Stopped/{run_id}/"):
        if key.endswith("/manifest.json"):
            tasks.append(TaskId(*key.split("/")[1:4]))
            assert read_manifest(store, "Stopped", tasks[-1]) is not None
    return tasks
