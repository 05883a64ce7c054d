"""The flow's class: which one it is, and what it holds."""

from __future__ import annotations

import ast
from pathlib import PurePath

from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import file as file_rules
from ..diagnostics.rules import flow as rules
from ..ir.nodes import Parameter, Step
from .context import Context, did_you_mean
from .decorators import read_decorators
from .definition import Definition
from .parameters import read_parameter
from .steps import RESERVED, StepReader, check_method, plain


def read_flow(context: Context, class_name: str | None) -> Definition | None:
    """Read the flow of a file, or the one named; None where there is none to read."""
    node = _find(context, class_name)
    if node is None:
        return None
    inherits = _check_bases(context, node)
    functions = _methods(context, node)
    steps = {name: one for name, one in functions.items() if _is_step(context, one)}
    reader = StepReader(context, node.name, frozenset(steps), frozenset(functions) - frozenset(steps))
    read: dict[str, Step] = {}
    complete = True
    for name, function in functions.items():
        if name not in steps:
            check_method(context, function)
        elif plain(context, function) and isinstance(function, ast.FunctionDef):
            if name in RESERVED:
                span = context.source.name_span(function)
                context.report.add(rules.RESERVED_NAME, f"a step cannot be named `{name}`", span, help="choose another name")
            read[name], understood = reader.read(function)
            complete = complete and understood
        else:  # reported; it still counts as a step of this name
            read[name] = Step(name=name, joins=False, arms=(), decorators=(), span=context.source.name_span(function))
            complete = False
    return Definition(
        name=node.name,
        doc=ast.get_docstring(node) or "",
        file=PurePath(context.source.path).name,
        parameters=_parameters(context, node),
        decorators=read_decorators(context, node.decorator_list, on_step=False, owner=node.name),
        steps=read,
        complete=complete and not inherits,
        inherits=inherits,
        span=context.source.name_span(node),
    )


def _find(context: Context, class_name: str | None) -> ast.ClassDef | None:
    flows = {name: node for name, node in context.module.classes.items() if _is_flow(context, node)}
    top = context.source.at(1, 1)
    if class_name is not None:
        if class_name in flows:
            return flows[class_name]
        guess = did_you_mean(class_name, flows)
        known = ", ".join(f"`{name}`" for name in flows) or "none"
        context.report.add(
            file_rules.NO_SUCH_FLOW,
            f"the file has no flow `{class_name}`",
            top,
            help=f"did you mean `{guess}`?" if guess else f"its flows: {known}",
        )
        return None
    if not flows:
        context.report.add(
            file_rules.NO_FLOW, "the file has no flow", top, help="write `class Name(FlowSpec):` with `FlowSpec` from `flowc`"
        )
        return None
    first, *others = flows.values()
    if others:
        context.report.add(
            file_rules.SEVERAL_FLOWS,
            f"the file has {len(flows)} flows",
            context.source.name_span(others[0]),
            "another flow",
            also=[(context.source.name_span(first), "one flow")],
            help=f"name the one you mean: `{context.source.path}:{first.name}`",
        )
        return None
    return first


def _is_flow(context: Context, node: ast.ClassDef) -> bool:
    return any(context.module.api_name(base) == "FlowSpec" for base in node.bases)


def _check_bases(context: Context, node: ast.ClassDef) -> bool:
    """Report bases that are not read; whether there are any."""
    unread = [base for base in node.bases if context.module.api_name(base) != "FlowSpec"]
    for base in unread:
        context.fault(
            rules.UNREAD_BASE,
            f"`{node.name}` has a base class that this version does not read",
            base,
            "not read",
            help="write its steps and parameters in the flow itself",
        )
    return bool(unread)


def _is_step(context: Context, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        context.module.api_name(one.func if isinstance(one, ast.Call) else one) == "step" for one in function.decorator_list
    )


def _methods(context: Context, node: ast.ClassDef) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """All methods by name, with a report for each name that stands twice where one of the two is a step."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for statement in node.body:
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        earlier = found.get(statement.name)
        if earlier is not None and (_is_step(context, earlier) or _is_step(context, statement)):
            context.report.add(
                rules.DUPLICATE_STEP,
                f"step `{statement.name}` is defined twice",
                context.source.name_span(statement),
                "this one would win",
                also=[(context.source.name_span(earlier), "first defined here")],
                help="rename one of them",
            )
        found[statement.name] = statement
    return found


def _parameters(context: Context, node: ast.ClassDef) -> tuple[Parameter, ...]:
    found: dict[str, Parameter] = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=attribute)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=attribute), value=ast.expr() as value):
                pass
            case _:
                continue
        parameter = read_parameter(context, attribute, value)
        if parameter is None:
            continue
        option = parameter.name.replace("-", "_").lower()
        if option in found:
            context.report.add(
                decorator_rules.DUPLICATE_PARAMETER,
                f"two parameters are named `{parameter.name}`",
                parameter.span,
                "again",
                also=[(found[option].span, "first here")],
            )
        elif attribute in RESERVED:
            context.report.add(
                rules.RESERVED_NAME, f"a parameter cannot be named `{attribute}`", parameter.span, help="choose another name"
            )
        else:
            found[option] = parameter
    return tuple(found.values())
