"""What a local run leaves beside its tasks' own objects, and the helper process that writes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.errors import StoreError
from flowc.runtime.local import keeper
from flowc.runtime.local.attempts import Attempt
from flowc.runtime.local.keeper import ForkedKeeper
from flowc.runtime.local.messages import Helper
from flowc.runtime.local.processes import Pool, Stopped
from flowc.runtime.local.scheduler import _LocalRun
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import attempts_with_logs, read_lines
from flowc.runtime.records.runs import read_result, read_run
from flowc.runtime.store import LocalStore, open_store

FLOW = """
    import os, sys, time
    from flowc import *

    class Kept(FlowSpec):
        @step
        def start(self):
            self.items = list(range(COUNT))
            self.next(self.work, foreach="items")

        @retry(times=1, minutes_between_retries=0)
        @step
        def work(self):
            BODY
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def kept(write, body: str, count: int = 3):
    return write(FLOW.replace("COUNT", str(count)).replace("BODY", body))


class Elsewhere:
    """A store that is no local one, for all that anybody can see; some of its methods are others."""

    def __init__(self, store: LocalStore, **others: Any) -> None:
        self._store = store
        vars(self).update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def lines(ran, step: str, path: str = "-", attempt: int = 0) -> list[tuple[bool, str]]:
    found = read_lines(ran.flow.store, ran.flow.plan.flow, ran.task(step, path), attempt)
    return [(line.is_error, line.text) for line in found]


def test_logs(write):
    ran = kept(write, "print('out', self.input, flush=True); os.write(2, b'err\\xff\\n'); assert current.retry_count").done()
    name = ran.flow.plan.flow
    for path in "012":
        assert attempts_with_logs(ran.flow.store, name, ran.task("work", path)) == (0, 1)
        assert sorted(lines(ran, "work", path, 1)) == [(False, f"out {path}"), (True, "err\ufffd")]
        first = lines(ran, "work", path, 0)
        assert first[2] == (True, "Traceback (most recent call last):")
        assert first[-1] == (True, "AssertionError")
    assert attempts_with_logs(ran.flow.store, name, ran.task("start")) == ()


@pytest.mark.parametrize("method", ["fork", "spawn", "inline"])
def test_records_of_the_run(write, method):
    flow = kept(write, "print('a line')")
    ran = flow.done(tags=("x", "y"), method=method)
    assert lines(ran, "work", "1") == [(False, "a line")]
    record = read_run(flow.store, "Kept", "1")
    assert record is not None
    assert (record.target, record.tags) == ("local", ("x", "y"))
    assert flow.store.get("Kept/1/plan.json")
    result = read_result(flow.store, "Kept", "1")
    assert result is not None
    assert (result.ok, result.message) == (True, None)
    assert time.time() - 60 < record.created < result.ended < time.time()
    failing = kept(write, "1 / 0")
    failing.failed("the task work/", method=method)
    result = read_result(failing.store, "Kept", "2")
    assert result is not None
    assert not result.ok
    assert "failed in its 2 attempts" in str(result.message)


def test_a_log_can_be_read_while_its_task_runs(write, tmp_path):
    flow = kept(
        write,
        f"print('early', flush=True)\n            while not os.path.exists({str(tmp_path / 'seen')!r}): time.sleep(0.05)",
        count=1,
    )
    log = tmp_path / "store" / "Kept" / "1" / "work" / "0" / "log-0" / "000000"
    watch = f"while [ ! -e {log} ]; do sleep 0.1; done; touch {tmp_path / 'seen'}"
    watcher = subprocess.Popen(["sh", "-c", watch])
    flow.done()
    assert watcher.wait() == 0


def test_many_logs_elsewhere(write):
    """Several threads write them, each log in order."""
    flow = kept(write, "for n in range(2000): print(n)", count=20)
    ran = flow.run(store_of=lambda store: Elsewhere(store))
    assert ran.result.ok, ran.err
    for path in range(20):
        assert lines(ran, "work", str(path)) == [(False, str(n)) for n in range(2000)]


def test_a_task_that_prints_faster_than_the_store_takes(write, monkeypatch):
    """It has to wait: nothing is lost, and nothing piles up."""
    most = 0

    def full(self: ForkedKeeper) -> bool:
        nonlocal most
        most = max(most, len(self._unsent) + self._batched)
        return bool(most_full(self))

    most_full: Any = vars(Helper)["full"].fget
    monkeypatch.setattr(ForkedKeeper, "full", property(full))

    def put(key: str, data: bytes) -> None:
        if "/log-" in key:
            time.sleep(0.1)
        local.put(key, data)

    flow = kept(write, "for n in range(200_000): print('x' * 100, n)", count=1)
    local = flow.store
    ran = flow.run(store_of=lambda store: Elsewhere(store, put=put))
    assert ran.result.ok, ran.err[-3000:]
    assert ran.out.count("\n") == 200_000
    assert [text for _, text in lines(ran, "work", "0")] == ["x" * 100 + f" {n}" for n in range(200_000)]
    assert 1 << 20 < most < 4 << 20


def test_a_store_that_takes_no_logs_is_warned_of_once(write):
    def put(key: str, data: bytes) -> None:
        if "/log-" in key:
            raise StoreError("it is full")
        flow.store.put(key, data)

    flow = kept(write, "print('hello')", count=10)
    ran = flow.run(store_of=lambda store: Elsewhere(store, put=put))
    assert ran.result.ok, ran.err
    assert ran.err.count("it is full") == 1
    assert "cannot be kept" in ran.err


def test_a_store_that_takes_no_records_ends_the_run(write):
    def put(key: str, data: bytes) -> None:
        if "attempt-" in key:
            raise StoreError("no room for it")
        flow.store.put(key, data)

    flow = kept(write, "os._exit(3)", count=2)
    ran = flow.run(store_of=lambda store: Elsewhere(store, put=put))
    assert ran.result.exit_code == 1
    assert ran.err.count("no room for it") == 1
    result = read_result(flow.store, "Kept", "1")
    assert result is not None
    assert "no room" in str(result.message)


def test_a_store_where_no_run_can_begin(write):
    def put_new(key: str, data: bytes) -> bool:
        raise StoreError("you may not")

    flow = kept(write, "pass")
    with pytest.raises(StoreError, match="you may not"):
        flow.run(store_of=lambda store: Elsewhere(store, put_new=put_new))


def test_a_helper_that_is_killed(write):
    ran = kept(write, "self.input == 1 and os.system('kill -9 $(cat helper)'); time.sleep(5)").run(
        store_of=lambda store: Elsewhere(store, put_new=note_helper(store))
    )
    assert ran.result.exit_code == 1
    assert "is not done: the process that keeps the run's records and logs has been killed; " in ran.err


def note_helper(store: LocalStore):
    def put_new(key: str, data: bytes) -> bool:
        if key.endswith("run.json"):
            Path("helper").write_text(str(os.getpid()))
        return store.put_new(key, data)

    return put_new


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_helper_that_hangs_does_not_keep_a_stopped_run(write, monkeypatch):
    monkeypatch.setattr(keeper, "PATIENCE", 1.0)
    monkeypatch.setattr("flowc.runtime.local.scheduler.PATIENCE", 1.0)

    def put(key: str, data: bytes) -> None:
        if key.endswith("result.json"):
            time.sleep(600)
        flow.store.put(key, data)

    flow = kept(write, "1 / 0")
    began = time.monotonic()
    ran = flow.run(store_of=lambda store: Elsewhere(store, put=put, put_new=note_helper(store)))
    assert time.monotonic() - began < 60
    assert "failed in its 2 attempts" in ran.err
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("helper").read_text()), 0)


DRIVER = """
import sys
from pathlib import Path
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_of
from flowc.runtime.plan import parse_plan
file = Path(sys.argv[1])
from flowc.runtime.local.scheduler import run_locally
run_locally(parse_plan(plan_of(compile_bytes(file.name, file.read_bytes()).flow)), file, {}, store="store")
"""


def test_a_run_that_is_killed_says_so(write):
    flow = kept(write, "print('said'); sys.stdout.flush(); open(f'up-{self.input}', 'w').close(); time.sleep(60)", count=2)
    run = subprocess.Popen([sys.executable, "-c", DRIVER, str(flow.file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(Path().glob("up-*"))) < 2:
        assert run.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)  # for its line to be read
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    while (result := read_result(flow.store, "Kept", "1")) is None:
        time.sleep(0.02)
    assert (result.ok, result.message) == (False, "the process that ran it was killed")
    assert flow.store.get("Kept/1/work/0/log-0/000000")


def test_a_run_that_is_killed_when_all_is_done_has_succeeded(write):
    flow = kept(write, "pass")
    killed = "import os; from flowc.runtime.local import keeper; keeper.ForkedKeeper.finish = lambda *_: os.kill(os.getpid(), 9)"
    run = subprocess.run([sys.executable, "-c", f"{killed}\n{DRIVER}", str(flow.file)], capture_output=True)
    assert run.returncode == -signal.SIGKILL
    while (result := read_result(flow.store, "Kept", "1")) is None:
        time.sleep(0.02)
    assert (result.ok, result.message) == (True, None)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_run_that_is_stopped_when_all_is_done_has_succeeded(write, monkeypatch, method):
    flow = kept(write, "pass")
    monkeypatch.setattr("flowc.runtime.local.scheduler._LocalRun._done", stopped_at_the_end(_LocalRun._done))
    ran = flow.done(method=method)  # as where the signal comes between the end's commit and its news
    assert "run Kept/1 is done" in ran.err
    result = read_result(flow.store, "Kept", "1")
    assert result is not None
    assert (result.ok, result.message) == (True, None)


def stopped_at_the_end(done: Callable[..., Any]) -> Callable[..., Any]:
    """What notes that a task is done, but for the last one: then a signal comes."""

    def note(run: _LocalRun, attempt: Attempt, *more: Any) -> Any:
        if attempt.task.step == "end":
            raise Stopped(signal.SIGINT)
        return done(run, attempt, *more)

    return note


def test_the_parent_does_not_use_the_store(write):
    """Whatever a method, it is called in other processes."""
    pid, flow = os.getpid(), kept(write, "print(1); os._exit(1) if not current.retry_count else None")

    class Elsewhere2(Elsewhere):
        def __getattr__(self, name: str) -> Any:
            assert os.getpid() != pid or name in ("url", "prepare"), name
            return super().__getattr__(name)

    ran = flow.run(store_of=Elsewhere2)
    assert ran.result.ok, ran.err


@pytest.mark.parametrize("method", ["fork", "spawn", "inline"])
def test_on_a_real_object_store(write, s3_place, method):
    """The parent forks after its helper has begun to use the store; logs of many tasks go there at once."""
    body = "print('at', self.input)" + ("" if method == "inline" else "; os._exit(1) if not current.retry_count else None")
    flow = kept(write, body, count=12)
    place = f"{s3_place}/kept-{method}"
    ran = flow.run(store_of=lambda _store: place, method=method)
    assert ran.result.ok, ran.err
    store = open_store(place)
    task = TaskId(ran.run_id, "work", "7")
    last = attempts_with_logs(store, "Kept", task)[-1]
    assert [line.text for line in read_lines(store, "Kept", task, last)] == ["at 7"]
    result = read_result(store, "Kept", ran.run_id)
    assert result is not None
    assert result.ok


def test_what_a_task_leaves_behind_may_print_for_ever():
    """In a session of its own it outlives the task, and holds the pipes."""
    source = "import os\nwhile True: os.write(1, b'\\n' * 65536)"

    def job() -> bytes:
        subprocess.Popen([sys.executable, "-c", source], start_new_session=True, stderr=subprocess.DEVNULL)
        time.sleep(1)
        return b"done"

    with Pool(lambda name, is_error, line: None) as pool:
        pool.start("leaves", job)
        assert [one.report for one in pool.wait(None)] == [b"done"]
