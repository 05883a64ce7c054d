"""The executions of one state machine, as `targets.executions.Executions` has the runs of a deployment.

New ones go by the machine's alias; all of them, of whichever version, are listed for the machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...executions import Execution, Fan, Job, Start, State, Trouble
from ...platform import PlatformError
from .console import execution_page
from .live import Live
from .machine import SERVICE, console_link
from .session import AwsError, Session
from .troubles import hook_troubles, troubles_of
from .underway import fans_of, history_of, jobs_of, map_runs_of, seconds_of

_STATES: Final[Mapping[str, State]] = {
    "RUNNING": "running",
    "PENDING_REDRIVE": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "stopped",
}
_INPUT: Final = 262_144
"""Bytes of a state's input. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_NAME: Final = re.compile(r'[^\s?*<>{}\[\]"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}')


class MachineRuns:
    """The executions of the state machine of this name, in the session's account and region."""

    cannot_suspend: str = (
        "Step Functions cannot suspend a run: it goes on until it is over or is stopped, after which it can be redriven"
    )

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self._live = Live(session, name)
        self._maps: dict[str, str] = {}
        self.name = name

    @property
    def where(self) -> str:
        """The machine, for messages."""
        return self._live.where

    @property
    def link(self) -> str:
        """The machine's page."""
        return console_link(self._session, self.name)

    @property
    def input_limit(self) -> int:
        """What Step Functions takes."""
        return _INPUT

    def input_size(self, text: str) -> int:
        """The bytes of the input as a string in JSON, as it is handed to the state that puts it into the datastore."""
        return len(json.dumps(text, ensure_ascii=False).encode())

    def package(self) -> str | None:
        """The package's key that the first state hands on."""
        return self._live.package()

    def datastore(self) -> str | None:
        """What the definition of the first job says."""
        return self._live.datastore()

    def start(self, run: str, text: str) -> Execution:
        """Start an execution by the alias."""
        self._live.demand()
        started = self._session.ask(SERVICE, "start_execution", stateMachineArn=self._live.entry, name=run, input=text)
        arn = started["executionArn"]
        link = execution_page(self._session, arn)
        return Execution(run=run, state="running", status="RUNNING", started=seconds_of(started["startDate"]) or 0.0, link=link)

    def find(self, run: str) -> Execution | None:
        """The execution of this name."""
        found = self._described(run)
        return None if found is None else self._execution(found)

    def recent(self) -> Iterator[Execution]:
        """All executions of the machine."""
        try:
            for found in self._session.pages(SERVICE, "list_executions", "executions", stateMachineArn=self._live.arn):
                yield self._execution(found)
        except AwsError as error:
            raise (self._live.not_there() if error.missing else error) from None

    def started_with(self, run: str) -> Start:
        """What its input says under the names with a colon."""
        document = json.loads((self._described(run) or {}).get("input") or "{}")
        if not isinstance(document, dict):
            return Start()
        user, tags = document.get("flowc:user"), document.get("flowc:tags")
        return Start(
            user=user if isinstance(user, str) and user else None,
            tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        )

    def stop(self, run: str, why: str) -> None:
        """Abort the execution, and with it those of its Map Runs; Step Functions then terminates their jobs."""
        self._session.ask(SERVICE, "stop_execution", executionArn=self._arn_of(run), error="Stopped", cause=why)

    def suspend(self, run: str) -> None:
        """Nothing: Step Functions cannot.

        Raises:
            PlatformError: Always.
        """
        raise PlatformError(self.cannot_suspend, setup=True)

    def resume(self, run: str) -> None:
        """Nothing: Step Functions cannot.

        Raises:
            PlatformError: Always.
        """
        raise PlatformError(self.cannot_suspend, setup=True)

    def redrive(self, run: str) -> None:
        """Redrive it, if that helps."""
        found = self._described(run) or {}
        if found.get("redriveStatus") == "NOT_REDRIVABLE":
            raise _not_redrivable(run, str(found.get("redriveStatusReason") or ""))
        if found.get("status") == "FAILED" and history_of(self._session, self._arn_of(run)).ends_at_fail():
            raise PlatformError(
                f"the run {run} went on after its failure and ended at a state that fails by itself: Step Functions would "
                "only fail there again",
                setup=True,
            )
        try:
            self._session.ask(SERVICE, "redrive_execution", executionArn=self._arn_of(run))
        except AwsError as error:
            raise (_not_redrivable(run, error.said) if error.code == "ExecutionNotRedrivable" else error) from None

    def jobs(self, run: str, fans: tuple[Fan, ...]) -> tuple[Job, ...]:
        """The jobs whose submission is among the last events and whose end is not."""
        return jobs_of(self._session, self._arn_of(run), fans)

    def fans(self, run: str) -> tuple[Fan, ...]:
        """The counts of its Map Runs, the first one first."""
        arn = self._arn_of(run)
        found = map_runs_of(self._session, arn)
        if not self._maps.keys() >= set(found):
            self._maps |= history_of(self._session, arn).map_states()
        return fans_of(self._session, found, self._maps)

    def troubles(self, run: str) -> tuple[Trouble, ...]:
        """What the execution ended with, or those of its items for which it did."""
        found = self._described(run)
        return () if found is None else troubles_of(self._session, found)

    def hook_troubles(self, run: str) -> tuple[Trouble, ...]:
        """What its exit hook failed with."""
        return hook_troubles(self._session, self._arn_of(run))

    def output(self, job: str) -> str | None:
        """Nothing: jobs write to CloudWatch, to which a job's links lead."""
        return None

    def _arn_of(self, run: str) -> str:
        return self._session.arn("states", f"execution:{self.name}:{run}")

    def _described(self, run: str) -> dict[str, Any] | None:
        if _NAME.fullmatch(run) is None:
            return None
        try:
            return self._session.ask(SERVICE, "describe_execution", executionArn=self._arn_of(run))
        except AwsError as error:
            if not error.missing:
                raise
        self._live.demand()  # without the machine there is nothing that could run
        return None

    def _execution(self, found: Mapping[str, Any]) -> Execution:
        status = str(found["status"])
        return Execution(
            run=found["name"],
            state=_STATES.get(status, "failed"),
            status=status,
            started=seconds_of(found["startDate"]) or 0.0,
            ended=seconds_of(found.get("stopDate")) if status != "RUNNING" else None,
            error=found.get("error"),
            cause=found.get("cause"),
            link=execution_page(self._session, found["executionArn"]),
        )


def _not_redrivable(run: str, reason: str) -> PlatformError:
    said = reason.strip().rstrip(".")
    if "SUCCEEDED" in said:
        why = "it came to its end"
    elif "RUNNING" in said:
        why = "it still runs"
    elif "period exceeded" in said:
        why = "it was over more than 14 days ago"
    elif "event limit" in said:
        why = "its history is full"
    else:
        why = f"{said[:1].lower()}{said[1:]}" if said else "Step Functions does not say why"
    return PlatformError(f"the run {run} cannot be redriven: {why}", setup=True)
