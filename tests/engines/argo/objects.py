"""The objects of the cluster, and what has become of them, as etcd would have it."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str, str]
"""Resource, namespace, name."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened: ADDED, MODIFIED or DELETED."""

    version: int
    kind: str
    key: Key
    object: Object


class Objects:
    """All of them. What is given is a copy, and so is what is taken: nobody changes them but by `write`."""

    def __init__(self) -> None:
        self._known: dict[Key, Object] = {}
        self._events: list[Event] = []
        self._version = 0
        self.changed = threading.Condition(threading.RLock())

    @property
    def version(self) -> int:
        """How many changes there were."""
        return self._version

    def get(self, key: Key) -> Object | None:
        """One object."""
        with self.changed:
            found = self._known.get(key)
            return None if found is None else copy.deepcopy(found)

    def all(self, resource: str, namespace: str | None = None) -> list[Object]:
        """Those of a resource, in the order of their names."""
        with self.changed:
            keys = sorted(key for key in self._known if key[0] == resource and namespace in (None, key[1]))
            return [copy.deepcopy(self._known[key]) for key in keys]

    def create(self, key: Key, thing: Object) -> Object:
        """Add one that is not there."""
        with self.changed:
            assert key not in self._known
            thing["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), **_generation(thing, 1)}
            return self._keep("ADDED", key, thing)

    def write(self, key: Key, thing: Object) -> Object:
        """Change one. What makes no difference is no change."""
        with self.changed:
            before = self._known[key]
            if _essence(before) == _essence(thing):
                return copy.deepcopy(before)
            if {**before, "metadata": None} != {**thing, "metadata": None}:
                thing["metadata"] |= _generation(thing, before["metadata"].get("generation", 1) + 1)
            return self._keep("MODIFIED", key, thing)

    def change(self, key: Key, change: Callable[[Object], None]) -> Object | None:
        """Change one where it stands, if it is still there."""
        with self.changed:
            thing = self.get(key)
            if thing is None:
                return None
            change(thing)
            return self.write(key, thing)

    def delete(self, key: Key) -> Object:
        """Remove one, and what it owns."""
        with self.changed:
            gone = self._known[key]
            self._keep("DELETED", key, gone)
            del self._known[key]
            uid = gone["metadata"]["uid"]
            owned = [
                other
                for other, one in self._known.items()
                if any(owner.get("uid") == uid for owner in one["metadata"].get("ownerReferences", ()))
            ]
            for other in owned:
                if other in self._known:
                    self.delete(other)
            return gone

    def events(self, after: int, until: float | None, wanted: Callable[[Event], bool]) -> Iterator[Event | None]:
        """What happens after a version, as it happens; None now and then. Ends at a time of `time.monotonic`, or never."""
        at = len(self._events)
        with self.changed:
            while at and self._events[at - 1].version > after:
                at -= 1
        while until is None or time.monotonic() < until:
            with self.changed:
                if at == len(self._events):
                    left = 1.0 if until is None else max(0.0, min(1.0, until - time.monotonic()))
                    self.changed.wait(left)
                found = self._events[at:]
                at += len(found)
            yield from filter(wanted, found)
            yield None

    def _keep(self, kind: str, key: Key, thing: Object) -> Object:
        self._version += 1
        kept = copy.deepcopy(thing)
        kept["metadata"]["resourceVersion"] = str(self._version)
        self._known[key] = kept
        self._events.append(Event(self._version, kind, key, kept))
        self.changed.notify_all()
        return copy.deepcopy(kept)


def _essence(thing: Object) -> Object:
    metadata = {key: value for key, value in thing["metadata"].items() if key not in ("resourceVersion", "generation")}
    owners = [{**one, "time": None} for one in metadata.pop("managedFields", ())]
    return {**thing, "metadata": {**metadata, "managedFields": owners}}


def _generation(thing: Object, number: int) -> dict[str, int]:
    """Kubernetes' own kinds that are here have none."""
    return {"generation": number} if thing["apiVersion"].startswith("argoproj.io/") else {}


def now() -> str:
    """The time, as objects have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
