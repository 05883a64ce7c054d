"""Check what a join reads of its inputs: that there is such an input (FC709), and that it has the artifact (FC701, FC702)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..dataflow.searches import lost_at
from ..dataflow.solve import Facts, Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..ir.artifacts import Take
from ..ir.nodes import Foreach, Step

_Part: TypeAlias = tuple[str, Facts]
"""A step that a branch may end with, and what is set there."""


def check_inputs(solution: Solution, report: Report) -> None:
    """One report for each artifact and join."""
    for step in solution.flow.steps:
        if not step.artifacts.takes or not solution.before[step.name].joined:
            continue
        told: set[str] = set()
        inputs = _inputs(solution, step)
        for take in step.artifacts.takes:
            if take.name in told:
                continue
            if take.claimed and isinstance(take.branch, str) and take.branch not in inputs.named:
                if f"inputs.{take.branch}" not in told:
                    told.add(f"inputs.{take.branch}")
                    _report_no_input(solution, report, step, inputs, take, take.branch)
            elif take.claimed and take.sure and _is_too_many(solution, report, step, take):
                told.add(f"inputs.{take.branch}")
            elif take.claimed and take.name and _is_missing(solution, report, step, inputs, take):
                told.add(take.name)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What a join gets.

    Attributes:
        splits: For each split that it may join the branches, each with the steps that it may end with.
        each: Which of the splits are foreach.
        named: By the name that `inputs` has it under: a step that ends a branch of a split.
        all: All of them, whichever split they are of.
        sure: Names that all of them surely have.
        maybe: Names that any of them may have.
    """

    splits: tuple[tuple[tuple[_Part, ...], ...], ...]
    each: tuple[bool, ...]
    named: Mapping[str, list[_Part]]
    all: tuple[_Part, ...]
    sure: int
    maybe: int

    def parts(self, branch: str | int | None) -> Iterator[_Part]:
        """Those that are read."""
        if isinstance(branch, str):
            yield from self.named[branch]
            return
        for branches, each in zip(self.splits, self.each, strict=True):
            chosen = branches if branch is None or each else (branches[branch % len(branches)],)
            for parts in chosen:
                yield from parts


def _is_too_many(solution: Solution, report: Report, step: Step, take: Take) -> bool:
    """Report a position past the last of the inputs, or another number of names than there are inputs; whether it is one."""
    splits = solution.before[step.name].joined
    counts = {len(one.branches) for one in splits}
    if not isinstance(take.branch, int) or any(isinstance(one.stage, Foreach) for one in splits):
        return False
    if take.unpacked and take.unpacked not in counts:
        message = f"join `{step.name}` gives names to {take.unpacked} inputs, and it has {max(counts)}"
        label, help = "one name for each", "write `for one in inputs`, or as many names as there are branches"
    elif not take.unpacked and not any(-count <= take.branch < count for count in counts):
        message = f"join `{step.name}` has no input {take.branch}: it has {max(counts)}, and they count from 0"
        label, help = "no such input", f"its last is `inputs[{max(counts) - 1}]`"
    else:
        return False
    names = dict.fromkeys(arrival.stage for one in splits for ends in one.branches for arrival in ends)
    help += f"; its branches end with {', '.join(f'`{name}`' for name in names)}"
    report.add(rules.NO_SUCH_INPUT, message, take.span, label, help=help)
    return True


def _inputs(solution: Solution, step: Step) -> _Inputs:
    joined = solution.before[step.name].joined
    splits = tuple(tuple(tuple((end.stage, solution.met((end,))) for end in ends) for ends in one.branches) for one in joined)
    each = tuple(isinstance(one.stage, Foreach) for one in joined)
    named: dict[str, list[_Part]] = {}
    for branches, foreach in zip(splits, each, strict=True):
        for part in (part for parts in branches for part in parts):
            if not foreach:
                named.setdefault(part[0], []).append(part)
    everything = tuple(part for branches in splits for parts in branches for part in parts)
    sure, maybe = -1, 0
    for _, facts in everything:
        sure &= facts.sure
        maybe |= facts.maybe
    return _Inputs(splits, each, named, everything, sure, maybe)


def _report_no_input(solution: Solution, report: Report, step: Step, inputs: _Inputs, take: Take, branch: str) -> None:
    names = tuple(dict.fromkeys(name for name, _ in inputs.all))
    if all(inputs.each):
        message = f"the inputs of join `{step.name}` have no names: they are the tasks of a foreach"
        help = f"write `inputs[0].{branch}`, or `[one.{branch} for one in inputs]`"
    else:
        message = f"join `{step.name}` has no input `{branch}`"
        guess = solution.guess(branch, names)
        shown = ", ".join([*(f"`{name}`" for name in names[:SHOWN]), *(["…"] if len(names) > SHOWN else [])])
        help = f"did you mean `{guess}`?" if guess else f"its branches end with {shown}"
        if branch in solution.written:
            one = f"inputs.{names[0]}.{branch}"
            help = f"`{branch}` is an artifact: write `{one}`, or `[one.{branch} for one in inputs]`"
    report.add(rules.NO_SUCH_INPUT, message, take.span, "no such input", help=help)


SHOWN: Final = 12
"""How many names a help lists."""


def _report_lost(solution: Solution, report: Report, step: Step, inputs: _Inputs, take: Take) -> bool:
    """Report an artifact that a branch had, and lost at a join of its own; whether there is such a branch."""
    for end, facts in inputs.parts(take.branch):
        if solution.has(facts.maybe, take.name):
            continue
        join = lost_at(solution, take.name, end)
        if join is None or join == step.name:
            continue
        writes = solution.written.get(take.name, [])
        report.add(
            rules.LOST_AT_JOIN,
            f"join `{step.name}` reads `{take.name}` of its inputs, which join `{join}` does not hand on",
            take.span,
            "not set there",
            also=[
                (solution.steps[join].span, "starts without artifacts"),
                *((write.span, "set here") for _, write in writes[:1]),
            ],
            help=f'call `self.merge_artifacts(inputs, include=["{take.name}"])` in `{join}`, or assign `self.{take.name}` there',
        )
        return True
    return False


def _is_missing(solution: Solution, report: Report, step: Step, inputs: _Inputs, take: Take) -> bool:
    """Report an artifact that the inputs do not have, or not all of them; whether there was something to report."""
    if solution.has(inputs.sure, take.name) and solution.has(inputs.maybe, take.name):
        return False
    parts = [] if take.branch is None and not solution.has(inputs.maybe, take.name) else list(inputs.parts(take.branch))
    if not any(solution.has(one.maybe, take.name) for _, one in parts):
        if _report_lost(solution, report, step, inputs, take):
            return True
        guess = solution.guess(take.name)
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
    unnamed = any(inputs.each) and not isinstance(take.branch, str)
    if not take.sure or (not take.every and (take.branch is None or unnamed)):
        return False
    lacking = next((name for name, one in parts if not solution.has(one.sure, take.name)), None)
    if lacking is None:
        return False
    if _report_lost(solution, report, step, inputs, take):
        return True
    report.add(
        rules.NOT_ALWAYS_SET,
        f"join `{step.name}` reads `{take.name}` of its inputs, and not every one has it",
        take.span,
        f"the branch that ends with `{lacking}` may not set it",
        also=[(write.span, "set here") for _, write in solution.written.get(take.name, [])[:2]],
        help=f'set `self.{take.name}` in every branch, or ask first: `getattr(one, "{take.name}", None)`',
    )
    return True
