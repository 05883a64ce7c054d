"""`@trigger` and `@trigger_on_finish` → rules of EventBridge that start the state machine.

An event starts a run where its `detail-type` is the name in `@trigger`. That another flow succeeded, Step Functions itself says:

    @trigger(event="sums.ready")          →  {"detail-type": ["sums.ready"]}
    @trigger_on_finish(flow="Load")       →  {"source": ["aws.states"], …, "detail": {"status": ["SUCCEEDED"], "stateMachineArn": […]}}

The run gets the event as it is; its runtime finds there what parameters want.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Constant, Decorator, Flow, Table
from ...runtime import contract
from ..options import Options
from ..project import Project
from .symbols import Symbol, Text, arn

_STATUS: Final = "Step Functions Execution Status Change"


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
