"""Threads that do what is handed to them, some things at once, and hold nobody up who wants to exit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Threads:
    """So many threads at the most, each started when it is first needed.

    Args:
        fail: Called, in the thread, within the handler of an exception that work has raised.
    """

    def __init__(self, most: int, name: str, fail: Callable[[], None]) -> None:
        self._most, self._name, self._fail = most, name, fail
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._count = 0
        self._idle = 0
        self._changing = threading.Lock()

    def do(self, work: Callable[[], None]) -> None:
        """Have it done."""
        with self._changing:
            if self._idle:
                self._idle -= 1
            elif self._count < self._most:
                self._count += 1
                threading.Thread(target=self._work, name=f"flowc-{self._name}", daemon=True).start()
        self._waiting.put(work)

    def close(self) -> None:
        """Let the threads end when they have done what waits."""
        for _ in range(self._most):
            self._waiting.put(None)

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                work()
            except Exception:
                self._fail()
            with self._changing:
                self._idle += 1
