"""What has become of jobs of AWS Batch, of thousands in few requests.

A look describes the jobs that are known to go on, 100 in a request. Of a larger array it describes the parent only, which says
how many of its jobs are in each state; which ones those are is listed, up to 1,000 in a request, when enough has changed.
Failures are listed at once, for somebody waits for them.

    for seen in looks.look({"1f2e…:0", "1f2e…:1", "77aa…"}): …
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ....runtime.compute import Phase, Seen
from .endings import meaning_of
from .session import Session

ASKED: Final = 100
"""As many jobs as one request describes."""
LISTED: Final = 1000
"""And as one page lists, by their state."""
_PART: Final = 20
"""Of an array, it is listed which of its jobs are in a state when this part of them has changed …"""
_LATEST: Final = 20.0
"""… or so many seconds after the first change."""
_LOST: Final = 600.0
"""Seconds after which a job that Batch does not describe is taken to be gone. A new one may take some to be seen."""

PHASES: Final[Mapping[str, Phase]] = {
    "SUBMITTED": "waiting",
    "PENDING": "waiting",
    "RUNNABLE": "waiting",
    "STARTING": "starting",
    "RUNNING": "running",
    "SUCCEEDED": "over",
    "FAILED": "over",
}
_TOLD: Final = ("FAILED", "SUCCEEDED", "RUNNING")
"""The states of an array's jobs that are listed; the others wait."""


@dataclass(slots=True)
class _Array:
    """An array job, as it was last seen.

    Attributes:
        wanted: The numbers of its jobs that are not over, as far as is known.
        phases: How far those are that do not wait.
        marks: How many had come as far as each state when that was last listed.
        due: Since when there have been more, by state.
    """

    wanted: set[int] = field(default_factory=set)
    phases: dict[int, Phase] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)


class Looks:
    """Looks at jobs, and remembers what was told.

    Args:
        session: Makes each request once.

    Attributes:
        requests: How many the last look made.
    """

    def __init__(self, session: Session) -> None:
        self.requests = 0
        self._session = session
        self._arrays: dict[str, _Array] = {}
        self._phases: dict[str, Phase] = {}
        self._missing: dict[str, float] = {}

    def look(self, ids: Collection[str]) -> Iterator[Seen]:
        """What has changed since the last look.

        Raises:
            AwsError: What is left is not known; nothing of it is lost.
        """
        self.requests = 0
        for some in parts(self._remember(ids), ASKED):
            described = {one["jobId"]: one for one in self._describe(some)}
            for id in some:
                job = described.get(id)
                if job is None:
                    yield from self._gone(id)
                    continue
                self._missing.pop(id, None)
                if id in self._arrays:
                    yield from self._array(id, self._arrays[id], job)
                else:
                    yield from self._single(id, job)

    def _remember(self, ids: Collection[str]) -> list[str]:
        """Forget what nobody wants to know any more; the jobs to describe."""
        wanted: dict[str, set[int]] = {}
        singles = set()
        for id in ids:
            parent, colon, index = id.partition(":")
            if colon:
                wanted.setdefault(parent, set()).add(int(index))
            else:
                singles.add(id)
        for parent in [parent for parent, numbers in wanted.items() if len(numbers) <= ASKED]:
            singles.update(f"{parent}:{number}" for number in wanted.pop(parent))
        self._arrays = {parent: self._arrays.get(parent) or _Array() for parent in wanted}
        for parent, numbers in wanted.items():
            array = self._arrays[parent]
            array.wanted = numbers
            array.phases = {number: phase for number, phase in array.phases.items() if number in numbers}
        self._phases = {id: phase for id, phase in self._phases.items() if id in singles}
        self._missing = {id: since for id, since in self._missing.items() if id in singles or id in wanted}
        return [*wanted, *singles]

    def _single(self, id: str, job: Mapping[str, Any]) -> Iterator[Seen]:
        phase = PHASES[job["status"]]
        if phase == "over":
            yield _over(id, job)
        elif phase != self._phases.get(id, "waiting"):
            self._phases[id] = phase
            yield Seen(id=id, phase=phase)

    def _array(self, parent: str, array: _Array, job: Mapping[str, Any]) -> Iterator[Seen]:
        about = job.get("arrayProperties") or {}
        counts: Mapping[str, int] = about.get("statusSummary") or {}
        if PHASES[job["status"]] == "over":
            yield from self._rest(parent, array, counts.get("FAILED", 0) if job["status"] == "FAILED" else 0)
            return
        for state in _TOLD:
            mark = _mark(counts, state)
            if not _is_due(array, state, mark, int(about.get("size") or 0)):
                continue
            count, listed = counts.get(state, 0), 0
            if count and state == "FAILED":
                listed = yield from self._failures(parent, array)
            elif count:
                listed = yield from self._listed(parent, array, state)
            if listed >= count:
                array.marks[state] = mark
                array.due.pop(state, None)

    def _rest(self, parent: str, array: _Array, failed: int) -> Iterator[Seen]:
        """Tell of what is left of an array that is over, of which so many jobs failed."""
        if failed and (yield from self._failures(parent, array)) < failed:  # some are not listed yet
            now = time.monotonic()
            if now - array.due.setdefault("over", now) < _LATEST:
                return
            for some in parts([f"{parent}:{number}" for number in sorted(array.wanted)], ASKED):
                for job in self._describe(some):
                    if PHASES[job["status"]] == "over":
                        yield _over(job["jobId"], job)
            return
        for number in sorted(array.wanted):
            yield Seen(id=f"{parent}:{number}", phase="over", exit_code=0)

    def _listed(self, parent: str, array: _Array, state: str) -> Generator[Seen, None, int]:
        """Tell of an array's jobs that are in a state; how many there are of them."""
        phase, listed = PHASES[state], 0
        for number in self._children(parent, state):
            listed += 1
            if number not in array.wanted or array.phases.get(number) == phase:
                continue
            if phase == "over":
                array.wanted.discard(number)
                yield Seen(id=f"{parent}:{number}", phase=phase, exit_code=0)
            else:
                array.phases[number] = phase
                yield Seen(id=f"{parent}:{number}", phase=phase)
        return listed

    def _failures(self, parent: str, array: _Array) -> Generator[Seen, None, int]:
        """Likewise of those that failed, with the reason of each."""
        numbers = list(self._children(parent, "FAILED"))
        for some in parts([f"{parent}:{number}" for number in numbers if number in array.wanted], ASKED):
            for job in self._describe(some):
                array.wanted.discard(number_of(job["jobId"]))
                yield _over(job["jobId"], job)
        return len(numbers)

    def _describe(self, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        self.requests += 1
        jobs: Sequence[Mapping[str, Any]] = self._session.ask("batch", "describe_jobs", jobs=ids)["jobs"]
        return jobs

    def _children(self, parent: str, state: str) -> Iterator[int]:
        self.requests += 1
        listed = self._session.pages(
            "batch", "list_jobs", "jobSummaryList", arrayJobId=parent, jobStatus=state, maxResults=LISTED
        )
        return (number_of(one["jobId"]) for one in listed)

    def _gone(self, id: str) -> Iterator[Seen]:
        now = time.monotonic()
        if now - self._missing.setdefault(id, now) < _LOST:
            return
        own = [f"{id}:{number}" for number in sorted(self._arrays[id].wanted)] if id in self._arrays else [id]
        for one in own:
            yield Seen(id=one, phase="over", error="Lost", message="is not known to AWS Batch any more")


def parts(ids: Sequence[str], most: int) -> Iterator[list[str]]:
    """Ids, as many at a time as one request takes."""
    for start in range(0, len(ids), most):
        yield list(ids[start : start + most])


def number_of(id: str) -> int:
    """The number of an array's job in it, by its id: `1f2e…:7`."""
    return int(id.rpartition(":")[2])


def _over(id: str, job: Mapping[str, Any]) -> Seen:
    meaning = meaning_of(job)
    return Seen(id=id, phase="over", error=meaning.error, message=meaning.message, exit_code=meaning.code)


def _mark(counts: Mapping[str, int], state: str) -> int:
    """How many of an array's jobs have come as far as this state; of those that are over, as this one."""
    states = ("RUNNING", "SUCCEEDED", "FAILED")
    reached = (state,) if PHASES[state] == "over" else states[states.index(state) :]
    return sum(counts.get(one, 0) for one in reached)


def _is_due(array: _Array, state: str, mark: int, size: int) -> bool:
    """Whether to ask which of an array's jobs are in a state."""
    changed = mark - array.marks.get(state, 0)
    if not changed:
        array.due.pop(state, None)
        return False
    now = time.monotonic()
    since = array.due.setdefault(state, now)
    return state == "FAILED" or abs(changed) * _PART >= size or now - since >= _LATEST
