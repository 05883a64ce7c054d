"""The Workflows of one WorkflowTemplate, as `targets.executions.Executions` has the runs of a deployment.

A Workflow is one object with all that Argo knows of the run, up to a megabyte of it. `find` reads it anew; what is asked about
the run after that is answered from what it read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from ...executions import Execution, Fan, Job, Link, Start, State, Trouble
from ...platform import PlatformError
from .. import marks
from .deadlines import late_nodes, outlasted
from .kinds import EVENT, POD, TASK_RESULT, WORKFLOW
from .live import Live
from .nodes import FAILED, Node, OffloadedError, name_of, read_nodes, seconds_of
from .refusals import ClusterError
from .retrying import retry
from .session import MERGE, Session
from .starting import LIMIT, size_of, started_with, workflow_of
from .troubles import hook_troubles_of, troubles_of
from .underway import fans_of, jobs_of, renamed_steps
from .words import Said, is_shutdown, warned

END: Final = "Terminate"
"""What `spec.shutdown` of a Workflow says for its end without exit hooks."""
_STATES: Final[Mapping[str, State]] = {
    "": "running",
    "Pending": "running",
    "Running": "running",
    "Succeeded": "done",
    "Failed": "failed",
    "Error": "failed",
}
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PHASE: Final = "workflows.argoproj.io/phase"
_EXECUTORS: Final = re.compile(r'time="[^"]*" level=\w+ .*\bargo=true\b|Error: exit status \d+$')
"""What Argo's executor writes into the log of the container that it watches."""
_CONFLICTS: Final = 5
"""How often a change is made anew that somebody else has overtaken."""
_GONE: Final = (60.0, 0.5)
"""Seconds until deleted pods must be gone, and between two looks at them."""
_EVENTS: Final = 100
"""Of those about a pod."""
_LINES: Final = 40
"""Of what a pod has printed, the last ones are told."""


class WorkflowRuns:
    """The runs of the WorkflowTemplate of this name, in the session's namespace.

    Args:
        argo_url: Where a browser shows Argo's pages, or None.
    """

    cannot_suspend: str | None = None

    def __init__(self, session: Session, name: str, argo_url: str | None = None) -> None:
        self._session = session
        self._live = Live(session, name)
        self._url = argo_url.rstrip("/") if argo_url else None
        self._known: dict[str, dict[str, Any]] = {}
        self.name = name

    @property
    def where(self) -> str:
        """The template, for messages."""
        return self._live.where

    @property
    def link(self) -> str:
        """The page of its runs; empty where nobody says where Argo's pages are."""
        if self._url is None:
            return ""
        return f"{self._url}/workflows/{self._session.namespace}?label={quote(f'{marks.DEPLOYMENT}={self.name}')}"

    @property
    def input_limit(self) -> int:
        """What a process's environment takes."""
        return LIMIT

    def input_size(self, text: str) -> int:
        """The bytes of the longest string in a pod's environment."""
        return size_of(self._live.template, text)

    def package(self) -> str | None:
        """What the template says."""
        return self._live.package()

    def datastore(self) -> str | None:
        """What the template says."""
        return self._live.datastore()

    def start(self, run: str, text: str) -> Execution:
        """Create a Workflow of the template."""
        self._live.demand()
        try:
            made = self._session.ask(
                "POST", self._session.path(WORKFLOW), workflow_of(run, self.name, self._session.namespace, text)
            )
        except ClusterError as error:
            # A request is made again whose answer was lost; nobody else has this name.
            made = (self._session.find(WORKFLOW, run) if error.conflict else None) or {}
            if not self._is_ours(made):
                raise
        self._known[run] = made
        return self._execution(made)

    def find(self, run: str) -> Execution | None:
        """The Workflow of this name, if it is of this template."""
        found = self._session.find(WORKFLOW, run) if _NAME.fullmatch(run) else None
        if found is None or not self._is_ours(found):
            self._live.demand()  # without the template there is nothing that could run
            return None
        self._known[run] = found
        return self._execution(found)

    def recent(self) -> Iterator[Execution]:
        """All Workflows of the template, of which only metadata are read: how they ended, and when, is not said."""
        found = list(self._session.pages(WORKFLOW, labels=f"{marks.DEPLOYMENT}={self.name}", metadata=True))
        if not found:
            self._live.demand()
        found.sort(key=lambda one: (seconds_of(one["metadata"].get("creationTimestamp")) or 0.0, name_of(one)), reverse=True)
        for one in found:
            yield self._execution(
                {"metadata": one["metadata"], "status": {"phase": (one["metadata"].get("labels") or {}).get(_PHASE)}}
            )

    def started_with(self, run: str) -> Start:
        """What its parameters say."""
        return started_with(self._workflow(run))

    def stop(self, run: str, why: str) -> None:
        """Have the controller end the Workflow, with its pods, and without its exit hook. One that is suspended would not end."""
        stop = {"metadata": {"annotations": {marks.STOPPED: why}}, "spec": {"shutdown": END, "suspend": False}}
        self._change(run, stop)

    def suspend(self, run: str) -> None:
        """Have the controller begin nothing more; what is under way goes on."""
        self._change(run, {"spec": {"suspend": True}})

    def resume(self, run: str) -> None:
        """Have it go on. `false`, for Argo keeps to what it has noted where nothing is said any more."""
        self._change(run, {"spec": {"suspend": False}})

    def redrive(self, run: str) -> None:
        """Do what `argo retry` does: see `retrying`."""
        for _ in range(_CONFLICTS):
            found = self._session.find(WORKFLOW, run) or {}
            if _phase(found) not in FAILED:
                state = _STATES.get(_phase(found), "running")
                why = "it came to its end" if state == "done" else "it still runs" if found else "it is no longer there"
                raise PlatformError(f"the run {run} cannot be retried: {why}", setup=True)
            try:
                again = retry(found, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
            except OffloadedError as error:
                raise PlatformError(f"{error}: `argo retry {run}` can retry it", setup=True) from None
            self._delete_pods(again.pods)
            self._delete_results(again.removed)
            try:
                self._known[run] = self._session.ask("PUT", self._session.path(WORKFLOW, run), again.workflow)
            except ClusterError as error:
                if not error.conflict:
                    raise
            else:
                return
        raise PlatformError(f"the run {run} cannot be retried: something else goes on changing its Workflow")

    def jobs(self, run: str, fans: tuple[Fan, ...]) -> tuple[Job, ...]:
        """Its pods that are not over."""
        return jobs_of(self._workflow(run), self._nodes(run), lambda node: self._pages(run, node))

    def fans(self, run: str) -> tuple[Fan, ...]:
        """The counts of its foreaches, the first one first."""
        return fans_of(self._workflow(run), self._nodes(run), self._renamed)

    def troubles(self, run: str) -> tuple[Trouble, ...]:
        """What its pods failed with, or else the Workflow."""
        found = self._workflow(run)
        if _phase(found) not in FAILED:
            return ()
        try:
            nodes = read_nodes(found)
        except OffloadedError as error:
            return (Trouble(step=None, error=_phase(found), cause=str(error)),)
        return troubles_of(found, nodes, lambda node: self._pages(run, node), self._warned)

    def hook_troubles(self, run: str) -> tuple[Trouble, ...]:
        """What the pod of its exit hook failed with."""
        return hook_troubles_of(self._workflow(run), self._nodes(run), lambda node: self._pages(run, node))

    def output(self, job: str) -> str | None:
        """The last lines in the pod's log."""
        query: dict[str, str | int] = {"container": "main", "tailLines": _LINES}
        try:
            text = self._session.text(f"{self._session.path(POD, job)}/log", query=query)
        except ClusterError:  # it is gone, or has not begun
            return None
        return "\n".join(line for line in text.splitlines() if not _EXECUTORS.match(line)).rstrip() or None

    @cached_property
    def _renamed(self) -> dict[str, str]:
        try:
            return renamed_steps(self._live.template)
        except PlatformError:  # it is gone, and tasks keep Argo's names
            return {}

    def _is_ours(self, found: Mapping[str, Any]) -> bool:
        return ((found.get("metadata") or {}).get("labels") or {}).get(marks.DEPLOYMENT) == self.name

    def _workflow(self, run: str) -> dict[str, Any]:
        """The Workflow as it was read last; empty where it is gone."""
        if run not in self._known:
            self._known[run] = self._session.find(WORKFLOW, run) or {"metadata": {"name": run}}
        return self._known[run]

    def _nodes(self, run: str) -> dict[str, Node]:
        """Its nodes; none where only Argo can look at them."""
        try:
            return read_nodes(self._workflow(run))
        except OffloadedError:
            return {}

    def _change(self, run: str, patch: Mapping[str, Any]) -> None:
        self._session.ask("PATCH", self._session.path(WORKFLOW, run), patch, form=MERGE)

    def _delete_pods(self, names: tuple[str, ...]) -> None:
        """Delete pods, and wait until they are gone: Argo would take one that is still there for the new one."""
        left = [name for name in names if self._delete(POD, name)]
        until, pause = time.monotonic() + _GONE[0], _GONE[1]
        while left := [name for name in left if self._session.is_there(POD, name)]:
            if time.monotonic() > until:
                raise PlatformError(f"the pod {left[0]} was deleted, and is still there: try again when it is gone")
            time.sleep(pause)

    def _delete_results(self, nodes: tuple[str, ...]) -> None:
        """Delete what tasks have put out before, so that it is not taken for what they put out next."""
        for id in nodes:
            try:
                self._delete(TASK_RESULT, id)
            except ClusterError as error:
                if not (error.denied or error.unknown):
                    raise
                return  # who may not, or has none, need not: `argo retry` leaves them, too

    def _delete(self, kind: Any, name: str) -> bool:
        """Delete an object; whether it was there."""
        try:
            self._session.ask("DELETE", self._session.path(kind, name))
        except ClusterError as error:
            if not error.missing:
                raise
            return False
        return True

    def _warned(self, pod: str) -> Said | None:
        query: dict[str, str | int] = {"fieldSelector": f"involvedObject.name={pod}", "limit": _EVENTS}
        try:
            return warned(self._session.ask("GET", self._session.path(EVENT), query=query).get("items") or ())
        except ClusterError:  # who may not see events is told less
            return None

    def _page(self, run: str) -> str:
        return f"{self._url}/workflows/{self._session.namespace}/{run}" if self._url else ""

    def _pages(self, run: str, node: Node) -> tuple[Link, ...]:
        page = self._page(run)
        return (Link(what="pod", url=f"{page}?tab=workflow&nodeId={quote(node.id)}"),) if page else ()

    def _execution(self, found: Mapping[str, Any]) -> Execution:
        status, spec = found.get("status") or {}, found.get("spec") or {}
        phase, state = _phase(found), self._state(found)
        stopped = (found["metadata"].get("annotations") or {}).get(marks.STOPPED)
        return Execution(
            run=name_of(found),
            state=state,
            status="Suspended" if state == "running" and spec.get("suspend") else phase or "Pending",
            started=seconds_of(found["metadata"].get("creationTimestamp")) or 0.0,
            ended=seconds_of(status.get("finishedAt")) if state != "running" else None,
            error=phase if state not in ("running", "done") else None,
            cause=(stopped if state == "stopped" else None) or status.get("message") or None,
            link=self._page(name_of(found)),
        )

    def _state(self, found: Mapping[str, Any]) -> State:
        """What has become of a run: of those that failed Argo says only in passing that they were stopped, or took too long."""
        status, spec = found.get("status") or {}, found.get("spec") or {}
        state = _STATES.get(_phase(found), "failed")
        if state != "failed":
            return state
        if spec.get("shutdown") or is_shutdown(str(status.get("message") or "")):
            return "stopped"
        if "spec" not in found and marks.STOPPED in (found["metadata"].get("annotations") or {}):
            return "stopped"
        if not outlasted(found):
            return "failed"
        try:
            late = bool(late_nodes(found, read_nodes(found)))
        except OffloadedError:
            late = True
        return "timed out" if late else "failed"


def _phase(found: Mapping[str, Any]) -> str:
    return str((found.get("status") or {}).get("phase") or "")
