"""What the names at the top of a file mean: flowc's API under whatever alias, the module's constants, its classes.

`from flowc import step`, `from metaflow import step as s` and `import metaflow as mf` read the same: an expression `step`, `s` or
`mf.step` *is* the API's `step`. Imports inside `if` and `try` at module level count too, as in

    try:
        from flowc import FlowSpec, step
    except ImportError:
        from metaflow import FlowSpec, step
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

API_MODULES = ("flowc", "metaflow")


@dataclass(frozen=True, slots=True)
class Module:
    """The names of one file.

    Attributes:
        tree: Its syntax.
        api: Local name → name in flowc's API, such as `{"s": "step"}`.
        api_modules: Local names of flowc or metaflow themselves.
        constants: Names bound at module level → the expression, or None where bound more than once.
        classes: Its classes by name, the last definition of each.
        bound: All names that the file binds at its top level.
        open: `from … import *` of something else may bind any name.
    """

    tree: ast.Module
    api: dict[str, str]
    api_modules: frozenset[str]
    constants: dict[str, ast.expr | None]
    classes: dict[str, ast.ClassDef]
    bound: frozenset[str]
    open: bool

    def forgotten(self, node: ast.expr) -> str | None:
        """The API's name that an expression uses without an import, or None: nothing in the file binds it."""
        if isinstance(node, ast.Name) and node.id in API_NAMES and node.id not in self.bound and not self.open:
            return node.id
        return None

    def api_name(self, node: ast.expr) -> str | None:
        """The API's name for an expression, or None if it is something else."""
        match node:
            case ast.Name(id=name):
                return self.api.get(name)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in self.api_modules:
                return name
            case _:
                return None


def read_module(tree: ast.Module) -> Module:
    """Collect the names that a module binds at its top level."""
    api: dict[str, str] = {}
    modules: set[str] = set()
    constants: dict[str, ast.expr | None] = {}
    classes: dict[str, ast.ClassDef] = {}
    bound: set[str] = set()
    otherwise: set[str] = set()  # bound by something else than an assignment
    stars = False

    def bind(name: str, value: ast.expr | None) -> None:
        constants[name] = None if name in constants else value

    for statement in _top_level(tree.body):
        names_bound = set(_bound(statement))
        bound |= names_bound
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            otherwise |= names_bound
            for name in names_bound:  # a later import, or whatever else, takes the place of flowc's name
                api.pop(name, None)
                modules.discard(name)
        match statement:
            case ast.ImportFrom(module=module, names=names, level=0) if module in API_MODULES:
                for alias in names:
                    if alias.name == "*":
                        api.update({name: name for name in API_NAMES})
                    else:
                        api[alias.asname or alias.name] = alias.name
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                stars = True
            case ast.Import(names=names):
                modules |= {alias.asname or alias.name for alias in names if alias.name in API_MODULES}
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        bind(target.id, value)
                        _follow_alias(target.id, value, api, modules)
                    else:
                        for name in _names(target):
                            bind(name, None)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                bind(name, value)
            case ast.AugAssign(target=ast.Name(id=name)):
                constants[name] = None
            case ast.ClassDef(name=name):
                classes[name] = statement
            case _:
                pass
    constants.update(dict.fromkeys(otherwise & constants.keys()))
    return Module(tree, api, frozenset(modules), constants, classes, frozenset(bound | api.keys()), stars)


def _follow_alias(name: str, value: ast.expr, api: dict[str, str], modules: set[str]) -> None:
    """`task = step` and `task = mf.step` make another name for the API's."""
    match value:
        case ast.Name(id=other) if other in api:
            api[name] = api[other]
        case ast.Attribute(value=ast.Name(id=module), attr=attribute) if module in modules:
            api[name] = attribute
        case _:
            api.pop(name, None)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported, without those of functions and classes."""
    pending = list(reversed(body))
    while pending:
        statement = pending.pop()
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement
            continue
        inner: list[ast.stmt] = []
        for name in ("body", "handlers", "orelse", "finalbody", "cases"):
            for part in getattr(statement, name, ()):
                inner.extend([part] if isinstance(part, ast.stmt) else part.body)
        yield statement
        pending.extend(reversed(inner))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that one statement binds, those of statements inside it left out."""
    match statement:
        case ast.Import(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.For() | ast.AsyncFor():
            yield from _names(statement.target)
        case ast.With() | ast.AsyncWith():
            yield from (name for item in statement.items if item.optional_vars for name in _names(item.optional_vars))
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Expr() | ast.Assert():
            yield from _names(statement)
        case ast.If() | ast.While():
            yield from _names(statement.test)
        case ast.Match():
            for case in statement.cases:
                for part in ast.walk(case.pattern):
                    captured = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(captured, str):
                        yield captured
        case ast.Delete():
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
        case ast.Try() | ast.TryStar():
            yield from (handler.name for handler in statement.handlers if handler.name)
        case _:
            pass


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


API_NAMES = frozenset(
    [
        "FlowSpec",
        "step",
        "Parameter",
        "JSONType",
        "IncludeFile",
        "Config",
        "config_expr",
        "current",
        "parallel_map",
        "resources",
        "batch",
        "kubernetes",
        "retry",
        "timeout",
        "catch",
        "environment",
        "secrets",
        "schedule",
        "project",
        "trigger",
        "trigger_on_finish",
        "exit_hook",
        "pypi",
        "pypi_base",
        "conda",
        "conda_base",
        "card",
    ]
)
"""What `from flowc import *` brings, as far as the compiler cares."""
