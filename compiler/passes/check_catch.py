"""Check that a step under `@catch` has one way on, known before it runs."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..diagnostics.rules import decorators as rules
from ..ir.edges import edges_of
from ..ir.nodes import Fanout, Flow
from ..source import Span


def check_catch(flow: Flow, report: Report) -> None:
    """A caught failure goes on by the step's only way: there must be one, and it must not depend on what the step computes."""
    told: set[Span] = set()  # what `--with` adds to all steps stands in one place
    for step in flow.steps:
        catch = next((one for one in step.decorators if one.name == "catch"), None)
        edges = edges_of(step)
        if catch is None or not edges or (len(edges) == 1 and not isinstance(edges[0].arm, Fanout)):
            continue
        if catch.span in told:
            continue
        told.add(catch.span)
        report.add(
            rules.CATCH_CANNOT_CHOOSE,
            f"step `{step.name}` is caught, but where it goes is known only when it succeeds",
            catch.span,
            also=[(edges[0].arm.span, "decided here")],
            help="catch in a step of its own, and choose or fan out in the next one",
        )
