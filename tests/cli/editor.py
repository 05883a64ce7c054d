"""An editor, as far as a language server can tell: messages with `Content-Length`, over the pipes of a process."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

TIMEOUT = 60
"""Seconds to wait for a message before the test fails; none takes a second on an idle machine."""

SERVER = ("-m", "flowc", "lsp", "--stdio")


class Editor:
    """One editor with one server.

    Args:
        folder: Where the server is started.
        encodings: What the editor offers to count characters in; the protocol's default where it says nothing.
        command: The server, as arguments for Python.
    """

    def __init__(self, folder: Path, encodings: list[str] | None = None, command: tuple[str, ...] = SERVER) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._errors: list[bytes] = []
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._threads = [threading.Thread(target=self._listen, daemon=True), threading.Thread(target=self._heed, daemon=True)]
        for thread in self._threads:
            thread.start()
        self._id = 0
        self.logged: list[str] = []
        self.shown: dict[str, dict[str, Any]] = {}
        general = {"general": {"positionEncodings": encodings}} if encodings else {}
        self.capabilities = self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": general})["capabilities"]
        self.tell("initialized", {})

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.removeprefix(b"Content-Length:"))
            while stream.readline().strip():
                pass
            self._messages.put(json.loads(stream.read(length)))
        self._messages.put(None)

    def _heed(self) -> None:
        assert self.process.stderr is not None
        self._errors.append(self.process.stderr.read())

    def send(self, message: dict[str, Any]) -> None:
        self.send_bytes(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_bytes(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and take its result."""
        answer = self.answer(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def answer(self, method: str, params: Any) -> dict[str, Any]:
        """Send a request and take all of the answer."""
        self._id += 1
        self.send({"id": self._id, "method": method, "params": params})
        while (message := self._next()).get("id") != self._id:
            pass
        return message

    def _next(self) -> dict[str, Any]:
        message = self._messages.get(timeout=TIMEOUT)
        assert message is not None, f"the server is gone: {b''.join(self._errors).decode()}"
        match message.get("method"):
            case "textDocument/publishDiagnostics":
                self.shown[message["params"]["uri"]] = message["params"]
            case "window/logMessage":
                self.logged.append(message["params"]["message"])
        return message

    def open(self, uri: str, text: str, version: int = 1) -> None:
        document = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, text: str, version: int) -> None:
        changed = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", changed)

    def close(self, uri: str) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    def diagnostics(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """What is shown of a document, at a version if one is given; waits for it."""
        while uri not in self.shown or (version is not None and self.shown[uri].get("version") != version):
            self._next()
        found: list[dict[str, Any]] = self.shown[uri]["diagnostics"]
        return found

    def after_change(self, uri: str) -> list[dict[str, Any]]:
        """What is shown of a document the next time that something else is."""
        self.shown.pop(uri, None)
        return self.diagnostics(uri)

    def at(self, kind: str, uri: str, place: dict[str, int], **more: Any) -> Any:
        """Ask about a place."""
        return self.ask(f"textDocument/{kind}", {"textDocument": {"uri": uri}, "position": place, **more})

    def stop(self, *, shutdown: bool = True) -> tuple[int, str]:
        """End the session as an editor does; the exit code, and what stood on standard error."""
        if shutdown:
            assert self.ask("shutdown", None) is None
        self.tell("exit", None)
        return self.wait()

    def hang_up(self) -> tuple[int, str]:
        """Go away without a word."""
        return self.wait()

    def wait(self) -> tuple[int, str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        code = self.process.wait(timeout=TIMEOUT)
        for thread in self._threads:
            thread.join(timeout=TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        return code, b"".join(self._errors).decode()


def place(text: str, marked: str, *, units: str = "utf-16-le", nth: int = 0) -> dict[str, int]:
    """Where a cursor stands, given by text around it: `self.next(self.wo|rk)`."""
    before, bar, after = marked.partition("|")
    assert bar, f"where in {marked}?"
    index = -1
    for _ in range(nth + 1):
        index = text.index(before + after, index + 1)
    head = text[: index + len(before)].replace("\r\n", "\n").replace("\r", "\n")
    line = head.rpartition("\n")[2]
    size = {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}[units]
    return {"line": head.count("\n"), "character": len(line.encode(units)) // size}


def text_at(text: str, span: dict[str, Any], *, units: str = "utf-16-le") -> str:
    """The text of a range."""
    start, end = (_offset(text, span[side], units) for side in ("start", "end"))
    return text[start:end]


def edit(text: str, edits: list[dict[str, Any]], *, units: str = "utf-16-le") -> str:
    """The text with edits made, as an editor does."""
    for one in sorted(edits, key=lambda one: _offset(text, one["range"]["start"], units), reverse=True):
        start, end = (_offset(text, one["range"][side], units) for side in ("start", "end"))
        text = text[:start] + one["newText"] + text[end:]
    return text


def _offset(text: str, at: dict[str, int], units: str) -> int:
    size = {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}[units]
    start = 0
    for _ in range(at["line"]):
        ends = [index for index in (text.find("\r", start), text.find("\n", start)) if index >= 0]
        start = min(ends) + (2 if text.startswith("\r\n", min(ends)) else 1)
    line = text[start:].partition("\n")[0].partition("\r")[0]
    return start + len(line.encode(units)[: at["character"] * size].decode(units))
