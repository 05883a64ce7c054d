"""Fixes that the readers attach where they report a fault: small edits at the node that is at fault.

Each function gives a `Fix`, or None where the source is laid out so that the edit would not be certain. What can be written only
once the whole file is read is in `remedies`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from ..diagnostics.model import Edit, Fix
from ..similar import near
from ..source import Source, Span
from .context import Context
from .face import API_MODULES
from .module import Module

FIRST_ARGUMENTS: Final = {"retry": "times", "catch": "var", "environment": "vars", "secrets": "sources", "project": "name"}
"""What a lone positional argument of a decorator can only mean. In `@timeout(30)` it could be seconds or minutes."""


def the_near_one(name: str, known: Iterable[str]) -> str | None:
    """The known name that is near, where there is just one: a fix does not choose."""
    found = near(name, known)
    return found[0] if len(found) == 1 else None


def write(context: Context, node: ast.expr, text: str) -> Fix:
    """Put text in the place of an expression."""
    return Fix(f"Write `{text}`", (Edit(context.source.span(node), text),))


def rename(context: Context, node: ast.Attribute | ast.keyword | ast.Name, name: str | None) -> Fix | None:
    """Put another name in the place of an attribute's, of a keyword's, or of a plain one."""
    if name is None or (span := _name_span(context.source, node)) is None:
        return None
    return Fix(f"Write `{name}`", (Edit(span, name),))


def rename_import(context: Context, old: str, name: str) -> Fix | None:
    """Write another name where one is imported from flowc, and wherever the file uses it."""
    source, module = context.source, context.module
    edits: list[Edit] = []
    for alias in _uses(module.tree)[1].get(old, ()):
        span = _start_span(source, alias.lineno, source.span(alias).column, old)
        if span is None or (alias.asname is None and name in module.bindings):
            return None
        edits.append(Edit(span, name))
        if alias.asname is None:
            used = rename_uses(context, alias.name, name)
            if used is None:
                return None
            edits += used.edits
    return Fix(f"Write `{name}`", tuple(edits)) if edits else None


def rename_uses(context: Context, old: str, name: str) -> Fix | None:
    """Write another name wherever the file uses one."""
    spans = [_name_span(context.source, use) for use in _uses(context.module.tree)[0].get(old, ())]
    edits = tuple(Edit(span, name) for span in spans if span is not None)
    return Fix(f"Write `{name}`", edits) if len(edits) == len(spans) else None


def unpack(context: Context, node: ast.List | ast.Tuple) -> Fix | None:
    """Take the brackets away: `[self.a, self.b]` → `self.a, self.b`."""
    if not node.elts or any(isinstance(one, ast.Starred) for one in node.elts):
        return None
    whole = context.source.span(node)
    first, last = context.source.span(node.elts[0]), context.source.span(node.elts[-1])
    head = _between(whole, first, at_start=True)
    tail = _between(last, whole, at_start=False)
    if any("#" in context.source.text_of(one) for one in (head, tail)):
        return None
    return Fix("Name the steps without a list", (Edit(head, ""), Edit(tail, "")))


def name_argument(context: Context, decorator: str, call: ast.Call) -> Fix | None:
    """Give the lone positional argument of a decorator its name: `@retry(3)` → `@retry(times=3)`."""
    name = FIRST_ARGUMENTS.get(decorator)
    if name is None or len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        return None
    span = context.source.span(call.args[0])
    return Fix(f"Write `{name}=`", (Edit(_start_of(span), f"{name}="),))


def take_self(context: Context, function: ast.FunctionDef) -> Fix | None:
    """Let a method without arguments take `self`."""
    given = function.args
    if any((given.posonlyargs, given.args, given.vararg, given.kwonlyargs, given.kwarg)):
        return None
    name = context.source.name_span(function)
    found = re.compile(r"\s*\(\s*").match(context.source.lines[name.line - 1], name.end_column - 1)
    if not found:
        return None
    return Fix("Take `self`", (Edit(context.source.at(name.line, found.end() + 1, 0), "self"),))


def mark_step(source: Source, module: Module, function: ast.FunctionDef | None) -> Fix | None:
    """Put `@step` above a method, by the name that the file has for it."""
    if function is None:
        return None
    name = "step" if module.api.get("step") == "step" else next((one for one in module.api if module.api[one] == "step"), None)
    name = name or next((f"{one}.step" for one in sorted(module.api_modules)), None)
    indent = indent_of(source, function)
    if name is None or indent is None:
        return None
    return Fix(f"Put `@{name}` above it", (Edit(source.at(function.lineno, 1, 0), f"{indent}@{name}\n"),))


def mark_method(context: Context, flow: str, name: str) -> Fix | None:
    """Put `@step` above a method of a flow of this file."""
    node = context.module.classes.get(flow)
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == name] if node else []
    return mark_step(context.source, context.module, methods[-1] if methods else None)


def indent_of(source: Source, statement: ast.stmt) -> str | None:
    """The blanks in front of a statement, or None where something else stands before it on its line."""
    before = source.lines[statement.lineno - 1][: source.span(statement).column - 1]
    return None if before.strip() else before


def import_name(context: Context, name: str) -> Fix | None:
    """Import one of flowc's names: in the import that the file has, or in a new line where imports stand."""
    source, body = context.source, context.module.tree.body
    title = f"Import `{name}` from `flowc`"
    for statement in body:
        match statement:
            case ast.ImportFrom(module=module, level=0, names=aliases) if module in API_MODULES and aliases[0].name != "*":
                edits = _in_import(source, aliases, name)
                return Fix(f"Import `{name}` from `{module}`", edits) if edits else None
    if context.module.api_modules or any(isinstance(one, ast.Try | ast.If) and _imports_api(one) for one in body):
        return None  # it has a way of its own to these names
    return Fix(title, (_new_import(source, body, f"from flowc import {name}"),))


def _in_import(source: Source, aliases: Sequence[ast.alias], name: str) -> tuple[Edit, ...]:
    """The name among those of an import: in its place where they are sorted, on a line of its own where each has one."""
    names = [one.name for one in aliases]
    position = next((i for i, one in enumerate(names) if one > name), len(names)) if names == sorted(names) else len(names)
    if position < len(names):
        span = source.span(aliases[position])
        before = source.lines[span.line - 1][: span.column - 1]
        return (Edit(_start_of(span), f"{name},\n{before}" if not before.strip() else f"{name}, "),)
    span = source.span(aliases[-1])
    line = source.lines[span.end_line - 1]
    before, after = source.lines[span.line - 1][: span.column - 1], line[span.end_column - 1 :]
    if before.strip():
        return (Edit(_end_of(span), f", {name}"),)
    end = source.at(span.end_line, len(line) + 1, 0)
    if after.lstrip().startswith(","):
        return (Edit(end, f"\n{before}{name},"),)
    if after.strip() and not after.lstrip().startswith("#"):
        return (Edit(_end_of(span), f",\n{before}{name}"),)
    if not after:
        return (Edit(_end_of(span), f",\n{before}{name}"),)
    return (Edit(_end_of(span), ","), Edit(end, f"\n{before}{name}"))


def _new_import(source: Source, body: Sequence[ast.stmt], line: str) -> Edit:
    """A line among the imports: before the first of them, but after the docstring and `from __future__`."""
    head: ast.stmt | None = None
    for statement in body:
        docstring = statement is body[0] and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (docstring or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")):
            break
        head = statement
    rest = body[body.index(head) + 1 if head else 0 :]
    first = rest[0]
    if isinstance(first, ast.Import | ast.ImportFrom) and indent_of(source, first) == "":
        return Edit(source.at(first.lineno, 1, 0), f"{line}\n")
    if head is not None:
        end = head.end_lineno or head.lineno
        return Edit(source.at(end, len(source.lines[end - 1]) + 1, 0), f"\n\n{line}")
    decorators = first.decorator_list if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
    number = min([first.lineno, *(one.lineno for one in decorators)])
    # A comment that stands on the statement stays with it; the first two lines may name an interpreter and an encoding.
    while number > 1 and re.match(r"\s*#(?!!|.*coding)", source.lines[number - 2]):
        number -= 1
    return Edit(source.at(number, 1, 0), f"{line}\n\n\n")


def _imports_api(statement: ast.stmt) -> bool:
    return any(isinstance(one, ast.ImportFrom) and one.module in API_MODULES for one in ast.walk(statement))


@lru_cache(maxsize=1)
def _uses(tree: ast.Module) -> tuple[dict[str, list[ast.Name]], dict[str, list[ast.alias]]]:
    """Where a file uses each name, and where it imports each from flowc. Kept for the file at hand: every misspelt name asks."""
    uses: dict[str, list[ast.Name]] = {}
    imports: dict[str, list[ast.alias]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            uses.setdefault(node.id, []).append(node)
        elif isinstance(node, ast.ImportFrom) and node.module in API_MODULES and not node.level:
            for alias in node.names:
                imports.setdefault(alias.name, []).append(alias)
    return uses, imports


def _name_span(source: Source, node: ast.Attribute | ast.keyword | ast.Name) -> Span | None:
    """Where a name stands, or None where it is written in another way: Python takes `ﬁ` for `fi`."""
    span = source.span(node)
    if isinstance(node, ast.Attribute):
        start = span.end_column - len(node.attr)
        return _start_span(source, span.end_line, start, node.attr) if start > 0 else None
    return _start_span(source, span.line, span.column, (node.arg or "") if isinstance(node, ast.keyword) else node.id)


def _start_span(source: Source, line: int, column: int, name: str) -> Span | None:
    return source.at(line, column, len(name)) if source.lines[line - 1].startswith(name, column - 1) else None


def _start_of(span: Span) -> Span:
    return Span(path=span.path, line=span.line, column=span.column, end_line=span.line, end_column=span.column)


def _end_of(span: Span) -> Span:
    return Span(path=span.path, line=span.end_line, column=span.end_column, end_line=span.end_line, end_column=span.end_column)


def _between(one: Span, other: Span, *, at_start: bool) -> Span:
    """From the start of one range to the start of the other, or from end to end."""
    if at_start:
        return Span(path=one.path, line=one.line, column=one.column, end_line=other.line, end_column=other.column)
    return Span(path=one.path, line=one.end_line, column=one.end_column, end_line=other.end_line, end_column=other.end_column)
