"""Large objects on their way: collected in pieces before they are sent, and read range by range."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from ..errors import StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future

MIB = 1024 * 1024
PART = 16 * MIB
"""Up to so many bytes are one request, both ways."""
_MOST_PARTS = 9_000  # S3 and Google take 10,000, Azure 50,000
_IN_FLIGHT = 96 * MIB
_SPOOLED_FROM = 64 * MIB


class Pieces(NamedTuple):
    """An object's content: what is in memory or, as (offset, length), in a file, in order.

    Attributes:
        order: The pieces.
        file: The file, or None if none is in it.
        size: How many bytes they are together.
    """

    order: list[memoryview | tuple[int, int]]
    file: BinaryIO | None
    size: int

    def whole(self) -> bytes | memoryview:
        """All of it at once."""
        if len(self.order) == 1 and isinstance(self.order[0], memoryview):
            return self.order[0]
        return b"".join(pieces_of(self, self.size or 1))


def pieces_of(pieces: Pieces, longest: int) -> Iterator[bytes | memoryview]:
    """The content from its beginning, nothing longer than so many bytes."""
    for piece in pieces.order:
        if isinstance(piece, memoryview):
            for start in range(0, len(piece), longest):
                yield piece[start : start + longest]
        else:
            assert pieces.file is not None
            offset, length = piece
            for start in range(offset, offset + length, longest):
                pieces.file.seek(start)
                yield pieces.file.read(min(longest, offset + length - start))


def part_size(size: int) -> int:
    """How large the parts of an object are, in whole MiB: so that any object a store may hold fits into the parts it may have."""
    return max(PART, -(-size // (_MOST_PARTS * MIB)) * MIB)


def parts_at_once(part: int) -> int:
    """How many parts are sent at a time, so that they fit into the memory set apart for them."""
    return max(1, _IN_FLIGHT // part)


class ObjectUpload:
    """An object that is being collected. Memory that is shown to it is sent from where it is; the rest is kept in memory while it
    is little, then in a temporary file."""

    def __init__(self, send: Callable[[str, Pieces], None], near: str) -> None:
        self._send = send
        self._near = near
        self._order: list[memoryview | tuple[int, int]] = []
        self._file: BinaryIO | None = None
        self._kept = 0
        self._size = 0

    def write(self, data: bytes | memoryview, /) -> None:
        """Add to it."""
        view = memoryview(data)
        if not view.nbytes:
            return
        view = view.cast("B")
        self._size += len(view)
        if isinstance(data, memoryview):
            self._order.append(view)
        elif self._kept + len(view) <= _SPOOLED_FROM:
            self._kept += len(view)
            self._order.append(view if isinstance(data, bytes) else memoryview(bytes(view)))
        else:
            self._spool(view)

    def commit(self, key: str) -> None:
        """Send it."""
        try:
            self._send(key, Pieces(self._order, self._file, self._size))
        except OSError as error:
            raise self._fault("read", error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Forget it."""
        self._order = []
        if self._file is not None:
            self._file.close()
            self._file = None

    def _spool(self, view: memoryview) -> None:
        import tempfile

        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # open until `commit` or `discard`
            offset = self._file.seek(0, os.SEEK_END)
            done = 0
            while done < len(view):
                done += self._file.write(view[done:])
        except OSError as error:
            raise self._fault("write", error) from error
        last = self._order[-1] if self._order else None
        if isinstance(last, tuple):  # one piece, though it came in many
            self._order[-1] = (last[0], last[1] + len(view))
        else:
            self._order.append((offset, len(view)))

    def _fault(self, verb: str, error: OSError) -> StoreError:
        import tempfile

        folder = tempfile.gettempdir()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreError(
                f"an object for {self._near} cannot be collected: the disk with {folder} is full; set TMPDIR to a larger one"
            )
        return StoreError(
            f"an object for {self._near} cannot be collected: cannot {verb} a file in {folder}: {error.strerror or error}"
        )


class Range(NamedTuple):
    """Some bytes of an object.

    Attributes:
        data: The bytes.
        size: How many the whole object has.
        tag: The object's version.
    """

    data: memoryview
    size: int
    tag: str | None


class ObjectReader(io.RawIOBase):
    """An object as a file, of which one range is fetched while the one before is read."""

    def __init__(
        self, fetch: Callable[[int, str | None], Range], later: Callable[[Callable[[int], Range], int], Future[Range]]
    ) -> None:
        self._fetch = fetch
        self._later = later
        first = fetch(0, None)
        self._size, self._tag = first.size, first.tag
        self._data = first.data
        self._begin = 0
        self._place = 0
        self._next: Future[Range] | None = None
        self._ahead()

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what there is of the range, the next one where that is at its end."""
        if self._place == len(self._data) and self._next is not None:
            self._begin += len(self._data)
            self._data, self._place = self._next.result().data, 0
            self._ahead()
        count: int = min(len(buffer), len(self._data) - self._place)
        buffer[:count] = self._data[self._place : self._place + count]
        self._place += count
        return count

    def _ahead(self) -> None:
        end = self._begin + len(self._data)
        more = end < self._size and len(self._data) > 0
        self._next = self._later(lambda start: self._fetch(start, self._tag), end) if more else None
