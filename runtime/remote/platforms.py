"""One platform, as the helper asks it: threads that start jobs, look at them, and end them.

What they find out they hand to the helper's main thread, which alone knows what it means (`Events`). What a platform cannot do
for a while (`Busy`) is tried again, with growing waits, for as long as it takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from ..compute import Busy, Compute, ComputeError, Order, Phase, Seen, Started
from .threads import Threads
from .troubles import Troubles

SOONEST, LATEST = 2.0, 10.0
"""Seconds between two looks, at least: after something was started or has changed, and when nothing has for a while."""
SLOWER = 1.25
LOOK = 10.0
"""Seconds that a look may take which waits for news by itself."""
REFUSED = 60.0
"""Seconds for which looks may be refused, as while permissions are being changed, before the run ends for that."""
_LEAST = 0.05
_STARTERS = 4


class Events(Protocol):
    """What a platform's threads find out. Called in those threads."""

    def started(self, platform: Platform, started: Started) -> None:
        """An order was taken."""

    def seen(self, platform: Platform, seen: Seen) -> None:
        """A job is farther than it was."""

    def refused(self, platform: Platform, order: Order, why: str) -> None:
        """An order can not be taken."""

    def broken(self, why: str) -> None:
        """Jobs cannot be watched any more."""

    def failed(self) -> None:
        """A bug, within the handler of its exception."""


class Platform:
    """A platform that is ready.

    Attributes:
        word: The word for it on a command line.
        name: What people call it.
        compute: Itself.
    """

    def __init__(self, word: str, compute: Compute, events: Events, say: Callable[[str], None]) -> None:
        self.word, self.name, self.compute = word, compute.name, compute
        self._events = events
        self._troubles = Troubles(compute.name, say)
        self._starters = Threads(_STARTERS, "start", events.failed)
        self._changed = threading.Condition()
        self._phases: dict[str, Phase | None] = {}  # of jobs that are not over
        self._starting = 0  # calls that are under way
        self._unsure: set[Order] = set()  # which may have been taken, though nobody has said so
        self._pause = SOONEST
        self._looked = 0.0
        self._ending = threading.Event()
        self._closing = False
        self._looker = threading.Thread(target=self._guarded, name="flowc-look", daemon=True)
        self._looker.start()

    def start(self, orders: Sequence[Order]) -> None:
        """Have orders taken, of one step and with one number."""
        with self._changed:
            self._starting += 1
        self._starters.do(lambda: self._start(orders))

    def end(self, why: str, until: Callable[[], float], done: Callable[[Collection[str], str], None]) -> None:
        """End all jobs, start no more, and ask nothing more.

        Args:
            until: Until when that may be tried, by the monotonic clock.
            done: Called in a thread with the jobs that could not be ended, and why.
        """
        self._ending.set()
        threading.Thread(target=lambda: done(*self._end(why, until)), name="flowc-end", daemon=True).start()

    def ids(self) -> Collection[str]:
        """The jobs that are not over, as far as is known."""
        with self._changed:
            return tuple(self._phases)

    def forget(self, id: str) -> None:
        """Look at a job no more."""
        with self._changed:
            self._phases.pop(id, None)

    def close(self) -> str:
        """Ask nothing more; what went wrong with that, or nothing."""
        with self._changed:
            if self._closing:
                return ""
            self._closing = True
            self._changed.notify_all()
        self._ending.set()
        self._starters.close()
        try:
            self.compute.close()
        except ComputeError as error:
            return str(error)
        except Exception:
            self._events.failed()
        return ""

    def _start(self, orders: Sequence[Order]) -> None:
        try:
            left = dict.fromkeys(orders)
            while left and not self._ending.is_set():
                before = len(left)
                with self._changed:
                    self._unsure.update(left)
                try:
                    for started in self.compute.start(tuple(left)):
                        left.pop(started.order, None)
                        self._take(started)
                    if left and not self._ending.is_set():
                        raise Busy("it did not take all that was to be started")
                    self._troubles.over("start")
                except Busy as error:
                    if len(left) < before:
                        self._troubles.over("start")
                    self._ending.wait(self._troubles.met("start", error))
                except ComputeError as error:
                    with self._changed:
                        self._unsure.difference_update(left)
                    self._events.refused(self, next(iter(left)), str(error))
                    return
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()

    def _take(self, started: Started) -> None:
        self._events.started(self, started)
        with self._changed:
            if not self._phases:
                self._looked = time.monotonic()  # there is nothing yet to see
            self._unsure.discard(started.order)
            self._phases[started.id] = None
            self._pause = max(SOONEST, self.compute.pause)
            self._changed.notify_all()

    def _guarded(self) -> None:
        try:
            self._look_on()
        except Exception:
            if not self._closing:  # under its hands
                self._events.failed()

    def _look_on(self) -> None:
        refused: float | None = None  # since when
        while self._await_turn():
            try:
                news = self._look()
            except ComputeError as error:
                wait = self._troubles.met("look", error)
                if isinstance(error, Busy):
                    refused = None
                elif refused is None:
                    refused = time.monotonic()
                elif time.monotonic() - refused > REFUSED:
                    self._events.broken(f"the tasks on {self.name} cannot be watched: {error}")
                    return
                with self._changed:
                    self._pause = wait if self.compute.pause else min(wait, LATEST)  # those see to their connection themselves
                continue
            refused = None
            self._troubles.over("look")
            with self._changed:
                least = max(SOONEST, self.compute.pause)
                self._pause = least if news else max(least, min(self._pause * SLOWER, LATEST))

    def _await_turn(self) -> bool:
        """Wait until the next look is due; False: there is none any more."""
        with self._changed:
            while not self._closing:
                wait = None
                if self._phases:
                    pause = self._pause if self.compute.pause or self._troubles.lasts() else _LEAST
                    wait = self._looked + pause - time.monotonic()
                    if wait <= 0:
                        self._looked = time.monotonic()
                        return True
                self._changed.wait(wait)
        return False

    def _look(self) -> bool:
        """Look once; whether anything has changed."""
        news = False
        for seen in self.compute.look(_Live(self._phases), LOOK):
            with self._changed:
                if seen.id not in self._phases or self._phases[seen.id] == seen.phase:
                    continue
                if seen.phase == "over":
                    del self._phases[seen.id]
                else:
                    self._phases[seen.id] = seen.phase
            news = True
            self._events.seen(self, seen)
        return news

    def _end(self, why: str, until: Callable[[], float]) -> tuple[Collection[str], str]:
        left, error = self._end_jobs(why, until)
        trouble = self.close()
        if not left and (trouble or error):
            return [f"{order.step}/{order.path}" for order in self._unsure], trouble or error
        return left, error

    def _end_jobs(self, why: str, until: Callable[[], float]) -> tuple[Collection[str], str]:
        troubles = Troubles(self.name, lambda _line: None)
        error = ""
        while True:
            with self._changed:
                all_started = not self._starting
                ids, unsure = tuple(self._phases), bool(self._unsure) or not all_started
            left: Collection[str] = ids
            try:
                if ids or unsure:
                    left = self.compute.end(ids, why)
                error = ""
            except ComputeError as met:
                error = str(met)
            except Exception:
                self._events.failed()
                return ids, "by a bug of flowc's"
            with self._changed:
                for id in set(ids).difference(left):
                    self._phases.pop(id, None)
                if all_started and not error and not left:
                    return (), ""
                if time.monotonic() >= until():
                    return tuple(self._phases), error or ("" if left else "it does not answer")
                wait = troubles.met("end", error) if left or error else 0.1
                self._changed.wait(min(wait, max(0.0, until() - time.monotonic())))


class _Live(Collection[str]):
    """The jobs that are not over, while they change."""

    def __init__(self, phases: dict[str, Phase | None]) -> None:
        self._phases = phases

    def __contains__(self, id: object) -> bool:
        return id in self._phases

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._phases))

    def __len__(self) -> int:
        return len(self._phases)
