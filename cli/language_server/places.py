"""Where a name of a flow's is defined, assigned and read: from a place in a text to ranges in it and in other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol import types

from ...compiler.source import Span
from .outline import Mention, Role
from .positions import range_of
from .workspace import View, Workspace

_HIGHLIGHTS = {
    Role.DEFINE: types.DocumentHighlightKind.Text,
    Role.READ: types.DocumentHighlightKind.Read,
    Role.UPDATE: types.DocumentHighlightKind.Write,
    Role.WRITE: types.DocumentHighlightKind.Write,
}


def mentions_at(workspace: Workspace, path: str, line: int, column: int) -> Iterator[tuple[View, Mention]]:
    """The name at a place, in each of the flows that have a part in the file."""
    for view in workspace.views(path):
        then = view.then(path, line)
        mention = view.outline.at(path, then, column) if then is not None else None
        if mention is not None:
            yield view, mention


def definition(workspace: Workspace, path: str, line: int, column: int, encoding: str) -> list[types.Location]:
    """The step, method or parameter that a name means; of an artifact every assignment."""
    found = [
        (view, one.span)
        for view, mention in mentions_at(workspace, path, line, column)
        for one in view.outline.definitions(mention.name)
    ]
    return _locations(workspace, found, encoding)


def references(
    workspace: Workspace, path: str, line: int, column: int, encoding: str, *, declared: bool = True
) -> list[types.Location]:
    """Every mention of a name; `declared`: also where it is defined."""
    found = []
    for view, mention in mentions_at(workspace, path, line, column):
        places = {one.span for one in view.outline.definitions(mention.name)} if not declared else set()
        found += [(view, one.span) for one in view.outline.by_name[mention.name] if one.span not in places]
    return _locations(workspace, found, encoding)


def highlights(workspace: Workspace, path: str, line: int, column: int, encoding: str) -> list[types.DocumentHighlight]:
    """The mentions of a name in the same file."""
    document = workspace.documents.at(path)
    if document is None:
        return []
    found: dict[Span, Role] = {}
    for view, mention in mentions_at(workspace, path, line, column):
        for one in view.outline.by_name[mention.name]:
            now = view.now(one.span)
            if one.span.path == path and now is not None:
                found[now] = one.role
    lines = document.source.lines
    return [types.DocumentHighlight(range_of(span, lines, encoding), _HIGHLIGHTS[role]) for span, role in found.items()]


def _locations(workspace: Workspace, found: Iterable[tuple[View, Span]], encoding: str) -> list[types.Location]:
    """Ranges as the editor knows them, each once; those that have changed since are left out."""
    documents = workspace.documents
    places: dict[tuple[str, int, int], types.Location] = {}
    for view, span in found:
        now, document = view.now(span), documents.at(span.path)
        source = document.source if document is not None else view.analysis.source(span.path)
        if now is not None and source is not None:
            place = range_of(now, source.lines, encoding)
            places[now.path, now.line, now.column] = types.Location(documents.uri_of(now.path), place)
    return list(places.values())
