"""Check that what a step leaves can be kept (FC708)."""

from __future__ import annotations

from typing import Final

from ..dataflow.solve import Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..ir.nodes import Fanout
from .check_choices import bad_items

_HELP: Final = {
    "a generator": "keep what it yields: `list(…)`",
    "a view of a dictionary": "keep what it shows: `list(…)`",
    "a module": "import it in each step that uses it",
    "the variables of this process": "keep a copy: `dict(os.environ)`",
}


def check_pickles(solution: Solution, report: Report) -> None:
    """Each assignment of what evidently cannot be pickled, if it may still be there when its step ends."""
    # What a foreach cannot go through is reported there.
    told = {
        id(bad_items(solution, step, number, arm))
        for step in solution.flow.steps
        for number, arm in enumerate(step.arms)
        if isinstance(arm, Fanout)
    }
    for step in solution.flow.steps:
        left = [write for leave in step.artifacts.leaves for setting in leave.settings for write in setting.writes]
        for write in {id(write): write for write in left if not write.value.pickled and id(write) not in told}.values():
            report.add(
                rules.NOT_PICKLED,
                f"step `{step.name}` keeps {write.value.what} in `self.{write.name}`, which cannot be pickled",
                write.span,
                write.value.what,
                help=_HELP.get(write.value.what)
                or f"use a plain variable, `{write.name} = …`, or delete it before `self.next`: `del self.{write.name}`",
            )
