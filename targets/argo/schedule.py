"""`@schedule` → a CronWorkflow, whose cron has the five fields of Kubernetes.

    */15 9-17 * * 1-5      →  */15 9-17 * * 1-5
    0 6 * JAN 7            →  0 6 * 1 0               Argo counts days of the week from 0 to 6; its definitions know no names
    0 6 ? * 2-6 *          →  0 6 * * 1-5             EventBridge's own fields, where Sunday is 1
    0 6 L * ? *            →  refused, with what else there is

Argo's parser is that of https://pkg.go.dev/github.com/robfig/cron/v3: no range wraps around, and of days of the month and of
the week, if both are named, either will do, as on Unix. The schema of Argo 4's CronWorkflow takes digits and `*,/?-` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ..cron import FIVE, WEEK_DAYS, CannotSay, Field, in_a_row, is_any, read_schedule, refuse_zero, values_of
from ..settings import place_of

_DEADLINE_SECONDS: Final = 3600
"""A run that could not be started for an hour is not started: the next one may be due."""
_KEPT: Final = 100
"""How many runs that a schedule started stay on the cluster, of those that succeeded and of those that failed. Argo's own numbers
are 3 and 1: who looks at a failure of last night would find nothing."""


def schedule_of(flow: Flow, report: Report) -> tuple[str, str] | None:
    """When a flow starts by itself: five fields and the time zone. None: never, or it cannot be said and is reported."""
    said = read_schedule(flow, report)
    if said is None:
        return None
    try:
        return five_fields(said.fields), said.zone
    except CannotSay as error:
        where = place_of(said.decorator, "cron")
        report.add(rules.BAD_VALUE, f"Argo cannot start a flow by `{said.cron}`: {error}", where, help=error.help)
        return None


def cron_workflow(metadata: Mapping[str, Any], template: str, labels: Mapping[str, str], when: tuple[str, str]) -> dict[str, Any]:
    """The CronWorkflow that starts runs of a WorkflowTemplate. `schedules`, a list, is what Argo has from 3.6 on.

    Args:
        metadata: Of the CronWorkflow.
        template: The WorkflowTemplate's name.
        labels: Of the runs.
        when: The five fields, and the time zone.
    """
    expression, zone = when
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": dict(metadata),
        "spec": {
            "schedules": [expression],
            "timezone": zone,
            "concurrencyPolicy": "Allow",
            "startingDeadlineSeconds": _DEADLINE_SECONDS,
            "successfulJobsHistoryLimit": _KEPT,
            "failedJobsHistoryLimit": _KEPT,
            "workflowMetadata": {"labels": dict(labels)},
            "workflowSpec": {"workflowTemplateRef": {"name": template}},
        },
    }


def five_fields(fields: Sequence[str]) -> str:
    """Five fields as Argo takes them, of five or of EventBridge's six.

    Raises:
        CannotSay: They say what five fields cannot.
    """
    if len(fields) == 6:
        return _of_six(fields)
    return " ".join(_checked(text, of) for text, of in zip(fields, FIVE, strict=True))


def _checked(text: str, of: Field) -> str:
    """A field as it is written, if Argo reads it so; else the same in numbers."""
    if is_any(text):
        return "*"
    values = values_of(text, of)
    as_it_is = not re.search(r"[A-Za-z]", text) and not (of is WEEK_DAYS and "7" in text)
    return text if as_it_is else _numbers(values, of)


def _numbers(values: Sequence[int], of: Field) -> str:
    return ",".join(in_a_row(values, Field(of.name, of.least, of.most)))


def _of_six(fields: Sequence[str]) -> str:
    *time, week_days, years = fields
    if not is_any(years):
        raise CannotSay("it names years, and Kubernetes' cron has none", "write `*` for the year, and take it away in time")
    for text, of in ((time[2], "days of the month"), (week_days, "days of the week")):
        if found := re.search(r"[^,]*(?:#|(?<![A-Z])LW?(?![A-Z])|(?<=[0-9])W)[^,]*", text.upper()):
            raise CannotSay(
                f"Kubernetes' cron has no `{found[0]}` for {of}",
                "name the days, such as `1-7`, and let the first step look which one it is",
            )
    refuse_zero(week_days)
    checked = [_checked(text, of) for text, of in zip(time, FIVE[:4], strict=True)]
    if is_any(week_days):
        return " ".join([*checked, "*"])
    # One day earlier in the numbers, from Saturday down: names stay what they are.
    counted = Field(WEEK_DAYS.name, 1, 7, WEEK_DAYS.words)
    values = [value - 1 for value in values_of(week_days, counted)]
    return " ".join([*checked, _numbers(values, WEEK_DAYS) if len(values) < len(WEEK_DAYS.words) else "*"])
