"""`Step`: the tasks of one step of a run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..paths import TaskId
from ..plan import Plan
from ..records.manifest import manifest_key
from ..records.traces import traces
from .faults import MetaflowNotFound, near
from .objects import MetaflowObject
from .task import Task

if TYPE_CHECKING:
    from .run import Run

_AT_ONCE = 256
"""Manifests that are asked for together."""


class Step(MetaflowObject[Task]):
    """The tasks of a step that have left something, in the order of their paths: `run["train"]["3"]`, `run["start"].task`."""

    _KIND = "step"
    _FORM = ("FLOW", "RUN", "STEP")

    def _demand(self) -> None:
        run: Run = self.parent
        run._demand()
        if run._child(self.id) is None:
            raise run._no_child(self.id)

    def _parent_class(self) -> type[MetaflowObject[Any]]:
        from .run import Run

        return Run

    def _child(self, id: str) -> Task | None:
        task = Task._below(self, id)
        return task if task._exists() else None

    def _no_child(self, id: str) -> MetaflowNotFound:
        there = list(traces(self._store, *self.path_components))
        return MetaflowNotFound(f"the step {self.pathspec} has no task {id}{near(id, there)}")

    def _children(self) -> Iterator[Task]:
        flow, run, step = self.path_components
        waiting = iter(traces(self._store, flow, run, step).items())
        while several := list(islice(waiting, _AT_ONCE)):
            done = [path for path, trace in several if trace.done]
            keys = [manifest_key(flow, TaskId(run, step, path)) for path in done]
            manifests = dict(zip(done, self._store.get_many(keys), strict=True)) if done else {}
            for path, trace in several:
                task = Task._below(self, path)
                task._keep(trace, manifests.get(path))
                yield task

    def tasks(self, *tags: str) -> Iterator[Task]:
        """Its tasks. Tags are those of the run."""
        return iter(self) if set(tags) <= self.tags else iter(())

    @property
    def task(self) -> Task | None:
        """Its first task, which is the only one where it is in no foreach and in no loop."""
        return next(iter(self), None)

    @property
    def created_at(self) -> datetime | None:
        """When the first of its tasks began."""
        return min((task.created_at for task in self if task.created_at is not None), default=None)

    @property
    def finished_at(self) -> datetime | None:
        """When the last of its tasks was done; None while one of them is not."""
        times = [task.finished_at for task in self]
        return None if None in times else max((time for time in times if time is not None), default=None)

    @property
    def environment_info(self) -> dict[str, Any] | None:
        """What is known of where its tasks ran."""
        task = self.task
        return None if task is None else task.environment_info

    @property
    def parent_steps(self) -> Iterator[Step]:
        """The steps that lead to it and have begun."""
        plan = self._plan()
        return self._neighbours([name for name, step in plan.steps.items() for edge in step.edges if self.id in edge.targets])

    @property
    def child_steps(self) -> Iterator[Step]:
        """The steps that come after it and have begun."""
        step = self._plan().steps.get(self.id)
        return self._neighbours([target for edge in step.edges for target in edge.targets] if step else [])

    def _neighbours(self, names: list[str]) -> Iterator[Step]:
        run: Run = self.parent
        begun = run._begun()
        for name in dict.fromkeys(names):
            if name in begun:
                yield Step._below(run, name)

    def _plan(self) -> Plan:
        plan = self._run._plan
        if plan is None:
            raise MetaflowNotFound(f"the run {self._run.pathspec} keeps no plan that this flowc can read")
        return plan

    def _repr_html_(self) -> str:
        from .notebook import step_table

        return step_table(self)
