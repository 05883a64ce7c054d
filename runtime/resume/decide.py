"""Which tasks of an older run a new one takes over.

In: the flow as it is compiled now, and a `Survey` of the older run. Out: a `Decision`. Nothing is read or run.

The plan is walked as the scheduler walks it (`local.tree`), with what the older run's tasks chose. A task that is reached is
taken over if the older run has committed it, and what it said still means something; then the walk goes on from there. So what
comes after a task that runs again is never reached, and runs again too.

**Invariant:** what is taken over depends on nothing that runs again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .. import paths
from ..errors import PlanError
from ..local.tree import Walk
from ..plan import Edge, ForeachScope, Joined, LoopScope, Origin, Plan, Scope, Step, parse_plan
from .survey import Committed, Ready, Survey

Taken: TypeAlias = tuple[str | None, int | None]
"""What a task chose, and how many items its foreach has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a new run does with the tasks of an older one.

    Attributes:
        origin: The older run's id.
        reused: The tasks that are taken over, each after those that it depends on.
        again: The tasks that run first, each with the reason.
        over: Whether nothing is left to run.
        changed: Steps with reused tasks whose code is not what it was; None: that cannot be told.
    """

    origin: str
    reused: Mapping[Ready, Taken]
    again: Mapping[Ready, str]
    over: bool
    changed: tuple[str, ...] | None


def decide(plan: Plan, survey: Survey, again_from: str | None = None) -> Decision:
    """Decide it.

    Args:
        plan: The flow as it is now.
        again_from: A step that runs again, with all that comes after it.
    """
    before = _old_plan(survey)
    walk = Walk(plan)
    reused: dict[Ready, Taken] = {}
    again: dict[Ready, str] = {}
    misfits: dict[str, str | None] = {}
    while (task := walk.take()) is not None:
        name = task[0]
        step = plan.steps[name]
        if name not in misfits:
            misfits[name] = _misfit(step, before)
        old = before.steps.get(name) if before else None
        committed = survey.committed.get(task)
        if name == again_from:
            again[task] = "as --from says"
        elif misfits[name] is not None:
            again[task] = misfits[name] or ""
        elif committed is None:
            again[task] = _absence(task, survey)
        elif (reason := _went_elsewhere(step, old, task[1], committed)) is not None:
            again[task] = reason
        else:
            reused[task] = committed.chose, committed.cardinality
            walk.end(task, committed.chose, committed.cardinality)
    steps = dict.fromkeys(name for name, _ in reused)
    changed = None if before is None else tuple(name for name in steps if before.steps[name].code != plan.steps[name].code)
    return Decision(origin=survey.run, reused=reused, again=again, over=walk.over, changed=changed)


def tell(plan: Plan, decision: Decision) -> list[tuple[str, str]]:
    """The plan of a new run for people: each step, in the flow's order, and what becomes of its tasks."""
    kept: dict[str, int] = {}
    for name, _ in decision.reused:
        kept[name] = kept.get(name, 0) + 1
    first: dict[str, dict[str, int]] = {}
    for (name, _), reason in decision.again.items():
        first.setdefault(name, {}).setdefault(reason, 0)
        first[name][reason] += 1
    later = _after(plan, first)
    told = []
    for name in plan.steps:
        parts = [f"reused ({_count(kept[name])})"] if name in kept else []
        for reason, count in first.get(name, {}).items():
            one = "runs" if reason.startswith("it is new") else "runs again"
            parts.append(f"{one}: {reason}" if count == 1 and name not in kept else f"{one} ({_count(count)}): {reason}")
        if name in later and name not in first:
            parts.append("runs where what comes before it runs" if parts else "runs: it comes after these")
        told.append((name, "; ".join(parts) or "not on the way taken"))
    return told


def _old_plan(survey: Survey) -> Plan | None:
    try:
        return None if survey.plan is None else parse_plan(survey.plan)
    except PlanError:  # of another version of flowc: what has changed cannot be told, and nothing else is lost
        return None


def _absence(task: Ready, survey: Survey) -> str:
    if task in survey.damaged:
        return f"{survey.damaged[task]} in run {survey.run}"
    return f"it failed in run {survey.run}" if task in survey.failed else f"run {survey.run} did not come to it"


def _misfit(step: Step, before: Plan | None) -> str | None:
    """Why no task of a step can be taken over, by what the two plans say of it."""
    if before is None:
        return None
    old = before.steps.get(step.name)
    if old is None:
        return "it is new"
    if _nesting(step.scopes) != _nesting(old.scopes):
        return "other foreaches or loops are around it now"
    if not _comes_as_before(step, old):
        return "other steps come before it now"
    return None


def _nesting(scopes: tuple[Scope, ...]) -> list[tuple[str, ...]]:
    return [(one.split, one.variable) if isinstance(one, ForeachScope) else (one.header,) for one in scopes]


def _comes_as_before(step: Step, old: Step) -> bool:
    """Whether the steps that could come before a step still can; others may have been added."""
    if step.joins != old.joins or not _names(old.before) <= _names(step.before):
        return False
    return all(any(_joins_alike(one, other) for other in step.joined) for one in old.joined)


def _joins_alike(old: Joined, new: Joined) -> bool:
    return (
        (old.kind, old.split) == (new.kind, new.split)
        and len(old.branches) == len(new.branches)
        and all(_names(one) <= _names(other) for one, other in zip(old.branches, new.branches, strict=True))
    )


def _names(origins: tuple[Origin, ...]) -> set[str]:
    return {one.step for one in origins}


def _went_elsewhere(step: Step, old: Step | None, path: str, committed: Committed) -> str | None:
    """Why what a task chose means nothing any more."""
    if not paths.fits(paths.parse(path), step.scopes):
        return "other foreaches or loops are around it now"
    if not step.edges and committed.chose is None and committed.cardinality is None:
        return None
    edge = _edge(step, committed.chose)
    if edge is None:
        return "the way that it chose is gone"
    was = _edge(old, committed.chose) if old is not None else None
    if (edge.kind == "foreach") != (committed.cardinality is not None):
        return "it goes on in another way now"
    if edge.kind == "foreach":
        renamed = was is not None and was.variable != edge.variable
        if renamed or edge.variable not in committed.artifacts:
            return f"its foreach is over `{edge.variable}` now"
    for scope, component in zip(step.scopes, paths.parse(path), strict=True):
        closes = isinstance(scope, LoopScope) and edge.targets == (scope.header,)
        if closes and isinstance(scope, LoopScope) and paths.number(component) + 1 >= scope.limit:
            return f"its loop has {scope.limit} turns at the most now"
    return None


def _edge(step: Step, chose: str | None) -> Edge | None:
    if chose is None:
        return step.edges[0] if len(step.edges) == 1 else None
    return next((one for one in step.edges if one.key == chose), None)


def _after(plan: Plan, first: Mapping[str, object]) -> set[str]:
    """The steps that come after some, each of them included where it comes after itself or another."""
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        for edge in plan.steps[waiting.pop()].edges:
            for name in edge.targets:
                if name not in found:
                    found.add(name)
                    waiting.append(name)
    return found


def _count(number: int) -> str:
    return f"{number} task" if number == 1 else f"{number} tasks"
