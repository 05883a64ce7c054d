"""What becomes of a run's Pods, as it happens: one list of them, then one watch, in a thread of its own.

The server is asked for changes from a version on, and from the last one that was heard of when a connection ends. Where it no
longer knows what has changed since then (410), all is listed anew. A connection that only seems to stand, as after a laptop has
slept, is noticed since the server ends each itself after a while.
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from .kinds import POD
from .refusals import ClusterError
from .session import Session

_PAGE: Final = 500
_SECONDS: Final = 50
"""After so many the server ends a watch; shortly before, it says which version there is."""
_SILENCE: Final = 20.0
"""Seconds that its end may be late."""
_WAITS: Final = (1.0, 30.0)
"""Seconds before it is tried again, at first and at the most."""
_GONE: Final = 410
"""The status of a version that is too old."""


class Listener(Protocol):
    """Who is told. All of it is called from the watch's thread."""

    def listing(self) -> None:
        """All Pods are about to be listed."""
        ...

    def listed(self, names: frozenset[str]) -> None:
        """These are all that there are, each of which was told."""
        ...

    def changed(self, pod: Mapping[str, Any]) -> None:
        """One is there, or has changed."""
        ...

    def deleted(self, pod: Mapping[str, Any]) -> None:
        """One is gone, and was so when it was last there."""
        ...

    def troubled(self, error: ClusterError | None) -> None:
        """Nothing can be heard, for now; or again, None."""
        ...


class PodWatch:
    """A watch on the Pods of a namespace that have these labels."""

    def __init__(self, session: Session, labels: Mapping[str, str], listener: Listener) -> None:
        self._session = session
        self._selector = ",".join(f"{key}={value}" for key, value in labels.items())
        self._listener = listener
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowc-pods", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Tell nothing more. A request that is under way ends by itself."""
        self._stop.set()

    def _run(self) -> None:
        version, wait = "", _WAITS[0]
        while not self._stop.is_set():
            try:
                version = version or self._list()
                began = time.monotonic()
                for heard in self._follow(version):
                    version, wait = heard, _WAITS[0]
                if time.monotonic() - began < _WAITS[0]:  # something between here and there ends connections
                    self._stop.wait(_WAITS[0])
            except ClusterError as error:
                if error.status == _GONE:
                    version = ""
                    if wait == _WAITS[0]:  # it is the first time in a row
                        wait *= 2
                        continue
                if self._stop.is_set():
                    return
                self._listener.troubled(error)
                self._stop.wait(wait * random.uniform(0.5, 1.0))
                wait = min(2 * wait, _WAITS[1])

    def _list(self) -> str:
        """Tell what there is; the version of that."""
        self._listener.listing()
        query: dict[str, str | int] = {"limit": _PAGE, "labelSelector": self._selector}
        names: set[str] = set()
        while True:
            answer = self._session.ask("GET", self._session.path(POD), query=query)
            for one in answer.get("items") or ():
                names.add(str(one["metadata"]["name"]))
                self._tell("MODIFIED", one)
            metadata = answer.get("metadata") or {}
            if not metadata.get("continue"):
                break
            query["continue"] = metadata["continue"]
        if not self._stop.is_set():
            self._listener.listed(frozenset(names))
            self._listener.troubled(None)
        return str(metadata.get("resourceVersion") or "")

    def _follow(self, version: str) -> Iterator[str]:
        """Tell what changes from a version on until the connection ends; each version that is heard of."""
        query: dict[str, str | int] = {
            "watch": "1",
            "labelSelector": self._selector,
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": _SECONDS,
        }
        lines = self._session.lines(self._session.path(POD), query=query, silence=_SECONDS + _SILENCE)
        self._listener.troubled(None)
        for line in lines:
            event: Mapping[str, Any] = {}
            with suppress(ValueError):  # half a line, of a connection that has ended
                event = json.loads(line)
            thing = event.get("object") or {}
            if event.get("type") == "ERROR":
                raise ClusterError(
                    f"the cluster cannot say what becomes of pods: {thing.get('message') or 'it does not say why'}",
                    status=int(thing.get("code") or 0),
                    passing=True,
                )
            if event.get("type") in ("ADDED", "MODIFIED", "DELETED"):
                self._tell(event["type"], thing)
            if found := (thing.get("metadata") or {}).get("resourceVersion"):
                yield str(found)

    def _tell(self, type: str, pod: Mapping[str, Any]) -> None:
        if not self._stop.is_set():
            (self._listener.deleted if type == "DELETED" else self._listener.changed)(pod)
