"""Functions and methods of Python's that constant expressions may call: those that are pure, cheap, and the same everywhere.

Each takes and gives constants. What would take long or much memory raises `TooLarge` before it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..ir.nodes import Constant, Table

MAX_RESULT: Final = 100_000
"""Characters or items that a function may make."""
MAX_DIGITS: Final = 1_000
"""Digits to which a number may be rounded."""


class TooLarge(Exception):
    """The result would be too large to work out."""


class List(tuple[Constant, ...]):
    """A list, while an expression is worked out: `[1] + (2,)` is a fault in Python. Elsewhere both are tuples."""

    __slots__ = ()


def plain_value(value: Constant) -> Constant:
    """The value with lists as the tuples that the IR has."""
    match value:
        case tuple():
            return tuple(plain_value(one) for one in value)
        case Table():
            return Table(tuple((plain_value(key), plain_value(one)) for key, one in value.items))
        case _:
            return value


def size_of(value: Constant) -> int:
    """Characters, digits and items."""
    match value:
        case bool() | None | float():
            return 1
        case int():
            return 1 + value.bit_length() // 3
        case str():
            return len(value)
        case tuple():
            return 1 + sum(size_of(one) for one in value)
        case Table():
            return 1 + sum(size_of(key) + size_of(one) for key, one in value.items)


def _scalar(value: Constant) -> Constant:
    if isinstance(value, tuple | Table):
        raise TypeError("a list or a dictionary has other text in Python")
    return value


def _str(value: Constant = "") -> Constant:
    return str(_scalar(value))


def _int(value: Constant = 0, *base: Constant) -> Constant:
    return int(_scalar(value), *base)  # type: ignore[arg-type]  # Python itself says what is wrong


def _float(value: Constant = 0.0) -> Constant:
    return float(_scalar(value))  # type: ignore[arg-type]


def _bool(value: Constant = False) -> Constant:
    return bool(value.items if isinstance(value, Table) else value)


def _len(value: Constant) -> Constant:
    return len(value.items if isinstance(value, Table) else value)  # type: ignore[arg-type]


def _round(value: Constant, digits: Constant = None) -> Constant:
    if isinstance(digits, int) and abs(digits) > MAX_DIGITS:
        raise TooLarge
    return round(value, digits)  # type: ignore[arg-type]


def _many(value: Constant) -> tuple[Constant, ...]:
    if isinstance(value, Table):
        return tuple(key for key, _ in value.items)
    return tuple(value)  # type: ignore[arg-type]


def _sum(values: Constant, start: Constant = 0) -> Constant:
    total: Constant = sum((_scalar(one) for one in _many(values)), start)  # type: ignore[misc, arg-type]
    return total


def _replace(text: str, old: str, new: str, *count: Constant) -> Constant:
    if (len(text) + 1) * max(len(new), 1) > MAX_RESULT:
        raise TooLarge
    return text.replace(old, new, *count)  # type: ignore[arg-type]


def _join(text: str, parts: Constant) -> Constant:
    many = _many(parts)
    if len(text) * len(many) > MAX_RESULT:
        raise TooLarge
    return text.join(many)  # type: ignore[arg-type]


def _split(text: str, *how: Constant) -> Constant:
    return List(text.split(*how))  # type: ignore[arg-type]


BUILTINS: Final[Mapping[str, Callable[..., Any]]] = {
    "str": _str,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "len": _len,
    "abs": abs,
    "round": _round,
    "min": min,
    "max": max,
    "sum": _sum,
    "list": lambda value=(): List(_many(value)),
    "tuple": lambda value=(): _many(value),
    "sorted": lambda values: List(sorted(_many(values))),  # type: ignore[type-var]
    "dict": lambda *_: None,  # it takes arguments by name: see `constants`
}
"""Functions that are Python's own wherever nothing else has their name."""

METHODS: Final[Mapping[str, Callable[..., Constant]]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "capitalize": str.capitalize,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "removeprefix": str.removeprefix,
    "removesuffix": str.removesuffix,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "replace": _replace,
    "split": _split,
    "join": _join,
}
"""Methods of text."""
