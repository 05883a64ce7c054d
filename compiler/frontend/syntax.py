"""Questions to a piece of syntax that several readers ask, and that `ast` does not answer.

@flowc.retry(times=3)             callee        flowc.retry
def train(this, inputs):          last_name     retry
                                  self_of       this
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def callee(node: ast.expr) -> ast.expr:
    """What a decorator names, whether it is called there or not."""
    return node.func if isinstance(node, ast.Call) else node


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`, and of `c`; "" of what is no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_import_path(text: str) -> bool:
    """Whether a text is a name in a module, `team.pager.call`."""
    return "." in text and all(part.isidentifier() for part in text.split("."))


def positional(function: Function) -> list[ast.arg]:
    """The arguments of a method in their order: `self`, and what comes after it."""
    return [*function.args.posonlyargs, *function.args.args]


def self_of(function: Function) -> str:
    """What a method calls `self`; "self" where it takes no argument, which is reported elsewhere."""
    return next((one.arg for one in positional(function)), "self")


def is_under(function: Function, *names: str) -> bool:
    """Whether one of these decorators of Python's own stands above a function."""
    return any(isinstance(one, ast.Name) and one.id in names for one in function.decorator_list)


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What runs when a body does: functions, classes and lambdas inside are named, and not looked into."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _SCOPES):
            pending.extend(ast.iter_child_nodes(node))
