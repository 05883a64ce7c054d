"""Watches: what happens to objects of a kind, one line each, until the time is over, or something comes between.

The server keeps what has happened for as long as it is not told to forget it; who then asks for what it has forgotten is told so
within the answer, as the API server does whose cache begins later (`cacher.go`, `newErrWatcher`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engines.argo.objects import Event, Object, Objects
from engines.argo.refusals import refused

_BOOKMARK = 2.0
"""Seconds before its end that a watch says which version there is. (It says so every minute besides.)"""


class BrokenConnection(Exception):
    """The connection is to be reset."""


class Watches:
    """All that there are."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._cuts: list[str] = []
        self._forgotten = 0

    def control(self, order: Mapping[str, Any]) -> None:
        """Do what a test orders: `{"cut": "reset"}` all that are open, or `"end"` them; `{"forget": true}` what has happened."""
        with self._objects.changed:
            if order.get("forget"):
                self._forgotten = self._objects.version
            if "cut" in order:
                self._cuts.append(order["cut"])
            self._objects.changed.notify_all()

    def lines(
        self, resource: str, namespace: str | None, wanted: Callable[[Object], bool], query: Mapping[str, str]
    ) -> Iterator[bytes]:
        """What happens to these objects, from the version on that is asked for."""
        seconds = query.get("timeoutSeconds")
        until = time.monotonic() + float(seconds) if seconds else None
        after = int(query.get("resourceVersion") or "0")

        def here(event: Event) -> bool:
            kind, space, _ = event.key
            return kind == resource and namespace in (None, space) and wanted(event.object)

        with self._objects.changed:
            first = [] if after else [one for one in self._objects.all(resource, namespace) if wanted(one)]
            since = after or self._objects.version
            forgotten, cuts = self._forgotten, len(self._cuts)
        if after and after < forgotten:
            why = refused(410, "Expired", f"too old resource version: {after} ({forgotten})").body
            yield _line("ERROR", why)
            return
        for one in first:
            yield _line("ADDED", one)
        marked = query.get("allowWatchBookmarks") not in ("true", "1") or until is None
        version = since
        for event in self._objects.events(since, until, lambda _: True):
            if len(self._cuts) > cuts:
                if self._cuts[cuts] == "reset":
                    raise BrokenConnection
                return
            if event is None:
                yield b""
                if not marked and until is not None and time.monotonic() > until - _BOOKMARK:
                    marked = True
                    kind = first[0]["kind"] if first else resource
                    yield _line("BOOKMARK", {"kind": kind, "metadata": {"resourceVersion": str(version)}})
                continue
            version = event.version
            if here(event):
                yield _line(event.kind, event.object)


def _line(kind: str, thing: object) -> bytes:
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"
