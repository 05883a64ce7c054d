"""A store as object stores are, without a server: no plain files; it counts what is asked of it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from flowc.runtime.store import LocalStore


class RemoteStore(LocalStore):
    """Objects that have to be fetched."""

    def __init__(self, root: Any) -> None:
        super().__init__(root)
        self.asked: Counter[str] = Counter()
        self.threads: set[int] = set()

    def file(self, key: str) -> None:  # type: ignore[override]  # that is the point
        return None

    def get(self, key: str, start: int = 0) -> bytes | None:
        self._count("get")
        return super().get(key, start)

    def read_into(self, key: str, buffer: memoryview, offset: int = 0) -> None:
        self._count("read_into")
        super().read_into(key, buffer, offset)

    def put(self, key: str, data: bytes) -> None:
        self._count("put")
        super().put(key, data)

    def _count(self, what: str) -> None:
        self.asked[what] += 1
        self.threads.add(threading.get_ident())
