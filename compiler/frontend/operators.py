"""What Python's operators and functions make of constants, within bounds: nothing that would take long is computed."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from ..ir.nodes import Constant, Table
from .functions import List, TooLarge, size_of
from .scope import NotConstant

BINARY: dict[type[ast.operator], Callable[..., object]] = {
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
UNARY: dict[type[ast.unaryop], Callable[..., object]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
COMPARE: dict[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

CONVERSIONS: dict[str, Callable[..., str]] = {"s": str, "r": repr, "a": ascii}

MAX_SIZE = 100_000
"""Digits of an integer, characters or items of anything else: more is nobody's constant, and would cost time to make."""

LATE = "it is known only when the flow runs"


def binary(node: ast.BinOp, left: Constant, right: Constant) -> Constant:
    """What an operator makes of two values."""
    match node.op, left, right:
        case ast.Add(), tuple(), tuple() if isinstance(left, List) is isinstance(right, List):
            return List((*left, *right)) if isinstance(left, List) else (*left, *right)
        case (ast.Mult(), tuple(), int()) | (ast.Mult(), int(), tuple()):
            _bound(node, left, right)
            whole, times = (left, right) if isinstance(left, tuple) else (right, left)
            assert isinstance(whole, tuple)
            assert isinstance(times, int)
            return List(whole * times) if isinstance(whole, List) else whole * times
        case ast.BitOr(), Table(), Table():
            return Table(tuple(dict((*left.items, *right.items)).items()))
        case _, tuple() | Table(), _:
            raise NotConstant(node.left, "a list or a dictionary is computed with")
        case _, _, tuple() | Table():
            raise NotConstant(node.right, "a list or a dictionary is computed with")
    _bound(node, left, right)
    return apply(node, BINARY[type(node.op)], left, right)


def run(node: ast.expr, function: Callable[..., object], *operands: Constant) -> Constant:
    """What a function or a method of Python's makes of values."""
    if any(isinstance(one, int) and not isinstance(one, bool) and one.bit_length() > 10 * MAX_SIZE for one in operands):
        raise NotConstant(node, "its value is too large")
    return apply(node, function, *operands)


def _bound(node: ast.BinOp, left: Constant, right: Constant) -> None:
    """Refuse what would take long to compute before it is computed."""
    if isinstance(node.op, ast.Pow | ast.LShift) and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if isinstance(node.op, ast.Pow) else left.bit_length() + right
        if bits > 10 * MAX_SIZE:
            raise NotConstant(node, "its value is too large")
    if isinstance(node.op, ast.Mult):
        for one, times in ((left, right), (right, left)):
            if isinstance(times, int) and isinstance(one, str | tuple) and size_of(one) * times > MAX_SIZE:
                raise NotConstant(node, "its value is too large")
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        raise NotConstant(node, "write an f-string instead of `%`")


def apply(node: ast.expr, function: Callable[..., object], *operands: object) -> Constant:
    """What any function makes of values; what it raises says why that is no constant."""
    try:
        found = function(*operands)
    except TooLarge:
        raise NotConstant(node, "its value is too large") from None
    except Exception as error:  # whatever Python says of these operands is what the user should read
        raise NotConstant(node, f"it cannot be worked out: {error}") from None
    if not isinstance(found, bool | int | float | str | tuple | Table | None):
        raise NotConstant(node, LATE)
    return found
