"""Begins the run that resumes another: claims its id, and copies into it what it takes over.

Each run has all of its own objects, so that a rule that deletes old runs never takes anything from a newer one. Blobs are copied
as the store can (a hard link in a directory, a copy within an object store); manifests are written anew, and name the run that
did the work. To be called in a child process of the scheduler's, which never uses the store itself.

**Invariant:** the manifest of a task is copied after its blobs, so that what a copy has left that was cut short can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ..artifacts import Artifacts
from ..artifacts.pages import blobs_of_pages
from ..errors import ParameterError, StoreError
from ..language.current import user_name
from ..paths import TaskId, begins_run, parse
from ..plan import Plan
from ..records.manifest import Entry, Manifest, blob_key, blobs_of, commit_manifest, manifest_key, parse_manifest, read_manifest
from ..records.parameters import read_parameters, write_parameters
from ..records.runs import read_run
from ..store import Store
from ..tasks.parameters import complete
from ..tasks.task import write_control_objects
from .decide import Taken
from .survey import Ready

if TYPE_CHECKING:
    from pathlib import Path

    from ..language.flowspec import FlowSpec

_CHUNK = 256
_THREADS = 16

ForAll: TypeAlias = Callable[[Callable[[Any], object], Iterable[Any]], None]
"""Calls a function for each of some things, perhaps several at a time."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """What a run takes over.

    Attributes:
        origin: The run that it resumes.
        reused: The tasks that it takes over, each after those that it depends on.
    """

    origin: str
    reused: Mapping[Ready, Taken]


def fill(store: Store, plan: Plan, flow_class: type[FlowSpec], run: str, resumption: Resumption, folder: Path | None) -> None:
    """Put into a run that has just been claimed what it takes over from another.

    Args:
        folder: Where the default files of parameters are that the older run did not have.

    Raises:
        ParameterError: The older run has not kept its parameters, or lacks one that has no default.
        StoreError: Something cannot be copied.
    """
    added = _parameters(store, plan, flow_class, run, resumption, folder)
    with _several(store) as for_all:
        copied: set[str] = set()
        tasks = list(resumption.reused)
        for first in range(0, len(tasks), _CHUNK):
            some = [TaskId(resumption.origin, *task) for task in tasks[first : first + _CHUNK]]
            manifests = list(_manifests(store, plan.flow, some))
            blobs = set[str]().union(*(_blobs(store, plan.flow, *one) for one in manifests)) - copied
            for_all(lambda name: _copy_blob(store, plan.flow, resumption.origin, run, name), blobs)
            copied |= blobs
            for_all(lambda one: _write(store, plan, run, one, added), manifests)


def _parameters(
    store: Store, plan: Plan, flow_class: type[FlowSpec], run: str, resumption: Resumption, folder: Path | None
) -> dict[str, Entry]:
    """Hand the parameters on; those which the older run did not have, and that its tasks' copies must get."""
    entries: Mapping[str, Entry] | None = read_parameters(store, plan.flow, resumption.origin)
    if entries is None:
        entries = _parameters_of_start(store, plan, resumption.origin)
    if entries is None and plan.parameters and not resumption.reused:
        record = read_run(store, plan.flow, resumption.origin)
        if record is not None and record.origin is not None:
            raise ParameterError(
                f"run {resumption.origin} was to go on from run {record.origin}, and ended before it had taken anything over: "
                f"resume run {record.origin}"
            )
        raise ParameterError(
            f"run {resumption.origin} has not kept the values of its parameters, since it ended before its first task began: "
            "start a new run with `flowc run`"
        )
    entries = entries or {}
    for name in blobs_of(entries.values()):
        _copy_blob(store, plan.flow, resumption.origin, run, name)
    new = tuple(spec for spec in plan.parameters if spec.attribute not in entries)
    if missing := [spec.name for spec in new if spec.required]:
        raise ParameterError(
            f"run {resumption.origin} has no value for the parameter `{missing[0]}`, which is new since and has no default: "
            "give it one, or start a new run with `flowc run`"
        )
    values = complete(replace(plan, parameters=new), flow_class, {}, user_name(), folder) if new else {}
    artifacts = Artifacts(store, plan.flow, run)
    added = {name: artifacts.save(name, value, plan.start) for name, value in values.items()}
    write_parameters(store, plan.flow, run, {**entries, **added})
    return added


def _parameters_of_start(store: Store, plan: Plan, run: str) -> dict[str, Entry] | None:
    """What the first task of a run has of parameters, where it is done."""
    step = plan.steps[plan.start]
    path = ".".join("~0" for _ in step.scopes) or "-"
    assert begins_run(step, parse(path), plan.start)
    manifest = read_manifest(store, plan.flow, TaskId(run, plan.start, path))
    if manifest is None:
        return None
    return {one.attribute: manifest.artifacts[one.attribute] for one in plan.parameters if one.attribute in manifest.artifacts}


def _manifests(store: Store, flow: str, tasks: Sequence[TaskId]) -> Iterator[tuple[TaskId, Manifest]]:
    keys = [manifest_key(flow, task) for task in tasks]
    for task, key, data in zip(tasks, keys, store.get_many(keys), strict=True):
        if data is None:
            raise StoreError(f"the datastore {store.url} has lost the object {key}")
        yield task, parse_manifest(key, data)


def _blobs(store: Store, flow: str, task: TaskId, manifest: Manifest) -> set[str]:
    """The hashes of all blobs that a task has, of its artifacts and of its foreach's items."""
    blobs = blobs_of(manifest.artifacts.values())
    if manifest.pages is None:
        return blobs
    return blobs | blobs_of_pages(Artifacts(store, flow, task.run), "items", manifest.pages, task)


def _copy_blob(store: Store, flow: str, origin: str, run: str, name: str) -> None:
    store.copy(blob_key(flow, origin, name), blob_key(flow, run, name))


def _write(store: Store, plan: Plan, run: str, one: tuple[TaskId, Manifest], added: Mapping[str, Entry]) -> None:
    task, manifest = one
    copy = replace(task, run=run)
    write_control_objects(store, plan, copy, manifest.chose, manifest.cardinality)
    artifacts = {**added, **manifest.artifacts}
    commit_manifest(store, plan.flow, copy, replace(manifest, artifacts=artifacts, origin=manifest.origin or task.run))


@contextmanager
def _several(store: Store) -> Iterator[ForAll]:
    """A way to do many small things: one by one where objects are files, for these are at hand; else several at a time."""
    if store.file("-") is not None:
        yield _one_by_one
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as pool:
        yield lambda function, things: _one_by_one(lambda _: None, pool.map(function, things))


def _one_by_one(function: Callable[[Any], object], things: Iterable[Any]) -> None:
    for one in things:
        function(one)
