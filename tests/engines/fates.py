"""What becomes of jobs that no process could end so: a machine is lost, an image cannot be pulled, a queue is stuck.

`Aws.doom` and `Aws.hold` post to `/engine/fates`.
"""

from __future__ import annotations

import fnmatch
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypedDict

ROUTE = "/engine/fates"
RESET = "/moto-api/reset"
"""Where moto is told to forget everything, which then goes for this too."""


class Fate(TypedDict):
    """What becomes of the jobs whose names, or ids, are like this pattern.

    held: They wait. Else they end at once.
    """

    pattern: str
    held: bool
    times: int
    status_reason: str
    reason: str
    code: int | None
    started: bool


class Fates:
    """A WSGI application in front of another.

    Args:
        application: That one.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == RESET:
            with _lock:
                _fates.clear()
        if environ["PATH_INFO"] != ROUTE:
            return self._application(environ, start_response)
        fate: Fate = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with _lock:
            _fates[:] = [one for one in _fates if one["pattern"] != fate["pattern"]]
            if fate["times"]:
                _fates.append(fate)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]


_lock = threading.Lock()
_fates: list[Fate] = []


def of(name: str, id: str) -> Fate | None:
    """What shall become of a job, or None: what its process does."""
    with _lock:
        for fate in _fates:
            if fnmatch.fnmatchcase(name, fate["pattern"]) or fnmatch.fnmatchcase(
                f"{name}:{id.partition(':')[2]}", fate["pattern"]
            ):
                if not fate["held"]:
                    fate["times"] -= 1
                    if not fate["times"]:
                        _fates.remove(fate)
                return fate
    return None
