"""Steps that run the body of another step, by `super().start()` or `Base.start(self)`.

That is sound as long as the other body has no `self.next`: a step's ways on must stand in the step itself, where its readers (and
flowc) look for them, and a step goes on once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..diagnostics.rules import flow as rules
from .body import Method
from .members import ClassModel, Member
from .program import Found
from .syntax import self_of


def check_super(model: ClassModel, step: Member) -> bool:
    """Report a call of an overridden step that goes on by itself; whether there is one."""
    for call, called in _calls(model, step):
        goes_on = _goes_on(model, called)
        if goes_on is None:
            continue
        other, place = goes_on
        name = next(record.name for record in model.lineage if record.node is called.owner)
        step.context.report.add(
            rules.CALLED_STEP_GOES_ON,
            f"step `{step.name}` runs the body of `{name}.{called.name}`, which calls `self.next`",
            step.context.source.span(call),
            "would go on from here",
            also=[(other.context.source.span(place), "the `self.next` that it calls")],
            help=f"move what both share into a method without `@step`, call that from both, and end `{step.name}` in a "
            "`self.next` of its own",
        )
        return True
    return False


def _goes_on(model: ClassModel, step: Member) -> tuple[Member, ast.Call] | None:
    """The `self.next` of a step's body, or of a body that it runs in turn."""
    pending, seen = [step], {step.node}
    while pending:
        one = pending.pop()
        if not isinstance(one.node, Method):
            continue
        me = self_of(one.node)
        for part in one.context.contents(one.node).calls:
            match part:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="next")) if name == me:
                    return one, part
        for _, called in _calls(model, one):
            if called.node not in seen:
                seen.add(called.node)
                pending.append(called)
    return None


def _calls(model: ClassModel, step: Member) -> Iterator[tuple[ast.Call, Member]]:
    """The calls of bodies of other steps in a step: `super().x()`, `super(Class, self).x()` and `Base.x(self)`."""
    if not isinstance(step.node, Method):
        return
    me = self_of(step.node)
    for part in step.context.contents(step.node).calls:
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=args), attr=name)):
                owner = step.owner
                if args:
                    named = step.context.program.meaning(step.context, args[0])
                    owner = named.value if isinstance(named, Found) and isinstance(named.value, ast.ClassDef) else owner
                called = model.after(owner, name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name() | ast.Attribute() as base, attr=name), args=[ast.Name(id=one), *_]
            ) if one == me:
                named = step.context.program.meaning(step.context, base)
                node = named.value if isinstance(named, Found) else None
                record = model.record(node) if isinstance(node, ast.ClassDef) else None
                called = None
                if record is not None:
                    called = record.members.get(name) or model.after(record.node, name)
            case _:
                continue
        if called is not None and called.kind == "step" and called.node is not step.node:
            yield part, called
