"""`--in-process`: tasks that a debugger can follow. And what becomes of a breakpoint where there is no terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from terminals import Terminal

FLOW = """
import os, sys, time
from pathlib import Path
from flowc import *

class Debugged(FlowSpec):
    alpha = Parameter("alpha", default=2)

    @step
    def start(self):
        self.items = [1, 2, 3]
        self.pid = os.getpid()
        self.next(self.work, foreach="items")

    @environment(vars={"WORD": "set"})
    @step
    def work(self):
        self.seen = (os.environ.get("WORD"), os.environ.get("LEFT"), os.getcwd(), current.task_id, len(sys.path))
        self.pid = os.getpid()
        os.environ["LEFT"] = "behind"
        os.chdir("/")
        sys.path.append("/nowhere")
        BODY
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.pids = {one.pid for one in inputs}
        self.left = (os.environ.get("WORD"), os.environ.get("LEFT"))
        self.next(self.end)

    @step
    def end(self):
        print("sum", self.alpha)
"""


def at_a_terminal(tmp_path: Path, body: str, *options: str) -> Terminal:
    (tmp_path / "flow.py").write_text(FLOW.replace("BODY", body), encoding="utf-8")
    return Terminal([sys.executable, "-m", "flowc", "run", "flow.py", *options], tmp_path)


def prompts(count: int) -> Callable[[str], bool]:
    return lambda text: text.count("(Pdb) ") == count


def test_surroundings_are_put_back(write, capsys):
    before, path, folder = dict(os.environ), list(sys.path), Path.cwd()
    ran = write(FLOW.replace("BODY", "pass")).done(method="inline")
    seen = ran.value("end", "seen")
    assert seen == [("set", None, str(folder), f"{n}", seen[0][4]) for n in range(3)]
    assert ran.value("end", "pids") == {os.getpid()}
    assert ran.value("end", "left") == (None, None)
    assert (dict(os.environ), Path.cwd()) == (before, folder)
    assert [one for one in sys.path if one not in path] == [str(ran.flow.file.parent)]
    assert capsys.readouterr().out == "sum 2\n"


def test_retries_and_catches(write, capfd):
    flow = write(
        FLOW.replace("BODY", "1 / 0").replace(
            "    @environment", "    @catch(var='failed')\n    @retry(times=1, minutes_between_retries=0.001)\n    @environment"
        )
    )
    ran = flow.run(method="inline")
    assert "join" in {step for step, _ in ran.tasks()} or not ran.result.ok
    assert ran.failure("work", "0", 1).type == "ZeroDivisionError"
    assert ran.manifest("work", "2").caught.type == "ZeroDivisionError"


def test_a_breakpoint_stops_there(tmp_path):
    terminal = at_a_terminal(tmp_path, "breakpoint()", "--in-process")
    for n in range(3):
        terminal.read_until(prompts(2 * n + 1))
        terminal.type("p 'input is', self.input\n")
        terminal.read_until(prompts(2 * n + 2))
        terminal.type("c\n")
    text = terminal.read_to_end()
    assert terminal.code == 0
    assert [f"('input is', {n})" in text for n in (1, 2, 3)] == [True] * 3
    assert "sum 2" in text


def test_to_leave_the_debugger_ends_the_run(tmp_path):
    terminal = at_a_terminal(tmp_path, "breakpoint()", "--in-process")
    terminal.read_until(lambda text: "(Pdb) " in text)
    terminal.type("q\n")
    text = terminal.read_to_end()
    assert terminal.code == 1
    assert "is not done: its debugger was left in the task work/0" in text


def test_ctrl_c_at_the_terminal(tmp_path):
    terminal = at_a_terminal(tmp_path, "print('asleep', flush=True); time.sleep(60)", "--in-process")
    terminal.read_until(lambda text: "asleep" in text)
    terminal.type("\x03")
    text = terminal.read_to_end()
    assert terminal.code == 128 + signal.SIGINT
    assert "is not done: stopped by SIGINT" in text


def test_a_fault_and_a_note(write):
    source = FLOW.replace("BODY", "1 / 0").replace("@environment", "@timeout(seconds=1)\n    @environment")
    ran = write(source).failed("ZeroDivisionError", "nothing enforces @timeout", "the task work/0 failed", method="inline")
    assert ran.tasks() == {("start", "-")}


def test_output_is_kept_too(write):
    ran = write(FLOW.replace("BODY", "print('said'); print('loud', file=sys.stderr)")).done(method="inline")
    assert [line.split(b" ", 1)[1] for line in ran.flow.store.get("Debugged/1/work/1/log-0/000000").splitlines()] == [
        b"o said",
        b"e loud",
    ]


def test_a_breakpoint_without_a_terminal_is_passed_over(write):
    ran = write(FLOW.replace("BODY", "breakpoint()")).done()
    line = ran.flow.file.read_text().splitlines().index("        breakpoint()") + 1
    place = f"{ran.flow.file.name}:{line}"
    assert ran.err.count(f"flowc: the breakpoint at {place} is passed over: tasks have no terminal, but with --in-process") == 3
    assert "sum 2" in ran.out


def test_set_trace_without_a_terminal(write):
    write(FLOW.replace("BODY", "import pdb; pdb.set_trace()")).failed(
        "BdbQuit", "flowc: the debugger found no terminal: tasks have one with --in-process"
    )


def test_breakpoints_that_python_is_told_to_ignore(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW.replace("BODY", "breakpoint()"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "flowc", "run", "flow.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONBREAKPOINT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "passed over" not in done.stderr
