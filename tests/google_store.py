"""Google Cloud Storage's XML API before a server that speaks S3.

No emulator of Google's takes what obstore sends, which is the XML API, of which they know the simplest requests. That API is S3's
but for the names of some headers and for how a request is signed: so a real S3 server does the work here, and what stands before
it translates.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from servers import Server, s3_bucket

_KEPT = ("range", "if-match", "if-none-match", "content-type")


@contextmanager
def google_server(s3: Server) -> Iterator[str]:
    """What `STORAGE_EMULATOR_HOST` is to be, for as long as the block lasts."""

    class Handler(_Handler):
        server_behind = s3

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}"
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@pytest.fixture
def google_place(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty place as in Google Cloud Storage, as a URL; the environment is set for it."""
    with google_server(s3) as address, s3_bucket(s3) as place:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        yield place.replace("s3://", "gs://")


class _Handler(BaseHTTPRequestHandler):
    server_behind: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: self.headers[name] for name in _KEPT if name in self.headers}
        if self.headers.get("x-goog-if-generation-match") == "0":
            headers["If-None-Match"] = "*"
        if "x-goog-copy-source" in self.headers:
            headers["x-amz-copy-source"] = quote(unquote(self.headers["x-goog-copy-source"]))
        url = urlsplit(self.path)
        query = urlencode(parse_qsl(url.query, keep_blank_values=True), quote_via=quote, safe="~")
        path = quote(unquote(url.path), safe="/~") + (f"?{query}" if query else "")
        request = AWSRequest(self.command, self.server_behind.endpoint + path, headers=headers, data=body)
        keys = self.server_behind.environment
        credentials = Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
        S3SigV4Auth(credentials, "s3", keys["AWS_REGION"]).add_auth(request)
        connection = HTTPConnection(self.server_behind.endpoint.removeprefix("http://"))
        try:
            connection.request(self.command, path, body, dict(request.headers.items()))
            answer = connection.getresponse()
            self._pass_on(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def _pass_on(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass
