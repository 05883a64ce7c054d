"""The engine's process: an API server, and what runs workflows.

python -m engines.argo.server FOLDER      # prints its port, and ends when its standard input does
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from engines.argo.api import Answer, Api, Request
from engines.argo.controller import Controller
from engines.argo.faults import Faults, happen
from engines.argo.kubelet import Kubelet
from engines.argo.objects import Objects
from engines.argo.refusals import Refused, refused
from engines.argo.watching import BrokenConnection


class Server(ThreadingHTTPServer):
    """Answers over HTTP."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, api: Api) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api
        self.faults = Faults(api.watches)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked is gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.title(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(parts.path), query, headers, body)
        try:
            self._send(self._answer(request))
        except BrokenConnection:
            self._break()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do

    def _answer(self, request: Request) -> Answer:
        try:
            ordered = self.server.faults.control(request)
            if ordered is not None:
                return ordered
            fault = self.server.faults.before(request)
            answer = self.server.api.answer(request)
            if fault is not None:
                happen(fault)
            return answer
        except Refused as error:
            return Answer(error.code, error.body, error.headers)
        except BrokenConnection:
            raise
        except Exception:
            traceback.print_exc()
            return Answer(500, refused(500, "InternalError", f"a fault of the tests' engine: {traceback.format_exc()}").body)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.code)
        kind = "text/plain; charset=utf-8" if isinstance(answer.body, str) else "application/json"
        for name, value in {"Content-Type": kind, **answer.headers}.items():
            self.send_header(name, value)
        if isinstance(answer.body, dict | str):
            data = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode() + b"\n"
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._stream(answer.body)
        self.wfile.flush()

    def _stream(self, parts: Iterator[bytes]) -> None:
        self.wfile.flush()
        for part in parts:
            if part:
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.wfile.flush()
            elif _is_gone(self.connection):
                return
        self.wfile.write(b"0\r\n\r\n")

    def _break(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


def _is_gone(connection: socket.socket) -> bool:
    with suppress(BlockingIOError):
        connection.setblocking(False)
        try:
            return connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            with suppress(OSError):
                connection.setblocking(True)
    return False


def main(folder: Path) -> None:
    objects = Objects()
    kubelet = Kubelet(objects, folder, {name: value for name, value in os.environ.items() if name.startswith("AWS_")})
    Controller(objects, kubelet).start()
    server = Server(Api(objects, kubelet.log))
    threading.Thread(target=_end_with_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
