"""Why a value cannot be pickled: which part of it, and where the flow assigned it.

pickle's own message names a type at best. To find the part, the value is pickled again by the Python version of the pickler,
which shows where it was when it failed; to find the line, the source of the step is read. Both happen after a failure only, and
what they cannot find is left out of the message.
"""

from __future__ import annotations

import ast
import inspect
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

_MOST = 100_000
"""Parts of a value that are looked at, at the most."""
_LONG = 200
_CONTAINERS = (dict, list, tuple, set, frozenset)


def explain(name: str, value: object, step: str, error: BaseException, assigned: str | None) -> str:
    """The whole message."""
    from .values import type_name

    shown = type_name(value) + _size(value)
    where = f" It is assigned at {assigned}." if assigned else ""
    if isinstance(error, RecursionError):
        return (
            f"step `{step}` cannot keep `self.{name}`, a {shown}: it cannot be pickled, for its parts hold one another hundreds "
            f"of levels deep.{where} Keep them flat, as a list of parts that name each other by number."
        )
    reason = str(error) if isinstance(error, Exception) and str(error) else repr(error)
    reason = reason if len(reason) <= _LONG else reason[: _LONG - 3] + "..."
    part = _culprit(name, value)
    part = f"{part}: " if part else ""
    return (
        f"step `{step}` cannot keep `self.{name}`, a {shown}: it cannot be pickled ({part}{reason}).{where} "
        "Use a local variable for what only this step needs."
    )


def assignment(flow_class: type, step: str, name: str) -> str | None:
    """The file and line that assign `self.NAME`: in the step, or else in another method of the class; the last of them."""
    for method in _methods(flow_class, step):
        try:
            lines, first = inspect.getsourcelines(method)
            tree = ast.parse("if 1:\n" + "".join(lines) if lines[0][:1].isspace() else "\n" + "".join(lines))
            file = inspect.getsourcefile(method)
        except (OSError, TypeError, SyntaxError, ValueError):
            continue
        found = list(_assignments(tree, name))
        if found and file:
            return f"{file}:{first + max(found) - 2}"
    return None


def _methods(flow_class: type, step: str) -> Iterator[Any]:
    own = getattr(flow_class, step, None)
    if own is not None:
        yield inspect.unwrap(own)
    for owner in flow_class.__mro__:
        for one in vars(owner).values():
            if inspect.isfunction(one) and one is not own and one.__name__ != step and owner.__module__ != "builtins":
                yield inspect.unwrap(one)


def _assignments(tree: ast.AST, name: str) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store):
            yield node.lineno


def _size(value: Any) -> str:
    """A value's size, where it knows it itself."""
    try:
        count = getattr(value, "nbytes", None)
        if isinstance(count, int):
            return f" of {count / (1 << 20):,.1f} MiB" if count >= 1 << 20 else f" of {count:,} bytes"
        if isinstance(value, _CONTAINERS) and value:
            return f" of {len(value):,} item{'s' * (len(value) != 1)}"
    except Exception:
        pass
    return ""


class _TooMuch(Exception):
    """The search has gone on for too long."""


class _Tracer(pickle._Pickler):  # type: ignore[name-defined, misc, unused-ignore]  # the same in Python, which can be looked at
    """Pickles into nothing, and knows what it was at when it failed."""

    def __init__(self) -> None:
        super().__init__(self, 5, buffer_callback=lambda buffer: None)
        self.stack: list[object] = []
        self._seen = 0

    def write(self, data: object) -> None:
        """Forget it."""

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        """Pickle a part."""
        self._seen += 1
        if self._seen > _MOST:
            raise _TooMuch
        self.stack.append(obj)
        super().save(obj, save_persistent_id)  # type: ignore[misc, unused-ignore]  # typeshed leaves it out
        self.stack.pop()


def _culprit(name: str, value: object) -> str | None:
    """Words for the part of a value that cannot be pickled, such as "self.model.hooks[0] is a function, <lambda>"."""
    tracer = _Tracer()
    try:
        tracer.dump(value)
    except (_TooMuch, RecursionError):
        return None
    except BaseException:  # a hook of the value's class may raise anything
        pass
    else:
        return None  # only the other pickler fails on it
    try:
        return _told(name, tracer.stack)
    except Exception:
        return None


def _told(name: str, stack: Sequence[Any]) -> str | None:
    """Words for the path through what the pickler was at, innermost last."""
    from .values import type_name

    path, named, last = f"self.{name}", stack[0], stack[-1]
    owner, attributes, inside = named, False, False
    for part in stack[1:]:
        step = None
        if attributes:
            step = next((f".{key}" for key, one in owner.items() if one is part and isinstance(key, str)), None)
        elif not inside and isinstance(owner, _CONTAINERS):
            step = _place(owner, part)
        if step is not None:
            path, named, inside = path + step, part, False
        # Between an object and its attributes stand what makes it, and a dictionary of them.
        attributes = step is None and isinstance(part, dict)
        inside = step is None
        owner = part
    if last is stack[0]:
        return None  # the message has named it
    kind = type_name(last)
    called = getattr(last, "__qualname__", None) if callable(last) else None
    return f"{path} {'is' if last is named else 'holds'} a {kind}" + (f", {called}" if called else "")


def _place(owner: Any, part: object) -> str | None:
    """Where a part is in what holds it."""
    if isinstance(owner, dict):
        return next((f"[{key!r}]" for key, one in owner.items() if one is part), None)
    if isinstance(owner, (list, tuple)):
        return next((f"[{number}]" for number, one in enumerate(owner) if one is part), None)
    return None
