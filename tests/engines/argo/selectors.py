"""Label selectors and field selectors: which objects of a kind are meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from engines.argo.refusals import bad_request
from engines.argo.validity import fault_of_label, fault_of_label_key

_AMONG = re.compile(r"(\S+)\s+(in|notin)\s*\(([^)]*)\)")
_IS = re.compile(r"([^=!\s]+)\s*(==|=|!=)\s*(\S*)")


def selected(query: Mapping[str, str]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an object is one of those that a request asks for.

    Raises:
        Refused: What it says cannot be read.
    """
    labels = [_requirement(one) for one in _split(query.get("labelSelector", ""))]
    fields = [one.partition("=") for one in query.get("fieldSelector", "").split(",") if one]

    def wanted(thing: Mapping[str, Any]) -> bool:
        marks = thing["metadata"].get("labels") or {}
        return all(holds(marks) for holds in labels) and all(_field(thing, *one) for one in fields)

    return wanted


def _split(text: str) -> list[str]:
    return [one.strip() for one in re.split(r",(?![^(]*\))", text) if one.strip()]


def _requirement(text: str) -> Callable[[Mapping[str, str]], bool]:
    if among := _AMONG.fullmatch(text):
        key, how, listed = among.groups()
        values = {one.strip() for one in listed.split(",")}
        _check(key, *values)
        return lambda marks: (marks.get(key) in values) is (how == "in")
    if comparison := _IS.fullmatch(text):
        key, how, value = comparison.groups()
        _check(key, value)
        return lambda marks: (marks.get(key) == value) is (how != "!=")
    key = text.removeprefix("!")
    _check(key)
    return lambda marks: (key in marks) is not text.startswith("!")


def _check(key: str, *values: str) -> None:
    why = fault_of_label_key(key) or next(filter(None, map(fault_of_label, values)), None)
    if why:
        raise bad_request(f"unable to parse requirement: <nil>: {why}")


def _field(thing: Mapping[str, Any], path: str, how: str, value: str) -> bool:
    found: Any = thing
    for part in path.rstrip("!=").split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return (str(found) == value.lstrip("=")) is not path.endswith("!")
