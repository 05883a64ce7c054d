"""Check that what a step leaves can be kept (FC708)."""

from __future__ import annotations

from ..dataflow.solve import Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules


def check_pickles(solution: Solution, report: Report) -> None:
    """Each assignment of what evidently cannot be pickled, if it may still be there when its step ends."""
    for step in solution.flow.steps:
        left = [write for leave in step.artifacts.leaves for setting in leave.settings for write in setting.writes]
        for write in {id(write): write for write in left if not write.value.pickled}.values():
            report.add(
                rules.NOT_PICKLED,
                f"step `{step.name}` keeps {write.value.what} in `self.{write.name}`, which cannot be pickled",
                write.span,
                write.value.what,
                help=f"use a plain variable, `{write.name} = …`, or delete it before `self.next`: `del self.{write.name}`",
            )
