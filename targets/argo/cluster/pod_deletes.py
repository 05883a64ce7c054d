"""Deleting many Pods, some at a time. Each has its grace, in which a task records why it ends; one that is gone is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor

from .kinds import POD
from .refusals import ClusterError
from .session import Session


def delete_pods(
    session: Session, names: Iterable[str], workers: Executor, gone: Callable[[str], None]
) -> dict[str, ClusterError]:
    """Delete Pods; by name why that could not be. Where the cluster cannot be asked for one, the rest is not tried.

    Args:
        workers: As many are deleted at a time as there are.
        gone: Is told of those that are not there.
    """
    unasked: list[ClusterError] = []

    def delete(name: str) -> ClusterError | None:
        if unasked:
            return unasked[0]
        try:
            delete_pod(session, name, gone)
        except ClusterError as error:
            if error.mends:
                unasked.append(error)
            return error
        return None

    asked = [(name, workers.submit(delete, name)) for name in dict.fromkeys(names)]
    return {name: error for name, one in asked if (error := one.result()) is not None}


def delete_pod(session: Session, name: str, gone: Callable[[str], None]) -> None:
    """Delete one.

    Raises:
        ClusterError: It is there, and cannot be deleted.
    """
    try:
        session.ask("DELETE", session.path(POD, name))
    except ClusterError as error:
        if not error.missing:
            raise
        gone(name)
