"""Check what a join reads of its inputs: that there is such an input (FC709), and that it has the artifact (FC701, FC702)."""

from __future__ import annotations

from collections.abc import Iterator

from ..dataflow.solve import Facts, Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..frontend.context import did_you_mean
from ..ir.artifacts import Take
from ..ir.lineage import Joined
from ..ir.nodes import Foreach, Step


def check_inputs(solution: Solution, report: Report) -> None:
    """One report for each artifact and join."""
    for step in solution.flow.steps:
        told: set[str] = set()
        for take in step.artifacts.takes:
            if take.name in told or not solution.before[step.name].joined:
                continue
            if take.claimed and isinstance(take.branch, str) and not _is_input(solution, step, take.branch):
                if f"inputs.{take.branch}" not in told:
                    told.add(f"inputs.{take.branch}")
                    _report_no_input(solution, report, step, take, take.branch)
            elif take.claimed and take.name and _is_missing(solution, report, step, take):
                told.add(take.name)


def _is_input(solution: Solution, step: Step, branch: str) -> bool:
    return any(
        arrival.stage == branch
        for joined in solution.before[step.name].joined
        if not isinstance(joined.stage, Foreach)
        for ends in joined.branches
        for arrival in ends
    )


def _report_no_input(solution: Solution, report: Report, step: Step, take: Take, branch: str) -> None:
    joined = solution.before[step.name].joined
    names = dict.fromkeys(arrival.stage for one in joined for ends in one.branches for arrival in ends)
    if all(isinstance(one.stage, Foreach) for one in joined):
        message = f"the inputs of join `{step.name}` have no names: they are the tasks of a foreach"
        help = f"write `inputs[0]`, or `[one.{branch} for one in inputs]`"
    else:
        message = f"join `{step.name}` has no input `{branch}`"
        guess = did_you_mean(branch, names)
        help = f"did you mean `{guess}`?" if guess else f"its branches end with {', '.join(f'`{name}`' for name in names)}"
    report.add(rules.NO_SUCH_INPUT, message, take.span, "no such input", help=help)


def _is_missing(solution: Solution, report: Report, step: Step, take: Take) -> bool:
    """Report an artifact that the inputs do not have, or not all of them; whether there was something to report."""
    parts = list(_parts(solution, solution.before[step.name].joined, take))
    have = [solution.has(one.maybe, take.name) for _, one in parts]
    if not any(have):
        known = sorted({name for _, one in parts for name in solution.names(one.maybe)} | _written(solution))
        guess = did_you_mean(take.name, [name for name in known if name != take.name])
        where = f"branch `{take.branch}`" if isinstance(take.branch, str) else "the branches"
        report.add(
            rules.NEVER_SET,
            f"join `{step.name}` reads `{take.name}` of its inputs, which no step before it sets",
            take.span,
            "never set",
            help=f"did you mean `{guess}`?" if guess else f"set `self.{take.name}` in {where}",
        )
        return True
    # Where one input is meant, and nobody can see which, it may be one that has it.
    each = any(isinstance(one.stage, Foreach) for one in solution.before[step.name].joined)
    unnamed = each and not isinstance(take.branch, str)
    if not take.sure or (not take.every and (take.branch is None or unnamed)):
        return False
    lacking = [ends for ends, one in parts if not solution.has(one.sure, take.name)]
    if not lacking:
        return False
    report.add(
        rules.NOT_ALWAYS_SET,
        f"join `{step.name}` reads `{take.name}` of its inputs, and not every one has it",
        take.span,
        f"the branch that ends with `{lacking[0]}` may not set it",
        also=[
            (write.span, "set here") for one in solution.flow.steps for write in one.artifacts.writes if write.name == take.name
        ][:2],
        help=f'set `self.{take.name}` in every branch, or ask first: `getattr(one, "{take.name}", None)`',
    )
    return True


def _parts(solution: Solution, splits: tuple[Joined, ...], take: Take) -> Iterator[tuple[str, Facts]]:
    """The branches that are read, each with the step that it may end with and what is set there."""
    for joined in splits:
        for number, ends in enumerate(joined.branches):
            if isinstance(take.branch, str):
                ends = tuple(one for one in ends if one.stage == take.branch)
            elif isinstance(take.branch, int) and not isinstance(joined.stage, Foreach):
                ends = ends if number == take.branch % len(joined.branches) else ()
            for end in ends:
                yield end.stage, solution.met((end,))


def _written(solution: Solution) -> set[str]:
    return {write.name for step in solution.flow.steps for write in step.artifacts.writes}
