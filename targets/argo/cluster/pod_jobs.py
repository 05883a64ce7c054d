"""The jobs of a run whose Pods are watched: how far each is, what of that was told, and what is still to be told.

The watch tells of Pods in its thread (`pod_watch.Listener`), whoever looks asks in another. Nothing is kept of a job that is over
once that was told and nobody asks for it any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from ....runtime.compute import Order, Seen
from .pod_states import State, ended_by, gone, missing, state_of
from .refusals import ClusterError
from .words import Said

_GLANCE: Final = 0.2
"""Seconds after which is looked again whether somebody asks for a job that has just been started."""


@dataclass(slots=True, eq=False)
class Job:
    """What is known of an order.

    Attributes:
        order: What is to be done.
        made: Whether its Pod is known to have been made.
        given: Whether whoever ordered it knows of it.
        held: Why its Pod cannot be made for now; None: it can.
        state: What its Pod was last seen to be.
        news: What is not told yet.
        told: What was.
        doomed: When it is taken for over, of the monotonic clock.
        ended: Why it was ended from here, or None.
    """

    order: Order
    made: bool = False
    given: bool = False
    held: str | None = None
    state: State | None = None
    news: Seen | None = None
    told: Seen | None = None
    doomed: float = inf
    ended: str | None = None

    @property
    def last(self) -> Seen | None:
        """How far it is."""
        return self.news or self.told

    @property
    def over(self) -> bool:
        """Whether it is over, as far as is known."""
        last = self.last
        return last is not None and last.phase == "over"

    @property
    def waits(self) -> Said | None:
        """What its Pod waits for."""
        return None if self.state is None else self.state.waits


class PodJobs:
    """The jobs, by the names of their Pods.

    Args:
        freed: Is called when one is over, so that there may be room for another.

    Attributes:
        lock: Held while what is known of a job is changed, or looked at.
    """

    def __init__(self, freed: Callable[[], None]) -> None:
        self.lock = threading.RLock()
        self._news = threading.Condition(self.lock)
        self._freed = freed
        self._jobs: dict[str, Job] = {}
        self._untold: dict[str, None] = {}
        self._listing: frozenset[str] = frozenset()
        self._trouble: ClusterError | None = None
        self._told_trouble = False

    def add(self, name: str, order: Order) -> Job:
        """The job of an order, which may have been added before."""
        with self.lock:
            return self._jobs.setdefault(name, Job(order))

    def drop(self, name: str) -> None:
        """Forget a job that came to nothing before anybody was told of it."""
        with self.lock:
            self._jobs.pop(name, None)

    def get(self, name: str) -> Job | None:
        """A job."""
        with self.lock:
            return self._jobs.get(name)

    def where(self, wanted: Callable[[Job], bool]) -> dict[str, Job]:
        """The jobs of which something holds."""
        with self.lock:
            return {name: job for name, job in self._jobs.items() if wanted(job)}

    def note(self, name: str, seen: Seen) -> None:
        """Remember news of a job, which may be none. An end is for good, and one of ours has our reason."""
        with self.lock:
            job = self._jobs.get(name)
            if job is None or job.over or seen == job.last:
                return
            if seen.phase == "over" and seen.exit_code != 0 and job.ended is not None:
                told = f"was ended: {job.ended}"
                seen = Seen(id=name, phase="over", error="Stopped", message=told, exit_code=seen.exit_code)
            job.news = seen
            self._untold[name] = None
            if seen.phase == "over":
                self._freed()
            self._news.notify_all()

    def lost(self, name: str) -> None:
        """Remember that a Pod is not there."""
        with self.lock:
            if (job := self._jobs.get(name)) is not None:
                self.note(name, missing(job.last or Seen(id=name, phase="waiting")))

    # What is asked for.

    def wait(self, ids: Collection[str], until: float) -> list[str]:
        """Wait until there are news of these jobs: which have some; none, when it has become too late.

        Raises:
            ClusterError: Nothing can be heard. Said at once, and then whenever it has become too late.
        """
        with self.lock:
            now = time.monotonic()
            self._doom(now)
            found = [name for name in self._untold if name in ids]
            if not found and self._trouble is not None and (now >= until or not self._told_trouble):
                self._told_trouble = True
                raise self._trouble
            if not found and now < until:
                due = min((job.doomed for job in self._jobs.values() if not job.over), default=inf)
                self._news.wait(max(0.0, min(until, due, now + _GLANCE if self._untold else inf) - now))
            return found

    def take(self, name: str) -> Seen | None:
        """News of a job, which are then told."""
        with self.lock:
            self._untold.pop(name, None)
            job = self._jobs.get(name)
            if job is None or job.news is None:
                return None
            job.told, job.news = job.news, None
            return job.told

    def forget(self, ids: Collection[str]) -> list[str]:
        """Give up jobs whose end was told, and which are none of these; those of which there is a Pod."""
        with self.lock:
            done = [
                name
                for name, job in self._jobs.items()
                if job.told is not None and job.told.phase == "over" and job.news is None and name not in ids
            ]
            return [name for name in done if self._jobs.pop(name).made]

    def _doom(self, now: float) -> None:
        """Take for over what waits in vain."""
        for name, job in self._jobs.items():
            if job.doomed <= now and not job.over and job.state is not None and job.state.doom is not None:
                doom = job.state.doom
                self.note(name, ended_by(name, doom.said, began=doom.began))

    # What the watch says.

    def listing(self) -> None:
        """Remember which Pods must be among those that are about to be listed."""
        with self.lock:
            self._listing = frozenset(name for name, job in self._jobs.items() if job.made and not job.over)

    def listed(self, names: frozenset[str]) -> None:
        """Take for gone what is not among them."""
        for name in self._listing - names:
            self.lost(name)

    def changed(self, pod: Mapping[str, Any]) -> None:
        """See how far a Pod is."""
        name = str(pod["metadata"]["name"])
        with self.lock:
            job = self._jobs.get(name)
            if job is None or job.over:
                return
            before = job.state
            job.state = state = state_of(pod, job.waits)
            if state.doom is None:
                job.doomed = inf
            elif before is None or before.doom is None or before.doom.after != state.doom.after:
                job.doomed = time.monotonic() + state.doom.after
            self.note(name, state.seen)
            self._news.notify_all()

    def deleted(self, pod: Mapping[str, Any]) -> None:
        """See how a Pod has ended that is gone."""
        self.note(str(pod["metadata"]["name"]), gone(pod))

    def troubled(self, error: ClusterError | None) -> None:
        """Remember why nothing is heard."""
        with self.lock:
            if error is None or self._trouble is None:
                self._told_trouble = False
            self._trouble = error
            self._news.notify_all()
