"""S3 in moto: conditional writes that happen once, whoever else writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from moto.s3.responses import S3Response

from engines.mending import mend

_lock = threading.RLock()


def _one_at_a_time(original: Callable[..., Any], self: S3Response, *arguments: Any, **named: Any) -> Any:
    """moto looks whether an object is there, and writes it afterwards: two may find that it is not."""
    with _lock:
        return original(self, *arguments, **named)


mend(S3Response, "put_object")(_one_at_a_time)
mend(S3Response, "_key_response_post")(_one_at_a_time)  # completes uploads in parts
