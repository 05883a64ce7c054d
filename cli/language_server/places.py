"""Where a name of a flow's is defined, assigned and read: from a place in a text to ranges in it and in other files."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from ...compiler.source import Span
from .outline import Role
from .positions import range_of
from .workspace import Cursor, View

_HIGHLIGHTS = {
    Role.DEFINE: types.DocumentHighlightKind.Text,
    Role.READ: types.DocumentHighlightKind.Read,
    Role.UPDATE: types.DocumentHighlightKind.Write,
    Role.WRITE: types.DocumentHighlightKind.Write,
}


def definition(cursor: Cursor) -> list[types.Location]:
    """The step, method or parameter that a name means; of an artifact every assignment."""
    return _locations(
        cursor, [(view, one.span) for view, mention in cursor.mentions() for one in view.outline.definitions(mention.name)]
    )


def references(cursor: Cursor, *, declared: bool = True) -> list[types.Location]:
    """Every mention of a name; `declared`: also where it is defined."""
    found = []
    for view, mention in cursor.mentions():
        places = {one.span for one in view.outline.definitions(mention.name)} if not declared else set()
        found += [(view, one.span) for one in view.outline.by_name[mention.name] if one.span not in places]
    return _locations(cursor, found)


def highlights(cursor: Cursor) -> list[types.DocumentHighlight]:
    """The mentions of a name in the same file."""
    found: dict[Span, Role] = {}
    for view, mention in cursor.mentions():
        for one in view.outline.by_name[mention.name]:
            now = view.now(one.span)
            if one.span.path == cursor.path and now is not None:
                found[now] = one.role
    lines = cursor.source.lines
    return [types.DocumentHighlight(range_of(span, lines, cursor.encoding), _HIGHLIGHTS[role]) for span, role in found.items()]


def _locations(cursor: Cursor, found: Iterable[tuple[View, Span]]) -> list[types.Location]:
    """Ranges as the editor knows them, each once; those that have changed since are left out."""
    documents = cursor.workspace.documents
    places: dict[tuple[str, int, int], types.Location] = {}
    for view, span in found:
        now, document = view.now(span), documents.at(span.path)
        source = document.source if document is not None else view.analysis.source(span.path)
        if now is not None and source is not None:
            place = range_of(now, source.lines, cursor.encoding)
            places[now.path, now.line, now.column] = types.Location(documents.uri_of(now.path), place)
    return list(places.values())
