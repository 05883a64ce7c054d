"""A local run that is stopped leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminals import alive as alive  # test_resume has it from here

FLOW = """
    import os, signal, subprocess, time
    from pathlib import Path
    from flowc import *

    class Long(FlowSpec):
        @step
        def start(self):
            self.items = [0, 1, 2]
            self.next(self.work, foreach="items")

        @step
        def work(self):
            BODY
            child = subprocess.Popen(["sleep", "60"])
            Path(f"pids-{self.input}.part").write_text(f"{os.getpid()} {child.pid}")
            os.rename(f"pids-{self.input}.part", f"pids-{self.input}")
            time.sleep(60)
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """

DRIVER = """
import json, signal, sys
from pathlib import Path
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_of
from flowc.runtime.plan import parse_plan
from flowc.runtime.local import processes
from flowc.runtime.local.scheduler import run_locally

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # it is ignored below nohup, and a run leaves it so
processes.GRACE = float(sys.argv[2])
file = Path(sys.argv[1])
plan = parse_plan(plan_of(compile_bytes(file.name, file.read_bytes()).flow))
result = run_locally(plan, file, {}, store="store")
assert not result.ok
sys.exit(result.exit_code)
"""


def started(write, tmp_path: Path, body: str = "pass", grace: int = 60) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a run; what it is waited for below is less than `grace`, so that to wait for that would fail."""
    flow = write(FLOW.replace("BODY", body))
    command = [sys.executable, "-c", DRIVER, str(flow.file), str(grace)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    end = time.monotonic() + 20
    while len(list(tmp_path.glob("pids-?"))) < 3:
        assert time.monotonic() < end
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    return run, [int(pid) for file in tmp_path.glob("pids-?") for pid in file.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_all(write, tmp_path, number):
    run, pids = started(write, tmp_path)
    assert len(pids) == 6
    assert all(map(alive, pids))
    os.kill(run.pid, number)
    _, err = run.communicate(timeout=20)
    assert run.returncode == 128 + number
    assert err.splitlines()[-1] == f"flowc: run Long/1 is not done: stopped by {number.name}; 3 running tasks stopped"
    assert "Traceback" not in err
    assert not any(map(alive, pids))


def test_tasks_that_will_not_listen(write, tmp_path):
    run, pids = started(write, tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)", grace=1)
    os.kill(run.pid, signal.SIGINT)
    run.communicate(timeout=20)
    assert run.returncode == 130
    assert not any(map(alive, pids))


def test_a_second_signal_does_not_wait(write, tmp_path):
    run, pids = started(write, tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    os.kill(run.pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(run.pid, signal.SIGINT)
    run.communicate(timeout=20)
    assert run.returncode != 0
    time.sleep(0.2)
    assert not any(map(alive, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_killed_run_leaves_no_tasks(write, tmp_path):
    run, _ = started(write, tmp_path)
    tasks = [int(file.read_text().split()[0]) for file in tmp_path.glob("pids-?")]
    run.kill()
    run.communicate()
    for pid in [int(file.read_text().split()[1]) for file in tmp_path.glob("pids-?")]:
        os.kill(pid, signal.SIGKILL)  # what the tasks started is not theirs to end
    end = time.monotonic() + 20  # the tasks would sleep longer
    while any(map(alive, tasks)):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_nobody_reads_the_output(write, tmp_path):
    run, pids = started(write, tmp_path)
    assert run.stderr is not None
    assert run.stdout is not None
    run.stderr.close()
    run.stdout.close()
    os.kill(pids[0], signal.SIGKILL)  # there is something to say, and nobody to say it to
    run.wait(timeout=20)
    assert not any(map(alive, pids))
