"""AWS Batch in moto: a job is a process here, and its states follow each other at once, unless a test decides its fate."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from moto.batch.models import BatchBackend, Job
from moto.core.utils import unix_time_millis

from engines import fates
from engines.mending import mend
from engines.processes import Runners, Running, secrets_of, terminate

TIMEOUTS = float(os.environ.get("FLOWC_ENGINE_TIMEOUTS", "1"))
"""What the seconds that a job may take are multiplied by: Batch has a minute at the least."""

SLOTS = int(os.environ.get("FLOWC_ENGINE_SLOTS", "16"))
"""How many jobs of arrays run at a time."""

_slots = ThreadPoolExecutor(SLOTS)
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
    """A job's command and its environment: the job definition's, what it was submitted with on top, and what Batch adds."""
    properties, overrides = job.job_definition.container_properties or {}, job.container_overrides
    command = job._add_parameters_to_command(overrides.get("command") or properties.get("command") or [])
    environment = {one["name"]: one["value"] for part in (properties, overrides) for one in part.get("environment", ())}
    batch = {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_JQ_NAME": job.job_queue.name,
        "AWS_BATCH_CE_NAME": "engine",
    }
    if "index" in job.array_properties:
        batch["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.array_properties["index"])
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


def _status(job: Any, value: str) -> None:
    job._status = value


Job.status = property(lambda job: job._status, _status)  # type: ignore[assignment]  # moto's runs as soon as somebody looks


@mend(Job, "start")
def _start(original: Callable[..., None], job: Job) -> None:
    """moto has a thread for each job: of an array, only so many run at a time."""
    job.status = "RUNNABLE"
    if "index" in job.array_properties:
        _slots.submit(job.run)
    else:
        original(job)


@mend(Job, "run")
def _run(_original: Callable[..., None], job: Job) -> None:
    """moto starts a container by Docker, and looks twice a second what has become of it."""
    done = over(job.job_id)
    try:
        if job.depends_on and not job._wait_for_dependencies():
            return
        fate = None
        while not job.stop and (fate := fates.of(job.job_name, job.job_id)) is not None and fate["held"]:
            job.__dict__["waits_for"] = fate["status_reason"]
            time.sleep(0.02)
        job.__dict__.pop("waits_for", None)
        if job.stop:
            return
        if fate is not None:
            _meet(job, fate)
            return
        job.status = "STARTING"
        job.job_started_at = datetime.now()
        job._start_attempt()
        job.log_stream_name = job._stream_name
        command, environment = container_of(job)
        if job.stop:
            return
        running = _running[job.job_id] = _runners.start(command, environment, f"job-{job.job_id.replace(':', '-')}")
        job.status = "RUNNING"
        if job.stop:  # a moment ago, before there was anything to end
            terminate(running)
        seconds = job._get_attempt_duration()
        code = running.wait(None if seconds is None else seconds * TIMEOUTS)
        if code is None:
            job.job_stopped_reason = "Job attempt duration exceeded timeout"  # Batch's words
            terminate(running)
            code = running.wait(None)
        _running.pop(job.job_id, None)
        _keep_log(job, running.output())
        _end(job, code, "Essential container in task exited" if code else None)
    finally:
        if not job.job_stopped:
            job._mark_stopped(success=False)
        done.set()


def _meet(job: Job, fate: fates.Fate) -> None:
    """End a job as a test wants it, which is not run."""
    if fate["started"]:
        job.job_started_at = datetime.now()
        job.status = "RUNNING"
    job._start_attempt()
    if job.latest_attempt is not None and fate["reason"]:
        job.latest_attempt["container"]["reason"] = fate["reason"]
    _end(job, fate["code"], fate["status_reason"])


def _end(job: Job, code: int | None, reason: str | None) -> None:
    job.exit_code = code
    job.job_stopped_reason = job.job_stopped_reason or reason
    if job.latest_attempt is not None:
        if code is not None:
            job.latest_attempt["container"]["exitCode"] = code
        job.latest_attempt["statusReason"] = job.job_stopped_reason
    job._mark_stopped(success=code == 0 and not job.stop)


@mend(Job, "terminate")
def _terminate(original: Callable[..., None], job: Job, reason: str) -> None:
    """moto's thread looks whether it should stop; ours waits for the process. With an array's parent, its jobs end."""
    if job.job_stopped:
        return
    waits = job.status in ("SUBMITTED", "PENDING", "RUNNABLE")
    job.__dict__["is_cancelled" if waits else "is_terminated"] = True
    original(job, reason)
    for child in job._child_jobs or ():
        child.terminate(reason)
    running = _running.get(job.job_id)
    if running is not None:
        terminate(running)
    elif waits and not job._child_jobs:
        job._mark_stopped(success=False)
        over(job.job_id).set()


@mend(Job, "_get_container_property")
def _read_only(original: Callable[..., Any], job: Job, name: str, default: Any) -> Any:
    """moto adds to the overrides whenever it is asked for the environment."""
    if name != "environment":
        return original(job, name, default)
    return [{"name": key, "value": value} for key, value in container_of(job)[1].items()]


def _keep_log(job: Job, output: str) -> None:
    """Where CloudWatch has it."""
    logs = job._log_backend
    logs.ensure_log_group(job._log_group)
    logs.ensure_log_stream(job._log_group, job._stream_name)
    now = unix_time_millis()
    events = [{"timestamp": now, "message": line} for line in output.splitlines()]
    if events:
        logs.put_log_events(job._log_group, job._stream_name, events)
