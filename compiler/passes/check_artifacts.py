"""Check what steps do with artifacts, by one solution of the data flow over the graph."""

from __future__ import annotations

from collections.abc import Callable

from ..dataflow.solve import Solution, solve
from ..diagnostics.model import Report
from ..ir.nodes import Flow
from .check_choices import check_choices
from .check_inputs import check_inputs
from .check_merges import check_merges
from .check_pickles import check_pickles
from .check_reads import check_reads
from .check_unused import check_unused

ARTIFACT_CHECKS: tuple[Callable[[Solution, Report], None], ...] = (
    check_reads,
    check_inputs,
    check_merges,
    check_choices,
    check_pickles,
    check_unused,
)
"""Independent of each other; in the order in which a reader would ask."""


def check_artifacts(flow: Flow, report: Report) -> None:
    """All checks that go by what is set where."""
    solution = solve(flow)
    for check in ARTIFACT_CHECKS:
        check(solution, report)
