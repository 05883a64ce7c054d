"""What the methods of a flow do, each walked once: from a `Member` to its `Effects`, which are applied wherever it is called."""

from __future__ import annotations

import ast
from typing import Final

from ..frontend.context import Context
from ..frontend.decorator_table import STEP_DECORATORS
from ..frontend.members import Member
from ..frontend.syntax import callee, is_under, last_name, positional
from .effects import Analysis, Effects

NESTING: Final = 12
"""Methods that call each other, past which the analysis stops claiming: walking one takes Python's own stack."""


def effects_of(analysis: Analysis, member: Member) -> Effects | None:
    """What a method does; None where it has no `self`, or is being walked: a recursion adds nothing to what it does."""
    from .statements import StatementWalker

    function = member.node
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or is_under(function, "staticmethod", "classmethod"):
        return None
    if id(function) in analysis.methods:
        return analysis.methods[id(function)]
    arguments = positional(function)
    if not arguments or analysis.depth >= NESTING:
        return None if not arguments else Effects(open=True, closed=False)
    analysis.methods[id(function)] = None
    analysis.depth += 1
    walker = StatementWalker(analysis, member.context, member.owner, function, arguments[0].arg, None)
    walker.walk(function)
    analysis.depth -= 1
    if wrapped(member.context, function):
        walker.effects.open = True
        walker.effects.closed = False
    analysis.methods[id(function)] = walker.effects
    return walker.effects


def setter_of(analysis: Analysis, member: Member) -> Member | None:
    """The setter of a property, which stands in the same class body under `@name.setter`."""
    if member.owner not in analysis.setters:
        analysis.setters[member.owner] = _setters(member.owner)
    node = analysis.setters[member.owner].get(member.name)
    return None if node is None else Member(member.name, "property", node, None, member.context, member.owner)


def _setters(owner: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    found: dict[str, ast.FunctionDef] = {}
    for node in (one for one in owner.body if isinstance(one, ast.FunctionDef)):
        if any(isinstance(one, ast.Attribute) and one.attr == "setter" for one in node.decorator_list):
            found.setdefault(node.name, node)
    return found


def wrapped(context: Context, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator stands above a function that may do anything: one that is neither flowc's nor known to be harmless."""
    for decorator in function.decorator_list:
        named = callee(decorator)
        name = context.api_name(named)
        if name == "step" or name in STEP_DECORATORS or last_name(named) in _KNOWN:
            continue
        return True
    return False


_KNOWN: Final = frozenset(
    [
        "property",
        "cached_property",
        "setter",
        "getter",
        "deleter",
        "staticmethod",
        "classmethod",
        "override",
        "overload",
        "abstractmethod",
        "cache",
        "lru_cache",
        "contextmanager",
        "final",
        "no_type_check",
        "wraps",
    ]
)
"""Decorators of the standard library that change nothing about what a method does to `self`."""
