"""`@schedule` → a schedule of EventBridge's Scheduler, whose cron has other rules than Unix has.

| | five fields, as Unix and Kubernetes have them | EventBridge |
|---|---|---|
| days of the week | 0 to 7, Sunday is 0 and 7 | 1 to 7, Sunday is 1; here always by name |
| both days restricted | either day will do | cannot be said: one of them is `?` |
| steps | `*/5`, `3-40/5` | `0/5`; of a range, the values themselves |
| years | | a sixth field |

    0 6 * * 1-5      →  cron(0 6 ? * MON-FRI *)
    */15 9-17 1 * *  →  cron(0/15 9-17 1 * ? *)

Six fields are EventBridge's own, and pass as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ..settings import place_of
from .symbols import Symbol, Text

DEFAULT_ZONE: Final = "UTC"
_RETRY: Final = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185}
"""A run that could not be started for an hour is not started: the next one may be due."""

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


@dataclass(frozen=True, slots=True)
class _Field:
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


_MINUTES: Final = _Field("minutes", 0, 59)
_HOURS: Final = _Field("hours", 0, 23)
_MONTH_DAYS: Final = _Field("days of the month", 1, 31)
_MONTH: Final = _Field("months", 1, 12, _MONTHS)
_WEEK_DAYS: Final = _Field("days of the week", 0, 6, _DAYS)


class CannotSay(Exception):
    """EventBridge has no words for a time.

    Attributes:
        help: What to write instead.
    """

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def schedule_of(flow: Flow, report: Report) -> tuple[str, str] | None:
    """When a flow starts by itself: the expression and the time zone. None: never, or it cannot be said and is reported."""
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
    cron = said.get("cron")
    if not cron:
        cron = next((alias for name, alias in _TIMES.items() if said.get(name)), "@daily")
    try:
        return expression_of(str(cron)), str(said.get("timezone") or DEFAULT_ZONE)
    except CannotSay as error:
        where = place_of(decorator, "cron")
        report.add(rules.BAD_VALUE, f"EventBridge cannot start a flow by `{cron}`: {error}", where, help=error.help)
        return None


def schedule_request(name: str, mark: str, when: tuple[str, str], target: Text, role: str | Symbol) -> dict[str, Any]:
    """The request of `scheduler:CreateSchedule`, which is that of `UpdateSchedule` too."""
    expression, zone = when
    return {
        "Name": name,
        "Description": mark,
        "State": "ENABLED",
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": zone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": target, "RoleArn": role, "Input": "{}", "RetryPolicy": _RETRY},
    }


def expression_of(cron: str) -> str:
    """A schedule's expression for five fields, for the six of EventBridge, or for a word like `@daily`.

    Raises:
        CannotSay: EventBridge has none.
    """
    fields = _ALIASES.get(cron.strip(), cron).split()
    if len(fields) == 6:
        return _six(fields)
    minutes, hours, month_days, months, week_days = fields
    by_month, by_week = (not _is_any(one) for one in (month_days, week_days))
    if by_month and by_week:
        raise CannotSay(
            "it names days of the month and days of the week, of which either would do, and EventBridge knows only one of them",
            "name days of one kind, and `*` for the other; what must start on both is two flows, one of which starts the other",
        )
    time = [_translate(text, of) for text, of in ((minutes, _MINUTES), (hours, _HOURS))]
    month_day = "?" if by_week else _translate(month_days, _MONTH_DAYS)
    week_day = _translate(week_days, _WEEK_DAYS) if by_week else "?"
    # Of the 256 characters that there may be (EventBridge Scheduler, `ScheduleExpression`), the longest lists take some 240.
    return f"cron({' '.join([*time, month_day, _translate(months, _MONTH), week_day, '*'])})"


def _six(fields: Sequence[str]) -> str:
    """EventBridge's own fields, as they are: what is wrong with them, it says itself. But a number that means another day in Unix
    may have been meant so."""
    if re.search(r"(^|[,-])0", fields[4]):
        raise CannotSay("of six fields, that for days of the week goes from 1 to 7, and 1 is Sunday", "write SUN, MON … SAT")
    return f"cron({' '.join(fields)})"


def _is_any(text: str) -> bool:
    return text in ("*", "?", "*/1", "?/1")


def _translate(text: str, of: _Field) -> str:
    """A field in EventBridge's words."""
    if _is_any(text):
        return "*"
    step = re.fullmatch(r"[*?]/0*([1-9]\d*)", text)
    if step and int(step[1]) <= of.most and not of.words:
        return f"{of.least}/{step[1]}"
    values = sorted({value for part in text.split(",") for value in _values(part, of)})
    if len(values) == of.most - of.least + 1:
        return "*"
    return ",".join(_in_a_row(values, of))


def _in_a_row(values: Sequence[int], of: _Field) -> Iterator[str]:
    """Sorted values, three or more that follow each other as a range."""
    for _, row in groupby(enumerate(values), lambda one: one[1] - one[0]):
        words = [_word(value, of) for _, value in row]
        if len(words) > 2:
            yield f"{words[0]}-{words[-1]}"
        else:
            yield from words


def _values(part: str, of: _Field) -> list[int]:
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
        around = [_word(of.least + (low - of.least + more) % size, of) for more in range(0, (high - low) % size + 1, every)]
        raise CannotSay(f"`{part}` of the {of.name} ends before it begins", f"write `{','.join(around)}`")
    return [_day(value, of) for value in range(low, high + 1, every)]


def _value(text: str, part: str, of: _Field) -> int:
    most = 7 if of is _WEEK_DAYS else of.most  # Sunday, once more
    if text.isdigit() and of.least <= int(text) <= most:
        return int(text)
    if text.upper() in of.words:
        return of.words.index(text.upper()) + of.least
    raise CannotSay(
        f"Unix knows no `{part}` for {of.name}",
        'what only EventBridge knows stands in its own six fields, as "0 6 L * ? *"',
    )


def _day(value: int, of: _Field) -> int:
    return 0 if of is _WEEK_DAYS and value == 7 else value


def _word(value: int, of: _Field) -> str:
    return of.words[_day(value, of) - of.least] if of.words else str(value)
