"""Manifests: the one object whose write commits a task, and the records that failed attempts leave. `docs/store.md` says
which bytes they are.

Flow/run/step/path/manifest.json       the attempt that made it
Flow/run/step/path/attempt-<n>.json    attempts that failed, from 0
Flow/run/blobs/<sha256>                artifacts too large to stand in a manifest
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..contract import MANIFEST, run_key, task_key
from ..errors import RecordError
from ..failure import Failure
from ..paths import TaskId
from ..store import Store
from .documents import damaged, parse_document

FORMAT = 1
_SEAL = b'{"sha256":"'
_SEALED = len(_SEAL) + 64 + len('",')


@dataclass(frozen=True, slots=True)
class Inline:
    """An artifact that stands in the manifest: its pickle, in base64.

    Attributes:
        type: The name of the value's type, such as `numpy.ndarray`.
        serializer: Which serializers its pickle needs; None for none.
    """

    data: str
    type: str = field(default="", compare=False)
    serializer: str | None = field(default=None, compare=False)

    @property
    def size(self) -> int:
        """Bytes of the pickle."""
        return len(self.data) // 4 * 3 - self.data.count("=", -2)


@dataclass(frozen=True, slots=True)
class Blob:
    """An artifact that is an object of its own.

    Attributes:
        sha256: The hash of the content (`artifacts/hashes.py`), which is the object's name.
        size: Bytes of the content.
        pickle: Bytes of the pickle, with which the content begins.
        buffers: Bytes of each buffer after it.
        type: As for `Inline`.
        serializer: As for `Inline`.
        codec: What the object is compressed with, or None.
        stored: Bytes of the object.
    """

    sha256: str
    size: int
    pickle: int
    buffers: tuple[int, ...] = ()
    type: str = field(default="", compare=False)
    serializer: str | None = field(default=None, compare=False)
    codec: str | None = field(default=None, compare=False)
    stored: int = field(default=0, compare=False)


Entry: TypeAlias = Inline | Blob
"""Equal entries are equal values; the same value may have unequal ones, as a set may be pickled in any order."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The items of a large foreach, kept a second time in small parts (`artifacts/pages.py`).

    Attributes:
        every: How many items a page has; the last may have fewer.
        index: An artifact: the list of all pages' entries, as JSON has them.
    """

    every: int
    index: Entry


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
        pages: The items of the foreach that the task began, where they are large; else None.
    """

    attempt: int
    started: float
    ended: float
    chose: str | None
    cardinality: int | None
    artifacts: Mapping[str, Entry]
    caught: Failure | None = None
    origin: str | None = None
    pages: Pages | None = None


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
    """What an object says that is a manifest.

    Raises:
        RecordError: It is damaged, or of a version that this flowc does not read.
    """
    sealed = data.startswith(_SEAL) and data[_SEALED - 2 : _SEALED] == b'",'
    if sealed and hashlib.sha256(data[_SEALED:]).hexdigest().encode() != data[len(_SEAL) : _SEALED - 2]:
        raise RecordError(f"the object {key} is damaged: its content has another hash")
    try:
        document = json.loads(data)
        version = document["format"]
        if version != FORMAT and isinstance(version, int):
            raise RecordError(
                f"the object {key} has format {version}, and this flowc, {_own_version()}, reads format {FORMAT}: use the one "
                f"that wrote it, flowc {document.get('flowc', '(version unknown)')}"
            )
        if not sealed:
            raise RecordError(f"the object {key} is damaged: it does not begin with its hash")
        return Manifest(
            attempt=document["attempt"],
            started=document["started"],
            ended=document["ended"],
            chose=document["chose"],
            cardinality=document["cardinality"],
            artifacts={name: entry_of(entry) for name, entry in document["artifacts"].items()},
            caught=None if document["caught"] is None else Failure.from_json(document["caught"]),
            origin=document.get("origin"),
            pages=_pages(document.get("pages")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"the object {key} is damaged ({type(error).__name__}: {error})") from error


def manifest_bytes(manifest: Manifest) -> bytes:
    """The object of a manifest: JSON whose first member is the SHA-256 of all that follows the comma after it."""
    document: dict[str, object] = {
        "format": FORMAT,
        "flowc": _own_version(),
        "attempt": manifest.attempt,
        "started": manifest.started,
        "ended": manifest.ended,
        "chose": manifest.chose,
        "cardinality": manifest.cardinality,
        "caught": None if manifest.caught is None else manifest.caught.to_json(),
        "origin": manifest.origin,
        "artifacts": {name: entry_json(entry) for name, entry in manifest.artifacts.items()},
    }
    if manifest.pages is not None:
        document["pages"] = {"every": manifest.pages.every, "index": entry_json(manifest.pages.index)}
    rest = json.dumps(document, separators=(",", ":")).encode()[1:]
    return _SEAL + hashlib.sha256(rest).hexdigest().encode() + b'",' + rest


def commit_manifest(store: Store, flow: str, task: TaskId, manifest: Manifest) -> bool:
    """Commit a task; False if another attempt of it already did."""
    return store.put_new(manifest_key(flow, task), manifest_bytes(manifest))


def entry_json(entry: Entry) -> dict[str, object]:
    """An entry, as it stands in a manifest."""
    if isinstance(entry, Inline):
        document: dict[str, object] = {"inline": entry.data, "type": entry.type}
    else:
        document = {"sha256": entry.sha256, "size": entry.size, "pickle": entry.pickle, "type": entry.type}
        if entry.buffers:
            document["buffers"] = entry.buffers
        if entry.codec is not None:
            document["codec"] = entry.codec
            document["stored"] = entry.stored
    if entry.serializer is not None:
        document["serializer"] = entry.serializer
    return document


def entry_of(document: Mapping[str, Any]) -> Entry:
    """What `entry_json` made it of."""
    if "inline" in document:
        return Inline(document["inline"], document["type"], document.get("serializer"))
    size, codec = document["size"], document.get("codec")
    return Blob(
        document["sha256"],
        size,
        document["pickle"],
        tuple(document.get("buffers", ())),
        document["type"],
        document.get("serializer"),
        codec,
        size if codec is None else document["stored"],
    )


def _pages(document: Mapping[str, Any] | None) -> Pages | None:
    return None if document is None else Pages(document["every"], entry_of(document["index"]))


def _own_version() -> str:
    version: str = sys.modules[__name__.partition(".")[0]].__version__
    return version


def blobs_of(entries: Iterable[Entry]) -> set[str]:
    """The hashes of all blobs that artifacts are kept in."""
    return {entry.sha256 for entry in entries if isinstance(entry, Blob)}


def write_failure(store: Store, flow: str, task: TaskId, attempt: int, failure: Failure, started: float, ended: float) -> None:
    """Record that an attempt failed; times in seconds since 1970."""
    document = {"format": FORMAT, "attempt": attempt, "started": started, "ended": ended, "error": failure.to_json()}
    store.put(attempt_key(flow, task, attempt), json.dumps(document).encode())


def read_failure(store: Store, flow: str, task: TaskId, attempt: int) -> Failure | None:
    """Why an attempt failed; None if it left no record, as a killed container does."""
    key = attempt_key(flow, task, attempt)
    data = store.get(key)
    if data is None:
        return None
    return failure_in(key, parse_document(key, data, FORMAT))


def failure_in(key: str, document: Mapping[str, Any]) -> Failure:
    """The failure that the record of an attempt holds.

    Raises:
        RecordError: It holds none.
    """
    try:
        return Failure.from_json(document["error"])
    except (KeyError, TypeError) as error:
        raise damaged(key, error) from error


def attempt_key(flow: str, task: TaskId, attempt: int) -> str:
    """The key of what an attempt leaves that failed."""
    return f"{task_key(flow, task.run, task.step, task.path)}/attempt-{attempt}.json"
