"""Tasks in processes that start from nothing, as on a system without forks: the same runs, the same words."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminals import alive

from flowc.runtime.errors import TaskError

FLOW = """
    import os, signal, subprocess, sys, time
    from flowc import *

    class Spawned(FlowSpec):
        alpha = Parameter("alpha", default=2)

        @step
        def start(self):
            self.items = [1, 2, 3]
            self.next(self.work, foreach="items")

        DECORATORS
        @step
        def work(self):
            self.square = (self.input**2, os.environ.get("WORD"), self.alpha)
            BODY
            self.next(self.join)

        @step
        def join(self, inputs):
            self.squares = [getattr(one, "square", None) for one in inputs]
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def spawned(write, body: str = "pass", decorators: str = ""):
    return write(FLOW.replace("BODY", body).replace("DECORATORS", decorators))


def test_a_run(write):
    flow = spawned(
        write,
        "print('out', self.input); print('err', file=sys.stderr); print(repr(sys.stdin.read()))",
        "@environment(vars={'WORD': 'w'})",
    )
    ran = flow.done({"alpha": 5}, method="spawn")
    assert ran.value("end", "squares") == [(1, "w", 5), (4, "w", 5), (9, "w", 5)]
    assert sorted(ran.out.splitlines()) == sorted(f"[work/{n}] {said}" for n in range(3) for said in (f"out {n + 1}", "''"))
    assert ran.err.count("] err\n") == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("os._exit(0)", "ended its process inside the step, with exit code 0"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL"),
        ("self.f = lambda: 0", "cannot be pickled"),
    ],
)
def test_failures_in_the_same_words(write, body, words):
    flow = spawned(write, body, "@retry(times=1, minutes_between_retries=0)")
    ran = flow.failed(words, "in its 2 attempts", method="spawn", max_workers=1)
    assert ran.failure("work", "0", 1) is not None
    assert "flowc/runtime" not in ran.err


def test_catch_and_timeout(write):
    flow = spawned(write, "subprocess.run(['sleep', '60'])", "@catch(var='failed')\n        @timeout(seconds=2)")
    ran = flow.done(method="spawn")
    assert ran.manifest("work", "1").caught.type == "TimeoutError"
    assert ran.value("end", "squares") == [None] * 3


def test_what_a_task_leaves_running_is_ended(write):
    began = time.monotonic()
    ran = spawned(write, "self.child = subprocess.Popen(['sleep', '600']).pid").done(method="spawn")
    assert time.monotonic() - began < 300
    assert not any(alive(ran.value("work", "child", str(n))) for n in range(3))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all(write, tmp_path, number):
    body = "subprocess.Popen(['sleep', '600']); open(f'up-{self.input}-{os.getpid()}', 'w').close(); time.sleep(600)"
    flow = spawned(write, body)
    run = subprocess.Popen(
        [sys.executable, "-m", "flowc", "run", str(flow.file)],
        cwd=tmp_path,
        env={**os.environ, "FLOWC_START_METHOD": "spawn"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(up := list(tmp_path.glob("up-*"))) < 3:
        assert run.poll() is None
        time.sleep(0.02)
    os.kill(run.pid, number)
    _, err = run.communicate()
    assert run.returncode == 128 + number
    assert f"stopped by {number.name}; 3 running tasks stopped" in err
    assert not any(alive(int(file.name.rpartition("-")[2])) for file in up)


def test_a_method_that_there_is_not(write, monkeypatch):
    monkeypatch.setenv("FLOWC_START_METHOD", "telepathy")
    with pytest.raises(TaskError, match="FLOWC_START_METHOD is 'telepathy', and may be fork or spawn"):
        spawned(write).run()


def test_no_module_of_a_local_run_needs_what_only_some_systems_have():
    """At its import: `fcntl`, `pwd` and their like are for functions."""
    root = Path(__file__).parents[2] / "runtime"
    for file in [*root.glob("*.py"), *root.glob("local/*.py"), *root.glob("tasks/*.py"), *root.glob("records/*.py")]:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {"fcntl", "pwd", "grp", "resource", "termios", "pty"} & set(names), file


def test_a_system_without_forks(tmp_path):
    """All that only POSIX has is taken away before flowc is imported."""
    (tmp_path / "flow.py").write_text(
        "from flowc import *\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        print('ran')\n"
        "        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    program = (
        "import os, signal, sys\n"
        "del os.fork, os.waitid\n"
        "sys.argv[1:] = ['run', 'flow.py']\n"
        "import runpy; runpy.run_module('flowc', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[start] ran\n"
