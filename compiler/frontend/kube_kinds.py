"""What the arguments of `@kubernetes` may be that Kubernetes reads: names, labels, tolerations, quantities, paths, images.

Only what Kubernetes surely refuses is a fault, its API server when the pod is created or the kubelet when it starts. What is
empty says nothing, as with Metaflow.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Final

from ..ir.nodes import Constant, Table
from .kinds import BOOL, Kind, keys, number_of

LABEL_LENGTH: Final = 63
_SUBDOMAIN_LENGTH: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_QUALIFIED: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", re.ASCII)
_HOST: Final = r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(:[0-9]+)?"
_PART: Final = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
_IMAGE: Final = re.compile(
    rf"({_HOST}/)?{_PART}(/{_PART})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)
"""github.com/distribution/reference, "Grammar"."""
_WHOLE: Final = re.compile(r"[0-9]+", re.ASCII)
_QUANTITY: Final = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?", re.ASCII)
_OPERATORS: Final = ("Exists", "Equal")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_MOST_ID: Final = 2**31 - 1
_OWN_AMOUNTS: Final = {"cpu": "cpu", "memory": "memory", "ephemeral-storage": "disk"}
"""What `extended_resources` would name a second time, and the argument that says it."""

_WORD: Final = "up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"


def is_subdomain(value: Constant) -> bool:
    """The name of most of Kubernetes' objects: DNS labels with dots between them."""
    return isinstance(value, str) and len(value) <= _SUBDOMAIN_LENGTH and _SUBDOMAIN.fullmatch(value) is not None


def why_no_key(key: str) -> str:
    """What is wrong with the key of a label, an annotation or a taint; "" where nothing is."""
    prefix, slash, name = key.rpartition("/")
    if slash and not is_subdomain(prefix):
        return f"what stands before `/` in `{key}` is no DNS name"
    return "" if _QUALIFIED.fullmatch(name) else f"`{key}` is no key: {_WORD}"


def why_no_value(key: str, value: str) -> str:
    """What is wrong with the value of a label; "" where nothing is."""
    return "" if not value or _QUALIFIED.fullmatch(value) else f"the value of `{key}` is no label's: {_WORD}"


def _why_no_labels(value: Constant) -> str:
    table = keys(value)
    if table is None or not all(one is None or isinstance(one, str) for one in table.values()):
        return "no dictionary of strings"
    return next((why for key, one in table.items() if (why := why_no_key(key) or why_no_value(key, str(one or "")))), "")


def _why_no_annotations(value: Constant) -> str:
    table = keys(value)
    if table is None or not all(one is None or isinstance(one, str) for one in table.values()):
        return "no dictionary of strings"
    # Kubernetes compares the keys of annotations in lower case.
    return next((why for key in table if (why := why_no_key(key.lower()))), "")


def selector_of(value: Constant) -> Mapping[str, str] | None:
    """The labels of nodes that a selector asks for, a dictionary or a text; None where it is neither, or says a key twice."""
    if not isinstance(value, str):
        table = keys(value)
        if table is None or not all(isinstance(one, str) for one in table.values()):
            return None
        return {key: str(one) for key, one in table.items()}
    parts = [part.partition("=") for part in value.split(",")] if value.strip() else []
    found = {key.strip(): one.strip() for key, equals, one in parts if equals}
    return found if len(found) == len(parts) else None


def _why_no_selector(value: Constant) -> str:
    table = selector_of(value)
    if table is None:
        return "neither, or it says a key twice"
    return next((why for key, one in table.items() if (why := why_no_key(key) or why_no_value(key, one))), "")


def _why_no_toleration(table: Mapping[str, Constant]) -> str:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"""
    key, value, operator, effect = (table.get(name) or "" for name in ("key", "value", "operator", "effect"))
    if not all(isinstance(one, str) for one in (key, value, operator, effect)):
        return "`key`, `operator`, `value` and `effect` are strings"
    if operator not in ("", *_OPERATORS):
        return f"`operator` is {' or '.join(_OPERATORS)}"
    if effect not in ("", *_EFFECTS):
        return f"`effect` is {', '.join(_EFFECTS[:-1])} or {_EFFECTS[-1]}"
    if not key and operator != "Exists":
        return 'without a `key`, `operator` must be "Exists"'
    if operator == "Exists" and value:
        return 'with `operator="Exists"` there is no `value`'
    seconds = table.get("toleration_seconds")
    if seconds is not None and ((number_of(seconds) or 0) % 1 or number_of(seconds) is None):
        return "`toleration_seconds` is a whole number"
    if seconds is not None and effect != "NoExecute":
        return "`toleration_seconds` wants the effect NoExecute"
    return (why_no_key(str(key)) if key else "") or why_no_value(str(key), str(value))


_TOLERATION: Final = frozenset(["key", "operator", "value", "effect", "toleration_seconds"])


def _why_no_tolerations(value: Constant) -> str:
    if not isinstance(value, tuple):
        return "no list"
    for number, one in enumerate(value, 1):
        table = keys(one)
        if table is None or not set(table) <= _TOLERATION:
            why = "no such dictionary"
        else:
            why = _why_no_toleration(table)
        if why:
            return why if len(value) == 1 else f"number {number}: {why}"
    return ""


def why_no_path(path: Constant) -> str:
    """What is wrong with the path of a mount; "" where nothing is."""
    if not isinstance(path, str) or not path.startswith("/") or ":" in path or any(not one.isprintable() for one in path):
        return f"{path!r} is no absolute path without `:`"
    return f"`{path}` is where the image itself is" if _tidy(path) == "/" else ""


def _tidy(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))


def _why_no_claims(value: Constant) -> str:
    table = keys(value)
    if table is None:
        return "no dictionary"
    for name, path in table.items():
        if not is_subdomain(name):
            return f"`{name}` is no name of a claim"
        if why := why_no_path(path):
            return why
    return ""


def _why_no_resources(value: Constant) -> str:
    """https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources"""
    table = keys(value)
    if table is None:
        return "no dictionary of names and amounts"
    for name, amount in table.items():
        if name in _OWN_AMOUNTS:
            return f"`{name}` is said by `{_OWN_AMOUNTS[name]}=…`"
        if why := why_no_key(name):
            return why
        huge = name.startswith("hugepages-") and "/" not in name
        if not huge and "/" not in name:
            return f"`{name}` has no domain in front, as in `example.com/{name}`"
        if not (_QUANTITY if huge else _WHOLE).fullmatch(amount_text(amount)):
            return f"the amount of `{name}` is no " + ("quantity" if huge else "whole number")
    return ""


def amount_text(value: Constant) -> str:
    """An amount as Kubernetes reads it: a number without a needless fraction, a text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    if isinstance(value, str):
        return value.strip()
    return str(int(value)) if value == value // 1 and abs(value) < 2**63 else repr(value)


def _is_id(value: Constant) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_ID


_SECURITY: Final[Mapping[str, Callable[[Constant], bool]]] = {
    "privileged": BOOL.fits,
    "allow_privilege_escalation": BOOL.fits,
    "run_as_non_root": BOOL.fits,
    "run_as_user": _is_id,
    "run_as_group": _is_id,
}


def _why_no_security(value: Constant) -> str:
    table = keys(value)
    if table is None:
        return "no dictionary"
    for name, one in table.items():
        if name not in _SECURITY:
            return f"there is no `{name}`"
        if one is not None and not _SECURITY[name](one):
            return f"`{name}` is " + ("True or False" if _SECURITY[name] is BOOL.fits else "a number from 0")
    if table.get("privileged") and table.get("allow_privilege_escalation") is False:
        return "what is privileged may escalate: Kubernetes refuses the two together"
    if table.get("run_as_non_root") and table.get("run_as_user") == 0:
        return "user 0 is root: Kubernetes starts no such container"
    return ""


def _why_no_names(value: Constant) -> str:
    listed = (value,) if isinstance(value, str) and value else value or ()
    if not isinstance(listed, tuple) or not all(isinstance(one, str) for one in listed):
        return "no list of strings"
    return next((f"{one!r} is no name" for one in listed if not is_subdomain(one)), "")


def _kind(words: str, why: Callable[[Constant], str]) -> Kind:
    return Kind(words, lambda value: not why(value), why=why)


def _text(words: str, fits: Callable[[str], bool]) -> Kind:
    """A text of a form, or an empty one."""
    return Kind(words, lambda value: isinstance(value, str) and (not value or fits(value)))


_NAMES_WORDS: Final = "lower-case letters, digits, `-` and `.`"
IMAGE: Final = _text(
    'the name of an image, as "registry.example.com/name:tag"', lambda value: len(value) <= 1000 and bool(_IMAGE.fullmatch(value))
)
NAMESPACE: Final = _text(
    "the name of a namespace: up to 63 lower-case letters, digits and `-`", lambda value: bool(_LABEL.fullmatch(value))
)
ACCOUNT: Final = _text(f"the name of a service account: {_NAMES_WORDS}", is_subdomain)
POOL: Final = _text(f"the name of a pool: {_WORD}", lambda value: bool(_QUALIFIED.fullmatch(value)))
PROGRAM: Final = _text("the name or the path of a Python", lambda value: bool(value.strip()) and "\0" not in value)
PATH: Final = Kind(
    'an absolute path, as "/scratch"', lambda value: value == "" or not why_no_path(value), why=lambda value: why_no_path(value)
)
SECRETS: Final = _kind(f"names of secrets, {_NAMES_WORDS}, or one of them", _why_no_names)
PULL_SECRETS: Final = Kind(
    f"a list of names of secrets, {_NAMES_WORDS}",
    lambda value: isinstance(value, tuple) and not _why_no_names(value),
    why=lambda value: _why_no_names(value) if isinstance(value, tuple) else "no list",
)
LABELS: Final = _kind("a dictionary of labels, keys and values both strings", _why_no_labels)
ANNOTATIONS: Final = _kind("a dictionary of annotations, keys and values both strings", _why_no_annotations)
SELECTOR: Final = _kind('labels of nodes: a dictionary of strings, or a string as "key=value,key=value"', _why_no_selector)
TOLERATIONS: Final = _kind(
    "a list of dictionaries with the keys `key`, `operator`, `value`, `effect` and `toleration_seconds`", _why_no_tolerations
)
CLAIMS: Final = _kind('names of claims and where each is mounted, as {"data": "/data"}', _why_no_claims)
RESOURCES: Final = _kind('a dictionary of names and amounts, as {"example.com/device": 1}', _why_no_resources)
SECURITY: Final = _kind(
    "a dictionary with `privileged`, `allow_privilege_escalation`, `run_as_non_root` (True or False), `run_as_user` and "
    "`run_as_group` (numbers)",
    _why_no_security,
)


def same_path(one: str, other: str) -> bool:
    """Whether two paths of mounts are one place."""
    return _tidy(one) == _tidy(other)


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it."""
    return posixpath.commonpath([_tidy(path), _tidy(folder)]) == _tidy(folder)


def texts_of(value: Constant) -> tuple[str, ...]:
    """The texts of a list, or of one text that is not empty."""
    return ((value,) if value else ()) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, tuple) else ()


def table_of(value: Constant) -> tuple[tuple[str, str], ...]:
    """A dictionary of strings by its keys; None as a value is an empty one."""
    items = value.items if isinstance(value, Table) else ()
    return tuple(sorted((str(key), "" if one is None else str(one)) for key, one in items))
