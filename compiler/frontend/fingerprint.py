"""The fingerprint of a step's code: equal for two versions of a method that do the same by the letter.

Layout, comments, the docstring, annotations and the step's decorators do not count; neither does what the method calls, which may
be anywhere. Example:

    def train(self): self.x = 1  # fast        ─▶  "8f14e45f…"
    def train(self):
        self.x = 1                             ─▶  the same

`ast.dump` would do, were it the same in all versions of Python.
"""

from __future__ import annotations

import ast
from hashlib import sha256

_NOT_CODE = frozenset(("ctx", "kind", "returns", "annotation", "type_comment", "type_params"))
"""Fields that change nothing that a step does, or that only some versions of Python have."""


def fingerprint(function: ast.FunctionDef) -> str:
    """The hash of a method's parameters and statements."""
    parts: list[str] = []
    _write(function.args, parts)
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    _write(function.body[documented:], parts)
    return sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _write(root: object, parts: list[str]) -> None:
    """Write a tree as text. Without recursion, since expressions may be nested as deep as the parser allows."""
    waiting: list[object] = [root]
    add, push = parts.append, waiting.append
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.AST):
            add(type(one).__name__)
            add("(")
            push(_CLOSE)
            for name in reversed(one._fields):
                value = getattr(one, name, None)
                if name in _NOT_CODE or (value is None and not isinstance(one, ast.Constant)) or value == []:
                    continue
                if isinstance(one, ast.JoinedStr):  # Python 3.12 puts empty texts into `f"{x:{y}}"`
                    value = [part for part in one.values if not (isinstance(part, ast.Constant) and part.value == "")]
                push(value)
                push(_Name(name))
        elif isinstance(one, list):
            add("[")
            push(_CLOSE)
            waiting.extend(reversed(one))
        elif isinstance(one, _Name):
            add(one)
            add("=")
        elif one is _CLOSE:
            add(")")
        else:
            add(f"{type(one).__name__}:{one!r};")


class _Name(str):
    """A field's name, where a text would be a value."""

    __slots__ = ()


_CLOSE = object()
