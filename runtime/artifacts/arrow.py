"""Arrow's tables, where pickle would keep more than they show.

pyarrow pickles the whole of each buffer that a table uses: fast and without a copy, unless the table is a slice, or made of many
slices of one. Then it is written in Arrow's own stream format instead, which holds what is shown and no more; reading that copies
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .serializers import Serializer, State

_SLACK = 1.25
_SMALL = 64 << 10


def dump(value: Any) -> State | None:
    """A table, batch or column as a stream; None where pickle does as well."""
    import pyarrow  # type: ignore[import-untyped, unused-ignore]

    if _pickled_size(value) <= _SLACK * value.nbytes + _SMALL:
        return None
    kind = type(value).__name__
    table = value
    if kind == "ChunkedArray":
        table = pyarrow.table([value], names=[""])
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    return kind, [sink.getvalue()]


def load(kind: Any, buffers: Sequence[Any]) -> object:
    """What `dump` was given."""
    import pyarrow

    with pyarrow.ipc.open_stream(pyarrow.py_buffer(buffers[0])) as reader:
        if kind == "RecordBatch":
            return reader.read_next_batch()
        table = reader.read_all()
        return table.column(0) if kind == "ChunkedArray" else table


def _pickled_size(value: Any) -> int:
    """Bytes of the buffers that a pickle would hold."""
    columns = [value] if type(value).__name__ == "ChunkedArray" else value.columns
    arrays = (array for column in columns for array in getattr(column, "chunks", (column,)))
    return sum(buffer.size for array in arrays for buffer in array.buffers() if buffer is not None)


SERIALIZER = Serializer("arrow", dump, load, library="pyarrow")
