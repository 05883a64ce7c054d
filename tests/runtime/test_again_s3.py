"""Going on from a run, and replaying a task of it, by the command line, where runs are kept in S3: what worked at all on a
directory may still hang here, since a process that has used the store cannot simply fork.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from terminals import Terminal

from flowc.runtime.client.run import Run

FLOW = """
import os, signal
from flowc import *

class Again(FlowSpec):
    count = Parameter("count", default=4)

    @step
    def start(self):
        self.big = "x" * 100_000
        self.numbers = list(range(self.count))
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        print("square", self.input)
        if self.input == RAISED:
            raise ValueError("as asked")
        if self.input == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        self.result = sum(parallel_map(lambda one: one * self.input + len(self.big), range(3)))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.size = len(self.results)
"""
RESULTS = [300_000 + 3 * number for number in range(4)]


class Folder:
    """A folder with the flow in it, and the store that its runs are in."""

    def __init__(self, path: Path, place: str) -> None:
        self.path, self.place = path, place

    def rewrite(self, raised: int = -1, killed: int = -1) -> None:
        (self.path / "flow.py").write_text(FLOW.replace("RAISED", str(raised)).replace("KILLED", str(killed)), encoding="utf-8")

    def flowc(self, *arguments: str, code: int = 0) -> str:
        """Run a command line; both of its streams."""
        command = [sys.executable, "-m", "flowc", *arguments]
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def there(self, *arguments: str, code: int = 0) -> str:
        """The same with the datastore."""
        return self.flowc(*arguments, "--datastore", self.place, code=code)

    def results(self, run: str) -> list[int]:
        found = Run(f"Again/{run}", datastore=self.place, _namespace_check=False)
        assert found.successful
        return list(found["join"]["-"].data.results)


@pytest.fixture
def folder(tmp_path: Path, s3_place: str) -> Folder:
    return Folder(tmp_path, s3_place)


def again(told: str) -> list[str]:
    """The command line that a failure ends with."""
    (line,) = re.findall(r"^flowc: to go on from here: flowc (.*)$", told, re.MULTILINE)
    return shlex.split(line)


def test_what_a_failure_says_to_type_goes_on(folder: Folder) -> None:
    folder.rewrite(raised=1, killed=2)
    told = folder.there("run", "flow.py", "--max-workers", "1", code=1)
    assert again(told) == ["resume", "flow.py", "--datastore", folder.place, "1"]
    folder.rewrite(killed=2)
    told = folder.flowc(*again(told), "--max-workers", "1", code=1)
    assert "square  reused (1 task); runs again (1 task): it failed in run 1" in told
    assert "killed" in told
    assert f"flowc: what it printed: flowc logs flow.py --datastore {folder.place} 2/square/2" in told
    assert again(told) == ["resume", "flow.py", "--datastore", folder.place, "2"]
    folder.rewrite()
    told = folder.flowc(*again(told), "--quiet", "--tag", "mended", "--run-id-file", "id")
    assert "flowc:" not in told
    assert (folder.path / "id").read_text() == "3"
    assert folder.results("3") == RESULTS
    run = Run("Again/3", datastore=folder.place, _namespace_check=False)
    assert "mended" in run.tags
    origins = [task.origin_pathspec for task in run["square"]]
    assert origins[2] is None
    assert {origins[0], origins[1]} == {"Again/1/square/0", "Again/2/square/1"}
    assert [task.stdout for task in run["square"]] == [f"square {number}\n" for number in range(4)]
    shown = folder.there("logs", "flow.py", "3/square")
    assert shown == "".join(f"[square/{number}] square {number}\n" for number in range(4))


def test_in_this_process(folder: Folder) -> None:
    folder.rewrite(raised=3)
    folder.there("run", "flow.py", "--in-process", code=1)
    folder.rewrite()
    told = folder.there("resume", "flow.py", "--in-process")
    assert "resumes run 1 and reuses 4 tasks of it" in told
    assert folder.results("2") == RESULTS


def test_a_run_of_containers(folder: Folder, write) -> None:
    flow = write(FLOW.replace("RAISED", "1").replace("KILLED", "2"))
    broken = flow.orchestrated("argo-x7k2p", FLOWC_PARAMETERS='{"count": 4}', FLOWC_DATASTORE=folder.place)
    assert broken.codes["square", "1"] == 1
    folder.rewrite(killed=2)
    told = folder.there("resume", "flow.py", "--max-workers", "1", code=1)
    assert "goes on from run argo-x7k2p" in told
    folder.rewrite()
    told = folder.flowc(*again(told))
    assert folder.results("2") == RESULTS
    assert Run("Again/2", datastore=folder.place, _namespace_check=False)["start"]["-"].origin_pathspec == (
        "Again/argo-x7k2p/start/-"
    )


def test_a_task_is_replayed(folder: Folder) -> None:
    folder.rewrite()
    folder.there("run", "flow.py")
    told = folder.there("replay", "flow.py", "1/square/2")
    assert told.startswith("square 2\nflowc: the task square/2 of run 1 leaves what it left in the run\n")
    text = FLOW.replace("RAISED", "2").replace("KILLED", "-1")
    (folder.path / "flow.py").write_text(text, encoding="utf-8")
    assert "as asked" in folder.there("replay", "flow.py", "1/square/2", code=1)


def test_a_task_is_replayed_in_the_debugger_of_a_terminal(folder: Folder) -> None:
    folder.rewrite()
    folder.there("run", "flow.py")
    command = [sys.executable, "-m", "flowc", "replay", "flow.py", "1/square/2", "--pdb", "--datastore", folder.place]
    terminal = Terminal(command, folder.path)
    terminal.read_until(lambda shown: "(Pdb) " in shown)
    terminal.type("p len(self.big) + 1\n")
    terminal.read_until(lambda shown: "100001" in shown)
    terminal.type("c\n")
    told = terminal.read_to_end()
    assert terminal.code == 0, told
    assert "the task square/2 of run 1 leaves what it left in the run" in told
