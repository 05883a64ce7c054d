"""What an orchestrator was told when it started a run: in an object, or in what it hands to the first task.

Flow/run/input.json    JSON: parameters by name, or text that holds this JSON, or an event of EventBridge

    given = read_given(store, "Flow", run)
    given.user, given.tags        # its own words about the run, under `flowc:user` and `flowc:tags`
    given.events                  # what set it off
    given.parameters              # the rest

An execution of Step Functions that started another says so in its input, under a name that AWS has made up for that; it is no
parameter either.

On Argo all of that but the parameters stands in a parameter of the workflow (`contract.ARGO_RUN`). Of a run that events set off,
the first task keeps that under the same key, for the tasks after it: `{"flowc:events": […]}`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ..contract import ARGO_RUN, INPUT_OBJECT, run_key
from ..errors import ParameterError
from ..store import Store

USER, TAGS, EVENTS = "flowc:user", "flowc:tags", "flowc:events"
_OF_AWS = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
_OF_EVENTS = frozenset(("source", "detail-type", "detail"))
_FINISHED = ("aws.states", "Step Functions Execution Status Change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event, of EventBridge or of Argo Events.

    Attributes:
        name: What it tells of: its `detail-type`, or the `name` in its payload; "" of one that tells that a workflow has ended.
        id: Its id, or "".
        time: When it happened, as ISO 8601 has it, or "".
        detail: What it says: its payload.
        finished: Of events that tell that another run has ended: its state machine, or the flow, and the run. Else None.
    """

    name: str
    id: str
    time: str
    detail: Mapping[str, Any]
    finished: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a run was started with.

    Attributes:
        parameters: An object of values by name, or Argo's list; {} with an event of EventBridge.
        events: What set the run off; several came together.
        user: Who started it, or None where that is not said.
        tags: What it is marked with.
        kept: What the run's input has to be, for the tasks after the first one; None where it is that already, or nothing.
    """

    parameters: object = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    user: str | None = None
    tags: tuple[str, ...] = ()
    kept: bytes | None = None


def read_given(store: Store, flow: str, run: str, name: str = INPUT_OBJECT) -> Given | None:
    """What the object of this name under a run's key says; None if there is none.

    Raises:
        ParameterError: It is not of the form that it must have.
        StoreError: It cannot be read.
    """
    key = f"{run_key(flow, run)}/{name}"
    data = store.get(key)
    return None if data is None else parse_given(key, data)


def parse_given(key: str, data: bytes) -> Given:
    """What such an object says.

    Raises:
        ParameterError: It is not of the form that it must have.
    """
    try:
        document = json.loads(data)
        if isinstance(document, str):
            document = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"the run's input {key} is not JSON ({error})") from None
    if document is None:
        return Given()
    if isinstance(document, list):
        return Given(parameters=document)
    if not isinstance(document, dict):
        raise ParameterError(f"the run's input {key} is JSON, but no object of values by name")
    if (event := _event(document)) is not None:
        return Given(events=(event,))
    user, tags, events = document.get(USER), document.get(TAGS), document.get(EVENTS)
    if not (user is None or isinstance(user, str)):
        raise ParameterError(f"`{USER}` in the run's input {key} is no text")
    if not (tags is None or (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags))):
        raise ParameterError(f"`{TAGS}` in the run's input {key} is no list of texts")
    if not (events is None or (isinstance(events, list) and all(isinstance(one, dict) for one in events))):
        raise ParameterError(f"`{EVENTS}` in the run's input {key} is no list of objects")
    values = {name: value for name, value in document.items() if ":" not in name and name != _OF_AWS}
    told = tuple(_of_argo(one) for one in events or ())
    return Given(parameters=values, events=told, user=user or None, tags=tuple(tags or ()))


def given_by_argo(text: str | None) -> Given | None:
    """What Argo's list of parameters says, with that of them which is none; None if this is no such list.

    Raises:
        ParameterError: That parameter is not of the form that it must have.
    """
    try:
        listed = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None  # whoever reads the parameters says so
    own = [one for one in listed if isinstance(one, dict) and one.get("name") == ARGO_RUN] if isinstance(listed, list) else []
    if not own:
        return None
    rest = [one for one in listed if one not in own]
    said = own[0].get("value")
    if not said:
        return Given(parameters=rest)
    data = _input_of(said)
    given = parse_given(ARGO_RUN, data)
    return replace(given, parameters=rest, kept=data if given.events else None)


def _input_of(said: object) -> bytes:
    """What `ARGO_RUN` says, as a run's input."""
    found: dict[str, Any] = {}
    events: list[object] = []
    for part in str(said).split("."):
        try:
            one = json.loads(base64.b64decode(part, validate=True))
        except (ValueError, RecursionError):
            one = None
        if not isinstance(one, dict):
            raise ParameterError(f"the parameter `{ARGO_RUN}` of the workflow is what flowc says of a run, and nothing of yours")
        events += [one[kind] for kind in ("event", "finished") if kind in one]
        found |= {f"flowc:{name}": one[name] for name in ("user", "tags") if name in one}
    return json.dumps(found | ({EVENTS: events} if events else {}), ensure_ascii=False).encode()


def _of_argo(said: Mapping[str, Any]) -> Event:
    """An event's payload, as publishers send it; or what a Sensor says of a workflow that has ended."""

    def text(name: str) -> str:
        value = said.get(name)
        return value if isinstance(value, str) else ""

    if text("flow") and text("run") and "name" not in said:
        return Event(name="", id="", time=text("time"), detail={}, finished=(text("flow"), text("run")))
    return Event(name=text("name"), id=text("id"), time=_moment(said.get("timestamp")), detail=said)


def _moment(seconds: object) -> str:
    """Seconds since 1970, as Metaflow's publishers have them, in ISO 8601; "" for what is none."""
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _event(document: Mapping[str, Any]) -> Event | None:
    """An object as an event, if it is one. https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""
    name, detail = document.get("detail-type"), document.get("detail")
    if not (document.keys() >= _OF_EVENTS and isinstance(name, str) and isinstance(detail, dict)):
        return None
    id, time = document.get("id"), document.get("time")
    return Event(
        name=name,
        id=id if isinstance(id, str) else "",
        time=time if isinstance(time, str) else "",
        detail=detail,
        finished=_finished(detail) if (document["source"], name) == _FINISHED else None,
    )


def _finished(detail: Mapping[str, Any]) -> tuple[str, str] | None:
    """`arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`, of which NAME is unique."""
    parts = str(detail.get("executionArn")).split(":", 7)
    return (parts[6], parts[7]) if len(parts) == 8 and parts[5] == "execution" else None
