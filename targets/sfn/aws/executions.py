"""The executions of one state machine, as `targets.executions.Executions` has the runs of a deployment.

New ones go by the machine's alias; all of them, of whichever version, are listed for the machine. What is asked of a history is
its end: an execution may have 25,000 events, and what is open or has failed is among the last of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from ....runtime import contract
from ...executions import Execution, Fan, Job, Link, Start, State, Trouble
from ...platform import PlatformError
from .console import execution_page, job_links
from .history import History, Where, details_of, ending_of, parsed
from .machine import SERVICE, alias_arn, console_link, machine_arn
from .session import AwsError, Session

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
_EVENTS: Final = 1000
"""Of a history, as many as one answer holds."""
_JOBS: Final = 100
"""As many jobs as one request describes."""
_DEEP, _WIDE, _RUNS = 4, 3, 20
"""How far failures are followed into the items of foreaches: levels, items of each, foreaches of an execution."""
_THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
"""What a Map Run fails with when its items do."""
_WAITING: Final = frozenset({"SUBMITTED", "PENDING", "RUNNABLE", "STARTING"})


class MachineRuns:
    """The executions of the state machine of this name, in the session's account and region."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name

    @property
    def where(self) -> str:
        """The machine, for messages."""
        return f"the state machine {self.name} in {self._session.region}"

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

    # What is deployed.

    def package(self) -> str | None:
        """The package's key that the first state hands on."""
        self._demand()
        code = self._first_state.get("code")
        return code if isinstance(code, str) and code.startswith("flowc-packages/") else None

    def datastore(self) -> str | None:
        """What the definition of the first job says."""
        for state in _states(self._definition):
            parameters = state.get("Parameters", {})
            if isinstance(definition := parameters.get("JobDefinition"), str):
                return self._environment(definition, "batch").get(contract.DATASTORE)
            if isinstance(definition := parameters.get("TaskDefinition"), str):
                return self._environment(definition, "ecs").get(contract.DATASTORE)
        return None

    def _environment(self, definition: str, service: str) -> dict[str, str]:
        try:
            if service == "ecs":
                found = self._session.ask("ecs", "describe_task_definition", taskDefinition=definition)["taskDefinition"]
                containers = found.get("containerDefinitions") or [{}]
            else:
                named = "jobDefinitions" if ":" in definition else "jobDefinitionName"
                given: Any = [definition] if named == "jobDefinitions" else definition
                found = self._session.ask("batch", "describe_job_definitions", **{named: given}, status="ACTIVE")
                listed = found.get("jobDefinitions") or [{}]
                containers = [max(listed, key=lambda one: one.get("revision", 0)).get("containerProperties", {})]
        except AwsError as error:
            if error.denied or error.missing:  # whoever may start runs need not see definitions
                return {}
            raise
        return {pair["name"]: pair.get("value", "") for pair in containers[0].get("environment") or ()}

    # What is asked for.

    def start(self, run: str, text: str) -> Execution:
        """Start an execution by the alias."""
        self._demand()
        started = self._session.ask(SERVICE, "start_execution", stateMachineArn=self._entry, name=run, input=text)
        arn = started["executionArn"]
        link = execution_page(self._session, arn)
        return Execution(run=run, state="running", status="RUNNING", started=_seconds(started["startDate"]) or 0.0, link=link)

    def find(self, run: str) -> Execution | None:
        """The execution of this name."""
        found = self._described(run)
        return None if found is None else self._execution(found)

    def recent(self) -> Iterator[Execution]:
        """All executions of the machine."""
        try:
            for found in self._session.pages(SERVICE, "list_executions", "executions", stateMachineArn=self._arn):
                yield self._execution(found)
        except AwsError as error:
            raise (self._not_there() if error.missing else error) from None

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
        self._session.ask(SERVICE, "stop_execution", executionArn=self._execution_arn(run), error="Stopped", cause=why)

    def redrive(self, run: str) -> None:
        """Redrive it, if that helps."""
        found = self._described(run) or {}
        if found.get("redriveStatus") == "NOT_REDRIVABLE":
            raise _not_redrivable(run, str(found.get("redriveStatusReason") or ""))
        if found.get("status") == "FAILED" and self._history(run).ends_at_fail():
            raise PlatformError(
                f"the run {run} went on after its failure and ended at a state that fails by itself: Step Functions would "
                "only fail there again",
                setup=True,
            )
        try:
            self._session.ask(SERVICE, "redrive_execution", executionArn=self._execution_arn(run))
        except AwsError as error:
            raise (_not_redrivable(run, error.said) if error.code == "ExecutionNotRedrivable" else error) from None

    # What is under way, and what failed.

    def jobs(self, run: str) -> tuple[Job, ...]:
        """The jobs whose submission is among the last events and whose end is not."""
        history = self._history(run)
        open = [(event, parsed(details_of(event).get("output"))) for event in history.submitted()]
        described = self._jobs_described([found["jobid"] for _, found in open if found.get("jobid")])
        jobs = []
        for event, found in open:
            where, id = history.where(event), found.get("jobid") or _task_arn(found)
            if id is None:
                continue
            about = described.get(id, {})
            status = str(about.get("status") or "SUBMITTED")
            container = about.get("container") or {}
            jobs.append(
                Job(
                    step=where.step or "?",
                    path=where.path,
                    id=id,
                    status=status,
                    waits=status in _WAITING,
                    reason=about.get("statusReason"),
                    since=_seconds(event.get("timestamp")),
                    links=self._links(id, container.get("logStreamName")),
                )
            )
        return tuple(jobs)

    def fans(self, run: str) -> tuple[Fan, ...]:
        """The counts of its Map Runs, the first one first; of a state that was entered several times those of the last."""
        found = self._map_runs(self._execution_arn(run))
        if not found:
            return ()
        names = self._history(run).map_states()
        last = {names.get(arn) or arn: arn for arn in found}
        return tuple(_fan(self._session.ask(SERVICE, "describe_map_run", mapRunArn=arn), names.get(arn)) for arn in last.values())

    def troubles(self, run: str) -> tuple[Trouble, ...]:
        """What the execution ended with, or those of its items for which it did."""
        found = self._described(run)
        if found is None or found["status"] not in ("FAILED", "TIMED_OUT"):
            return ()
        return tuple(self._troubles(found, _DEEP))

    def _troubles(self, found: Mapping[str, Any], deep: int) -> Iterator[Trouble]:
        arn, cause = found["executionArn"], found.get("cause")
        error = str(found.get("error") or ("States.Timeout" if found["status"] == "TIMED_OUT" else "States.Runtime"))
        ending = ending_of(cause)
        if (
            ending.job is None
            and deep
            and (inner := [one for child in self._failed_items(arn) for one in self._troubles(child, deep - 1)])
        ):
            yield from inner
            return
        where = ending.where
        if where.step is None and found["status"] == "FAILED":
            history = self._history_of(arn)
            event = history.failed(error, cause)
            where = history.where(event) if event is not None else Where()
        yield Trouble(
            step=where.step,
            path=where.path,
            attempt=where.attempt,
            error=error,
            cause=ending.text,
            follows=error == _THRESHOLD,
            job=ending.job,
            links=self._links(ending.job, ending.stream, ending.group),
        )

    def _failed_items(self, arn: str) -> Iterator[Mapping[str, Any]]:
        """Some executions of items that failed."""
        for map_run in self._map_runs(arn)[-_RUNS:]:
            try:
                listed = self._session.ask(
                    SERVICE, "list_executions", mapRunArn=map_run, statusFilter="FAILED", maxResults=_WIDE
                )["executions"]
                for one in listed:
                    yield self._session.ask(SERVICE, "describe_execution", executionArn=one["executionArn"])
            except AwsError:  # what the execution says itself is then all that is known
                continue

    def _map_runs(self, arn: str) -> list[str]:
        """The Map Runs of an execution, the first one first."""
        try:
            found = list(self._session.pages(SERVICE, "list_map_runs", "mapRuns", executionArn=arn))
        except AwsError as error:
            if error.denied or error.missing:
                return []
            raise
        return [one["mapRunArn"] for one in sorted(found, key=lambda one: _seconds(one.get("startDate")) or 0.0)]

    def _history(self, run: str) -> History:
        return self._history_of(self._execution_arn(run))

    def _history_of(self, arn: str) -> History:
        """The last events of an execution."""
        found = self._session.ask(
            SERVICE, "get_execution_history", executionArn=arn, reverseOrder=True, maxResults=_EVENTS, includeExecutionData=True
        )
        return History(found["events"])

    def _jobs_described(self, ids: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        try:
            for start in range(0, len(ids), _JOBS):
                for one in self._session.ask("batch", "describe_jobs", jobs=ids[start : start + _JOBS])["jobs"]:
                    found[one["jobId"]] = one
        except AwsError as error:
            if not error.denied:
                raise
        return found

    def _links(self, job: str | None, stream: str | None, group: str | None = None) -> tuple[Link, ...]:
        return () if job is None or job.startswith("arn:") else job_links(self._session, job, stream, group)

    # What is known of the machine.

    @cached_property
    def _arn(self) -> str:
        return machine_arn(self._session, self.name)

    def _execution_arn(self, run: str) -> str:
        return self._session.arn("states", f"execution:{self.name}:{run}")

    def _described(self, run: str) -> dict[str, Any] | None:
        if _NAME.fullmatch(run) is None:
            return None
        try:
            return self._session.ask(SERVICE, "describe_execution", executionArn=self._execution_arn(run))
        except AwsError as error:
            if not error.missing:
                raise
        self._demand()  # without the machine there is nothing that could run
        return None

    def _execution(self, found: Mapping[str, Any]) -> Execution:
        status = str(found["status"])
        return Execution(
            run=found["name"],
            state=_STATES.get(status, "failed"),
            status=status,
            started=_seconds(found["startDate"]) or 0.0,
            ended=_seconds(found.get("stopDate")) if status != "RUNNING" else None,
            error=found.get("error"),
            cause=found.get("cause"),
            link=execution_page(self._session, found["executionArn"]),
        )

    @cached_property
    def _version(self) -> str | None:
        """The version that the alias leads to; of two, the one that most new runs get. None: there is no alias."""
        try:
            found = self._session.ask(
                SERVICE, "describe_state_machine_alias", stateMachineAliasArn=alias_arn(self._session, self.name)
            )
        except AwsError as error:
            if error.missing:
                return None
            raise
        return str(max(found["routingConfiguration"], key=lambda one: one["weight"])["stateMachineVersionArn"])

    @property
    def _entry(self) -> str:
        """What new executions are started by."""
        return self._arn if self._version is None else alias_arn(self._session, self.name)

    @cached_property
    def _definition(self) -> dict[str, Any]:
        try:
            found = self._session.ask(SERVICE, "describe_state_machine", stateMachineArn=self._version or self._arn)
        except AwsError as error:
            raise (self._not_there() if error.missing else error) from None
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

    def _demand(self) -> None:
        """Make sure that the machine is there, and one of flowc's.

        Raises:
            PlatformError: It is not.
        """
        if self._first_state.get("run.$") != "$$.Execution.Name":
            raise PlatformError(f"{self.where} was not made by flowc, and is left as it is", setup=True)

    def _not_there(self) -> PlatformError:
        """What to say where there is no such machine, with those of alike names."""
        wanted = self.name.lower()
        near: list[str] = []
        try:
            for one in self._session.pages(SERVICE, "list_state_machines", "stateMachines"):
                if wanted in one["name"].lower() or one["name"].lower() in wanted:
                    near.append(one["name"])
        except AwsError:
            near = []
        others = f"; there {'is' if len(near) == 1 else 'are'} {', '.join(sorted(near)[:5])}" if near else ""
        return PlatformError(
            f"there is no state machine {self.name} in {self._session.region}, account {self._session.account}{others}: "
            "`flowc deploy` makes it, AWS_REGION and AWS_PROFILE say where to look, and --branch or --production which one of a "
            "project",
            setup=True,
        )


def _states(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All states, also those within others."""
    pending = [definition]
    while pending:
        for state in pending.pop().get("States", {}).values():
            yield state
            pending += state.get("Branches", [])
            pending += [state["ItemProcessor"]] if "ItemProcessor" in state else []


def _fan(found: Mapping[str, Any], name: str | None) -> Fan:
    counts = found["itemCounts"]
    return Fan(
        name=name or found["mapRunArn"].partition("/")[2].partition(":")[0],
        total=counts["total"],
        done=counts["succeeded"],
        running=counts["running"],
        failed=counts["failed"] + counts["timedOut"],
        stopped=counts["aborted"],
        waiting=counts["pending"],
    )


def _task_arn(found: Mapping[str, Any]) -> str | None:
    """The task of ECS in the answer to `RunTask`."""
    tasks = found.get("tasks") or [found]
    arn = tasks[0].get("taskarn") if isinstance(tasks[0], Mapping) else None
    return arn if isinstance(arn, str) else None


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


def _seconds(moment: object) -> float | None:
    return moment.timestamp() if isinstance(moment, datetime) else None
