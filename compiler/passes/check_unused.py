"""Hints about what is kept for nobody (FC720), and about a foreach whose tasks all do the same (FC721)."""

from __future__ import annotations

from ..dataflow.solve import Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..ir.nodes import Fanout, Foreach, Task
from ..ir.walk import walk_stages


def check_unused(solution: Solution, report: Report) -> None:
    """Only where all that is read is known."""
    steps = solution.flow.steps
    if not all(step.artifacts.closed and step.artifacts.takes_known for step in steps):
        return
    used = {name for step in steps for name in step.artifacts.used}
    used |= {take.name for step in steps for take in step.artifacts.takes}
    for step in steps:
        kept = {id(write) for leave in step.artifacts.leaves for setting in leave.settings for write in setting.writes}
        for write in step.artifacts.writes:
            # What the last step leaves is what the run is for.
            if step.arms and id(write) in kept and write.name not in used:
                used.add(write.name)  # said once
                report.add(rules.UNUSED, f"no step reads `self.{write.name}`", write.span, "kept for nobody")
    for stage in walk_stages(solution.flow.body):
        if isinstance(stage, Foreach):
            names = [one.name for one in walk_stages(stage.body) if isinstance(one, Task)]
            if not any(solution.steps[name].artifacts.item for name in names):
                arms = [one for one in solution.steps[stage.split].arms if isinstance(one, Fanout)]
                arm = next(one for one in arms if one.variable == stage.variable)
                report.add(rules.UNUSED_ITEM, f"no step of the foreach over `self.{stage.variable}` uses `self.input`", arm.span)
