"""Check `merge_artifacts`: that it can work at all (FC710), and that no artifact has several values in the inputs (FC704)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..dataflow.solve import Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..ir.artifacts import Merge, Write
from ..ir.lineage import Joined
from ..ir.nodes import Block, Foreach, Parallel, Step, Task
from ..ir.walk import walk_stages
from ..source import Span


def check_merges(solution: Solution, report: Report) -> None:
    """One report for each merge and kind of fault."""
    for step in solution.flow.steps:
        for merge in step.artifacts.merges:
            if not merge.claimed:
                continue
            if not step.joins:
                report.add(
                    rules.BAD_MERGE,
                    f"step `{step.name}` calls `merge_artifacts`, but joins nothing",
                    merge.span,
                    help="take it away: without a split, what a step keeps is there in the next one",
                )
            elif merge.include and merge.exclude:
                report.add(
                    rules.BAD_MERGE,
                    "`merge_artifacts` has both `include` and `exclude`",
                    merge.span,
                    help="give one of them: what is included leaves out all others",
                )
            elif merge.known and not _includes_unknown(solution, report, step, merge):
                _check_ambiguous(solution, report, step, merge)


def _includes_unknown(solution: Solution, report: Report, step: Step, merge: Merge) -> bool:
    maybe = solution.inputs(step.name).maybe
    members = {one.attribute for one in solution.flow.parameters}
    for name in merge.include or ():
        if not solution.has(maybe, name) and name not in members and name not in merge.set_before:
            guess = solution.guess(name, solution.names(maybe))
            help = f"did you mean `{guess}`?" if guess else f"set `self.{name}` in a branch, or take it away"
            report.add(rules.BAD_MERGE, f"`merge_artifacts` includes `{name}`, which no input has", merge.span, help=help)
            return True
    return False


def _check_ambiguous(solution: Solution, report: Report, step: Step, merge: Merge) -> None:
    for joined in solution.before[step.name].joined:
        found = [
            (name, places)
            for name, places in _conflicts(solution, joined)
            if name not in (*merge.exclude, *merge.set_before)
            and not name.startswith("_")
            and (merge.include is None or name in merge.include)
        ]
        if found:
            names = ", ".join(f"`{name}`" for name, _ in found)
            (name, _), *_ = found
            it = "it" if len(found) == 1 else "them"
            exclude = ", ".join(f'"{name}"' for name, _ in found)
            help = f"assign {it} before the merge, or leave {it} out: `exclude=[{exclude}]`"
            maybe = solution.inputs(step.name).maybe
            for given in merge.exclude:
                guess = None if solution.has(maybe, given) else solution.guess(given, [name for name, _ in found])
                help = f"no input has the excluded `{given}`: did you mean `{guess}`?" if guess else help
            report.add(
                rules.AMBIGUOUS_MERGE,
                f"join `{step.name}` cannot merge {names}: the inputs have different values of {it}",
                merge.span,
                f"which `{name}`?",
                also=[place for _, places in found[:3] for place in places],
                help=help,
            )
            return


def would_conflict(solution: Solution, step: Step) -> bool:
    """Whether a merge of all that the inputs of a join have would evidently fail, where the flow has none so far."""
    for joined in solution.before[step.name].joined:
        if isinstance(joined.stage, Foreach):
            written = _written(solution, joined.stage.body)
            if any(all(write.value.varies for write in writes) for writes in written.values()):
                return True
    return False


def _conflicts(solution: Solution, joined: Joined) -> Iterator[tuple[str, list[tuple[Span, str]]]]:
    """Names with different values in the inputs, and where these come from."""
    match joined.stage:
        case Foreach(body=body):
            maybe = solution.joined(joined).maybe
            for name, writes in _written(solution, body).items():
                varying = [write for write in writes if write.value.varies]
                if varying and len(varying) == len(writes) and solution.has(maybe, name):
                    yield name, [(varying[0].span, "differs from item to item")]
        case Parallel(branches=branches):
            split = solution.exit.get((joined.stage.split, joined.key))
            written = [_written(solution, branch) for branch in branches]
            ends = [solution.met(branch) for branch in joined.branches]
            for name in dict.fromkeys(name for one in written for name in one):
                there = [number for number, end in enumerate(ends) if solution.has(end.sure, name)]
                setting = [number for number in there if name in written[number]]
                for number, other in pairwise(setting):
                    mine, others = written[number][name], written[other][name]
                    if not _alike(mine, others):
                        yield name, [(mine[0].span, "one value"), (others[0].span, "another")]
                        break
                else:
                    keeping = [number for number in there if number not in setting]
                    if setting and keeping and split is not None and solution.has(split.sure, name):
                        write = written[setting[0]][name][0]
                        yield name, [(write.span, "changed in this branch, and not in others")]


def _alike(mine: list[Write], others: list[Write]) -> bool:
    """Whether two branches may well leave the same value: an expression of one stands in the other too."""
    texts = {write.value.text for write in mine}
    return any(write.value.text in texts for write in others)


def _written(solution: Solution, block: Block) -> dict[str, list[Write]]:
    """What the steps of a block assign, as far as it can be followed, by name."""
    found: dict[str, list[Write]] = {}
    for stage in walk_stages(block):
        if isinstance(stage, Task):
            for write in solution.steps[stage.name].artifacts.writes:
                found.setdefault(write.name, []).append(write)
    return found
