"""Joins: `inputs` and `merge_artifacts`."""

from __future__ import annotations

import pytest

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
        ("self.merge_artifacts(inputs, include=['only_a'], exclude=['only_b'])", "give one of them"),
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
