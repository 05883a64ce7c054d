"""What a flow's class binds: methods, parameters, constants; and what is lost because two of them share a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..diagnostics.model import Rule
from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import flow as rules
from ..source import Span
from .context import Context

Method = ast.FunctionDef | ast.AsyncFunctionDef

RESERVED = frozenset(["next", "input", "index", "inputs", "merge_artifacts", "foreach_stack", "cmd", "name", "script_name"])
"""Attributes of `FlowSpec` that nothing in a flow may hide."""


@dataclass(slots=True)
class ClassBody:
    """The names of a flow's class.

    Attributes:
        methods: Methods that are no steps.
        steps: Methods under `@step`.
        parameters: Attributes whose value is a call of `Parameter`, with that call.
        constants: Other attributes, with their expressions; None where bound more than once.
    """

    methods: dict[str, Method] = field(default_factory=dict)
    steps: dict[str, Method] = field(default_factory=dict)
    parameters: dict[str, ast.Call] = field(default_factory=dict)
    constants: dict[str, ast.expr | None] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """All names that the class binds."""
        return frozenset([*self.methods, *self.steps, *self.parameters, *self.constants])


def read_body(context: Context, node: ast.ClassDef) -> ClassBody:
    """Sort out what a class body binds, and report what is lost or hidden."""
    body = ClassBody()
    first: dict[str, tuple[ast.stmt, bool]] = {}
    for statement in node.body:
        for name, matters in _bind(context, body, statement):
            _check_name(context, statement, name, is_step=name in body.steps)
            earlier = first.setdefault(name, (statement, matters))
            if earlier[0] is not statement and (matters or earlier[1]):
                _clash(context, name, statement, earlier[0])
    _report_unread(context, node)
    return body


def _bind(context: Context, body: ClassBody, statement: ast.stmt) -> Iterator[tuple[str, bool]]:
    """Enter what a statement binds; each name, and whether it would matter if it were lost."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            step = is_step(context, statement)
            body.methods.pop(name, None)
            body.steps.pop(name, None)
            (body.steps if step else body.methods)[name] = statement
            yield name, step
        case _ if (assigned := _assigned(statement)) is not None:
            name, value = assigned
            if isinstance(value, ast.Call) and context.module.api_name(value.func) in ("Parameter", "IncludeFile", "Config"):
                body.parameters[name] = value
                yield name, True
            else:
                body.constants[name] = None if name in body.constants else value
                yield name, False
        case _:
            pass


def is_step(context: Context, function: Method) -> bool:
    """Whether a method stands under `@step`."""
    decorators = (one.func if isinstance(one, ast.Call) else one for one in function.decorator_list)
    return any(context.module.api_name(one) == "step" for one in decorators)


def _check_name(context: Context, statement: ast.stmt, name: str, *, is_step: bool) -> None:
    mangled = name.startswith("__") and not (name.endswith("__") and not is_step)
    if name in RESERVED or name.startswith("_flowc") or mangled:
        what = "a step" if is_step else "an attribute of a flow"
        _at(context, rules.RESERVED_NAME, f"{what} cannot be named `{name}`", statement, "", help="choose another name")


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
    second = [(_span(context, also[0]), also[1])] if also else []
    context.report.add(rule, message, _span(context, statement), label, also=second, help=help)


def _span(context: Context, statement: ast.stmt) -> Span:
    """The name, where a statement defines one by `def`; else all of it."""
    return context.source.name_span(statement) if isinstance(statement, Method) else context.source.span(statement)


def _report_unread(context: Context, node: ast.ClassDef) -> None:
    """Report parameters and steps that stand where they are not looked for, which would silently be missing."""
    direct = {id(statement) for statement in node.body} | {id(one[1]) for one in map(_assigned, node.body) if one is not None}
    for part in ast.walk(node):
        if id(part) in direct:
            continue
        match part:
            case ast.Call(func=function) if (name := context.module.api_name(function)) in ("Parameter", "IncludeFile", "Config"):
                help = f"write each as `name = {name}(…)`, directly in the class"
                message = f"{'an' if name == 'IncludeFile' else 'a'} `{name}` stands where it is not looked for"
                context.fault(decorator_rules.BAD_PARAMETER, message, part, help=help)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if is_step(context, part):
                message = f"step `{part.name}` does not stand directly in the class"
                _at(context, rules.STEP_NOT_PLAIN, message, part, "", help="move it out of what it stands in")


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the value of a plain assignment to one name."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, value
        case _:
            return None
