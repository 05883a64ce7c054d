"""What a document uses of its platform's limits: measured once, and from that both the faults and the figures of `--stats`."""

from __future__ import annotations

from collections.abc import Sequence

from ..compiler.diagnostics.model import Report
from ..compiler.diagnostics.rules import targets as rules
from ..compiler.limits import Usage


def worst(usages: Sequence[Usage]) -> tuple[Usage, ...]:
    """Of one limit that many things have: all that come near to it, or the one that comes nearest."""
    return tuple(one for one in usages if one.near) or tuple(sorted(usages, key=lambda one: -one.used)[:1])


def report_usages(usages: Sequence[Usage], report: Report) -> None:
    """Say what is past a limit, and what is near to one, at the step that is responsible."""
    for one in usages:
        if not one.near or one.limit is None:
            continue
        count = f"{one.used:,} of at most {one.limit:,} {one.what}"
        if one.certain and one.over:
            report.add(rules.OVER_LIMIT, count, one.span, one.where, help=one.remedy)
        elif one.certain:
            part = 100 * one.used // one.limit
            report.add(rules.NEAR_LIMIT, f"{count}: {part} % of what is allowed", one.span, one.where, help=one.remedy)
        elif one.over:
            report.add(rules.NEAR_LIMIT, f"a run may take {count}", one.span, one.where, help=one.remedy)
