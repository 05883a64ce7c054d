"""Attempts elsewhere that wait for long: of which a platform is asked why, and what of that is new to the user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .jobs import Job
    from .platforms import Platform

EVERY = 15.0
"""Seconds between two looks at who waits."""
LONG = 60.0
"""Seconds after which it is asked why an attempt waits."""
AGAIN = 300.0
"""Seconds after which it is asked again."""
_OF_A_STEP = 3
"""How many attempts of a step are asked for: the others are likely to wait for the same."""


def is_waiting(job: Job) -> bool:
    """Whether the platform has taken an attempt that does not run yet."""
    return job.phase in ("waiting", "starting") and job.over is None


class Waits:
    """What was asked, and what was said."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def to_ask(self, jobs: Iterable[Job], now: float) -> Iterator[tuple[Platform, Sequence[Job]]]:
        """The attempts of which it should be asked now why they wait, by platform."""
        by_step: dict[str, list[Job]] = {}
        for job in jobs:
            if is_waiting(job) and now - job.asked >= LONG:
                by_step.setdefault(job.name[0], []).append(job)
        by_platform: dict[Platform, list[Job]] = {}
        for waiting in by_step.values():
            last = max(job.explained for job in waiting)
            if last and now - last < (LONG if now - waiting[0].asked < AGAIN else AGAIN):
                continue
            for job in waiting[:_OF_A_STEP]:
                job.explained = now
                by_platform.setdefault(job.platform, []).append(job)
        yield from by_platform.items()

    def news(self, word: str, jobs: Sequence[Job], found: Mapping[str, str]) -> Iterator[tuple[Job, str]]:
        """What a platform has answered that was not said before: of one attempt each."""
        for job in jobs:
            why = found.get(job.id)
            if why and is_waiting(job) and (word, why) not in self._said:
                self._said.add((word, why))
                yield job, why
