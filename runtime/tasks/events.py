"""Which parameters an event gives the run that it sets off, as the flow's `@trigger` says.

    @trigger(event={"name": "data", "parameters": {"day": "date"}})     the detail's field `date` is the parameter `day`

As in Metaflow, the only event of a flow that says nothing of parameters gives each parameter the field of its name; of several
events, one that says nothing gives none. Names of parameters are found whatever their case. A field that is not there gives
nothing, and the parameter its default. A value that is no text becomes JSON text for a parameter of type `str`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..plan import ParameterSpec, Plan
from ..records.given import Event


def parameters_of(plan: Plan, event: Event) -> dict[str, object]:
    """Values by name."""
    arguments = plan.decorator("trigger") or {}
    listed = [*(arguments.get("events") or ()), *([arguments["event"]] if arguments.get("event") else ())]
    for one in listed:
        name, mapping = (one["name"], _pairs(one.get("parameters"))) if isinstance(one, dict) else (one, {})
        if name == event.name:
            return _picked(plan, event.detail, mapping or (_same(plan, event.detail) if len(listed) == 1 else {}))
    return {}


def _pairs(mapping: Any) -> dict[str, str]:
    """Fields by parameter: from an object, or a list of names and pairs."""
    if isinstance(mapping, dict):
        return dict(mapping)
    return dict((one, one) if isinstance(one, str) else tuple(one) for one in mapping or ())


def _same(plan: Plan, detail: Mapping[str, Any]) -> dict[str, str]:
    """The same names: as they are written, or in lower case, as Metaflow has them."""
    return {spec.name: spec.name if spec.name in detail else spec.name.lower() for spec in plan.parameters}


def _picked(plan: Plan, detail: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, object]:
    by_name = {spec.name.lower(): spec for spec in plan.parameters}
    found: dict[str, object] = {}
    for parameter, field in mapping.items():
        if field in detail:
            spec = by_name.get(parameter.lower())
            found[spec.name if spec else parameter] = _value(spec, detail[field])
    return found


def _value(spec: ParameterSpec | None, value: object) -> object:
    if spec is None or value is None or isinstance(value, str) or spec.type != "str":
        return value
    return json.dumps(value, ensure_ascii=False)
