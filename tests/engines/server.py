"""The engine's process: moto's services with a mended interpreter, whose jobs are processes.

python -m engines.server FOLDER      # prints its port, and ends when its standard input does
"""

from __future__ import annotations

import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from engines import batch, described, ecs, executions, failures, limits, machines, maps, parsing, services, storage, waiting  # noqa: F401  # mend moto
from engines.calls import Calls
from engines.fates import Fates
from engines.faults import Faults, Lost
from engines.mending import mend
from engines.processes import Runners


class _Handler(MotoRequestHandler):
    """Answers requests, many on one connection. Werkzeug's own closes each, for fear of bodies that nobody has read."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        body = self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._body()
        environ = self.make_environ()
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "wsgi.input_terminated": True}
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        said: list[Any] = []
        application: Any = self.server.app
        try:
            answer: Iterable[bytes] = application(environ, lambda *what: said.extend(what[:2]))
            data = b"".join(answer)
        except Lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        getattr(answer, "close", lambda: None)()
        status, headers = said
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)


@mend(DomainDispatcherApplication, "get_backend_for_host")
def _known(original: Callable[..., Any], self: Any, host: str | None) -> Any:
    """moto looks through its folders and 200 patterns for each request, one request at a time."""
    if host not in _backends:
        _backends[host] = original(self, host)
    return _backends[host]


_backends: dict[str | None, Any] = {}


def main(folder: Path) -> None:
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    application: Any = Fates(Faults(DomainDispatcherApplication(create_backend_app)))
    if os.environ.get("FLOWC_ENGINE_CALLS"):
        application = Calls(application)
    host = os.environ.get("FLOWC_ENGINE_HOST", "127.0.0.1")
    server = ThreadedWSGIServer(host, 0, application, _Handler)
    if os.environ.get("FLOWC_ENGINE_STACKS"):
        from engines import stacks  # noqa: F401  # takes seconds
    os.environ["MOTO_PORT"] = str(server.server_port)
    runners = Runners(folder, f"http://{host}:{server.server_port}")
    batch.install(runners)
    ecs.install(runners)
    threading.Thread(target=_end_with_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGKILL)  # the warm server ends when its orders do, and its jobs with it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
