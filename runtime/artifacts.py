"""Artifacts: values pickled into the store and back.

A pickle (protocol 5) of up to 4 KiB stands inline in the manifest. A larger one is a blob named by its hash; it is hashed
while it streams from the pickler into the store, so that a large array is in memory once. Reading streams too, and checks
the hash.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from binascii import a2b_base64, b2a_base64
from typing import BinaryIO

from .errors import ArtifactError, FlowcError, StoreError
from .records.manifest import Blob, Entry, Inline, blob_key
from .store import Store, Upload

INLINE_LIMIT = 4096
"""Bytes of the largest pickle that stands in a manifest."""
PROTOCOL = 5
_READ_BUFFER = 1 << 16


class Artifacts:
    """The artifacts of one run."""

    def __init__(self, store: Store, flow: str, run: str) -> None:
        self._store = store
        self._flow = flow
        self._run = run

    def save(self, name: str, value: object, step: str, known: Entry | None = None) -> Entry:
        """Store a value, unless its pickle is that of `known`.

        Args:
            known: Where the value was loaded from, which it may still equal.

        Raises:
            ArtifactError: It cannot be pickled. The message names the artifact, its type and the step.
            StoreError: It cannot be written.
        """
        if isinstance(known, Blob):
            # Most values that are only read are unchanged: to hash one first costs less than to write it for nothing.
            hasher = _Sink(None, "")
            self._dump(name, value, step, hasher)
            if hasher.hash.hexdigest() == known.sha256:
                return known
        sink = _Sink(self._store, blob_key(self._flow, self._run, ""))
        try:
            self._dump(name, value, step, sink)
            if sink.upload is None:
                return Inline(b2a_base64(b"".join(sink.pieces), newline=False).decode())
            digest = sink.hash.hexdigest()
            sink.upload.commit(blob_key(self._flow, self._run, digest))
            return Blob(digest, sink.size)
        finally:
            if sink.upload is not None:
                sink.upload.discard()

    def load(self, name: str, entry: Entry) -> object:
        """Read a value.

        Raises:
            ArtifactError: It cannot be unpickled, as when its class is gone.
            StoreError: It cannot be read, or the object is damaged.
        """
        if isinstance(entry, Inline):
            try:
                return pickle.loads(a2b_base64(entry.data))
            except BaseException as error:  # a hook of the value's class may raise even SystemExit
                raise _unreadable(name, error) from error
        key = blob_key(self._flow, self._run, entry.sha256)
        with self._store.open(key) as file:
            source = _HashedReader(file)
            reader = io.BufferedReader(source, _READ_BUFFER)
            fault: BaseException | None = None
            value = None
            try:
                value = pickle.load(reader)
            except OSError as error:
                raise StoreError(f"the datastore cannot read {key}: {error.strerror or error}") from error
            except BaseException as error:
                fault = error
            while reader.read(_READ_BUFFER):  # of a damaged object, there may be more
                pass
            if source.hash.hexdigest() != entry.sha256:
                raise StoreError(f"the object {key}, which holds the artifact `{name}`, is damaged: its content has another hash")
            if fault is not None:
                raise _unreadable(name, fault) from fault
        return value

    def _dump(self, name: str, value: object, step: str, sink: _Sink) -> None:
        try:
            pickle.Pickler(sink, PROTOCOL).dump(value)
        except FlowcError:
            raise
        except BaseException as error:  # a hook of the value's class may raise even SystemExit
            reason = str(error) if isinstance(error, Exception) and str(error) else repr(error)
            kind = type(value)
            shown = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
            raise ArtifactError(
                f"step `{step}` cannot keep `self.{name}`, a {shown}: it cannot be pickled ({reason}). "
                "Use a local variable for what only this step needs."
            ) from error


def _unreadable(name: str, error: BaseException) -> ArtifactError:
    return ArtifactError(f"the artifact `{name}` cannot be unpickled: {type(error).__name__}: {error}")


class _Sink:
    """What a pickler writes to: hashes, and keeps small pickles in memory. Without a store, it only hashes."""

    def __init__(self, store: Store | None, near: str) -> None:
        self._store = store
        self._near = near
        self.hash = hashlib.sha256()
        self.size = 0
        self.pieces: list[bytes] = []
        self.upload: Upload | None = None

    def write(self, data: bytes | memoryview, /) -> None:
        # The pickler hands large buffers over as they are, so this never holds more than one piece of 64 KiB.
        self.hash.update(data)
        self.size += memoryview(data).nbytes
        if self._store is None:
            return
        if self.upload is None:
            if self.size <= INLINE_LIMIT:
                self.pieces.append(bytes(data))
                return
            self.upload = self._store.create(self._near)
            for piece in self.pieces:
                self.upload.write(piece)
        self.upload.write(data)


class _HashedReader(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # typeshed's type for it is internal
        count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]  # BinaryIO lacks it; all binary files have it
        self.hash.update(buffer[:count])
        return count
