"""Check that a step under `@foreach` begins one."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Fanout, Flow
from ..source import Span


def check_foreach(flow: Flow, report: Report) -> None:
    """`@foreach` says how the foreach runs that its step begins; a step of the foreach's body is often taken for that one."""
    begun = {arm.target: (step, arm) for step in flow.steps for arm in step.arms if isinstance(arm, Fanout)}
    told: set[Span] = set()  # what `--with` adds to all steps stands in one place
    for step in flow.steps:
        decorator = next((one for one in step.decorators if one.name == "foreach"), None)
        if decorator is None or any(isinstance(arm, Fanout) for arm in step.arms):
            continue
        if decorator.span in told:
            continue
        told.add(decorator.span)
        split, arm = begun.get(step.name, (None, None))
        place = f"`{split.name}`, which does" if split is not None else "the step whose `self.next` has `foreach=`"
        report.add(
            rules.NO_FOREACH_BEGUN,
            f"`@foreach` stands on step `{step.name}`, which begins no foreach",
            decorator.span,
            also=[(arm.span, "begun here")] if arm is not None else [],
            help=f"write it on {place}",
        )
