"""zstd (level 1), where it pays: in object stores, for content of which a sample says that it shrinks by a fifth or more.

Never in local directories: a plain file can be mapped. Python has zstd from 3.14; before, the package `backports.zstd` is used
where it is there, and nothing is compressed where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from ..errors import StoreError

NAME = "zstd"
SMALLEST = 64 << 10
"""Bytes of the smallest content that is worth it: below, a request takes as long for less."""
_LEVEL = 1
_SAMPLE = 64 << 10
_GAIN = 0.8
_STEP = 4 << 20


def pays(pieces: Sequence[bytes | memoryview], size: int) -> bool:
    """Whether content shrinks enough, by samples of its beginning, middle and end."""
    if size < SMALLEST or (zstd := find_zstd()) is None:
        return False
    sampled = packed = 0
    for start in sorted({0, max(0, (size - _SAMPLE) // 2), max(0, size - _SAMPLE)}):
        sample = _cut_out(pieces, start, _SAMPLE)
        sampled += len(sample)
        packed += len(zstd.compress(sample, level=_LEVEL))
    return packed <= _GAIN * sampled


def compressor() -> Any:
    """What has `compress(data)` and `flush()`; only where `pays` said yes."""
    zstd = find_zstd()
    assert zstd is not None
    return zstd.ZstdCompressor(level=_LEVEL)


def decompress(file: BinaryIO, into: memoryview) -> int:
    """Decompress an object into a buffer, as it is read; how many bytes that gave, at most the buffer's.

    Raises:
        StoreError: It is damaged, or zstd is not installed here.
    """
    zstd = find_zstd()
    if zstd is None:
        raise StoreError("it is compressed, and this Python has no zstd: install the package backports.zstd, or use Python 3.14")
    unpacker = zstd.ZstdDecompressor()
    done = 0
    try:
        while done < into.nbytes and not unpacker.eof:
            given = file.read(_STEP) if unpacker.needs_input else b""
            if unpacker.needs_input and not given:
                break
            made = unpacker.decompress(given, min(_STEP, into.nbytes - done))
            into[done : done + len(made)] = made
            done += len(made)
    except zstd.ZstdError as error:
        raise StoreError(f"it is damaged: {error}") from error
    return done


def find_zstd() -> Any:
    """The module, imported; None where there is none."""
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # from Python 3.14
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            return None
    return zstd


def _cut_out(pieces: Sequence[bytes | memoryview], start: int, count: int) -> bytes:
    """Bytes of content from `start` on."""
    found = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        if start >= view.nbytes:
            start -= view.nbytes
            continue
        found += view[start : start + count - len(found)]
        start = 0
        if len(found) == count:
            break
    return bytes(found)
