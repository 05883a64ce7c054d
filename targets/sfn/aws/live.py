"""The version of a state machine that new executions run: where its alias leads, and what its definition says of a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from ....runtime import contract
from ...platform import PlatformError
from .machine import SERVICE, alias_arn, leading, machine_arn, routes_of
from .session import AwsError, Session

_ALIKE: Final = 5
"""As many machines of alike names are told, where there is none of the name."""


class Live:
    """What is deployed under a name, asked for once.

    Attributes:
        name: The state machine's name.
    """

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name

    @property
    def where(self) -> str:
        """The machine, for messages."""
        return f"the state machine {self.name} in {self._session.region}"

    @cached_property
    def arn(self) -> str:
        """The machine's ARN."""
        return machine_arn(self._session, self.name)

    @property
    def entry(self) -> str:
        """What new executions are started by: the alias, or without one the machine."""
        return self.arn if self._version is None else alias_arn(self._session, self.name)

    def demand(self) -> None:
        """Make sure that the machine is there, and one of flowc's.

        Raises:
            PlatformError: It is not.
        """
        if self._first_state.get("run.$") != "$$.Execution.Name":
            raise PlatformError(f"{self.where} was not made by flowc, and is left as it is", setup=True)

    def package(self) -> str | None:
        """The package's key that the first state hands on; None: the image holds the flow."""
        self.demand()
        code = self._first_state.get("code")
        return code if isinstance(code, str) and code.startswith("flowc-packages/") else None

    def datastore(self) -> str | None:
        """What the definition of the first job says; None where that may not be seen."""
        for state in _states(self._definition):
            parameters = state.get("Parameters", {})
            if isinstance(definition := parameters.get("JobDefinition"), str):
                return self._environment(definition, "batch").get(contract.DATASTORE)
            if isinstance(definition := parameters.get("TaskDefinition"), str):
                return self._environment(definition, "ecs").get(contract.DATASTORE)
        return None

    def not_there(self) -> PlatformError:
        """What to say where there is no such machine, with those of alike names."""
        wanted = self.name.lower()
        near: list[str] = []
        try:
            for one in self._session.pages(SERVICE, "list_state_machines", "stateMachines", maxResults=1000):
                if wanted in one["name"].lower() or one["name"].lower() in wanted:
                    near.append(one["name"])
        except AwsError:
            near = []
        others = f" (there {'is' if len(near) == 1 else 'are'} {', '.join(sorted(near)[:_ALIKE])})" if near else ""
        return PlatformError(
            f"there is no state machine {self.name} in {self._session.region}, account {self._session.account}{others}: "
            "`flowc deploy` makes it, AWS_REGION and AWS_PROFILE say where to look, and --branch or --production which one of a "
            "project",
            setup=True,
        )

    @cached_property
    def _version(self) -> str | None:
        """The version that the alias leads to; of two, the one that most new runs get. None: there is no alias."""
        return leading(routes_of(self._session, self.arn))

    @cached_property
    def _definition(self) -> dict[str, Any]:
        try:
            found = self._session.ask(SERVICE, "describe_state_machine", stateMachineArn=self._version or self.arn)
        except AwsError as error:
            raise (self.not_there() if error.missing else error) from None
        if found.get("status") == "DELETING":
            raise PlatformError(f"{self.where} is being deleted: `flowc deploy` makes it anew", setup=True)
        definition: dict[str, Any] = json.loads(found["definition"])
        return definition

    @property
    def _first_state(self) -> dict[str, Any]:
        """What the first state of the machine hands on."""
        first = self._definition.get("States", {}).get(self._definition.get("StartAt"), {})
        parameters = first.get("Parameters", {})
        return parameters if isinstance(parameters, dict) else {}

    def _environment(self, definition: str, service: str) -> dict[str, str]:
        """The variables of a job definition of Batch or a task definition of ECS."""
        try:
            if service == "ecs":
                found = self._session.ask("ecs", "describe_task_definition", taskDefinition=definition)["taskDefinition"]
                containers = found.get("containerDefinitions") or [{}]
            else:
                # A template's machine has the ARN of a revision.
                asked: dict[str, Any] = (
                    {"jobDefinitions": [definition]} if ":" in definition else {"jobDefinitionName": definition}
                )
                found = self._session.pages("batch", "describe_job_definitions", "jobDefinitions", **asked, status="ACTIVE")
                newest: dict[str, Any] = max(found, key=lambda one: one["revision"], default={})
                containers = [newest.get("containerProperties", {})]
        except AwsError as error:
            if error.denied or error.missing:  # whoever may start runs need not see definitions
                return {}
            raise
        return {pair["name"]: pair.get("value", "") for pair in containers[0].get("environment") or ()}


def _states(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All states, also those within others."""
    pending = [definition]
    while pending:
        for state in pending.pop().get("States", {}).values():
            yield state
            pending += state.get("Branches", [])
            pending += [state["ItemProcessor"]] if "ItemProcessor" in state else []
