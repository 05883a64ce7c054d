"""What one class body binds: steps, methods, parameters, constants; and what is lost because two of them share a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..diagnostics.model import Rule
from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import flow as rules
from ..source import Span
from .contents import find_contents
from .context import Context
from .members import Member
from .module import names_in

Method = ast.FunctionDef | ast.AsyncFunctionDef

RESERVED = frozenset(["next", "input", "index", "inputs", "merge_artifacts", "foreach_stack", "cmd", "name", "script_name"])
"""Attributes of `FlowSpec` that nothing in a flow may hide."""

_MATTERS = ("step", "parameter")
"""Kinds that nobody means to define twice."""

_PLAIN = ("parameter", "constant")


def read_body(context: Context, node: ast.ClassDef) -> dict[str, Member]:
    """Sort out what a class body binds, and report what is lost or hidden; the last definition of each name."""
    members: dict[str, Member] = {}
    first: dict[str, Member] = {}
    for statement in node.body:
        for member in _bind(context, node, statement):
            name = member.name
            if member.kind != "other":
                _check_name(context, member)
                earlier = first.setdefault(name, member)
                if earlier.node is not statement and (member.kind in _MATTERS or earlier.kind in _MATTERS):
                    _clash(context, name, statement, earlier.node)
            if member.kind == "constant" and name in members:
                member = Member(name, "constant", statement, None, context, node)
            there = members.pop(name, None)
            # A step that something else replaced is reported; that the flow then has no such step would be an echo.
            members[name] = there if there is not None and there.kind == "step" and member.kind in _PLAIN else member
    _report_unread(context, node)
    return members


def _bind(context: Context, owner: ast.ClassDef, statement: ast.stmt) -> Iterator[Member]:
    """What a statement of the body binds."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            kind = "step" if is_step(context, statement) else "property" if _is_property(statement) else "method"
            yield Member(name, kind, statement, None, context, owner)
        case _ if (assigned := _assigned(statement)) is not None:
            name, value = assigned
            call = context.api_name(value.func) if isinstance(value, ast.Call) else None
            kind = "parameter" if call in ("Parameter", "IncludeFile", "Config") else "constant"
            yield Member(name, kind, statement, value, context, owner)
        case _:
            for name, where in names_in([statement]):
                yield Member(name, "other", where, None, context, owner)


def step_decorator(context: Context, function: Method) -> ast.expr | None:
    """The `@step` above a method, if there is one."""
    for one in function.decorator_list:
        if context.api_name(one.func if isinstance(one, ast.Call) else one) == "step":
            return one
    return None


def is_step(context: Context, function: Method) -> bool:
    """Whether a method stands under `@step`."""
    return step_decorator(context, function) is not None


def _is_property(function: Method) -> bool:
    for one in function.decorator_list:
        match one:
            case ast.Name(id="property" | "cached_property"):
                return True
            case ast.Attribute(attr="cached_property" | "setter" | "getter" | "deleter"):
                return True
    return False


def _check_name(context: Context, member: Member) -> None:
    name = member.name
    mangled = member.kind in _MATTERS and name.startswith("__") and not (name.endswith("__") and member.kind == "parameter")
    if name in RESERVED or name.startswith("_flowc") or mangled:
        what = "a step" if member.kind == "step" else "an attribute of a flow"
        _at(context, rules.RESERVED_NAME, f"{what} cannot be named `{name}`", member.node, "", help="choose another name")


def _clash(context: Context, name: str, statement: ast.stmt, earlier: ast.stmt) -> None:
    also = (earlier, "first defined here")
    _at(
        context,
        rules.DUPLICATE_STEP,
        f"`{name}` is defined twice",
        statement,
        "this one would win",
        also,
        help="rename one of them",
    )


def _at(
    context: Context,
    rule: Rule,
    message: str,
    statement: ast.stmt,
    label: str,
    also: tuple[ast.stmt, str] | None = None,
    *,
    help: str,
) -> None:
    second = [(span_of(context, also[0]), also[1])] if also else []
    context.report.add(rule, message, span_of(context, statement), label, also=second, help=help)


def span_of(context: Context, statement: ast.stmt) -> Span:
    """The name, where a statement defines one by `def`; else all of it."""
    return context.source.name_span(statement) if isinstance(statement, Method) else context.source.span(statement)


def _report_unread(context: Context, node: ast.ClassDef) -> None:
    """Report parameters and steps that stand where they are not looked for, which would silently be missing."""
    direct = {one[1] for one in map(_assigned, node.body) if one is not None}
    head = [find_contents(one) for one in (*node.decorator_list, *node.bases, *node.keywords)]
    for found in (*head, *map(context.contents, node.body)):
        for call in found.calls:
            # What the file itself calls `Parameter`: no other file is read for every call of a step.
            name = context.module.api_name(call.func)
            if name in ("Parameter", "IncludeFile", "Config") and call not in direct:
                help = f"write each as `name = {name}(…)`, directly in the class"
                message = f"{'an' if name == 'IncludeFile' else 'a'} `{name}` stands where it is not looked for"
                context.fault(decorator_rules.BAD_PARAMETER, message, call, help=help)
        for scope in found.scopes:
            if isinstance(scope, Method) and is_step(context, scope):
                message = f"step `{scope.name}` does not stand directly in the class"
                _at(context, rules.STEP_NOT_PLAIN, message, scope, "", help="move it out of what it stands in")


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the value of a plain assignment to one name."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, value
        case _:
            return None
