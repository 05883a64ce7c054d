"""What an argument of a decorator may be: each kind with the words that a message says, and a test of a constant.

Where Metaflow takes a number it also takes text that says one (`memory="4000"`), since its command line hands them on so; kinds
of numbers do the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ..ir.nodes import Constant, Table


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of argument.

    Attributes:
        words: What it takes, after "takes".
        fits: Whether a constant that is not None is of this kind.
        optional: It may be None, for whatever is the default.
        why: What is wrong with a constant, for the label at it; "" where `words` say enough.
        special: How it is read where it is no plain constant: `functions` of the module, or `variables` of a process.
    """

    words: str
    fits: Callable[[Constant], bool]
    optional: bool = True
    why: Callable[[Constant], str] = lambda value: ""
    special: str = ""

    @property
    def needed(self) -> Kind:
        """The same, but never None: Metaflow fails with it where the step starts."""
        return replace(self, optional=False)


def number_of(value: Constant) -> float | None:
    """The finite number that a constant is or says, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def numbers(words: str, least: float = 0, most: float = math.inf, *, above: bool = False, whole: bool = False) -> Kind:
    """A number in a range."""

    def fits(value: Constant) -> bool:
        number = number_of(value)
        if number is None or not least <= number <= most or (above and number == least):
            return False
        return not whole or number % 1 == 0

    return Kind(words, fits)


def one_of(*words: str, any_case: bool = False) -> Kind:
    """One of a few texts."""
    known = {one.lower() for one in words} if any_case else set(words)

    def fits(value: Constant) -> bool:
        return isinstance(value, str) and (value.lower() if any_case else value) in known

    listed = ", ".join(f'"{one}"' for one in words[:-1])
    return Kind(f'{listed} or "{words[-1]}"', fits)


def list_of(what: str, fits: Callable[[Constant], bool]) -> Kind:
    """A list whose items are all of a kind."""
    return Kind(f"a list of {what}", lambda value: isinstance(value, tuple) and all(fits(one) for one in value))


def table_of(words: str, *fits: Callable[[Constant], bool]) -> Kind:
    """A dictionary from texts to values of a kind."""

    def whole(value: Constant) -> bool:
        return isinstance(value, Table) and all(
            isinstance(key, str) and any(one(item) for one in fits) for key, item in value.items
        )

    return Kind(words, whole)


def is_text(value: Constant) -> bool:
    """A text."""
    return isinstance(value, str)


def is_name(value: Constant) -> bool:
    """A text that is not empty."""
    return isinstance(value, str) and bool(value.strip())


def keys(value: Constant) -> dict[str, Constant] | None:
    """A dictionary whose keys are texts, or None."""
    if not isinstance(value, Table) or not all(isinstance(key, str) for key, _ in value.items):
        return None
    return {str(key): item for key, item in value.items}


TEXT: Final = Kind("a string", is_text)
BOOL: Final = Kind("True or False", lambda value: isinstance(value, bool))
TABLE: Final = Kind("a dictionary", lambda value: isinstance(value, Table))
PACKAGES: Final = table_of('a dictionary of names and versions, both strings, as {"pandas": "2.2.1"}', is_text).needed
PYTHON: Final = Kind('a version as a string, as "3.11"', is_name)
VARIABLES: Final = Kind("a dictionary of names and values", TABLE.fits, optional=False, special="variables")
FUNCTIONS: Final = Kind("a list of functions of this file", is_text, special="functions")

SIZE: Final = numbers("a number above 0", above=True)
AMOUNT: Final = numbers("a number from 0")
WHOLE: Final = numbers("a whole number from 0", whole=True)
POSITIVE: Final = numbers("a whole number above 0", whole=True, above=True)

_PROJECT: Final = re.compile(r"[a-z0-9_]{1,128}", re.ASCII)
PROJECT: Final = Kind(
    "up to 128 lower-case letters, digits and `_`", lambda value: isinstance(value, str) and _PROJECT.fullmatch(value) is not None
)

_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
ZONE: Final = Kind(
    'a time zone of the IANA database, as "Europe/Berlin"',
    lambda value: isinstance(value, str) and _ZONE.fullmatch(value) is not None,
)


def _is_source(value: Constant) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    table = keys(value)
    if table is None or not set(table) <= {"type", "id", "options", "role"}:
        return False
    if not is_name(table.get("id", "any" if table.get("type") == "inline" else None)):
        return False
    options, role = table.get("options", Table(())), table.get("role")
    return isinstance(options, Table) and (role is None or is_text(role)) and is_name(table.get("type", "default"))


SOURCES: Final = list_of(
    'names, as "aws-secrets-manager.name", and dictionaries with `type`, `id`, `options`, `role`', _is_source
).needed


def _is_mapping(value: Constant) -> bool:
    """Which parameter takes which field of an event: a dictionary, or a list of names and pairs."""
    if isinstance(value, Table):
        return all(is_name(key) and is_name(field) for key, field in value.items)
    return isinstance(value, tuple) and all(
        is_name(one) or (isinstance(one, tuple) and len(one) == 2 and all(is_name(part) for part in one)) for one in value
    )


def _is_event(value: Constant) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    table = keys(value)
    if table is None or not set(table) <= {"name", "parameters"} or not is_name(table.get("name")):
        return False
    return _is_mapping(table.get("parameters", ()))


_EVENT_WORDS: Final = "the name of an event or a dictionary with its `name` and `parameters`"
EVENT: Final = Kind(_EVENT_WORDS, _is_event)
EVENTS: Final = Kind(
    "a list of events, each a name or a dictionary with `name` and `parameters`",
    lambda value: isinstance(value, tuple) and all(_is_event(one) for one in value),
)


def _is_flow_name(value: Constant) -> bool:
    """`Flow`, which is a class, or `project.branch.Flow`, where a branch may have a dot."""
    if not isinstance(value, str):
        return False
    *place, name = value.split(".")
    return name.isidentifier() and all(one and not any(map(str.isspace, one)) for one in place)


def _is_flow(value: Constant) -> bool:
    if isinstance(value, str):
        return _is_flow_name(value)
    table = keys(value)
    if table is None or not set(table) <= {"name", "project", "project_branch"} or not _is_flow_name(table.get("name")):
        return False
    return all(one is None or is_name(one) for one in table.values())


FLOW: Final = Kind("the name of a flow or a dictionary with its `name`, `project` and `project_branch`", _is_flow)
FLOWS: Final = Kind(
    "a list of flows, each a name or a dictionary with `name`, `project` and `project_branch`",
    lambda value: isinstance(value, tuple) and all(_is_flow(one) for one in value),
)

_CRON_PART: Final = re.compile(r"[0-9A-Za-z*/,#?-]+", re.ASCII)
_CRON_ALIASES: Final = frozenset(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"])
_CRON_RANGES: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (1970, 2199))
"""Minutes, hours, days of the month, months, days of the week, years."""


def _is_cron(value: Constant) -> bool:
    """Five fields, as Kubernetes has them, or the six of EventBridge, of which one day is `?`.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
    """
    if not isinstance(value, str):
        return False
    if value.strip() in _CRON_ALIASES:
        return True
    fields = value.split()
    if len(fields) not in (5, 6) or not all(_CRON_PART.fullmatch(field) for field in fields):
        return False
    if len(fields) == 6 and "?" not in (fields[2], fields[4]):
        return False
    ranges = zip(fields, _CRON_RANGES, strict=False)
    return all(least <= int(number) <= most for field, (least, most) in ranges for number in _numbers(field))


def _numbers(field: str) -> list[str]:
    """The plain numbers of a field; not the step after `/`, nor the week after `#`, nor what is in a name."""
    found = []
    for part in field.split(","):
        base = part.partition("/")[0].partition("#")[0]
        found += [number for number in base.split("-") if number.isdigit() and len(number) <= 4]
    return found


_CRON_FIELDS: Final = ("minutes", "hours", "days of the month", "months", "days of the week", "years")


def _why_no_cron(value: Constant) -> str:
    if not isinstance(value, str):
        return ""
    fields = value.split()
    if len(fields) not in (5, 6):
        return f"{len(fields)} field" + ("" if len(fields) == 1 else "s")
    for field, name, (least, most) in zip(fields, _CRON_FIELDS, _CRON_RANGES, strict=False):
        for number in _numbers(field):
            if not least <= int(number) <= most:
                return f"{name} go from {least} to {most}, and this says {int(number)}"
        if not _CRON_PART.fullmatch(field):
            return f"`{field}` is no field for {name}"
    return "one of the two days must be `?`" if len(fields) == 6 and "?" not in (fields[2], fields[4]) else ""


CRON: Final = Kind('five fields, as "0 6 * * *", or the six of EventBridge, as "0 6 * * ? *"', _is_cron, why=_why_no_cron)
