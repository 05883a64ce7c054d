"""What a run on a platform is started with: values of parameters as JSON, checked against the plan before anything starts.

    {"alpha": 0.5, "notes": "text of a file", "flowc:user": "ann", "flowc:tags": ["nightly"]}

A value arrives as it was given. So what JSON, or a platform that reads and writes it, might change travels as text instead, which
tasks read as a command line's: numbers that are not finite, whole ones beyond 2**53.
"""

from __future__ import annotations

import base64
import json
import math
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .output import Unusable

if TYPE_CHECKING:
    from ..runtime.plan import ParameterSpec, Plan

_EXACT = 2**53


def new_run_id() -> str:
    """An id that nobody else has: by when it starts, and of a length that all platforms take: `20261121-122322-a1b2c3`."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def input_of(plan: Plan, texts: Mapping[str, str], user: str | None, tags: Sequence[str]) -> dict[str, Any]:
    """The input of a run.

    Args:
        texts: What the command line gives, by the parameter's name.

    Raises:
        Unusable: A value is not of its parameter's type, one is missing, or a tag is none.
    """
    from ..runtime.errors import ParameterError
    from ..runtime.records.tags import TagError, checked_tags
    from ..runtime.tasks.parameters import from_environment, typed

    specs = {spec.name: spec for spec in plan.parameters}
    try:
        values = typed(plan, texts)
        marks = sorted(checked_tags(tags))
        missing = [spec.name for spec in plan.parameters if spec.required and spec.name not in values]
        if missing:
            raise ParameterError(f"the flow {plan.flow} needs a value for " + ", ".join(f"`{name}`" for name in missing))
        found = {name: _as_json(specs[name], value) for name, value in values.items()}
        for name, value in values.items():
            arrived = from_environment(plan, json.dumps({name: found[name]}))
            if not _alike(arrived.get(name), value):
                raise ParameterError(f"the parameter `{name}` cannot be handed over as it is: {json.dumps(found[name]):.80}")
    except (ParameterError, TagError) as error:
        raise Unusable(str(error)) from None
    except RecursionError:
        raise Unusable("a parameter nests too deeply to be handed over") from None
    return found | ({"flowc:user": user} if user else {}) | ({"flowc:tags": marks} if marks else {})


def text_of(document: Mapping[str, Any]) -> str:
    """An input as it is sent.

    Raises:
        Unusable: A value holds bytes that are no text.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        bad = next((name for name, value in document.items() if not _is_text(value)), "?")
        raise Unusable(f"the parameter `{bad}` holds bytes that are no text") from None
    return text


def largest(document: Mapping[str, Any]) -> tuple[str, int]:
    """The value that takes the most, and how many bytes."""
    sizes = {name: len(json.dumps(value, ensure_ascii=False).encode()) for name, value in document.items()}
    name = max(sizes, key=lambda one: sizes[one])
    return name, sizes[name]


def _as_json(spec: ParameterSpec, value: Any) -> Any:
    """A value as JSON of which the runtime makes the same value."""
    match spec.type:
        case "file" if isinstance(value, bytes):
            return base64.b64encode(value).decode("ascii")
        case "int" | "float" if not _is_safe(value):
            return repr(value)
        case "json" if not _is_safe(value) or isinstance(value, str):
            # Text is read as JSON where that gives an object or an array, and else stands for itself.
            return value if isinstance(value, str) else json.dumps(value)
    return value


def _is_safe(value: Any) -> bool:
    """Whether a value is the same after another program has read it as JSON and written it again."""
    match value:
        case bool() | str() | None:
            return True
        case int():
            return abs(value) <= _EXACT
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_safe, value))
        case dict():
            return all(map(_is_safe, value.values()))
    return True


def _alike(one: object, other: object) -> bool:
    return repr(one) == repr(other)


def _is_text(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
