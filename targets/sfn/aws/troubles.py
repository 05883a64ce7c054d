"""Why an execution failed, as far as Step Functions, Batch and ECS know: what a task could not say itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ....runtime import contract
from ...executions import Trouble
from .history import Where, details_of, ending_of
from .machine import SERVICE
from .session import AwsError, Session
from .underway import history_of, items_of, links_of, map_runs_of

_DEEP, _WIDE, _RUNS = 4, 3, 20
"""How far failures are followed into the items of foreaches: levels, items of each, foreaches of an execution."""
_THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
"""What a Map Run fails with when its items do."""
_LATE: Final = "the run took longer than it may (--workflow-timeout, when it was deployed), and was ended"


def troubles_of(session: Session, found: Mapping[str, Any]) -> tuple[Trouble, ...]:
    """What an execution ended with, or those of its items for which it did.

    Args:
        found: The execution as `DescribeExecution` has it.
    """
    if found["status"] not in ("FAILED", "TIMED_OUT"):
        return ()
    return tuple(_troubles(session, found, _DEEP))


def hook_troubles(session: Session, arn: str) -> tuple[Trouble, ...]:
    """The exit hooks of an execution whose jobs failed, of which nothing comes."""
    history = history_of(session, arn)
    found = []
    for event in history.failures():
        where = history.where(event)
        if where.step in contract.HOOK_STEPS.values():
            details = details_of(event)
            found.append(_trouble(session, where, str(details.get("error") or "States.TaskFailed"), details.get("cause")))
    return tuple(found[-1:])  # the last attempt of the one hook that there is at the end of a run


def _troubles(session: Session, found: Mapping[str, Any], deep: int) -> Iterator[Trouble]:
    arn, cause = found["executionArn"], found.get("cause")
    is_late = found["status"] == "TIMED_OUT"
    error = str(found.get("error") or ("States.Timeout" if is_late else "States.Runtime"))
    ending = ending_of(cause)
    if ending.job is None and deep and (inner := [*_of_items(session, arn, deep)]):
        yield from inner
        return
    where = ending.where
    if where.step is None and not is_late:
        history = history_of(session, arn)
        event = history.failed(error, cause)
        where = history.where(event) if event is not None else Where()
    yield _trouble(session, where, error, cause or (_LATE if is_late else None))


def _trouble(session: Session, where: Where, error: str, cause: str | None) -> Trouble:
    ending = ending_of(cause)
    return Trouble(
        step=where.step,
        path=where.path,
        attempt=where.attempt,
        error=error,
        cause=ending.text,
        follows=error == _THRESHOLD,
        job=ending.job,
        links=links_of(session, ending),
    )


def _of_items(session: Session, arn: str, deep: int) -> Iterator[Trouble]:
    """What some items failed with."""
    for map_run in map_runs_of(session, arn)[-_RUNS:]:
        try:
            for item in items_of(session, map_run, "FAILED", _WIDE):
                yield from _troubles(session, session.ask(SERVICE, "describe_execution", executionArn=item), deep - 1)
        except AwsError:  # what the execution says itself is then all that is known
            continue
