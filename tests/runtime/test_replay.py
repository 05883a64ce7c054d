"""One task of a run again, which leaves no trace of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.errors import StoreError, TaskError
from flowc.runtime.paths import TaskId
from flowc.runtime.store import LocalStore
from flowc.runtime.store.overlay import Overlay
from flowc.runtime.tasks.replay import Difference, Replayed, find_task, replay

from .conftest import WrittenFlow

Write = Callable[[str], WrittenFlow]

FLOW = """
    import os
    from flowc import *

    class Odd(FlowSpec):
        count = Parameter("count", default=3)

        @step
        def start(self):
            self.words = {"a", "b", "c"}
            self.big = os.urandom(9_000)
            self.numbers = list(range(self.count))
            self.next(self.work, foreach="numbers")

        @retry(times=2, minutes_between_retries=0)
        @step
        def work(self):
            self.tries = current.retry_count
            self.value = self.input * FACTOR
            if self.input == BAD and current.retry_count < 2:
                raise ValueError("as asked")
            self.next(self.join)

        @step
        def join(self, inputs):
            self.total = sum(one.value for one in inputs)
            self.kind = "odd" if self.total % 2 else "even"
            if self.total == WRONG:
                raise KeyError("wrong")
            self.next({"odd": self.odd, "even": self.even}, condition="kind")

        @step
        def odd(self):
            self.next(self.end)

        @step
        def even(self):
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def written(
    write: Write, factor: int = 1, bad: int = -1, wrong: int = -1, change: tuple[str, str] = ("FLOW", "FLOW")
) -> WrittenFlow:
    return write(FLOW.replace("FACTOR", str(factor)).replace("BAD", str(bad)).replace("WRONG", str(wrong)).replace(*change))


def objects(flow: WrittenFlow) -> dict[str, bytes]:
    return {key: data for key in flow.store.list("Odd/") if (data := flow.store.get(key)) is not None}


@pytest.fixture
def again(load: Callable[[WrittenFlow], type[Any]]) -> Callable[..., Replayed]:
    def again(flow: WrittenFlow, step: str, path: str | None = None, run: str = "1", **more: Any) -> Replayed:
        before = objects(flow)
        done = replay(flow.plan, load(flow), flow.store, find_task(flow.store, flow.plan, run, step, path), **more)
        assert objects(flow) == before
        return done

    return again


def changed(done: Replayed) -> dict[str, tuple[str, str, str]]:
    assert done.failure is None, done.failure
    return {one.name: (one.kind, one.before, one.now) for one in done.differences if one.kind != "equal"}


def test_the_same_code_leaves_the_same(write: Write, again: Callable[..., Replayed]) -> None:
    flow = written(write)
    flow.done()
    for step, path in (("work", "2"), ("join", None), ("odd", None), ("end", None)):
        done = again(flow, step, path)
        assert done.recorded
        assert changed(done) == {}
        assert done.ways[0] == done.ways[1]
    done = again(flow, "start")
    assert {name for name, (kind, *_) in changed(done).items() if kind == "changed"} == {"big"}  # it is random
    assert Difference("words", "equal") in done.differences  # though its pickle may be another
    assert done.ways == ("work, 3 times", "work, 3 times")


def test_other_code_leaves_something_else(write: Write, again: Callable[..., Replayed]) -> None:
    flow = written(write)
    flow.done()
    other = written(write, factor=10)
    assert changed(again(other, "work", "2")) == {"value": ("changed", "2", "20")}
    third = written(write, change=("self.total = sum(", "self.sum = self.total = 1 + sum("))
    done = again(third, "join")
    assert changed(done) == {
        "kind": ("changed", "'odd'", "'even'"),
        "sum": ("new", "", "4"),
        "total": ("changed", "3", "4"),
    }
    assert done.ways == ("odd", "even")
    fourth = written(write, change=("self.tries = current", "current"))
    assert changed(again(fourth, "work", "0")) == {"tries": ("gone", "0", "")}


def test_a_task_that_failed(write: Write, again: Callable[..., Replayed]) -> None:
    flow = written(write, wrong=3)
    flow.failed("wrong")
    done = again(flow, "join")
    assert done.failure is not None
    assert (done.failure.type, done.recorded) == ("KeyError", False)
    assert 'raise KeyError("wrong")' in done.failure.traceback
    mended = again(written(write), "join")
    assert not mended.recorded
    assert changed(mended)["total"] == ("new", "", "3")
    assert mended.ways == ("", "odd")


def test_the_attempt_is_the_recorded_one(write: Write, again: Callable[..., Replayed]) -> None:
    flow = written(write, bad=1)
    flow.done()
    assert changed(again(flow, "work", "1")) == {}  # its third attempt made it
    failed = again(flow, "work", "1", attempt=1)
    assert failed.failure is not None
    assert failed.recorded
    assert changed(again(flow, "work", "0", attempt=2)) == {"tries": ("changed", "0", "2")}


def test_the_step_is_called_by_whom_it_is_told(write: Write, again: Callable[..., Replayed]) -> None:
    flow = written(write)
    flow.done()
    called = []

    def call(function: Callable[..., object], *arguments: object) -> object:
        called.append((function.__name__, len(arguments)))
        return function(*arguments)

    again(flow, "work", "0", call=call)
    again(flow, "join", call=call)
    assert called == [("work", 0), ("join", 1)]


def test_a_task_of_a_platforms_run(write: Write, again: Callable[..., Replayed]) -> None:
    flow = written(write, wrong=1)
    ran = flow.orchestrated("sfn-8c1e", attempts=1, FLOWC_PARAMETERS='{"count": 2}')
    assert ran.codes["join", "-"] == 1
    failed = again(flow, "join", run="sfn-8c1e")
    assert failed.failure is not None
    assert (failed.failure.type, failed.recorded) == ("KeyError", False)
    assert changed(again(written(write), "join", run="sfn-8c1e"))["total"] == ("new", "", "1")


def test_which_task_is_meant(write: Write) -> None:
    flow = written(write)
    flow.done()
    assert find_task(flow.store, flow.plan, "1", "start", None) == TaskId("1", "start", "-")
    assert find_task(flow.store, flow.plan, "1", "work", "2") == TaskId("1", "work", "2")
    with pytest.raises(TaskError, match="run 1 has 3 tasks of `work`: name one, as in 1/work/0, 1/work/1, 1/work/2"):
        find_task(flow.store, flow.plan, "1", "work", None)
    with pytest.raises(TaskError, match="run 2 has begun no task of `work`"):
        find_task(flow.store, flow.plan, "2", "work", None)
    with pytest.raises(TaskError, match="does not fit step `work`"):
        find_task(flow.store, flow.plan, "1", "work", "1.2")
    with pytest.raises(TaskError, match="run 1 has no task work/3: its foreach has 3 items, counted from 0"):
        find_task(flow.store, flow.plan, "1", "work", "3")
    with pytest.raises(TaskError, match="'02' is not a path of a task"):
        find_task(flow.store, flow.plan, "1", "work", "02")
    flow.run({"count": 1})
    assert find_task(flow.store, flow.plan, "2", "work", None) == TaskId("2", "work", "0")


def test_values_that_cannot_be_shown(write: Write, again: Callable[..., Replayed]) -> None:
    text = """
        from flowc import *

        class Mute:
            def __repr__(self):
                raise RuntimeError("no")

            def __eq__(self, other):
                raise RuntimeError("no")

        class Odd(FlowSpec):
            @step
            def start(self):
                self.mute = [Mute(), NUMBER]
                self.long = "x" * 500 + str(NUMBER)
                self.next(self.end)

            @step
            def end(self):
                pass
        """
    flow = write(text.replace("NUMBER", "1"))
    flow.done()
    other = flow.file.read_text().replace("Mute(), 1", "Mute(), 2").replace("str(1)", "str(2)")
    flow.file.write_text(other)
    sys.modules.pop(flow.file.stem, None)
    found = changed(again(flow, "start"))
    assert found["mute"] == ("changed", "(it cannot be shown: RuntimeError)", "(it cannot be shown: RuntimeError)")
    assert len(found["long"][1]) == 60


def test_an_overlay_reads_through_and_writes_aside(tmp_path: Path) -> None:
    base, aside = LocalStore(tmp_path / "base"), LocalStore(tmp_path / "aside")
    for key in ("a/1", "a/2", "b/1"):
        base.put(key, f"base {key}".encode())
    both = Overlay(base, aside, hidden=("a/2",))
    assert both.url == base.url
    assert both.get("a/1") == b"base a/1"
    assert both.get("a/2") is None
    assert both.put_new("a/2", b"new")
    assert not both.put_new("a/1", b"new")
    assert not both.put_new("a/2", b"newer")
    both.put("b/1", b"changed")
    both.copy("a/1", "c/1")
    both.copy("a/2", "c/2")
    upload = both.create("d")
    upload.write(b"uploaded")
    upload.commit("d/1")
    keys = ["a/1", "a/2", "a/3", "b/1", "c/1", "c/2", "d/1"]
    assert list(both.get_many(keys)) == [b"base a/1", b"new", None, b"changed", b"base a/1", b"new", b"uploaded"]
    assert sorted(both.list("")) == ["a/1", "a/2", "b/1", "c/1", "c/2", "d/1"]
    assert sorted(both.list("a/")) == ["a/1", "a/2"]
    assert sorted(both.folders("")) == ["a", "b", "c", "d"]
    with both.open("b/1") as file:
        assert file.read() == b"changed"
    buffer = bytearray(3)
    both.read_into("a/1", memoryview(buffer), 5)
    assert buffer == b"a/1"
    assert both.file("a/1") == base.file("a/1")
    assert both.file("d/1") == aside.file("d/1")
    with pytest.raises(StoreError):
        both.open("nothing/here")
    assert sorted(base.list("")) == ["a/1", "a/2", "b/1"]
    assert base.get("b/1") == b"base b/1"
    assert sorted(os.listdir(tmp_path / "base")) == ["a", "b"]
