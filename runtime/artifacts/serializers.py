"""Types that deserve better than pickle.

A serializer says how the values of one class are kept: as a small state, which is pickled, and buffers, which are kept out of
band where they are large and come back as memory of the mapped file. It counts wherever such a value is found, also within
others. For Arrow's tables there is one: a slice of a table shares its buffers, and a pickle would keep all of them, once for each
slice.

What comes back must equal what was kept, in type and value; subclasses are not covered, for they may have more to them.
"""

from __future__ import annotations

import copyreg
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import ArtifactError

State: TypeAlias = "tuple[object, Sequence[Any]]"
Reduced: TypeAlias = "tuple[Callable[..., object], tuple[Any, ...]]"


@dataclass(frozen=True, slots=True)
class Serializer:
    """How values of one class are kept. `name` stands in pickles and manifests; `library` is the module that `load` needs."""

    name: str
    dump: Callable[[Any], State | None]
    load: Callable[[Any, Sequence[Any]], object]
    library: str | None = None


_by_class: dict[type, Serializer] = {}
_by_name: dict[str, Serializer] = {}


def register_serializer(
    cls: type,
    *,
    dump: Callable[[Any], State | None],
    load: Callable[[Any, Sequence[Any]], object],
    name: str | None = None,
) -> None:
    """Say how values of a class are kept as artifacts. Call it in the flow's module, or in one that it imports, for whoever
    reads such an artifact needs it too.

        register_serializer(Mesh, dump=lambda m: (m.name, [m.points]), load=lambda name, parts: Mesh(name, parts[0]))

    Args:
        cls: The class; its subclasses are not meant.
        dump: Gives a state that can be pickled, and a list of buffers (`bytes`, `memoryview`, arrays: contiguous memory), which
            are not copied. None leaves this value to pickle.
        load: Makes the value of the state and of as many buffers, which are `memoryview`s, or `bytes` where they are small.
        name: What the kind is called in the datastore; by default the class's full name. Keep it when you rename the class.
    """
    if not isinstance(cls, type):
        raise TypeError(f"register_serializer takes a class, not {cls!r}")
    one = Serializer(name or f"{cls.__module__}.{cls.__qualname__}", dump, load)
    _by_class[cls] = _by_name[one.name] = one


class Dispatch(dict[type, Callable[[Any], Any]]):
    """A pickler's `dispatch_table`: Python's own (`copyreg`), and the serializers'."""

    @classmethod
    def current(cls, used: list[str]) -> Dispatch | None:
        """The table for now, or None if Python's own will do.

        Args:
            used: Gets the names of serializers that were used.
        """
        found = dict(_by_class)
        if (arrow := sys.modules.get("pyarrow")) is not None:  # there are no values of a library that nobody has imported
            from . import arrow as ours

            for kind in (getattr(arrow, name, None) for name in ("Table", "RecordBatch", "ChunkedArray")):
                if kind is not None:
                    found.setdefault(kind, ours.SERIALIZER)
        if not found:
            return None
        return cls({**copyreg.dispatch_table, **{kind: _reducer(one, used) for kind, one in found.items()}})


def _reducer(one: Serializer, used: list[str]) -> Callable[[Any], Any]:
    def reduce(value: Any) -> Any:
        made = one.dump(value)
        if made is None:
            return value.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        state, buffers = made
        if one.name not in used:
            used.append(one.name)
        return restore, (one.name, state, *(pickle.PickleBuffer(buffer) for buffer in buffers))

    return reduce


def restore(name: str, state: object, *buffers: Any) -> object:
    """What the pickle of a serialized value calls."""
    one = _by_name.get(name)
    if one is None and name == "arrow":
        from . import arrow

        one = arrow.SERIALIZER
    if one is None:
        raise ArtifactError(
            f"it was kept with the serializer `{name}`, which is not registered here: import the module that registers it"
        )
    if one.library is not None:
        from importlib import import_module

        import_module(one.library)
    return one.load(state, buffers)
