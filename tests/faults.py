"""A proxy that stands before a server of AWS's kind and fails by a script: it answers 503, hangs up in the middle, or is slow.

    with proxy_to(s3) as proxy:
        proxy.fail(slow_down, times=3, method="PUT")
        ...                                     # with proxy.environment
        assert proxy.count("PUT") == 4

It also counts requests, which makes it of use where nothing fails.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from servers import Server

Fault = Callable[["_Handler"], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What the proxy was asked, and its answer: a status, 0 where it hung up. Of a service whose operations are not told by their
    path, that of AWS's JSON protocol, the operation stands after it: `/ AWSEvents.PutRule`."""

    method: str
    path: str
    status: int


@dataclass(slots=True)
class _Planned:
    fault: Fault
    times: int
    method: str
    path: str


@dataclass
class Proxy:
    """A running proxy.

    Attributes:
        server: what it forwards to.
        endpoint: its own address.
        requests: what it was asked, in order.
        bodies: what came with it, where somebody wants to know and has put a list here.
    """

    server: Server
    endpoint: str
    requests: list[Request] = field(default_factory=list)
    bodies: list[bytes] | None = None
    _planned: list[_Planned] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> dict[str, str]:
        """The server's environment, by way of this proxy."""
        name = "AWS_ENDPOINT_URL" if "AWS_ENDPOINT_URL" in self.server.environment else "AWS_ENDPOINT_URL_S3"
        return {**self.server.environment, name: self.endpoint}

    def fail(self, fault: Fault, *, times: int = 1, method: str = "", path: str = "") -> None:
        """Treat the next requests of a method, whose path and query contain a text, in this way."""
        with self._lock:
            self._planned.append(_Planned(fault, times, method, path))

    def count(self, method: str = "", path: str = "") -> int:
        """How many requests there were of a method, whose path contains a text."""
        return sum(one.method.startswith(method) and path in one.path for one in self.requests)

    def begin(self, request: Request) -> int:
        """Count a request; its number."""
        with self._lock:
            self.requests.append(request)
            return len(self.requests) - 1

    def take(self, method: str, path: str) -> Fault:
        """How to treat a request."""
        with self._lock:
            for one in self._planned:
                if one.times and method.startswith(one.method) and one.path in path:
                    one.times -= 1
                    return one.fault
        return forward


def forward(handler: _Handler) -> None:
    """As if there were no proxy."""
    handler.answer(handler.ask())


def slow_down(handler: _Handler) -> None:
    """503, S3's way to say that there are too many requests."""
    handler.drain()
    handler.reply(503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")


def status(code: int, name: str, message: str = "") -> Fault:
    """Another error, as S3 words it."""

    def fault(handler: _Handler) -> None:
        handler.drain()
        handler.reply(code, f"<Error><Code>{name}</Code><Message>{message}</Message></Error>".encode())

    return fault


def refusal(code: int, name: str, message: str = "") -> Fault:
    """An error as services of AWS word it that speak JSON."""

    def fault(handler: _Handler) -> None:
        handler.drain()
        handler.reply(
            code, json.dumps({"__type": name, "message": message, "Message": message}).encode(), {"x-amzn-ErrorType": name}
        )

    return fault


def page(code: int, text: str = "<!doctype html><html><title>Welcome to nginx!</title></html>") -> Fault:
    """What something else would answer that is no S3 server at all."""

    def fault(handler: _Handler) -> None:
        handler.drain()
        handler.reply(code, text.encode())

    return fault


def hang_up(handler: _Handler) -> None:
    """The connection breaks in the middle of the request's body; the server never sees it."""
    handler.rfile.read(handler.length // 2)
    handler.gone()


def lose_answer(handler: _Handler) -> None:
    """The server does as it is asked, but the connection breaks before it can say so."""
    handler.ask()[0].read()
    handler.gone()


def cut_answer(handler: _Handler) -> None:
    """The connection breaks in the middle of the answer's body."""
    answer, body = handler.ask()
    handler.head(answer.status, answer.getheaders())
    handler.note(0)
    handler.wfile.write(body[: len(body) // 2])
    handler.gone()


def delay(seconds: float) -> Fault:
    """A slow server."""

    def fault(handler: _Handler) -> None:
        time.sleep(seconds)
        forward(handler)

    return fault


@contextmanager
def proxy_to(server: Server) -> Iterator[Proxy]:
    """A proxy to a server, for as long as the block lasts."""

    class Handler(_Handler):
        pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    Handler.proxy = Proxy(server, f"http://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Handler.proxy
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and a small body in one packet
    length = 0
    number = 0

    def do_GET(self) -> None:
        self.length = int(self.headers.get("Content-Length") or 0)
        self.number = self.proxy.begin(Request(self.command, self.asked, 0))
        try:
            self.proxy.take(self.command, self.asked)(self)
        except ConnectionError:
            self.close_connection = True

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def handle_expect_100(self) -> bool:
        """Say at once that a body may come, for which boto3 waits a second."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    @property
    def asked(self) -> str:
        """The path, and the operation where that is told by a header."""
        return " ".join(filter(None, [self.path, self.headers.get("X-Amz-Target")]))

    def drain(self) -> bytes:
        """The request's body."""
        body = self.rfile.read(self.length)
        if self.proxy.bodies is not None:
            self.proxy.bodies.append(body)
        return body

    def ask(self) -> tuple[HTTPResponse, bytes]:
        """The server's answer. The signature covers the header `Host`, which therefore stays the proxy's."""
        address = self.proxy.server.endpoint.removeprefix("http://")
        connection = HTTPConnection(address)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.drain())
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def answer(self, answered: tuple[HTTPResponse, bytes]) -> None:
        """Pass an answer on."""
        answer, body = answered
        self.head(answer.status, answer.getheaders())
        self.wfile.write(body)
        self.wfile.flush()

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Answer in the server's place."""
        kind = "application/json" if body.startswith(b"{") else "application/xml"
        self.head(status, [("Content-Length", str(len(body))), ("Content-Type", kind), *(headers or {}).items()])
        self.wfile.write(body)
        self.wfile.flush()

    def head(self, status: int, headers: list[tuple[str, str]]) -> None:
        """The beginning of an answer."""
        self.note(status)
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if status not in (204, 304) and not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Connection", "close")  # a body of unknown length ends with the connection
            self.close_connection = True
        self.end_headers()

    def gone(self) -> None:
        """Hang up."""
        self.wfile.flush()
        self.close_connection = True

    def note(self, status: int) -> None:
        """Put down how the request is answered, before whoever made it can know."""
        self.proxy.requests[self.number] = Request(self.command, self.asked, status)

    def log_message(self, *_: object) -> None:
        pass
