"""AWS Batch in moto: a job is a process here, and its states follow each other at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.batch.models import BatchBackend, Job
from moto.core.utils import unix_time_millis

from engines.mending import mend
from engines.processes import Runners, Running, secrets_of, terminate

TIMEOUTS = float(os.environ.get("FLOWC_ENGINE_TIMEOUTS", "1"))
"""What the seconds that a job may take are multiplied by: Batch has a minute at the least."""

_runners: Runners
_over: dict[str, threading.Event] = {}
"""By the ids of jobs: set when the job is over."""
_running: dict[str, Running] = {}


def install(runners: Runners) -> None:
    """Run jobs with these."""
    global _runners
    _runners = runners


def over(job_id: str) -> threading.Event:
    """What is set when a job is over."""
    return _over.setdefault(job_id, threading.Event())


def container_of(job: Job) -> tuple[list[str], dict[str, str]]:
    """A job's command and its environment: the job definition's, and what it was submitted with on top."""
    properties, overrides = job.job_definition.container_properties or {}, job.container_overrides
    command = job._add_parameters_to_command(overrides.get("command") or properties.get("command") or [])
    environment = {one["name"]: one["value"] for part in (properties, overrides) for one in part.get("environment", ())}
    batch = {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_JQ_NAME": job.job_queue.name,
        "AWS_BATCH_CE_NAME": "engine",
    }
    secrets = secrets_of(properties, job.backend.account_id, job.backend.region_name)
    return list(command), secrets | environment | batch


class _Steady(dict[str, Any]):
    """A dictionary that may change while somebody goes through it."""

    def values(self) -> list[Any]:  # type: ignore[override]
        return list(super().values())

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        return list(super().items())


@mend(BatchBackend, "__init__")
def _at_once(original: Callable[..., None], self: Any, *arguments: Any, **named: Any) -> None:
    """moto looks through all jobs and all definitions while others add theirs, and fails whoever looks."""
    original(self, *arguments, **named)
    for name in ("_jobs", "_job_definitions"):
        setattr(self, name, _Steady(getattr(self, name)))


@mend(Job, "run")
def _run(_original: Callable[..., None], job: Job) -> None:
    """moto starts a container by Docker, and looks twice a second what has become of it."""
    done = over(job.job_id)
    try:
        if job.depends_on and not job._wait_for_dependencies():
            return
        job.job_started_at = datetime.now()
        job._start_attempt()
        job.log_stream_name = job._stream_name
        command, environment = container_of(job)
        if job.stop:
            job._mark_stopped(success=False)
            return
        running = _running[job.job_id] = _runners.start(command, environment, f"job-{job.job_id}")
        job.status = "RUNNING"
        seconds = job._get_attempt_duration()
        code = running.wait(None if seconds is None else seconds * TIMEOUTS)
        if code is None:
            job.job_stopped_reason = "Job attempt duration exceeded timeout"  # Batch's words
            terminate(running)
            code = running.wait(None)
        _running.pop(job.job_id, None)
        _keep_log(job, running.output())
        job.exit_code = code
        if code:
            job.job_stopped_reason = job.job_stopped_reason or "Essential container in task exited"
        if job.latest_attempt is not None:
            job.latest_attempt["container"]["exitCode"] = code
            job.latest_attempt["statusReason"] = job.job_stopped_reason
        job._mark_stopped(success=code == 0 and not job.stop)
    finally:
        if not job.job_stopped:
            job._mark_stopped(success=False)
        done.set()


@mend(Job, "terminate")
def _terminate(original: Callable[..., None], job: Job, reason: str) -> None:
    """moto's thread looks whether it should stop; ours waits for the process."""
    original(job, reason)
    running = _running.get(job.job_id)
    if running is not None:
        terminate(running)


@mend(Job, "_get_container_property")
def _read_only(original: Callable[..., Any], job: Job, name: str, default: Any) -> Any:
    """moto adds to the overrides whenever it is asked for the environment."""
    if name != "environment":
        return original(job, name, default)
    return [{"name": key, "value": value} for key, value in container_of(job)[1].items()]


@mend(Job, "describe")
def _describe(original: Callable[..., dict[str, Any]], job: Job) -> dict[str, Any]:
    """moto leaves out of the description of a container how that ended."""
    described = original(job)
    if job.exit_code is not None:
        described["container"]["exitCode"] = job.exit_code
    return described


def _keep_log(job: Job, output: str) -> None:
    """Where CloudWatch has it."""
    logs = job._log_backend
    logs.ensure_log_group(job._log_group)
    logs.ensure_log_stream(job._log_group, job._stream_name)
    now = unix_time_millis()
    events = [{"timestamp": now, "message": line} for line in output.splitlines()]
    if events:
        logs.put_log_events(job._log_group, job._stream_name, events)
