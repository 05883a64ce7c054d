"""`Flow`: the runs of a flow. `Metaflow`: all flows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from ..contract import run_key
from ..errors import RecordError
from ..records.runs import read_run
from ..store import Store
from .faults import MetaflowNotFound, near
from .objects import MetaflowObject, is_running_here
from .places import get_metadata, store_at
from .run import Run

_PACKAGES = "flowc-packages"
_SHOWN = 3


class Flow(MetaflowObject[Run]):
    """The runs of a flow, newest first: `Flow("Squares")["7"]`, `for run in Flow("Squares")`."""

    _KIND = "flow"
    _FORM = ("FLOW",)

    @classmethod
    def _at(cls, store: Store, name: str) -> Flow:
        """The flow of this name, of which there may be no runs, in the namespace of whoever looks."""
        from .namespaces import get_namespace

        flow = cls.__new__(cls)
        flow._set_up(store, [name], None, get_namespace(), None)
        return flow

    def _demand(self) -> None:
        if not is_running_here(self.id) and next(iter(self._store.folders(f"{self.id}/")), None) is None:
            others = near(self.id, flow_names(self._store))
            raise MetaflowNotFound(f"the datastore {self._store.url} has no runs of a flow {self.id}{others}")

    def _parent_class(self) -> None:
        return None

    def _child(self, id: str) -> Run | None:
        run = Run._below(self, id)
        return run if run._exists() and run.is_in_namespace() else None

    def _no_child(self, id: str) -> MetaflowNotFound:
        return no_such_run(self, id)

    def _children(self) -> Iterator[Run]:
        for run in all_runs(self):
            if run.is_in_namespace():
                yield run

    def runs(self, *tags: str) -> Iterator[Run]:
        """Its runs, newest first, that have all of these tags."""
        return (run for run in self if not tags or set(tags) <= run.tags)

    @property
    def latest_run(self) -> Run | None:
        """The newest run."""
        return next(iter(self), None)

    @property
    def latest_successful_run(self) -> Run | None:
        """The newest run that has come to its end."""
        return next((run for run in self if run.successful), None)

    @property
    def user_tags(self) -> frozenset[str]:
        """None: tags belong to runs."""
        return frozenset()

    @property
    def system_tags(self) -> frozenset[str]:
        """None, likewise."""
        return frozenset()

    @property
    def created_at(self) -> datetime | None:
        """When its newest run began."""
        run = self.latest_run
        return run.created_at if run else None

    @property
    def finished_at(self) -> None:
        """None: a flow is not done."""
        return

    @property
    def origin_pathspec(self) -> None:
        """None: only runs are resumed."""
        return

    def is_in_namespace(self) -> bool:
        """Whether any of its runs is."""
        return self._namespace is None or next(self._children(), None) is not None

    def _repr_html_(self) -> str:
        from .notebook import flow_table

        return flow_table(self)


class Metaflow:
    """All flows of a datastore that have runs in the namespace, by name.

    Args:
        datastore: Where to look; None: where `get_metadata` says.
    """

    def __init__(self, *, datastore: str | os.PathLike[str] | None = None) -> None:
        self._store = store_at(datastore)

    @property
    def flows(self) -> list[Flow]:
        """The flows."""
        return list(self)

    def __iter__(self) -> Iterator[Flow]:
        for name in flow_names(self._store):
            flow = Flow._at(self._store, name)
            if flow.is_in_namespace():
                yield flow

    def __getitem__(self, name: str) -> Flow:
        return Flow(name, datastore=self._store.url)

    def __contains__(self, name: object) -> bool:
        return name in flow_names(self._store)

    def _ipython_key_completions_(self) -> list[str]:
        return flow_names(self._store)

    def __repr__(self) -> str:
        return f"Metaflow({self._store.url!r})" if self._store is not store_at(None) else f"Metaflow() in {get_metadata()}"


def flow_names(store: Store) -> list[str]:
    """All flows of which a datastore has runs, by name."""
    return sorted(name for name in store.folders("") if name.isidentifier() and name != _PACKAGES)


def all_runs(flow: Flow) -> Iterator[Run]:
    """All runs of a flow, newest first, in whichever namespace; their records are read several at a time."""
    ids = list(flow._store.folders(f"{flow.id}/"))
    if all(id.isascii() and id.isdigit() for id in ids):
        # Numbers say which is newer, so that nobody waits for the records of all.
        yield from _recorded(flow, sorted(ids, key=int, reverse=True))
        return
    runs = list(_recorded(flow, ids))
    began = {run.id: _began(run) for run in runs}
    yield from sorted(runs, key=lambda run: (began[run.id], run.id), reverse=True)


def _began(run: Run) -> float:
    """When a run began; one whose record is damaged hides no others, and is the last of them."""
    try:
        return run._began() or 0.0
    except RecordError:
        return 0.0


def _recorded(flow: Flow, ids: list[str]) -> Iterator[Run]:
    """Runs with their records, of which so many are read at once as may be wanted: first few, then more."""
    waiting, size = iter(ids), 4
    while several := list(islice(waiting, size)):
        keys = [f"{run_key(flow.id, id)}/run.json" for id in several]
        for id, data in zip(several, flow._store.get_many(keys), strict=True):
            run = Run._below(flow, id)
            if data is not None:
                with suppress(RecordError):  # it is raised to whoever wants to know what the record says
                    run._keep_record(data)
            yield run
        size = min(size * 4, 256)


def no_such_run(flow: Flow, id: str) -> MetaflowNotFound:
    """What to say of a run that there is not, or that is somebody else's."""
    if flow._namespace is not None and read_run(flow._store, flow.id, id) is not None:
        return MetaflowNotFound(f"the run {flow.id}/{id} is not in the namespace {flow._namespace}")
    last = [run.id for run in islice(flow, _SHOWN)]
    known = f" (the last {'is' if len(last) == 1 else 'are'} {', '.join(last)})" if last else ""
    return MetaflowNotFound(f"the flow {flow.id} has no run {id} in the datastore {flow._store.url}{known}")
