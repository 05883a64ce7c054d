"""Searches back through the graph, for what a message says of where an artifact went."""

from __future__ import annotations

from collections.abc import Iterator

from .solve import Solution


def backwards(solution: Solution, start: str) -> Iterator[str]:
    """Steps that lead to a step, the nearest first, the step itself included, as far as one may search."""
    seen = {start}
    pending = [start]
    for step in pending:
        yield step
        solution.searches -= 1
        if solution.searches < 0:
            return
        before = solution.before[step]
        arrivals = [*before.arrivals, *(one for joined in before.joined for branch in joined.branches for one in branch)]
        for arrival in arrivals:
            if arrival.stage not in seen:
                seen.add(arrival.stage)
                pending.append(arrival.stage)


def lost_at(solution: Solution, name: str, start: str) -> str | None:
    """The join nearest before a step, or that step itself, whose inputs may have an artifact that it does not hand on."""
    arriving, any_of_them = solution.arriving()
    if not solution.has(any_of_them, name):
        return None
    for step in backwards(solution, start):
        if solution.has(arriving.get(step, 0), name):
            return step
    # Either no such join leads here, or there have been too many searches to find it.
    return None if solution.searches >= 0 else next(step for step, maybe in arriving.items() if solution.has(maybe, name))
