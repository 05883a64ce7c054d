"""`@schedule` on Step Functions: what EventBridge is told means what Unix would have done, held by two small evaluators."""

from __future__ import annotations

import pytest
from evaluators.cron import MONTHS, NAMES, eventbridge, fields, unix_days, unix_field
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sfnflows import TEXT, deployed, reported

from flowc.targets.cron import CannotSay
from flowc.targets.sfn.schedule import expression_of


def most_characters(least: int, most: int) -> str:
    """Values of which no three follow each other."""
    return ",".join(str(one) for one in range(least, most + 1) if (most - one) % 3 < 2)


def test_the_longest_expression_is_short_enough() -> None:
    month = "1,2,4,5,7,8,10,11"
    told = expression_of(f"{most_characters(0, 59)} {most_characters(0, 23)} {most_characters(1, 31)} {month} *")
    assert 220 < len(told) <= 256


@settings(max_examples=400, deadline=None)
@example(minutes="0,2/1", hours="*", month_days="1,3/1", months="*", week_days="*", by_week=False)
@given(
    minutes=fields(0, 59),
    hours=fields(0, 23),
    month_days=fields(1, 31),
    months=fields(1, 12, MONTHS),
    week_days=fields(0, 7, NAMES),
    by_week=st.booleans(),
)
def test_means_what_unix_means(minutes: str, hours: str, month_days: str, months: str, week_days: str, by_week: bool) -> None:
    month_days, week_days = ("*", week_days) if by_week else (month_days, "*")
    told = expression_of(f"{minutes} {hours} {month_days} {months} {week_days}")
    expected = (unix_field(minutes, 0, 59, {}), unix_field(hours, 0, 23, {}), unix_days(month_days, months, week_days))
    assert eventbridge(told) == expected, told


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 6 * * 1-5", "cron(0 6 ? * MON-FRI *)"),
        ("*/15 9-17 1 * *", "cron(0/15 9-17 1 * ? *)"),
        ("0 0 * * 0", "cron(0 0 ? * SUN *)"),
        ("0 0 * * 7", "cron(0 0 ? * SUN *)"),
        ("0 0 * * 5-7", "cron(0 0 ? * SUN,FRI,SAT *)"),
        ("0 0 * * sat,Sun", "cron(0 0 ? * SUN,SAT *)"),
        ("0 0 1 jan,JUL *", "cron(0 0 1 JAN,JUL ? *)"),
        ("0 0 */2 * *", "cron(0 0 1/2 * ? *)"),
        ("0 0 ? * 1", "cron(0 0 ? * MON *)"),
        ("*/1 * * * *", "cron(* * * * ? *)"),
        ("*/90 * * * *", "cron(0 * * * ? *)"),
        ("  0   6 * * *  ", "cron(0 6 * * ? *)"),
        ("0 6 * * 0-6", "cron(0 6 ? * * *)"),
        ("@daily", "cron(0 0 * * ? *)"),
        ("@midnight", "cron(0 0 * * ? *)"),
        ("@weekly", "cron(0 0 ? * SUN *)"),
        ("@hourly", "cron(0 * * * ? *)"),
        ("@monthly", "cron(0 0 1 * ? *)"),
        ("@yearly", "cron(0 0 1 JAN ? *)"),
        ("@annually", "cron(0 0 1 JAN ? *)"),
        ("0 10 ? * MON-FRI 2027-2030", "cron(0 10 ? * MON-FRI 2027-2030)"),
        ("0 10 L * ? *", "cron(0 10 L * ? *)"),
        ("0 10 ? * 2#1 *", "cron(0 10 ? * 2#1 *)"),
    ],
)
def test_told(cron: str, told: str) -> None:
    assert expression_of(cron) == told


@pytest.mark.parametrize(
    ("cron", "said", "help"),
    [
        ("0 0 13 * 5", "either would do", "days of one kind"),
        ("0 0 */2 * 1", "either would do", "days of one kind"),
        ("0 22-2 * * *", "`22-2` of the hours ends before it begins", "write `22,23,0,1,2`"),
        ("0 0 * * 7-3", "ends before it begins", "write `SUN,MON,TUE,WED`"),
        ("0 0 * * FRI-MON", "ends before it begins", "write `FRI,SAT,SUN,MON`"),
        ("0 0 * * FRI-SUN", "ends before it begins", "write `FRI,SAT,SUN`"),
        ("0 0 1 NOV-FEB *", "ends before it begins", "write `NOV,DEC,JAN,FEB`"),
        ("0 0 * * 7/2", "ends before it begins", "write `SUN"),
        ("*/0 * * * *", "has no step", "above 0"),
        ("0 0 L * *", "Unix knows no `L`", "six fields"),
        ("0 0 * * 2#1", "Unix knows no `2#1`", "six fields"),
        ("0 0 15W * *", "Unix knows no `15W`", "six fields"),
        ("0 MON * * *", "Unix knows no `MON`", "six fields"),
        ("0 1, * * *", "Unix knows no ``", "six fields"),
        ("0 0 ? * 0 *", "1 is Sunday", "SUN, MON"),
    ],
)
def test_what_cannot_be_said(cron: str, said: str, help: str) -> None:
    with pytest.raises(CannotSay) as caught:
        expression_of(cron)
    assert said in str(caught.value)
    assert help in caught.value.help


# --- what starts a flow, in what is deployed ---

REFUSED = {
    "both days": ('@schedule(cron="0 6 1 * 1")', 'cron="0 6 1 * 1"', "EventBridge knows only one of them"),
    "around": ('@schedule(timezone="Europe/Berlin", cron="0 22-2 * * *")', 'cron="0 22-2 * * *"', "ends before it begins"),
    "sunday": ('@schedule(cron="0 6 ? * 0 *")', 'cron="0 6 ? * 0 *"', "1 is Sunday"),
    "events": ('@trigger(events=["a", "b"])', 'events=["a", "b"]', "sees one at a time"),
    "flows": ('@trigger_on_finish(flows=["A", "B"])', 'flows=["A", "B"]', "sees one at a time"),
    "itself": ('@trigger_on_finish(flow="Sum")', 'flow="Sum"', "without an end"),
    "branch": ('@trigger_on_finish(flow={"name": "A", "project": "p"})', 'flow={"name": "A", "project": "p"}', "of which branch"),
}


@pytest.mark.parametrize(("above", "marked", "said"), REFUSED.values(), ids=REFUSED)
def test_what_eventbridge_cannot_do_is_said_where_it_stands(above: str, marked: str, said: str) -> None:
    (found,) = reported(above)
    assert found.rule.code == "FC603"
    assert said in found.message
    assert found.help
    span = found.primary.span
    assert above[span.column - 1 : span.end_column - 1] == marked


def test_a_schedule_gives_no_values() -> None:
    (found,) = reported("@schedule(daily=True)", TEXT.replace("default=1.0", "required=True, type=float"))
    assert (found.rule.code, "nobody gives it the parameter `alpha`" in found.message) == ("FC603", True)
    assert [label.text for label in found.secondary] == ["is required"]


def test_a_schedule_has_its_time_zone() -> None:
    request = deployed('@schedule(weekly=True, timezone="America/New_York")').schedule
    assert request is not None
    assert request["ScheduleExpression"] == "cron(0 0 ? * SUN *)"
    assert request["ScheduleExpressionTimezone"] == "America/New_York"


@pytest.mark.parametrize(
    ("above", "machine"),
    [
        ('@trigger_on_finish(flow="Load")', "Load"),
        ('@trigger_on_finish(flow="p.prod.Load")', "p-prod-Load"),
        ('@trigger_on_finish(flow={"name": "Load", "project": "p", "project_branch": "test.x"})', "p-test-x-Load"),
        ('@project(name="q")\n@trigger_on_finish(flow="Load")', "q-test-b-Load"),
        ('@project(name="q")\n@trigger_on_finish(flow="p.prod.Load")', "p-prod-Load"),
    ],
)
def test_a_flow_waits_for_another_one_of_its_branch(above: str, machine: str) -> None:
    (rule,) = deployed(above, branch="b").rules
    assert rule.pattern["detail"]["status"] == ["SUCCEEDED"]
    (named,) = rule.pattern["detail"]["stateMachineArn"]
    assert str(named).rpartition(":")[2] == machine
