"""A Kubernetes cluster as the compute of runs that are started from here: `targets.compute.Computing`. Argo need not be there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from ....compiler.diagnostics.model import Report
from ....compiler.ir.nodes import Flow
from ....runtime.compute import ComputeError
from ...compute import Unfinished, Work
from ...options import Options
from ...platform import PlatformError
from .. import marks
from ..run_pods import RunPods, labels_of, namespace_of
from .kinds import POD
from .nodes import seconds_of
from .pod_compute import PodCompute
from .pod_deletes import delete_pods
from .pod_needs import demand_room
from .pod_states import state_of
from .session import Session

_AT_ONCE: Final = 8
"""Requests that are made at a time."""
_STATUS: Final = {"waiting": "Pending", "starting": "Pending", "running": "Running"}
"""Kubernetes's word for how far a Pod is."""


class Kubernetes:
    """One namespace of a cluster.

    Attributes:
        options: What a command line says.
    """

    name = PodCompute.name

    def __init__(self, options: Options) -> None:
        self.options = options

    @cached_property
    def session(self) -> Session:
        """Requests to the cluster that the options and the environment name."""
        return Session(context=self.options.context, namespace=self.options.namespace)

    def check(self, flow: Flow, steps: Collection[str], report: Report) -> None:
        """Report what no Pod could have."""
        RunPods(flow, steps, self.options, user=None, report=report)

    def prepare(self, work: Work, say: Callable[[str], None]) -> PodCompute:
        """Ask the cluster whether it would make such Pods, and upload the package."""
        datastore = self.options.datastore or ""
        if not datastore.startswith(("s3://", "az://", "gs://")):
            named = f", and {datastore} is none" if datastore else ""
            raise ComputeError(
                f"tasks on Kubernetes need a datastore that pods reach{named}: --datastore s3://bucket/prefix, "
                "az://container/prefix or gs://bucket/prefix (FLOWC_DATASTORE, or datastore in flowc.toml)"
            )
        with _told():
            namespace = namespace_of(work.flow, work.steps, self.options)
            session = Session(context=self.options.context, namespace=namespace, hasty=True)
            options = replace(self.options, code=work.package_key, namespace=session.namespace)
            pods = RunPods(work.flow, work.steps, options, user=work.user, report=Report())
            for note in demand_room(session, pods):
                say(note)
            work.upload()
            return PodCompute(session, pods, say)

    def where(self) -> str:
        """The namespace, and whose credentials say which cluster."""
        with _told():
            return f"Kubernetes, {self.session.where}"

    def unfinished(self, flow: str, *, run: str | None = None, user: str | None = None) -> Iterator[Unfinished]:
        """The Pods of such a run, of a person or anybody, whose tasks are not over."""
        labels = ",".join(f"{key}={value}" for key, value in labels_of(flow, run, user).items())
        with _told():
            for pod in self.session.pages(POD, labels=labels):
                said = pod["metadata"].get("annotations") or {}
                wanted = {marks.FLOW: flow, marks.RUN: run, marks.USER: user}
                if run is not None and self.options.datastore is not None:  # others have runs of the same name
                    wanted[marks.DATASTORE] = self.options.datastore.rstrip("/")
                if all(said.get(key) == value for key, value in wanted.items() if value is not None):
                    found = _unfinished(pod, said)
                    if found is not None:
                        yield found

    def end(self, tasks: Sequence[Unfinished], why: str) -> Mapping[str, str]:
        """Delete their Pods, each with its grace; Kubernetes has no place for a reason."""
        with ThreadPoolExecutor(_AT_ONCE) as workers:
            refused = delete_pods(self.session, (one.id for one in tasks), workers, lambda _: None)
        for error in refused.values():
            if error.mends:
                raise ComputeError(str(error)) from None
        return {id: str(error) for id, error in refused.items()}


def connect_compute(options: Options) -> Kubernetes:
    """The compute with these options. Makes no connection."""
    return Kubernetes(options)


def _unfinished(pod: Mapping[str, Any], said: Mapping[str, str]) -> Unfinished | None:
    """A Pod's task, if it is not over."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    state = state_of(pod)
    if state.seen.phase == "over":
        return None
    attempt = said.get(marks.ATTEMPT, "")
    ends = "Terminating" if metadata.get("deletionTimestamp") else None
    return Unfinished(
        run=said.get(marks.RUN, ""),
        step=said.get(marks.STEP, ""),
        path=said.get(marks.PATH),
        attempt=int(attempt) if attempt.isdecimal() else 0,
        user=said.get(marks.USER),
        id=str(metadata["name"]),
        status=ends or (state.waits.error if state.waits else _STATUS[state.seen.phase]),
        since=seconds_of(metadata.get("deletionTimestamp") or status.get("startTime") or metadata.get("creationTimestamp")),
        reason=state.waits.cause if state.waits else None,
    )


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a cluster refuses into a `ComputeError`."""
    try:
        yield
    except PlatformError as error:
        raise ComputeError(str(error)) from None
