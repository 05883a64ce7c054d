"""Where a task's artifacts come from: the task before it, or those that it joins, found in the plan and in the datastore.

Nobody hands a task its predecessors. It knows its path, the plan says which steps may come before it, `paths.before` which paths
their tasks have, and the manifests which of them ran and chose this way. A loop that was left counts with its last turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import paths
from ..contract import MANIFEST, task_key
from ..errors import TaskError
from ..paths import Path, TaskId
from ..plan import Joined, Origin, Plan
from ..records.manifest import Manifest, read_manifest
from ..store import Store


@dataclass(frozen=True, slots=True)
class Done:
    """A task that is committed."""

    task: TaskId
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Junction:
    """What a join joins: the split that started it, and how many branches came of it."""

    joined: Joined
    split: Done
    count: int


class Lineage:
    """Looks up neighbours of one task.

    Raises (all methods):
        TaskError: A task that must have come before is not committed.
        StoreError: The datastore cannot be read.
    """

    def __init__(self, plan: Plan, store: Store, task: TaskId) -> None:
        self._plan = plan
        self._store = store
        self._task = task
        self._step = plan.steps[task.step]
        self._path = paths.parse(task.path)
        self._listed: dict[tuple[str, Path], dict[Path, Path]] = {}

    def predecessor(self) -> Done | None:
        """The task directly before one that does not join; None for the first task of a run."""
        if paths.begins_run(self._step, self._path, self._plan.start):
            return None
        for origin in self._step.before:
            place = paths.before(self._step, self._path, self._plan.steps[origin.step])
            if place is not None and (done := self._chosen(origin, *place, listed_under=place[0])):
                return done
        raise self._missing([origin.step for origin in self._step.before])

    def junction(self) -> Junction:
        """What a join joins."""
        for joined in self._step.joined:
            place = paths.before(self._step, self._path, self._plan.steps[joined.split])
            split = place and self._chosen(Origin(joined.split, joined.key), *place, listed_under=place[0])
            if split:
                count = len(joined.branches) if joined.kind == "parallel" else split.manifest.cardinality
                if count is None:
                    raise TaskError(f"the task {split.task} began no foreach, which {self._task} joins")
                return Junction(joined, split, count)
        raise self._missing([joined.split for joined in self._step.joined])

    def input(self, joined: Joined, position: int) -> Done:
        """The task that ends one branch of a join: the branch as written, or the foreach body of that index."""
        foreach = joined.kind == "foreach"
        branch = joined.branches[0 if foreach else position]
        for origin in branch:
            place = paths.before(self._step, self._path, self._plan.steps[origin.step])
            if place is None:
                continue
            prefix, unknown = place
            if foreach:
                prefix, unknown = (*prefix, str(position)), unknown - 1
            # Thousands of inputs may each have loops behind them, so these are listed for all of them at once.
            if done := self._chosen(origin, prefix, unknown, listed_under=self._path):
                return done
        raise self._missing([origin.step for origin in branch], f" in index {position}" if foreach else "")

    def _chosen(self, origin: Origin, prefix: Path, loops: int, *, listed_under: Path) -> Done | None:
        """The task of a step that came this way, `loops` turns below a path."""
        path: Path | None = prefix
        if loops:
            path = self._last_turns(origin.step, listed_under, len(prefix)).get(prefix)
        if path is None:
            return None
        task = TaskId(self._task.run, origin.step, paths.text(path))
        manifest = read_manifest(self._store, self._plan.flow, task)
        if manifest is None:
            return None
        if origin.key is not None and manifest.chose not in (None, origin.key):  # None: there was nothing to choose
            return None
        return Done(task, manifest)

    def _last_turns(self, step: str, under: Path, known: int) -> dict[Path, Path]:
        """The committed tasks of a step below a path; of those that share their first `known` components, the one of the
        last turns."""
        if (step, under) not in self._listed:
            last: dict[Path, Path] = {}
            folder = task_key(self._plan.flow, self._task.run, step, "")
            for key in self._store.list(folder + "".join(f"{component}." for component in under)):
                text, _, name = key.removeprefix(folder).partition("/")
                if name == MANIFEST:
                    path = paths.parse(text)
                    prefix = path[:known]
                    last[prefix] = max(last.get(prefix, path), path, key=lambda p: [paths.number(component) for component in p])
            self._listed[step, under] = last
        return self._listed[step, under]

    def _missing(self, steps: list[str], where: str = "") -> TaskError:
        names = " or ".join(f"`{step}`" for step in steps) or "any step"
        return TaskError(f"the task {self._task} cannot start: no task of {names}{where} is done and leads to it")


def names_before_join(plan: Plan, store: Store, task: TaskId) -> tuple[str, frozenset[str]]:
    """The last join before a task (or the task's own step), and the artifacts of its split and of what it joined.

    Of a foreach, the first body speaks for all. Without a join, ("", empty).

    Raises:
        TaskError: A task that must have come before is not committed.
        StoreError: The datastore cannot be read.
    """
    while True:
        lineage = Lineage(plan, store, task)
        if plan.steps[task.step].joins:
            junction = lineage.junction()
            names = set(junction.split.manifest.artifacts)
            for position in range(min(junction.count, len(junction.joined.branches))):
                names.update(lineage.input(junction.joined, position).manifest.artifacts)
            return task.step, frozenset(names)
        done = lineage.predecessor()
        if done is None:
            return "", frozenset()
        task = done.task
