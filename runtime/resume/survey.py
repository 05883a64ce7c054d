"""What a run has left in the store, as far as another run could go on from there.

In: a store and a run's id. Out: a `Survey`, which also travels as JSON text from the child process that used the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from ..artifacts import Artifacts
from ..artifacts.pages import blobs_of_pages
from ..contract import MANIFEST, PLAN_FILE, run_key
from ..errors import ArtifactError, StoreError, TaskError
from ..paths import TaskId, is_name
from ..records.manifest import Pages, blobs_of, parse_manifest
from ..records.parameters import parameters_key
from ..records.runs import read_result, read_run
from ..store import Store

Ready: TypeAlias = tuple[str, str]
"""Step and path of a task."""
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Committed:
    """A task that is done: the key of the way that it chose, how many items its foreach has, the names of its artifacts."""

    chose: str | None
    cardinality: int | None
    artifacts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A run, as it can be resumed.

    Attributes:
        run: Its id.
        ok: Whether it came to its end; None: it did not say.
        plan: The compiled flow that it ran, as data; None: it is not known.
        parameters: Whether it has kept the values of its parameters.
        committed: Its tasks that are done.
        damaged: Those that are done, but of which something is lost, and what.
        failed: Those of which attempts failed and none is done.
    """

    run: str
    ok: bool | None
    plan: Mapping[str, Any] | None
    parameters: bool
    committed: Mapping[Ready, Committed]
    damaged: Mapping[Ready, str]
    failed: frozenset[Ready]

    def to_text(self) -> str:
        """The same as JSON."""
        names: dict[frozenset[str], int] = {}  # most tasks of a step have the same
        committed = [
            [*task, one.chose, one.cardinality, names.setdefault(one.artifacts, len(names))]
            for task, one in self.committed.items()
        ]
        damaged = [[*task, what] for task, what in self.damaged.items()]
        document = {"run": self.run, "ok": self.ok, "plan": self.plan, "parameters": self.parameters, "committed": committed}
        return json.dumps(
            document | {"names": [sorted(one) for one in names], "damaged": damaged, "failed": [list(one) for one in self.failed]}
        )


def from_text(text: str) -> Survey:
    """What `Survey.to_text` gave."""
    document = json.loads(text)
    names = [frozenset(one) for one in document["names"]]
    return Survey(
        run=document["run"],
        ok=document["ok"],
        plan=document["plan"],
        parameters=document["parameters"],
        committed={
            (step, path): Committed(chose, cardinality, names[number])
            for step, path, chose, cardinality, number in document["committed"]
        },
        damaged={(step, path): what for step, path, what in document["damaged"]},
        failed=frozenset((step, path) for step, path in document["failed"]),
    )


def survey(store: Store, flow: str, run: str | None) -> Survey:
    """Look at a run, or at the latest.

    Raises:
        TaskError: There is no such run.
        StoreError: The datastore cannot be read.
    """
    if run is None:
        run = next(iter(latest_first(store, flow)), None)
        if run is None:
            raise TaskError(f"there is no run of {flow} in {store.url}")
    if not is_name(run):
        raise TaskError(f"{run!r} is no run: write its id alone, as in 7")
    tasks: list[Ready] = []
    attempts: set[Ready] = set()
    blobs: set[str] = set()
    prefix = run_key(flow, run) + "/"
    keys = 0
    for key in store.list(prefix):
        keys += 1
        match key.removeprefix(prefix).split("/"):
            case ["blobs", name]:
                blobs.add(name)
            case [step, path, name] if name == MANIFEST:
                tasks.append((step, path))
            case [step, path, name] if name.startswith("attempt-"):
                attempts.add((step, path))
    if not keys:
        known = ", ".join(islice(latest_first(store, flow), 3))
        raise TaskError(
            f"there is no run {run} of {flow} in {store.url}"
            + (f"; the latest there are {known}" if known else ", nor any other")
        )
    committed: dict[Ready, Committed] = {}
    damaged: dict[Ready, str] = {}
    for task, data in _read_all(store, prefix, sorted(tasks)):
        key = f"{prefix}{task[0]}/{task[1]}/{MANIFEST}"
        if data is None:
            continue
        try:
            manifest = parse_manifest(key, data)
        except StoreError:
            damaged[task] = "its manifest is damaged"
            continue
        lost = next((name for name, entry in manifest.artifacts.items() if not blobs_of((entry,)) <= blobs), None)
        if lost is not None:
            damaged[task] = f"its artifact `{lost}` is lost"
        elif manifest.pages is not None and not _has_pages(store, flow, TaskId(run, *task), manifest.pages, blobs):
            damaged[task] = "the items of its foreach are lost"
        else:
            committed[task] = Committed(manifest.chose, manifest.cardinality, frozenset(manifest.artifacts))
    result = read_result(store, flow, run)
    return Survey(
        run=run,
        ok=None if result is None else result.ok,
        plan=_plan(store, prefix),
        parameters=store.get(parameters_key(flow, run)) is not None,
        committed=committed,
        damaged=damaged,
        failed=frozenset(attempts - set(tasks)),
    )


def _has_pages(store: Store, flow: str, task: TaskId, pages: Pages, blobs: set[str]) -> bool:
    try:
        return blobs_of_pages(Artifacts(store, flow, task.run), "items", pages, task) <= blobs
    except (StoreError, ArtifactError):
        return False


def latest_first(store: Store, flow: str) -> Iterator[str]:
    """The ids of a flow's runs; one that does not say when it began counts as old."""
    runs = sorted(store.folders(f"{flow}/"), key=lambda run: (len(run), run), reverse=True)
    began: dict[str, float] = {}
    for run in runs:
        try:
            record = read_run(store, flow, run)
        except (StoreError, TypeError):  # damaged, or of a later version: still a run
            record = None
        began[run] = 0.0 if record is None else record.created
    yield from sorted(runs, key=lambda run: -began[run])


def _read_all(store: Store, prefix: str, tasks: list[Ready]) -> Iterator[tuple[Ready, bytes | None]]:
    for first in range(0, len(tasks), _CHUNK):
        some = tasks[first : first + _CHUNK]
        yield from zip(some, store.get_many(f"{prefix}{step}/{path}/{MANIFEST}" for step, path in some), strict=True)


def _plan(store: Store, prefix: str) -> dict[str, Any] | None:
    data = store.get(prefix + PLAN_FILE)
    try:
        document = None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
