"""Artifacts fetched before the code of a step asks for them, by threads, where that asks a server; the plan says which.

So many bytes at the most are fetched and not yet taken; what does not fit waits its turn. A local store has nothing to gain from
it, for its files are mapped.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING

from ..records.manifest import Blob, Entry
from .compression import find_zstd

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from .values import Artifacts

MOST = 512 << 20
"""Bytes that are fetched and not yet taken."""
_THREADS = 16


class Ahead:
    """The blobs of one run that a task will read.

    Attributes:
        pays: Reading takes time here.
    """

    def __init__(self, artifacts: Artifacts) -> None:
        self.pays = artifacts.is_remote()
        self._artifacts = artifacts
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[str, Blob, object]] = deque()
        self._begun: dict[str, Future[memoryview]] = {}
        self._asked: set[str] = set()
        self._bytes = 0

    def fetch(self, name: str, entry: Entry, task: object) -> None:
        """Fetch a blob some time soon, if it is none of a local store."""
        if isinstance(entry, Blob) and entry.sha256 not in self._asked and entry.size <= MOST and self.pays:
            self._renew()
            if entry.codec is not None:
                find_zstd()  # a fork while a thread imports it would leave the child with a module that is locked forever
            with self._lock:
                self._asked.add(entry.sha256)
                self._waiting.append((name, entry, task))
            self._go_on()

    def take(self, name: str, entry: Entry, task: object) -> memoryview | None:
        """The content of an entry, fetched now if it was not before; None for one that has it in itself."""
        if not isinstance(entry, Blob):
            return None
        self._renew()
        with self._lock:
            future = self._begun.pop(entry.sha256, None)
            if future is None:
                self._waiting = deque(one for one in self._waiting if one[1].sha256 != entry.sha256)
        if future is None or future.cancelled():
            return self._artifacts.fetch(name, entry, task)
        try:
            return future.result()
        finally:
            with self._lock:
                self._bytes -= entry.size
                self._asked.discard(entry.sha256)
            self._go_on()

    def close(self) -> None:
        """Fetch nothing more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._begun.clear()
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def _renew(self) -> None:
        """Begin anew in a forked child: threads are not copied, so what they were at would never come."""
        if self._process != os.getpid():
            self._begin()

    def _go_on(self) -> None:
        with self._lock:
            while self._waiting and not self._closed and self._bytes + self._waiting[0][1].size <= MOST:
                if self._pool is None:
                    from concurrent.futures import ThreadPoolExecutor

                    self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="flowc-ahead")
                name, entry, task = self._waiting.popleft()
                self._bytes += entry.size
                self._begun[entry.sha256] = self._pool.submit(self._artifacts.fetch, name, entry, task)
