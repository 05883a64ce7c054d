"""The jobs of AWS Batch that runs of a flow have under way, where these runs were started from somebody's machine.

Names narrow the search, and tags decide: a job is of a flow, a run and a person only if its tags say so. Each request lists jobs
of one queue, so that all queues are asked, unless whoever asks may not see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....runtime import contract
from ...compute import Unfinished
from ...options import Options
from ..jobs import FLOW_TAG, tag_value
from .console import job_links
from .looking import ASKED, LISTED, PHASES, number_of, parts
from .session import AwsError, Session
from .submitting import RUN_TAG, STEP_TAG, USER_TAG, names_of


def list_unfinished(session: Session, flow: str, *, run: str | None, user: str | None, options: Options) -> Iterator[Unfinished]:
    """The unfinished tasks of a flow's runs.

    Args:
        run: Only those of this run, in the datastore of the options: another may have a run of the same name.
        user: Only those of this person.

    Raises:
        AwsError: They may not be listed.
    """
    named = [{"name": "JOB_NAME", "values": [f"{names_of(flow, run)}*"]}]
    wanted = {FLOW_TAG: flow, RUN_TAG: run, USER_TAG: user}
    expected = {key: tag_value(value) for key, value in wanted.items() if value is not None}
    for queue in _queues(session, options):
        listed = session.pages("batch", "list_jobs", "jobSummaryList", jobQueue=queue, filters=named)
        ids = [one["jobId"] for one in listed if PHASES[one["status"]] != "over"]
        for some in parts(ids, ASKED):
            for job in session.ask("batch", "describe_jobs", jobs=some)["jobs"]:
                tags = job.get("tags") or {}
                values = _environment(job)
                there = run is None or (options.datastore or "").rstrip("/") == values.get(contract.DATASTORE, "").rstrip("/")
                if there and expected.items() <= tags.items() and RUN_TAG in tags and STEP_TAG in tags:
                    yield from _tasks(session, job, values)


def _queues(session: Session, options: Options) -> list[str]:
    """All queues; where they may not be listed, the one that is named."""
    try:
        return [one["jobQueueArn"] for one in session.pages("batch", "describe_job_queues", "jobQueues")]
    except AwsError as error:
        if not error.denied or options.batch_queue is None:
            raise
        return [options.batch_queue]


def _tasks(session: Session, job: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Unfinished]:
    counts: Mapping[str, int] | None = (job.get("arrayProperties") or {}).get("statusSummary")
    if counts is None:
        if PHASES[job["status"]] != "over":
            yield _task(session, job, job, values, values.get(contract.PATH))
        return
    paths = values.get(contract.PATHS, "")
    for state in (one for one in PHASES if PHASES[one] != "over" and counts.get(one)):
        children = session.pages(
            "batch", "list_jobs", "jobSummaryList", arrayJobId=job["jobId"], jobStatus=state, maxResults=LISTED
        )
        for child in children:
            yield _task(session, job, child, values, contract.path_at(paths, number_of(child["jobId"])))


def _task(
    session: Session, job: Mapping[str, Any], own: Mapping[str, Any], values: Mapping[str, str], path: str | None
) -> Unfinished:
    since = own.get("startedAt") if own["status"] == "RUNNING" else own.get("createdAt")
    return Unfinished(
        run=job["tags"][RUN_TAG],
        step=job["tags"][STEP_TAG],
        path=path,
        attempt=contract.attempt_number(values.get(contract.ATTEMPT, "")) or 0,
        user=values.get(contract.USER) or job["tags"].get(USER_TAG),
        id=own["jobId"],
        status=own["status"],
        since=since / 1000 if since else None,
        reason=own.get("statusReason"),
        link=job_links(session, own["jobId"], None)[0].url,
    )


def _environment(job: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in (job.get("container") or {}).get("environment") or ()}
