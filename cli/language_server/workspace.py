"""The open documents and what the compiler says of them: each text is compiled once, when somebody first asks about it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ...compiler.diagnostics.rules import file as rules
from ...compiler.files import Files
from ...compiler.pipeline import Compilation, compile_source, flow_names
from ...compiler.source import Source, Span
from .documents import Document, Documents
from .outline import Mention, Outline, outline_of
from .shift import Shift, shift_between

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Noted:
    """Files that note what was read of them."""

    files: Files
    seen: dict[str, bytes | None] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, the same ones each time."""
        if path not in self.seen:
            self.seen[path] = self.files.read(path)
        return self.seen[path]


@dataclass
class Analysis:
    """What became of one document: a compilation for each flow in it, or one that says why there is none.

    Attributes:
        document: The document, at the version that was compiled.
        compilations: By flow; none if the compiler failed.
        seen: What was read beside it; None for a file that is not there.
    """

    document: Document
    compilations: tuple[Compilation, ...]
    seen: Mapping[str, bytes | None]

    @cached_property
    def outlines(self) -> tuple[Outline, ...]:
        """Every mention of a name, by flow. Diagnostics do without it."""
        return tuple(outline_of(one.definition) for one in self.compilations if one.definition is not None)

    @property
    def is_readable(self) -> bool:
        """Whether all files could be understood as far as they go."""
        return not any(one.rule in rules.UNREADABLE for each in self.compilations for one in each.diagnostics)

    @property
    def has_flow(self) -> bool:
        """Whether there is a flow in it, with faults or without."""
        return any(one.definition is not None for one in self.compilations)

    def source(self, path: str) -> Source | None:
        """The text of a file that it read."""
        return next((one.sources[path] for one in self.compilations if path in one.sources), None)


@dataclass(frozen=True)
class View:
    """A flow as it was last understood, and the way between its places and those of the texts of now.

    Attributes:
        outline: The flow.
        analysis: Where it comes from.
        compilation: The flow's own.
        documents: The texts of now.
    """

    outline: Outline
    analysis: Analysis
    compilation: Compilation
    documents: Documents
    _shifts: dict[str, Shift | None] = field(default_factory=dict, compare=False, repr=False)

    def now(self, span: Span) -> Span | None:
        """Where a place of the flow is in the text of now."""
        shift = self._shift(span.path)
        return span if shift is None else shift.forth(span)

    def then(self, path: str, line: int) -> int | None:
        """Which line of the flow a line of the text of now is."""
        shift = self._shift(path)
        return line if shift is None else shift.back(line)

    def _shift(self, path: str) -> Shift | None:
        if path not in self._shifts:
            old, document = self.analysis.source(path), self.documents.at(path)
            changed = old is not None and document is not None and old.text != document.source.text
            self._shifts[path] = shift_between(old, document.source) if changed and old and document else None
        return self._shifts[path]


class Workspace:
    """All open documents.

    Attributes:
        documents: Their texts.
    """

    def __init__(self) -> None:
        self.documents = Documents()
        self._now: dict[str, Analysis] = {}
        self._good: dict[str, Analysis] = {}

    def close(self, uri: str) -> None:
        """Forget a document."""
        self.documents.drop(uri)
        self._now.pop(uri, None)
        self._good.pop(uri, None)

    def analyses(self) -> list[Analysis]:
        """What became of each open document."""
        return [self.analysis(one) for one in self.documents if one.is_checked]

    def analysis(self, document: Document) -> Analysis:
        """What became of a document, with the files beside it as they are now. A bug of flowc's is logged, once for each text."""
        files = self.documents.beside(document)
        known = self._now.get(document.uri)
        if known is not None and known.document is document and _is_same(known.seen, files):
            return known
        try:
            found = analyse(document, files)
        except Exception:
            log.exception("a bug in flowc, not in your flow: it failed on %s", document.uri)
            found = Analysis(document, (), {})
        self._now[document.uri] = found
        if (found.compilations and found.is_readable) or document.uri not in self._good:
            self._good[document.uri] = found
        return found

    def views(self, path: str) -> Iterator[View]:
        """The flows that a file has a part in; its own before those of others."""
        analyses = sorted(self.analyses(), key=lambda one: one.document.source.path != path)
        for now in analyses:
            good = self._good.get(now.document.uri, now)
            with_flow = (one for one in good.compilations if one.definition is not None)
            for outline, compilation in zip(good.outlines, with_flow, strict=True):
                if path in outline.paths:
                    yield View(outline, good, compilation, self.documents)

    def had_flow(self, document: Document) -> bool:
        """Whether there was a flow in a document when it last could be read."""
        good = self._good.get(document.uri)
        return good is not None and good.has_flow


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an open document that an editor asks about, counted as a `Span` counts.

    Attributes:
        workspace: All that is open.
        source: The document's text of now.
        encoding: What the editor counts in, for the answer.
    """

    workspace: Workspace
    source: Source
    line: int
    column: int
    encoding: str

    @property
    def path(self) -> str:
        """The document's."""
        return self.source.path

    def mentions(self) -> Iterator[tuple[View, Mention]]:
        """The name there, in each of the flows that have a part in the file."""
        for view in self.workspace.views(self.path):
            then = view.then(self.path, self.line)
            mention = view.outline.at(self.path, then, self.column) if then is not None else None
            if mention is not None:
                yield view, mention


def analyse(document: Document, files: Files) -> Analysis:
    """Compile a document: each of its flows."""
    noted = _Noted(files)
    source = document.source
    first = compile_source(source, None, noted, hints=True)
    several = any(one.rule is rules.SEVERAL_FLOWS for one in first.diagnostics)
    if several or (first.definition is not None and len(first.definition.model.context.program.main.module.classes) > 1):
        names = flow_names(source, noted)
        if len(names) > 1:
            return Analysis(document, tuple(compile_source(source, name, noted, hints=True) for name in names), noted.seen)
    return Analysis(document, (first,), noted.seen)


def _is_same(seen: Mapping[str, bytes | None], files: Files) -> bool:
    return all(files.read(path) == data for path, data in seen.items())
