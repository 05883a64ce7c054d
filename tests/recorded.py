"""Runs of Argo 3.7.18 on a real cluster, as its controller left them, and a cluster of nothing but such objects.

`argo_runs` has the objects cut short: without what says how much a pod took. Their flow: `start` finds 4 items and goes on to `a`
and to a foreach of two steps, `one` and `two`; `join` follows both. All but `two` may be tried again once. The exit hook fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from flowc.targets.argo import marks
from flowc.targets.argo.cluster.executions import WorkflowRuns
from flowc.targets.argo.cluster.kinds import POD, WORKFLOW, WORKFLOW_TEMPLATE, Kind
from flowc.targets.argo.cluster.refusals import ClusterError
from flowc.targets.argo.cluster.session import Session

RUNS = Path(__file__).parent / "argo_runs"
NOW = "2026-11-21T20:00:00Z"
TEMPLATE = {
    "metadata": {"name": "lab", "labels": {marks.DEPLOYMENT: "lab"}, "annotations": {marks.CODE: "image"}},
    "spec": {},
}


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RUNS / f"{name}.json").read_text())
    return found


class Cluster:
    """A session with a cluster that holds these objects, and notes what it is asked to do.

    Args:
        refusals: By method, what it refuses the next time.
    """

    namespace = "watch"
    where = "namespace watch"

    def __init__(self, *workflows: dict[str, Any], pods: tuple[str, ...] = ()) -> None:
        self.objects: dict[str, dict[str, Any]] = {self.path(WORKFLOW_TEMPLATE, "lab"): TEMPLATE}
        self.objects |= {self.path(WORKFLOW, one["metadata"]["name"]): one for one in workflows}
        self.objects |= {self.path(POD, name): {"metadata": {"name": name}} for name in pods}
        self.done: list[tuple[str, str]] = []
        self.refusals: dict[str, list[ClusterError]] = {}
        self.answers: dict[str, Any] = {}

    def path(self, kind: Kind, name: str | None = None) -> str:
        return kind.path(self.namespace, name)

    def find(self, kind: Kind, name: str) -> dict[str, Any] | None:
        return self.objects.get(self.path(kind, name))

    def is_there(self, kind: Kind, name: str) -> bool:
        return self.find(kind, name) is not None

    def pages(self, kind: Kind, *, labels: str | None = None, metadata: bool = False) -> Iterator[dict[str, Any]]:
        assert labels is not None
        name, _, value = labels.partition("=")
        for path, one in self.objects.items():
            if path.startswith(self.path(kind) + "/") and one["metadata"]["labels"].get(name) == value:
                yield {"metadata": one["metadata"]} if metadata else one

    def text(self, path: str, *, query: Mapping[str, Any]) -> str:
        assert query["container"] == "main"
        return str(self._answer(path))

    def ask(self, method: str, path: str, body: Any = None, *, query: Any = None, form: str = "") -> dict[str, Any]:
        if method == "GET":
            return cast("dict[str, Any]", self._answer(path))
        self.done.append((method, path.rpartition("/")[2]))
        if self.refusals.get(method):
            raise self.refusals[method].pop()
        match method:
            case "DELETE":
                if path not in self.objects:
                    raise ClusterError("not there", status=404, reason="NotFound")
                del self.objects[path]
            case "POST":
                path = f"{path}/{body['metadata']['name']}"
                self.objects[path] = {**body, "metadata": {"creationTimestamp": "2026-11-21T19:00:00Z", **body["metadata"]}}
            case "PUT":
                self.objects[path] = body
            case "PATCH":
                self.objects[path] = {**self.objects[path], "patched": body}
        return self.objects.get(path, {})

    def _answer(self, path: str) -> Any:
        if path not in self.answers:
            raise ClusterError("not there", status=404, reason="NotFound")
        return self.answers[path]


def runs_in(cluster: Cluster, url: str | None = None) -> WorkflowRuns:
    return WorkflowRuns(cast("Session", cluster), "lab", url)
