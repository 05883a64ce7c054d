"""Why jobs of AWS Batch wait: what keeps them from a machine, and what to do about it.

Batch says so itself of the job at the head of a queue, after a while; what can be seen at once is looked up.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from .queues import Environment, Queue, read_queues
from .session import AwsError, Session

_ASKED: Final = 100
"""As many jobs as one request describes."""
_REASONS: Final = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": (
        "AWS has none of the instances to give that the queue's compute environments may have: allow more types, or more zones"
    ),
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": (
        "no compute environment of the queue may have as many CPUs as the job asks for: raise its maxvCpus, or ask for less"
    ),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": (
        "no instance that the queue's compute environments may have is large enough: ask for less, or allow larger ones"
    ),
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED": (
        "EC2 starts no instances as the queue's compute environments ask for them: see to types, zones and launch templates"
    ),
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS": (
        "the service role of the queue's compute environments lacks permissions: it needs the policy AWSBatchServiceRole"
    ),
    "ACTION_REQUIRED": "the queue's compute environments cannot be used as they are: see what AWS says of them",
    "UNDETERMINED": "AWS Batch does not know what keeps it",
}
"""By the beginning of what AWS Batch says."""


def meaning_of_wait(said: str) -> str | None:
    """What a reason of Batch's means, or None: it is not known."""
    return next((words for code, words in _REASONS.items() if said.startswith(code)), None)


def explain(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Why jobs wait, by their ids.

    A job that is not described, for there are so many, is told what others of its array are told.

    Raises:
        AwsError: They cannot be described.
    """
    described = {one["jobId"]: one for one in session.ask("batch", "describe_jobs", jobs=_sample(ids))["jobs"]}
    waiting = {id: one for id, one in described.items() if one["status"] in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING")}
    try:
        queues = read_queues(session, {one["jobQueue"] for one in waiting.values()})
    except AwsError as error:
        if not error.denied:
            raise
        queues = {}
    # Batch tells it of the first job of a queue only.
    runnable = [one for one in waiting.values() if one["status"] == "RUNNABLE"]
    said = {one["jobQueue"]: one["statusReason"] for one in runnable if one.get("statusReason")}
    found = {id: _why(one, queues.get(one["jobQueue"]), said.get(one["jobQueue"])) for id, one in waiting.items()}
    of_array = {id.partition(":")[0]: why for id, why in found.items()}
    return {id: why for id in ids if (why := found.get(id) or (None if id in described else of_array.get(id.partition(":")[0])))}


def _sample(ids: Collection[str]) -> list[str]:
    """As many as can be described at once; of each array at least one, where that is possible."""
    first = {id.partition(":")[0]: id for id in sorted(ids, key=_index, reverse=True)}
    return [*first.values(), *(id for id in sorted(ids, key=_index) if id not in first.values())][:_ASKED]


def _index(id: str) -> int:
    return int(id.partition(":")[2] or 0)


def _why(job: Mapping[str, Any], queue: Queue | None, said: str | None) -> str:
    if job["status"] == "STARTING":
        image = (job.get("container") or {}).get("image", "")
        return f"its machine is there, and makes its container: the image {image} is being pulled"
    if queue is None:
        return _told(said) if said else "AWS Batch does not say why"
    faults = [*_faults(queue), *_too_small(job, queue.environments)]
    if faults:
        return "; ".join(faults)
    if said:
        return _told(said)
    if job["status"] == "RUNNABLE":
        limit = sum(one.cpus or 0 for one in queue.environments if one.broken is None)
        most = f", or all {limit:,} CPUs are taken that it may have at a time" if limit else ""
        return f"the AWS Batch queue {queue.name} has no free machine for it yet: one is being started{most}"
    return "AWS Batch has not looked at it yet"


def _told(said: str) -> str:
    meaning = meaning_of_wait(said)
    return f"{meaning} (AWS Batch says {said})" if meaning else f"AWS Batch says {said}"


def _faults(queue: Queue) -> Iterator[str]:
    if queue.state != "ENABLED":
        yield f"the AWS Batch queue {queue.name} is disabled: enable it"
    if queue.status == "INVALID":
        yield f"the AWS Batch queue {queue.name} is INVALID ({queue.reason or 'AWS does not say why'})"
    broken = [one.broken for one in queue.environments]
    if broken and all(broken):
        yield f"no compute environment of the AWS Batch queue {queue.name} runs jobs: {', '.join(map(str, broken))}"


def _too_small(job: Mapping[str, Any], environments: Sequence[Environment]) -> Iterator[str]:
    asked = {one["type"]: one["value"] for one in (job.get("container") or {}).get("resourceRequirements", ())}.get("VCPU")
    limits = [one.cpus for one in environments]
    if asked and limits and all(one is not None and one < float(asked) for one in limits):
        listed = ", ".join(f"{one.name} {one.cpus}" for one in environments)
        yield (
            f"it asks for {asked} CPUs, and no compute environment of its queue may have so many (maxvCpus: {listed}): raise "
            "that, or ask for less"
        )
