"""Where a flow starts and where it ends.

    @step
    def start(self): …          by name: `start` and `end`

    @step(start=True)
    def load(self): …           or by mark; a step that is only *named* `start` is then one like any other

A flow of one step, without `self.next`, starts and ends there whatever its name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from ..diagnostics.rules import flow as rules
from .body import Method, is_step, step_decorator
from .constants import NotConstant
from .context import Context, did_you_mean
from .members import ClassModel, Member
from .syntax import self_of

_MARKS = ("start", "end")


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a flow starts and ends.

    Attributes:
        start: The step where a run starts, or None.
        end: The step where it ends, or None.
        unclear: Steps whose marks are faulty. Where there is one, nothing follows from what is missing.
    """

    start: str | None
    end: str | None
    unclear: frozenset[str] = frozenset()


def find_ends(model: ClassModel, steps: Iterable[Member]) -> Ends:
    """Find the step where a run starts and the one where it ends; reports marks that say nothing, or two things."""
    steps = tuple(steps)
    marked: dict[str, list[tuple[Member, ast.expr]]] = {mark: [] for mark in _MARKS}
    unmarked: dict[str, set[str]] = {mark: set() for mark in _MARKS}
    unclear: set[str] = set()
    for step in steps:
        record = model.record(step.owner)
        if record is None or not isinstance(step.node, Method):
            continue
        for mark, value, place in _marks(record.inside, step.node):
            if value is None:
                unclear.add(step.name)
            elif value:
                marked[mark].append((step, place))
            else:
                unmarked[mark].add(step.name)
    found = {mark: _one(mark, marked[mark]) for mark in _MARKS}
    unclear |= {again.name for mark in _MARKS for again, _ in marked[mark][1:]}
    names = {step.name for step in steps}
    for mark in _MARKS:
        if found[mark] is None and mark in names - unmarked[mark]:
            found[mark] = mark
    alone = len(steps) == 1 and not goes_on(steps[0].context, steps[0].node)
    if alone and not any(mark in model.members.keys() - names for mark in _MARKS):
        (only,) = steps
        found = {mark: None if only.name in unmarked[mark] else only.name for mark in _MARKS}
    return Ends(found["start"], found["end"], frozenset(unclear))


def _one(mark: str, marked: list[tuple[Member, ast.expr]]) -> str | None:
    """The step that bears a mark; a second one is a fault."""
    for again, place in marked[1:2]:
        first, where = marked[0]
        again.context.report.add(
            rules.MARKED_TWICE,
            f"two steps are marked as the {mark} of the flow: `{first.name}` and `{again.name}`",
            again.context.source.span(place),
            "and this one",
            also=[(first.context.source.span(where), "this one")],
            help=f"a flow has one {mark}: take one of the marks away",
        )
    return marked[0][0].name if marked else None


def _marks(context: Context, function: Method) -> list[tuple[str, bool | None, ast.expr]]:
    """What `@step(…)` above a step says; None for a value where that cannot be understood."""
    decorator = step_decorator(context, function)
    if not isinstance(decorator, ast.Call):
        return []
    for position in decorator.args:
        context.fault(rules.BAD_MARK, "`@step` takes its arguments by name", position, help="write `@step(start=True)`")
    found: list[tuple[str, bool | None, ast.expr]] = [("start", None, position) for position in decorator.args]
    for keyword in decorator.keywords:
        if keyword.arg == "node_info":
            continue  # what Metaflow keeps of it, no one but its own client can ask for
        if keyword.arg not in _MARKS:
            what = f"has no argument `{keyword.arg}`" if keyword.arg else "cannot be read with `**`"
            guess = did_you_mean(keyword.arg or "", _MARKS)
            help = f"did you mean `{guess}`?" if guess else "it takes `start=True` and `end=True`"
            context.fault(rules.BAD_MARK, f"`@step` {what}", keyword, help=help)
            found.append(("start", None, keyword.value))
            continue
        try:
            value = context.constant(keyword.value)
        except NotConstant as reason:
            message = f"`{keyword.arg}` of `@step` is not a constant: {reason}"
            context.fault(rules.BAD_MARK, message, reason.node, "not constant", help=f"write `{keyword.arg}=True`")
            found.append((keyword.arg, None, keyword.value))
            continue
        found.append((keyword.arg, value if isinstance(value, bool) else None, keyword.value))
        if not isinstance(value, bool):
            context.fault(rules.BAD_MARK, f"`{keyword.arg}` of `@step` takes True or False", keyword.value)
    return found


def find_astray(model: ClassModel) -> frozenset[str]:
    """The names of steps that stand outside of the flow's class, which this reports, or within another step."""
    context, found = model.context, set[str]()
    for node in context.module.tree.body:
        if isinstance(node, Method) and is_step(context, node) and [one.arg for one in node.args.args[:1]] == ["self"]:
            found.add(node.name)
            context.report.add(
                rules.STEP_NOT_PLAIN,
                f"step `{node.name}` does not stand in a class",
                context.source.name_span(node),
                "outside of the flow",
                help=f"indent it, so that it stands in `class {model.name}`",
            )
    if any(one.rule is rules.STEP_NOT_PLAIN for one in context.report.diagnostics):
        for part in ast.walk(model.node):
            if isinstance(part, Method) and part not in model.node.body and is_step(context, part):
                found.add(part.name)
    return frozenset(found)


def goes_on(context: Context, node: ast.stmt) -> bool:
    """Whether a method has a `self.next`, or something that looks as if it were meant for one."""
    if not isinstance(node, Method):
        return False
    me = self_of(node)
    nexts = context.contents(node).nexts
    return any(isinstance(one.value, ast.Name) and one.value.id == me for one in nexts)
