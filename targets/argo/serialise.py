"""Manifests → YAML text.

Kubernetes reads YAML 1.1, where a bare `n`, `on`, `1e3`, `0o7` or `12:30` is no string: every string is quoted that is not
plainly one. What belongs together on one line (`Inline`) is written in flow style, so that a task of a DAG takes a few
lines and a review is short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeDumper as _Base
else:
    try:
        from yaml import CSafeDumper as _Base
    except ImportError:  # a PyYAML that was built without libyaml: slower, the same text
        from yaml import SafeDumper as _Base

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_NOT_STRINGS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


class Inline(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(_Base):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) is not None and text.lower().strip(".") not in _NOT_STRINGS
    style = None if plain else '"' if "'" in text or "\n" in text or not text.isprintable() else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _inline(dumper: _Dumper, data: Inline) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


_Dumper.add_representer(str, _string)
_Dumper.add_representer(Inline, _inline)


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """One document as text, its keys in the order given."""
    text: str = yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False)
    return text
