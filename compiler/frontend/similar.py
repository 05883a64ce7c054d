"""Names that look alike, for help texts."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, if any does."""
    from difflib import get_close_matches  # only ever needed for a message

    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
