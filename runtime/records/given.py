"""What an orchestrator was told when it started a run, where it keeps that as an object instead of handing it to the first task.

Flow/run/input.json    JSON: parameters by name, or text that holds this JSON, or an event of EventBridge

    given = read_given(store, "Flow", run)
    given.user, given.tags        # its own words about the run, under `flowc:user` and `flowc:tags`
    given.event                   # what set it off, or None
    given.parameters              # the rest

An execution of Step Functions that started another says so in its input, under a name that AWS has made up for that; it is no
parameter either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..contract import INPUT_OBJECT, run_key
from ..errors import ParameterError
from ..store import Store

USER, TAGS = "flowc:user", "flowc:tags"
_OF_AWS = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
_OF_EVENTS = frozenset(("source", "detail-type", "detail"))
_FINISHED = ("aws.states", "Step Functions Execution Status Change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of EventBridge.

    Attributes:
        name: What it tells of: its `detail-type`.
        id: Its id, or "".
        time: When it happened, as ISO 8601 has it, or "".
        detail: What it says.
        finished: The state machine and the execution that have ended, of events that tell of this; else None.
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
        parameters: An object of values by name, or Argo's list; {} with an event.
        event: What set the run off, or None.
        user: Who started it, or None where that is not said.
        tags: What it is marked with.
    """

    parameters: object = field(default_factory=dict)
    event: Event | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()


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
        return Given(event=event)
    user, tags = document.get(USER), document.get(TAGS)
    if not (user is None or isinstance(user, str)):
        raise ParameterError(f"`{USER}` in the run's input {key} is no text")
    if not (tags is None or (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags))):
        raise ParameterError(f"`{TAGS}` in the run's input {key} is no list of texts")
    values = {name: value for name, value in document.items() if ":" not in name and name != _OF_AWS}
    return Given(parameters=values, user=user or None, tags=tuple(tags or ()))


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
