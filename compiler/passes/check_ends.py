"""Check that a flow starts and ends."""

from __future__ import annotations

import ast

from ..diagnostics.model import Report
from ..diagnostics.rules import flow as rules
from ..frontend.definition import Definition
from ..frontend.ends import goes_on
from ..ir.edges import edges_of


def check_ends(definition: Definition, report: Report) -> None:
    """There is a step where a run starts, which joins nothing, and one where it ends."""
    steps, methods = definition.steps, definition.methods
    start, end = definition.ends.start, definition.ends.end
    if definition.model.unread or definition.ends.unclear:
        return
    missing = [name for name, found in (("start", start), ("end", end)) if found is None]
    if any(name in methods for name in missing):
        for name in missing:
            if name in methods:
                rule = rules.NO_START if name == "start" else rules.NO_END
                report.add(rule, f"method `{name}` is not a step", methods[name], help=f"put `@step` above `def {name}`")
        return
    if start is None:
        led_to = {target for step in steps.values() for edge in edges_of(step) for target in edge.targets}
        first = [step.span for step in steps.values() if step.name not in {*led_to, end}]
        report.add(
            rules.NO_START,
            f"`{definition.name}` has no step `start`",
            definition.span,
            also=[(first[0], "nothing leads here: is this the start?")] if definition.complete and len(first) == 1 else [],
            help="name the step where a run starts `start`, or write `@step(start=True)` above it"
            if steps
            else "add a method `start` under `@step`: a run starts there",
        )
    elif steps[start].joins:
        given = _second(definition, start)
        parameter = f'what a run is given is a parameter: `{given} = Parameter("{given}")` in the class'
        report.add(
            rules.START_JOINS,
            f"`{start}` takes `{given}`",
            steps[start].span,
            "nothing comes before it",
            help=f"take `{given}` away" + ("" if given == "inputs" else f"; {parameter}"),
        )
    if end is None and steps:  # a flow without any step is reported once
        members = definition.model.members
        last = [
            (step.span, "has no `self.next`: is this the end?")
            for step in steps.values()
            if not step.arms and not goes_on(members[step.name].context, members[step.name].node)
        ]
        report.add(
            rules.NO_END,
            f"`{definition.name}` has no step `end`",
            definition.span,
            also=last[:1],
            help="name the last step `end`, or write `@step(end=True)` above it: a run ends there",
        )


def _second(definition: Definition, name: str) -> str:
    """What a step calls its second argument."""
    node = definition.model.members[name].node
    arguments = [*node.args.posonlyargs, *node.args.args] if isinstance(node, ast.FunctionDef) else []
    return arguments[1].arg if len(arguments) > 1 else "inputs"
