"""Whether two tasks have equal values under one name, where their entries do not say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .binding import Binding

LARGE = 64 << 20
"""Bytes of values that are not loaded only to be shown or compared."""


def size_of(binding: Binding, name: str) -> int:
    """Bytes of an artifact."""
    return int(getattr(binding.entries[name], "size", 0))


def are_equal(one: Binding, other: Binding, name: str) -> bool:
    """Whether values are equal whose pickles are not, as those of sets may be. False where that is not to be found out: they
    are large, cannot be loaded, or cannot be compared."""
    if max(size_of(one, name), size_of(other, name)) > LARGE:
        return False
    try:
        first, second = one.load(name), other.load(name)
        return type(first) is type(second) and _true(first == second)
    except Exception:  # a class of the user's may do anything
        return False


def _true(answer: Any) -> bool:
    """Whether a comparison says yes; arrays and tables say so of each element."""
    if isinstance(answer, bool):
        return answer
    while not isinstance(answer, bool) and hasattr(answer, "all"):
        answer = answer.all()
        if type(answer).__name__ in ("bool_", "bool"):
            break
    return bool(answer)
