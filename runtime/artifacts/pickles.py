"""A value as a pickle and buffers, and back.

In: any value. Out: its pickle, protocol 5, in pieces; and the buffers that the pickle refers to in their order (PEP 574): those
parts of the value that are contiguous memory of 1 MiB or more, such as the data of an array. No buffer is copied, and neither is
a large `bytes`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .serializers import Dispatch

PROTOCOL = 5
OUT_OF_BAND = 1 << 20
"""Bytes of the smallest buffer that is kept out of band."""
KEPT = 64 << 20
"""Bytes of a pickle that are kept in memory; of a longer one, these are handed on as they come."""


@dataclass(slots=True)
class Pickled:
    """A value, taken apart.

    Attributes:
        pieces: The pickle. Empty if it was handed on.
        length: Bytes of the pickle.
        buffers: What it refers to.
        serializers: The names of those that had a part in it.
    """

    spill: Callable[[bytes | memoryview], None] | None = None
    pieces: list[bytes | memoryview] = field(default_factory=list)
    length: int = 0
    buffers: list[memoryview] = field(default_factory=list)
    serializers: list[str] = field(default_factory=list)
    spilled: bool = False

    def write(self, given: bytes | pickle.PickleBuffer, /) -> None:
        """Take a piece of the pickle."""
        # The pickler makes bytes of 64 KiB of what is small, and hands a larger `bytes` or buffer of the value's over as it is.
        data = given.raw() if isinstance(given, pickle.PickleBuffer) else given
        self.length += len(data)
        self.pieces.append(data)
        if self.spill is not None and (self.spilled or self.length > KEPT):
            self.spilled = True
            for piece in self.pieces:
                self.spill(piece)
            self.pieces.clear()

    def keep_out(self, buffer: pickle.PickleBuffer) -> bool:
        """Whether a buffer stays in the pickle."""
        try:
            view = buffer.raw()
        except BufferError:  # not contiguous
            return True
        if view.nbytes < OUT_OF_BAND:
            return True
        self.buffers.append(view)
        return False


def take_apart(value: object, spill: Callable[[bytes | memoryview], None] | None = None) -> Pickled:
    """Pickle a value; raises whatever its class may raise.

    Args:
        spill: Takes the pieces of a pickle that is too long to be kept in memory.
    """
    found = Pickled(spill)
    pickler = pickle.Pickler(found, PROTOCOL, buffer_callback=found.keep_out)
    dispatch = Dispatch.current(found.serializers)
    if dispatch is not None:
        pickler.dispatch_table = dispatch
    pickler.dump(value)
    found.spill = None  # which may lead back here: the value would stay until the next collection
    return found


def put_together(data: bytes | memoryview, buffers: Sequence[memoryview]) -> object:
    """Unpickle a value, which then uses the memory of the buffers; raises whatever its class may raise."""
    return pickle.loads(data, buffers=buffers)
