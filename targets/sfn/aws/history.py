"""What the history of an execution, and the cause that it ended with, say about tasks.

A job's own words are JSON in the text of an event: the request that was made (`TaskScheduled`), the answer to it
(`TaskSubmitted`), and how the job ended, which is the cause of the failure. What the request says in its environment is which
task it was for. Letters differ in case between services, so names are compared without it.

Event types: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ....runtime import contract

_FAILED: Final = frozenset(
    {"TaskFailed", "TaskTimedOut", "TaskSubmitFailed", "TaskStartFailed", "MapRunFailed", "EvaluationFailed"}
)
_OVER: Final = _FAILED | {"TaskSucceeded", "TaskStateAborted"}
"""`TaskStateAborted`: another branch, or another item of an inline Map, failed."""
_LONGEST: Final = 4000
"""Characters of a cause that are shown: it may hold all of a job's description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in a run: a task, as far as it is known, or only a state's name as the step."""

    step: str | None = None
    path: str | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job ended, of what its platform says.

    Attributes:
        text: That for reading.
        where: Which task it was.
        said: The reasons that are given, each once.
        code: The exit code of its container, or None.
        job: Its id, or None.
        stream: The stream of its log, or None.
        group: The group of that, or None: the platform's own.
        definition: Of a task of ECS, the ARN of its definition, or None.
    """

    text: str
    where: Where
    said: tuple[str, ...] = ()
    code: int | None = None
    job: str | None = None
    stream: str | None = None
    group: str | None = None
    definition: str | None = None


class History:
    """Events of one execution: all of them, or the last ones.

    Args:
        events: As AWS gives them, in any order.
    """

    def __init__(self, events: Sequence[Mapping[str, Any]]) -> None:
        self._events = {event["id"]: event for event in events}

    def before(self, event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """An event, and those that led to it, the latest first; as far back as is known."""
        found: Mapping[str, Any] | None = event
        while found is not None:
            yield found
            found = self._events.get(found.get("previousEventId") or 0)

    def submitted(self) -> Iterator[Mapping[str, Any]]:
        """The events of jobs that were submitted and are not over, in their order."""
        over = {event.get("previousEventId") for event in self._events.values() if event["type"] in _OVER}
        # When an execution ends, so do its jobs, without an event of their own.
        begun = max((id for id, event in self._events.items() if event["type"] == "ExecutionRedriven"), default=0)
        for id in sorted(self._events):
            if self._events[id]["type"] == "TaskSubmitted" and id > begun and id not in over:
                yield self._events[id]

    def failures(self) -> Iterator[Mapping[str, Any]]:
        """The events of what failed within the execution, in their order."""
        for id in sorted(self._events):
            if self._events[id]["type"] in _FAILED:
                yield self._events[id]

    def failed(self, error: str | None, cause: str | None) -> Mapping[str, Any] | None:
        """The event with this error and cause, the first of several; else the last of a failure."""
        last = None
        for event in self.failures():
            details = details_of(event)
            if error and (details.get("error"), details.get("cause")) == (error, cause):
                return event
            last = event
        return last

    def ends_at_fail(self) -> bool:
        """Whether the last state that was entered is a `Fail`."""
        entered = [id for id, event in self._events.items() if event["type"].endswith("StateEntered")]
        return bool(entered) and self._events[max(entered)]["type"] == "FailStateEntered"

    def where(self, event: Mapping[str, Any]) -> Where:
        """Which task an event is about, or which state."""
        for one in self.before(event):
            if one["type"] == "TaskScheduled":
                found = where_in(parsed(details_of(one).get("parameters")))
                if found.step is not None:
                    return found
            if one["type"].endswith("StateEntered"):
                return Where(step=details_of(one).get("name"))
        return Where()

    def map_states(self) -> dict[str, str]:
        """Of Map Runs that began: the names of their states."""
        found = {}
        for event in self._events.values():
            if event["type"] == "MapRunStarted":
                state = next((one for one in self.before(event) if one["type"] == "MapStateEntered"), None)
                if state is not None:
                    found[details_of(event)["mapRunArn"]] = details_of(state)["name"]
        return found


def details_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event says, under whichever name its type gives to that."""
    for name, value in event.items():
        if name.endswith("EventDetails") and isinstance(value, Mapping):
            return value
    return {}


def parsed(text: object) -> dict[str, Any]:
    """The JSON object in a text, with the names of its members in lower case; {} where there is none."""
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return {}
    try:
        found = lowered(json.loads(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def where_in(document: Mapping[str, Any]) -> Where:
    """The task that a job's environment names, in a request, an answer or a description of a job."""
    values: dict[str, str] = {}
    for holder in _holders(document):
        for pair in holder.get("environment") or ():
            if isinstance(pair, Mapping):
                values.setdefault(str(pair.get("name")), str(pair.get("value")))
    hook = contract.HOOK_STEPS.get(values.get(contract.HOOK, ""))
    return Where(
        step=hook or values.get(contract.STEP),
        path=contract.ROOT_PATH if hook else values.get(contract.PATH),
        attempt=contract.attempt_number(values.get(contract.ATTEMPT, "")),
    )


def ending_of(cause: str | None) -> Ending:
    """What the cause of a failure says, which may be text, or the description of a job of Batch or a task of ECS."""
    document = parsed(cause)
    return ending_in(document, cause) if document else Ending(text=_cut(cause or ""), where=Where())


def ending_in(document: Mapping[str, Any], cause: str | None = None) -> Ending:
    """What the description of a job says, with names in lower case.

    Args:
        cause: The description as text, or None.
    """
    containers = [one for one in _holders(document) if {"exitcode", "reason", "logstreamname"} & one.keys()]
    said = [document.get("statusreason"), document.get("stoppedreason"), *(one.get("reason") for one in containers)]
    code = next((one["exitcode"] for one in containers if isinstance(one.get("exitcode"), int)), None)
    reasons = tuple(dict.fromkeys(str(one).strip() for one in said if one))
    words = [*reasons, *([f"exit code {code}"] if code is not None else [])]
    # A job that failed without a word of its own is described anew; else a short cause is better than none.
    text = "; ".join(words) or (cause if cause and len(cause) < 500 else f"the job ended as {document.get('status', 'FAILED')}")
    options = next((one["logconfiguration"].get("options") for one in containers if one.get("logconfiguration")), None) or {}
    return Ending(
        text=_cut(text),
        where=where_in(document),
        said=reasons,
        code=code,
        job=document.get("jobid") or document.get("taskarn"),
        stream=next((one["logstreamname"] for one in containers if one.get("logstreamname")), None),
        group=options.get("awslogs-group"),
        definition=document.get("taskdefinitionarn"),
    )


def _holders(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The parts of a request or a description that may have an environment, or say how a container ended."""
    for name in ("container", "containeroverrides"):
        if isinstance(document.get(name), Mapping):
            yield document[name]
            yield from _several(document[name].get("containeroverrides"))
    yield from _several(document.get("containers"))
    if isinstance(document.get("overrides"), Mapping):
        yield from _several(document["overrides"].get("containeroverrides"))
    for attempt in reversed(list(_several(document.get("attempts")))):
        if isinstance(attempt.get("container"), Mapping):
            yield attempt["container"]


def _several(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, Mapping))


def lowered(value: Any) -> Any:
    """Data with the names of all members in lower case."""
    if isinstance(value, dict):
        # The options of a log driver are data, and are looked up as they are; none of them has capital letters.
        return {str(name).lower(): lowered(one) for name, one in value.items()}
    return [lowered(one) for one in value] if isinstance(value, list) else value


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
