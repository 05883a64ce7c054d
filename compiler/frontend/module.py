"""What the names at the top of a file mean, as far as the file itself says: flowc's API under whatever alias, constants,
classes, and what is imported from elsewhere. `program` follows the imports.

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
from typing import Final, TypeAlias

from .face import API_MODULES, API_NAMES, is_flowcs, names_below


@dataclass(frozen=True, slots=True)
class Import:
    """What an import statement binds to one name.

    Attributes:
        module: The module, as written: `a.b`; "" for `from . import x`.
        level: The dots before it.
        name: What is taken from the module; None for the module itself.
    """

    module: str
    level: int
    name: str | None


Value: TypeAlias = Import | ast.ClassDef | ast.expr | None
"""What a name is bound to; None is anything else, such as a function or a loop's variable."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a file binds a name at its top level.

    Attributes:
        otherwise: It stands in an `except` or `else`: what is bound before it may hold instead.
    """

    value: Value
    line: int
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Module:
    """The names of one file.

    Attributes:
        tree: Its syntax.
        api: Local name → name in flowc's API, such as `{"s": "step"}`.
        api_modules: Local names of flowc or metaflow themselves.
        bindings: All names that the file binds at its top level, with each place where it does.
        stars: What it imports all names from, besides flowc.
        classes: Its classes by name, the last definition of each.
    """

    tree: ast.Module
    api: dict[str, str]
    api_modules: frozenset[str]
    bindings: dict[str, list[Binding]]
    stars: tuple[Import, ...]
    classes: dict[str, ast.ClassDef]

    def forgotten(self, node: ast.expr) -> str | None:
        """The API's name that an expression uses without an import, or None: nothing in the file binds it."""
        if isinstance(node, ast.Name) and node.id in API_NAMES and not self.stars:
            return None if node.id in self.bindings or node.id in self.api else node.id
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
    classes: dict[str, ast.ClassDef] = {}
    bindings: dict[str, list[Binding]] = {}
    stars: list[Import] = []

    for statement, otherwise in _top_level(tree.body):
        for name, value in _bound(statement):
            bindings.setdefault(name, []).append(Binding(value, statement.lineno, otherwise))
            if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
                # A later import, or whatever else, takes the place of flowc's name.
                api.pop(name, None)
                modules.discard(name)
        match statement:
            case ast.ImportFrom(module=str(module), names=names, level=0) if module in API_MODULES:
                for alias in names:
                    if alias.name == "*":
                        api.update({name: name for name in API_NAMES})
                    elif alias.name in API_NAMES:
                        api[alias.asname or alias.name] = alias.name
            case ast.ImportFrom(module=str(module), names=names, level=0) if (found := names_below(module)) is not None:
                ours = API_NAMES & found
                for alias in names:
                    if alias.name == "*":
                        api.update({name: name for name in ours})
                    elif alias.name in ours:
                        api[alias.asname or alias.name] = alias.name
            case ast.ImportFrom(module=module, names=[ast.alias(name="*")], level=level):
                stars.append(Import(module or "", level, None))
            case ast.Import(names=names):
                for alias in names:
                    if alias.name in API_MODULES or (is_flowcs(alias.name) and not alias.asname):
                        modules.add(alias.asname or alias.name.partition(".")[0])
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        _follow_alias(target.id, value, api, modules)
            case ast.ClassDef(name=name):
                classes[name] = statement
            case _:
                pass
    return Module(tree, api, frozenset(modules), bindings, tuple(stars), classes)


def _follow_alias(name: str, value: ast.expr, api: dict[str, str], modules: set[str]) -> None:
    """`task = step` and `task = mf.step` make another name for the API's."""
    match value:
        case ast.Name(id=other) if other in api:
            api[name] = api[other]
        case ast.Attribute(value=ast.Name(id=module), attr=attribute) if module in modules:
            api[name] = attribute
        case _:
            api.pop(name, None)


def _top_level(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that run when the module is imported, without those of functions and classes; and for each whether it
    stands in an `except` or `else`."""
    pending = [(statement, False) for statement in reversed(body)]
    while pending:
        statement, otherwise = pending.pop()
        yield statement, otherwise
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner: list[tuple[ast.stmt, bool]] = []
        for name in _BLOCKS:
            other = otherwise or name == "handlers" or (name == "orelse" and isinstance(statement, ast.If))
            for part in getattr(statement, name, ()):
                inner.extend((one, other) for one in ([part] if isinstance(part, ast.stmt) else part.body))
        pending.extend(reversed(inner))


_BLOCKS: Final = ("body", "handlers", "orelse", "finalbody", "cases")


def names_in(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """All names that a block binds in its own scope, each with the statement that does."""
    for statement, _ in _top_level(body):
        for name, _ in _bound(statement):
            yield name, statement


def _bound(statement: ast.stmt) -> Iterator[tuple[str, Value]]:
    """The names that one statement binds, those of statements inside it left out."""
    match statement:
        case ast.Import(names=names):
            for alias in names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    Import(alias.name if alias.asname else alias.name.partition(".")[0], 0, None),
                )
        case ast.ImportFrom(module=module, names=names, level=level):
            for alias in names:
                if alias.name != "*":
                    yield alias.asname or alias.name, Import(module or "", level, alias.name)
        case ast.ClassDef(name=name):
            yield name, statement
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, None
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                else:
                    yield from _names(target)
            yield from _names(value)
        case ast.AnnAssign(target=target, value=value):
            if value is not None:
                yield from [(target.id, value)] if isinstance(target, ast.Name) else _names(target)
                yield from _names(value)
        case ast.For() | ast.AsyncFor():
            yield from _names(statement.target)
        case ast.With() | ast.AsyncWith():
            for item in statement.items:
                if item.optional_vars:
                    yield from _names(item.optional_vars)
        case ast.AugAssign() | ast.Expr() | ast.Assert():
            yield from _names(statement)
        case ast.If() | ast.While():
            yield from _names(statement.test)
        case ast.Match():
            for case in statement.cases:
                for part in ast.walk(case.pattern):
                    captured = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(captured, str):
                        yield captured, None
        case ast.Delete():
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, None
        case ast.Try() | ast.TryStar():
            for handler in statement.handlers:
                if handler.name:
                    yield handler.name, None
        case _:
            pass


def _names(node: ast.AST) -> Iterator[tuple[str, None]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id, None
