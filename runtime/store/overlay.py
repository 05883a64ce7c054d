"""A store that is read through and never written to: what is written is kept aside, and is what is read from then on.

    overlay = Overlay(store, aside=LocalStore(folder), hidden=("Flow/7/train/-/manifest.json",))

So a task can run again beside the run that it belongs to, and leave no trace there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO, TypeAlias

from . import Store, Upload

_Keys: TypeAlias = Iterator[str]  # within the class, `list` is a method


class Overlay:
    """Two stores as one.

    Args:
        base: What is read where `aside` has nothing.
        aside: What is written to.
        hidden: Keys of objects that are not seen in `base`.
    """

    def __init__(self, base: Store, aside: Store, hidden: Collection[str] = ()) -> None:
        self._base = base
        self._aside = aside
        self._hidden = frozenset(hidden)

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        """That of the store below."""
        return self._base.url

    def prepare(self) -> None:
        """Prepare both."""
        self._base.prepare()
        self._aside.prepare()

    def get(self, key: str, start: int = 0) -> bytes | None:
        """What was written last, or is below."""
        found = self._aside.get(key, start)
        return self._base.get(key, start) if found is None and key not in self._hidden else found

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes | None]:
        """Ask below for all of them at once: hardly any was written here."""
        asked = list(keys)
        for key, found in zip(asked, self._base.get_many(asked), strict=True):
            written = self._aside.get(key)
            yield None if written is None and key in self._hidden else found if written is None else written

    def open(self, key: str) -> BinaryIO:
        """Open what was written, or what is below."""
        return self._holder(key).open(key)

    def read_into(self, key: str, buffer: memoryview, offset: int = 0) -> None:
        """Read what was written, or what is below."""
        self._holder(key).read_into(key, buffer, offset)

    def file(self, key: str) -> str | None:
        """The file of what was written, or of what is below."""
        return self._holder(key).file(key)

    def put(self, key: str, data: bytes) -> None:
        """Write aside."""
        self._aside.put(key, data)

    def put_new(self, key: str, data: bytes) -> bool:
        """Write aside unless either has it."""
        return self.get(key) is None and self._aside.put_new(key, data)

    def create(self, near: str) -> Upload:
        """Begin an object aside."""
        return self._aside.create(near)

    def copy(self, source: str, target: str) -> None:
        """Copy within what was written; through this machine from below."""
        if self._holder(source) is self._aside:
            self._aside.copy(source, target)
            return
        upload = self._aside.create(target.rpartition("/")[0])
        try:
            with self._base.open(source) as file:
                while piece := file.read(1 << 20):
                    upload.write(piece)
            upload.commit(target)
        finally:
            upload.discard()

    def list(self, prefix: str) -> _Keys:
        """The keys of both."""
        seen = set(self._aside.list(prefix))
        yield from seen
        yield from (key for key in self._base.list(prefix) if key not in seen and key not in self._hidden)

    def folders(self, prefix: str) -> _Keys:
        """The folders of both."""
        seen = set(self._aside.folders(prefix))
        yield from seen
        yield from (name for name in self._base.folders(prefix) if name not in seen)

    def _holder(self, key: str) -> Store:
        written = key in self._hidden or any(one == key for one in self._aside.list(key))
        return self._aside if written else self._base
