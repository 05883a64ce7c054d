"""Check that what a step uses is set: on some path (FC701), on every path (FC702), and also past a join (FC703)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..dataflow.searches import backwards, lost_at
from ..dataflow.solve import Solution
from ..diagnostics.model import Report
from ..diagnostics.rules import artifacts as rules
from ..ir.artifacts import Read
from ..ir.nodes import Step
from ..source import Span
from .check_merges import would_conflict

_USES = {"read": "reads", "call": "calls", "foreach": "goes through each of", "condition": "decides by", "delete": "deletes"}

_METAFLOWS_OWN = {
    "_current_step": "`current.step_name`",
    "_foreach_stack": "`self.foreach_stack()`",
    "_graph_info": "`flowc show` to see the graph",
    "_datastore": "`current.pathspec` to tell the task",
    "_task_id": "`current.task_id`",
    "_run_id": "`current.run_id`",
}
"""Attributes of Metaflow's flows that are not meant for users, and what users may mean by them."""


def check_reads(solution: Solution, report: Report) -> None:
    """One report for each artifact and kind of fault: the first use is where it is shown, the others are labels."""
    never: dict[str, list[_Use]] = {}
    lost: dict[tuple[str, str], list[_Use]] = {}
    partly: dict[str, list[_Use]] = {}
    for use in _uses(solution):
        if solution.has(use.sure, use.read.name):
            continue
        if not solution.has(use.maybe, use.read.name):
            join = lost_at(solution, use.read.name, use.step.name)
            if join is not None:
                lost.setdefault((use.read.name, join), []).append(use)
            else:
                never.setdefault(use.read.name, []).append(use)
        elif use.read.sure:
            partly.setdefault(use.read.name, []).append(use)
    for uses in never.values():
        _report_never(solution, report, uses)
    for (_, join), uses in lost.items():
        _report_lost(solution, report, solution.steps[join], uses)
    for uses in partly.values():
        _report_partly(solution, report, uses)


@dataclass(frozen=True, slots=True)
class _Use:
    """A use, and what is set where it stands."""

    step: Step
    read: Read
    sure: int
    maybe: int


def _uses(solution: Solution) -> Iterator[_Use]:
    for step in solution.flow.steps:
        entry = solution.entry[step.name]
        for read in step.artifacts.reads:
            if not read.claimed:
                continue
            sure, maybe = entry.sure, entry.maybe
            for position in read.merges:
                merged = solution.merged(step.name, step.artifacts.merges[position])
                sure, maybe = sure | merged.sure, maybe | merged.maybe
            yield _Use(step, read, sure, maybe)


def _labels(uses: list[_Use]) -> list[tuple[Span, str]]:
    first, *others = uses
    called = [(first.read.via, "called here")] if first.read.via else []
    return called + [(one.read.span, f"also used in `{one.step.name}`") for one in others[:2]]


def _sentence(use: _Use) -> str:
    return f"step `{use.step.name}` {_USES[use.read.use]} `self.{use.read.name}`"


def _report_never(solution: Solution, report: Report, uses: list[_Use]) -> None:
    use = uses[0]
    name = use.read.name
    flow = solution.flow
    before = set(backwards(solution, use.step.name))
    guess = solution.guess(name)
    writes = solution.written.get(name, [])
    also = _labels(uses)
    what, help = "which nothing before it sets", f"set it in a step before: `self.{name} = …`"
    plain = [span for step in flow.steps if step.name in before for one, span in step.artifacts.plain if one == name]
    deleted = [
        read.span
        for step in flow.steps
        if step.name in before - {use.step.name}
        for read in step.artifacts.reads
        if read.name == name and read.use == "delete"
    ]
    renamed = [one for one in flow.parameters if one.name.replace("-", "_") == name]
    if name in _METAFLOWS_OWN:
        help = f"this is Metaflow's own; write {_METAFLOWS_OWN[name]}"
    elif renamed:
        also.append((renamed[0].span, "the parameter of this name"))
        help = f"in the flow it is called `self.{renamed[0].attribute}`"
    elif deleted and any(step.name in before for step, _ in writes):
        also += [(writes[0][1].span, "set here"), (deleted[0], "deleted here")]
        what, help = "which is deleted before", "delete it later"
    elif plain:
        also.append((plain[0], "a plain variable, which ends with its step"))
        help = f"keep it as an artifact: `self.{name} = …`"
    elif guess:
        help = f"did you mean `{guess}`?"
    else:
        if use.read.use == "call":
            help = f"define it: `def {name}(self, …):`"
        late = [(step, write) for step, write in writes if write.span != use.read.span]
        if late:
            step, write = late[0]
            where = "after it is used" if step is use.step else f"in `{step.name}`, which does not come before"
            also.append((write.span, f"set here, {where}"))
    label = "never set" if what.endswith("sets") else "not set here"
    report.add(rules.NEVER_SET, f"{_sentence(use)}, {what}", use.read.span, label, also=also, help=help)


def _report_lost(solution: Solution, report: Report, join: Step, uses: list[_Use]) -> None:
    use = uses[0]
    name = use.read.name
    writes = solution.written.get(name, [])
    also = [*((write.span, "set here") for _, write in writes[:1]), *_labels(uses)]
    if join.name == use.step.name:
        message = f"join `{join.name}` {_USES[use.read.use]} `self.{name}`, but a join starts without artifacts"
        help = f"read it from the inputs, as `inputs[0].{name}`, or call `self.merge_artifacts(inputs)` first"
        if any(write.value.varies for step in solution.flow.steps for write in step.artifacts.writes if write.name == name):
            help = f"read it from each of the inputs: `[one.{name} for one in inputs]`"
    else:
        message = f"{_sentence(use)}, which join `{join.name}` does not hand on"
        also.insert(0, (join.span, "starts without artifacts"))
        include = f', include=["{name}"]' if would_conflict(solution, join) else ""
        help = f"call `self.merge_artifacts(inputs{include})` in `{join.name}`, or assign `self.{name}` there"
    report.add(rules.LOST_AT_JOIN, message, use.read.span, "not set here", also=also, help=help)


def _report_partly(solution: Solution, report: Report, uses: list[_Use]) -> None:
    use = uses[0]
    path = _missing_path(solution, use)
    shown = " → ".join(_shortened([f"`{name}`" for name in path]))
    writes = [
        (write.span, _how_set(step) if step.name in path[:-1] else "set here")
        for step, write in solution.written.get(use.read.name, [])[:2]
    ]
    report.add(
        rules.NOT_ALWAYS_SET,
        f"{_sentence(use)}, which is not set on every path",
        use.read.span,
        f"not set on the path {shown}" if path else "not always set",
        also=[*writes, *_labels(uses)],
        help=f'set `self.{use.read.name}` on that path too, or ask first: `getattr(self, "{use.read.name}", None)`',
    )


def _how_set(step: Step) -> str:
    """Why a step that sets an artifact may go on without it."""
    if any(one.name == "catch" for one in step.decorators):
        return "set here, and lost where the step fails and is caught"
    return "set here, in some cases only"


def _missing_path(solution: Solution, use: _Use) -> list[str]:
    """The steps of a path on which nothing sets the artifact."""
    name, target = use.read.name, use.step.name
    came: dict[str, str | None] = {target: None}
    pending = [target]
    for step in pending:
        solution.searches -= 1
        if solution.searches < 0:
            return []
        if not solution.has(solution.entry[step].sure, name) and (step == solution.flow.start or solution.before[step].joined):
            return list(_forwards(came, step))
        for arrival in solution.before[step].arrivals:
            if arrival.stage not in came and not solution.has(solution.exit[arrival.stage, arrival.key].sure, name):
                came[arrival.stage] = step
                pending.append(arrival.stage)
    return []


def _forwards(came: dict[str, str | None], step: str) -> Iterator[str]:
    at: str | None = step
    while at is not None:
        yield at
        at = came[at]


def _shortened(names: list[str]) -> list[str]:
    return names if len(names) <= 7 else [*names[:3], "…", *names[-3:]]
