"""`flowc resume` and `flowc replay`: what they say, and refuse."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import FLOW, Run

BROKEN = FLOW.replace('print("sum"', 'self.total = sum(self.numbers); [][self.my_count]; print("sum"')


@pytest.fixture
def failed(flowc_process: Run) -> Run:
    """A command line in a folder where run 1 of the flow has failed in its last step."""
    Path("flow.py").write_text(BROKEN, encoding="utf-8")
    ended = flowc_process("run", "flow.py", "--my-count", "4")
    assert ended.code == 1, ended.err
    Path("flow.py").write_text(FLOW, encoding="utf-8")
    return flowc_process


def test_the_plan_is_shown_and_run(failed: Run) -> None:
    ended = failed("resume", "flow.py", "--dry-run")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[:3] == [
        "flowc: a new run of Sums goes on from run 1:",
        "  start  reused (1 task)",
        "  end    runs again: it failed in run 1",
    ]
    assert not Path(".flowc/Sums/2").exists()
    ended = failed("resume", "flow.py", "--tag", "again")
    assert ended.code == 0, ended.err
    assert "sum 6 alpha 0.5" in ended.out
    assert "  start  reused (1 task)" in ended.err
    assert "run Sums/2 resumes run 1 and reuses 1 task of it" in ended.err
    assert '"tags": ["again"]' in Path(".flowc/Sums/2/run.json").read_text()
    ended = failed("resume", "flow.py")
    assert ended.code == 2
    assert "the latest run, 2, came to its end, so that nothing is left to run: --from STEP runs it again" in ended.err
    ended = failed("resume", "flow.py", "2", "--from", "start")
    assert ended.code == 0, ended.err
    assert "sum 6 alpha 0.5" in ended.out


def test_what_has_changed_is_said(failed: Run) -> None:
    for change, said in ((("range(self", "range(1 + self"), True), (('"""Make the numbers."""', "# make them"), False)):
        Path("flow.py").write_text(FLOW.replace(*change), encoding="utf-8")
        ended = failed("resume", "flow.py", "--dry-run")
        assert ended.code == 0, ended.err
        warning = "warning: changed since, and reused: `start` (--from start runs it again)"
        assert (warning in ended.out) is said, ended.out


def test_what_reused_tasks_printed_is_found_where_they_ran(failed: Run) -> None:
    printing = FLOW.replace("self.numbers = list", 'print("numbers"); self.numbers = list')
    Path("flow.py").write_text(printing.replace('print("sum"', '[][0]; print("sum"'), encoding="utf-8")
    assert failed("run", "flow.py").code == 1
    Path("flow.py").write_text(printing, encoding="utf-8")
    ended = failed("resume", "flow.py", "--quiet", "--run-id-file", "id")
    assert (ended.code, ended.err, Path("id").read_text()) == (0, "", "3")
    assert failed("logs", "flow.py", "3").out == "[start] numbers\n[end] sum 3 alpha 0.5 loud False\n"
    assert failed("logs", "flow.py", "3/start").out == "numbers\n"
    ended = failed("status", "flow.py", "3")
    assert "resumes 2 and reuses 1 of its tasks" in ended.out
    assert ended.out.splitlines()[3].split()[:3] == ["STEP", "DONE", "REUSED"]
    shutil.rmtree(".flowc/Sums/2")
    ended = failed("logs", "flow.py", "3")
    assert ended.out == "[end] sum 3 alpha 0.5 loud False\n"
    assert ended.err == "flowc: run 2, which did the work of a task of run 3, is gone, and what was printed with it\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--my-count", "3"], "a run that is resumed keeps its parameters, `my-count` too"),
        (["--my_count=3"], "a run that is resumed keeps its parameters"),
        (["--loud"], "a run that is resumed keeps its parameters, `loud` too"),
        (["7"], "there is no run 7 of Sums in"),
        ([""], "'' is no run: write its id alone"),
        ([".."], "'..' is no run: write its id alone"),
        (["1/start"], "'1/start' is no run: write its id alone"),
        (["--tag", ""], "a tag is a printable text of 1 to 500 characters"),
        (["--from", "strat"], "the flow Sums has no step 'strat' (did you mean start?)"),
        (["--alhpa", "1"], "No such option"),
        (["--datastore", "nowhere"], "there is no run of Sums in"),
    ],
)
def test_resume_refuses(failed: Run, arguments: list[str], message: str) -> None:
    ended = failed("resume", "flow.py", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not Path(".flowc/Sums/2").exists()


def test_the_flow_as_a_program_resumes(failed: Run) -> None:
    done = subprocess.run([sys.executable, "flow.py", "resume", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sum 6" in done.stdout


def test_replay(failed: Run) -> None:
    before = sorted(Path(".flowc").rglob("*"))
    ended = failed("replay", "flow.py", "1/start")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "flowc: the task start of run 1 leaves what it left in the run\n  = alpha, loud, my_count, numbers\n"
    Path("flow.py").write_text(FLOW.replace("range(self", "range(1, self").replace("self.next", "self.more = {2}; self.next"))
    ended = failed("replay", "flow.py", "Sums/1/start/-")
    assert ended.out.splitlines() == [
        "flowc: the task start of run 1 would leave something else now:",
        "  + more     {2}",
        "  ~ numbers  [0, 1, 2, 3] → [1, 2, 3]",
        "  = alpha, loud, my_count",
    ]
    ended = failed("replay", "flow.py", "1/end")
    assert ended.code == 0
    assert ended.out.startswith("sum 6 alpha 0.5 loud False\nflowc: the task end of run 1 is done now; in the run it is not.")
    Path("flow.py").write_text(BROKEN, encoding="utf-8")
    ended = failed("replay", "flow.py", "1/end")
    assert ended.code == 1
    assert ended.out == ""
    assert "[][self.my_count]; print(" in ended.err
    assert ended.err.endswith("flowc: the task end of run 1 failed\n")
    assert "runtime/" not in ended.err
    assert sorted(Path(".flowc").rglob("*")) == before


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("1", "not a task: '1'; write RUN/STEP, or RUN/STEP/PATH"),
        ("1/start/0/1", "not a task"),
        ("1/strat", "the flow Sums has no step `strat`"),
        ("1/start/0", "the path 0 does not fit step `start`"),
        ("1/start/x", "'x' is not a path of a task"),
        ("../start", "not a task: '../start'"),
        ("1/start/" + "9" * 5000, "is not a path of a task"),
        ("9/start", "there is no run 9 of Sums in"),
    ],
)
def test_replay_refuses(failed: Run, task: str, message: str) -> None:
    ended = failed("replay", "flow.py", task)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


@pytest.mark.parametrize(
    ("typed", "shown", "code", "last"),
    [
        ("p self.my_count\nc\np 40 + 2\nq\n", ["4", "42"], 1, "flowc: the task end of run 1 failed\n"),
        ("n\nq\n", [], 1, "flowc: the task end of run 1 was left in the debugger\n"),
    ],
)
def test_replay_in_the_debugger(failed: Run, typed: str, shown: list[str], code: int, last: str) -> None:
    Path("flow.py").write_text(BROKEN, encoding="utf-8")
    command = [sys.executable, "-m", "flowc", "replay", "flow.py", "1/end", "--pdb"]
    done = subprocess.run(command, input=typed, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert [line.removeprefix("(Pdb) ") for line in done.stdout.splitlines() if line.removeprefix("(Pdb) ").isdigit()] == shown
    assert done.stderr.endswith(last)
    assert "bdb.py" not in done.stderr
