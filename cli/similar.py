"""Guesses at what a person meant. Apart, since `difflib` is needed only once something went wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`" (did you mean …?)"` with the nearest known name, or `""`."""
    by_lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(given.lower(), by_lower, n=1)
    return f" (did you mean {by_lower[near[0]]}?)" if near else ""
