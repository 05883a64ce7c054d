"""What tasks have left in the store, found by listing: which are done, which attempts failed, which printed something.

A task that runs and has printed nothing leaves nothing yet, and is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..contract import HOOK_STEPS, MANIFEST, ROOT_PATH, TURN_MARK, run_key, task_key
from ..failure import Failure
from ..paths import TaskId
from ..plan import Plan
from ..store import Store
from .documents import members, parse_document
from .manifest import FORMAT, attempt_key, failure_in

_ATTEMPT = re.compile(r"attempt-(\d+)\.json")
_LOG = re.compile(r"log-(\d+)/.+")
BLOBS = "blobs"
"""The folder of a run's blobs, and of the tasks of a step that is called so."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What one task has left.

    Attributes:
        done: Whether it is committed.
        failed: The attempts that left a record of their failure, in order.
        printed: The attempts that left output, in order.
    """

    done: bool
    failed: tuple[int, ...]
    printed: tuple[int, ...]

    @property
    def latest(self) -> int:
        """The latest attempt that is known of a task that is not done."""
        return max(*self.failed, *self.printed, 0, 0)


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt that failed; times in seconds since 1970."""

    failure: Failure
    started: float
    ended: float


def steps_in(store: Store, flow: str, run: str, plan: Plan | None) -> set[str]:
    """The steps of which a run has tasks; a step called `blobs` only if the plan has it."""
    names = {name for name in store.folders(f"{run_key(flow, run)}/") if name.isidentifier()}  # `s3-data` is no step
    if BLOBS in names and not (plan and BLOBS in plan.steps and traces(store, flow, run, BLOBS)):
        names.remove(BLOBS)
    return names


def hooks_in(store: Store, flow: str, run: str) -> list[str]:
    """What stands for a step in the keys of what the exit hooks of a run have left; nothing if none have run."""
    left = set(store.folders(f"{run_key(flow, run)}/"))
    return [name for name in HOOK_STEPS.values() if name in left]


def traces(store: Store, flow: str, run: str, step: str, path: str | None = None) -> dict[str, Trace]:
    """What the tasks of a step have left, by path, in the order of paths; with `path` of that task only."""
    folder = task_key(flow, run, step, "")
    found: dict[str, tuple[set[int], set[int], set[int]]] = {}
    for key in store.list(folder if path is None else f"{folder}{path}/"):
        text, _, name = key.removeprefix(folder).partition("/")
        if not name or not _is_path(text):
            continue
        done, failed, printed = found.setdefault(text, (set(), set(), set()))
        if name == MANIFEST:
            done.add(0)
        elif match := _ATTEMPT.fullmatch(name):
            failed.add(int(match[1]))
        elif match := _LOG.fullmatch(name):
            printed.add(int(match[1]))
    return {
        text: Trace(bool(done), tuple(sorted(failed)), tuple(sorted(printed)))
        for text, (done, failed, printed) in sorted(found.items(), key=lambda item: order_of(item[0]))
    }


def read_attempt(store: Store, flow: str, task: TaskId, attempt: int) -> FailedAttempt | None:
    """How an attempt failed; None if it left no record of that."""
    key = attempt_key(flow, task, attempt)
    data = store.get(key)
    if data is None:
        return None
    document = parse_document(key, data, FORMAT)
    times = members(key, document, {"started": "time", "ended": "time"})
    return FailedAttempt(failure_in(key, document), times["started"], times["ended"])


def order_of(path: str) -> tuple[int, ...]:
    """What paths are sorted by: indices and turns as the numbers that they are."""
    return tuple(_numbers(path))


def _numbers(path: str) -> Iterator[int]:
    if path != ROOT_PATH:
        for component in path.split("."):
            yield int(component.removeprefix(TURN_MARK))


def _is_path(text: str) -> bool:
    return text == ROOT_PATH or re.fullmatch(r"~?[0-9]+(\.~?[0-9]+)*", text) is not None
