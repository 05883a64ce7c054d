"""Requests that fail on request, as they do where somebody may not, a server is throttled, or a connection breaks.

`Argo.fail` posts to `/engine/faults`, `Argo.disturb` to `/engine/watches`, and `/engine/calls` gives and forgets what was asked.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from typing import Any

from engines.argo.api import Answer, Request
from engines.argo.refusals import Refused, refused
from engines.argo.watching import BrokenConnection, Watches

ROUTE = "/engine/faults"
CALLS = "/engine/calls"
WATCHES = "/engine/watches"


@dataclass
class Fault:
    """What fails.

    Attributes:
        pattern: A regular expression for the whole of `PATCH /apis/…`, with the method, without the query or with it.
        code: Of the HTTP response; 0: the connection is reset.
        reason: As a `Status` says it; None: what is answered is text, not a `Status`.
        message: Likewise, what is wrong.
        headers: Of the response.
        late: Whether it is done all the same, and only the answer fails.
        times: How often.
    """

    pattern: str
    code: int
    reason: str | None
    message: str
    headers: dict[str, str]
    late: bool
    times: int


class Faults:
    """Those that are ordered, and what was asked."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._faults: list[Fault] = []
        self._calls: list[str] = []
        self._lock = threading.Lock()

    def control(self, request: Request) -> Answer | None:
        """An order; None if that is none."""
        if request.path == ROUTE:
            with self._lock:
                self._faults.append(Fault(**json.loads(request.body)))
            return Answer(200, {})
        if request.path == WATCHES:
            self._watches.control(json.loads(request.body))
            return Answer(200, {})
        if request.path == CALLS:
            with self._lock:
                calls, self._calls = self._calls, []
            return Answer(200, {"calls": calls})
        return None

    def before(self, request: Request) -> Fault | None:
        """Note a request, and fail it if it is to fail. Returns the fault that is to happen afterwards."""
        asked = f"{request.method} {request.path}"
        query = "&".join(f"{key}={value}" for key, value in request.query.items())
        whole = f"{asked}?{query}" if query else asked
        with self._lock:
            self._calls.append(whole)
            fault = next(
                (one for one in self._faults if re.fullmatch(one.pattern, asked) or re.fullmatch(one.pattern, whole)), None
            )
            if fault is None:
                return None
            fault.times -= 1
            if not fault.times:
                self._faults.remove(fault)
        if fault.late:
            return fault
        happen(fault)
        return None


def happen(fault: Fault) -> None:
    """Fail."""
    if not fault.code:
        raise BrokenConnection
    if fault.reason is None:
        raise Refused(fault.code, fault.message, fault.headers)
    error = refused(fault.code, fault.reason, fault.message, _details(fault))
    error.headers = fault.headers
    raise error


def _details(fault: Fault) -> dict[str, Any] | None:
    return {"retryAfterSeconds": int(fault.headers["Retry-After"])} if "Retry-After" in fault.headers else None
