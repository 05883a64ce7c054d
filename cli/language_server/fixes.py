"""Quick fixes: the remedies that diagnostics carry, as edits of the editor's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lsprotocol import types

from ...compiler.diagnostics.fixes import text_for
from ...compiler.diagnostics.model import Diagnostic, Edit
from ...compiler.files import Files
from ...compiler.lines import Lines, split_lines
from ...compiler.pipeline import Compilation
from ...compiler.repair import fixable_in, repair_bytes
from ...compiler.source import Source
from .documents import Document, Documents, encode_text
from .faults import as_diagnostic
from .positions import place_of, range_in
from .shift import common_ends
from .workspace import Analysis

FIX_ALL = "source.fixAll.flowc"


def quick_fixes(
    shown: Mapping[Diagnostic, Compilation], documents: Documents, wanted: types.Range, path: str, encoding: str
) -> list[types.CodeAction]:
    """The remedies of the faults that a range touches."""
    actions: list[types.CodeAction] = []
    for one, compilation in shown.items():
        if one.fix is None or one.primary.span.path != path:
            continue
        fault = as_diagnostic(one, compilation, documents, encoding)
        if not _overlap(fault.range, wanted):
            continue
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in one.fix.edits:
            uri = documents.uri_of(edit.span.path)
            changes.setdefault(uri, []).append(_text_edit(edit, compilation.sources, encoding))
        actions.append(
            types.CodeAction(
                one.fix.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[fault],
                is_preferred=True,
                edit=types.WorkspaceEdit(changes=changes),
            )
        )
    return actions


def fix_all(analysis: Analysis, files: Files, encoding: str) -> types.CodeAction | None:
    """All that `check --fix` would do to a document, as one edit; None where that is nothing."""
    document = analysis.document
    path, text = document.source.path, document.source.text
    if not any(fixable_in(one, path) for each in analysis.compilations for one in each.diagnostics):
        return None
    data = encode_text(text)
    names = [one.definition.name if one.definition and len(analysis.compilations) > 1 else None for one in analysis.compilations]
    for name in names:
        data = repair_bytes(path, data, name, files).data
    try:
        new = Source.decode(path, data).text
    except (UnicodeError, SyntaxError, LookupError):  # the text is none that could be saved
        return None
    if new == text:
        return None
    edit = _one_edit(document, new, encoding)
    return types.CodeAction("Fix all that flowc can fix", kind=FIX_ALL, edit=types.WorkspaceEdit(changes={document.uri: [edit]}))


def wants(only: Sequence[str] | None) -> Callable[[str], bool]:
    """Whether the editor asks for actions of a kind; it names kinds above those that it wants, or none for all."""

    def wanted(kind: str) -> bool:
        return only is None or any(kind == one or kind.startswith(f"{one}.") or one == "" for one in only)

    return wanted


def _text_edit(edit: Edit, sources: Mapping[str, Source], encoding: str) -> types.TextEdit:
    return types.TextEdit(range_in(edit.span, sources, encoding), text_for(edit, Lines(sources[edit.span.path].text)))


def _one_edit(document: Document, new: str, encoding: str) -> types.TextEdit:
    """The difference of two texts as one edit, of whole lines: an editor keeps the cursor where nothing changes."""
    old_lines, new_lines = split_lines(document.source.text), split_lines(new)
    head, tail = common_ends(old_lines, new_lines)
    lines = document.source.lines
    start, end = (place_of(lines, line, 1, encoding) for line in (head + 1, len(old_lines) - tail + 1))
    return types.TextEdit(types.Range(start, end), "".join(new_lines[head : len(new_lines) - tail]))


def _overlap(one: types.Range, other: types.Range) -> bool:
    def key(place: types.Position) -> tuple[int, int]:
        return place.line, place.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
