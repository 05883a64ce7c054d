"""Names, labels and annotations that the API server takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_KEY = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_PARTS = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_ANNOTATIONS = 262_144
"""Bytes of all of an object's."""


def faults_of_metadata(thing: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with it: a field, and why."""
    metadata = thing.get("metadata", {})
    name = metadata.get("name", "")
    if not name:
        yield "metadata.name", "Required value: name or generateName is required"
    elif len(name) > 253:
        yield "metadata.name", f'Invalid value: "{name}": must be no more than 253 characters'
    elif not re.fullmatch(_NAME, name):
        told = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
            f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_NAME}')"
        )
        yield "metadata.name", f'Invalid value: "{name}": {told}'
    for key, value in (metadata.get("labels") or {}).items():
        if why := fault_of_label_key(key) or fault_of_label(value):
            yield "metadata.labels", why
    size = 0
    for key, value in (metadata.get("annotations") or {}).items():
        size += len(key.encode()) + len(value.encode())
        if why := fault_of_label_key(key):
            yield "metadata.annotations", why
    if size > _ANNOTATIONS:
        yield "metadata.annotations", f"Too long: may not be more than {_ANNOTATIONS} bytes"


def fault_of_label(value: str) -> str | None:
    """What is wrong with the value of a label."""
    if len(value) > 63:
        return f'Invalid value: "{value}": must be no more than 63 characters'
    if re.fullmatch(_LABEL, value):
        return None
    example = f"(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_LABEL}')"
    return f'Invalid value: "{value}": a valid label must be an empty string or {_PARTS.removeprefix("must ")} {example}'


def fault_of_label_key(key: str) -> str | None:
    """What is wrong with the name of a label or an annotation."""
    prefix, slash, name = key.rpartition("/")
    if len(name) > 63:
        return f'Invalid value: "{key}": name part must be no more than 63 characters'
    if re.fullmatch(_KEY, name) and (not slash or (len(prefix) <= 253 and re.fullmatch(_NAME, prefix))):
        return None
    example = f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_KEY}')"
    prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    return f'Invalid value: "{key}": a qualified name {_PARTS} {example} {prefixed}'
