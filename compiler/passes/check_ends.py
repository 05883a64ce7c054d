"""Check that a flow starts and ends."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..diagnostics.rules import flow as rules
from ..frontend.definition import Definition


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
        report.add(
            rules.NO_START,
            f"`{definition.name}` has no step `start`",
            definition.span,
            help="name the step where a run starts `start`, or write `@step(start=True)` above it"
            if steps
            else "add a method `start` under `@step`: a run starts there",
        )
    elif steps[start].joins:
        report.add(
            rules.START_JOINS,
            f"`{start}` takes `inputs`",
            steps[start].span,
            "nothing comes before it",
            help="take `inputs` away",
        )
    if end is None and steps:  # a flow without any step is reported once
        last = [(step.span, "has no `self.next`: is this the end?") for step in steps.values() if not step.arms]
        report.add(
            rules.NO_END,
            f"`{definition.name}` has no step `end`",
            definition.span,
            also=last[:1],
            help="name the last step `end`, or write `@step(end=True)` above it: a run ends there",
        )
