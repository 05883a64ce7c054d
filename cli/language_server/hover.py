"""What an editor shows of the name under the cursor, as Markdown.

Of an artifact: where it is set, what is evident of it, and which steps read it. Of a step: what it says of itself, where it leads
and which steps lead to it. Of a parameter: its type, its default, its help.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from ...compiler.diagnostics.model import Diagnostic
from ...compiler.frontend.body import Method
from ...compiler.ir.edges import edges_of
from ...compiler.ir.nodes import Step
from ..drawing import decorator_line, parameter_line, ways_of
from .faults import shown
from .outline import Mention, Outline, doc_line
from .positions import touches
from .workspace import Cursor

MOST = 8
"""Steps and places that are listed before the rest is only counted."""

SHORT = 20
"""Characters of a constant that is shown itself."""


def text_at(cursor: Cursor) -> str:
    """All that is to be said of a place: of the name there, and of the faults."""
    named = (describe(view.outline, mention) for view, mention in cursor.mentions())
    parts = [one for one in dict.fromkeys(named) if one][:1]
    parts += [one for one in [explanation_at(cursor, shown(cursor.workspace))] if one]
    return "\n\n---\n\n".join(parts)


def describe(outline: Outline, mention: Mention) -> str:
    """What is known of a name; "" where that is nothing."""
    name = mention.name
    if name in outline.definition.steps:
        return _step(outline, outline.definition.steps[name])
    member = outline.member(name)
    if member is None:
        return _artifact(outline, mention)
    parameter = next((one for one in outline.definition.parameters if one.attribute == name), None)
    if parameter is not None:
        return _block(f"(parameter) {name}", [f"`{parameter_line(parameter)}`", *_uses(outline, name)])
    if member.kind in ("method", "property") and isinstance(member.node, Method):
        return _block(f"({member.kind}) {name}", [*doc_line(member), *_uses(outline, name)])
    return _artifact(outline, mention) if member.kind == "constant" else ""


def explain(one: Diagnostic) -> str:
    """What `flowc explain` says of a fault's rule."""
    return f"**{one.rule.code}** {one.rule.name}\n\n{inspect.cleandoc(one.rule.explanation).rstrip()}"


def explanation_at(cursor: Cursor, diagnostics: Iterable[Diagnostic]) -> str:
    """The explanations of the faults at a place, each once."""
    spans = ((one, one.primary.span) for one in diagnostics)
    here = [one for one, span in spans if span.path == cursor.path and touches(span, cursor.line, cursor.column)]
    return "\n\n---\n\n".join(dict.fromkeys(map(explain, here)))


def _step(outline: Outline, step: Step) -> str:
    definition = outline.definition
    notes = ["joins"] * step.joins
    notes += [mark for mark, name in (("start", definition.ends.start), ("end", definition.ends.end)) if name == step.name]
    head = f"(step) {step.name}" + (f"  # {', '.join(notes)}" if notes else "")
    member = outline.member(step.name)
    lines = doc_line(member) if member is not None else []
    lines += [f"`→ {way}`" for arm in step.arms for way in ways_of(arm)][: 2 * MOST]
    before = [one.name for one in definition.steps.values() if any(step.name in edge.targets for edge in edges_of(one))]
    lines += [f"after {_names(before)}"] if before else []
    lines += [f"`{decorator_line(one)}`" for one in step.decorators]
    return _block(head, lines)


def _artifact(outline: Outline, mention: Mention) -> str:
    mentions = outline.by_name[mention.name]
    writes = [one for one in mentions if one.role.writes]
    member = outline.member(mention.name)
    if not writes and member is None:
        return ""
    lines = []
    if member is not None:
        lines.append("a constant of the class")
    if writes:
        kinds = _kinds(outline, mention.name)
        places = [_place(outline, one, mention.span.path, kinds) for one in writes]
        lines.append(f"set in {_listed(places)}")
    lines += _uses(outline, mention.name)
    return _block(f"({'artifact' if writes else 'constant'}) {mention.name}", lines)


def _uses(outline: Outline, name: str) -> list[str]:
    reads = [one for one in outline.by_name.get(name, ()) if one.role.reads]
    steps = {step for one in reads for step in outline.steps_of(one)}
    found = [step for step in outline.definition.steps if step in steps]
    return [f"read by {_names(found)}"] if found else ["read by no step"]


def _kinds(outline: Outline, name: str) -> dict[tuple[str, int, int], str]:
    """What is evident of the values that are assigned to an artifact, by where their targets end."""
    found = {}
    for step in outline.definition.steps.values():
        for write in step.artifacts.writes:
            if write.name == name:
                constant = [repr(one) for one in write.value.constant if isinstance(one, bool | int | float | str | None)]
                short = constant and len(constant[0]) <= SHORT
                what = f"`{constant[0]}`" if short else write.value.what
                found[write.span.path, write.span.end_line, write.span.end_column] = what
    return found


def _place(outline: Outline, mention: Mention, path: str, kinds: Mapping[tuple[str, int, int], str]) -> str:
    """`start` (line 12, a list); of a method that is no step also the steps that call it."""
    span = mention.span
    where = f"line {span.line}" if span.path == path else f"{_from(path, span.path)} line {span.line}"
    what = kinds.get((span.path, span.end_line, span.end_column))
    text = f"`{mention.method}` ({where}, {what})" if what else f"`{mention.method}` ({where})"
    steps = [one for one in outline.steps_of(mention) if one != mention.method]
    return f"{text}, which {_names(steps)} call{'s' * (len(steps) == 1)}," if steps else text


def _from(path: str, other: str) -> str:
    """A file as it is called in the folder of another: `lib/mixins.py`, `../base.py`."""
    return PurePath(os.path.relpath(other, PurePath(path).parent)).as_posix()


def _names(names: list[str]) -> str:
    return _listed([f"`{one}`" for one in names])


def _listed(items: list[str]) -> str:
    """Words in a row, of which only the first are shown."""
    items = list(dict.fromkeys(items))
    if len(items) > MOST:
        items = [*items[: MOST - 1], f"{len(items) - MOST + 1} more"]
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items).replace(",,", ",")


def _block(head: str, lines: list[str]) -> str:
    return "\n\n".join([f"```python\n{head}\n```", *(line.rstrip(",") for line in lines)])
