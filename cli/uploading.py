"""The datastore to which a deployment's package goes, opened as a run on this machine would open it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..runtime.store import Store


class DatastoreOf:
    """A `targets.platform.Datastore`. Makes no connection before it is asked.

    Attributes:
        url: The datastore, as `--datastore` names it.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") or "/"

    @cached_property
    def _store(self) -> Store:
        from ..runtime.store import open_store

        store = open_store(self.url)
        store.prepare()
        return store

    def has(self, key: str) -> bool:
        """Whether there is an object of this key."""
        with _explained():
            return key in self._store.list(key)

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        with _explained():
            self._store.put(key, data)


@contextmanager
def _explained() -> Iterator[None]:
    from ..runtime.errors import StoreError
    from ..targets.platform import PlatformError

    try:
        yield
    except StoreError as error:
        raise PlatformError(str(error)) from None
