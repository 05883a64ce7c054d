"""Joins: `inputs` and `merge_artifacts`."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
from remote_store import RemoteStore

from flowc.runtime.errors import ArtifactError, TaskError
from flowc.runtime.language.inputs import Inputs
from flowc.runtime.tasks.binding import Binding

SPLIT = """
    class Merge(FlowSpec):
        alpha = Parameter("alpha", default=1)

        @step
        def start(self):
            self.common = [1, 2]
            self.big = "x" * 10000
            self.next(self.a, self.b)

        @step
        def a(self):
            self.only_a = "a"
            self.differs = "a"
            self._hidden = "a"
            self.next(self.join)

        @step
        def b(self):
            self.only_b = "b"
            self.differs = "b"
            self.next(self.join)

        @step
        def join(self, inputs):
            BODY
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def test_merge_with_exclude(write):
    ran = write(SPLIT.replace("BODY", "self.merge_artifacts(inputs, exclude=['differs'])")).done()
    assert set(ran.values("join")) == {"alpha", "common", "big", "only_a", "only_b"}
    assert ran.manifest("join").artifacts["big"] == ran.manifest("start").artifacts["big"]


def test_what_is_set_is_not_merged(write):
    ran = write(
        SPLIT.replace("BODY", "self.differs = inputs.a.differs; self.merge_artifacts(inputs); self.read = self.only_b")
    ).done()
    assert ran.value("end", "differs") == "a"
    assert ran.value("end", "read") == "b"


def test_merge_with_include(write):
    ran = write(SPLIT.replace("BODY", "self.merge_artifacts(inputs, include=['only_a'])")).done()
    assert set(ran.values("end")) == {"alpha", "only_a"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("self.merge_artifacts(inputs)", "cannot merge `differs`: it differs between `a` and `b`"),
        ("self.merge_artifacts(inputs, include=['nowhere'])", "cannot merge `nowhere`: no input has it"),
        ("self.merge_artifacts(inputs, include=['only_a'], exclude=['only_b'])", "`include` are mutually exclusive"),
        ("print(self.common)", "a join starts without artifacts; read inputs[0].common"),
        ("inputs.c", "no task of a step `c`; the steps before this join are a, b"),
        ("inputs.a.only_c", "the task a has no artifact `only_c`; did you mean `only_a`?"),
        ("inputs[2]", "inputs has 2 tasks, and no index 2"),
        ("inputs[0].next(self.end)", "call it on self"),
    ],
)
def test_faults(write, body, words):
    ran = write(SPLIT.replace("BODY", body)).failed(words, "line ", "in join")
    assert "flowc/runtime" not in ran.err


def test_all_conflicts_are_named_at_once(write):
    write("""
        class Conflicts(FlowSpec):
            @step
            def start(self):
                self.items = [0, 1, 2, 3]
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.same = "same"
                self.one = self.input == 2
                self.all = self.input
                part = ["x" * 100]
                self.shared = [part, part] if self.input else [["x" * 100], ["x" * 100]]
                self.next(self.join)

            @step
            def join(self, inputs):
                self.merge_artifacts(inputs)
                self.next(self.end)

            @step
            def end(self):
                pass
        """).failed(
        "step `join` cannot merge `all`: it differs between `work/0` and `work/1`, and 2 more differ from `work/0`, nor "
        "`one`: it differs between `work/0` and `work/2`, nor "
        "`shared`: it differs between `work/0` and `work/1`, and 2 more differ from `work/0` (these two are equal by ==, but not "
        "once pickled, as sets or parts that were shared may be). Set them before merge_artifacts, or exclude them."
    )


def test_programs_catch_what_metaflow_raises(write):
    body = """
            from metaflow.exception import (
                MetaflowException, MissingInMergeArtifactsException, UnhandledInMergeArtifactsException
            )
            self.caught = []
            for given in ({}, {"include": ["nowhere", "only_a"]}, {"include": ["only_a"], "exclude": ["differs"]}):
                try:
                    self.merge_artifacts(inputs, **given)
                except (UnhandledInMergeArtifactsException, MissingInMergeArtifactsException) as error:
                    self.caught.append((type(error).__name__, error.headline, error.artifact_names))
                except MetaflowException as error:
                    self.caught.append(str(error))
            self.left = hasattr(self, "only_a")"""
    ran = write(SPLIT.replace("BODY", body.strip())).done()
    assert ran.value("join", "caught") == [
        ("UnhandledInMergeArtifactsException", "Unhandled artifacts in merge", ["differs"]),
        ("MissingInMergeArtifactsException", "Missing artifacts in merge", ["nowhere"]),
        "`exclude` and `include` are mutually exclusive in merge_artifacts; step `join` gives both",
    ]
    assert ran.value("join", "left") is False


def test_errors_of_merging_are_kept_by_pickle():
    import pickle

    from flowc.runtime.errors import ArtifactError
    from flowc.runtime.language.exceptions import MissingInMergeArtifactsException

    error = pickle.loads(pickle.dumps(MissingInMergeArtifactsException("why", ["x"])))
    assert (str(error), error.message, error.artifact_names) == ("why", "why", ["x"])
    assert isinstance(error, ArtifactError)


def test_merge_outside_of_a_join(write):
    write("""
        class Outside(FlowSpec):
            @step
            def start(self):
                self.merge_artifacts([])
                self.next(self.end)

            @step
            def end(self):
                pass
        """).failed("only a join can")


def test_inputs_keep_what_was_changed_in_them_and_constants(write):
    ran = write("""
        class Kept(FlowSpec):
            SIZE = 2

            @step
            def start(self):
                self.items = [0, 1]
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.found = [self.input]
                self.next(self.join)

            @step
            def join(self, inputs):
                for task in inputs:
                    task.found.append(task.SIZE)
                self.found = [task.found for task in inputs]
                try:
                    inputs.work
                except AttributeError as error:
                    self.named = str(error)
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "found") == [[0, 2], [1, 2]]
    assert "inputs[0].work" in ran.value("end", "named")


WIDE = """
    class Wide(FlowSpec):
        @step
        def start(self):
            self.items = list(range(600))
            self.next(self.work, foreach="items")

        @step
        def work(self):
            self.n = self.input
            self.big = bytes([self.input % 256]) * 10_000
            self.next(self.join)

        @step
        def join(self, inputs):
            BODY
            self.next(self.end)

        @step
        def end(self):
            pass
    """


@pytest.fixture
def joined(write, load, tmp_path):
    """The `inputs` of a wide join in an object store, without its other tasks' processes."""
    from flowc.runtime.artifacts import Artifacts
    from flowc.runtime.language.inputs import Inputs
    from flowc.runtime.paths import TaskId
    from flowc.runtime.records.manifest import Manifest, commit_manifest
    from flowc.runtime.tasks.lineage import Lineage

    def make(count=600, body="self.total = sum(len(one.big) for one in inputs)", count_of_values=256):
        flow = write(WIDE.replace("BODY", body))
        store = RemoteStore(tmp_path / "remote")
        artifacts = Artifacts(store, "Wide", "1")
        entries = {n: artifacts.save("big", bytes([n]) * 10_000, "work") for n in range(count_of_values)}
        for n in range(count):
            found = {"n": artifacts.save("n", n, "work"), "big": entries[n % count_of_values]}
            done = Manifest(attempt=0, started=0, ended=0, chose=None, cardinality=None, artifacts=found)
            commit_manifest(store, "Wide", TaskId("1", "work", str(n)), done)
        done = Manifest(attempt=0, started=0, ended=0, chose=None, cardinality=count, artifacts={})
        commit_manifest(store, "Wide", TaskId("1", "start", "-"), done)
        lineage = Lineage(flow.plan, store, TaskId("1", "join", "-"))
        inputs: Any = Inputs(load(flow), flow.plan, store, lineage, lineage.junction())
        store.asked.clear()
        return inputs, store

    return make


def test_inputs_are_read_once(joined):
    inputs, store = joined(body="self.total = sum(one.n for one in inputs)")
    assert [one.n for one in inputs] == list(range(600))
    assert [one.n for one in inputs] == list(range(600))
    assert inputs[5] is inputs[5]
    assert store.asked["get"] == 600


def test_what_a_join_takes_is_fetched_ahead(joined):
    inputs, store = joined()
    first = next(iter(inputs))
    assert len(first.big) == 10_000
    assert len(store.threads) > 1
    inputs._done()


def test_a_join_lets_go_of_what_is_too_much(joined, monkeypatch):
    monkeypatch.setattr("flowc.runtime.language.inputs.KEPT", 1_000_000)
    inputs, _ = joined()
    held = inputs[3]
    held.n = "changed"
    for n, one in enumerate(inputs):
        assert one.big == bytes([n % 256]) * 10_000
        assert inputs._weight <= 1_000_000
    assert len(inputs._kept) < 100
    assert inputs[3] is held
    assert inputs[4].n == 4
    inputs._done()


def test_an_input_that_is_not_there(joined):
    import os

    inputs, store = joined()
    os.unlink(os.path.join(store.root, "Wide/1/work/17/manifest.json"))
    with pytest.raises(TaskError, match=r"the task join cannot start: no task of `work` in index 17 is done and leads to it"):
        list(inputs)
    assert inputs[16].n == 16


def merging(inputs, store):
    """A flow object that is about to merge these inputs."""
    binding = Binding(inputs._plan, store, inputs._lineage.task, {}, inputs=inputs)
    return inputs._flow_class._bound(binding), binding


def test_a_wide_merge_reads_each_manifest_once_and_holds_few(joined, monkeypatch):
    monkeypatch.setattr("flowc.runtime.language.inputs.KEPT", 100_000)
    inputs, store = joined(2000, body="self.merge_artifacts(inputs, exclude=['n', 'big'])")
    flow, binding = merging(inputs, store)
    alive = []

    def bound(done):
        made = Inputs._bound(inputs, done)
        alive.append(weakref.ref(made))
        if len(alive) % 100 == 0:
            assert sum(one() is not None for one in alive) < 500
        return made

    monkeypatch.setattr(inputs, "_bound", bound)
    with pytest.raises(ArtifactError, match=r"`n`: it differs between `work/0` and `work/1`, and 1,998 more differ"):
        flow.merge_artifacts(inputs, exclude=["big"])
    assert store.asked == {"get": 2000}
    inputs._kept.clear()
    store.asked.clear()
    flow.merge_artifacts(inputs, exclude=["n", "big"])
    assert binding.entries == {}
    assert store.asked["get"] <= 2000
    assert len(alive) <= 4000


def test_a_wide_merge_of_what_is_alike_loads_nothing(joined):
    inputs, store = joined(2000, count_of_values=1)
    flow, binding = merging(inputs, store)
    flow.merge_artifacts(inputs, exclude=["n"])
    assert store.asked == {"get": 2000}
    assert set(binding.entries) == {"big"}
    assert flow.big == bytes([0]) * 10_000
