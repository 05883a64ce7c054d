"""The workflow controller: has a look at each Workflow to which something has happened, or whose time has come."""

from __future__ import annotations

import heapq
import sys
import threading
import time
import traceback
from contextlib import suppress

from engines.argo.kubelet import Kubelet
from engines.argo.objects import Event, Object, Objects
from engines.argo.operation import Operation

_WORKFLOW = "workflows.argoproj.io/workflow"
_Key = tuple[str, str]
"""Namespace and name."""


class Controller:
    """Runs workflows, in threads of its own.

    Args:
        objects: What there is.
        kubelet: What runs pods.
    """

    def __init__(self, objects: Objects, kubelet: Kubelet) -> None:
        self._objects = objects
        self._kubelet = kubelet
        self._due: dict[_Key, None] = {}
        self._later: list[tuple[float, _Key]] = []
        self._wake = threading.Condition()

    def start(self) -> None:
        """Begin."""
        for work in (self._watch, self._work):
            threading.Thread(target=work, daemon=True).start()

    def _watch(self) -> None:
        for event in self._objects.events(0, None, _matters):
            if event is None:
                continue
            resource, namespace, name = event.key
            if resource == "pods":
                name = event.object["metadata"].get("labels", {}).get(_WORKFLOW, "")
                if event.kind == "ADDED" and not name:
                    self._kubelet.take(event.object)
                if event.kind == "DELETED" or "deletionTimestamp" in event.object["metadata"]:
                    self._kubelet.deleted(event.object)
            self._look_at((namespace, name))

    def _look_at(self, key: _Key) -> None:
        with self._wake:
            self._due[key] = None
            self._wake.notify()

    def _look_again(self, key: _Key, seconds: float) -> None:
        with self._wake:
            heapq.heappush(self._later, (time.monotonic() + seconds, key))
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._due:
                    self._wake.wait(self._seconds_to_next())
                    while self._later and self._later[0][0] <= time.monotonic():
                        self._due[heapq.heappop(self._later)[1]] = None
                key = next(iter(self._due))
                del self._due[key]
            try:
                self._operate(key)
            except Exception:
                traceback.print_exc(file=sys.stderr)
                with suppress(KeyError):
                    self._give_up(key)

    def _seconds_to_next(self) -> float | None:
        return max(0.001, self._later[0][0] - time.monotonic()) if self._later else None

    def _operate(self, key: _Key) -> None:
        namespace, name = key
        whole = ("workflows", namespace, name)
        with self._objects.changed:
            workflow = self._objects.get(whole)
            if workflow is None:
                return

            def template(of: str) -> Object | None:
                return self._objects.get(("workflowtemplates", namespace, of))

            operation = Operation(workflow, template, self._kubelet, lambda seconds: self._look_again(key, seconds))
            operation.run()
            self._objects.write(whole, workflow)

    def _give_up(self, key: _Key) -> None:
        """The engine itself is at fault: nobody should wait for it."""
        why = f"a fault of the tests' engine: {traceback.format_exc()}"

        def change(workflow: Object) -> None:
            workflow.setdefault("status", {}).update({"phase": "Error", "message": why})
            workflow["metadata"].setdefault("labels", {})["workflows.argoproj.io/completed"] = "true"

        self._objects.change(("workflows", *key), change)


def _matters(event: Event) -> bool:
    return event.key[0] in ("workflows", "pods")
