"""Who writes what a run leaves beside its tasks' own objects: run.json, plan.json, logs, records of killed attempts, result.json.

A run that forks nothing has it written at once, in its own process. For one that forks, see `keeper`.
"""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..errors import FlowcError, StoreError
from ..failure import Failure
from ..language.current import user_name
from ..paths import TaskId
from ..records.manifest import write_failure
from ..records.runs import ResultRecord, claim_run, new_record, read_plan, write_plan, write_result
from ..store import Store
from .lanes import LogKeeping

Name: TypeAlias = tuple[str, str, int]
"""An attempt: step, path, and its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What is known of a run before it has an id.

    Attributes:
        flow: The flow's name.
        tags: What the run is started with.
        origin: The run that it resumes, or None.
        document: The plan as it came from the compiler; None where there is none to keep.
        fill: What else is to be done before the first task starts.
    """

    flow: str
    tags: tuple[str, ...] = ()
    origin: str | None = None
    document: Mapping[str, Any] | None = None
    fill: Callable[[Store, str], None] | None = None

    def claim(self, store: Store) -> str:
        """Begin a run in the store; its id."""
        return claim_run(store, self.flow, new_record(target="local", user=user_name(), tags=self.tags, origin=self.origin))

    def prepare(self, store: Store, run: str) -> None:
        """Put into the store what tasks may ask for."""
        if self.document is not None:
            write_plan(store, self.flow, run, self.document)
        if self.fill is not None:
            self.fill(store, run)

    def record(self, store: Store, run: str, name: Name, failure: Failure, started: float, ended: float) -> None:
        """Record why an attempt failed that could not do so itself."""
        step, path, number = name
        write_failure(store, self.flow, TaskId(run, step, path), number, failure, started, ended)

    def end(self, store: Store, run: str, ok: bool, message: str | None, *, sure: bool) -> bool:
        """Record how the run ended, now; whether it came to its end.

        Args:
            ok: Whether its scheduler has seen that.
            message: Why not, if not.
            sure: Whether that is so in any case; else the end step may be done all the same, where a signal or a kill came before
                anybody heard of it.
        """
        ok = ok or (not sure and self._came_to_its_end(store, run))
        write_result(store, self.flow, run, ResultRecord(ok=ok, ended=time.time(), message=None if ok else message))
        return ok

    def _came_to_its_end(self, store: Store, run: str) -> bool:
        from ..records.traces import traces

        with suppress(StoreError):
            plan = read_plan(store, self.flow, run)
            return any(trace.done for trace in traces(store, self.flow, run, plan.end if plan else "end").values())
        return False


class Keeper(Protocol):
    """Who writes what a run leaves.

    Attributes:
        run: The run's id, once it has one.
        trouble: Why nothing can be kept any more, or None.
        warning: Why the output of some task may not be kept, or None.
        bug: Whether that is a bug of flowc's.
        came_to_its_end: Whether the run did, once that is on record: also where it was stopped when its end step was done.
    """

    run: str | None
    trouble: str | None
    warning: str | None
    bug: bool
    came_to_its_end: bool

    def begin(self) -> None:
        """Ask for an id."""

    def line(self, name: Name, is_error: bool, text: str) -> None:
        """Keep a line that an attempt printed."""

    def close(self, name: Name) -> None:
        """Say that an attempt prints no more."""

    def record(self, name: Name, failure: Failure, started: float, ended: float) -> None:
        """Record why an attempt failed that could not do so itself."""

    def take_kept(self) -> list[Name]:
        """The attempts whose failures are on record now, each once."""
        ...

    def finish(self, ok: bool, message: str | None, hurried: Callable[[], bool]) -> str | None:
        """Keep all that is left, and how the run ended; what went wrong with that, or None.

        Args:
            hurried: Whether the wait should be cut short.
        """
        ...


class DirectKeeper:
    """A keeper that writes at once, in this process: for runs that fork nothing."""

    def __init__(self, store: Store, beginning: Beginning) -> None:
        self.run: str | None = None
        self.trouble: str | None = None
        self.warning: str | None = None
        self.bug = False
        self.came_to_its_end = False
        self._store, self._beginning = store, beginning
        self._logs: LogKeeping | None = None
        self._kept: list[Name] = []
        self._writing = allocate_lock()  # the user's code may have threads that print

    def begin(self) -> None:
        """Claim the run."""
        with self._troubles():
            run = self._beginning.claim(self._store)
            self._beginning.prepare(self._store, run)
            self._logs = LogKeeping(self._store, self._beginning.flow, run, self._warn)
            self.run = run

    def line(self, name: Name, is_error: bool, text: str) -> None:
        """Write it as soon as its log is due."""
        with self._writing, self._troubles():
            if self._logs is not None and self.trouble is None:
                self._logs.line(name, is_error, text, time.time())
                self._logs.flush(time.monotonic())

    def close(self, name: Name) -> None:
        """Write what is left of the log."""
        with self._troubles():
            if self._logs is not None and self.trouble is None:
                self._logs.close(name)

    def record(self, name: Name, failure: Failure, started: float, ended: float) -> None:
        """Write it."""
        assert self.run is not None
        with self._troubles():
            self._beginning.record(self._store, self.run, name, failure, started, ended)
            self._kept.append(name)

    def take_kept(self) -> list[Name]:
        """All since the last call."""
        kept, self._kept = self._kept, []
        return kept

    def finish(self, ok: bool, message: str | None, hurried: Callable[[], bool]) -> str | None:
        """Write the last lines, then the result."""
        with self._troubles():
            if self._logs is not None:
                self._logs.close_all()
        with self._troubles():
            if self.run is not None:
                self.came_to_its_end = self._beginning.end(self._store, self.run, ok, message, sure=self.trouble is not None)
        return self.trouble

    def _warn(self, text: str) -> None:
        self.warning = self.warning or text

    def _troubles(self) -> suppress:
        return _Noting(self)


class _Noting(suppress):
    """Notes what a store could not do instead of raising it, as where a line comes from a `print` of the user's."""

    def __init__(self, keeper: DirectKeeper) -> None:
        super().__init__(FlowcError)
        self._keeper = keeper

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        if isinstance(error, FlowcError) and self._keeper.trouble is None:
            self._keeper.trouble = str(error)
        return super().__exit__(kind, error, traceback)
