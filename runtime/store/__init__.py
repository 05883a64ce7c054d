"""Where runs are kept: objects named by keys such as `Flow/7/start/-/manifest.json`.

`Store` is all that the rest of the runtime asks of a place. An object is never seen half written, and one that is written with
`put_new` is written by one of those who try.

    local                    objects as plain files in a directory
    objects, transfers       objects in S3, Azure or Google Cloud; large ones on their way there and back
    urls, clients, faults    what a datastore is called, obstore's clients for it, and its errors as sentences
    credentials              who flowc is to AWS
    serving                  the store of the task that runs here
    overlay                  a store that is read, and written to somewhere else
    forks                    obstore in children of a process that has used it
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from ..errors import StoreError
from .local import DEFAULT_ROOT, LocalStore

__all__ = ["DEFAULT_ROOT", "LocalStore", "Store", "Upload", "open_store"]


class Upload(Protocol):
    """An object on its way, whose key may be known only when all of it is written."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Add to it. What a memoryview shows must stay as it is until `commit` or `discard`: it need not be copied."""

    def commit(self, key: str) -> None:
        """Publish it, in place of an object of the same key."""

    def discard(self) -> None:
        """Leave no trace of it. Does nothing after a `commit`."""


class Store(Protocol):
    """A place for objects. All methods raise `StoreError`, which names the object, when the place fails them.

    May be handed through a fork as long as none of its methods was called before; `prepare` may.
    """

    @property
    def url(self) -> str:
        """What `--datastore` would name it as: an absolute directory, or a URL. So says `str`, too."""
        ...

    def prepare(self) -> None:
        """Get ready what processes that are forked from this one can share, such as credentials. Cheap to repeat."""

    def get(self, key: str, start: int = 0) -> bytes | None:
        """The whole of an object, or what it has from one of its bytes on; None if there is none."""
        ...

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes | None]:
        """The same for many keys, in their order, several at a time."""
        ...

    def open(self, key: str) -> BinaryIO:
        """An object to read from its beginning; a missing one is a `StoreError`."""
        ...

    def read_into(self, key: str, buffer: memoryview, offset: int = 0) -> None:
        """Fill a writable buffer with an object's bytes from an offset, in parallel where that helps; a `StoreError` if there
        are fewer."""
        ...

    def file(self, key: str) -> str | None:
        """The path of the plain file that is the object, which never changes; None if this store has no such files."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write an object, in place of one of the same key."""
        ...

    def put_new(self, key: str, data: bytes) -> bool:
        """Write an object if there is none of that key, in one atomic step; False if there is one."""
        ...

    def create(self, near: str) -> Upload:
        """Begin an object that will get a key under the prefix `near`."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Make an object of the same content under another key, without moving it through this machine where that can be
        helped; a missing source is a `StoreError`."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """All keys that start with a text, in no order."""
        ...

    def folders(self, prefix: str) -> Iterator[str]:
        """The names between a prefix that ends with "/" and the next "/", each once, in no order."""
        ...


def open_store(place: str | os.PathLike[str] | None = None) -> Store:
    """The store that `--datastore` or `FLOWC_DATASTORE` names: a directory, by default `.flowc` in the current one.

    Makes no connection.

    Raises:
        StoreError: It is a URL that names no place.
    """
    place = os.fspath(place or DEFAULT_ROOT)
    scheme, separator, rest = place.partition("://")
    if not separator:
        kind, colon, _ = place.partition(":")
        if colon and kind.lower() in ("s3", "gs", "az"):
            raise StoreError(f"the datastore {place} is neither a directory nor a URL: write {kind.lower()}://, or ./{place}")
        return LocalStore(os.path.expanduser(place))  # noqa: PTH111  # without a home, `~` stays as it is
    if scheme == "file":
        return LocalStore(rest)
    from .objects import ObjectStore
    from .urls import parse_place

    return ObjectStore(parse_place(place))
