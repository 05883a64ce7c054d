"""The verbs that look back at runs: `runs`, `status`, `logs`, `dump` and `tag`."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pastruns import FLOW, flowc_in
from pastruns import past_runs as past_runs

from flowc.cli.looking import duration
from flowc.cli.writing import write_all
from flowc.runtime.client import namespaces
from flowc.runtime.failure import Failure
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import LogWriter
from flowc.runtime.records.manifest import Inline, Manifest, commit_manifest, write_failure
from flowc.runtime.records.runs import ResultRecord, begin_run, new_record, write_result
from flowc.runtime.store import LocalStore

from .conftest import Run


@pytest.fixture
def here(past_runs: Path, flowc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command line in a folder with a copy of the runs, as Ann."""
    shutil.copytree(past_runs, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("FLOWC_USER", "ann")
    namespaces.default_namespace()
    return flowc


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the test, however that ends."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_runs(here: Run) -> None:
    ended = here("runs", "squares.py")
    assert (ended.code, ended.err) == (0, "")
    head, failed, done = ended.out.splitlines()
    assert head.split() == ["RUN", "STATUS", "STARTED", "DURATION", "USER", "TAGS"]
    assert failed.split()[:2] == ["2", "failed"]
    assert done.split()[:2] == ["1", "done"]
    assert done.split()[-2:] == ["ann", "nightly"]
    assert here("runs", "Squares").out == here("runs").out == here("runs", "squares.py:Squares").out == ended.out


def test_which_runs(here: Run) -> None:
    def ids(*arguments: str) -> list[str]:
        ended = here("runs", "squares.py", *arguments, "--format", "json")
        assert ended.code == 0
        return [run["run"] for run in json.loads(ended.out)]

    assert ids() == ["2", "1"]
    assert ids("--all-users") == ["3", "2", "1"]
    assert ids("--user", "bob") == ["3"]
    assert ids("--tag", "nightly") == ["1"]
    assert ids("--tag", "nightly", "--tag", "weekly") == []
    assert ids("--limit", "1") == ["2"]
    assert here("runs", "squares.py", "--limit", "1").err == "flowc: there are more; --limit 5 lists them\n"
    nobody = here("runs", "squares.py", "--user", "carla")
    assert (nobody.code, nobody.out, nobody.err) == (0, "", "flowc: no runs of carla; --all-users lists those of others\n")
    assert "with these tags" in here("runs", "squares.py", "--tag", "no").err
    assert here("runs", "squares.py", "--user", "bob", "--all-users").code == 2


def test_runs_as_data(here: Run) -> None:
    (run,) = json.loads(here("runs", "squares.py", "--tag", "nightly", "--format", "json").out)
    assert run["ended"] > run["started"] > 0
    assert abs(run["ended"] - run["started"] - run["seconds"]) < 0.01
    known = {
        "flow": "Squares",
        "run": "1",
        "status": "done",
        "user": "ann",
        "target": "local",
        "tags": ["nightly"],
        "origin": None,
    }
    assert {name: run[name] for name in known} == known


def test_status_of_a_run_that_is_done(here: Run) -> None:
    ended = here("status", "squares.py", "1")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "Squares/1 is done"
    assert " by ann on local, took " in lines[1]
    assert lines[1].endswith(", tags nightly")
    assert [line.split()[:2] for line in lines[4:]] == [["start", "1"], ["square", "3"], ["join", "1"], ["end", "1"]]
    assert here("status", "Squares/1").out == here("status", "1").out == here("status", "Squares", "1").out == ended.out


def test_status_of_a_run_that_failed(here: Run) -> None:
    ended = here("status", "squares.py")
    assert ended.out.startswith("Squares/2 failed\n")
    assert 'raise ValueError("no <b>bold</b> numbers")' in ended.out
    assert "the task square/" in ended.out.splitlines()[2]
    about = json.loads(here("status", "squares.py", "--format", "json").out)
    assert (about["status"], about["run"]) == ("failed", "2")
    assert [step["step"] for step in about["steps"]] == ["start", "square", "join", "end"]
    assert [step["done"] for step in about["steps"]] == [1, 0, 0, 0]
    first = about["failures"][0]
    assert first["attempt"] == 1, "the attempt that the run failed for comes first"
    assert (first["type"], first["message"]) == ("ValueError", "no <b>bold</b> numbers")
    assert f"{first['task']} failed in attempt 1:\nTraceback" in ended.out


def test_status_of_a_run_that_goes_on(flowc: Run, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / ".flowc")
    begin_run(store, "Sums", "1", new_record(target="argo", user=None))
    entries = {"n": Inline("gAVLAS4=")}
    done = Manifest(attempt=0, started=1.0, ended=4.0, chose=None, cardinality=None, artifacts=entries)
    commit_manifest(store, "Sums", TaskId("1", "start", "-"), done)
    log = LogWriter(store, "Sums", TaskId("1", "train", "-"), 0)
    log.line(False, "training")
    log.close()
    ended = flowc("status", "flow.py")
    assert "Sums/1 is running\n" in ended.out
    assert " on argo, so far " in ended.out
    assert "train        1" in ended.out
    assert flowc("logs", "flow.py").out == "[train] training\n"
    write_result(store, "Sums", "1", ResultRecord(ok=False, ended=time.time(), message="stopped by SIGINT"))
    ended = flowc("status", "flow.py")
    assert "Sums/1 failed\n" in ended.out
    assert "\nstopped by SIGINT\n" in ended.out
    assert "STOPPED" in ended.out


def test_logs(here: Run) -> None:
    assert here("logs", "squares.py", "1/end").out == "total 5\na warning\n"
    assert here("logs", "Squares/1/end/-").out == "total 5\na warning\n"
    assert here("logs", "squares.py", "1/end", "--stdout").out == "total 5\n"
    assert here("logs", "1/end", "--stderr").out == "a warning\n"
    assert here("logs", "1/square/1").out == "squaring 1\n"
    assert "ValueError" in here("logs", "1/square/1", "--attempt", "0").out
    assert here("logs", "1/square", "--stdout").out == "".join(f"[square/{n}] squaring {n}\n" for n in range(3))
    whole = here("logs", "squares.py", "1", "--stdout").out.splitlines()
    assert whole == ["[start] numbers 3", *(f"[square/{n}] squaring {n}" for n in range(3)), "[end] total 5"]
    assert here("logs", "squares.py", "1", "--follow", "--stdout").out.splitlines() == whole
    stamped = here("logs", "1/end", "--stdout", "--timestamps").out
    assert stamped.endswith(" total 5\n")
    assert stamped[4] == stamped[7] == "-"
    assert len(stamped) == len("2026-01-01 00:00:00.000 total 5\n")
    nothing = here("logs", "1/join")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "flowc: nothing was printed\n")
    assert here("logs", "1/end", "--stdout", "--stderr").code == 2


def test_a_done_task_shows_the_attempt_that_is_done(here: Run) -> None:
    """Another may have run beside it, of which the platform had lost sight."""
    log = LogWriter(LocalStore(".flowc"), "Squares", TaskId("1", "end", "-"), 3)
    log.line(False, "too late")
    log.close()
    assert here("logs", "1/end", "--stdout").out == "total 5\n"
    assert here("logs", "1/end", "--attempt", "3").out == "too late\n"


def test_exit_hooks_are_looked_at_as_steps_are(here: Run) -> None:
    before = here("status", "2")
    store, task = LocalStore(".flowc"), TaskId("2", "exit_hook.failure", "-")
    log = LogWriter(store, "Squares", task, 0)
    log.line(False, "told ann")
    log.close()
    write_failure(store, "Squares", task, 0, Failure("ValueError", "nobody listens"), 1.0, 2.0)
    assert here("logs", "2/exit_hook.failure").out == "told ann\n"
    assert here("logs", "2").out.endswith("[exit_hook.failure] told ann\n")
    after = here("status", "2")
    assert after.out.splitlines()[0] == before.out.splitlines()[0]
    (line,) = [line for line in after.out.splitlines() if line.startswith("exit_hook.failure ")]
    assert line.split()[:2] == ["exit_hook.failure", "1"]
    assert "\nexit_hook.failure/- failed in attempt 0:\nValueError: nobody listens\n" in after.out
    assert "the run Squares/2 has no step exit_hook.success" in here("logs", "2/exit_hook.success").err


def test_logs_are_followed_to_the_end_of_the_run(flowc: Run, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / ".flowc")
    begin_run(store, "Sums", "1", new_record(target="local", user=None))
    log = LogWriter(store, "Sums", TaskId("1", "start", "-"), 0)
    log.line(False, "first")
    log.flush()
    command = [sys.executable, "-u", "-m", "flowc", "logs", "flow.py", "--follow"]
    with started(command, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "[start] first\n"
        log.line(True, "second")
        log.flush()
        assert process.stdout.readline() == "[start] second\n"
        other = LogWriter(store, "Sums", TaskId("1", "start", "-"), 1)
        other.line(False, "again")
        other.close()
        assert process.stdout.readline() == "[start] again\n"
        assert process.poll() is None
        write_result(store, "Sums", "1", ResultRecord(ok=True, ended=time.time()))
        log.line(False, "last")
        log.close()
        assert process.stdout.read() == "[start] last\n"
        assert process.wait() == 0


def test_a_log_that_is_followed_ends_at_ctrl_c(flowc: Run, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / ".flowc")
    begin_run(store, "Sums", "1", new_record(target="local", user=None))
    log = LogWriter(store, "Sums", TaskId("1", "start", "-"), 0)
    log.line(False, "first")
    log.close()
    # A shell starts what runs in the background with SIGINT ignored, and a test may run there.
    heed = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"{heed}; runpy.run_module('flowc', None, '__main__')"
    command = [sys.executable, "-u", "-c", start, "logs", "flow.py", "latest/start/-", "--follow"]
    with started(command, tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "first\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "Interrupted.\n"
        assert process.wait() == 130


def test_a_reader_that_goes_away(flowc: Run, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / ".flowc")
    begin_run(store, "Sums", "1", new_record(target="local", user=None))
    log = LogWriter(store, "Sums", TaskId("1", "start", "-"), 0)
    for number in range(100_000):
        log.line(False, f"line {number}")
    log.close()
    command = [sys.executable, "-m", "flowc", "logs", "flow.py"]
    with started(command, tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "[start] line 0\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 141


def test_dump(here: Run) -> None:
    ended = here("dump", "squares.py", "1/start")
    assert (ended.code, ended.err) == (0, "")
    head, *rows = ended.out.splitlines()
    assert head.split() == ["ARTIFACT", "TYPE", "SIZE"]
    assert [row.split()[0] for row in rows] == ["big", "items", "n", "point"]
    assert rows[0].endswith("9.8 KiB")
    several = here("dump", "1/square").out
    assert several.count("ARTIFACT") == 3
    assert several.startswith("Squares/1/square/0\nARTIFACT")
    assert here("dump", "Squares/1/square/1").out.startswith("ARTIFACT")


def test_values(here: Run) -> None:
    assert here("dump", "1/end", "--value", "total").out == "5\n"
    assert here("dump", "1/start", "--value", "n", "--value", "items").out == "n = 3\nitems = [0, 1, 2]\n"
    cut = here("dump", "1/start", "--value", "big", "--max-value-size", "5").out
    assert cut == "'xxxx… and 9997 more characters: --max-value-size 0 shows all\n"
    assert len(here("dump", "1/start", "--value", "big", "--max-value-size", "0").out) == 10_003


def test_a_value_whose_class_is_in_the_flows_file(here: Run, tmp_path: Path) -> None:
    assert flowc_in(tmp_path, "dump", "squares.py", "1/start", "--value", "point").stdout == "Point(3)\n"
    Path("squares.py").write_text(FLOW.replace("Point", "Gone"))
    ended = flowc_in(tmp_path, "dump", "squares.py", "1/start", "--value", "point", "--value", "n")
    assert (ended.returncode, ended.stdout) == (1, "n = 3\n")
    assert "flowc: Squares/1/start/-/point: the artifact `point`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_values_into_a_file(here: Run, tmp_path: Path) -> None:
    ended = here("dump", "1/square", "--value", "square_", "--file", "out.pickle")
    assert (ended.code, ended.out, ended.err) == (0, "", "flowc: wrote out.pickle: the artifacts of 3 tasks\n")
    values = pickle.loads((tmp_path / "out.pickle").read_bytes())
    assert values == {f"Squares/1/square/{n}": {"square_": n * n} for n in range(3)}
    assert "cannot write nosuch/out" in here("dump", "1/end", "--file", "nosuch/out").err


def test_tag(here: Run) -> None:
    assert here("tag", "add", "squares.py", "1", "good", "prod").out == "good\nnightly\nprod\n"
    assert here("tag", "replace", "Squares/1", "good", "best").out == "best\nnightly\nprod\n"
    removed = here("tag", "remove", "1", "prod", "nosuch")
    assert (removed.code, removed.out, removed.err) == (0, "best\nnightly\n", "flowc: Squares/1 has no tag nosuch\n")
    again = here("tag", "add", "Squares", "1", "best")
    assert (again.out, again.err) == ("best\nnightly\n", "flowc: the tags of Squares/1 are as they were\n")
    shown = here("tag", "list", "squares.py", "1").out.splitlines()
    assert shown[:2] == ["best", "nightly"]
    assert {"user:ann", "runtime:local"} < set(shown)
    assert json.loads(here("runs", "--tag", "best", "--format", "json").out)[0]["run"] == "1"
    here("tag", "add", "squares.py", "latest", "newest")
    assert json.loads(here("runs", "--tag", "newest", "--format", "json").out)[0]["run"] == "2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "squares.py"), "no run given"),
        (("add", "squares.py", "1"), "no tag given to add"),
        (("replace", "1", "a"), "two tags"),
        (("list", "1", "a"), "`list` takes no tags"),
        (("remove", "1", "user:ann"), "cannot be removed"),
        (("add", "1", "a\nb"), "a printable text of 1 to 500 characters"),
        (("change", "1", "a"), "'change' is not one of"),
    ],
)
def test_tags_that_cannot_be(here: Run, arguments: tuple[str, ...], message: str) -> None:
    ended = here("tag", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("status", "Sqares/1"), "no runs of a flow Sqares (did you mean Squares?)"),
        (("runs", "Squares/1"), "too many parts in 1"),
        (("status", "squares.py", "9"), "the flow Squares has no run 9 in the datastore"),
        (("status", "squares.py", "9"), "(the last are 3, 2, 1)"),
        (("status", "squares.py", "1/start"), "too many parts in 1/start: RUN is what may follow the flow"),
        (("logs", "squares.py", "1/sqare"), "the run Squares/1 has no step sqare (did you mean square?)"),
        (("logs", "squares.py", "1/square/8"), "has no task 8 (there are 0, 1, 2)"),
        (("logs", "squares.py", "1//8"), "a part is empty in 1//8"),
        (("logs", "squares.py", "1/sqare", "--follow"), "did you mean square"),
        (("dump", "squares.py", "1"), "name a step: Squares/1 has start, square, join, end, as in Squares/1/end"),
        (("dump", "squares.py", "2/square"), "Squares/2/square is not done"),
        (("dump", "squares.py", "1/end", "--value", "totl"), "no artifact totl (did you mean total?)"),
        (("runs", "nosuch.py"), "no such file: nosuch.py"),
        (("runs", "empty.py"), "empty.py has no flow"),
        (("runs", "two.py"), "two.py has the flows A, B: write two.py:A"),
        (("runs", "squares.py", "--datastore", "empty"), "empty has no runs of a flow Squares"),
        (("runs", "--datastore", "empty"), "empty has no runs"),
        (("runs", "--datastore", " "), "--datastore is empty"),
        (("runs", "--datastore", "far://x"), "far://x"),
        (("runs", "--datastore", "s3:/x/y"), "s3:/x/y is neither a directory nor a URL: write s3://, or ./s3:/x/y"),
    ],
)
def test_what_there_is_not(here: Run, arguments: tuple[str, ...], message: str) -> None:
    Path("empty.py").write_text("x = 1\n")
    body = "(FlowSpec):\n    @step\n    def start(self): self.next(self.end)\n    @step\n    def end(self): pass\n"
    Path("two.py").write_text(f"from flowc import FlowSpec, step\nclass A{body}class B{body}")
    ended = here(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not Path("empty").exists()


def test_a_store_with_several_flows_wants_a_name(here: Run) -> None:
    begin_run(LocalStore(".flowc"), "Other", "1", new_record(target="local", user="ann"))
    assert "has the flows Other, Squares: say which" in here("status", "1").err
    assert here("status", "Other").code == 0


def test_a_flow_with_faults_can_be_looked_at(here: Run) -> None:
    Path("squares.py").write_text(FLOW.replace("self.next(self.join)", "self.next(self.jion)"))
    assert here("check", "squares.py").code == 1
    assert here("status", "squares.py", "1").out.startswith("Squares/1 is done\n")


def test_a_flows_own_file_is_a_program(here: Run, tmp_path: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1"}

    def program(*arguments: str) -> str:
        command = [sys.executable, "squares.py", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert program("status", "1").startswith("Squares/1 is done\n")
    assert program("logs", "1/end", "--stdout") == "total 5\n"
    assert program("tag", "add", "1", "good") == "good\nnightly\n"
    assert program("dump", "1/end", "--value", "total") == "5\n"
    assert "python squares.py tag list latest\n" in program("tag", "--help")
    assert "flowc tag list flow.py latest\n" in here("tag", "--help").out


def test_the_settings_file_says_where_runs_are(here: Run, tmp_path: Path) -> None:
    shutil.move(".flowc", "kept")
    assert here("runs", "squares.py").code == 2
    Path("flowc.toml").write_text('datastore = "kept"\n')
    assert here("runs", "squares.py").code == here("runs", "Squares").code == here("runs").code == 0


def test_a_damaged_store_is_told_of(here: Run) -> None:
    Path(".flowc/Squares/1/run.json").write_text("{")
    ended = here("status", "squares.py", "1")
    assert ended.code == 1
    assert "flowc: the object Squares/1/run.json is damaged" in ended.err


def test_a_damaged_run_hides_no_others(here: Run) -> None:
    Path(".flowc/Squares/2/run.json").write_text("[]")
    ended = here("runs", "squares.py")
    assert ended.code == 1
    assert [line.split()[:2] for line in ended.out.splitlines()[1:]] == [["2", "damaged"], ["1", "done"]]
    assert ended.err == "flowc: the object Squares/2/run.json is damaged (it has no format)\n"
    assert [run["status"] for run in json.loads(here("runs", "squares.py", "--format", "json").out)] == ["damaged", "done"]


def test_a_damaged_run_of_a_platform_hides_no_others(here: Run) -> None:
    """Their ids are no numbers, and only records say which is newer."""
    damaged = Path(".flowc/Squares/20261121-122322-a1b2c3")
    damaged.mkdir()
    (damaged / "run.json").write_bytes(b"\xff")
    ended = here("runs", "squares.py", "--limit", "9")
    assert ended.code == 1
    rows = [line.split()[:2] for line in ended.out.splitlines()[1:]]
    assert rows == [["2", "failed"], ["1", "done"], [damaged.name, "damaged"]]
    assert ended.err.startswith(f"flowc: the object Squares/{damaged.name}/run.json is damaged (")
    assert ended.err.count("\n") == 1
    assert here("status", "squares.py").out.startswith("Squares/2 ")


def test_a_device_is_written_to_and_stays_one(here: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    written = list(write_all(tmp_path, {"pipe": b"data", "file": b"more"}))
    assert written == [tmp_path / "pipe", tmp_path / "file"]
    assert (os.read(reader, 10), (tmp_path / "pipe").is_fifo(), (tmp_path / "file").read_bytes()) == (b"data", True, b"more")
    os.close(reader)


def test_a_name_that_is_too_long_for_a_file(here: Run) -> None:
    ended = here("status", "x" * 300)
    assert ended.code in (1, 2)
    assert "File name too long" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (59.6, "1 min 00 s"),
        (192, "3 min 12 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
