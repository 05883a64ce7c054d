"""Check that every step lies on a path from where the flow starts to where it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..diagnostics.model import Report
from ..diagnostics.rules import graph as rules
from ..frontend.definition import Definition
from ..ir.edges import edges_of


def check_reachable(definition: Definition, report: Report) -> None:
    """Every step can be reached, and the end from every step; one report for each cause, not for each step that it concerns."""
    steps, start, end = definition.steps, definition.ends.start, definition.ends.end
    if not definition.complete or start is None or end is None:
        return
    after = {name: [target for edge in edges_of(step) for target in edge.targets] for name, step in steps.items()}
    before: dict[str, list[str]] = {name: [] for name in steps}
    for name, targets in after.items():
        for target in targets:
            before[target].append(name)

    reached = _closure([start], after)
    ending = _closure([name for name, targets in after.items() if not targets], before)
    stuck = [name for name in reached if name not in ending]
    # That the end is not reached follows where no path leads there from anywhere.
    left = [name for name in steps if name not in reached and not (start in stuck and name == end)]
    while left:
        # A step that nothing leads to explains those after it; in a ring that nothing leads to, the first one written does.
        cause = next((name for name in left if not before[name]), left[0])
        echoes = _closure([cause], after)
        only_from = next((name for name in before[cause] if name in left), None)
        report.add(
            rules.UNREACHABLE,
            f"no path from `{start}` leads to step `{cause}`",
            steps[cause].span,
            f"only `{only_from}` leads here, and nothing leads there" if only_from else "never runs",
            help=f"lead to it with `self.next(self.{cause})`, or delete it",
        )
        left = [name for name in left if name not in echoes]

    if stuck:
        report.add(
            rules.NO_WAY_OUT,
            f"from step `{stuck[0]}` no path leads to `{end}`",
            steps[stuck[0]].span,
            "a run that comes here goes round for ever",
            also=[(steps[name].arms[0].span, "leads back") for name in stuck[-1:] if steps[name].arms],
            help="give the loop a way out, by a switch or an `if`",
        )


def _closure(roots: Iterable[str], edges: Mapping[str, list[str]]) -> dict[str, None]:
    """All that can be reached, in the order found."""
    found: dict[str, None] = {}
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = None
            pending.extend(reversed(edges[name]))
    return found
