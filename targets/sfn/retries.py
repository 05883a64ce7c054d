"""What is tried again, and after which wait: `Retry` of the states.

A state has up to two retriers. The first is for errors of the services that run it, which pass: too many requests a second, an
error on AWS's side. The second is the user's `@retry`, and takes whatever else fails. Step Functions counts them apart, but has
one count of both for a state, `$$.State.RetryCount`, so that numbers of attempts may have gaps.

    {"ErrorEquals": ["Batch.AWSBatchException", …], "MaxAttempts": 10, "MaxDelaySeconds": 20, "JitterStrategy": "FULL"}
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 120, "MaxAttempts": 3, "BackoffRate": 1.0}

AWS's clients have names only for the errors that a service's model lists. Others are called after the service: too many
requests to Batch are `Batch.AWSBatchException`, S3's SlowDown is `S3.S3Exception`. A missing permission has the same name, so
the waits are long enough for an account's 50 jobs a second (Batch), and come to an end in a minute or two. An object that is
missing has a name of its own, and is not asked for again.
"""

from __future__ import annotations

from typing import Any, Final

from ...compiler.ir.nodes import Step
from ..settings import Settings

_MOST: Final = 99_999_999
"""Of seconds, and of attempts (Amazon States Language, "Errors")."""
_LONGEST_DELAY: Final = 31_622_399
"""`MaxDelaySeconds` is less than 31,622,400."""

_PASSING: Final[dict[str, tuple[tuple[str, ...], int, int]]] = {
    "batch": (("Batch.AWSBatchException", "Batch.ServerException"), 10, 20),
    "ecs": (("ECS.AmazonECSException", "ECS.ServerException", "ECS.ThrottlingException"), 10, 20),
    "s3": (("S3.S3Exception", "S3.SdkClientException"), 6, 8),
    "reader": (("States.ItemReaderFailed",), 6, 8),
}
"""By service: the errors, how often to try again, and the longest wait."""


def caught(step: Step) -> bool:
    """Whether a failure of a step lets the flow go on."""
    return any(one.name == "catch" for one in step.decorators)


def retries_of(step: Step, settings: Settings) -> int:
    """How often a step's code may be tried again."""
    return settings.attempts - 1 - caught(step)


def passing(service: str) -> dict[str, Any]:
    """The retrier for errors of a service that pass: `batch`, `ecs`, `s3`, or `reader` for what reads the items of a Map.

    The waits are of 1, 2, 4 … seconds, as they are where nothing is said; every state has this, so that it had better be short.
    """
    errors, attempts, longest = _PASSING[service]
    return {
        "ErrorEquals": list(errors),
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",  # those that were refused together must not come back together
    }


def service_of(resource: str) -> str:
    """The service that a Task calls: `batch` of `arn:aws:states:::batch:submitJob.sync`."""
    return resource.partition(":states:::")[2].removeprefix("aws-sdk:").partition(":")[0]


def of_user(settings: Settings, retries: int) -> dict[str, Any]:
    """The retrier for what `@retry` says. Step Functions waits for a second at the least."""
    wait, factor, longest = settings.retry_seconds, settings.retry_backoff, settings.retry_limit_seconds
    if longest is not None and longest <= wait:
        wait, factor, longest = longest, 1.0, None
    if wait == 0:
        factor = 1.0  # nothing, times anything
    wait = max(1, min(wait, _MOST))
    retrier: dict[str, Any] = {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": wait,
        "MaxAttempts": min(retries, _MOST),
        "BackoffRate": max(1.0, factor),
    }
    if factor > 1 and wait < _LONGEST_DELAY:
        last = wait * min(factor, 1e9) ** min(retries - 1, 30)
        if longest is not None or last > _LONGEST_DELAY:
            retrier["MaxDelaySeconds"] = max(wait + 1, min(longest or _LONGEST_DELAY, _LONGEST_DELAY))
    if settings.retry_jitter:
        retrier["JitterStrategy"] = "FULL"
    return retrier
