"""Whose each field is: `managedFields`, server-side apply and its conflicts.

A manager has the fields that it last applied, or that it changed in another way. Who applies a field with another value than it
has, which is another manager's, is refused; who no longer applies a field of theirs takes it away, unless it is somebody
else's too.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from engines.argo.refusals import refused
from engines.argo.schema import Path_, Schema

Fields = frozenset[Path_]
Manager = tuple[str, str]
"""Name and operation, `Apply` or `Update`."""

_NOBODYS = {(f"f:{one}",) for one in ("apiVersion", "kind", "metadata")} | {
    ("f:metadata", f"f:{one}")
    for one in "name namespace creationTimestamp selfLink uid generation managedFields resourceVersion".split()
}


def owners(thing: Mapping[str, Any]) -> dict[Manager, Fields]:
    """Who has which fields of an object."""
    told = thing["metadata"].get("managedFields", ())
    return {(one["manager"], one["operation"]): frozenset(_decoded(one["fieldsV1"])) for one in told}


def write_owners(thing: dict[str, Any], known: Mapping[Manager, Fields], now: str) -> None:
    """Note who has which fields. Times of those whose fields are the same stay."""
    before = {(one["manager"], one["operation"]): one for one in thing["metadata"].get("managedFields", ())}
    told = []
    for (manager, operation), fields in known.items():
        if not fields:
            continue
        entry = {
            "apiVersion": thing["apiVersion"],
            "fieldsType": "FieldsV1",
            "fieldsV1": _encoded(fields),
            "manager": manager,
            "operation": operation,
            "time": now,
        }
        old = before.get((manager, operation))
        told.append(old if old and old["fieldsV1"] == entry["fieldsV1"] else entry)
    told.sort(key=lambda one: (one["operation"] != "Apply", one["time"], one["manager"]))
    thing["metadata"].pop("managedFields", None)
    if told:
        thing["metadata"]["managedFields"] = told


def owned_after_apply(
    schema: Schema, live: dict[str, Any], wanted: dict[str, Any], manager: str, *, force: bool
) -> tuple[dict[str, Any], dict[Manager, Fields]]:
    """The live object after somebody applied theirs, and who then has what.

    Raises:
        Refused: Fields that would change are others'.
    """
    known = owners(live)
    me = (manager, "Apply")
    mine = frozenset(schema.leaves(wanted)) - _NOBODYS
    merged = _merged(schema, live, wanted)
    changed = _changed(schema, live, merged)
    conflicts = {who: sorted(fields & changed) for who, fields in known.items() if who != me and fields & changed}
    if conflicts and not force:
        raise _conflict(conflicts, live["apiVersion"])
    for who, fields in conflicts.items():
        known[who] -= frozenset(fields)
    others = frozenset().union(*(fields for who, fields in known.items() if who != me))
    for path in sorted(known.get(me, frozenset()) - mine - others, key=len, reverse=True):
        if not any(_is_below(one, path) for one in others | mine):
            _remove(schema, merged, path)
    known[me] = mine
    return merged, known


def owned_after_update(
    schema: Schema, live: Mapping[str, Any] | None, now: Mapping[str, Any], manager: str
) -> dict[Manager, Fields]:
    """Who has what after somebody wrote the whole object, or a patch of it."""
    known = owners(live) if live else {}
    me = (manager, "Update")
    before, after = dict(_every(schema, live or {})), dict(_every(schema, now))
    changed = frozenset(path for path, value in after.items() if path not in before or before[path] != value) - _NOBODYS
    gone = frozenset(before) - frozenset(after)
    known = {who: fields - gone - (changed if who != me else frozenset()) for who, fields in known.items()}
    if changed or me in known:
        known[me] = known.get(me, frozenset()) | changed
    return known


def _every(schema: Schema, value: Any, at: Path_ = ()) -> Iterable[tuple[Path_, Any]]:
    """All fields with owners, those that hold others too, but these without a value."""
    for element, one, below in schema.children(value):
        path = (*at, element)
        if one and below.divides(one):
            yield path, None
            yield from _every(below, one, path)
        elif one is not None:
            yield path, one


def _merged(schema: Schema, live: Any, wanted: Any) -> Any:
    if wanted is None:
        return live
    if type(live) is not type(wanted) or not schema.divides(wanted):
        return copy.deepcopy(wanted)
    if isinstance(wanted, dict):
        made = dict(live)
        for key, one in wanted.items():
            below = schema.below(key)
            if below is not None and one is not None:
                made[key] = _merged(below, live.get(key), one)
        return made
    ours = {schema.element(one): one for one in live}
    for one in wanted:
        element = schema.element(one)
        ours[element] = _merged(schema.item(), ours.get(element), one)
    return list(ours.values())


def _changed(schema: Schema, live: Any, merged: Any) -> Fields:
    before, after = dict(_every(schema, live)), dict(_every(schema, merged))
    return frozenset(path for path, value in after.items() if path not in before or before[path] != value)


def _remove(schema: Schema, value: Any, path: Path_) -> None:
    """Take a field away."""
    first, *rest = path
    if isinstance(value, dict):
        key = first[2:]
        below = schema.below(key)
        if key not in value or below is None:
            return
        if rest:
            value[key] = copy.copy(value[key])
            _remove(below, value[key], tuple(rest))
            if not value[key]:  # what held nothing else goes with it
                del value[key]
        else:
            del value[key]
    elif isinstance(value, list):
        for number, one in enumerate(value):
            if schema.element(one) == first:
                if rest:
                    value[number] = copy.copy(one)
                    _remove(schema.item(), value[number], tuple(rest))
                else:
                    del value[number]
                return


def _is_below(path: Path_, other: Path_) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _conflict(conflicts: Mapping[Manager, list[Path_]], version: str) -> Exception:
    causes, said = [], []
    for (manager, operation), paths in sorted(conflicts.items()):
        who = f'"{manager}"' + ("" if operation == "Apply" else f" using {version}")
        fields = [_spelt(path) for path in paths]
        causes += [{"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": one} for one in fields]
        listed = f" {fields[0]}" if len(fields) == 1 else "".join(f"\n- {one}" for one in fields)
        said.append(f"conflict{'s' if len(fields) > 1 else ''} with {who}:{listed}")
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    return refused(409, "Conflict", f"Apply failed with {count}: " + "\n".join(said), {"causes": causes})


def _spelt(path: Path_) -> str:
    said = ""
    for element in path:
        kind, rest = element[0], element[2:]
        if kind == "f":
            said += f".{rest}"
        elif kind == "k":
            said += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"
        else:
            said += f"[={rest}]"
    return said


def _encoded(fields: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {}
    parents = {path[:length] for path in fields for length in range(1, len(path))}
    for path in sorted(fields):
        place = made
        for element in path:
            place = place.setdefault(element, {})
        if path in parents:
            place["."] = {}
    return made


def _decoded(told: Mapping[str, Any], at: Path_ = ()) -> Iterable[Path_]:
    for element, below in told.items():
        if element == ".":
            yield at
        elif not below:
            yield (*at, element)
        else:
            yield from _decoded(below, (*at, element))
