"""Check that a flow starts and ends."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..diagnostics.rules import flow as rules
from ..frontend.definition import Definition


def check_ends(definition: Definition, report: Report) -> None:
    """`start` and `end` exist, and `start` joins nothing."""
    steps = definition.steps
    if definition.inherits:
        return
    if "start" in definition.methods or "end" in definition.methods:
        for name in ("start", "end"):
            if name in definition.methods:
                rule = rules.NO_START if name == "start" else rules.NO_END
                report.add(
                    rule, f"method `{name}` is not a step", definition.methods[name], help=f"put `@step` above `def {name}`"
                )
        return
    if "start" not in steps:
        report.add(
            rules.NO_START,
            f"`{definition.name}` has no step `start`",
            definition.span,
            help="add a step named `start`: a run starts there"
            if steps
            else "add a method `start` under `@step`: a run starts there",
        )
    elif steps["start"].joins:
        report.add(
            rules.START_JOINS, "`start` takes `inputs`", steps["start"].span, "nothing comes before it", help="take `inputs` away"
        )
    if "end" not in steps and steps:  # a flow without any step is reported once
        last = [(step.span, "has no `self.next`: is this the end?") for step in steps.values() if not step.arms]
        report.add(
            rules.NO_END,
            f"`{definition.name}` has no step `end`",
            definition.span,
            also=last[:1],
            help="name the last step `end`: a run ends there",
        )
