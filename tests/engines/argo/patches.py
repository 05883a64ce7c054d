"""Merge patches (RFC 7386) and JSON patches (RFC 6902)."""

from __future__ import annotations

import copy
from typing import Any

from engines.argo.refusals import refused


def merge(value: Any, patch: Any) -> Any:
    """A value with a merge patch."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = dict(value) if isinstance(value, dict) else {}
    for key, one in patch.items():
        if one is None:
            made.pop(key, None)
        else:
            made[key] = merge(made.get(key), one)
    return made


def edit(value: Any, patch: list[dict[str, Any]]) -> Any:
    """A value with a JSON patch.

    Raises:
        Refused: A part is not there, or a test fails.
    """
    made = copy.deepcopy(value)
    for one in patch:
        try:
            made = _edited(made, one)
        except (KeyError, IndexError, ValueError, TypeError, AssertionError):
            raise refused(422, "Invalid", "the server rejected our request due to an error in our request", {}) from None
    return made


def _edited(value: Any, one: dict[str, Any]) -> Any:
    match one["op"]:
        case "test":
            assert _at(value, one["path"]) == one["value"]
        case "add":
            _put(value, one["path"], copy.deepcopy(one["value"]), insert=True)
        case "replace":
            _at(value, one["path"])
            _put(value, one["path"], copy.deepcopy(one["value"]), insert=False)
        case "remove":
            _take(value, one["path"])
        case "move":
            _put(value, one["path"], _take(value, one["from"]), insert=True)
        case "copy":
            _put(value, one["path"], copy.deepcopy(_at(value, one["from"])), insert=True)
        case _:
            raise ValueError
    return value


def _parts(path: str) -> list[str]:
    assert path.startswith("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _step(value: Any, part: str) -> Any:
    return value[int(part)] if isinstance(value, list) else value[part]


def _at(value: Any, path: str) -> Any:
    for part in _parts(path):
        value = _step(value, part)
    return value


def _put(value: Any, path: str, new: Any, *, insert: bool) -> None:
    *front, last = _parts(path)
    for part in front:
        value = _step(value, part)
    if isinstance(value, list):
        if last == "-":
            value.append(new)
        elif insert:
            assert 0 <= int(last) <= len(value)
            value.insert(int(last), new)
        else:
            value[int(last)] = new
    else:
        value[last] = new


def _take(value: Any, path: str) -> Any:
    *front, last = _parts(path)
    for part in front:
        value = _step(value, part)
    return value.pop(int(last)) if isinstance(value, list) else value.pop(last)
