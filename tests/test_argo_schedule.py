"""`@schedule` on Argo: what Kubernetes' cron is told means what the flow says, held by two small evaluators."""

from __future__ import annotations

import re

import pytest
from argostarts import deployed, reported
from evaluators.cron import MONTHS, NAMES, eventbridge, fields, unix_days, unix_field
from hypothesis import given, settings

from flowc.targets.argo.schedule import five_fields
from flowc.targets.cron import CannotSay, fields_of
from flowc.targets.sfn.schedule import expression_of


def unix(told: str) -> tuple[object, ...]:
    assert re.fullmatch(r"([0-9*,/?-]+ ){4}[0-9*,/?-]+", told)  # the schema of CronWorkflows in Argo 4
    minutes, hours, month_days, months, week_days = told.split(" ")
    # https://pkg.go.dev/github.com/robfig/cron/v3: Sunday is 0, and nothing else.
    assert "7" not in week_days.partition("/")[0]
    return unix_field(minutes, 0, 59, {}), unix_field(hours, 0, 23, {}), unix_days(month_days, months, week_days)


@settings(max_examples=200, deadline=None)
@given(
    minutes=fields(0, 59),
    hours=fields(0, 23),
    month_days=fields(1, 31),
    months=fields(1, 12, MONTHS),
    week_days=fields(0, 7, NAMES),
)
def test_means_what_unix_means(minutes: str, hours: str, month_days: str, months: str, week_days: str) -> None:
    cron = f"{minutes} {hours} {month_days} {months} {week_days}"
    expected = (unix_field(minutes, 0, 59, {}), unix_field(hours, 0, 23, {}), unix_days(month_days, months, week_days))
    assert unix(five_fields(cron.split())) == expected
    for one in (f"{minutes} {hours} {month_days} {months} *", f"{minutes} {hours} * {months} {week_days}"):
        six = expression_of(one)  # in EventBridge's own fields
        assert unix(five_fields(six[5:-1].split())) == eventbridge(six)


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 6 * * 1-5", "0 6 * * 1-5"),
        ("0 6 * * 7", "0 6 * * 0"),
        ("*/7 * * * 5-7", "*/7 * * * 0,5,6"),
        ("0 0 ? * mon", "0 0 * * 1"),
        ("0 6 1 * 1", "0 6 1 * 1"),
        ("@daily", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("0 6 ? * 2-6 *", "0 6 * * 1-5"),
        ("0 6 ? * 1,7 *", "0 6 * * 0,6"),
        ("0 6 ? * 2/2 *", "0 6 * * 1,3,5"),
        ("0 6 ? * WED *", "0 6 * * 3"),
        ("0 6 ? JUL * ?", "0 6 * 7 *"),
        ("0/5 8-17 1 * ? *", "0/5 8-17 1 * *"),
        ("0 6 ? * SUN-SAT *", "0 6 * * *"),
    ],
)
def test_told(cron: str, told: str) -> None:
    assert five_fields(fields_of(cron)) == told


@pytest.mark.parametrize(
    ("cron", "said", "help"),
    [
        ("0 6 L * ? *", "no `L` for days of the month", "`1-7`"),
        ("0 6 LW * ? *", "no `LW` for days of the month", "`1-7`"),
        ("0 6 1,15W * ? *", "no `15W` for days of the month", "`1-7`"),
        ("0 6 ? * 6L *", "no `6L` for days of the week", "`1-7`"),
        ("0 6 ? * FRIL *", "no `FRIL`", "SUN … SAT"),
        ("0 6 ? * 2#1 *", "no `2#1` for days of the week", "`1-7`"),
        ("0 6 ? * MON-FRI 2027", "it names years", "`*` for the year"),
        ("0 6 ? * 0-4 *", "goes from 1 to 7", "SUN, MON"),
        ("0 6 ? * SAT-MON *", "ends before it begins", "`SAT,SUN,MON`"),
        ("0 6 * * FRI-MON", "ends before it begins", "`FRI,SAT,SUN,MON`"),
        ("0 22-2 * * *", "ends before it begins", "`22,23,0,1,2`"),
        ("0 6 L * *", "no `L` for days of the month", "from 1 to 31"),
        ("0 6 * * */0", "has no step", "above 0"),
    ],
)
def test_what_cannot_be_said(cron: str, said: str, help: str) -> None:
    with pytest.raises(CannotSay, match=said) as raised:
        five_fields(fields_of(cron))
    assert help in raised.value.help


def test_said_where_it_stands() -> None:
    made, (fault,) = reported('@schedule(cron="0 6 L * ? *")')
    assert made.cron is None
    assert fault.rule.code == "FC603"
    assert fault.message == "Argo cannot start a flow by `0 6 L * ? *`: Kubernetes' cron has no `L` for days of the month"
    assert fault.primary.span.line == 3


def test_a_schedule_gives_no_values() -> None:
    _, (fault,) = reported("@schedule(daily=True)", "required=True")
    assert fault.message == "a run that `@schedule` starts would fail: nobody gives it the parameter `rows`"


@pytest.mark.parametrize(("zone", "told"), [("", "UTC"), (", timezone='Europe/Berlin'", "Europe/Berlin")])
def test_a_schedule_has_its_time_zone(zone: str, told: str) -> None:
    cron = deployed(f"@schedule(hourly=True{zone})").cron
    assert cron is not None
    assert (cron["spec"]["schedules"], cron["spec"]["timezone"]) == (["0 * * * *"], told)
