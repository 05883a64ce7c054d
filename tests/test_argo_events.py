"""`@trigger` and `@trigger_on_finish` on Argo: what the Sensor makes of events, done by Argo Events' own code, and read by the
runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from argostarts import OPTIONS, deployed, reported, stream
from validators import objects, tools

from flowc.runtime.contract import ARGO_RUN
from flowc.runtime.records.given import Event, Given, given_by_argo
from flowc.targets.argo.deployment import Deployment
from flowc.targets.argo.metadata import cron_name, template_name

NASTY = "{{workflow.name}} {{=1+1}} $(PATH) $$ `id` \"'\\ <&> \n\t ñ 日本 \U0001f600 \u2028"


def fired(folder: Path, made: Deployment, trigger: str, events: dict[str, tuple[str, object]]) -> objects.Fired:
    tools.demand(objects.missing())
    file = folder / "stream.yaml"
    file.write_text(stream(made), encoding="utf-8")
    return objects.fire(file, trigger, events)


def read(created: Any) -> Given:
    """What the first task of that run finds."""
    (parameter,) = created["spec"]["arguments"]["parameters"]
    assert parameter["name"] == ARGO_RUN
    assert not set("{}$") & set(parameter["value"])  # nothing that Argo or Kubernetes would expand
    given = given_by_argo(json.dumps([parameter]))
    assert given is not None
    return given


def published(name: str, **payload: object) -> dict[str, object]:
    """As Metaflow's publishers send it, and a webhook hands it on."""
    body = {"name": name, "payload": {"name": name, "id": "e-1", "timestamp": 1795263802, **payload}}
    return {"header": {"Content-Type": ["application/json"]}, "body": body}


def changed(phase: str, before: str | None, run: str = "load-1", uid: str = "0b5f") -> dict[str, object]:
    """As an EventSource tells of a change of a Workflow."""

    def workflow(phase: str | None) -> dict[str, object]:
        status = {} if phase is None else {"phase": phase, "finishedAt": "2026-11-21T12:23:22Z"}
        return {"metadata": {"name": run, "uid": uid}, "status": status}

    return {"type": "UPDATE", "body": workflow(phase), "oldBody": workflow(before)}


def test_an_event_starts_a_run(tmp_path: Path) -> None:
    made = deployed('@trigger(event="data.ready")')
    event = published("data.ready", rows=3, text=NASTY, nested={"a": [1.5, None, True]})
    done = fired(tmp_path, made, "event", {"event1": ("c-1", event)})
    assert done.passed == {"event1": True}
    assert done.created is not None
    assert done.created["spec"]["workflowTemplateRef"] == {"name": "sum"}
    assert done.created["metadata"]["namespace"] == "flows"
    assert done.created["metadata"]["labels"]["flowc/deployment"] == "sum"
    (told,) = read(done.created).events
    body = event["body"]
    assert isinstance(body, dict)
    assert (told.name, told.id, told.detail) == ("data.ready", "e-1", body["payload"])


def test_the_same_event_makes_one_run(tmp_path: Path) -> None:
    made = deployed('@trigger(event="data.ready")')
    names = []
    for id in ("c-1", "c-1", "c-2"):
        created = fired(tmp_path, made, "event", {"event1": (id, published("data.ready"))}).created
        assert created is not None
        names.append(created["metadata"]["name"])
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("sum-") and len(name) == 20 for name in names)


@pytest.mark.parametrize("name", ["data-ready", "xdata.ready", "data.readyx", "dataXready", "DATA.READY", ""])
def test_other_events_start_nothing(tmp_path: Path, name: str) -> None:
    done = fired(tmp_path, deployed('@trigger(event="data.ready")'), "event", {"event1": ("c", published(name))})
    assert (done.passed, done.created) == ({"event1": False}, None)


@pytest.mark.parametrize("name", ["a+b (c) [d] $^|\\{}*?", NASTY, "日本", "a\nb"])
def test_any_name(tmp_path: Path, name: str) -> None:
    done = fired(tmp_path, deployed(f"@trigger(event={name!r})"), "event", {"event1": ("c", published(name))})
    assert done.passed == {"event1": True}


def test_all_of_several_events(tmp_path: Path) -> None:
    made = deployed('@trigger(events=["a", {"name": "b", "parameters": {"rows": "n"}}])')
    assert made.sensor is not None
    (trigger,) = made.sensor["spec"]["triggers"]
    assert trigger["template"]["conditions"] == "event1 && event2"
    events: dict[str, tuple[str, object]] = {"event1": ("c-1", published("a")), "event2": ("c-2", published("b", n=4))}
    created = fired(tmp_path, made, "event", events).created
    assert created is not None
    assert [one.name for one in read(created).events] == ["a", "b"]
    assert len(created["metadata"]["name"]) == len("sum-") + 32


def test_any_number_of_events(tmp_path: Path) -> None:
    names = [f"e{number}" for number in range(20)]
    made = deployed(f"@trigger(events={names})")
    events: dict[str, tuple[str, object]] = {
        f"event{number}": (f"c-{number}", published(name)) for number, name in enumerate(names, 1)
    }
    created = fired(tmp_path, made, "event", events).created
    assert created is not None
    assert [one.name for one in read(created).events] == names
    assert len(created["metadata"]["name"]) <= 63


def test_another_flow_that_succeeds_starts_a_run(tmp_path: Path) -> None:
    made = deployed('@trigger_on_finish(flow="Load")')
    done = fired(tmp_path, made, "finish", {"finish1": ("c-1", changed("Succeeded", "Running"))})
    assert done.created is not None
    assert read(done.created).events == (
        Event(name="", id="", time="2026-11-21T12:23:22Z", detail={}, finished=("Load", "load-1")),
    )
    again = fired(tmp_path, made, "finish", {"finish1": ("c-2", changed("Succeeded", None))})
    assert again.created is not None
    assert again.created["metadata"]["name"] == done.created["metadata"]["name"]  # the same run of Load


@pytest.mark.parametrize(("phase", "before"), [("Succeeded", "Succeeded"), ("Failed", "Running"), ("Running", "Pending")])
def test_other_changes_start_nothing(tmp_path: Path, phase: str, before: str) -> None:
    done = fired(tmp_path, deployed('@trigger_on_finish(flow="Load")'), "finish", {"finish1": ("c", changed(phase, before))})
    assert done.created is None


def test_what_is_watched() -> None:
    made = deployed('@trigger_on_finish(flows=["Load", {"name": "Clean", "project": "p", "project_branch": "prod"}])')
    assert made.event_source is not None
    watched = made.event_source["spec"]["resource"]
    assert list(watched) == ["load", "p--prod--clean"]
    for name, one in watched.items():
        assert one["namespace"] == "flows"
        assert one["filter"]["labels"] == [{"key": "flowc/deployment", "operation": "==", "value": name}]
    assert made.sensor is not None
    assert [one["eventSourceName"] for one in made.sensor["spec"]["dependencies"]] == ["sum", "sum"]


def test_both_kinds_start_runs_each_for_itself() -> None:
    made = deployed('@trigger(event="a")\n@trigger_on_finish(flow="Load")')
    assert made.sensor is not None
    said = {one["template"]["name"]: one["template"]["conditions"] for one in made.sensor["spec"]["triggers"]}
    assert said == {"event": "event1", "finish": "finish1"}


def test_a_flow_waits_for_another_one_of_its_branch() -> None:
    made = deployed('@trigger_on_finish(flow="Load")\n@project(name="sums")', branch="x")
    assert made.name == "sums--test--x--sum"
    assert made.event_source is not None
    assert list(made.event_source["spec"]["resource"]) == ["sums--test--x--load"]


def test_settings_of_events() -> None:
    made = deployed('@trigger(event="a")', event_source="nats/flows", event_bus="large", events_service_account="starter")
    assert made.sensor is not None
    assert made.sensor["spec"]["eventBusName"] == "large"
    assert made.sensor["spec"]["template"] == {"serviceAccountName": "starter"}
    (dependency,) = made.sensor["spec"]["dependencies"]
    assert (dependency["eventSourceName"], dependency["eventName"]) == ("nats", "flows")
    plain = deployed('@trigger(event="a")', with_rbac=False)
    assert plain.sensor is not None
    assert "template" not in plain.sensor["spec"]
    assert "eventBusName" not in plain.sensor["spec"]


def test_when_events_are_forgotten() -> None:
    made = deployed('@trigger(event="a", options={"reset_at": {"cron": "0 0 * * 7", "timezone": "Europe/Berlin"}})')
    assert made.sensor is not None
    (trigger,) = made.sensor["spec"]["triggers"]
    assert trigger["template"]["conditionsReset"] == [{"byTime": {"cron": "0 0 * * 0", "timezone": "Europe/Berlin"}}]


@pytest.mark.parametrize(
    ("above", "code", "said"),
    [
        ('@trigger_on_finish(flow="Sum")', "FC603", "waits for this very flow"),
        ('@trigger_on_finish(flow={"name": "A", "project": "p"})', "FC603", "nothing says of which branch"),
        ('@trigger(event="a", options={"reset_at": {"cron": "0 0 L * *"}})', "FC603", "cannot reset a trigger by `0 0 L * *`"),
        ('@trigger(event="a", options={"reset_at": {"cron": "soon"}})', "FC603", "it has 1 fields"),
        ('@trigger(event="a", options={"sooner": 1})', "FC602", "the option `sooner` of `@trigger` has no effect on Argo"),
    ],
)
def test_what_cannot_be_said(above: str, code: str, said: str) -> None:
    _, (fault,) = reported(above)
    assert (fault.rule.code, said in fault.message) == (code, True), fault.message


def test_accounts_may_do_what_they_need_and_no_more() -> None:
    def may(made: Deployment) -> dict[str, list[str]]:
        roles = [one for one in made.accounts if one["kind"] == "Role"]
        return {
            one["metadata"]["name"]: [f"{verb} {rule['resources'][0]}" for rule in one["rules"] for verb in rule["verbs"]]
            for one in roles
        }

    runs = ["create workflowtaskresults", "patch workflowtaskresults"]
    assert may(deployed("")) == may(deployed("@schedule(daily=True)")) == {"sum": runs}
    assert may(deployed("", service_account="own")) == {"own": runs}
    assert may(deployed('@trigger(event="a")')) == {"sum": runs, "sum-events": ["create workflows"]}
    assert may(deployed('@trigger_on_finish(flow="A")', events_service_account="b")) == {
        "sum": runs,
        "b": ["create workflows", "list workflows", "watch workflows"],
    }
    one = deployed('@trigger(event="a")', service_account="one", events_service_account="one")
    assert may(one) == {"one": [*runs, "create workflows"]}
    assert len(one.accounts) == 3
    assert deployed("", with_rbac=False).accounts == ()


def test_accounts_are_those_of_the_pods() -> None:
    made = deployed('@trigger_on_finish(flow="A")')
    accounts = [one["metadata"]["name"] for one in made.accounts if one["kind"] == "ServiceAccount"]
    assert made.event_source is not None
    assert made.sensor is not None
    assert accounts == ["sum", "sum-events"]
    assert made.template["spec"]["serviceAccountName"] == "sum"
    assert made.event_source["spec"]["template"] == made.sensor["spec"]["template"] == {"serviceAccountName": "sum-events"}


def test_every_object_is_marked_and_in_its_namespace() -> None:
    made = deployed('@schedule(daily=True)\n@trigger(event="a")\n@trigger_on_finish(flow="A")')
    kinds = ["ServiceAccount", "Role", "RoleBinding"] * 2 + ["WorkflowTemplate", "CronWorkflow", "EventSource", "Sensor"]
    assert [one["kind"] for one in made.manifests()] == kinds
    for one in made.manifests():
        assert one["metadata"]["namespace"] == "flows"
        assert one["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "flowc", "flowc/deployment": "sum"}
        code = {"flowc/code": "image"} if one["kind"] == "WorkflowTemplate" else {}
        assert one["metadata"]["annotations"] == {"flowc/flow": "Sum", "flowc/datastore": "s3://bucket/flows", **code}


def test_names_of_long_flows() -> None:
    long = template_name("VeryLong" * 12)
    assert len(long) == 63
    assert len(cron_name(long)) == 52
    assert cron_name("sum") == "sum"
    assert template_name("sums.prod.BigSum") == "sums--prod--big-sum"
    assert template_name("a_b.prod.Sum") != template_name("a-b.prod.Sum")


@pytest.mark.parametrize(
    "above",
    [
        "",
        "@schedule(daily=True)",
        '@trigger(events=["a", "b"], options={"reset_at": {"cron": "0 0 * * *"}})',
        '@schedule(weekly=True)\n@trigger(event="a")\n@trigger_on_finish(flows=["A", "B"])\n@project(name="p", branch="b")',
    ],
)
def test_definitions_and_controllers_accept_it(above: str, tmp_path: Path) -> None:
    tools.demand(objects.missing())
    file = tmp_path / "stream.yaml"
    file.write_text(stream(deployed(above)), encoding="utf-8")
    assert objects.validate([file]) == []


def test_options_that_make_no_sense() -> None:
    for wrong in ({"event_source": "webhook"}, {"event_source": "Web/x"}, {"event_bus": "a_b"}, {"events_service_account": "A"}):
        assert OPTIONS.__class__(**wrong).unusable("argo") is not None, wrong  # type: ignore[arg-type]
    assert OPTIONS.unusable("argo") is None
