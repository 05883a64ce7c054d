"""Check that the names of a flow and its steps fit where a run keeps its objects."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..diagnostics.rules import targets as rules
from ..ir.nodes import Flow
from ..limits import NAME_BYTES

_SHOWN = 24


def check_names(flow: Flow, report: Report) -> None:
    """No name is longer than a folder's name may be."""
    for what, name, span in (("flow", flow.name, flow.span), *(("step", step.name, step.span) for step in flow.steps)):
        size = len(name.encode())
        if size > NAME_BYTES:
            report.add(
                rules.NAME_TOO_LONG,
                f"the name of {what} `{name[:_SHOWN]}…` takes {size} bytes, and {NAME_BYTES} is the most",
                span,
                help="shorten it; what it says can stand in a docstring",
            )
