"""`@schedule`, and the cron that is in it: what all platforms read alike.

Five fields are those of Unix and Kubernetes, six those of EventBridge. They differ:

| | five fields | six fields |
|---|---|---|
| days of the week | 0 to 7, Sunday is 0 and 7 | 1 to 7, Sunday is 1 |
| days of the month and of the week | either day will do | one of them is `?` |
| what only they know | | `L`, `W`, `#`, and years, the sixth |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ..compiler.diagnostics.model import Report
from ..compiler.diagnostics.rules import targets as rules
from ..compiler.ir.nodes import Decorator, Flow
from ..compiler.similar import did_you_mean
from .settings import place_of

DEFAULT_ZONE: Final = "UTC"

_ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_TIMES: Final = {"weekly": "@weekly", "daily": "@daily", "hourly": "@hourly"}

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a flow's `@schedule` says.

    Attributes:
        decorator: The decorator.
        cron: The time, as it is written there, or a word like `@daily`.
        fields: The five or six fields of that.
        zone: The time zone.
    """

    decorator: Decorator
    cron: str
    fields: tuple[str, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five.

    Attributes:
        name: What it counts.
        least: The least that it may be.
        most: The most.
        words: Names for its values, from `least` on.
    """

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()


MINUTES: Final = Field("minutes", 0, 59)
HOURS: Final = Field("hours", 0, 23)
MONTH_DAYS: Final = Field("days of the month", 1, 31)
MONTHS: Final = Field("months", 1, 12, _MONTHS)
WEEK_DAYS: Final = Field("days of the week", 0, 6, _DAYS)
FIVE: Final = (MINUTES, HOURS, MONTH_DAYS, MONTHS, WEEK_DAYS)


class CannotSay(Exception):
    """A platform has no words for a time.

    Attributes:
        help: What to write instead.
    """

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class UnknownWord(CannotSay):
    """Five fields have none for it; six may."""


def read_schedule(flow: Flow, report: Report) -> Schedule | None:
    """When a flow starts by itself, or None: never. Reports parameters for which a schedule has no value."""
    decorator = next((one for one in flow.decorators if one.name == "schedule"), None)
    if decorator is None:
        return None
    for parameter in flow.parameters:
        if parameter.required:
            report.add(
                rules.BAD_VALUE,
                f"a run that `@schedule` starts would fail: nobody gives it the parameter `{parameter.name}`",
                decorator.span,
                also=[(parameter.span, "is required")],
                help=f"give `{parameter.name}` a default; whoever starts a run can still say otherwise",
            )
    said = dict(decorator.arguments)
    _check_zone(decorator, report)
    cron = str(said.get("cron") or next((alias for name, alias in _TIMES.items() if said.get(name)), "@daily"))
    return Schedule(decorator=decorator, cron=cron, fields=fields_of(cron), zone=str(said.get("timezone") or DEFAULT_ZONE))


def _check_zone(decorator: Decorator, report: Report) -> None:
    zone = dict(decorator.arguments).get("timezone")
    if zone is None:
        return
    from .zones import ZONES

    if zone not in ZONES:
        town = next((one for one in sorted(ZONES) if one.lower().endswith(f"/{zone}".lower())), None)
        guess = did_you_mean(str(zone), ZONES) or town
        help = f'did you mean "{guess}"?' if guess else 'zones are called as "Europe/Berlin" is, after an area and a city'
        report.add(rules.UNKNOWN_ZONE, f"no time zone is called `{zone}`", place_of(decorator, "timezone"), "unknown", help=help)


def fields_of(cron: str) -> tuple[str, ...]:
    """The five fields of a word like `@daily`; else those that are there, five or six."""
    return tuple(_ALIASES.get(cron.strip(), cron).split())


def refuse_zero(week_days: str) -> None:
    """Of six fields: a number that means another day in Unix may have been meant so.

    Raises:
        CannotSay: It is none of EventBridge's, at least.
    """
    if re.search(r"(^|[,-])0", week_days):
        raise CannotSay("of six fields, that for days of the week goes from 1 to 7, and 1 is Sunday", "write SUN, MON … SAT")


def is_any(text: str) -> bool:
    """Whether a field leaves its value open."""
    return text in ("*", "?", "*/1", "?/1")


def values_of(text: str, of: Field) -> list[int]:
    """The values of a field, in order, each once; of days of the week, Sunday is 0.

    Raises:
        CannotSay: It is not a list of values, ranges and steps.
    """
    return sorted({value for part in text.split(",") for value in _values(part, of)})


def in_a_row(values: Sequence[int], of: Field) -> Iterator[str]:
    """Sorted values in words, three or more that follow each other as a range."""
    for _, row in groupby(enumerate(values), lambda one: one[1] - one[0]):
        words = [word_of(value, of) for _, value in row]
        if len(words) > 2:
            yield f"{words[0]}-{words[-1]}"
        else:
            yield from words


def word_of(value: int, of: Field) -> str:
    """A value as it is written: by its name, if it has one."""
    return of.words[_day(value, of) - of.least] if of.words else str(value)


def _values(part: str, of: Field) -> list[int]:
    """The values of one part of a field's list: `*/2`, `3`, `3-9/2`, `MON-FRI`."""
    base, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        raise CannotSay(f"`{part}` has no step", "write a number above 0 after the `/`")
    every = int(step) if slash else 1
    if base in ("*", "?"):
        return list(range(of.least, of.most + 1, every))
    first, dash, last = base.partition("-")
    low = _value(first, part, of)
    high = _value(last, part, of) if dash else of.most if slash else low
    if low > high:
        size = of.most - of.least + 1
        around = [word_of(of.least + (low - of.least + more) % size, of) for more in range(0, (high - low) % size + 1, every)]
        raise CannotSay(f"`{part}` of the {of.name} ends before it begins", f"write `{','.join(around)}`")
    return [_day(value, of) for value in range(low, high + 1, every)]


def _value(text: str, part: str, of: Field) -> int:
    most = 7 if of is WEEK_DAYS else of.most  # Sunday, once more
    if text.isdigit() and of.least <= int(text) <= most:
        return int(text)
    if text.upper() in of.words:
        return of.words.index(text.upper()) + of.least
    named = f", or {of.words[0]} … {of.words[-1]}" if of.words else ""
    raise UnknownWord(f"Unix knows no `{part}` for {of.name}", f"write numbers from {of.least} to {of.most}{named}")


def _day(value: int, of: Field) -> int:
    return 0 if of is WEEK_DAYS and value == 7 else value
