"""What stands in a piece of syntax that readers look for, found in one walk and kept.

Several readers ask of every method whether there is a `yield` in it, a call of `super()`, a `self.next` in the wrong place, a
step within a step. Hardly any method has one, and a walk for each question would cost more than all else that is done to it.

    def start(self):
        self.next(self.a)         calls: self.next(…)   nexts: self.next   stray: —
        run(self.next)            calls: run(…)         nexts: self.next   stray: self.next
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Final

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a piece of syntax, at any depth, each kind in the order of the source.

    Attributes:
        calls: All calls.
        nexts: Attributes named `next`, of whatever.
        stray: Those that are not what a statement calls, as in `self.next(…)` and `return self.next(…)`.
        scopes: Functions and classes inside, by `def` and `class`.
        yields: Whether something yields, be it in a function inside.
    """

    calls: tuple[ast.Call, ...]
    nexts: tuple[ast.Attribute, ...]
    stray: tuple[ast.Attribute, ...]
    scopes: tuple[Scope, ...]
    yields: bool


_LEAVES: Final = (ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_WITHOUT: Final = frozenset(["ctx", "op", "ops", "attr", "name", "arg", "conversion", "type_comment", "kwd_attrs"])
"""Fields in which nothing stands that others stand in."""

_FIELDS: Final = {
    kind: tuple(field for field in reversed(kind._fields) if field not in _WITHOUT)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and not issubclass(kind, _LEAVES)
}
"""The fields of each kind of node in which others may stand, the last one first."""

_STATEMENTS: Final = (ast.Expr, ast.Return)
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_YIELDS: Final = (ast.Yield, ast.YieldFrom)


def find_contents(node: ast.AST) -> Contents:
    """Walk through a piece of syntax."""
    found: dict[type, list[Any]] = {kind: [] for kind in (ast.Call, ast.Attribute, *_STATEMENTS, *_SCOPES, *_YIELDS)}
    fields_of, noted = _FIELDS.get, found.get
    pending: list[Any] = [node]
    while pending:
        part = pending.pop()
        kind = type(part)
        if (same := noted(kind)) is not None:
            same.append(part)
        for field in fields_of(kind, ()):  # what is no node, such as the level of an import, has none
            value = getattr(part, field)
            if type(value) is list:
                pending += value[::-1]
            elif value is not None:
                pending.append(value)
    nexts = tuple(one for one in found[ast.Attribute] if one.attr == "next")
    said = {one.value.func for kind in _STATEMENTS for one in found[kind] if isinstance(one.value, ast.Call)}
    return Contents(
        calls=tuple(found[ast.Call]),
        nexts=nexts,
        stray=tuple(one for one in nexts if one not in said),
        scopes=tuple(one for kind in _SCOPES for one in found[kind] if one is not node),
        yields=any(found[kind] for kind in _YIELDS),
    )
