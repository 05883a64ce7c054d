"""What the end of a job of AWS Batch means for its task: why it came to nothing, where that was not the code's own doing.

Batch says so in its own words, of which these are known:

| it says | error |
|---|---|
| `OutOfMemoryError: Container killed due to memory usage` | OutOfMemory |
| `Host EC2 (instance i-…) terminated.` | HostTerminated |
| `Your Spot Task was interrupted.` | SpotReclaimed |
| `CannotPullContainerError: …` | ImageNotPulled |
| `Job attempt duration exceeded timeout` | TimedOut |
| whatever somebody said who ended it | Terminated |
| `Canceled by JobStateTimeLimit action due to reason: …` | NeverStarted |
| anything else without an exit code | NotStarted, or Lost once it ran |

https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .history import Ending, ending_in, lowered
from .waits import meaning_of_wait

_HOST: Final = re.compile(r"Host EC2 (?:\(instance (?P<id>[\w-]+)\) )?terminated", re.IGNORECASE)
_PULL: Final = re.compile(r"CannotPull\w*Error:? *(?P<why>.*)", re.DOTALL)
_LIMIT: Final = re.compile(r"Cancell?ed by JobStateTimeLimit action due to reason: *(?P<why>.*)", re.DOTALL)
_PROGRAM: Final = re.compile(r'exec: \\?"(?P<name>[^"\\]+)\\?": (?:executable file not found|stat )')
_CODE: Final = "Essential container in task exited"
"""What Batch says of every container that ended by itself."""

_PULLS: Final = (
    (r"toomanyrequests|rate limit|429", "the registry has had too many requests: log in to it, or keep the image in Amazon ECR"),
    (r"no matching manifest|does not contain descriptor matching platform|exec format", "it is not made for these processors"),
    (
        r"denied|not authorized|forbidden|unauthorized|40[13]\b",
        "there is no such image, or the job's execution role (on EC2 the instances' role) may not pull it",
    ),
    (r"not found|unknown|does not exist|invalid reference", "there is no such image: correct its name or its tag"),
    (
        r"time-?d? ?out|deadline|dial tcp|no such host|connection|network",
        "no way leads from the compute environment's subnets to the registry: it takes a NAT gateway, or public addresses",
    ),
    (r"no space left", "the disk of its machine is full"),
)
"""By what the registry's client says: what that means."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a job's end means.

    Attributes:
        error: In one word; None: it ended by itself, and its exit code says the rest.
        message: As the end of a sentence that begins with the task.
        code: The exit code, or None.
    """

    error: str | None
    message: str = ""
    code: int | None = None


def meaning_of(job: Mapping[str, Any]) -> Meaning:
    """What it means that a job is over.

    Args:
        job: The job as `DescribeJobs` has it.
    """
    if job["status"] == "SUCCEEDED":
        return Meaning(None, code=0)
    found = lowered(job)
    ending = ending_in(found)
    container: Mapping[str, Any] = found.get("container") or {}
    said = "; ".join(one for one in ending.said if one != _CODE)
    error, message = _meaning(found, ending, container, said)
    return Meaning(error, message, ending.code)


def _meaning(job: Mapping[str, Any], ending: Ending, container: Mapping[str, Any], said: str) -> tuple[str | None, str]:
    image = str(container.get("image") or "")
    if "OutOfMemory" in said:
        return "OutOfMemory", _out_of_memory(container)
    if found := _LIMIT.search(said):
        why = meaning_of_wait(found["why"]) or found["why"]
        return "NeverStarted", f"was taken from its queue by AWS Batch, where it had waited for too long: {why}"
    if job.get("isterminated") or job.get("iscancelled"):
        return "Terminated", f"was ended on AWS Batch: {job.get('statusreason') or 'nobody says why'}"
    if found := _HOST.search(said):
        machine = f"the EC2 instance {found['id']}" if found["id"] else "an EC2 instance"
        return "HostTerminated", (
            f"was lost with its machine, {machine}, which was terminated: a spot instance that EC2 took back, or one that "
            "somebody ended; `@retry` runs it again on another one"
        )
    if "Spot Task was interrupted" in said:
        return "SpotReclaimed", "was lost with its machine, which Fargate Spot took back; `@retry` runs it again on another one"
    if found := _PULL.search(said):
        meant = next((words for pattern, words in _PULLS if re.search(pattern, found["why"], re.IGNORECASE)), "")
        return "ImageNotPulled", f"could not start: its image {image} cannot be pulled{f': {meant}' if meant else ''} ({said})"
    if "duration exceeded timeout" in said:
        seconds = (job.get("timeout") or {}).get("attemptdurationseconds")
        long = f"for more than {seconds:,} seconds" if seconds else "for too long"
        return "TimedOut", f"was ended by AWS Batch, for it ran {long}: `@timeout` says how long it may"
    if found := _PROGRAM.search(said):
        return "NotStarted", (
            f"could not start: its image {image} has no {found['name']}: take an image with Python, or say where that is by "
            "`@batch(executable=…)`"
        )
    if ending.code is not None:
        return None, ""
    if "unable to assume" in said.lower():
        return "NotStarted", f"could not start: its role does not exist, or does not trust ecs-tasks.amazonaws.com ({said})"
    if "ResourceInitializationError" in said:
        return "NotStarted", (
            "could not start: its execution role may not do all that AmazonECSTaskExecutionRolePolicy allows, or no way leads "
            f"from the compute environment's subnets to AWS ({said})"
        )
    if job.get("startedat"):
        return "Lost", f"ended on AWS Batch without an exit code: {said or ending.text}"
    return "NotStarted", f"could not start: {said or ending.text}"


def _out_of_memory(container: Mapping[str, Any]) -> str:
    asked = memory_of(container)
    if asked is None:
        return "was killed, for it needed more memory than it may have: ask for more by `@resources(memory=…)`"
    return (
        f"was killed, for it needed more than the {asked:,} MB of memory that it asked for: ask for more, as by "
        f"`@resources(memory={2 * asked})`"
    )


def memory_of(container: Mapping[str, Any]) -> int | None:
    """The megabytes that a container may have; names are in lower case."""
    amounts = {one.get("type"): one.get("value") for one in container.get("resourcerequirements") or ()}
    found = amounts.get("MEMORY") or container.get("memory")
    return int(found) if found else None
