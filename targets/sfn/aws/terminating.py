"""Ends jobs of AWS Batch, and whole arrays of them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from .faults import passes
from .looking import ASKED, PHASES, parts
from .session import AwsError, Session

_AT_ONCE: Final = 8
"""Requests that are made at a time."""
_REASON: Final = 1024
"""Characters of a reason."""
_NO_WAY: Final = ("EndpointConnectionError", "ConnectTimeoutError")
"""What says that there is no way to AWS, for any request."""


def terminate(session: Session, ids: Collection[str], why: str) -> dict[str, AwsError]:
    """End jobs, whatever state they are in; by id those that could not be ended, and why not. What is over stays as it is.

    `TerminateJob` ends what runs, and cancels what waits. Of an array it ends all jobs, so that it is asked for where nothing of
    an array is to be left.
    """
    orders = dict(_orders(session, ids))
    refused: dict[str, AwsError] = {}
    ask = partial(session.ask, "batch", "terminate_job", reason=why[:_REASON] or "no reason is given")

    def end(id: str) -> AwsError | None:
        if any(error.code in _NO_WAY for error in list(refused.values())):
            return next(iter(refused.values()))  # a thousand attempts would take hours
        try:
            ask(jobId=id)
        except AwsError as error:
            refused[id] = error
            return error
        return None

    if not orders:
        return {}
    session.client("batch")  # made before there are threads
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ended = dict(zip(orders, pool.map(end, orders), strict=True))
    return {id: error for order, error in ended.items() if error is not None for id in orders[order]}


def _orders(session: Session, ids: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What to end so that these jobs end: each with those that it stands for."""
    arrays: dict[str, list[str]] = {}
    for id in ids:
        parent, colon, _ = id.partition(":")
        if colon:
            arrays.setdefault(parent, []).append(id)
        else:
            yield id, (id,)
    left = _unfinished(session, [*arrays])
    for parent, children in arrays.items():
        if len(children) >= left.get(parent, len(children) + 1):
            yield parent, tuple(children)
        else:
            yield from ((id, (id,)) for id in children)


def _unfinished(session: Session, parents: list[str]) -> dict[str, int]:
    """How many jobs of arrays are not over, as far as AWS says."""
    found: dict[str, int] = {}
    for some in parts(parents, ASKED):
        try:
            described = session.ask("batch", "describe_jobs", jobs=some)["jobs"]
        except AwsError as error:
            if not error.denied and not passes(error):
                raise
            continue
        for one in described:
            counts = (one.get("arrayProperties") or {}).get("statusSummary") or {}
            size = (one.get("arrayProperties") or {}).get("size") or 0
            found[one["jobId"]] = size - sum(counts.get(state, 0) for state in counts if PHASES[state] == "over")
    return found
