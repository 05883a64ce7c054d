"""The language server on every golden flow, as it is and with damage as typing does it: nothing fails, and all places exist."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from flowc.cli.language_server import completion, faults, fixes, hover, places, symbols
from flowc.cli.language_server.documents import Document
from flowc.cli.language_server.workspace import Cursor, Workspace

GOLDEN = Path(__file__).parent.parent.parent / "golden"
FILES = sorted(GOLDEN.rglob("*.py"))
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(10**6, 0))
ENCODING = "utf-16"


def corners(one: types.Range) -> tuple[tuple[int, int], tuple[int, int]]:
    return (one.start.line, one.start.character), (one.end.line, one.end.character)


def within(document: Document, one: types.Range) -> bool:
    (line, character), end = corners(one)
    lines = document.source.lines
    return (0, 0) <= (line, character) <= end and end[0] < len(lines) and character <= 2 * len(lines[line])


def check_symbol(document: Document, one: types.DocumentSymbol) -> None:
    assert within(document, one.range)
    for inner in [one.selection_range, *(child.range for child in one.children or ())]:
        (start, end), (inner_start, inner_end) = corners(one.range), corners(inner)
        assert start <= inner_start <= inner_end <= end
    for child in one.children or ():
        check_symbol(document, child)


def use(workspace: Workspace, document: Document, chance: random.Random) -> None:
    """Ask for everything, in some places."""
    path, lines = document.source.path, document.source.lines
    for one in faults.published(workspace, ENCODING)[document.uri]:
        assert within(document, one.range)
    views = list(workspace.views(path))
    for symbol in symbols.symbols(views, document.source, ENCODING):
        check_symbol(document, symbol)
    assert workspace.analysis(document).compilations, "the compiler failed"
    fixes.quick_fixes(faults.shown(workspace), workspace.documents, EVERYWHERE, path, ENCODING)
    for _ in range(10):
        line = chance.randint(1, len(lines))
        column = chance.randint(1, len(lines[line - 1]) + 1)
        cursor = Cursor(workspace, document.source, line, column, ENCODING)
        hover.text_at(cursor)
        completion.complete([view.outline for view in views], lines, line, column)
        for location in places.definition(cursor) + places.references(cursor):
            assert location.uri != document.uri or within(document, location.range)
        for highlight in places.highlights(cursor):
            assert within(document, highlight.range)


def damaged(text: str, chance: random.Random) -> Iterator[str]:
    for _ in range(4):
        start = chance.randint(0, len(text))
        end = min(start + chance.choice([0, 1, 5, 40, 400]), len(text))
        yield text[:start] + chance.choice(["", "(", "\n", "self.", "\r", "x", '"""', "\U0001d4b3"]) + text[end:]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_nothing_fails(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    workspace, chance = Workspace(), random.Random(path.name)
    for version, one in enumerate([text, *damaged(text, chance)]):
        document = workspace.documents.put(path.as_uri(), one, version)
        use(workspace, document, chance)
        if version == 0:
            fixes.fix_all(workspace.analysis(document), workspace.documents, ENCODING)
