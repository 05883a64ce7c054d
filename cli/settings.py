"""What flags leave open: `FLOWC_*` variables, then a settings file.

The settings file is the nearest `flowc.toml`, or `pyproject.toml` with a table `[tool.flowc]`, in the flow's folder or one
above it. Its keys are the long options' names without the dashes in front; those of `flowc.toml` stand at its top:

    [tool.flowc]
    image = "registry.example/flows:3"
    batch-queue = "cpu"
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..runtime.settings_file import nearest_table
from .output import GONE, Unusable, folder_is_gone

if TYPE_CHECKING:
    from .verb import Decorated

KEYS: dict[str, type[str] | type[int] | type[bool] | type[tuple[str, ...]]] = {
    "target": str,
    "image": str,
    "base-image": str,
    "datastore": str,
    "batch-queue": str,
    "sfn-role": str,
    "events-role": str,
    "job-role": str,
    "execution-role": str,
    "compute": str,
    "ecs-cluster": str,
    "subnets": tuple,
    "security-groups": tuple,
    "event-bus": str,
    "workflow-timeout": int,
    "branch": str,
    "production": bool,
    "context": str,
    "namespace": str,
    "service-account": str,
    "argo-url": str,
    "overlay": str,
    "include": tuple,
    "max-workers": int,
    "max-num-splits": int,
}
"""What a settings file may hold, and of which type. Each also is an option of a verb and a variable: FLOWC_BATCH_QUEUE."""
_TYPES = {str: "a string", int: "a whole number", bool: "true or false", tuple: "a list of strings"}


def setting(key: str, metavar: str, help: str, **more: Any) -> Callable[[Decorated], Decorated]:
    """An option that a variable or the settings file may give; the verb gets None where none of them does so."""
    if KEYS[key] is tuple:
        more.setdefault("multiple", True)
    if KEYS[key] is int:
        more.setdefault("type", click.IntRange(min=1))
    if KEYS[key] is bool:
        more |= {"is_flag": True, "default": None}
    else:
        more["metavar"] = metavar
    return click.option(f"--{key}", envvar=variable(key), show_envvar=True, help=help, **more)


def variable(key: str) -> str:
    """The environment variable of a key."""
    return "FLOWC_" + key.upper().replace("-", "_")


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings for a flow in this folder, by key.

    Raises:
        Unusable: The file is no TOML, or has a key or a type that means nothing.
    """
    try:
        found = nearest_table(folder)
    except OSError as error:
        raise Unusable(GONE if folder_is_gone() else f"cannot read {folder}: {error.strerror}") from None
    except ValueError as error:
        raise Unusable(str(error)) from None
    return {} if found is None else _checked(found[1], found[0])


def _checked(table: object, file: Path) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise Unusable(f"{file}: tool.flowc is not a table")
    settings: dict[str, Any] = {}
    for given, value in table.items():
        key = str(given).replace("_", "-")
        if key == "tool" and isinstance(value, dict) and file.name == "flowc.toml":
            raise Unusable(f"{file}: the settings stand at the top of flowc.toml: leave out the line [tool.flowc]")
        if key not in KEYS:
            from .similar import did_you_mean

            raise Unusable(f"{file}: unknown setting '{given}'{did_you_mean(key, KEYS)}")
        if KEYS[key] is tuple and isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = tuple(value)
        if not isinstance(value, KEYS[key]) or isinstance(value, bool) != (KEYS[key] is bool):
            raise Unusable(f"{file}: '{given}' must be {_TYPES[KEYS[key]]}")
        if isinstance(value, str) and not value.strip():
            raise Unusable(f"{file}: '{given}' is empty: leave it out, or say what it is")
        if isinstance(value, int) and KEYS[key] is int and value < 1:
            raise Unusable(f"{file}: '{given}' must be 1 or more")
        if key == "overlay":  # a file beside the settings, wherever flowc is called
            value = str(file.parent / str(value))
        settings[key] = value
    return settings
