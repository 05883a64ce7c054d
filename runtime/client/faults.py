"""What the client raises: there is no such thing, or nothing of that name can be."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import FlowcError
from ..records.tags import TagError


class MetaflowException(FlowcError):
    """The base of the client's own faults."""


class MetaflowNotFound(MetaflowException, KeyError):
    """There is no such flow, run, step, task or artifact. It is a `KeyError`, too, for `run["trian"]`."""

    __str__ = Exception.__str__  # a KeyError's would show the message's quotes and escapes


class MetaflowNamespaceMismatch(MetaflowException):
    """It exists, and is not in the namespace."""


class MetaflowInvalidPathspec(MetaflowException):
    """The text names nothing of this kind: it has too many parts, or too few."""


class MetaflowTaggingError(MetaflowException, TagError):
    """A tag that cannot be, or that cannot be removed."""


def near(name: str, known: Iterable[str], what: str = "did you mean", many: int = 3) -> str:
    """`" (did you mean 'train'?)"`, or else `" (there are start, end)"` where these are few, or `""`."""
    from difflib import get_close_matches

    there = list(known)
    close = get_close_matches(name, there, 1) if len(there) <= 10_000 else []
    if close:
        return f" ({what} {close[0]}?)"
    if not there:
        return ""
    shown = ", ".join(there[:many]) + (", …" if len(there) > many else "")
    return f" (there {'is' if len(there) == 1 else 'are'} {shown})"
