"""The logs of attempts that run elsewhere, as they grow in the store.

Of a few attempts each log is looked at every few seconds; of many the looks are shared out, so that a thousand cost no more than
some twenty. What is read of a log that grows faster than it can be read is bounded: the rest is in the store.
"""

from __future__ import annotations

import heapq
import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from ..errors import StoreError
from ..records.logs import LogReader

if TYPE_CHECKING:
    from .jobs import Job

SOONEST, LATEST = 2.0, 10.0
"""Seconds between two looks at a log: while it grows, and when it has not for a while."""
AT_ONCE = 4
"""How many logs are read at a time."""
BETWEEN = 0.1
"""Seconds between two looks at any log."""
_PARTS = 2
"""How many parts of a log, of a MiB and more, are shown of what comes at a time."""

Line: TypeAlias = tuple[bool, str]
"""A line: whether it is of standard error, and its text."""


class Tails:
    """Which log is looked at when. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        self._next = 0.0
        self._reading = 0

    def follow(self, job: Job, now: float) -> None:
        """Look at a log from now on."""
        job.pause = SOONEST
        self._push(job, now)

    def took(self, job: Job, lines: int, now: float) -> None:
        """Note what a look has found; the next one follows if the attempt is not over."""
        self._reading -= 1
        job.reading = False
        job.pause = SOONEST if lines else min(job.pause * 1.5, LATEST)
        if job.over is None:
            self._push(job, now)

    def due(self) -> float | None:
        """When `take` should be called next; None while there is nothing, or enough is being read."""
        return max(self._due[0][0], self._next) if self._due and self._reading < AT_ONCE else None

    def take(self, now: float) -> Job | None:
        """A log that is to be looked at now."""
        while self._due and self._reading < AT_ONCE and now >= max(self._due[0][0], self._next):
            job = heapq.heappop(self._due)[2]
            if job.over is None:
                self._next = now + BETWEEN
                self._reading += 1
                job.reading = True
                return job
        return None

    def _push(self, job: Job, now: float) -> None:
        heapq.heappush(self._due, (now + job.pause, next(self._numbers), job))


def read_new(log: LogReader) -> list[Line]:
    """What came since the last look. A store that fails is asked again at the next one."""
    lines: list[Line] = []
    with suppress(StoreError):
        lines += ((line.is_error, line.text) for line in log.new(_PARTS))
    return lines


def read_rest(log: LogReader) -> tuple[list[Line], bool]:
    """What is left of a log, of which the middle may be left out; and whether the end is there."""
    lines: list[Line] = []
    try:
        parts = log.parts
        lines += ((line.is_error, line.text) for line in log.new(_PARTS))
        if log.parts - parts == _PARTS:  # there may be more
            if left_out := log.skip(_PARTS):
                lines.append((True, f"flowc: {left_out} MiB and more of what it printed are left out here: flowc logs shows all"))
            lines += ((line.is_error, line.text) for line in log.new(_PARTS))
    except StoreError:
        return lines, False
    return lines, True
