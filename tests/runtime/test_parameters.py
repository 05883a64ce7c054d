"""Values of parameters: from text, from an orchestrator's JSON, from defaults."""

from __future__ import annotations

import json

import pytest

from flowc.runtime.errors import LoadError, ParameterError
from flowc.runtime.tasks.parameters import from_environment, from_text

FLOW = """
    import datetime
    from flowc import *

    def context_default(context):
        return f"{context.flow_name}/{context.parameter_name}"

    class Values(FlowSpec):
        text = Parameter("text", default="t")
        count = Parameter("count", type=int)
        rate = Parameter("rate", default=1, type=float)
        fast = Parameter("fast", default=False)
        table = Parameter("table", type=JSONType, default='{"a": [1]}')
        late = Parameter("late", default=context_default)
        year = Parameter("year", default=lambda: 2024, type=int)
        needed = Parameter("needed-name", required=True)

        @step
        def start(self):
            self.next(self.end)

        @step
        def end(self):
            self.seen = [self.text, self.count, self.rate, self.fast, self.table, self.late, self.year, self.needed]
            self.seen_types = [type(one).__name__ for one in self.seen]
    """
DEFAULTS = ["t", None, 1.0, False, {"a": [1]}, "Values/late", 2024, "n"]
TYPES = ["str", "NoneType", "float", "bool", "dict", "str", "int", "str"]


def test_defaults(write):
    ran = write(FLOW).done({"needed-name": "n"})
    assert ran.value("end", "seen") == DEFAULTS
    assert ran.value("end", "seen_types") == TYPES
    assert set(ran.values("start")) == {"text", "count", "rate", "fast", "table", "late", "year", "needed"}
    assert ran.manifest("end").artifacts["table"] == ran.manifest("start").artifacts["table"]


def test_text_as_on_a_command_line(write):
    given = {
        "text": "1",
        "count": "-3",
        "rate": "1e3",
        "fast": "yes",
        "table": "[null]",
        "needed-name": "",
        "year": "7",
        "late": "x",
    }
    assert write(FLOW).done(given).value("end", "seen") == ["1", -3, 1000.0, True, [None], "x", 7, ""]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "the flow Values needs a value for `needed-name`"),
        ({"needed-name": "n", "counts": 1}, "the flow Values has no parameter `counts`; its parameters are: count, fast, late"),
        ({"needed-name": "n", "count": "three"}, "the parameter `count` takes a whole number, not 'three'"),
        ({"needed-name": "n", "count": 1.5}, "the parameter `count` takes a whole number, not 1.5"),
        ({"needed-name": "n", "count": True}, "not True"),
        ({"needed-name": "n", "rate": "fast"}, "the parameter `rate` takes a number, not 'fast'"),
        ({"needed-name": "n", "fast": "perhaps"}, "the parameter `fast` takes true or false, not 'perhaps'"),
        ({"needed-name": "n", "table": "{"}, "the parameter `table` takes JSON, not '{'"),
        ({"needed-name": 3}, "the parameter `needed-name` takes text, not 3"),
    ],
)
def test_faults(write, given, words):
    flow = write(FLOW)
    with pytest.raises(ParameterError) as caught:
        flow.run(given)
    assert words in str(caught.value)
    assert flow.store.get("Values") is None


def test_a_default_that_fails(write):
    flow = write(FLOW.replace("lambda: 2024", "lambda: 1 / 0"))
    with pytest.raises(LoadError, match="the default of the parameter `year` failed") as caught:
        flow.run({"needed-name": "n"})
    assert "ZeroDivisionError" in caught.value.traceback
    assert "runtime/parameter" not in caught.value.traceback


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "hello", "hello"),
        ("text", '"he\\u007b\\u007bllo"', "he{{llo"),
        ("text", "3", "3"),
        ("text", "", ""),
        ("text", '{"a": 1}', '{"a": 1}'),
        ("count", "3", 3),
        ("count", '"3"', 3),
        ("count", " 3 ", 3),
        ("rate", "1e3", 1000.0),
        ("rate", "nan", pytest.approx(float("nan"), nan_ok=True)),
        ("fast", "true", True),
        ("fast", "yes", True),
        ("table", '{"a": 1}', {"a": 1}),
        ("table", '"{\\"a\\": 1}"', {"a": 1}),
        ("table", '"plain"', "plain"),
        ("table", "3", 3),
    ],
)
def test_texts_from_argo(write, name, text, value):
    assert from_environment(write(FLOW).plan, json.dumps([{"name": name, "value": text}])) == {name: value}


def test_objects_from_step_functions(write):
    plan = write(FLOW).plan
    given = {"text": "3", "count": 3, "rate": "2.5", "fast": True, "table": {"x": None}, "year": None, "other": 1}
    assert from_environment(plan, json.dumps(given)) == {
        "text": "3",
        "count": 3,
        "rate": 2.5,
        "fast": True,
        "table": {"x": None},
        "other": 1,
    }
    assert (
        from_environment(plan, None)
        == from_environment(plan, "{}")
        == from_environment(plan, '[{"name": "count", "value": "null"}]')
        == {}
    )


@pytest.mark.parametrize("text", ["{", "3", "[3]", '[{"name": "table", "value": "{"}]', '{"count": "x"}'])
def test_environments_that_cannot_be_read(write, text):
    with pytest.raises(ParameterError):
        from_environment(write(FLOW).plan, text)


def test_every_word_for_a_bool(write):
    (spec,) = [spec for spec in write(FLOW).plan.parameters if spec.name == "fast"]
    assert [from_text(spec, word) for word in ("TRUE", "t", "y", "on", "1", "No", "f", "n", "off", "0")] == [True] * 5 + [
        False
    ] * 5
