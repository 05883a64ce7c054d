"""`flowc.testing.run_step`: one step in a user's own test."""

from __future__ import annotations

import traceback
import unittest

import pytest

from flowc import Config, FlowSpec, IncludeFile, JSONType, Parameter, catch, current, retry, step
from flowc.runtime.errors import ArtifactError, TaskError, TransitionError
from flowc.testing import run_step


class Base(FlowSpec):
    rate = Parameter("rate", default=0.5)

    def scaled(self, value: float) -> float:
        return value * self.rate

    @step
    def inherited(self):
        self.scale = self.scaled(2)
        self.next(self.join)


class Train(Base):
    name = Parameter("the-name", required=True, type=str)
    options = Parameter("options", type=JSONType, default='{"depth": 3}')
    words = Parameter("words", default="a,b", separator=",")
    later = Parameter("later", default=lambda context: f"by {context.flow_name}")
    notes = IncludeFile("notes", default="notes.txt")
    config = Config("config", default="config.json")
    constant = 7

    def __init__(self, use_cli: bool = True) -> None:
        raise AssertionError("no flow is made by a call in a run")

    @step
    def start(self):
        self.items = [1, 2, 3]
        self.kind = "left"
        self.next(self.fit, foreach="items")

    @retry(times=4)
    @catch(var="failure")
    @step
    def fit(self):
        self.model = (self.input, self.index, self.rate, self.rows)
        self.stack = self.foreach_stack()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.models = [one.model for one in inputs]
        self.best = max(inputs, key=lambda one: one.model).model
        self.merge_artifacts(inputs, include=["rows"])
        self.next(self.branch)

    @step
    def branch(self):
        self.next({"left": self.left, "right": self.right}, condition="kind")

    @step
    def left(self):
        self.next(self.a, self.b)

    @step
    def right(self):
        if self.twice:
            self.next(self.a)
        self.next(self.b)

    @step
    def a(self):
        self.seen = (self.name, self.options, self.words, self.later, self.constant, self.config.depth, self.notes)
        self.next(self.meet)

    @step
    def b(self):
        self.told = (current.run_id, current.step_name, current.task_id, current.retry_count, current.flow_name)
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.both = (inputs.a.x, inputs.b.x, len(inputs), inputs[1].x)
        self.merge_artifacts(inputs, exclude=["x"])
        self.next(self.end)

    @step
    def forgets(self):
        self.done = True
        if not self.done:
            self.next(self.end)

    @step
    def fails(self):
        raise ValueError("as asked")

    @step
    def end(self):
        del self.gone
        self._private = 1


def test_a_foreach() -> None:
    done = run_step(Train.start)
    assert done.next == ("fit",)
    assert (done.foreach, done.cardinality) == ("items", 3)
    assert done.artifacts == {"items": [1, 2, 3], "kind": "left"}
    rows = [object()]
    done = run_step(Train.fit, artifacts={"rows": rows}, input="x", index=2, parameters={"rate": 0.1}, flow=Train)
    assert done.artifacts["model"] == ("x", 2, 0.1, rows)
    assert done.artifacts["rows"] is rows
    assert [tuple(one) for one in done.artifacts["stack"]] == [(2, 3, "x")]
    assert (done.next, done.foreach, done.cardinality) == (("join",), None, None)


def test_a_join_of_a_foreach() -> None:
    done = run_step(Train.join, inputs=[{"model": 3, "rows": [1]}, {"model": 5, "rows": [1]}])
    assert done.artifacts == {"models": [3, 5], "best": 5, "rows": [1]}
    with pytest.raises(ArtifactError, match="cannot merge `rows`: it differs"):
        run_step(Train.join, inputs=[{"model": 3, "rows": [1]}, {"model": 5, "rows": [2]}])
    with pytest.raises(AttributeError, match=r"this input of the join has no artifact `model`: add it to the test's inputs"):
        run_step(Train.join, inputs=[{"rows": [1]}])
    assert run_step(Train.meet, inputs={"a": {"x": 1, "y": 0}, "b": {"x": 2}}).artifacts == {"both": (1, 2, 2, 2), "y": 0}
    with pytest.raises(AttributeError, match="those given by name are a, c"):
        run_step(Train.meet, inputs={"a": {"x": 1}, "c": {"x": 2}})
    with pytest.raises(AttributeError, match=r"give inputs=\{\"a\": "):
        run_step(Train.meet, inputs=[{"x": 1}])


def test_arrays_are_merged_by_value() -> None:
    numpy = pytest.importorskip("numpy")
    done = run_step(Train.join, inputs=[{"model": 1, "rows": numpy.ones(3)}, {"model": 2, "rows": numpy.ones(3)}])
    assert done.artifacts["rows"].sum() == 3


def test_ways() -> None:
    assert run_step(Train.branch, artifacts={"kind": "right"}).next == ("right",)
    assert run_step(Train.left).next == ("a", "b")
    assert run_step(Train.right, artifacts={"twice": False}).next == ("b",)
    with pytest.raises(TransitionError, match="calls self.next a second time"):
        run_step(Train.right, artifacts={"twice": True})
    with pytest.raises(TransitionError, match="has no case for `self.kind` = 'up'; its cases are 'left', 'right'"):
        run_step(Train.branch, artifacts={"kind": "up"})
    with pytest.raises(TransitionError, match="step `forgets` ended without self.next"):
        run_step(Train.forgets)
    done = run_step(Train.end, artifacts={"gone": 1, "stays": 2})
    assert (done.artifacts, done.next) == ({"stays": 2, "_private": 1}, ())


def test_values_from_outside() -> None:
    done = run_step(Train.a, parameters={"name": "n", "notes": "text"}, configs={"config": {"depth": 9}})
    assert done.artifacts["seen"] == ("n", {"depth": 3}, ["a", "b"], "by Train", 7, 9, "text")
    with pytest.raises(AttributeError, match=r'the parameter `name`, which has no default: run_step\(…, parameters=\{"name"'):
        run_step(Train.a)
    with pytest.raises(AttributeError, match=r"the config `config`, which the test does not give: run_step\(…, configs="):
        run_step(Train.a, parameters={"name": "n", "notes": "text"})
    with pytest.raises(AttributeError, match="reads the file of `notes`"):
        run_step(Train.a, parameters={"name": "n"}, configs={"config": {"depth": 9}})
    with pytest.raises(TaskError, match="has no parameter `rat`; it has .*rate"):
        run_step(Train.a, parameters={"rat": 1})
    with pytest.raises(TaskError, match="`rate` is an attribute of the class Train, a parameter: give it in parameters"):
        run_step(Train.a, artifacts={"rate": 1})


def test_current_is_that_of_the_step_and_then_what_it_was() -> None:
    done = run_step(Train.b, current={"retry_count": 2, "run_id": "99"})
    assert done.artifacts["told"] == ("99", "b", "-", 2, "Train")
    assert run_step(Train.b, index=4).artifacts["told"] == ("test", "b", "4", 0, "Train")
    assert current.run_id is None
    assert not current.is_running_flow
    with pytest.raises(TaskError, match="`current` has no `run_idd`"):
        run_step(Train.b, current={"run_idd": 1})
    with pytest.raises(ValueError, match="as asked"):
        run_step(Train.fails)
    assert current.run_id is None


def test_exceptions_come_out_as_they_are() -> None:
    with pytest.raises(ValueError, match="as asked") as caught:
        run_step(Train.fails)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.name, last.line) == ("fails", 'raise ValueError("as asked")')


def test_what_is_missing_is_named() -> None:
    with pytest.raises(
        AttributeError,
        match=r'step `fit` reads `self.rows`, which the test does not give: run_step\(…, artifacts=\{"rows"',
    ):
        run_step(Train.fit, input=1)
    assert run_step(Train.fit, input=1, artifacts={"rows": 0}).artifacts["model"] == (1, 0, 0.5, 0)
    with pytest.raises(TaskError, match="`join` is a join: give it inputs"):
        run_step(Train.join)
    with pytest.raises(TaskError, match="a join, which starts without artifacts"):
        run_step(Train.join, inputs=[], artifacts={"x": 1})
    with pytest.raises(TaskError, match="`fit` is no join"):
        run_step(Train.fit, inputs=[{}])
    with pytest.raises(TaskError, match="each of the inputs is a dictionary of artifacts, not a int"):
        run_step(Train.join, inputs=[1])  # type: ignore[list-item]


def test_inherited_steps() -> None:
    assert run_step(Train.inherited, flow=Train, parameters={"rate": 3}).artifacts["scale"] == 6
    with pytest.raises(AttributeError, match="join"):  # the base class has no such step
        run_step(Train.inherited)


def test_classes_in_functions() -> None:
    class Local(FlowSpec):
        @step
        def start(self):
            self.x = 1
            self.next(self.end)

        @step
        def end(self):
            pass

    assert run_step(Local.start).artifacts == {"x": 1}
    assert run_step(Local.end).next == ()
    with pytest.raises(TaskError, match="which flow is .* a step of"):
        run_step(lambda self: None)


def test_pickles_are_checked_on_demand() -> None:
    rows = lambda: None  # noqa: E731
    assert run_step(Train.fit, artifacts={"rows": rows}).artifacts["rows"] is rows
    with pytest.raises(ArtifactError, match=r"step `fit` cannot keep `self\.(rows|model)`"):
        run_step(Train.fit, artifacts={"rows": rows}, pickled=True)


class TestWithUnittest(unittest.TestCase):
    def test_a_step(self) -> None:
        self.assertEqual(run_step(Train.start).next, ("fit",))  # noqa: PT009  # what is tested is that it works there


def test_nothing_is_imported_that_a_test_does_not_need() -> None:
    import subprocess
    import sys

    code = "import flowc.testing, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {one.split(".")[1] for one in done.stdout.split() if one.startswith("flowc.")} & {"cli", "compiler", "targets"}
