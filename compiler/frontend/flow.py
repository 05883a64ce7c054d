"""The flow's class: from a `Program`, by way of its `ClassModel`, to a `Definition`. All other readers are called from here."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from ..dataflow.facts import analysis_of
from ..diagnostics.rules import decorators as decorator_rules
from ..ir.nodes import Config, Constant, Decorator, Parameter, Step, Table
from ..similar import did_you_mean
from .absent import settle
from .alterations import read_alterations
from .body import Method
from .classes import ClassReader
from .configs import read_configs
from .context import Context
from .decorators import read_decorators
from .definition import Definition
from .ends import find_astray, find_ends, goes_on
from .find import find_flow
from .imports import check_relative
from .members import ClassModel
from .parameters import read_parameter
from .program import Program
from .steps import StepReader, check_method, plain


def read_flow(program: Program, class_name: str | None) -> Definition | None:
    """Read the flow of a file, or the one named; None where there is none to read."""
    classes, context = ClassReader(), program.main
    node = find_flow(context, classes, class_name)
    if node is None:
        settle(program)
        return None
    check_relative(context)
    model = classes.model(context, node)
    alterations = read_alterations(program)
    program.configs, configs = read_configs(context, _declared(model))
    members = model.members.values()
    steps = {one.name: one for one in members if one.kind == "step"}
    methods = {one.name: one for one in members if one.kind in ("method", "property")}
    ends = find_ends(model, steps.values())
    if astray := find_astray(model):
        ends = replace(ends, unclear=ends.unclear | astray)
    going = frozenset(name for name, one in methods.items() if isinstance(one.node, Method) and goes_on(one.context, one.node))
    reader = StepReader(model, ends, frozenset(steps), frozenset(methods), analysis_of(model), alterations, going)
    read: dict[str, Step] = {}
    complete = not model.unread and not ends.unclear
    for name, member in steps.items():
        function = member.node
        assert isinstance(function, Method), "only methods are steps"
        if plain(member.context, function) and isinstance(function, ast.FunctionDef):
            read[name], understood = reader.read(member, function)
            complete = complete and understood
        else:  # reported; it still counts as a step of this name
            span = member.context.source.name_span(function)
            read[name] = Step(name=name, joins=False, arms=(), decorators=(), span=span)
            complete = False
    wanted = {name for name, found in (("start", ends.start), ("end", ends.end)) if found is None}
    for name, member in methods.items():
        # A method that is named as a step, or that is where a step must be, is reported for that.
        if name not in reader.mistaken and name not in wanted and isinstance(member.node, Method):
            check_method(member.context, member.node)
    parameters, decorators = _parameters(model, configs), _decorators(model)
    if not model.unread and len(parameters) + len(configs) == len(list(_declared(model))):  # all are understood
        _check_mappings(model, decorators, parameters)
    return Definition(
        name=node.name,
        doc=ast.get_docstring(node) or "",
        file=PurePath(context.source.path).name,
        parameters=parameters,
        configs=configs,
        decorators=decorators,
        steps=read,
        methods={name: one.context.source.name_span(one.node) for name, one in methods.items() if isinstance(one.node, Method)},
        ends=ends,
        complete=complete,
        absent=settle(program),
        model=model,
        idle=alterations.idle(),
        span=context.source.name_span(node),
    )


def _decorators(model: ClassModel) -> tuple[Decorator, ...]:
    """Those of the flow's class and of its bases; of two with one name the one nearer to the flow counts."""
    found: list[Decorator] = []
    for record in model.lineage:
        known = {one.name for one in found}
        here = read_decorators(record.context, record.node.decorator_list, on_step=False, owner=record.name)
        found += [one for one in here if one.name not in known]
    return tuple(found)


def _check_mappings(model: ClassModel, decorators: Sequence[Decorator], parameters: Sequence[Parameter]) -> None:
    """Report what `@trigger` gives to parameters that the flow has not: each run that the event starts would fail."""
    known = {one.name.lower(): one.name for one in parameters}
    given = [(one, *argument) for one in decorators if one.name == "trigger" for argument in one.arguments]
    for decorator, argument, value in given:
        events = value if isinstance(value, tuple) else (value,)
        for name in (one for event in events for one in _mapped(event) if one.lower() not in known):
            guess = did_you_mean(name, known.values())
            model.context.report.add(
                decorator_rules.BAD_ARGUMENT,
                f"`{argument}` of `@trigger` gives a value to `{name}`, which is no parameter of the flow",
                dict(decorator.places).get(argument, decorator.span),
                help=f"did you mean `{guess}`?" if guess else "`parameters` goes from parameters to the event's fields",
            )


def _mapped(event: Constant) -> tuple[str, ...]:
    """The parameters that an event of `@trigger` names."""
    mapping = dict(event.items).get("parameters") if isinstance(event, Table) else None
    if isinstance(mapping, Table):
        return tuple(str(name) for name, _ in mapping.items)
    return tuple(str(one[0] if isinstance(one, tuple) else one) for one in mapping) if isinstance(mapping, tuple) else ()


def _declared(model: ClassModel) -> Iterator[tuple[Context, str, ast.expr]]:
    """What the class and its bases declare by `Parameter`, `IncludeFile` and `Config`: where it stands, its name, the call."""
    for member in model.members.values():
        record = model.record(member.owner)
        if member.kind == "parameter" and member.value is not None and record is not None:
            yield record.inside, member.name, member.value


def _parameters(model: ClassModel, configs: tuple[Config, ...]) -> tuple[Parameter, ...]:
    found: dict[str, Parameter | Config] = {}
    for config in configs:
        _enter(model.context, found, config)
    for context, attribute, call in _declared(model):
        if (parameter := read_parameter(context, attribute, call)) is not None:
            _enter(context, found, parameter)
    return tuple(one for one in found.values() if isinstance(one, Parameter))


def _enter(context: Context, found: dict[str, Parameter | Config], one: Parameter | Config) -> None:
    """Enter what has a name on the command line, or report that the name is taken."""
    first = found.setdefault(one.name.replace("-", "_").lower(), one)
    if first is one:
        return
    earlier, later = (first, one) if first.span.path != one.span.path or first.span.line <= one.span.line else (one, first)
    same = isinstance(first, Config) is isinstance(one, Config)
    what = "a config and a parameter" if not same else "two configs" if isinstance(one, Config) else "two parameters"
    context.report.add(
        decorator_rules.DUPLICATE_PARAMETER,
        f"{what} are named `{one.name}`",
        later.span,
        "again",
        also=[(earlier.span, "first here")],
        help="rename one of them",
    )
