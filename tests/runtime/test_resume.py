"""A run that is resumed ends with what a run that never failed has."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from graphs import Shape, shapes, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.compiler import Source, compile_source
from flowc.compiler.plan import plan_of
from flowc.runtime.failure import Failure
from flowc.runtime.language.flowspec import FlowSpec
from flowc.runtime.local.tree import Walk
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import Plan, parse_plan
from flowc.runtime.records.manifest import Manifest, read_manifest
from flowc.runtime.records.parameters import read_parameters
from flowc.runtime.records.runs import begin_run, new_record, read_run, write_plan
from flowc.runtime.resume.begin import Resumption, fill
from flowc.runtime.resume.decide import Decision, decide, tell
from flowc.runtime.resume.survey import Ready, from_text, survey
from flowc.runtime.store import LocalStore, Store
from flowc.runtime.tasks.task import execute

from .conftest import Ran, WrittenFlow
from .test_interrupt import DRIVER, alive

Write = Callable[[str], WrittenFlow]


def resumed(flow: WrittenFlow, run: str | None = None, again_from: str | None = None, **more: Any) -> tuple[Ran, Decision]:
    found = from_text(survey(flow.store, flow.plan.flow, run).to_text())
    decision = decide(flow.plan, found, again_from)
    return flow.run(resumption=Resumption(decision.origin, decision.reused), **more), decision


def rewritten(flow: WrittenFlow, write: Write, *changes: tuple[str, str]) -> WrittenFlow:
    """The same flow with its text changed, over the same store. It is another module, for this process has imported the first."""
    text = flow.file.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return write(text)


def kept(store: Store, flow: str, run: str) -> dict[tuple[str, str], Manifest]:
    found = {}
    for task in survey(store, flow, run).committed:
        manifest = read_manifest(store, flow, TaskId(run, *task))
        assert manifest is not None
        found[task] = manifest
    return found


# Random graphs, task by task in this process.

FAILING = """
    if (current.step_name, current.task_id) == FAILS[0]:
        raise ValueError("as asked")
"""


def ran(
    plan: Plan,
    flow_class: type[FlowSpec],
    store: Store,
    run: str,
    chance: random.Random,
    reused: Mapping[Ready, tuple[str | None, int | None]] | None = None,
) -> list[Ready]:
    """Run what can run in some order, until nothing can; the tasks in the order in which they ended."""
    walk = Walk(plan)
    done: list[Ready] = []
    ready: list[Ready] = []
    while True:
        while (task := walk.take()) is not None:
            if reused and task in reused:
                walk.end(task, *reused[task])
            else:
                ready.append(task)
        if not ready:
            return done
        task = ready.pop(chance.randrange(len(ready)))
        outcome = execute(plan, flow_class, store, TaskId(run, *task), 0, parameters=None if reused is not None else {})
        if not isinstance(outcome, Failure):
            done.append(task)
            walk.end(task, outcome.chose, outcome.cardinality)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(shapes, st.randoms(use_true_random=False))
def test_random_flows_fail_anywhere(shape: list[Shape], chance: random.Random) -> None:
    text = source(shape, living=True)
    compiled = compile_source(Source("flow.py", text))
    assert compiled.flow is not None, compiled.diagnostics
    document = plan_of(compiled.flow)
    plan = parse_plan(document)
    names: dict[str, Any] = {"FAILS": [None]}
    head, middle, tail = text.partition("def live(self, inputs, cases):")
    exec(head + middle + FAILING + tail, names)
    flow_class, fails = names["Random"], names["FAILS"]

    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(folder)
        every = ran(plan, flow_class, store, "whole", chance)
        whole = kept(store, plan.flow, "whole")
        assert set(whole) == set(every)
        for number, task in enumerate(chance.sample(every, min(4, len(every)))):
            failed, again = f"failed-{number}", f"again-{number}"
            fails[0] = task
            write_plan(store, plan.flow, failed, document)
            before = ran(plan, flow_class, store, failed, chance)
            assert task not in before
            fails[0] = None
            decision = decide(plan, from_text(survey(store, plan.flow, failed).to_text()))
            assert set(decision.reused) == set(before)
            assert decision.again[task] == f"it failed in run {failed}"
            assert decision.changed == ()
            assert not decision.over
            assert dict(tell(plan, decision)).keys() == plan.steps.keys()
            fill(store, plan, flow_class, again, Resumption(failed, decision.reused), None)
            after = ran(plan, flow_class, store, again, chance, decision.reused)
            assert not set(before) & set(after)
            assert set(before) | set(after) == set(every)
            found = kept(store, plan.flow, again)
            assert {name: one.artifacts for name, one in found.items()} == {name: one.artifacts for name, one in whole.items()}
            assert {name: one.chose for name, one in found.items()} == {name: one.chose for name, one in whole.items()}
            assert {name for name, one in found.items() if one.origin == failed} == set(before)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(shapes, st.randoms(use_true_random=False))
def test_random_flows_run_again_from_any_step(shape: list[Shape], chance: random.Random) -> None:
    text = source(shape, living=True)
    compiled = compile_source(Source("flow.py", text))
    assert compiled.flow is not None
    plan = parse_plan(plan_of(compiled.flow))
    names: dict[str, Any] = {}
    exec(text, names)
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(folder)
        every = ran(plan, names["Random"], store, "whole", chance)
        found = survey(store, plan.flow, "whole")
        assert decide(plan, found).over
        step = chance.choice(sorted({step for step, _ in every}))
        decision = decide(plan, found, step)
        assert not decision.over
        assert not {path for name, path in decision.reused if name == step}
        # Nothing is taken over that comes after a task of that step: its history would name one.
        for task in decision.reused:
            manifest = read_manifest(store, plan.flow, TaskId("whole", *task))
            assert manifest is not None
            from flowc.runtime.artifacts import Artifacts

            history = Artifacts(store, plan.flow, "whole").load("history", manifest.artifacts["history"])
            assert step not in {name for name, _ in history}  # type: ignore[attr-defined]
        fill(store, plan, names["Random"], "again", Resumption("whole", decision.reused), None)
        after = ran(plan, names["Random"], store, "again", chance, decision.reused)
        assert sorted([*decision.reused, *after]) == sorted(every)


# The scheduler.

SUMS = """
    import os
    from flowc import *

    class Sums(FlowSpec):
        count = Parameter("count", default=4)

        @step
        def start(self):
            self.numbers = list(range(self.count))
            self.big = "x" * 10_000
            self.next(self.square, foreach="numbers")

        @step
        def square(self):
            self.ran_in = current.run_id
            if self.input == BAD:
                raise ValueError("as asked")
            self.result = self.input ** 2
            self.next(self.join)

        @step
        def join(self, inputs):
            self.runs = [one.ran_in for one in inputs]
            self.total = sum(one.result for one in inputs)
            self.next(self.end)

        @step
        def end(self):
            self.count_too = self.count
    """


def test_what_failed_runs_again(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "2"))
    flow.failed("as asked", max_workers=1, parameters={"count": 3})
    mended = rewritten(flow, write, ("== 2:", "== -1:"))
    done, decision = resumed(mended)
    assert done.result is not None
    assert done.result.ok, done.err
    assert decision.again == {("square", "2"): "it failed in run 1"}
    assert decision.changed == ("square",)
    assert done.value("join", "runs") == ["1", "1", "2"]
    assert done.value("end", "total") == 5
    assert done.value("end", "count_too") == 3
    assert done.manifest("start").origin == "1"
    assert done.manifest("square", "2").origin is None
    assert "run Sums/2 resumes run 1 and reuses 3 tasks of it" in done.err
    record = read_run(flow.store, "Sums", "2")
    assert record is not None
    assert record.origin == "1"


def test_a_resumed_run_can_be_resumed_and_stands_alone(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "2"))
    flow.failed(max_workers=1, parameters={"count": 3})
    again = rewritten(flow, write, ("self.total = sum(", "self.total = bug("))
    failed, _ = resumed(rewritten(again, write, ("== 2:", "== -1:")))
    assert failed.result is not None
    assert not failed.result.ok
    last = rewritten(flow, write, ("== 2:", "== -1:"))
    for key in list(flow.store.list("Sums/1/")):
        os.unlink(f"{flow.store.root}/{key}")
    done, decision = resumed(last)
    assert decision.origin == "2"
    assert len(decision.reused) == 4
    assert done.value("end", "total") == 5
    assert [done.manifest("square", path).origin for path in "012"] == ["1", "1", "2"]
    assert done.manifest("join").origin is None
    for key in list(flow.store.list("Sums/2/")):
        os.unlink(f"{flow.store.root}/{key}")
    assert done.value("start", "big") == "x" * 10_000


def test_a_start_that_failed_has_its_parameters_again(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "9").replace("self.numbers = list(range(self.count))", "self.numbers = nothing"))
    flow.failed("NameError", max_workers=1, parameters={"count": 2})
    assert read_parameters(flow.store, "Sums", "1") is not None
    mended = rewritten(
        flow,
        write,
        ("self.numbers = nothing", "self.numbers = list(range(self.count + self.more))"),
        (
            'count = Parameter("count", default=4)',
            'count = Parameter("count", default=4)\n    more = Parameter("more", default=1)',
        ),
    )
    done, decision = resumed(mended)
    assert done.result is not None
    assert done.result.ok, done.err
    assert not decision.reused
    assert done.value("end", "count_too") == 2
    assert done.value("end", "total") == 5


def test_a_parameter_that_is_new_is_there_after_reused_tasks(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "1"))
    flow.failed(max_workers=1)
    added = (
        'count = Parameter("count", default=4)',
        'count = Parameter("count", default=4)\n    more = Parameter("more", default=7)',
    )
    done, _ = resumed(rewritten(flow, write, ("== 1:", "== -1:"), ("count_too = self.count", "count_too = self.more"), added))
    assert done.value("end", "count_too") == 7
    assert done.value("square", "more", "0") == 7


def test_a_parameter_that_is_new_and_required_is_named(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "1"))
    flow.failed(max_workers=1)
    added = (
        'count = Parameter("count", default=4)',
        'count = Parameter("count", default=4)\n    more = Parameter("more", required=True)',
    )
    with pytest.raises(Exception, match="no value for the parameter `more`, which is new since and has no default"):
        resumed(rewritten(flow, write, ("== 1:", "== -1:"), added))


def test_a_run_by_containers_is_resumed(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "1"))
    broken = flow.orchestrated("argo-x7k2p", FLOWC_PARAMETERS='{"count": 3}')
    assert broken.codes["square", "1"] == 1
    done, decision = resumed(rewritten(flow, write, ("== 1:", "== -1:")), "argo-x7k2p")
    assert decision.origin == "argo-x7k2p"
    assert len(decision.reused) >= 2
    assert decision.changed == ("square",)
    assert done.value("end", "total") == 5
    assert done.value("end", "count_too") == 3
    assert done.manifest("start").origin == "argo-x7k2p"


CHANGES = [
    # what is changed, what runs again first, why
    ((("self.result = self.input ** 2", "self.result = self.input ** 3"),), {"join"}, "it failed in run 1"),
    (
        (("self.next(self.join)", "self.next(self.more)\n\n    @step\n    def more(self):\n        self.next(self.join)"),),
        {"more"},
        "it is new",
    ),
    (
        (('foreach="numbers"', 'foreach="others"'), ("self.big =", "self.others = [1]; self.big =")),
        {"start"},
        "its foreach is over `others` now",
    ),
    ((("def square", "def squared"), ("self.next(self.square,", "self.next(self.squared,")), {"squared"}, "it is new"),
]


@pytest.mark.parametrize(("changes", "again", "why"), CHANGES, ids=[why for _, _, why in CHANGES])
def test_the_code_may_change(write: Write, changes: Any, again: set[str], why: str) -> None:
    flow = write(SUMS.replace("BAD", "-1").replace("self.total = sum(", "self.total = bug("))
    flow.failed("bug")
    mended = rewritten(flow, write, ("bug(", "sum("), *changes)
    done, decision = resumed(mended)
    assert done.result is not None
    assert done.result.ok, done.err
    assert {step for step, _ in decision.again} == again
    assert set(decision.again.values()) == {why}


SHAPED = """
    from flowc import *

    class Shaped(FlowSpec):
        @step
        def start(self):
            self.trail = ["start"]
            self.kind = "x"
            NEXT

        @step
        def a(self):
            self.trail = self.trail + ["a"]
            self.next(self.A)

        @step
        def b(self):
            self.trail = self.trail + ["b"]
            self.next(self.B)

        @step
        def c(self):
            self.trail = self.trail + ["c"]
            if BAD:
                raise ValueError("as asked")
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def shaped(next: str, a: str, b: str, *, bad: bool) -> str:
    text = SHAPED.replace("NEXT", f"self.next({next})").replace("self.A)", f"self.{a})").replace("self.B)", f"self.{b})")
    return text.replace("BAD", str(bad))


@pytest.mark.parametrize(
    ("before", "after", "again", "trail"),
    [
        # steps change places
        (("self.a", "b", "c"), ("self.b", "c", "a"), {"b": "other steps come before it now"}, ["start", "b", "a", "c"]),
        # what went one way has two
        (
            ("self.a", "b", "c"),
            ("{'x': self.b, 'y': self.a}, condition='kind'", "b", "c"),
            {"start": "the way that it chose is gone"},
            ["start", "b", "c"],
        ),
        # a switch has another case, and takes what it took
        (
            ("{'x': self.a, 'y': self.b}, condition='kind'", "c", "c"),
            ("{'x': self.a, 'y': self.b, 'z': self.c}, condition='kind'", "c", "c"),
            {"c": "it failed in run 1"},
            ["start", "a", "c"],
        ),
        # the case that was taken is gone
        (
            ("{'x': self.a, 'y': self.b}, condition='kind'", "c", "c"),
            ("{'x': self.b, 'y': self.c}, condition='kind'", "b", "c"),
            {"start": "the way that it chose is gone"},
            ["start", "b", "c"],
        ),
    ],
)  # fmt: skip
def test_the_graph_may_change(
    write: Write, before: tuple[str, str, str], after: tuple[str, str, str], again: dict[str, str], trail: list[str]
) -> None:
    flow = write(shaped(*before, bad=True))
    flow.failed("as asked", max_workers=1)
    text = shaped(*after, bad=False)
    if "self.a" not in text.replace("def a(self)", ""):
        text = re.sub(r"@step\n +def a\(self\):(\n.*){2}", "", text, count=1)
    done, decision = resumed(write(text))
    assert done.result is not None
    assert done.result.ok, done.err
    assert {step: why for (step, _), why in decision.again.items()} == again
    assert done.value("end", "trail") == trail


LOOP = """
    from flowc import *

    class Loop(FlowSpec):
        @step
        def start(self):
            self.count = 0
            self.next(self.turn)

        @step
        def turn(self):
            self.count += 1
            self.more = "yes" if self.count < 6 else "no"
            if self.count == BAD:
                raise ValueError("as asked")
            self.next({"yes": self.turn, "no": self.end}, condition="more", max_iterations=20)

        @step
        def end(self):
            pass
    """


def test_a_loop_goes_on_with_the_turn_that_failed(write: Write) -> None:
    flow = write(LOOP.replace("BAD", "4"))
    flow.failed("as asked", max_workers=1)
    done, decision = resumed(rewritten(flow, write, ("== 4:", "== -1:")))
    assert decision.again == {("turn", "~3"): "it failed in run 1"}
    assert done.value("end", "count") == 6


def test_a_loop_that_may_not_go_so_far_any_more(write: Write) -> None:
    flow = write(LOOP.replace("BAD", "4"))
    flow.failed("as asked", max_workers=1)
    _, decision = resumed(rewritten(flow, write, ("== 4:", "== -1:"), ("max_iterations=20", "max_iterations=3")))
    assert decision.again == {("turn", "~2"): "its loop has 3 turns at the most now"}


def test_what_is_lost_or_damaged_runs_again(write: Write) -> None:
    text = SUMS.replace("BAD", "-1").replace("self.total = sum(", "self.total = bug(").replace("self.big =", "self.small =")
    flow = write(
        text.replace(
            "self.result = self.input ** 2", "self.result = self.input ** 2\n            self.large = str(self.input) * 9_999"
        )
    )
    failed = flow.failed("bug")
    large = failed.manifest("square", "1").artifacts["large"]
    os.unlink(f"{flow.store.root}/Sums/1/blobs/{large.sha256}")  # type: ignore[union-attr]
    flow.store.put("Sums/1/square/2/manifest.json", flow.store.get("Sums/1/square/2/manifest.json")[:-5])  # type: ignore[index]
    done, decision = resumed(rewritten(flow, write, ("bug(", "sum(")))
    assert decision.again == {
        ("square", "1"): "its artifact `large` is lost in run 1",
        ("square", "2"): "its manifest is damaged in run 1",
    }
    assert done.value("end", "total") == 14
    assert done.value("join", "runs") == ["1", "2", "2", "1"]


def test_the_latest_run_is_resumed(write: Write) -> None:
    flow = write(SUMS.replace("BAD", "1"))
    for run, seconds in (("9", 5.0), ("nightly", 7.0), ("10", 6.0)):
        record = new_record(target="argo", user=None)
        begin_run(
            flow.store, "Sums", run, type(record)(**{**{n: getattr(record, n) for n in record.__slots__}, "created": seconds})
        )
    assert survey(flow.store, "Sums", None).run == "nightly"
    with pytest.raises(Exception, match=r"there is no run 11 of Sums in .*; the latest there are nightly, 10, 9"):
        survey(flow.store, "Sums", "11")
    with pytest.raises(Exception, match="there is no run of Other in"):
        survey(flow.store, "Other", None)


STOPPED = """
    import os, time
    from flowc import *

    class Stopped(FlowSpec):
        @step
        def start(self):
            self.items = list(range(12))
            self.next(self.work, foreach="items")

        @step
        def work(self):
            self.ran_in = current.run_id
            time.sleep(PAUSE if self.input > 5 else 0)
            self.result = self.input * 3
            self.next(self.join)

        @step
        def join(self, inputs):
            self.results = [one.result for one in inputs]
            self.runs = {one.ran_in for one in inputs}
            self.next(self.end)

        @step
        def end(self):
            pass
    """


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_is_resumed(write: Write, tmp_path: Path, number: int) -> None:
    flow = write(STOPPED.replace("PAUSE", "60"))
    command = [sys.executable, "-c", DRIVER, str(flow.file), "1"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    end = time.monotonic() + 60
    while len(list((tmp_path / "store").glob("Stopped/1/work/*/manifest.json"))) < 6:
        assert time.monotonic() < end
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    os.kill(run.pid, number)
    run.communicate()
    assert not alive(run.pid)
    done, decision = resumed(rewritten(flow, write, ("60 if", "0 if")))
    assert len(decision.reused) == 7
    assert set(decision.again.values()) <= {"run 1 did not come to it", "it failed in run 1"}
    assert done.value("join", "results") == [3 * one for one in range(12)]
    assert done.value("join", "runs") == {"1", "2"}


def test_ten_thousand_tasks(tmp_path: Path) -> None:
    """What is reused costs little, and is held in little memory."""
    text = STOPPED.replace("range(12)", "range(10_000)").replace("PAUSE", "0")
    import textwrap

    compiled = compile_source(Source("flow.py", textwrap.dedent(text)))
    assert compiled.flow is not None
    plan, store = parse_plan(plan_of(compiled.flow)), LocalStore(tmp_path)
    from flowc.runtime.records.manifest import Inline, commit_manifest

    entries = {"items": Inline("gARLBi4="), "ran_in": Inline("gARLBi4=")}
    for task, cardinality in itertools.chain([("start/-", 10_000)], ((f"work/{index}", None) for index in range(10_000))):
        step, path = task.split("/")
        manifest = Manifest(attempt=0, started=0, ended=0, chose=None, cardinality=cardinality, artifacts=entries)
        commit_manifest(store, "Stopped", TaskId("1", step, path), manifest)
    found = from_text(survey(store, "Stopped", "1").to_text())
    decision = decide(plan, found)
    assert len(decision.reused) == 10_001
    assert set(decision.again) == {("join", "-")}
    fill(store, plan, FlowSpec, "2", Resumption("1", decision.reused), None)
    assert len(survey(store, "Stopped", "2").committed) == 10_001
