r"""Writes what the child prints to the store, in a thread: a slow store holds up neither the child nor what its parent shows.

    keeper = LogKeeper(lambda: LogWriter(…), wake)
    keeper.put(False, b"two\nlines\n")
    keeper.full                          # the child must wait
    keeper.close(timeout=None)

The thread starts with the first output, and so does whatever client the store needs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..lines import Lines
from ..records.logs import LogWriter

_ROOM = 4 << 20
"""How many bytes may wait for the thread."""


class LogKeeper:
    """What was printed, on its way to the store.

    Args:
        open_log: Opens the log; called in the thread.
        wake: Called in the thread when it has room again.
    """

    def __init__(self, open_log: Callable[[], LogWriter], wake: Callable[[], None]) -> None:
        self._open_log = open_log
        self._wake = wake
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, bool, bytes]] = []
        self._size = 0  # of what waits, and of what the thread is at
        self._hurried = False
        self._closing = False
        self._broken = False
        self._thread: threading.Thread | None = None

    @property
    def full(self) -> bool:
        """Whether there is more on its way than there should be."""
        return self._size >= _ROOM

    def put(self, is_error: bool, data: bytes) -> None:
        """Keep what was printed now."""
        if self._broken:
            return
        with self._changed:
            self._waiting.append((time.time(), is_error, data))
            self._size += len(data)
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="flowc-log", daemon=True)
            self._thread.start()

    def hurry(self) -> None:
        """Write all at once from now on: there may be little time."""
        with self._changed:
            self._hurried = True
            self._changed.notify()

    def close(self, timeout: float | None) -> None:
        """Write the rest, in so many seconds."""
        if self._thread is None:
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self._keep()
        except Exception:  # the task does not depend on its log
            import traceback

            traceback.print_exc()
        finally:
            self._broken, self._size = True, 0
            self._wake()

    def _keep(self) -> None:
        log = self._open_log()
        streams = Lines(), Lines()
        over = False
        while not over:
            with self._changed:
                while not (self._waiting or self._closing) and not self._is_due(log):
                    self._changed.wait(None if log.due is None else max(0, log.due - time.monotonic()))
                waiting, self._waiting = self._waiting, []
                over = self._closing
            for moment, is_error, data in waiting:
                for line in streams[is_error].feed(data):
                    log.line(is_error, line, moment)
            if self._is_due(log) and not over:
                log.flush()
            with self._changed:
                was_full = self.full
                self._size -= sum(len(data) for _, _, data in waiting)
            if was_full:
                self._wake()
        for is_error in (False, True):
            for line in streams[is_error].rest():
                log.line(is_error, line)
        log.close()

    def _is_due(self, log: LogWriter) -> bool:
        return log.due is not None and (self._hurried or log.due <= time.monotonic())
