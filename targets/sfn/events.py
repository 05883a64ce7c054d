"""`@trigger` and `@trigger_on_finish` → rules of EventBridge that start the state machine.

An event starts a run where its `detail-type` is the name in `@trigger`. That another flow succeeded, Step Functions itself says:

    @trigger(event="sums.ready")     →  {"detail-type": ["sums.ready"]}
    @trigger_on_finish(flow="Load")  →  {"source": ["aws.states"], …, "detail": {"status": ["SUCCEEDED"], "stateMachineArn": […]}}

The run gets the event as it is; its runtime finds there what parameters want.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ..project import Project
from ..triggers import Waiting, events_of, flows_of
from .symbols import Symbol, Text, arn

_FINISHED: Final = {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}
"""https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""
EVENT: Final = "event"
FINISH: Final = "finish"
"""What the two rules of a flow are called, after its machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """A rule of EventBridge that starts the machine.

    Attributes:
        name: Its name.
        bus: The bus whose events it sees; None: the default one.
        description: What it is for.
        pattern: The events that it takes.
        target: The machine's alias, an ARN.
        role: The role by which that is started, an ARN.
        tags: Its tags.
    """

    name: str
    bus: str | None
    description: str
    pattern: dict[str, Any] = field(repr=False)
    target: Text | str = field(repr=False)
    role: Symbol | str = field(repr=False)
    tags: tuple[tuple[str, str], ...] = field(repr=False)

    def put_rule(self) -> dict[str, Any]:
        """The request of `events:PutRule`, once nothing in it is a symbol."""
        return {
            "Name": self.name,
            **self._bus(),
            "Description": self.description,
            "EventPattern": json.dumps(self.pattern, ensure_ascii=False),
            "State": "ENABLED",
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags],
        }

    def put_targets(self) -> dict[str, Any]:
        """The request of `events:PutTargets`, likewise."""
        target = {"Id": "flowc", "Arn": self.target, "RoleArn": self.role}
        return {"Rule": self.name, **self._bus(), "Targets": [target]}

    def _bus(self) -> dict[str, Any]:
        return {"EventBusName": self.bus} if self.bus else {}


def event_pattern(flow: Flow, report: Report) -> dict[str, Any] | None:
    """What `@trigger` waits for, or None: there is none, or it cannot be said and is reported."""
    waiting = events_of(flow)
    if waiting is None:
        return None
    event, *more = waiting.awaited
    if more:
        _report_several(waiting, "events", "event", report)
        return None
    return {"detail-type": [event.name]}


def finish_pattern(
    flow: Flow, project: Project | None, machine_of: Callable[[str], str], report: Report
) -> dict[str, Any] | None:
    """What `@trigger_on_finish` waits for, likewise.

    Args:
        flow: The flow.
        project: Its own place in a project, where a flow that names no other one is looked for.
        machine_of: The state machine's name, of a flow's whole name.
        report: Takes what cannot be said.
    """
    waiting = flows_of(flow, project, report)
    if waiting is None:
        return None
    upstream, *more = waiting.awaited
    if more:
        _report_several(waiting, "flows", "flow", report)
        return None
    machine = arn("states", f"stateMachine:{machine_of(upstream.name)}")
    return {**_FINISHED, "detail": {"status": ["SUCCEEDED"], "stateMachineArn": [machine]}}


def _report_several(waiting: Waiting, several: str, one: str, report: Report) -> None:
    report.add(
        rules.BAD_VALUE,
        f"`@{waiting.decorator.name}` waits for all of its {several}, and a rule of EventBridge sees one at a time",
        waiting.place,
        help=f"name one {one}; or write a flow that takes note of each, and starts this one when it has all",
    )
