"""Walks what assignments and deletions do, whatever statement they stand in."""

from __future__ import annotations

import ast

from ..ir.artifacts import Value
from .expressions import ExpressionWalker
from .inputs import Part
from .values import UNKNOWN


class AssignmentWalker(ExpressionWalker):
    """Walks the assignments of one function."""

    def visit_value(self, value: ast.expr, targets: list[ast.expr]) -> None:
        """A value that only gives an input, or all of them, another name is not read by that."""
        part = self.tokens.of(value)
        named = part is not None and isinstance(value, ast.Name | ast.Attribute | ast.Subscript)
        if part is None or not named or not all(isinstance(one, ast.Name) or part.every for one in targets):
            self.visit(value)
        elif isinstance(value, ast.Attribute):
            self.take("", part, value, True)

    def target(self, node: ast.expr, value: ast.expr | None) -> None:
        """Something is assigned; `value` is None where it comes from a loop, a `with`, or is unpacked."""
        match node:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                found = self.values.infer(value, texts=self.analysis.texts) if value is not None else UNKNOWN
                self.assign(self.mangled(name), node, found)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self.tokens.bind(node, value)
                self._unpacked(node, targets, value)
                parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
                if len(parts) == len(targets) and not any(isinstance(one, ast.Starred) for one in (*targets, *parts)):
                    for one, part in zip(targets, parts, strict=True):
                        self.target(one, part)
                    return
                for one in targets:
                    if not isinstance(one, ast.Name):
                        self.target(one, None)
                    else:
                        self.plain.setdefault(one.id, one)
            case ast.Starred(value=inner):
                self.target(inner, None)
            case ast.Name(id=name):
                self.plain.setdefault(name, node)
                self.tokens.bind(node, value)
                if name == self.me:
                    self.escape()
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.visit(child)

    def _unpacked(self, node: ast.expr, targets: list[ast.expr], value: ast.expr | None) -> None:
        """All inputs of a join are given names, `first, second = inputs`: there must be as many."""
        part = self.tokens.of_whole(value)
        starred = any(isinstance(one, ast.Starred) for one in targets)
        if part is not None and part.every and isinstance(value, ast.Name) and not starred:
            self.take("", Part(branch=0), node, True, unpacked=len(targets))

    def augmented(self, target: ast.expr, value: ast.expr) -> None:
        """`target += value`."""
        match target:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                self.load(target, self.mangled(name), True)
                self.visit(value)
                self.assign(self.mangled(name), target, Value(varies=self.values.infer(value).varies))
            case _:
                self.visit(value)
                self.target(target, None)

    def remove(self, target: ast.expr) -> None:
        """`del target`."""
        match target:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                self.delete(self.mangled(name), target)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for one in targets:
                    self.remove(one)
            case ast.Name(id=name):
                self.tokens.names.pop(name, None)
            case _:
                self.target(target, None)
