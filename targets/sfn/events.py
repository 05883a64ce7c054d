"""`@trigger` and `@trigger_on_finish` → rules of EventBridge that start the state machine.

An event starts a run where its `detail-type` is the name in `@trigger`. That another flow succeeded, Step Functions itself says:

    @trigger(event="sums.ready")     →  {"detail-type": ["sums.ready"]}
    @trigger_on_finish(flow="Load")  →  {"source": ["aws.states"], …, "detail": {"status": ["SUCCEEDED"], "stateMachineArn": […]}}

The run gets the event as it is; its runtime finds there what parameters want.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Constant, Decorator, Flow, Table
from ...runtime import contract
from ..project import Project
from ..settings import place_of
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
    decorator = _decorator(flow, "trigger")
    if decorator is None:
        return None
    events = [str(_named(one).get("name")) for one in _listed(decorator, "event", "events")]
    if len(events) > 1:
        _report_several(decorator, "events", "event", report)
        return None
    return {"detail-type": events}


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
    decorator = _decorator(flow, "trigger_on_finish")
    if decorator is None:
        return None
    flow_named, *more = _listed(decorator, "flow", "flows")
    if more:
        _report_several(decorator, "flows", "flow", report)
        return None
    wanted = _named(flow_named)
    whole = _whole_name(wanted, project)
    if whole is None:
        of, _, name = _qualified(wanted)
        report.add(
            rules.BAD_VALUE,
            f"`@trigger_on_finish` waits for `{name}` of the project `{of}`, and nothing says of which branch",
            place_of(decorator, "flow" if "flow" in dict(decorator.arguments) else "flows"),
            help=f'write `flow="{of}.prod.{name}"`, or give this flow a `@project`, whose branch then counts',
        )
        return None
    if whole == (project.name_of(flow.name) if project else flow.name):
        report.add(
            rules.BAD_VALUE,
            "`@trigger_on_finish` waits for this very flow: each of its runs would start another one, without an end",
            place_of(decorator, "flow" if "flow" in dict(decorator.arguments) else "flows"),
            help="start it by `@schedule`, or write what it does again and again as a loop of steps",
        )
        return None
    machine = arn("states", f"stateMachine:{machine_of(whole)}")
    return {**_FINISHED, "detail": {"status": ["SUCCEEDED"], "stateMachineArn": [machine]}}


def _whole_name(wanted: Mapping[str, str], project: Project | None) -> str | None:
    """What a flow is called, with its project and branch. None: it is of a project, and of a branch that nobody names."""
    of, branch, name = _qualified(wanted)
    of = of or (project.name if project else "")
    branch = branch or (project.branch if project else "")
    if not of:
        return name
    return contract.project_flow_name(of, branch, name) if branch else None


def _qualified(wanted: Mapping[str, str]) -> tuple[str, str, str]:
    """Project, branch and flow, "" for what is not said: in fields of their own, or as `project.branch.Flow`."""
    of, branch, name = wanted.get("project", ""), wanted.get("project_branch", ""), wanted["name"]
    if not of and not branch and "." in name:
        of, _, rest = name.partition(".")
        branch, _, name = rest.rpartition(".")  # a branch may have a dot: `prod.x`
    return of, branch, name


def _decorator(flow: Flow, name: str) -> Decorator | None:
    return next((one for one in flow.decorators if one.name == name), None)


def _listed(decorator: Decorator, one: str, many: str) -> tuple[Constant, ...]:
    said = dict(decorator.arguments)
    listed = said.get(many)
    return listed if isinstance(listed, tuple) and listed else (said.get(one),)


def _named(given: Constant) -> dict[str, str]:
    """An event or a flow: a name, or a dictionary with it."""
    if not isinstance(given, Table):
        return {"name": str(given)}
    return {str(key): str(value) for key, value in given.items if value is not None}


def _report_several(decorator: Decorator, several: str, one: str, report: Report) -> None:
    report.add(
        rules.BAD_VALUE,
        f"`@{decorator.name}` waits for all of its {several}, and a rule of EventBridge sees one at a time",
        place_of(decorator, several),
        help=f"name one {one}; or write a flow that takes note of each, and starts this one when it has all",
    )
