"""What a run is started with where that is an object: `FLOWC_INPUT`, events, `current.trigger`."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from flowc import Run
from flowc.runtime.contract import INPUT_OBJECT
from flowc.runtime.language.trigger import MetaflowEvent, trigger_of
from flowc.runtime.plan import Decorator
from flowc.runtime.records.given import Event, parse_given
from flowc.runtime.records.runs import read_run
from flowc.runtime.tasks.events import parameters_of

FLOW = """
    from flowc import *

    TRIGGER
    class Told(FlowSpec):
        text = Parameter("text", default="t")
        count = Parameter("Count", default=1)
        table = Parameter("table", type=JSONType, default="{}")

        @step
        def start(self):
            self.next(self.work)

        @step
        def work(self):
            self.seen = [self.text, self.count, self.table]
            self.who = [current.username, current.namespace, sorted(current.tags)]
            trigger = current.trigger
            self.trigger = trigger and (trigger.event, trigger.events, trigger.run, trigger.runs)
            self.next(self.end)

        @step
        def end(self):
            pass
    """
NASTY = "$(touch x) `id` \"'\\ {{workflow.name}} $.x \n\t\r\x00\x7f ñ 日本 \U0001f600 \u2028"


def told(write, document, trigger="", run="r-1", **more):
    """The first two tasks of a run that was started with this input."""
    flow = write(FLOW.replace("TRIGGER", trigger))
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    flow.store.put(f"Told/{run}/{INPUT_OBJECT}", data)
    for step in ("start", "work"):
        # The variable is set for the first task only, as the others need none of it.
        done = flow.container(run, step, **({"FLOWC_INPUT": INPUT_OBJECT} if step == "start" else {}), **more)
        assert done.returncode == 0, done.stderr
    return flow.ran(run)


def event(name, detail, **more):
    head = {"version": "0", "id": "e-1", "detail-type": name, "source": "shop", "account": "1", "region": "eu-central-1"}
    return {**head, "time": "2026-11-21T12:23:22Z", "resources": [], "detail": detail, **more}


WHEN = datetime.fromisoformat("2026-11-21T12:23:22+00:00").astimezone().replace(tzinfo=None)


@pytest.mark.parametrize("wrap", [lambda text: text, json.dumps], ids=["an object", "text that holds it"])
def test_values_arrive_as_they_are(write, wrap):
    values = {"text": NASTY, "Count": 3, "table": {NASTY: [NASTY, None, 1e300]}}
    ran = told(write, wrap(json.dumps(values)).encode())
    assert ran.value("work", "seen") == list(values.values())
    assert ran.value("work", "trigger") is None
    assert ran.value("work", "who") == [None, None, []]
    assert not (ran.flow.file.parent / "x").exists()


def test_what_the_input_says_of_the_run(write):
    given = {"flowc:user": "zoë", "flowc:tags": ["a", "b c"], "flowc:later": 1, "text": "x"}
    given["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] = "arn:aws:states:eu-central-1:1:execution:Outer:1"
    ran = told(write, given, FLOWC_USER="deployer", FLOWC_TARGET="sfn")
    record = read_run(ran.flow.store, "Told", "r-1")
    assert record is not None
    assert (record.user, record.tags, record.target) == ("zoë", ("a", "b c"), "sfn")
    assert ran.value("work", "who") == ["zoë", "user:zoë", ["a", "b c"]]
    assert ran.value("work", "seen") == ["x", 1, {}]
    assert told(write, {}, run="r-2", FLOWC_USER="deployer").value("work", "who") == ["deployer", "user:deployer", []]


def test_a_branch_is_that_of_the_deployment_whoever_starts_a_run(write):
    flow = write("""
        from flowc import *

        @project(name="shop")
        class Branched(FlowSpec):
            @step
            def start(self):
                self.known = current.branch_name, current.username
                self.next(self.end)

            @step
            def end(self):
                pass
        """)
    flow.store.put(f"Branched/7/{INPUT_OBJECT}", b'{"flowc:user": "ann"}')
    assert flow.container("7", "start", FLOWC_INPUT=INPUT_OBJECT, FLOWC_USER="ben").returncode == 0
    assert flow.ran("7").value("start", "known") == ("user.ben", "ann")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "the run has no object Told/r/input.json, its input"),
        (b"{", "the run's input Told/r/input.json is not JSON"),
        (b'"text"', "the run's input Told/r/input.json is not JSON"),
        (b"[" * 100_000, "is not JSON (maximum recursion depth"),
        (b"7", "the run's input Told/r/input.json is JSON, but no object of values by name"),
        (b'{"flowc:user": 7}', "`flowc:user` in the run's input Told/r/input.json is no text"),
        (b'{"flowc:tags": "a"}', "`flowc:tags` in the run's input Told/r/input.json is no list of texts"),
        (b'{"flowc:tags": [""]}', "`flowc:tags` in the run's input cannot be: a tag is a printable text"),
        (b'{"counts": 1}', "the flow Told has no parameter `counts`; its parameters are: Count, table, text"),
        (b'{"Count": "three"}', "the parameter `Count` takes a whole number, not 'three'"),
    ],
)
def test_faults(write, data, words):
    flow = write(FLOW.replace("TRIGGER", ""))
    if data is not None:
        flow.store.put(f"Told/r/{INPUT_OBJECT}", data)
    done = flow.container("r", "start", FLOWC_INPUT=INPUT_OBJECT)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert flow.ran("r").failure("start").type == "ParameterError"
    assert read_run(flow.store, "Told", "r") is not None  # so that it is seen to have failed


def test_a_name_that_leaves_the_run(write):
    done = write(FLOW.replace("TRIGGER", "")).container("r", "start", FLOWC_INPUT="../s/input.json")
    assert (done.returncode, "FLOWC_INPUT is '../s/input.json', and no object can be called that" in done.stderr) == (2, True)


DETAIL = {"text": NASTY, "count": 4, "date": "2026-01-01", "table": [1]}


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("@trigger(event='data')", [NASTY, 4, [1]]),  # each field to the parameter of its name
        ("@trigger(event={'name': 'data', 'parameters': {'text': 'date'}})", ["2026-01-01", 1, {}]),
        ("@trigger(event={'name': 'data', 'parameters': {'TEXT': 'count', 'table': 'absent'}})", ["4", 1, {}]),
        (
            "@trigger(events=[{'name': 'other'}, {'name': 'data', 'parameters': ['table', ('text', 'date')]}])",
            ["2026-01-01", 1, [1]],
        ),
        ("@trigger(events=['other', 'data'])", ["t", 1, {}]),  # of several, one that says nothing gives nothing
        ("@trigger(event='other')", ["t", 1, {}]),
        ("", ["t", 1, {}]),
    ],
)
def test_parameters_out_of_an_event(write, trigger, expected):
    ran = told(write, event("data", DETAIL), trigger)
    assert ran.value("work", "seen") == expected
    known = MetaflowEvent("data", "e-1", WHEN, "event")
    assert ran.value("work", "trigger") == (known, [known], None, None)


def test_an_event_whose_fields_do_not_fit(write):
    flow = write(FLOW.replace("TRIGGER", "@trigger(event={'name': 'data', 'parameters': {'Count': 'date'}})"))
    flow.store.put(f"Told/r/{INPUT_OBJECT}", json.dumps(event("data", DETAIL)).encode())
    done = flow.container("r", "start", FLOWC_INPUT="input.json")
    assert "the parameter `Count` takes a whole number, not '2026-01-01'" in done.stderr


def finished(machine, run):
    arn = f"arn:aws:states:eu-central-1:1:execution:{machine}:{run}"
    detail = {"executionArn": arn, "status": "SUCCEEDED", "text": "no", "input": "{}"}
    return event("Step Functions Execution Status Change", detail, source="aws.states")


def test_a_run_that_has_finished(write, monkeypatch):
    flow = write(FLOW.replace("TRIGGER", "@trigger_on_finish(flow='Told')"))
    flow.store.put(f"Told/first/{INPUT_OBJECT}", b'{"text": "of the first"}')
    for step in ("start", "work", "end"):
        assert flow.container("first", step, FLOWC_INPUT=INPUT_OBJECT).returncode == 0
    body = FLOW.replace("TRIGGER", "@trigger_on_finish(flow='Told')")
    flow = write(body.replace("trigger.run, trigger.runs", "trigger.run.data.text, 'Told' in trigger"))
    flow.store.put(f"Told/second/{INPUT_OBJECT}", json.dumps(finished("shop.prod.Told", "first")).encode())
    for step in ("start", "work"):
        done = flow.container("second", step, FLOWC_INPUT=INPUT_OBJECT)
        assert done.returncode == 0, done.stderr
    known = MetaflowEvent("metaflow.Told.end", "Told/first", WHEN, "run")
    ran = flow.ran("second")
    assert ran.value("work", "seen") == ["t", 1, {}]
    assert ran.value("work", "trigger") == (known, [known], "of the first", True)

    seen = Run("Told/second", datastore=flow.store.root, _namespace_check=False)
    trigger = seen.trigger
    assert trigger is not None
    assert trigger.event == known
    assert trigger["Told"].pathspec == trigger.run.pathspec == "Told/first"
    with pytest.raises(KeyError):
        trigger["nosuch"]
    assert list(trigger) == [known]
    assert Run("Told/first", datastore=flow.store.root, _namespace_check=False).trigger is None


@pytest.mark.parametrize(
    ("trigger", "machine", "flow"),
    [
        ("flow='Up'", "Up", "Up"),
        ("flow='Up'", "a-name-that-was-cut-1a2b3c", "Up"),
        ("flows=['shop.prod.Up', {'name': 'Down'}]", "shop.prod.Down", "Down"),
        ("flows=['Up', 'Down']", "x.Other", "Other"),
    ],
)
def test_which_flow_a_machine_runs(write, trigger, machine, flow):
    written = write(FLOW.replace("TRIGGER", f"@trigger_on_finish({trigger})"))
    written.store.put("Told/1/input.json", json.dumps(finished(machine, "a-b")).encode())
    found = trigger_of(written.store, written.plan, "Told", "1")
    assert found is not None
    assert found.event is not None
    assert found.event.id == f"{flow}/a-b"


def test_events_that_are_none():
    for document in ({"detail-type": "x", "source": "y"}, {"detail-type": 1, "source": "y", "detail": {}}):
        assert parse_given("k", json.dumps(document).encode()).events == ()
    odd = event("data", {}, id=None, time="yesterday")
    assert parse_given("k", json.dumps(odd).encode()).events == (Event(name="data", id="", time="yesterday", detail={}),)
    assert parse_given("k", b"null").parameters == {}


def test_both_forms_of_lists_in_a_plan(write):
    """A plan is JSON, in which a pair is a list."""
    plan = write(FLOW.replace("TRIGGER", "@trigger(event={'name': 'e', 'parameters': [('text', 'a'), 'table']})")).plan
    assert isinstance(plan.decorators[0], Decorator)
    assert plan.decorator("trigger")["event"]["parameters"] == [["text", "a"], "table"]
    (told,) = parse_given("k", json.dumps(event("e", {"a": None, "table": 1})).encode()).events
    assert told is not None
    assert parameters_of(plan, told) == {"text": None, "table": 1}
