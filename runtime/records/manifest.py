"""Manifests: the one object whose write commits a task, and the records that failed attempts leave.

Flow/run/step/path/manifest.json       the attempt that made it
Flow/run/step/path/attempt-<n>.json    attempts that failed, from 0
Flow/run/blobs/<sha256>                artifacts too large to stand in a manifest
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..contract import MANIFEST, run_key, task_key
from ..errors import StoreError
from ..failure import Failure
from ..paths import TaskId
from ..store import Store

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Inline:
    """An artifact that stands in the manifest: its pickle, in base64."""

    data: str

    @property
    def size(self) -> int:
        """Bytes of the pickle."""
        return len(self.data) // 4 * 3 - self.data.count("=", -2)


@dataclass(frozen=True, slots=True)
class Blob:
    """An artifact that is an object of its own: the hash of its pickle, and the pickle's size in bytes."""

    sha256: str
    size: int


Entry: TypeAlias = Inline | Blob
"""Equal entries are equal values; the same value may have unequal ones, as a set may be pickled in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a task did.

    Attributes:
        attempt: Which attempt it was, from 0.
        started: When, in seconds since 1970.
        ended: Likewise.
        chose: The key of the edge taken, None where the step has only one.
        cardinality: How many items the foreach has that the task began, or None.
        artifacts: Those of the task, its own and those handed on.
        caught: The failure that `@catch` caught, or None.
        origin: The run that did the work, where this run, which resumes that one, took it over; else None.
    """

    attempt: int
    started: float
    ended: float
    chose: str | None
    cardinality: int | None
    artifacts: Mapping[str, Entry]
    caught: Failure | None = None
    origin: str | None = None


def blob_key(flow: str, run: str, sha256: str) -> str:
    """The key of a blob; without a hash, the prefix of a run's blobs."""
    return f"{run_key(flow, run)}/blobs/{sha256}".rstrip("/")


def manifest_key(flow: str, task: TaskId) -> str:
    """The key of a task's manifest."""
    return f"{task_key(flow, task.run, task.step, task.path)}/{MANIFEST}"


def read_manifest(store: Store, flow: str, task: TaskId) -> Manifest | None:
    """A task's manifest, or None if the task is not done.

    Raises:
        StoreError: It cannot be read, or is damaged.
    """
    key = manifest_key(flow, task)
    data = store.get(key)
    return None if data is None else parse_manifest(key, data)


def parse_manifest(key: str, data: bytes) -> Manifest:
    """The manifest that an object holds.

    Raises:
        StoreError: It is damaged, or of another version.
    """
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise StoreError(f"the object {key} has format {document['format']}, and this flowc reads format {FORMAT}")
        return Manifest(
            attempt=document["attempt"],
            started=document["started"],
            ended=document["ended"],
            chose=document["chose"],
            cardinality=document["cardinality"],
            artifacts=entries_from_json(document["artifacts"]),
            caught=None if document["caught"] is None else Failure.from_json(document["caught"]),
            origin=document.get("origin"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the object {key} is damaged ({type(error).__name__}: {error})") from error


def commit_manifest(store: Store, flow: str, task: TaskId, manifest: Manifest) -> bool:
    """Commit a task; False if another attempt of it already did."""
    document = {
        "format": FORMAT,
        "attempt": manifest.attempt,
        "started": manifest.started,
        "ended": manifest.ended,
        "chose": manifest.chose,
        "cardinality": manifest.cardinality,
        "caught": None if manifest.caught is None else manifest.caught.to_json(),
        "origin": manifest.origin,
        "artifacts": entries_to_json(manifest.artifacts),
    }
    return store.put_new(manifest_key(flow, task), json.dumps(document).encode())


def entries_to_json(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Artifacts as JSON data."""
    return {
        name: {"inline": entry.data} if isinstance(entry, Inline) else {"sha256": entry.sha256, "size": entry.size}
        for name, entry in entries.items()
    }


def entries_from_json(data: Mapping[str, Any]) -> dict[str, Entry]:
    """What `entries_to_json` gave."""
    return {
        name: Inline(entry["inline"]) if "inline" in entry else Blob(entry["sha256"], entry["size"])
        for name, entry in data.items()
    }


def blobs_of(entries: Iterable[Entry]) -> set[str]:
    """The hashes of all blobs that artifacts are kept in."""
    return {entry.sha256 for entry in entries if isinstance(entry, Blob)}


def write_failure(store: Store, flow: str, task: TaskId, attempt: int, failure: Failure, started: float, ended: float) -> None:
    """Record that an attempt failed; times in seconds since 1970."""
    document = {"format": FORMAT, "attempt": attempt, "started": started, "ended": ended, "error": failure.to_json()}
    store.put(_attempt_key(flow, task, attempt), json.dumps(document).encode())


def read_failure(store: Store, flow: str, task: TaskId, attempt: int) -> Failure | None:
    """Why an attempt failed; None if it left no record, as a killed container does."""
    key = _attempt_key(flow, task, attempt)
    data = store.get(key)
    if data is None:
        return None
    try:
        return Failure.from_json(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the object {key} is damaged ({type(error).__name__}: {error})") from error


def _attempt_key(flow: str, task: TaskId, attempt: int) -> str:
    return f"{task_key(flow, task.run, task.step, task.path)}/attempt-{attempt}.json"
