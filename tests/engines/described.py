"""What AWS Batch says of jobs, where moto says less: arrays, pages, how containers are made and how they ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from moto.batch.exceptions import ClientException
from moto.batch.models import BatchBackend, Job
from moto.batch.responses import BatchResponse

from engines.mending import mend

DESCRIBED, LISTED, FILTERED = 100, 1000, 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html, and API_ListJobs"""
_MADE_OF = ("image", "resourceRequirements", "jobRoleArn", "executionRoleArn")
_OVER = ("SUCCEEDED", "FAILED")
_STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", *_OVER)


def _counts(job: Any) -> dict[str, int]:
    """How many jobs of an array are in each state."""
    found = [child.status for child in job._child_jobs]
    return {state: found.count(state) for state in _STATES}


def _settle(job: Any) -> None:
    """The state of an array's parent, which nothing else keeps.

    https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
    """
    if not job._child_jobs or job.status in _OVER:
        return
    counts = _counts(job)
    if sum(counts[state] for state in _OVER) < len(job._child_jobs):
        job.status = "PENDING" if counts["SUBMITTED"] < len(job._child_jobs) else "SUBMITTED"
        return
    if counts["FAILED"]:
        job.job_stopped_reason = job.job_stopped_reason or "Array Child Job failed"
    job._mark_stopped(success=not counts["FAILED"])


@mend(Job, "describe_short")
def _summarise(original: Callable[..., dict[str, Any]], job: Any) -> dict[str, Any]:
    """moto leaves out arrays, and who ended a job."""
    _settle(job)
    found = original(job)
    for name, field in (("is_cancelled", "isCancelled"), ("is_terminated", "isTerminated")):
        if job.__dict__.get(name):
            found[field] = True
    if (reason := job.__dict__.get("waits_for")) and job.status == "RUNNABLE":
        found["statusReason"] = reason
    if job._child_jobs:
        found["arrayProperties"] = {"size": len(job._child_jobs), "statusSummary": _counts(job)}
    elif "index" in job.array_properties:
        found["arrayProperties"] = {"index": job.array_properties["index"]}
    if (reason := _reason(job)) is not None:
        found["container"] = {**found.get("container", {}), "reason": reason}
    return found


@mend(Job, "describe")
def _describe(original: Callable[..., dict[str, Any]], job: Any) -> dict[str, Any]:
    """moto leaves out what a container is made of, and how it ended; and counts less of an array."""
    _settle(job)
    found = original(job)
    found |= {key: value for key, value in job.describe_short().items() if key != "container"}
    properties = job.job_definition.container_properties or {}
    # Copies, for whoever asks within the engine writes them in other letters.
    found["container"] |= deepcopy({key: properties[key] for key in _MADE_OF if key in properties})
    if job.exit_code is not None:
        found["container"]["exitCode"] = job.exit_code
    if (reason := _reason(job)) is not None:
        found["container"]["reason"] = reason
    if job.timeout or job.job_definition.timeout:
        found["timeout"] = dict(job.timeout or job.job_definition.timeout)
    return found


def _reason(job: Any) -> str | None:
    found: str | None = (job.latest_attempt or {}).get("container", {}).get("reason")
    return found


@mend(BatchBackend, "submit_job")
def _refuse(original: Callable[..., Any], self: BatchBackend, *arguments: Any, **named: Any) -> Any:
    """moto takes arrays of any size, and jobs for queues that are disabled."""
    job_queue = named.get("job_queue") or arguments[2]
    queue = self.get_job_queue(job_queue)
    if queue is not None and queue.state != "ENABLED":
        raise ClientException(f"Job Queue {job_queue} is not in state ENABLED.")
    size = (named.get("array_properties") or {}).get("size", 2)
    if not 2 <= size <= 10_000:
        raise ClientException("Array size must be between 2 and 10000.")
    return original(self, *arguments, **named)


@mend(BatchBackend, "describe_jobs")
def _described(_original: Callable[..., Any], self: Any, jobs: Sequence[str] | None) -> list[dict[str, Any]]:
    """moto describes any number, and looks through all there are."""
    if not jobs or len(jobs) > DESCRIBED:
        raise ClientException(f"jobs must have between 1 and {DESCRIBED} elements")
    return [self._jobs[id].describe() for id in dict.fromkeys(one.rpartition("/")[2] for one in jobs) if id in self._jobs]


@mend(BatchResponse, "listjobs")
def _listed(_original: Callable[..., str], self: Any) -> str:
    """moto has no pages, lists an array's jobs with all others, and those in all states where none is named."""
    filters, status, array = (self._get_param(name) for name in ("filters", "jobStatus", "arrayJobId"))
    found: list[Any] = self.batch_backend.list_jobs(
        job_queue_name=self._get_param("jobQueue"), array_job_id=array, job_status=None, filters=filters
    )
    if array is None:
        found = [job for job in reversed(found) if "index" not in job.array_properties]
    for job in found:
        _settle(job)
    if not filters:
        found = [job for job in found if job.status == (status or "RUNNING")]
    most = min(int(self._get_param("maxResults") or LISTED), FILTERED if filters else LISTED)
    start = int(self._get_param("nextToken") or 0)
    page: dict[str, Any] = {"jobSummaryList": [job.describe_short() for job in found[start : start + most]]}
    if start + most < len(found):
        page["nextToken"] = str(start + most)
    return json.dumps(page)
