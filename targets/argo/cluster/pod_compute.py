"""A cluster as the compute of a run that is started from somebody's machine: a `runtime.compute.Compute`, whose jobs are Pods.

A Pod is made for each order, and is found again by its name where the answer was lost. One watch tells what becomes of all of
them. Where a quota leaves no room for another, an order is held and its Pod made when there is; whoever ordered it sees a job
that waits. A Pod is deleted when its end was told and nobody asks for it any more: all that a task leaves is in the datastore.
"""

from __future__ import annotations

import random
import shlex
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import Any, Final

from ....runtime.compute import Busy, ComputeError, Order, Seen, Started
from .. import marks
from ..run_pods import RunPods
from .kinds import EVENT, POD
from .pod_deletes import delete_pod, delete_pods
from .pod_jobs import PodJobs
from .pod_states import ended_by
from .pod_watch import PodWatch
from .refusals import ClusterError
from .session import Session
from .words import Said, warned

_AT_ONCE: Final = 8
"""Requests that are made at a time."""
_CONFLICTS: Final = 8
"""How often a Pod is asked for while others change the quotas that count it."""
_HELD: Final = 5.0
"""Seconds between two attempts to make a Pod that a quota leaves no room for."""
_ASKED: Final = 4
"""Of jobs that wait without a word, so many are asked about at a time."""
_EVENTS: Final = 50
_MORE_NODES: Final = ("TriggeredScaleUp", "Nominated")
"""Events of the autoscalers that make a node for a Pod."""
_AGAIN: Final = ": try again in a minute"


class PodCompute:
    """A `Compute`.

    Args:
        session: The cluster, and the namespace.
        pods: The Pods of the run.
        say: Says a line to the user.
    """

    name = "Kubernetes"
    pause = 0.0

    def __init__(self, session: Session, pods: RunPods, say: Callable[[str], None]) -> None:
        self._session = session
        self._pods = pods
        self._say = say
        self.where = f"Kubernetes, {session.where}"
        self.again = shlex.join(["--namespace", session.namespace, *(["--context", session.context] if session.context else ())])
        self._jobs = PodJobs(self._try_held_now)
        self._watch: PodWatch | None = None
        self._try_held_at = 0.0
        self._unwanted: deque[str] = deque()
        self._tidying: Future[None] | None = None
        self._ending = threading.Event()
        self._closed = False
        self._workers = ThreadPoolExecutor(_AT_ONCE, "flowc-kubernetes")

    # Starting.

    def start(self, orders: Sequence[Order]) -> Iterator[Started]:
        """Make a Pod for each order."""
        self._listen(orders[0].run)
        stop = threading.Event()
        asked = {self._workers.submit(self._start, order, stop): order for order in orders}
        refused: list[ClusterError] = []
        try:
            for one in as_completed(asked):
                try:
                    if one.result():
                        name = self._pods.name(asked[one])
                        self._jobs.add(name, asked[one]).given = True
                        yield Started(asked[one], name)
                except ClusterError as error:
                    refused.append(error)
                    stop.set()
        finally:
            stop.set()
        if refused:
            raise _explained(next((one for one in refused if not one.mends), refused[0]))

    def _listen(self, run: str) -> None:
        with self._jobs.lock:
            if self._watch is None:
                self._watch = PodWatch(self._session, self._pods.labels(run), self._jobs)
                self._watch.start()

    def _start(self, order: Order, stop: threading.Event) -> bool:
        """Make the Pod of an order, or hold it; False: it came too late."""
        name = self._pods.name(order)
        with self._jobs.lock:
            if stop.is_set() or self._ending.is_set():
                return False
            self._jobs.add(name, order)
        try:
            self._make(name, order)
        except ClusterError as error:
            if not error.mends:
                self._jobs.drop(name)
            raise
        return True

    def _make(self, name: str, order: Order) -> bool:
        """Make a Pod, unless it is there already; False: a quota leaves no room for it, and it is held."""
        held: str | None = None
        try:
            self._create(name, order)
        except ClusterError as error:
            held = error.quota or None
            if held is None:
                raise
        with self._jobs.lock:
            job = self._jobs.add(name, order)
            job.held, job.made = held, held is None
            if job.last is None:
                self._jobs.note(name, Seen(id=name, phase="waiting"))
            if held is not None:
                self._try_held_at = time.monotonic() + _HELD
            ending = self._ending.is_set()
        if ending and held is None:  # the run was ended in the meantime
            self._delete(name)
        return held is None

    def _create(self, name: str, order: Order) -> None:
        for number in range(_CONFLICTS):
            try:
                self._session.ask(
                    "POST", self._session.path(POD), self._pods.manifest(order), query={"fieldManager": marks.FLOWC}
                )
            except ClusterError as error:
                if error.reason == "AlreadyExists":
                    self._demand_own(name, order)
                elif error.conflict and number < _CONFLICTS - 1:
                    time.sleep(random.uniform(0.02, 0.1) * (number + 1))
                    continue
                else:
                    raise
            return

    def _demand_own(self, name: str, order: Order) -> None:
        """Make sure that the Pod of this name is the order's: the answer was lost when it was made.

        Raises:
            ClusterError: It is not.
        """
        found = self._session.find(POD, name)
        if found is None:
            raise ClusterError(f"the pod {name} was there, and is gone", passing=True)
        said, wanted = found["metadata"].get("annotations") or {}, self._pods.annotations(order)
        if any(said.get(key) != value for key, value in wanted.items()):
            place = f"the namespace {self._session.namespace}"
            raise ClusterError(f"there is a pod {name} in {place} that is not of this run: delete it", status=409)

    def _try_held_now(self) -> None:
        self._try_held_at = 0.0

    def _make_held(self) -> None:
        """Try whether there is room by now."""
        if self._ending.is_set() or time.monotonic() < self._try_held_at:
            return
        for name, job in self._jobs.where(lambda job: job.held is not None and not job.over).items():
            try:
                if not self._make(name, job.order):
                    return
            except ClusterError as error:
                if error.mends:
                    self._try_held_at = time.monotonic() + _HELD
                    return
                self._jobs.note(name, ended_by(name, Said(error.reason or "Refused", str(error)), began=False))

    # Looking.

    def look(self, ids: Collection[str], patience: float) -> Iterator[Seen]:
        """Wait for news."""
        self._unwanted += self._jobs.forget(ids)
        if self._unwanted and (self._tidying is None or self._tidying.done()) and not self._ending.is_set():
            self._tidying = self._workers.submit(self._tidy)
        until = time.monotonic() + patience
        while True:
            late = time.monotonic() >= until
            self._make_held()
            held = bool(self._jobs.where(lambda job: job.held is not None and not job.over))
            try:
                found = self._jobs.wait(ids, min(until, max(self._try_held_at, time.monotonic() + 1.0)) if held else until)
            except ClusterError as error:
                raise _explained(error) from None
            if found or late:
                break
        for name in found:
            seen = self._jobs.take(name)
            if seen is not None:
                yield seen

    def _tidy(self) -> None:
        """Delete Pods that nobody needs; those that cannot be for now, the next time."""
        while self._unwanted and not self._ending.is_set():
            name = self._unwanted.popleft()
            try:
                self._delete(name)
            except ClusterError:
                self._unwanted.append(name)
                return

    # Explaining.

    def explain(self, ids: Collection[str]) -> Mapping[str, str]:
        """What the scheduler, the kubelet and quotas say."""
        found: dict[str, str] = {}
        asked = 0
        for name in tuple(ids):
            job = self._jobs.get(name)
            if job is None or job.over:
                continue
            held, waits = job.held, job.waits
            said: str | None = None
            if held is not None:
                said = f"the namespace {self._session.namespace} has no room for it: {held}"
            elif waits is not None and (waits.error != "Unschedulable" or asked >= _ASKED):
                said = _told(waits)
            elif asked < _ASKED:
                asked += 1
                said = self._asked(name, waits)
            if said:
                found[name] = said
        return found

    def _asked(self, name: str, waits: Said | None) -> str | None:
        """What the cluster has noted about a Pod."""
        query: dict[str, str | int] = {"fieldSelector": f"involvedObject.name={name}", "limit": _EVENTS}
        events: Sequence[Mapping[str, Any]] = ()
        with suppress(ClusterError):  # who may not see events is told less
            events = self._session.ask("GET", self._session.path(EVENT), query=query).get("items") or ()
        if waits is not None:
            grows = any(one.get("reason") in _MORE_NODES for one in events)
            return f"{waits.cause}; the cluster makes a node for it" if grows else _told(waits)
        if said := warned(events):
            return said.cause
        times = {str(one.get("lastTimestamp") or one.get("eventTime") or ""): one.get("reason") for one in events}
        return "its image is being pulled" if times and times[max(times)] == "Pulling" else None

    # Ending.

    def end(self, ids: Collection[str], why: str) -> Collection[str]:
        """Delete Pods, each of which has its grace: Kubernetes has no place for a reason. No more are made from now on."""
        with self._jobs.lock:
            self._ending.set()
            wanted = self._jobs.where(lambda job: not job.given) | {
                name: job for name in tuple(ids) if (job := self._jobs.get(name)) is not None
            }
            for name, job in wanted.items():
                job.ended = why
                if job.held is not None:
                    self._jobs.lost(name)
            there = [name for name, job in wanted.items() if job.held is None and not job.over]
        refused = self._delete_all(there)
        if there and len(refused) == len(there):
            raise _explained(next(iter(refused.values())))
        return tuple(refused)

    def close(self) -> None:
        """Delete the Pods of jobs that are over, and those that may have been made without an answer."""
        self._ending.set()
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.stop()
        left = self._jobs.where(lambda job: job.held is None and (job.over or not job.given))
        refused = self._delete_all([*self._unwanted, *left])
        self._workers.shutdown()
        if refused:
            what = "a pod of the run" if len(refused) == 1 else f"{len(refused)} pods of the run"
            self._say(f"{what} could not be deleted from the namespace {self._session.namespace}: {next(iter(refused.values()))}")

    def _delete_all(self, names: Iterable[str]) -> dict[str, ClusterError]:
        return delete_pods(self._session, names, self._workers, self._jobs.lost)

    def _delete(self, name: str) -> None:
        delete_pod(self._session, name, self._jobs.lost)


def _told(waits: Said) -> str:
    """What a Pod waits for, and where to look."""
    return waits.cause + (": `kubectl describe nodes` shows what nodes have left" if waits.error == "Unschedulable" else "")


def _explained(error: ClusterError) -> ComputeError:
    """The same as a run knows it."""
    return Busy(str(error).removesuffix(_AGAIN)) if error.mends else ComputeError(str(error))
