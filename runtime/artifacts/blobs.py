"""Blobs: the objects that hold what is too large for a manifest.

    the pickle | zeros | first buffer | zeros | second buffer | …

Each buffer begins at the next multiple of 64, so that it may be used where it lies: in a local store, in a mapping of the file,
private and writable, of which the system copies the pages that are written to and no others. The hash is checked before anything
is unpickled. The object may be compressed; hash and size are those of the content.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import StoreError
from ..records.manifest import Blob
from ..store import Store, Upload
from . import compression
from .hashes import digest_of

ALIGNMENT = 64
_MAPPED = 1 << 20
"""Bytes of the smallest file that is mapped; a smaller one is read."""
_MOST_MAPPINGS = 256
"""A mapping may cost a file descriptor, of which a process often has 1,024."""
_CHUNK = 4 << 20

_mappings: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


def places(pickle: int, buffers: Sequence[int]) -> tuple[list[int], int]:
    """Where the buffers of a blob begin, and its size, by the length of its pickle and of each buffer."""
    starts, end = [], pickle
    for length in buffers:
        starts.append(-(-end // ALIGNMENT) * ALIGNMENT)
        end = starts[-1] + length
    return starts, end


def content(pickle: Sequence[bytes | memoryview], length: int, buffers: Sequence[memoryview]) -> Iterator[bytes | memoryview]:
    """A blob's content, piece by piece; without the pickle, where that is empty and `length` says how long it was."""
    yield from pickle
    starts, _ = places(length, [buffer.nbytes for buffer in buffers])
    end = length
    for start, buffer in zip(starts, buffers, strict=True):
        if start > end:
            yield bytes(start - end)
        yield buffer
        end = start + buffer.nbytes


class Writer:
    """An object on its way into the store, compressed or not.

    Attributes:
        compressed: Which of them.
        stored: Bytes that were written.
    """

    def __init__(self, store: Store, near: str, *, compress: bool) -> None:
        self._upload: Upload = store.create(near)
        self._compressor: Any = compression.compressor() if compress else None
        self.compressed = compress
        self.stored = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add to the content."""
        if self._compressor is None:
            self._upload.write(data)
            self.stored += len(data)
            return
        view = memoryview(data)
        for start in range(0, view.nbytes, _CHUNK):
            self._pass_on(self._compressor.compress(view[start : start + _CHUNK]))

    def commit(self, key: str) -> None:
        """Publish it."""
        if self._compressor is not None:
            self._pass_on(self._compressor.flush())
        self._upload.commit(key)

    def discard(self) -> None:
        """Leave no trace of it, unless it was published."""
        self._upload.discard()

    def _pass_on(self, packed: bytes) -> None:
        if packed:
            self._upload.write(packed)
            self.stored += len(packed)


def is_local(store: Store) -> bool:
    """Whether the objects of a store are plain files of this machine."""
    return store.file("") is not None


def read_content(store: Store, key: str, entry: Blob) -> memoryview:
    """A blob's content, checked; writable if there are buffers in it.

    Raises:
        StoreError: It cannot be read, or is damaged.
    """
    if places(entry.pickle, entry.buffers)[1] != entry.size:
        raise StoreError(f"the object {key} is damaged, or its manifest is: its parts do not make {entry.size} bytes")
    path = store.file(key) if entry.codec is None else None
    found = map_file(store, key, path) if path is not None and entry.size >= _MAPPED else None
    if found is None:
        found = _fetch(store, key, entry)
    if found.nbytes != entry.size:
        raise StoreError(f"the object {key} is damaged: it has {found.nbytes} bytes, and should have {entry.size}")
    if digest_of([found], entry.size) != entry.sha256:
        raise StoreError(f"the object {key} is damaged: its content has another hash")
    return found


def map_file(store: Store, key: str, path: str) -> memoryview | None:
    """A private mapping of a file; None if there can be no more mappings."""
    if len(_mappings) >= _MOST_MAPPINGS:
        return None
    with store.open(key) as file:  # for its message when the file is gone
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            return memoryview(b"")
        try:
            mapping = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
        except OSError:  # no file descriptor left, or a file system that maps no files
            return None
    if hasattr(mapping, "madvise") and hasattr(mmap, "MADV_WILLNEED"):
        mapping.madvise(mmap.MADV_WILLNEED)
    _mappings.add(mapping)
    return memoryview(mapping)


def _fetch(store: Store, key: str, entry: Blob) -> memoryview:
    if entry.codec not in (None, compression.NAME):
        raise StoreError(f"the object {key} is compressed with {entry.codec}, which this flowc does not know")
    if entry.codec is not None:
        whole = memory(entry.size)
        with store.open(key) as file:
            try:
                return whole[: compression.decompress(file, whole)]
            except StoreError as error:
                raise StoreError(f"the object {key} cannot be decompressed: {error}") from error
    if entry.size >= _MAPPED:
        whole = memory(entry.size)
        store.read_into(key, whole)
        return whole
    data = store.get(key)
    if data is None:
        raise StoreError(f"the datastore {store} has lost the object {key}")
    return memoryview(data)


def memory(size: int) -> memoryview:
    """Writable memory, from the beginning of a page on, which nobody has filled with zeros in vain."""
    if hasattr(mmap, "MAP_ANONYMOUS"):
        return memoryview(mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))[:size]
    return memoryview(mmap.mmap(-1, max(size, 1)))[:size]


def digest_beside(pieces: Sequence[bytes | memoryview], size: int) -> tuple[threading.Thread, list[str]]:
    """Hash content in threads of their own; the list holds the hash when the first of them has ended."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(digest_of(pieces, size)), daemon=True)
    thread.start()
    return thread, found
