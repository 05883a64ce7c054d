"""When a schedule starts something, as Unix's cron and as EventBridge would have it, read plainly."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable

from hypothesis import strategies as st

START = dt.datetime(2027, 1, 29)
DAYS = 70
"""From a January into April: two months' ends, one of them February's."""
NAMES = {name: index for index, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
MONTHS = {name.upper(): index for index, name in enumerate(calendar.month_abbr) if name}


def unix_days(month_days: str, months: str, week_days: str) -> list[dt.date]:
    """The days on which Unix's cron starts something: cron(8) and crontab(5), read plainly."""
    months_of, days_of, week_of = (
        unix_field(text, least, most, names)
        for text, least, most, names in (
            (months, 1, 12, MONTHS),
            (month_days, 1, 31, {}),
            (week_days, 0, 7, NAMES),
        )
    )
    found = []
    for day in (START.date() + dt.timedelta(more) for more in range(DAYS)):
        week_day = day.isoweekday() % 7
        by_week = week_day in week_of or (week_day == 0 and 7 in week_of)
        by_month = day.day in days_of
        either = month_days != "*" and week_days != "*"
        if day.month in months_of and ((by_week or by_month) if either else (by_week and by_month)):
            found.append(day)
    return found


def unix_field(text: str, least: int, most: int, names: dict[str, int]) -> set[int]:
    def number(word: str) -> int:
        return names[word.upper()] if word.upper() in names else int(word)

    found = set[int]()
    for part in text.split(","):
        base, _, step = part.partition("/")
        if base == "*":
            low, high = least, 6 if most == 7 else most
        elif "-" in base:
            low, high = (number(one) for one in base.split("-"))
        else:
            low = number(base)
            high = (6 if most == 7 else most) if step else low
        found.update(range(low, high + 1, int(step or 1)))
    return found


def eventbridge(expression: str) -> tuple[set[int], set[int], list[dt.date]]:
    """Minutes, hours and days of a schedule, as EventBridge's user guide has its fields.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
    """
    assert expression.startswith("cron(")
    assert expression.endswith(")")
    minutes, hours, month_days, months, week_days, years = expression[5:-1].split(" ")
    assert years == "*"
    assert (month_days == "?") != (week_days == "?"), "one of the two days is `?`, and only one"
    names = {name: index + 1 for name, index in NAMES.items()}
    months_of = eventbridge_field(months, 1, 12, MONTHS)
    found = []
    for day in (START.date() + dt.timedelta(more) for more in range(DAYS)):
        if week_days == "?":
            runs = day.day in eventbridge_field(month_days, 1, 31, {})
        else:
            runs = day.isoweekday() % 7 + 1 in eventbridge_field(week_days, 1, 7, names)
        if runs and day.month in months_of:
            found.append(day)
    return eventbridge_field(minutes, 0, 59, {}), eventbridge_field(hours, 0, 23, {}), found


def eventbridge_field(text: str, least: int, most: int, names: dict[str, int]) -> set[int]:
    found = set[int]()
    for part in text.split(","):
        if part == "*":
            return set(range(least, most + 1))
        if "/" in part:
            start, step = map(int, part.split("/"))
            assert least <= start <= most
            assert 1 <= step <= most
            found.update(range(start, most + 1, step))
            continue
        low, _, high = part.partition("-")
        first, last = (names[one] if one in names else int(one) for one in (low, high or low))
        assert least <= first <= last <= most, f"{part}: a range that wraps"
        found.update(range(first, last + 1))
    return found


def fields(least: int, most: int, words: Iterable[str] = ()) -> st.SearchStrategy[str]:
    numbers = st.integers(least, most).map(str)
    value = st.one_of(numbers, st.sampled_from(sorted(words))) if words else numbers
    steps = st.integers(1, most)
    span = st.tuples(st.integers(least, most), st.integers(least, most)).map(lambda two: f"{min(two)}-{max(two)}")
    part = st.one_of(
        value,
        span,
        st.tuples(span, steps).map(lambda two: f"{two[0]}/{two[1]}"),
        steps.map(lambda step: f"*/{step}"),
        st.tuples(st.integers(least, min(most, 6) if words and least == 0 else most), steps).map(
            lambda two: f"{two[0]}/{two[1]}"
        ),
    )
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))
