"""An attempt of a task that runs elsewhere: how far it is, and how it ended.

What ended it is found out in this order: the task's manifest, whichever attempt made it; the record that the attempt left of its
failure; and where there is neither, what the platform says, which is put on record then.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..compute import Phase, Seen
from ..errors import StoreError
from ..failure import Failure, failure_of_end
from ..local.direct import Name
from ..paths import TaskId
from ..records.logs import LogReader, add_line
from ..records.manifest import read_failure, read_manifest, write_failure
from ..store import Store
from .tails import Line, read_rest

if TYPE_CHECKING:
    from .platforms import Platform


@dataclass(slots=True, eq=False)
class Job:
    """An attempt that is ordered, and not yet known to have ended.

    Attributes:
        name: Which attempt.
        task: Of which task.
        platform: Where.
        log: Its log, as far as it was read.
        ordered: When it was asked for, in seconds since 1970.
        asked: The same by the monotonic clock.
        id: What the platform calls it, once it has taken it.
        link: Where a browser shows it, or None.
        phase: How far it is; None: not yet taken.
        began: When it was first seen running, in seconds since 1970, or None.
        over: What the platform said at its end.
        looks: How often the store was asked what it came to.
        reading: Whether a thread reads its log.
        last: The last line that was read of it.
        pause: Seconds between two looks at its log.
        explained: When it was last asked why it waits, by the monotonic clock.
    """

    name: Name
    task: TaskId
    platform: Platform
    log: LogReader
    ordered: float = field(default_factory=time.time)
    asked: float = field(default_factory=time.monotonic)
    id: str = ""
    link: str | None = None
    phase: Phase | None = None
    began: float | None = None
    over: Seen | None = None
    looks: int = 0
    reading: bool = False
    last: str = ""
    pause: float = 0.0
    explained: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """The task is done. As in its manifest, with the last lines of the attempt."""

    chose: str | None
    cardinality: int | None
    caught: str | None
    seconds: float
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed.

    Attributes:
        failure: Why, as it is on record.
        told: Whether the lines of the attempt say so already.
        known: Whether the attempt said so itself; else the platform knows more.
    """

    failure: Failure
    told: bool
    known: bool
    lines: list[Line]


Ending: TypeAlias = Done | Failed


def find_ending(store: Store, flow: str, job: Job, *, sure: bool) -> Ending | None:
    """What became of an attempt that is over, by what is in the store.

    Args:
        sure: Whether nothing more comes into the store; else it is None where neither a manifest nor a record is there.

    Raises:
        StoreError: The store cannot be asked, or holds a damaged record.
    """
    assert job.over is not None
    manifest = read_manifest(store, flow, job.task)
    if manifest is not None:
        caught = None if manifest.caught is None else str(manifest.caught)
        lines, _ = read_rest(job.log)
        return Done(manifest.chose, manifest.cardinality, caught, manifest.ended - manifest.started, lines)
    number = job.name[2]
    failure, known = read_failure(store, flow, job.task, number), True
    if failure is None and not sure:
        return None
    if failure is None or (failure.type == "InterruptedError" and job.over.error is not None):
        # What was told to end may not know why; the platform does.
        failure, known = failure_of(job.over, job.platform.name, failure), False
        write_failure(store, flow, job.task, number, failure, job.began or job.ordered, time.time())
    lines, whole = read_rest(job.log)
    if not known:
        with suppress(StoreError):  # it is for who looks back, and what has been read is not read again
            add_line(store, flow, job.task, number, f"flowc: {failure.message}")
    last = lines[-1][1] if lines else job.last
    told = known and whole and last.startswith(f"flowc: attempt {number} of the task {job.task} ")
    return Failed(failure, told, known, lines)


def failure_of(seen: Seen, platform: str, recorded: Failure | None = None) -> Failure:
    """Why an attempt failed that did not know it itself, as its platform tells.

    Args:
        recorded: What the attempt left on record when it was told to end.
    """
    traceback = "" if recorded is None else recorded.traceback
    if seen.error is not None:
        kind = "KilledError" if recorded is None else recorded.type
        return Failure(kind, seen.message or f"came to nothing on {platform} ({seen.error})", traceback)
    code = seen.exit_code
    if seen.message or code is None:
        return Failure("KilledError", seen.message or f"ended on {platform}, which does not say why")
    if code > 128:
        return failure_of_end(128 - code)
    why = _EXIT_CODES.get(code, "and left no record of why in the datastore")
    return Failure("ExitError", f"its container ended with exit code {code}, {why}")


_EXIT_CODES = {
    0: "and has done nothing of the task: its image may have an entrypoint of its own",
    126: "as where a program may not be run",
    127: "as where its image has no shell or no Python",
}
