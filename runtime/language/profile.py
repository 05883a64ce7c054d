"""`profile`: how long a part of a step takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager


@contextmanager
def profile(label: str, stats_dict: MutableMapping[str, int] | None = None) -> Iterator[None]:
    """Print how many milliseconds a `with` takes, or add them to a dictionary under its label."""
    if stats_dict is None:
        print(f"PROFILE: {label} starting")
    started = time.monotonic()
    yield
    took = int((time.monotonic() - started) * 1000)
    if stats_dict is None:
        print(f"PROFILE: {label} completed in {took}ms")
    else:
        stats_dict[label] = stats_dict.get(label, 0) + took
