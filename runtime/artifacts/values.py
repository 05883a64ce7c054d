"""Saving and loading artifacts: one, or all that a task leaves.

    value ─▶ pickle, buffers ─▶ inline entry
                             └▶ hash ─▶ the entry that it was loaded with, if that has this hash
                                     └▶ blob ─▶ entry

Values are pickled one after the other, in the thread that calls, for classes may have hooks of their own. Blobs are written to
object stores by several threads.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..errors import ArtifactError, FlowcError, StoreError
from ..records.manifest import Blob, Entry, Inline, blob_key
from ..store import Store
from . import compression
from .blobs import Writer, content, digest_beside, is_local, places, read_content
from .hashes import Digest, digest_of
from .pickles import Pickled, put_together, take_apart

if TYPE_CHECKING:
    from concurrent.futures import Future

INLINE_LIMIT = 4096
"""Bytes of the largest content that stands in a manifest."""
_BESIDE = 1 << 20
"""Bytes of the smallest content that is hashed while it is written; a thread costs more than a smaller one."""
_IN_FLIGHT = 256 << 20
"""Bytes of content that wait to be uploaded at the most."""
_THREADS = 16


class Artifacts:
    """The artifacts of one run."""

    def __init__(self, store: Store, flow: str, run: str) -> None:
        self._store = store
        self._flow = flow
        self._run = run

    def save(self, name: str, value: object, step: str, known: Entry | None = None) -> Entry:
        """Store a value, unless it is still that of `known`.

        Args:
            known: Where the value was loaded from, which it may still equal.

        Raises:
            ArtifactError: It cannot be pickled. The message names the artifact, its type and the step.
            StoreError: It cannot be written.
        """
        return self.save_all({name: value}, step, {} if known is None else {name: known})[name]

    def save_all(
        self,
        values: Mapping[str, object],
        step: str,
        known: Mapping[str, Entry],
        assigned: Callable[[str], str | None] = lambda name: None,
    ) -> dict[str, Entry]:
        """Store what a task leaves; as `save`.

        Args:
            known: Where values were loaded from.
            assigned: Finds the file and line that assigned an artifact, for the message when it cannot be kept.
        """
        entries: dict[str, Entry] = {}
        same: dict[int, str] = {}
        uploads: Uploads | None = None
        try:
            for name, value in values.items():
                if same.setdefault(id(value), name) != name:
                    entries[name] = entries[same[id(value)]]  # one value under two names
                    continue
                saving = _Saving(self, name, value, step, known.get(name), assigned)
                done = saving.begin()
                if done is None and saving.may_wait and len(values) > 1:
                    uploads = uploads or Uploads()
                    # The name keeps its place: others that are the same value find it there.
                    uploads.add(entries, name, saving)
                    del same[id(value)]
                else:
                    entries[name] = done or saving.write()
            if uploads is not None:
                uploads.wait()
            return entries
        finally:
            if uploads is not None:
                uploads.close()

    def load(self, name: str, entry: Entry, task: object = None) -> object:
        """Read a value.

        Args:
            task: Who reads it, for messages.

        Raises:
            ArtifactError: It cannot be unpickled, as when its class is gone.
            StoreError: It cannot be read, or the object is damaged.
        """
        return self.unpickle(name, entry, None if isinstance(entry, Inline) else self.fetch(name, entry, task))

    def fetch(self, name: str, entry: Blob, task: object = None) -> memoryview:
        """The content of a blob, checked and not yet unpickled. Raises StoreError, as `load`."""
        try:
            return read_content(self._store, blob_key(self._flow, self._run, entry.sha256), entry)
        except StoreError as error:
            who = "" if task is None else f" of the task {task}"
            raise StoreError(f"the artifact `{name}`{who} cannot be read: {error}") from error

    def unpickle(self, name: str, entry: Entry, whole: memoryview | None) -> object:
        """The value of what `fetch` gave, or of an entry that needs none. Raises ArtifactError, as `load`."""
        try:
            if whole is None:
                assert isinstance(entry, Inline)
                return put_together(a2b_base64(entry.data), ())
            assert isinstance(entry, Blob)
            starts, _ = places(entry.pickle, entry.buffers)
            buffers = [whole[start : start + length] for start, length in zip(starts, entry.buffers, strict=True)]
            return put_together(whole[: entry.pickle], buffers)
        except BaseException as error:  # a hook of the value's class may raise even SystemExit
            raise _unreadable(name, entry, error) from error

    def is_remote(self) -> bool:
        """Whether reading asks a server."""
        return not is_local(self._store)


class _Saving:
    """One value on its way."""

    def __init__(
        self,
        artifacts: Artifacts,
        name: str,
        value: object,
        step: str,
        known: Entry | None,
        assigned: Callable[[str], str | None],
    ) -> None:
        self._store = artifacts._store
        self._blobs = blob_key(artifacts._flow, artifacts._run, "")
        self._name, self._value, self._step = name, value, step
        self._known = known if isinstance(known, Blob) else None
        self._assigned = assigned
        self._spilled: Writer | None = None
        self._digest = Digest()
        self._found = Pickled()
        self.size = 0

    @property
    def may_wait(self) -> bool:
        """Whether others may be pickled while it is written."""
        return not is_local(self._store) and self._spilled is None

    def begin(self) -> Entry | None:
        """Pickle it; what is small is done then."""
        try:
            self._found = take_apart(self._value, self._spill)
        except StoreError as error:
            self.discard()
            raise self._explained(error) from error
        except FlowcError:
            self.discard()
            raise
        except BaseException as error:  # a hook of the value's class may raise even SystemExit
            self.discard()
            from .culprits import explain

            raise ArtifactError(explain(self._name, self._value, self._step, error, self._assigned(self._name))) from error
        found = self._found
        self.size = places(found.length, [buffer.nbytes for buffer in found.buffers])[1]
        if self.size <= INLINE_LIMIT:
            data = b2a_base64(b"".join(found.pieces), newline=False).decode()
            return Inline(data, type_name(self._value), self._serializer())
        return None

    def write(self) -> Entry:
        """Store it, unless it is there."""
        try:
            return self._write()
        except StoreError as error:
            raise self._explained(error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        if self._spilled is not None:
            self._spilled.discard()

    def _write(self) -> Entry:
        found, known = self._found, self._known
        lengths = tuple(buffer.nbytes for buffer in found.buffers)
        pieces = list(content(found.pieces, found.length, found.buffers))
        if self._spilled is not None:
            writer = self._spilled
            for piece in pieces:
                self._digest.update(piece)
                writer.write(piece)
            digest = self._digest.hexdigest()
            if known is not None and known.sha256 == digest:
                return known
            writer.commit(f"{self._blobs}/{digest}")
            return self._entry(digest, lengths, writer)
        digest = ""
        if known is not None and (known.size, known.pickle, known.buffers) == (self.size, found.length, lengths):
            # Most values that are only read are unchanged: to hash one first costs less than to write it for nothing.
            digest = digest_of(pieces, self.size)
            if digest == known.sha256:
                return known
        compress = not is_local(self._store) and compression.pays(pieces, self.size)
        if self.size < _BESIDE and not compress:
            digest = digest or digest_of(pieces, self.size)
            self._store.put(f"{self._blobs}/{digest}", b"".join(pieces))
            return self._entry(digest, lengths, None)
        writer = Writer(self._store, self._blobs, compress=compress)
        try:
            thread, hashed = (None, [digest]) if digest else digest_beside(pieces, self.size)
            try:
                for piece in pieces:
                    writer.write(memoryview(piece))  # which a store may send from where it is
            finally:
                if thread is not None:
                    thread.join()
            writer.commit(f"{self._blobs}/{hashed[0]}")
            return self._entry(hashed[0], lengths, writer)
        finally:
            writer.discard()

    def _entry(self, digest: str, lengths: tuple[int, ...], writer: Writer | None) -> Blob:
        compressed = writer is not None and writer.compressed
        return Blob(
            digest,
            self.size,
            self._found.length,
            lengths,
            type_name(self._value),
            self._serializer(),
            compression.NAME if compressed else None,
            writer.stored if writer is not None and compressed else self.size,
        )

    def _spill(self, piece: bytes | memoryview) -> None:
        if self._spilled is None:
            compress = not is_local(self._store) and compression.pays([piece], len(piece))
            self._spilled = Writer(self._store, self._blobs, compress=compress)
        self._digest.update(piece)
        self._spilled.write(piece)

    def _serializer(self) -> str | None:
        return ", ".join(self._found.serializers) or None

    def _explained(self, error: StoreError) -> StoreError:
        return StoreError(f"step `{self._step}` cannot keep `self.{self._name}`: {error}")


class Uploads:
    """Threads that write blobs to an object store: so many bytes are in flight at the most."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="flowc-save")
        self._waiting: list[tuple[Future[Entry], int, str, dict[str, Entry]]] = []
        self._bytes = 0

    def add(self, entries: dict[str, Entry], name: str, saving: _Saving) -> None:
        """Write one; its entry will be among `entries` after `wait`."""
        while self._waiting and (self._bytes + saving.size > _IN_FLIGHT or len(self._waiting) >= 4 * _THREADS):
            self._take()
        self._waiting.append((self._pool.submit(saving.write), saving.size, name, entries))
        self._bytes += saving.size

    def wait(self) -> None:
        """Wait until all are written; raises what the first that failed has raised."""
        while self._waiting:
            self._take()

    def close(self) -> None:
        """Write no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _take(self) -> None:
        future, size, name, entries = self._waiting.pop(0)
        self._bytes -= size
        entries[name] = future.result()


def type_name(value: object) -> str:
    """What the manifest calls a value's type: `list`, `numpy.ndarray`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _unreadable(name: str, entry: Entry, error: BaseException) -> ArtifactError:
    reason = str(error) if isinstance(error, ArtifactError) else f"{type(error).__name__}: {error}"
    hint = ""
    if isinstance(error, ModuleNotFoundError):
        hint = f": the module `{error.name}` must be there where the artifact is read"
    kind = f" (it is a {entry.type})" if entry.type else ""
    return ArtifactError(f"the artifact `{name}` cannot be unpickled: {reason}{kind}{hint}")
