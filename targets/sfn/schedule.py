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
from collections.abc import Sequence
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ..cron import (
    HOURS,
    MINUTES,
    MONTH_DAYS,
    MONTHS,
    WEEK_DAYS,
    CannotSay,
    Field,
    UnknownWord,
    fields_of,
    in_a_row,
    is_any,
    read_schedule,
    refuse_zero,
    values_of,
)
from ..settings import place_of
from .symbols import Symbol, Text

_RETRY: Final = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185}
"""A run that could not be started for an hour is not started: the next one may be due."""
_SIX: Final = 'what only EventBridge knows stands in its own six fields, as "0 6 L * ? *"'


def schedule_of(flow: Flow, report: Report) -> tuple[str, str] | None:
    """When a flow starts by itself: the expression and the time zone. None: never, or it cannot be said and is reported."""
    said = read_schedule(flow, report)
    if said is None:
        return None
    try:
        return expression_of(said.cron), said.zone
    except CannotSay as error:
        where = place_of(said.decorator, "cron")
        report.add(rules.BAD_VALUE, f"EventBridge cannot start a flow by `{said.cron}`: {error}", where, help=error.help)
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
    fields = fields_of(cron)
    try:
        return _six(fields) if len(fields) == 6 else _five(fields)
    except UnknownWord as error:
        raise CannotSay(str(error), _SIX) from None


def _five(fields: Sequence[str]) -> str:
    minutes, hours, month_days, months, week_days = fields
    by_month, by_week = (not is_any(one) for one in (month_days, week_days))
    if by_month and by_week:
        raise CannotSay(
            "it names days of the month and days of the week, of which either would do, and EventBridge knows only one of them",
            "name days of one kind, and `*` for the other; what must start on both is two flows, one of which starts the other",
        )
    time = [_translate(text, of) for text, of in ((minutes, MINUTES), (hours, HOURS))]
    month_day = "?" if by_week else _translate(month_days, MONTH_DAYS)
    week_day = _translate(week_days, WEEK_DAYS) if by_week else "?"
    # Of the 256 characters that there may be (EventBridge Scheduler, `ScheduleExpression`), the longest lists take some 240.
    return f"cron({' '.join([*time, month_day, _translate(months, MONTHS), week_day, '*'])})"


def _six(fields: Sequence[str]) -> str:
    """EventBridge's own fields, as they are: what is wrong with them, it says itself. But for days that Unix counts otherwise."""
    refuse_zero(fields[4])
    return f"cron({' '.join(fields)})"


def _translate(text: str, of: Field) -> str:
    """A field in EventBridge's words."""
    if is_any(text):
        return "*"
    step = re.fullmatch(r"[*?]/0*([1-9]\d*)", text)
    if step and int(step[1]) <= of.most and not of.words:
        return f"{of.least}/{step[1]}"
    values = values_of(text, of)
    if len(values) == of.most - of.least + 1:
        return "*"
    return ",".join(in_a_row(values, of))
