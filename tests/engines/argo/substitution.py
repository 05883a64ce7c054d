"""What Argo does to `{{…}}`: everywhere in a spec, in the order in which the controller comes to know values, and again in the
values that it has put in.

https://argo-workflows.readthedocs.io/en/latest/variables/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from engines.argo.expressions import Unresolved, evaluate

Scope = Mapping[str, Any]
_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class Unsupplied(Exception):
    """A value that must be there is not."""


def substituted(thing: Any, scope: Scope, *, needed: tuple[str, ...] = ()) -> Any:
    """A part of a document with the values of a scope in it. What the scope has not stays as it is.

    Args:
        thing: Whatever JSON can say.
        scope: Values by names.
        needed: What names begin with that must be there.

    Raises:
        Unsupplied: One of those is not there.
        ValueError: What comes out is no JSON, since Argo does not quote as JSON does.
    """
    text = json.dumps(thing, ensure_ascii=False)
    if "{{" not in text:
        return thing

    def value(found: re.Match[str]) -> str:
        tag = str(json.loads(f'"{found[1]}"')).strip()
        if tag.startswith("="):
            try:
                return _quoted(_text(evaluate(tag[1:], scope)))
            except Unresolved as error:
                if str(error).startswith(needed) and needed:
                    raise Unsupplied(f"failed to resolve {{{{{tag}}}}}") from None
                return found[0]
        if tag in scope and scope[tag] is not None:
            return _quoted(_text(scope[tag]))
        if needed and tag.startswith(needed):
            raise Unsupplied(f"failed to resolve {{{{{tag}}}}}")
        return found[0]

    return json.loads(_TAG.sub(value, text))


def supplied(template: Mapping[str, Any], arguments: Mapping[str, str], outer: Scope) -> dict[str, Any]:
    """A template with its inputs, and with all that then is known in it."""
    given = dict(template)
    if "inputs" in template:
        parameters = []
        for one in template["inputs"].get("parameters", ()):
            value = arguments.get(one["name"], one.get("value", one.get("default")))
            if value is None:
                raise Unsupplied(f"inputs.parameters.{one['name']} was not supplied")
            parameters.append({**one, "value": value})
        given["inputs"] = {**template["inputs"], "parameters": parameters}
    given = substituted(given, outer)
    inputs = {one["name"]: one["value"] for one in given.get("inputs", {}).get("parameters", ())}
    scope: dict[str, Any] = {**outer, **{f"inputs.parameters.{name}": value for name, value in inputs.items()}}
    scope["inputs.parameters"] = json.dumps(given.get("inputs", {}).get("parameters", []), separators=(",", ":"))
    return dict(substituted(given, scope))


def go_json(value: Any) -> str:
    """JSON as Go writes it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """As `strconv.Quote` does it, whose escapes are not all known to JSON."""
    quoted = ""
    for sign in text:
        if sign in '"\\':
            quoted += f"\\{sign}"
        elif sign in "\n\r\t\b\f":
            quoted += {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}[sign]
        elif sign in "\a\v":
            quoted += {"\a": "\\a", "\v": "\\v"}[sign]
        elif sign.isprintable():
            quoted += sign
        elif ord(sign) < 0x80:
            quoted += f"\\x{ord(sign):02x}"
        else:
            quoted += f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
    return quoted
