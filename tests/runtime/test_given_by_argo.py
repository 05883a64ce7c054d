"""What a workflow's parameter `flowc-run` says of a run: who started it, its tags, the events that set it off."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from flowc.runtime.contract import ARGO_RUN, INPUT_OBJECT
from flowc.runtime.errors import ParameterError
from flowc.runtime.language.trigger import MetaflowEvent
from flowc.runtime.records.given import Event, Given, given_by_argo
from flowc.runtime.records.runs import read_run

FLOW = """
    from flowc import *

    TRIGGER
    class Told(FlowSpec):
        text = Parameter("text", default="t")
        count = Parameter("Count", default=1)

        @step
        def start(self):
            self.next(self.work)

        @step
        def work(self):
            self.seen = [self.text, self.count]
            self.who = [current.username, sorted(current.tags)]
            trigger = current.trigger
            self.trigger = trigger and (trigger.events, "Up" in trigger, [run.pathspec for run in trigger.runs or ()])
            self.next(self.end)

        @step
        def end(self):
            pass
    """
NASTY = "$(touch x) `id` \"'\\ {{workflow.name}} {{=1+1}} $$ \n\t ñ 日本 \U0001f600"
TIMESTAMP = 1795263802
PAYLOAD = {"name": "data.ready", "id": "e-1", "timestamp": TIMESTAMP, "text": NASTY, "count": "4"}


def said(*objects):
    """As `flowc trigger` and Sensors write it."""
    return ".".join(base64.b64encode(json.dumps(one).encode()).decode() for one in objects)


def listed(value, **more):
    """As Argo hands it over: its list, with the defaults."""
    values = {"text": "t", "Count": "1", **more, ARGO_RUN: value}
    return json.dumps([{"name": name, "value": text} for name, text in values.items()])


def told(write, parameters, trigger=""):
    """The first two tasks of a run that was started so."""
    flow = write(FLOW.replace("TRIGGER", trigger))
    for step in ("start", "work"):
        # Argo gives the variable to all tasks.
        done = flow.container("r-1", step, FLOWC_PARAMETERS=parameters)
        assert done.returncode == 0, done.stderr
    return flow


def of(flow, name):
    return flow.ran("r-1").value("work", name)


def test_who_and_tags(write):
    flow = told(write, listed(said({"user": "jo", "tags": ["b", "a"]}), Count="7"))
    assert of(flow, "seen") == ["t", 7]
    assert of(flow, "who") == ["jo", ["a", "b"]]
    assert of(flow, "trigger") is None
    assert flow.store.get(f"Told/r-1/{INPUT_OBJECT}") is None  # what there is to say stands in the run's record


def test_nothing_said(write):
    flow = told(write, listed(""))
    assert of(flow, "seen") == ["t", 1]
    record = read_run(flow.store, "Told", "r-1")
    assert record is not None
    assert record.user is None


@pytest.mark.parametrize(
    ("trigger", "seen"),
    [
        ("@trigger(event='data.ready')", [NASTY, 4]),
        ("@trigger(event={'name': 'data.ready', 'parameters': {'text': 'id'}})", ["e-1", 1]),
        ("@trigger(event={'name': 'data.ready', 'parameters': {'text': 'absent'}})", ["t", 1]),
    ],
)
def test_an_event(write, trigger, seen):
    flow = told(write, listed(said({"event": PAYLOAD})), trigger)
    assert of(flow, "seen") == seen
    when = datetime.fromtimestamp(TIMESTAMP, UTC).astimezone().replace(tzinfo=None)
    assert of(flow, "trigger") == ([MetaflowEvent("data.ready", "e-1", when, "event")], False, [])


def test_several_events_each_with_its_own(write):
    trigger = "@trigger(events=[{'name': 'data.ready', 'parameters': ['text']}, {'name': 'b', 'parameters': {'Count': 'rows'}}])"
    flow = told(write, listed(said({"event": PAYLOAD}, {"event": {"name": "b", "rows": 9}})), trigger)
    assert of(flow, "seen") == [NASTY, 9]
    events, *_ = of(flow, "trigger")
    assert [one.name for one in events] == ["data.ready", "b"]


def test_runs_that_have_finished(write):
    flow = told(write, listed(""))
    flow.store.put_new("Up/a-1/run.json", flow.store.get("Told/r-1/run.json"))
    ends = [
        {"finished": {"flow": name, "run": run, "time": "2026-11-21T12:23:22Z"}} for name, run in (("Up", "a-1"), ("Told", "r-1"))
    ]
    flow = write(FLOW.replace("TRIGGER", "@trigger_on_finish(flows=['Up', 'Told'])"))
    for step in ("start", "work"):
        done = flow.container("r-2", step, FLOWC_PARAMETERS=listed(said(*ends)))
        assert done.returncode == 0, done.stderr
    events, known, runs = flow.ran("r-2").value("work", "trigger")
    assert [(one.name, one.id, one.type) for one in events] == [
        ("metaflow.Up.end", "Up/a-1", "run"),
        ("metaflow.Told.end", "Told/r-1", "run"),
    ]
    assert known
    assert runs == ["Up/a-1", "Told/r-1"]


def test_what_a_payload_cannot_be():
    """A payload that speaks of a flow and a run is an event all the same: it has a name."""
    forged = {"name": "x", "flow": "Up", "run": "a", "time": "t", "timestamp": "soon"}
    found = given_by_argo(listed(said({"event": forged})))
    assert found is not None
    assert found.events == (Event(name="x", id="", time="", detail=forged),)


@pytest.mark.parametrize(
    "value", ["x", "e30", said([1]), said({}) + ".", "é", said({"user": 1}), said({"tags": "x"}), said({"event": 1})]
)
def test_what_somebody_wrote_there(value):
    with pytest.raises(ParameterError, match="workflow is what flowc says|is no text|is no list"):
        given_by_argo(listed(value))


@pytest.mark.parametrize("text", [None, "", "{", "{}", "[]", '[{"name": "text", "value": "x"}]', "[1]"])
def test_parameters_without_it(text):
    assert given_by_argo(text) is None


def test_tags_that_cannot_be(write):
    done = write(FLOW.replace("TRIGGER", "")).container("r", "start", FLOWC_PARAMETERS=listed(said({"tags": [""]})))
    assert done.returncode == 1
    assert "`flowc:tags` in the run's input cannot be" in done.stderr


def test_it_is_no_parameter():
    assert given_by_argo(listed(said({}), text="x")) == Given(
        parameters=[{"name": "text", "value": "x"}, {"name": "Count", "value": "1"}]
    )
