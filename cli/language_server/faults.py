"""Diagnostics as an editor shows them: of every open flow, in the files where they stand.

Nothing is said of a file without a flow, which may well be opened beside flows: that it has none is no fault of it. Nor is a
class judged as a flow of its own from which an open flow derives, or which is made for that: it may lack what others add.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from lsprotocol import types

from ...compiler.diagnostics.model import Diagnostic, Severity
from ...compiler.diagnostics.rules import file as rules
from ...compiler.frontend.definition import Definition
from ...compiler.pipeline import Compilation
from .documents import Documents
from .positions import range_in
from .workspace import Analysis, Workspace

SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}


def published(workspace: Workspace, encoding: str) -> dict[str, list[types.Diagnostic]]:
    """What to show, by URI; every open document is among them."""
    documents = workspace.documents
    found: dict[str, list[types.Diagnostic]] = {one.uri: [] for one in documents}
    for one, compilation in sorted(shown(workspace).items(), key=lambda item: item[0].place):
        uri = documents.uri_of(one.primary.span.path)
        found.setdefault(uri, []).append(as_diagnostic(one, compilation, documents, encoding))
    return found


def shown(workspace: Workspace) -> dict[Diagnostic, Compilation]:
    """All that is to be said, each with a compilation that found it."""
    analyses = workspace.analyses()
    inner = _bases_of(analyses)
    return {
        one: compilation
        for analysis in analyses
        for compilation, one in _of_analysis(analysis, inner, had_flow=workspace.had_flow(analysis.document))
    }


def _bases_of(analyses: Iterable[Analysis]) -> frozenset[tuple[str, str]]:
    """The classes that open flows derive from, by file and name."""
    definitions = (one.definition for analysis in analyses for one in analysis.compilations)
    return frozenset(
        (record.context.source.path, record.name) for one in definitions if one is not None for record in one.model.lineage[1:]
    )


def _of_analysis(
    analysis: Analysis, inner: frozenset[tuple[str, str]], *, had_flow: bool
) -> list[tuple[Compilation, Diagnostic]]:
    """What is to be said of a document's flows, with the compilation that found it.

    Args:
        analysis: The document.
        inner: Classes that other flows derive from.
        had_flow: There was a flow in it before it ceased to be readable.
    """
    found: list[tuple[Compilation, Diagnostic]] = []
    source = analysis.document.source
    for compilation in analysis.compilations:
        definition = compilation.definition
        if definition is None:
            concerned = had_flow or any("FlowSpec" in one.text for one in compilation.sources.values())
            here = [one for one in compilation.diagnostics if concerned and _is_of_a_flow(one, compilation)]
        elif (source.path, definition.name) in inner or _is_made_to_derive_from(definition):
            here = [one for one in compilation.diagnostics if one.rule in rules.UNREADABLE]
        else:
            here = list(compilation.diagnostics)
        found += [(compilation, one) for one in here]
    return found


def _is_of_a_flow(one: Diagnostic, compilation: Compilation) -> bool:
    """Whether a fault of a file without a flow is about one that is meant to be: a class that does not become a flow."""
    if one.rule is not rules.NO_FLOW:
        return True
    span = one.primary.span
    return compilation.source.lines[span.line - 1].lstrip().startswith("class ")


def _is_made_to_derive_from(definition: Definition) -> bool:
    """Whether a class neither starts nor ends, and nothing in its file makes it run."""
    if definition.ends.start is not None or definition.ends.end is not None:
        return False
    tree = definition.model.context.module.tree
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return not any(isinstance(one, ast.Name) and one.id == definition.name for one in calls)


def as_diagnostic(one: Diagnostic, compilation: Compilation, documents: Documents, encoding: str) -> types.Diagnostic:
    """One diagnostic in the protocol's form. Second labels become related places, in whatever file."""
    sources = compilation.sources
    span = one.primary.span
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(documents.uri_of(label.span.path), range_in(label.span, sources, encoding)),
            label.text or "see here",
        )
        for label in one.secondary
    ]
    return types.Diagnostic(
        range=range_in(span, sources, encoding),
        message=f"{one.message}\nhelp: {one.help}" if one.help else one.message,
        severity=SEVERITIES[one.rule.severity],
        code=one.rule.code,
        source="flowc",
        tags=[types.DiagnosticTag.Unnecessary] if one.rule.severity is Severity.HINT and "unused" in one.rule.name else None,
        related_information=related or None,
    )
