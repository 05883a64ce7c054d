"""Constant expressions: what the compiler can work out without running anything.

Literals, containers, names of constants, arithmetic, string formatting by f-string, conditional expressions and comparisons.

    MB = 1024
    @resources(memory=60 * MB)      →   memory = 61440

What a name is bound to, a `Scope` says: it may be an expression in another file, which is then evaluated in that file's scope.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Protocol

from ..ir.nodes import Constant, Table
from ..source import Source


class NotConstant(Exception):
    """The expression cannot be worked out; `node` is the part at fault."""

    def __init__(self, node: ast.expr, reason: str) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason


class Scope(Protocol):
    """What names mean at one place of one file."""

    @property
    def source(self) -> Source:
        """The file."""
        ...

    def lookup(self, node: ast.Name | ast.Attribute) -> tuple[ast.expr, Scope] | None:
        """The expression that a name, or a name of a module (`settings.MB`), is bound to, with the scope that it stands in.

        None for an attribute of anything else than a module: that is an operation on a value.

        Raises:
            NotConstant: The name is not bound to one expression.
        """
        ...


_BINARY: dict[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_UNARY: dict[type[ast.unaryop], Callable[..., object]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARE: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_CONVERSIONS: dict[str, Callable[..., str]] = {"s": str, "r": repr, "a": ascii}

MAX_SIZE = 100_000
"""Digits of an integer, characters or items of anything else: more is nobody's constant, and would cost time to make."""
MAX_DEPTH = 100
"""How deep an expression may nest."""


def evaluate(node: ast.expr, scope: Scope) -> Constant:
    """The value of a constant expression that stands in a scope.

    Raises:
        NotConstant: It is not one.
    """
    return _Evaluator(scope).value(node)


class _Evaluator:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.known: dict[ast.expr, Constant] = {}
        self.depth = 0

    def value(self, node: ast.expr) -> Constant:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotConstant(node, "it is nested too deeply, or a name that it uses is defined by itself")
        try:
            found = self._value(node)
        finally:
            self.depth -= 1
        if _size(found) > MAX_SIZE:
            raise NotConstant(node, "its value is too large")
        if isinstance(found, float) and not math.isfinite(found):
            raise NotConstant(node, "infinity and NaN cannot be written as JSON")
        if isinstance(found, str) and not _encodable(found):
            raise NotConstant(node, "half of a surrogate pair cannot be written as UTF-8")
        return found

    def _value(self, node: ast.expr) -> Constant:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None):
                return node.value  # type: ignore[return-value]  # narrowed by the pattern, which mypy does not follow
            case ast.Name() | ast.Attribute() if (bound := self.scope.lookup(node)) is not None:
                return self._bound_value(node, *bound)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return tuple(self.value(element) for element in elements)
            case ast.Dict():
                return self._dict(node)
            case ast.UnaryOp():
                return self._apply(node, _UNARY[type(node.op)], self._scalar(node.operand))
            case ast.BinOp() if type(node.op) in _BINARY:
                left, right = self._scalar(node.left), self._scalar(node.right)
                self._bound(node, left, right)
                return self._apply(node, _BINARY[type(node.op)], left, right)
            case ast.Compare(ops=[op]) if type(op) in _COMPARE:
                return self._apply(node, _COMPARE[type(op)], self._scalar(node.left), self._scalar(node.comparators[0]))
            case ast.BoolOp():
                return self._bool(node)
            case ast.IfExp():
                return self.value(node.body if self._scalar(node.test) else node.orelse)
            case ast.JoinedStr():
                return "".join(self._piece(piece) for piece in node.values)
            case _:
                raise NotConstant(node, "it is known only when the flow runs")

    def _scalar(self, node: ast.expr) -> bool | int | float | str | None:
        """A value to compute with. Lists and dictionaries are not: they would have to behave as Python's do."""
        value = self.value(node)
        if isinstance(value, tuple | Table):
            raise NotConstant(node, "a list or a dictionary is computed with")
        return value

    def _bound_value(self, node: ast.expr, bound: ast.expr, scope: Scope) -> Constant:
        """The value of what a name is bound to, worked out where it stands."""
        if bound in self.known:
            return self.known[bound]
        here, self.scope = self.scope, scope
        try:
            self.known[bound] = self.value(bound)
        except NotConstant as error:
            if scope.source is here.source:
                raise
            # A place in another file cannot be marked in this one: it is named instead.
            raise NotConstant(node, f"{error.reason} ({scope.source.span(error.node)})") from None
        finally:
            self.scope = here
        return self.known[bound]

    def _dict(self, node: ast.Dict) -> Table:
        items: list[tuple[Constant, Constant]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                unpacked = self.value(value)
                if not isinstance(unpacked, Table):
                    raise NotConstant(value, "only a dictionary can be unpacked here")
                items.extend(unpacked.items)
            else:
                items.append((self.value(key), self.value(value)))
        return Table(tuple(dict(items).items()))

    def _bool(self, node: ast.BoolOp) -> Constant:
        found: Constant = None
        for operand in node.values:
            found = self._scalar(operand)
            if bool(found) is isinstance(node.op, ast.Or):
                break
        return found

    def _piece(self, piece: ast.expr) -> str:
        match piece:
            case ast.FormattedValue(value=value, conversion=conversion, format_spec=spec):
                found: object = self._scalar(value)
                if conversion != -1:
                    found = _CONVERSIONS[chr(conversion)](found)
                layout = "".join(self._piece(part) for part in spec.values) if isinstance(spec, ast.JoinedStr) else ""
                if sum(int(width) for width in "".join(c if c.isdigit() else " " for c in layout).split()) > MAX_SIZE:
                    raise NotConstant(piece, "its value is too large")
                return str(self._apply(piece, format, found, layout))
            case _:
                return str(self.value(piece))

    def _bound(self, node: ast.BinOp, left: Constant, right: Constant) -> None:
        """Refuse what would take long to compute before it is computed."""
        if isinstance(node.op, ast.Pow | ast.LShift) and isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * right if isinstance(node.op, ast.Pow) else left.bit_length() + right
            if bits > 10 * MAX_SIZE:
                raise NotConstant(node, "its value is too large")
        if isinstance(node.op, ast.Mult):
            for one, times in ((left, right), (right, left)):
                if isinstance(times, int) and isinstance(one, str | tuple) and len(one) * times > MAX_SIZE:
                    raise NotConstant(node, "its value is too large")
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            raise NotConstant(node, "write an f-string instead of `%`")

    def _apply(self, node: ast.expr, function: Callable[..., object], *operands: object) -> Constant:
        try:
            found = function(*operands)
        except Exception as error:  # whatever Python says of these operands is what the user should read
            raise NotConstant(node, f"it cannot be worked out: {error}") from None
        if not isinstance(found, bool | int | float | str | tuple | None):
            raise NotConstant(node, "it is known only when the flow runs")
        return found


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _size(value: Constant) -> int:
    match value:
        case bool() | None | float():
            return 1
        case int():
            return value.bit_length() // 3
        case str():
            return len(value)
        case tuple():
            return 1 + sum(_size(one) for one in value)
        case Table():
            return 1 + sum(_size(key) + _size(one) for key, one in value.items)
