"""`@secrets`: fetched before the step's code runs, as environment variables of the task's process and nowhere else.

    inline                   variables written into the decorator
    aws                      AWS Secrets Manager
    kubernetes               secrets of a cluster

A provider is a function from a `Source` to variables by name. No message, log or plan holds a value; the exception is `inline`,
whose values stand in the source.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ..errors import SecretError

if TYPE_CHECKING:
    from ..plan import Step

PROVIDERS: Final = {"aws-secrets-manager": "aws", "kubernetes": "kubernetes", "inline": "inline"}
"""The modules of the providers, by the types that sources name."""
DEFAULT_TYPE: Final = ("FLOWC_SECRETS_TYPE", "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE")
"""Variables that say which provider a bare name means."""
DEFAULT_ROLE: Final = ("FLOWC_SECRETS_ROLE", "METAFLOW_DEFAULT_SECRETS_ROLE")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED: Final = ("FLOWC_", "METAFLOW_")

_set_here: dict[str, str] = {}
"""What this process was given before: another task of it, in a run within one process, may be given the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """One of a decorator's `sources`.

    Attributes:
        type: Which provider has it.
        id: Its name there.
        options: What the provider is told besides.
        role: Whom to be while it is fetched, where the provider knows roles.
    """

    type: str
    id: str
    options: Mapping[str, Any]
    role: str | None

    def __str__(self) -> str:
        return f"{self.type}.{self.id}" if self.id else self.type


def set_secrets(step: Step) -> None:
    """Fetch what the step's `@secrets` names, and put it into this process's environment.

    Raises:
        SecretError: A source cannot be fetched, or its variables cannot be set. The message names the step and the source.
    """
    arguments = step.decorator("secrets")
    if arguments is None:
        return
    found: dict[str, tuple[Source, str]] = {}
    for given in arguments.get("sources") or ():
        try:
            source = read_source(given, arguments.get("role"))
            variables = _provider(source.type)(source)
            for name, value in variables.items():
                _check_variable(name, value)
        except SecretError as error:
            shown = given if isinstance(given, str) else ".".join(str(given[key]) for key in ("type", "id") if given.get(key))
            raise SecretError(f"@secrets of step `{step.name}`, source `{shown}`: {error}") from None
        for name, value in variables.items():
            if name in found:
                raise SecretError(
                    f"@secrets of step `{step.name}`: both `{found[name][0]}` and `{source}` have a variable {name}"
                )
            if not arguments.get("allow_override") and name in os.environ and os.environ[name] != _set_here.get(name):
                raise SecretError(
                    f"@secrets of step `{step.name}`, source `{source}`: the environment has a variable {name} already; "
                    "allow_override=True lets the secret take its place"
                )
            found[name] = source, value
    for name, (_, value) in found.items():
        os.environ[name] = _set_here[name] = value


def read_source(given: Any, role: str | None) -> Source:
    """Understand one of `sources`: `"type.name"`, or a dictionary of `type`, `id`, `options` and `role`."""
    role = role or _first(DEFAULT_ROLE)
    if isinstance(given, str):
        kind, dot, name = given.partition(".")
        return Source(kind, name, {}, role) if dot else Source(_default_type(), given, {}, role)
    kind = given.get("type") or _default_type()
    name = given.get("id") or ""
    if not name and kind != "inline":
        raise SecretError("it has no `id`")
    return Source(kind, name, given.get("options") or {}, given.get("role") or role)


def as_variables(pairs: Mapping[str, object]) -> dict[str, str]:
    """Fields of a secret as variables: `-`, `.` and `/` become `_`, and all values text."""
    variables: dict[str, str] = {}
    for key, value in pairs.items():
        name = re.sub(r"[-./]", "_", key)
        if name in variables:
            raise SecretError(f"two of its fields make a variable {name}")
        variables[name] = str(value)
    return variables


def _provider(kind: str) -> Callable[[Source], Mapping[str, str]]:
    if kind not in PROVIDERS:
        import difflib

        close = difflib.get_close_matches(kind, PROVIDERS, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(PROVIDERS)}"
        raise SecretError(f"flowc has no secrets of type `{kind}`; {hint}")
    provider: Callable[[Source], Mapping[str, str]] = import_module(f".{PROVIDERS[kind]}", __name__).fetch
    return provider


def _check_variable(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise SecretError(f"{name!r} is no name for an environment variable: letters, digits and _ make one")
    if name.startswith(_RESERVED):
        raise SecretError(f"a variable {name} cannot be set: names with {' and '.join(_RESERVED)} are not for secrets")
    if "\0" in value:
        raise SecretError(f"the value for {name} holds a NUL, which an environment variable cannot")


def _default_type() -> str:
    kind = _first(DEFAULT_TYPE)
    if kind is None:
        raise SecretError(f"it names no type: write `aws-secrets-manager.NAME` or the like, or set {DEFAULT_TYPE[0]}")
    return kind


def _first(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)
