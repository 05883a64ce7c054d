"""What a message of the command line adds where it can guess what was meant."""

from __future__ import annotations

from collections.abc import Iterable

from ..compiler import similar


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`" (did you mean …?)"` with the nearest known name, or `""`."""
    guess = similar.did_you_mean(given, known)
    return f" (did you mean {guess}?)" if guess else ""
