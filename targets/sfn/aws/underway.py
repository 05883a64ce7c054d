"""What an execution has under way: its jobs, which are Batch's or tasks of ECS, and its Map Runs.

What is submitted and not over is read off the last events of a history: an execution may have 25,000, and what is open is among
the last of them. Of a Map Run's items only some are looked at, to tell why nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...executions import Fan, Job, Link
from .console import job_links, log_links, task_page
from .history import Ending, History, details_of, parsed
from .machine import SERVICE
from .session import AwsError, Session

_EVENTS: Final = 1000
"""Of a history, as many as one answer holds."""
_ASKED: Final = 100
"""As many jobs, or tasks, as one request describes."""
_ITEMS: Final = 3
"""Of a Map Run, how many items that run are looked at."""
_WAITING: Final = frozenset({"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "PROVISIONING", "ACTIVATING"})
"""Of Batch and of ECS, which calls a task PENDING that a host has taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A job as its service describes it. Without a description it has only just been submitted, as far as is known."""

    status: str = "SUBMITTED"
    reason: str | None = None
    links: tuple[Link, ...] = ()


def history_of(session: Session, arn: str) -> History:
    """The last events of an execution; none where they may not be seen."""
    try:
        found = session.ask(
            SERVICE, "get_execution_history", executionArn=arn, reverseOrder=True, maxResults=_EVENTS, includeExecutionData=True
        )
    except AwsError as error:
        if not error.denied:
            raise
        return History(())
    return History(found["events"])


def map_runs_of(session: Session, arn: str) -> list[str]:
    """The Map Runs of an execution, the first one first; none where they may not be seen."""
    try:
        found = list(session.pages(SERVICE, "list_map_runs", "mapRuns", executionArn=arn))
    except AwsError as error:
        if error.denied or error.missing:
            return []
        raise
    return [one["mapRunArn"] for one in sorted(found, key=lambda one: seconds_of(one.get("startDate")) or 0.0)]


def items_of(session: Session, map_run: str, status: str, most: int) -> list[str]:
    """Some executions of a Map Run's items that have this status; none where they cannot be listed, for they only tell more."""
    try:
        listed = session.ask(SERVICE, "list_executions", mapRunArn=map_run, statusFilter=status, maxResults=most)
    except AwsError:
        return []
    return [one["executionArn"] for one in listed["executions"]]


def jobs_of(session: Session, arn: str, fans: Iterable[Fan]) -> tuple[Job, ...]:
    """The jobs of an execution that are not over, and after them those of some items of foreaches."""
    jobs = list(_open_jobs(history_of(session, arn), of_item=False))
    for fan in fans:
        if fan.running:
            for item in items_of(session, fan.id, "RUNNING", _ITEMS):
                jobs += _open_jobs(history_of(session, item), of_item=True)
    seen = {**_of_batch(session, [id for id, _ in jobs]), **_of_ecs(session, [id for id, _ in jobs])}
    return tuple(_job(id, about, seen.get(id, _Seen())) for id, about in jobs)


def fans_of(session: Session, map_runs: Iterable[str], names: Mapping[str, str]) -> tuple[Fan, ...]:
    """The counts of Map Runs, if they may be seen; of a state that was entered several times those of the last.

    Args:
        names: The states of Map Runs.
    """
    last = {names.get(arn) or arn: arn for arn in map_runs}
    try:
        return tuple(_fan(session.ask(SERVICE, "describe_map_run", mapRunArn=arn), names.get(arn)) for arn in last.values())
    except AwsError as error:
        if not error.denied:
            raise
        return ()


def links_of(session: Session, ending: Ending) -> tuple[Link, ...]:
    """Pages about a job that is over."""
    if ending.job is None:
        return ()
    if not ending.job.startswith("arn:"):
        return job_links(session, ending.job, ending.stream, ending.group)
    return (task_page(session, ending.job), *_logs_of_task(session, ending.job, ending.definition, {}))


def seconds_of(moment: object) -> float | None:
    """A time of boto3's as seconds since 1970."""
    return moment.timestamp() if isinstance(moment, datetime) else None


def _open_jobs(history: History, *, of_item: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ids of jobs that are open, with what the history says of each."""
    for event in history.submitted():
        found = parsed(details_of(event).get("output"))
        id = found.get("jobid") or _task_arn(found)
        if id is not None:
            where = history.where(event)
            since = seconds_of(event.get("timestamp"))
            yield id, {"step": where.step or "?", "path": where.path, "since": since, "of_item": of_item}


def _job(id: str, about: dict[str, Any], seen: _Seen) -> Job:
    # Batch and ECS each have a PENDING, which is before a container runs in both.
    return Job(id=id, status=seen.status, waits=seen.status in _WAITING, reason=seen.reason, links=seen.links, **about)


def _of_batch(session: Session, ids: list[str]) -> dict[str, _Seen]:
    """Jobs of Batch; nothing where they may not be described."""
    found: dict[str, _Seen] = {}
    for some in _parts([id for id in ids if not id.startswith("arn:")]):
        try:
            described = session.ask("batch", "describe_jobs", jobs=some)["jobs"]
        except AwsError as error:
            if not error.denied:
                raise
            return found
        for one in described:
            links = job_links(session, one["jobId"], (one.get("container") or {}).get("logStreamName"))
            found[one["jobId"]] = _Seen(status=one["status"], reason=one.get("statusReason"), links=links)
    return found


def _of_ecs(session: Session, ids: list[str]) -> dict[str, _Seen]:
    """Tasks of ECS; likewise."""
    found: dict[str, _Seen] = {}
    definitions: dict[str, Mapping[str, Any]] = {}
    clusters: dict[str, list[str]] = {}
    for id in ids:
        if id.startswith("arn:"):
            clusters.setdefault(id.split("/")[-2], []).append(id)
    for cluster, arns in clusters.items():
        for some in _parts(arns):
            try:
                described = session.ask("ecs", "describe_tasks", cluster=cluster, tasks=some)["tasks"]
            except AwsError as error:
                if not error.denied:
                    raise
                return found
            for one in described:
                arn = one["taskArn"]
                reasons = [one.get("stoppedReason"), *(each.get("reason") for each in one.get("containers") or ())]
                logs = _logs_of_task(session, arn, one.get("taskDefinitionArn"), definitions)
                found[arn] = _Seen(
                    status=one.get("lastStatus") or "SUBMITTED",
                    reason=next(filter(None, reasons), None),
                    links=(task_page(session, arn), *logs),
                )
    return found


def _logs_of_task(session: Session, task: str, definition: str | None, known: dict[str, Mapping[str, Any]]) -> tuple[Link, ...]:
    """Where a task of ECS prints to, which only its definition says.

    Args:
        known: Containers of definitions that were asked for before.
    """
    if definition is None:
        return ()
    if definition not in known:
        try:
            found = session.ask("ecs", "describe_task_definition", taskDefinition=definition)["taskDefinition"]
            known[definition] = (found.get("containerDefinitions") or [{}])[0]
        except AwsError:  # a link is no reason to tell nothing
            known[definition] = {}
    container = known[definition]
    options = (container.get("logConfiguration") or {}).get("options") or {}
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if not group or not prefix:
        return ()
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    return log_links(session, f"{prefix}/{container.get('name')}/{task.rpartition('/')[2]}", group)


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _ASKED):
        yield ids[start : start + _ASKED]


def _fan(found: Mapping[str, Any], name: str | None) -> Fan:
    counts = found["itemCounts"]
    return Fan(
        id=found["mapRunArn"],
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
