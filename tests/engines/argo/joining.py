"""How one document goes over another: a strategic merge, in which the items of some lists are known by a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS = {
    "parameters": "name",
    "artifacts": "name",
    "env": "name",
    "volumes": "name",
    "templates": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
}
"""By the names of lists: what their items are known by."""
_TYPES = {"container", "containerSet", "steps", "script", "resource", "dag", "suspend", "data", "http", "plugin"}


def joined(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """What `over` says, and where it says nothing what `under` does."""
    made = dict(under)
    for name, value in over.items():
        below = made.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            made[name] = joined(below, value)
        elif isinstance(value, list) and isinstance(below, list) and name in _KEYS:
            key = _KEYS[name]
            known = {one[key]: one for one in below}
            for one in value:
                known[one[key]] = joined(known.get(one[key], {}), one)
            made[name] = list(known.values())
        else:
            made[name] = value
    return made


def with_defaults(template: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A template with what all have in common; of what a kind of templates has, only its own kind."""
    return joined({name: value for name, value in defaults.items() if name not in _TYPES or name in template}, template)
