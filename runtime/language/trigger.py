"""`current.trigger`: the event that set the run off, or the events.

    if current.trigger and current.trigger.run:          # of @trigger_on_finish: the run that has finished
        model = current.trigger.run.data.model

In: what the run keeps of its beginning (`records/given.py`). The names are Metaflow's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ..plan import Plan
from ..records.given import Event, read_given

if TYPE_CHECKING:
    from ..store import Store


class MetaflowEvent(NamedTuple):
    """An event.

    Attributes:
        name: What it is called; `metaflow.FLOW.end` of a run that has finished.
        id: What tells it from others; of a run, `FLOW/RUN`.
        timestamp: When it happened, in local time and without a zone; None if it does not say.
        type: `event`, or `run` of a run that has finished.
    """

    name: str
    id: str
    timestamp: datetime | None
    type: str


class Trigger:
    """What set a run off.

    Args:
        events: The events.
        datastore: Where the runs are that have finished; None: where the client looks.
    """

    def __init__(self, events: list[MetaflowEvent], datastore: str | None = None) -> None:
        self._events = events
        self._datastore = datastore

    @property
    def event(self) -> MetaflowEvent | None:
        """The event; of several, the first."""
        return next(iter(self._events), None)

    @property
    def events(self) -> list[MetaflowEvent] | None:
        """All events."""
        return list(self._events) or None

    @property
    def run(self) -> Any:
        """The run that has finished, of several the first, as the client sees it; None where another event set this one off.

        Raises:
            MetaflowNotFound: The datastore does not have it.
        """
        return next(iter(self.runs or ()), None)

    @property
    def runs(self) -> list[Any] | None:
        """All runs that have finished."""
        return [self._run(event) for event in self._events if event.type == "run"] or None

    def _run(self, event: MetaflowEvent) -> Any:
        from ..client.run import Run

        return Run(event.id, datastore=self._datastore, _namespace_check=False)

    def __getitem__(self, name: str) -> Any:
        for event in self._events:
            if event.type == "run" and event.id.partition("/")[0] == name:
                return self._run(event)
            if event.type != "run" and event.name == name:
                return event
        raise KeyError(name)

    def __iter__(self) -> Iterator[MetaflowEvent]:
        return iter(self._events)

    def __contains__(self, name: object) -> bool:
        return any(name == (event.id.partition("/")[0] if event.type == "run" else event.name) for event in self._events)

    def __repr__(self) -> str:
        return f"Trigger({self._events!r})"


def trigger_of(store: Store, plan: Plan | None, flow: str, run: str) -> Trigger | None:
    """What set a run off; None if no event did.

    Args:
        plan: That of the run, which tells what the flows are called that it waits for.
    """
    given = read_given(store, flow, run)
    if given is None or not given.events:
        return None
    return Trigger([_event(one, plan) for one in given.events], store.url)


def _event(event: Event, plan: Plan | None) -> MetaflowEvent:
    if event.finished is None:
        return MetaflowEvent(event.name, event.id, _moment(event.time), "event")
    machine, run = event.finished
    flow = _flow_of(machine, plan)
    return MetaflowEvent(f"metaflow.{flow}.end", f"{flow}/{run}", _moment(event.time), "run")


def _flow_of(machine: str, plan: Plan | None) -> str:
    """The flow that a state machine runs, which has the flow's name, after those of its project and branch, if that is short
    enough. Of Argo it is the flow's name itself."""
    arguments = (plan.decorator("trigger_on_finish") if plan else None) or {}
    listed = [*(arguments.get("flows") or ()), *([arguments["flow"]] if arguments.get("flow") else ())]
    names = {(one["name"] if isinstance(one, dict) else one).rpartition(".")[2] for one in listed}
    last = machine.rpartition(".")[2]
    return names.pop() if len(names) == 1 else last


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone().replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
