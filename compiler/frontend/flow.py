"""The flow's class: from its syntax to a `Definition`."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import PurePath

from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import flow as rules
from ..ir.nodes import Config, Parameter, Step
from .body import ClassBody, read_body
from .configs import read_configs
from .context import Context
from .decorators import read_decorators
from .definition import Definition
from .find import find_flow
from .parameters import read_parameter
from .steps import StepReader, check_method, plain


def read_flow(context: Context, class_name: str | None) -> Definition | None:
    """Read the flow of a file, or the one named; None where there is none to read."""
    node = find_flow(context, class_name)
    if node is None:
        return None
    inherits = _check_bases(context, node)
    body = read_body(context, node)
    configs, config_nodes = read_configs(context, ((context, name, call) for name, call in body.parameters.items()))
    context = replace(context, configs=configs)
    # In a class body its own constants are names like those of the module.
    hidden = {name: body.parameters[name] if _is_config(context, body, name) else None for name in body.names}
    constants = {**context.module.constants, **hidden, **body.constants}
    inside = replace(context, module=replace(context.module, constants=constants))
    reader = StepReader(inside, node.name, frozenset(body.steps), frozenset(body.methods), body.names)
    read: dict[str, Step] = {}
    complete = True
    for name, function in body.steps.items():
        if plain(context, function) and isinstance(function, ast.FunctionDef):
            read[name], understood = reader.read(function)
            complete = complete and understood
        else:  # reported; it still counts as a step of this name
            read[name] = Step(name=name, joins=False, arms=(), decorators=(), span=context.source.name_span(function))
            complete = False
    for name, method in body.methods.items():
        # A method that is named as a step, or that is where a step must be, is reported for that.
        if name not in reader.mistaken and name not in {"start", "end"} - body.steps.keys():
            check_method(context, method)
    return Definition(
        name=node.name,
        doc=ast.get_docstring(node) or "",
        file=PurePath(context.source.path).name,
        parameters=_parameters(inside, body, config_nodes),
        configs=config_nodes,
        decorators=read_decorators(context, node.decorator_list, on_step=False, owner=node.name),
        steps=read,
        methods={name: context.source.name_span(method) for name, method in body.methods.items()},
        complete=complete and not inherits,
        inherits=inherits,
        span=context.source.name_span(node),
    )


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


def _is_config(context: Context, body: ClassBody, name: str) -> bool:
    return name in body.parameters and context.configs.called(body.parameters[name]) is not None


def _parameters(context: Context, body: ClassBody, configs: tuple[Config, ...]) -> tuple[Parameter, ...]:
    found: dict[str, Parameter | Config] = {}
    for config in configs:
        _enter(context, found, config)
    for attribute, call in body.parameters.items():
        parameter = read_parameter(context, attribute, call)
        if parameter is None:
            continue
        _enter(context, found, parameter)
    return tuple(one for one in found.values() if isinstance(one, Parameter))


def _enter(context: Context, found: dict[str, Parameter | Config], one: Parameter | Config) -> None:
    """Enter what has a name on the command line, or report that the name is taken."""
    option = one.name.replace("-", "_").lower()
    first = found.setdefault(option, one)
    if first is not one:
        earlier, later = sorted((first.span, one.span), key=lambda span: (span.line, span.column))
        both = "configs" if isinstance(first, Config) and isinstance(one, Config) else "parameters"
        what = f"two {both} are" if isinstance(first, Config) is isinstance(one, Config) else "a config and a parameter are"
        message = f"{what} named `{one.name}`"
        also = [(earlier, "first here")]
        context.report.add(decorator_rules.DUPLICATE_PARAMETER, message, later, "again", also=also, help="rename one of them")
