"""What Step Functions refuses, checked on the finished definition."""

from __future__ import annotations

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ...compiler.limits import ASL_BYTES


def check_definition(flow: Flow, text: str, report: Report) -> None:
    """The definition, as it is written, is within the platform's size."""
    used = len(text.encode())
    if used > ASL_BYTES:
        report.add(
            rules.OVER_LIMIT,
            f"the state machine takes {used:,} bytes of the {ASL_BYTES:,} that Step Functions allows",
            flow.span,
            f"{len(flow.steps)} steps",
            help="split the flow into two",
        )
