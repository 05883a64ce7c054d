"""Objects in S3, Azure Blob Storage and Google Cloud Storage, through obstore.

Small requests are repeated here and not by obstore, which does not say that it did: after a `put_new` whose answer was lost, an
object that is there may be the one that we wrote. What is read is read in ranges, each repeated from where it broke; what is
written in parts is repeated by obstore, part by part.

**Invariant:** obstore is first used when an object is asked for, never by `prepare`: the children of a process that has used it
must load it anew (`forks`).
"""

from __future__ import annotations

import io
import os
import time
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from ..errors import StoreError
from .clients import connect, s3_region
from .credentials import Profile, read_profile
from .faults import Fault, explain, read_fault
from .forks import renew_in_children
from .transfers import PART, ObjectReader, ObjectUpload, Pieces, Range, part_size, parts_at_once, pieces_of

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from .urls import Place

_T = TypeVar("_T")
_U = TypeVar("_U")

_TRIES = 10  # with the pauses between them some 25 s
_TRIES_UNREACHED = 3  # while nothing was ever heard of the store: a mistyped address should be told at once
_TRIES_PATIENT = 2  # of what obstore tries ten times itself, part by part
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_THREADS = 32
_RANGES_AT_ONCE = 8
_COPIED = 256 * 1024


class ObjectStore:
    """Objects below a prefix of a bucket.

    Attributes:
        place: The bucket and the prefix.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._prepared = False
        self._profile: Profile | None = None
        self._region: str | None = None
        self._clients: dict[bool, Any] = {}
        self._making = allocate_lock()
        self._threads: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._left: list[object] = []  # a parent's clients, whose ends would ask for threads that are not there
        self._reached = False

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        """The URL."""
        return self.place.url

    def prepare(self) -> None:
        """Find out credentials and region where that is not obstore's to do, and refresh credentials that expire."""
        if self._prepared:
            if self._profile is not None and self._profile.found:
                self._profile()
            return
        if self.place.kind == "s3":
            self._profile = read_profile(os.environ)
            self._region = s3_region(self.place, os.environ, self._profile)
        self._prepared = True

    def get(self, key: str, start: int = 0) -> bytes | None:
        """GET it, or a range of it."""
        path, options = self._path(key), {"range": {"offset": start}} if start else None
        found = self._try(lambda client: bytes(client.get(path, options=options).bytes()))
        if isinstance(found, Fault):
            if found.missing:
                return None
            if found.no_range:
                return b""
            raise explain(self.place, "read", key, found)
        return found

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes | None]:
        """GET them, each in a thread: measured, that takes less of a processor than obstore's coroutines."""
        return self._in_order(self.get, keys, _THREADS * 2)

    def open(self, key: str) -> BinaryIO:
        """GET its first range; the next ones while it is read."""
        return io.BufferedReader(ObjectReader(lambda start, tag: self._range(key, start, tag), self._later), _COPIED)

    def read_into(self, key: str, buffer: memoryview, offset: int = 0) -> None:
        """GET ranges of it, several at a time, each copied into its place as it arrives."""
        bytes_ = buffer.cast("B") if buffer.nbytes else buffer

        def fill(start: int) -> None:
            self._fill(key, bytes_[start : start + PART], offset + start)

        for _ in self._in_order(fill, range(0, buffer.nbytes, PART), _RANGES_AT_ONCE):
            pass

    def file(self, key: str) -> None:
        """There are no files."""

    def put(self, key: str, data: bytes) -> None:
        """PUT it, in parts if it is large."""
        self.send(key, Pieces([memoryview(data)], None, len(data)))

    def put_new(self, key: str, data: bytes) -> bool:
        """PUT it under the condition that there is none."""
        path = self._path(key)
        found = self._try(lambda client: client.put(path, data, mode="create", use_multipart=False))
        if not isinstance(found, Fault):
            return True
        if found.exists:
            # An earlier try of ours may have come through though its answer did not.
            return found.times > 1 and self.get(key) == data
        raise explain(self.place, "write", key, found)

    def create(self, near: str) -> ObjectUpload:
        """Begin to collect it; nothing is sent before `commit`."""
        return ObjectUpload(self.send, near)

    def send(self, key: str, pieces: Pieces) -> None:
        """Write an object that is there in pieces: with one PUT if it is small, else in parts, some of them at a time."""
        path = self._path(key)
        if pieces.size <= PART:
            data = pieces.whole()
            found = self._try(lambda client: client.put(path, data, use_multipart=False))
        else:
            part = part_size(pieces.size)
            found = self._try(
                lambda client: client.put(
                    path, pieces_of(pieces, part), use_multipart=True, chunk_size=part, max_concurrency=parts_at_once(part)
                ),
                patient=True,
            )
        if isinstance(found, Fault):
            raise explain(self.place, "write", key, found)

    def copy(self, source: str, target: str) -> None:
        """Have the store copy it; through this machine if it is too large for that, in S3 from 5 GiB."""
        origin, path = self._path(source), self._path(target)
        found = self._try(lambda client: client.copy(origin, path))
        if not isinstance(found, Fault):
            return
        if not found.too_large:
            raise self._lost(source) if found.missing else explain(self.place, "copy", source, found)
        upload = self.create(target)
        try:
            with self.open(source) as file:
                while piece := file.read(PART):
                    upload.write(piece)
            upload.commit(target)
        finally:
            upload.discard()

    def list(self, prefix: str) -> Iterator[str]:
        """List the folder that the prefix is in, and leave out what begins otherwise."""
        beginning = self._path(prefix)
        folder = beginning.rpartition("/")[0]
        found = self._try(lambda client: [one["path"] for page in client.list(folder or None, chunk_size=1000) for one in page])
        if isinstance(found, Fault):
            raise explain(self.place, "list", prefix, found)
        return (path[len(self.place.prefix) :] for path in found if path.startswith(beginning))

    def folders(self, prefix: str) -> Iterator[str]:
        """List with a delimiter."""
        folder = self._path(prefix).rstrip("/")
        found = self._try(lambda client: client.list_with_delimiter(folder or None)["common_prefixes"])
        if isinstance(found, Fault):
            raise explain(self.place, "list", prefix, found)
        return (path.rstrip("/").rpartition("/")[2] for path in found)

    def _path(self, key: str) -> str:
        return self.place.prefix + key

    def _lost(self, key: str) -> StoreError:
        return StoreError(f"the datastore {self.url} has lost the object {key}")

    def _range(self, key: str, start: int, tag: str | None) -> Range:
        """Some bytes of an object from one on, of the version with a tag if one is given."""
        path = self._path(key)

        def fetch(client: Any) -> Range:
            options: dict[str, Any] = {"range": (start, start + PART)}
            if tag is not None:
                options["if_match"] = tag
            answer = client.get(path, options=options)
            return Range(memoryview(answer.bytes()), answer.meta["size"], answer.meta["e_tag"])

        found = self._try(fetch)
        if not isinstance(found, Fault):
            return found
        if found.no_range and start == 0:  # an empty object has no first byte
            return Range(memoryview(self.get(key) or b""), 0, None)
        if found.missing:
            raise self._lost(key)
        if found.exists:  # which is how a store says, too, that the tag is another
            raise StoreError(f"the object {key} has been written again while it was read")
        raise explain(self.place, "read", key, found)

    def _fill(self, key: str, buffer: memoryview, start: int) -> None:
        path, size = self._path(key), len(buffer)
        done = 0

        def fetch(client: Any) -> None:
            nonlocal done
            answer = client.get(path, options={"range": (start + done, start + size)})
            for piece in answer.stream(min_chunk_size=_COPIED):
                count = len(piece)
                buffer[done : done + count] = memoryview(piece)
                done += count

        found = self._try(fetch)
        if isinstance(found, Fault) and not found.no_range:
            raise self._lost(key) if found.missing else explain(self.place, "read", key, found)
        if done < size:
            raise StoreError(f"the object {key} is damaged: it ends before byte {start + done + 1}")

    def _renew(self) -> None:
        """In a child, leave what is the parent's: threads are not copied by a fork, and clients hang on theirs."""
        if self._process != os.getpid():
            self._left.append((self._clients, self._threads))
            self._process, self._clients, self._threads, self._making = os.getpid(), {}, None, allocate_lock()

    def _client(self, patient: bool) -> Any:
        """This process's client, made when it is first needed."""
        self._renew()
        client = self._clients.get(patient)
        if client is None:
            with self._making:  # by one of several threads that come at once
                client = self._clients.get(patient)
                if client is None:
                    self.prepare()
                    renew_in_children()
                    client = self._clients[patient] = connect(self.place, self._profile, self._region, patient=patient)
        return client

    def _try(self, request: Callable[[Any], _T], patient: bool = False) -> _T | Fault:
        """Make a request, again if that may help; what went wrong in the end."""
        client = self._client(patient)
        from obstore.exceptions import BaseError

        times = 0
        while True:
            times += 1
            try:
                found = request(client)
            except (BaseError, OSError, ValueError) as error:
                fault = read_fault(error, times)
            else:
                self._reached = True
                return found
            self._reached |= fault.status != 0
            tries = _TRIES_PATIENT if patient else _TRIES_UNREACHED if fault.unreachable and not self._reached else _TRIES
            if not fault.transient or times >= tries:
                return fault
            import random

            time.sleep(random.uniform(0.5, 1) * min(_FIRST_PAUSE * 2 ** (times - 1), _LONGEST_PAUSE))

    def _later(self, work: Callable[[_U], _T], item: _U) -> Future[_T]:
        """Do some work in a thread."""
        self._renew()
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(_THREADS, "flowc-store")
        return self._threads.submit(work, item)

    def _in_order(self, work: Callable[[_U], _T], items: Iterable[_U], ahead: int) -> Iterator[_T]:
        """The results of some work for many items, in their order; no more than some are begun before theirs is asked for."""
        waiting: deque[Future[_T]] = deque()
        try:
            for item in items:
                waiting.append(self._later(work, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
            for one in waiting:
                if not one.cancelled():
                    one.exception()  # what still writes into a caller's buffer must end before that is the caller's again
