"""What a run says of itself: who started it and how, which flow it ran, how it ended.

Flow/run/run.json       written once, by whoever claims the id
Flow/run/plan.json      the compiled flow that the run began with
Flow/run/result.json    how a run ended that flowc itself scheduled
Flow/run/tags.json      the tags that people gave it since
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..contract import PLAN_FILE, run_key
from ..errors import PlanError
from ..plan import Plan, parse_plan
from ..store import Store
from .documents import Kind, members, parse_document

FORMAT = 1
_RUN: Mapping[str, Kind] = {
    "created": "time",
    "user": "text or null",
    "target": "text",
    "tags": "texts",
    "origin": "text or null",
    "flowc": "text",
    "python": "text",
}
_RESULT: Mapping[str, Kind] = {"ok": "flag", "ended": "time", "message": "text or null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run, as it began.

    Attributes:
        created: When, in seconds since 1970.
        user: Who started it, or None if the machine does not know.
        target: What schedules it: `local`, `argo` or `sfn`.
        tags: What it was started with.
        origin: The run that it resumes, or None.
        flowc: The version of flowc that started it.
        python: The version of Python that started it.
    """

    created: float
    user: str | None
    target: str
    tags: tuple[str, ...] = ()
    origin: str | None = None
    flowc: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecord:
    """How a run ended.

    Attributes:
        ok: Whether the flow came to its end.
        ended: When, in seconds since 1970.
        message: Why it did not, or None.
    """

    ok: bool
    ended: float
    message: str | None = None


def new_record(*, target: str, user: str | None, tags: Sequence[str] = (), origin: str | None = None) -> RunRecord:
    """The record of a run that begins now, in this process."""
    face = sys.modules[__name__.partition(".")[0]]
    return RunRecord(
        created=time.time(),
        user=user,
        target=target,
        tags=tuple(tags),
        origin=origin,
        flowc=face.__version__,
        python=sys.version.split()[0],
    )


def claim_run(store: Store, flow: str, record: RunRecord) -> str:
    """A new run's id, the next number, that nobody else gets."""
    run = max((int(name) for name in store.folders(f"{flow}/") if name.isascii() and name.isdigit()), default=0)
    while True:
        run += 1
        if begin_run(store, flow, str(run), record):
            return str(run)


def begin_run(store: Store, flow: str, run: str, record: RunRecord) -> bool:
    """Record that a run begins; False if it has begun before."""
    return store.put_new(f"{run_key(flow, run)}/run.json", _encode(asdict(record)))


def read_run(store: Store, flow: str, run: str) -> RunRecord | None:
    """What a run began with; None if there is no such run."""
    key = f"{run_key(flow, run)}/run.json"
    data = store.get(key)
    return None if data is None else decode_run(key, data)


def decode_run(key: str, data: bytes) -> RunRecord:
    """What an object `run.json` says.

    Raises:
        StoreError: It is damaged, or of another version.
    """
    document = members(key, parse_document(key, data, FORMAT), _RUN)
    return RunRecord(**{**document, "tags": tuple(document["tags"])})


def write_plan(store: Store, flow: str, run: str, document: Mapping[str, Any]) -> None:
    """Keep the compiled flow with the run."""
    store.put(f"{run_key(flow, run)}/{PLAN_FILE}", json.dumps(document, separators=(",", ":")).encode())


def read_plan(store: Store, flow: str, run: str) -> Plan | None:
    """The compiled flow that a run began with; None if it keeps none.

    Raises:
        PlanError: It is of another version, or damaged.
    """
    key = f"{run_key(flow, run)}/{PLAN_FILE}"
    data = store.get(key)
    if data is None:
        return None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"the object {key} is damaged ({type(error).__name__}: {error})") from error
    return parse_plan(document)


def write_result(store: Store, flow: str, run: str, result: ResultRecord) -> None:
    """Record how a run ended."""
    store.put(f"{run_key(flow, run)}/result.json", _encode(asdict(result)))


def read_result(store: Store, flow: str, run: str) -> ResultRecord | None:
    """How a run ended; None while it goes on, or if flowc did not see it end.

    Raises:
        StoreError: The record is damaged, or of another version.
    """
    key = f"{run_key(flow, run)}/result.json"
    data = store.get(key)
    return None if data is None else ResultRecord(**members(key, parse_document(key, data, FORMAT), _RESULT))


def _encode(data: dict[str, Any]) -> bytes:
    return json.dumps({"format": FORMAT, **data}).encode()
