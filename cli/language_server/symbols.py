"""The flow as an editor's outline: its parameters, and its steps in the order in which they run, each with where it leads.

Frames of branches and loops are not levels of the outline: what lies in a symbol must lie within its range of the text.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from lsprotocol import types

from ...compiler.frontend.body import Method
from ...compiler.source import Source, Span
from ..drawing import parameter_line, ways_of
from .positions import range_of
from .workspace import View


def symbols(views: Sequence[View], source: Source, encoding: str) -> list[types.DocumentSymbol]:
    """The flows that stand in a file, and of their steps those that do."""
    found: dict[str, types.DocumentSymbol] = {}
    for view in views:
        one = _flow(view, source, encoding)
        if one is not None and view.outline.definition.name not in found:
            found[view.outline.definition.name] = one
    return list(found.values())


def _flow(view: View, source: Source, encoding: str) -> types.DocumentSymbol | None:
    definition = view.outline.definition
    model = definition.model
    if model.context.source.path != source.path:
        return None
    whole, name = _whole(view, model.context.source, model.node), view.now(definition.span)
    if whole is None or name is None:
        return None
    parts = [*_parameters(view, source, encoding), *_steps(view, source, encoding)]
    place = range_of(name, source.lines, encoding)
    return types.DocumentSymbol(
        definition.name,
        types.SymbolKind.Class,
        _around(range_of(whole, source.lines, encoding), [place, *(one.range for one in parts)]),
        place,
        detail=definition.doc.strip().partition("\n")[0] or None,
        children=parts,
    )


def _parameters(view: View, source: Source, encoding: str) -> list[types.DocumentSymbol]:
    found = []
    for parameter in view.outline.definition.parameters:
        member = view.outline.member(parameter.attribute)
        if member is None or member.context.source.path != source.path:
            continue
        place = view.now(member.context.source.span(member.node))
        if place is not None:
            whole = range_of(place, source.lines, encoding)
            kind = types.SymbolKind.Property
            found.append(types.DocumentSymbol(parameter.attribute, kind, whole, whole, detail=parameter_line(parameter)))
    return found


def _steps(view: View, source: Source, encoding: str) -> list[types.DocumentSymbol]:
    found = []
    for name in _in_order(view):
        member = view.outline.member(name)
        if member is None or member.context.source.path != source.path or not isinstance(member.node, Method):
            continue
        whole, place = _whole(view, member.context.source, member.node), view.now(member.context.source.name_span(member.node))
        if whole is None or place is None:
            continue
        ways = [way for arm in view.outline.definition.steps[name].arms for way in ways_of(arm)]
        here = range_of(place, source.lines, encoding)
        around = _around(range_of(whole, source.lines, encoding), [here])
        detail = f"→ {', '.join(ways)}" if ways else "ends here"
        found.append(types.DocumentSymbol(name, types.SymbolKind.Function, around, here, detail=detail))
    return found


def _around(whole: types.Range, parts: Sequence[types.Range]) -> types.Range:
    """A range with all that must lie in it: where its end has changed, no more is known of that."""
    start = min([whole, *parts], key=lambda one: (one.start.line, one.start.character)).start
    end = max([whole, *parts], key=lambda one: (one.end.line, one.end.character)).end
    return types.Range(start, end)


def _in_order(view: View) -> list[str]:
    """The steps as they run; as they are written where the flow is not sound."""
    flow, definition = view.compilation.flow, view.outline.definition
    return [step.name for step in flow.steps] if flow is not None else list(definition.steps)


def _whole(view: View, source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span | None:
    """All of a definition, from its first decorator on; where something in it changed, by where its ends are now."""
    whole = source.span(node)
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    start = view.now(source.at(first, whole.column, 0))
    end = view.now(source.at(whole.end_line, whole.end_column, 0))
    if start is None:
        return None
    last = end or start
    return Span(path=whole.path, line=start.line, column=start.column, end_line=last.line, end_column=last.end_column)
