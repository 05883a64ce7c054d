"""Secrets that are none: variables written into the decorator, for tests and trials.

{"type": "inline", "options": {"env_vars": {"NAME": "value"}}}
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SecretError
from . import Source


def fetch(source: Source) -> Mapping[str, str]:
    """The option `env_vars`, as it is."""
    variables = source.options.get("env_vars") or {}
    if not isinstance(variables, Mapping) or not all(isinstance(one, str) for pair in variables.items() for one in pair):
        raise SecretError("its option `env_vars` must be a dictionary of texts")
    return dict(variables)
