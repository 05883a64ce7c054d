"""Calls that fail on request, as they do where a service is throttled or a role may not, and calls whose answers are lost.

`Aws.fail` and `Aws.lose` post to `/engine/faults`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

ROUTE = "/engine/faults"
LOST = "lost"
"""In place of an error's code: the call is made, and its answer lost."""
_JSON = "application/x-amz-json-1.0"


class Lost(Exception):
    """The connection breaks; nobody is told what became of the request."""


class Faults:
    """A WSGI application in front of another.

    Args:
        application: That one.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._faults: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == ROUTE:
            self._faults.append(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
            start_response("200 OK", [("Content-Length", "0")])
            return [b""]
        fault = self._take(environ) if self._faults else None
        if fault is None:
            return self._application(environ, start_response)
        if fault["code"] == LOST:
            b"".join(self._application(environ, lambda *what: what))
            raise Lost
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        code, message = fault["code"], fault["message"]
        if fault["xml"]:
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        else:
            body = json.dumps({"__type": code, "message": message}).encode()
        headers = [("Content-Length", str(len(body))), ("x-amzn-errortype", code), ("x-amzn-requestid", "on-request")]
        headers.append(("Content-Type", "application/xml" if fault["xml"] else _JSON))
        start_response(f"{fault['status']} {code}", headers)
        return [body]

    def _take(self, environ: dict[str, Any]) -> dict[str, Any] | None:
        asked = environ.get("HTTP_X_AMZ_TARGET") or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        with self._lock:
            for fault in self._faults:
                if re.fullmatch(fault["pattern"], asked):
                    fault["times"] -= 1
                    if not fault["times"]:
                        self._faults.remove(fault)
                    return fault
        return None


def fault_of(service: str, operation: str, code: str, message: str, status: int, times: int) -> dict[str, Any]:
    """What to post, so that an operation fails."""
    import botocore.session

    model = botocore.session.get_session().get_service_model(service)
    how = model.operation_model(operation).http
    if model.metadata["protocol"] == "json":
        pattern = re.escape(f"{model.metadata['targetPrefix']}.{operation}")
    else:
        path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(how["requestUri"].partition("?")[0]).replace(r"\+\}", r"\}"))
        pattern = f"{how['method']} {path.removesuffix('[^/]+')}.+" if path.endswith("[^/]+") else f"{how['method']} {path}"
    xml = model.metadata["protocol"] == "rest-xml"
    return {"pattern": pattern, "code": code, "message": message, "status": status, "times": times, "xml": xml}
