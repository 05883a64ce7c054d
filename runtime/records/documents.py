"""Records as JSON objects: what is read of a store may be damaged, or written by a later flowc, and then says so by its key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from ..errors import RecordError

Kind: TypeAlias = Literal["time", "text", "text or null", "flag", "texts"]
_LAST = 253_402_300_800
"""Seconds since 1970 until the year 10000, which no calendar here knows."""


def damaged(key: str, what: object) -> RecordError:
    """What to raise for an object that is not what was written."""
    words = f"{type(what).__name__}: {what}" if isinstance(what, Exception) else str(what)
    return RecordError(f"the object {key} is damaged ({words})")


def parse_document(key: str, data: bytes, format: int) -> dict[str, Any]:
    """The members of an object, all but its format.

    Raises:
        RecordError: It is damaged, or of another version.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(key, error) from error
    if not isinstance(document, dict) or "format" not in document:
        raise damaged(key, "it has no format")
    version = document.pop("format")
    if type(version) is not int:
        raise damaged(key, f"its format is {_shown(version)}")
    if version != format:
        raise RecordError(f"the object {key} has format {version}, and this flowc reads format {format}")
    return document


def members(key: str, document: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The members of these names, each of its kind; others are left out.

    Raises:
        RecordError: One is missing, or of another kind.
    """
    for name, kind in kinds.items():
        if name not in document:
            raise damaged(key, f"it has no `{name}`")
        if not _is(kind, document[name]):
            raise damaged(key, f"its `{name}` is {_shown(document[name])}")
    return {name: document[name] for name in kinds}


def _is(kind: Kind, value: object) -> bool:
    match kind:
        case "time":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LAST
        case "flag":
            return isinstance(value, bool)
        case "texts":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case "text or null" if value is None:
            return True
    return isinstance(value, str)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
