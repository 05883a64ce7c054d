"""Logs on their way into the store: lines are handed to whoever writes the log of their attempt, several at a time where a write
takes long.

A lane is one `LogKeeping` and, where there are several, a thread. All that concerns one attempt goes through one lane, so it
stays in order. A lane takes up to so much; then handing on waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..paths import TaskId
from ..store import Store
from .messages import Messages

if TYPE_CHECKING:
    import queue

    from ..records.logs import LogWriter


class LogKeeping:
    """The open logs of some attempts of a run.

    Args:
        warn: Called with a sentence for each log that the store fails to take.
    """

    def __init__(self, store: Store, flow: str, run: str, warn: Callable[[str], None]) -> None:
        self._store, self._flow, self._run, self._warn = store, flow, run, warn
        self._logs: dict[tuple[str, str, int], LogWriter] = {}

    def line(self, name: tuple[str, str, int], is_error: bool, text: str, at: float) -> None:
        """Add a line that was printed at a time, in seconds since 1970; it is written when its log is due."""
        log = self._logs.get(name)
        if log is None:
            from ..records.logs import LogWriter

            step, path, number = name
            log = self._logs[name] = LogWriter(self._store, self._flow, TaskId(self._run, step, path), number, warn=self._warn)
        log.line(is_error, text, at)

    def close(self, name: tuple[str, str, int]) -> None:
        """Write what is left of a log."""
        log = self._logs.pop(name, None)
        if log is not None:
            log.close()

    def close_all(self) -> None:
        """Write what is left of all."""
        for name in list(self._logs):
            self.close(name)

    def due(self) -> float | None:
        """When the next log is due, by the monotonic clock."""
        return min((due for log in self._logs.values() if (due := log.due) is not None), default=None)

    def flush(self, now: float) -> None:
        """Write the logs that are due."""
        for log in self._logs.values():
            if (due := log.due) is not None and due <= now:
                log.flush()


class Lanes:
    """One lane that works where it is called, or several with a thread each.

    Args:
        record: Called with what a message "record" holds.
        answer: Called with "broken" or "bug", and what is wrong, when a lane cannot go on. The others do.
    """

    def __init__(
        self, keepings: Sequence[LogKeeping], record: Callable[..., None], answer: Callable[[str, object], None]
    ) -> None:
        self._keepings, self._record, self._answer = keepings, record, answer
        self._broken: str | None = None
        self._queues: list[queue.Queue[Messages | None]] = []
        if len(keepings) > 1:
            import queue
            import threading

            self._queues = [queue.Queue(maxsize=64) for _ in keepings]
            self._threads = [
                threading.Thread(target=self._work, args=lane, daemon=True) for lane in zip(keepings, self._queues, strict=True)
            ]
            for thread in self._threads:
                thread.start()

    def hand_on(self, messages: Messages) -> None:
        """Have messages done; waits while a lane has too many."""
        if not self._queues:
            self._do(self._keepings[0], messages)
            return
        sorted_out: dict[int, Messages] = {}
        for message in messages:
            sorted_out.setdefault(hash(message[1:4]) % len(self._queues), []).append(message)
        for number, some in sorted_out.items():
            self._queues[number].put(some)

    def rest(self) -> float | None:
        """Seconds until `flush` has something to do; None: nobody knows of anything."""
        if self._queues:
            return None  # the threads know themselves
        return _until(self._keepings[0])

    def flush(self) -> None:
        """Write what is due, but where a thread does."""
        if not self._queues:
            self._guard(lambda: self._keepings[0].flush(time.monotonic()))

    def close(self) -> str | None:
        """Write all that is left; what went wrong, or None."""
        for waiting in self._queues:
            waiting.put(None)
        if self._queues:
            for thread in self._threads:
                thread.join()
        else:
            self._guard(self._keepings[0].close_all)
        return self._broken

    def _work(self, keeping: LogKeeping, waiting: queue.Queue[Messages | None]) -> None:
        from queue import Empty

        while True:
            try:
                messages = waiting.get(timeout=_until(keeping))
            except Empty:
                messages = []
            if messages is None:
                self._guard(keeping.close_all)
                return
            self._do(keeping, messages)
            self._guard(lambda: keeping.flush(time.monotonic()))

    def _do(self, keeping: LogKeeping, messages: Messages) -> None:
        def do() -> None:
            for message in messages:
                match message[0]:
                    case "line":
                        keeping.line(message[1:4], *message[4:])
                    case "close":
                        keeping.close(message[1:4])
                    case "record":
                        self._record(*message[1:])

        self._guard(do)

    def _guard(self, work: Callable[[], None]) -> None:
        """Do it, unless something went wrong before: the run ends for that, and what comes is dropped."""
        if self._broken is not None:
            return
        try:
            work()
        except StoreError as error:
            self._broken = str(error)
            self._answer("broken", self._broken)
        except Exception:
            import traceback

            self._broken = traceback.format_exc()
            self._answer("bug", self._broken)


def _until(keeping: LogKeeping) -> float | None:
    due = keeping.due()
    return None if due is None else max(0.0, due - time.monotonic())
