"""Looking into objects that an overlay has changed, where anything may stand in the place of anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or the empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(node: Any, *keys: str) -> list[Mapping[str, Any]]:
    """The mappings of a list somewhere inside; none, where there is no list."""
    for key in keys:
        node = mapping(node).get(key)
    return [one for one in node if isinstance(one, Mapping)] if isinstance(node, list) else []
