"""The name of a blob: a hash of its content that several processors can compute at once.

The hash of up to 16 MiB is their SHA-256. More is cut into parts of 16 MiB (the last may be shorter), and its hash is the SHA-256
of the SHA-256 of all parts, 32 bytes each. One processor hashes slower than a file is read; two keep up with it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence

PART = 16 << 20
"""Bytes of a part."""
MOST_THREADS = 8


class Digest:
    """Hashes content as it comes."""

    def __init__(self) -> None:
        self.size = 0
        self._part = hashlib.sha256()
        self._room = PART
        self._done: list[bytes] = []

    def update(self, data: bytes | memoryview) -> None:
        """Add to the content."""
        view = memoryview(data)
        self.size += view.nbytes
        while view.nbytes:
            if not self._room:
                self._done.append(self._part.digest())
                self._part, self._room = hashlib.sha256(), PART
            piece = view[: self._room]
            self._part.update(piece)
            self._room -= piece.nbytes
            view = view[piece.nbytes :]

    def hexdigest(self) -> str:
        """The hash of the content so far."""
        if not self._done:
            return self._part.hexdigest()
        return hashlib.sha256(b"".join([*self._done, self._part.digest()])).hexdigest()


def digest_of(pieces: Iterable[bytes | memoryview], size: int) -> str:
    """The hash of the content that is these pieces, `size` bytes, by as many threads as there are processors for them."""
    threads = min(size // PART, MOST_THREADS, _processors())
    if threads < 2:
        digest = Digest()
        for piece in pieces:
            digest.update(piece)
        return digest.hexdigest()
    parts = list(_cut(pieces))
    done = [b""] * len(parts)
    numbers = iter(range(len(parts)))

    def work() -> None:
        for number in numbers:
            part = hashlib.sha256()
            for piece in parts[number]:
                part.update(piece)
            done[number] = part.digest()

    others = [threading.Thread(target=work, daemon=True) for _ in range(threads - 1)]
    for other in others:
        other.start()
    work()
    for other in others:
        other.join()
    return hashlib.sha256(b"".join(done)).hexdigest()


def _cut(pieces: Iterable[bytes | memoryview]) -> Iterator[Sequence[memoryview]]:
    """The pieces of each part."""
    part: list[memoryview] = []
    room = PART
    for piece in pieces:
        view = memoryview(piece)
        while view.nbytes:
            part.append(view[:room])
            room -= part[-1].nbytes
            view = view[part[-1].nbytes :]
            if not room:
                yield part
                part, room = [], PART
    if part:
        yield part


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1
