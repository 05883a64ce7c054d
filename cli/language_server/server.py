"""The protocol: what an editor says, and what it is told. Nothing is decided here.

The whole text comes with each change, for pygls' own splitting of lines is that of `str.splitlines`, which sees more line ends
than editors do. A change is compiled when the editor has paused for a moment, or asks for something; all in one thread, so that
the newest text is always the one that counts.

A bug of flowc's is written to standard error and to the editor's log, and the server goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from lsprotocol import types
from pygls.exceptions import FeatureNotificationError, FeatureRequestError
from pygls.lsp.server import LanguageServer

from ... import __version__
from . import completion, faults, fixes, hover, places, symbols
from .documents import Document
from .positions import ENCODINGS, line_and_column
from .workspace import Cursor, Workspace

PAUSE = 0.15
"""Seconds without a change after which a document is checked."""

log = logging.getLogger(__name__)


class _AtAPlace(Protocol):
    """What all questions about a place say."""

    @property
    def text_document(self) -> types.TextDocumentIdentifier: ...
    @property
    def position(self) -> types.Position: ...


class FlowServer(LanguageServer):
    """A server for one editor.

    Attributes:
        files: The open documents and what was found in them.
        ending: The editor has said `shutdown`, as it should before it goes.
    """

    def __init__(self) -> None:
        super().__init__("flowc", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.files = Workspace()
        self.ending = False
        self._shown: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def encoding(self) -> str:
        """What the editor counts characters in."""
        chosen = self.server_capabilities.position_encoding
        return str(getattr(chosen, "value", chosen) or ENCODINGS[0])

    def check_soon(self) -> None:
        """Check when nothing has changed for a moment."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self.check)

    def check(self) -> None:
        """Check what changed, and tell the editor where that has changed something."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            self._publish(faults.published(self.files, self.encoding))
        except Exception:  # a timer has nobody else who would hear of it
            log.exception("a bug in flowc, not in your flow")

    def _publish(self, found: dict[str, list[types.Diagnostic]]) -> None:
        gone: dict[str, list[types.Diagnostic]] = {uri: [] for uri in self._shown if uri not in found}
        for uri, diagnostics in (found | gone).items():
            document = self.files.documents.get(uri)
            now = (document.version if document else None, diagnostics)
            if document is not None or diagnostics:
                if self._shown.get(uri) == now:
                    continue
                self._shown[uri] = now
            elif self._shown.pop(uri, None) is None:
                continue
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version=now[0]))

    def document(self, uri: str) -> Document | None:
        """An open document that there is something to say about."""
        document = self.files.documents.get(uri)
        return document if document is not None and document.is_checked else None

    def at(self, asked: _AtAPlace) -> Cursor | None:
        """The place that an editor asks about."""
        document = self.document(asked.text_document.uri)
        if document is None:
            return None
        return Cursor(
            self.files, document.source, *line_and_column(document.source.lines, asked.position, self.encoding), self.encoding
        )

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong; what an editor asked for is answered with the error anyway."""
        if source is not FeatureRequestError:
            ours = source is FeatureNotificationError
            log.error("a bug in flowc, not in your flow" if ours else "a message that is none", exc_info=error)


class _EditorLog(logging.Handler):
    """Hands on what is logged to the editor's own log."""

    def __init__(self, server: FlowServer) -> None:
        super().__init__(logging.ERROR)
        self.server = server

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        self.server.window_log_message(types.LogMessageParams(types.MessageType.Error, self.format(record)))


def make_server() -> FlowServer:
    """A server with all its features."""
    server = FlowServer()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(server: FlowServer, params: types.DidOpenTextDocumentParams) -> None:
        one = params.text_document
        server.files.documents.put(one.uri, one.text, one.version)
        server.check()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(server: FlowServer, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        text = server.workspace.get_text_document(uri).source
        server.files.documents.put(uri, text, params.text_document.version)
        server.check_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(server: FlowServer, params: types.DidSaveTextDocumentParams) -> None:
        server.check()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(server: FlowServer, params: types.DidChangeWatchedFilesParams) -> None:
        server.check_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(server: FlowServer, params: types.DidCloseTextDocumentParams) -> None:
        server.files.close(params.text_document.uri)
        server.check()

    @server.feature(types.SHUTDOWN)
    def ending(server: FlowServer, params: object) -> None:
        server.ending = True

    _add_actions(server)
    _add_navigation(server)
    return server


def _add_actions(server: FlowServer) -> None:
    kinds = [types.CodeActionKind.QuickFix, fixes.FIX_ALL]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    def actions(server: FlowServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        document = server.document(params.text_document.uri)
        if document is None:
            return []
        wanted = fixes.wants(params.context.only)
        path = document.source.path
        found: list[types.CodeAction] = []
        if wanted(types.CodeActionKind.QuickFix.value):
            found = fixes.quick_fixes(faults.shown(server.files), server.files.documents, params.range, path, server.encoding)
        # Not unless asked for, or beside another: it costs a compilation or two.
        if wanted(fixes.FIX_ALL) and (params.context.only or found):
            analysis = server.files.analysis(document)
            files = server.files.documents.beside(document)
            whole = fixes.fix_all(analysis, files, server.encoding)
            found += [whole] if whole is not None else []
        return found

    triggers = types.CompletionOptions(trigger_characters=list(completion.TRIGGERS))

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, triggers)
    def complete(server: FlowServer, params: types.CompletionParams) -> list[types.CompletionItem]:
        cursor = server.at(params)
        if cursor is None:
            return []
        outlines = [view.outline for view in server.files.views(cursor.path)]
        return completion.complete(outlines, cursor.source.lines, cursor.line, cursor.column)


def _add_navigation(server: FlowServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(server: FlowServer, params: types.DefinitionParams) -> Sequence[types.Location]:
        cursor = server.at(params)
        return places.definition(cursor) if cursor else []

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def references(server: FlowServer, params: types.ReferenceParams) -> Sequence[types.Location]:
        cursor = server.at(params)
        return places.references(cursor, declared=params.context.include_declaration) if cursor else []

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def highlight(server: FlowServer, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        cursor = server.at(params)
        return places.highlights(cursor) if cursor else []

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(server: FlowServer, params: types.HoverParams) -> types.Hover | None:
        cursor = server.at(params)
        text = hover.text_at(cursor) if cursor else ""
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outline(server: FlowServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        document = server.document(params.text_document.uri)
        if document is None:
            return []
        return symbols.symbols(list(server.files.views(document.source.path)), document.source, server.encoding)


def serve() -> bool:
    """Talk to an editor over standard input and output until it goes away; whether it has said so before."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.ERROR)  # it warns of what editors commonly do
    server = make_server()
    logging.getLogger(__package__).addHandler(_EditorLog(server))
    # pygls closes what it writes to; and nothing else may write between its messages.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output, contextlib.redirect_stdout(sys.stderr):
        server.start_io(sys.stdin.buffer, output)
    return server.ending
