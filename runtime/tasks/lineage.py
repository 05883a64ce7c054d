"""Where a task's artifacts come from: the task before it, or those that it joins, found in the plan and in the datastore.

Nobody hands a task its predecessors. It knows its path, the plan says which steps may come before it, `paths.before` which paths
their tasks have, and the manifests which of them ran and chose this way. A loop that was left counts with its last turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import paths
from ..contract import MANIFEST, task_key
from ..errors import TaskError
from ..paths import Path, TaskId
from ..plan import Joined, Origin, Plan
from ..records.manifest import Manifest, manifest_key, parse_manifest, read_manifest
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

    Attributes:
        task: The task.

    Raises (all methods):
        TaskError: A task that must have come before is not committed.
        StoreError: The datastore cannot be read.
    """

    def __init__(self, plan: Plan, store: Store, task: TaskId) -> None:
        self._plan = plan
        self._store = store
        self.task = task
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
                    raise TaskError(f"the task {split.task} began no foreach, which {self.task} joins")
                return Junction(joined, split, count)
        raise self._missing([joined.split for joined in self._step.joined])

    def input(self, joined: Joined, position: int) -> Done:
        """The task that ends one branch of a join: the branch as written, or the foreach body of that index."""
        return self.inputs(joined, (position,))[0]

    def inputs(self, joined: Joined, positions: Iterable[int]) -> list[Done]:
        """The same for many positions, in their order; their manifests are read several at a time."""
        wanted = [(position, list(self._may_end(joined, position))) for position in positions]
        keys = [manifest_key(self._plan.flow, task) for _, tasks in wanted for _, task in tasks]
        found = iter(self._store.get_many(keys) if len(keys) > 1 else [self._store.get(key) for key in keys])
        inputs = []
        for position, tasks in wanted:
            done = None
            for origin, task in tasks:
                data = next(found)
                if data is not None and done is None:
                    done = _if_chosen(origin, task, parse_manifest(manifest_key(self._plan.flow, task), data))
            if done is None:
                foreach = joined.kind == "foreach"
                names = [origin.step for origin in joined.branches[0 if foreach else position]]
                raise self._missing(names, f" in index {position}" if foreach else "")
            inputs.append(done)
        return inputs

    def _may_end(self, joined: Joined, position: int) -> Iterator[tuple[Origin, TaskId]]:
        """The tasks of which one ends a branch."""
        foreach = joined.kind == "foreach"
        for origin in joined.branches[0 if foreach else position]:
            place = paths.before(self._step, self._path, self._plan.steps[origin.step])
            if place is None:
                continue
            prefix, unknown = place
            if foreach:
                prefix, unknown = (*prefix, str(position)), unknown - 1
            # Thousands of inputs may each have loops behind them, so these are listed for all of them at once.
            if (task := self._task_of(origin.step, prefix, unknown, listed_under=self._path)) is not None:
                yield origin, task

    def _chosen(self, origin: Origin, prefix: Path, loops: int, *, listed_under: Path) -> Done | None:
        """The task of a step that came this way, `loops` turns below a path."""
        task = self._task_of(origin.step, prefix, loops, listed_under=listed_under)
        manifest = None if task is None else read_manifest(self._store, self._plan.flow, task)
        return None if task is None or manifest is None else _if_chosen(origin, task, manifest)

    def _task_of(self, step: str, prefix: Path, loops: int, *, listed_under: Path) -> TaskId | None:
        """The last task of a step `loops` turns below a path, committed or not."""
        path: Path | None = prefix
        if loops:
            path = self._last_turns(step, listed_under, len(prefix)).get(prefix)
        return None if path is None else TaskId(self.task.run, step, paths.text(path))

    def _last_turns(self, step: str, under: Path, known: int) -> dict[Path, Path]:
        """The committed tasks of a step below a path; of those that share their first `known` components, the one of the
        last turns."""
        if (step, under) not in self._listed:
            last: dict[Path, Path] = {}
            folder = task_key(self._plan.flow, self.task.run, step, "")
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
        return TaskError(f"the task {self.task} cannot start: no task of {names}{where} is done and leads to it")


def _if_chosen(origin: Origin, task: TaskId, manifest: Manifest) -> Done | None:
    if origin.key is not None and manifest.chose not in (None, origin.key):  # None: there was nothing to choose
        return None
    return Done(task, manifest)


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
