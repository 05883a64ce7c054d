"""Which fields objects have, as the OpenAPI documents of a Kubernetes 1.34 with the full CRDs of Argo 3.7 say it.

    KINDS["WorkflowTemplate"].problems(manifest)      # what is not declared, or of another type
    KINDS["WorkflowTemplate"].leaves(manifest)        # the fields that whoever applies this has

`schema.json` has what matters of them, each distinct part once:

    kubectl get --raw /openapi/v3/api/v1 > core.json
    kubectl get --raw /openapi/v3/apis/rbac.authorization.k8s.io/v1 > rbac.json
    kubectl get --raw /openapi/v3/apis/argoproj.io/v1alpha1 > argo.json
    python -m engines.argo.schema core.json rbac.json argo.json > schema.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Path_ = tuple[str, ...]
"""Where a field is, by the elements of Kubernetes' own field sets: `f:spec`, `k:{"name":"x"}`, `v:3`."""

_WANTED = """
    Namespace ServiceAccount Secret ConfigMap PersistentVolumeClaim Pod ResourceQuota Role RoleBinding
    WorkflowTemplate Workflow CronWorkflow Sensor EventSource
""".split()
_UNREQUIRED = ("Pod", "ResourceQuota")
"""Of these it is not looked at what they must have: whoever keeps their status, here, does not say all of it."""
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "int or string": (int, str),
}
_TYPED = {"object": "map", "array": "list", "integer": "numeric (int or float)", "number": "numeric (int or float)"}


class Problem(NamedTuple):
    """A field that is not in the schema (`wanted` is None), or whose value is not of the type that it has there."""

    where: str
    wanted: str | None
    value: Any

    def applied(self) -> str:
        """What is said about it where it was to be applied."""
        if self.wanted is None:
            return f"{self.where}: field not declared in schema"
        if self.wanted == "keys":
            number, keys = self.value
            lacks = (
                f"an element that omits all key fields {json.dumps(keys)} (and doesn't have default values for any key fields)"
            )
            return f"{self.where}: element {number}: associative list with keys has {lacks}"
        names: dict[type, str] = {str: "string", dict: "map", list: "list"}
        got = names.get(type(self.value), f"&value.valueUnstructured{{Value:{json.dumps(self.value)}}}")
        return f"{self.where}: expected {_TYPED.get(self.wanted, self.wanted)}, got {got}"

    def written(self) -> str:
        """Likewise of a value of a wrong type where it was to be created or changed."""
        names = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
        got = f'"{names[type(self.value)]}"'
        return f"Invalid value: {got}: {self.where.lstrip('.')} in body must be of type {self.wanted}: {got}"


class Schema:
    """One part of a kind."""

    def __init__(self, number: int) -> None:
        self._node: dict[str, Any] = _TABLE[number]

    def divides(self, value: Any) -> bool:
        """Whether the parts of a value belong to whom they are from, each alone."""
        if isinstance(value, dict):
            return not self._node.get("atomic")
        return isinstance(value, list) and bool({"keys", "set"} & self._node.keys())

    def below(self, key: str) -> Schema | None:
        """The schema of a field of an object; None: there is no such field."""
        if "fields" in self._node:
            number = self._node["fields"].get(key, 0 if self._node.get("more") else None)
            return None if number is None else Schema(number)
        return Schema(self._node.get("map", 0))

    def item(self) -> Schema:
        """The schema of the items of a list."""
        return Schema(self._node.get("list", 0))

    def element(self, item: Any) -> str:
        """What stands for an item of a list in a field set."""
        if "keys" in self._node:
            given = {key: item[key] for key in self._node["keys"] if key in item}
            return f"k:{json.dumps(given, separators=(',', ':'), sort_keys=True)}"
        return f"v:{json.dumps(item)}"

    def children(self, value: Any) -> Iterator[tuple[str, Any, Schema]]:
        """The parts of a value that divides: their elements, values, and schemas."""
        if isinstance(value, dict):
            for key, one in value.items():
                if (schema := self.below(key)) is not None:
                    yield f"f:{key}", one, schema
        elif isinstance(value, list):
            for one in value:
                yield self.element(one), one, self.item()

    def problems(self, value: Any, where: str = "") -> Iterator[Problem]:
        """What is wrong with the fields and the types of a value."""
        kind = self._node.get("type", "any")
        if value is None or kind == "any":
            return
        if not isinstance(value, _TYPES[kind]) or isinstance(value, bool) is not (kind == "boolean"):
            yield Problem(where, kind, value)
        elif isinstance(value, dict):
            for key, one in sorted(value.items()):
                schema = self.below(key)
                if schema is not None:
                    yield from schema.problems(one, f"{where}.{key}")
                else:
                    yield Problem(f"{where}.{key}", None, one)
        elif isinstance(value, list):
            for number, one in enumerate(value):
                if "keys" in self._node and not set(self._node["keys"][:1]) & one.keys():
                    yield Problem(where, "keys", (number, self._node["keys"]))
                yield from self.item().problems(one, f"{where}[{number}]")

    def missing(self, value: Any, where: str = "") -> Iterator[tuple[str, str]]:
        """The fields that a value must have and has not, and values that are not among those allowed."""
        if value is None:
            return
        allowed = self._node.get("enum")
        if allowed and value not in allowed:
            listed = ", ".join(json.dumps(one) for one in allowed)
            yield where, f"Unsupported value: {json.dumps(value)}: supported values: {listed}"
        if isinstance(value, dict):
            for key in self._node.get("required", ()):
                if key not in value:
                    yield f"{where}.{key}".lstrip("."), "Required value"
            for key, one in sorted(value.items()):
                if (schema := self.below(key)) is not None:
                    yield from schema.missing(one, f"{where}.{key}".lstrip("."))
        elif isinstance(value, list):
            for number, one in enumerate(value):
                yield from self.item().missing(one, f"{where}[{number}]")

    def prune(self, value: Any) -> Any:
        """The value without what it may not have."""
        if isinstance(value, dict):
            return {key: schema.prune(one) for key, one in value.items() if (schema := self.below(key)) is not None}
        if isinstance(value, list):
            return [self.item().prune(one) for one in value]
        return value

    def leaves(self, value: Any, at: Path_ = ()) -> Iterator[Path_]:
        """The paths of what a value says, as far as each part has an owner of its own."""
        if value is None:
            return
        if not value or not self.divides(value):
            yield at
            return
        for element, one, schema in self.children(value):
            if element.startswith("k:"):
                yield (*at, element)
            yield from schema.leaves(one, (*at, element))


def reduced(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """What `schema.json` has, of OpenAPI documents."""
    table: list[Any] = []
    known: dict[str, int] = {}

    def number(node: dict[str, Any]) -> int:
        text = json.dumps(node, sort_keys=True)
        if text not in known:
            known[text] = len(table)
            table.append(node)
        return known[text]

    def read(part: dict[str, Any], parts: dict[str, Any], *, strict: bool) -> int:
        while reference := part.get("$ref") or next((one["$ref"] for one in part.get("allOf", ()) if "$ref" in one), None):
            part = {**{k: v for k, v in part.items() if k.startswith("x-")}, **parts[reference.rpartition("/")[2]]}
        kept = {key: part[key] for key in ("enum", "required") if strict and part.get(key)}
        if part.get("x-kubernetes-int-or-string") or part.get("format") == "int-or-string" or "oneOf" in part:
            return number({"type": "int or string"})
        if part.get("type") == "array":
            told = part.get("x-kubernetes-list-type")
            more: dict[str, Any] = {"set": True} if told == "set" else {}
            if told == "map":
                more = {"keys": part["x-kubernetes-list-map-keys"]}
            return number({"type": "array", "list": read(part["items"], parts, strict=strict), **more})
        if part.get("type") == "object" or "properties" in part:
            atomic = {"atomic": True} if part.get("x-kubernetes-map-type") == "atomic" else {}
            if "properties" in part:
                more = {"more": True} if part.get("x-kubernetes-preserve-unknown-fields") else {}
                fields = {key: read(one, parts, strict=strict) for key, one in sorted(part["properties"].items())}
                return number({"type": "object", "fields": fields, **kept, **atomic, **more})
            if isinstance(part.get("additionalProperties"), dict):
                return number({"type": "object", "map": read(part["additionalProperties"], parts, strict=strict), **atomic})
            return number({"type": "any"})
        return number({"type": part.get("type", "any"), **kept})

    number({"type": "any"})
    kinds = {}
    for document in documents:
        parts = document["components"]["schemas"]
        for name, part in parts.items():
            kind = name.rpartition(".")[2]
            if kind in _WANTED and "x-kubernetes-group-version-kind" in part:
                kinds[kind] = read(part, parts, strict=kind not in _UNREQUIRED)
    return {"kinds": kinds, "table": table}


def _read() -> dict[str, Any]:
    file = Path(__file__).with_name("schema.json")
    return json.loads(file.read_text()) if file.exists() else {"kinds": {}, "table": []}


_READ = _read()
_TABLE: list[dict[str, Any]] = _READ["table"]
KINDS = {kind: Schema(number) for kind, number in _READ["kinds"].items()}
"""By kind."""


if __name__ == "__main__":
    made = reduced([json.loads(Path(name).read_text()) for name in sys.argv[1:]])
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in made["table"])
    print(f'{{"kinds":{json.dumps(made["kinds"])},"table":[\n{lines}\n]}}')
