"""`Run`: what one run of a flow has done, and its tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ..contract import run_key
from ..errors import PlanError, RecordError
from ..language.trigger import Trigger, trigger_of
from ..plan import Plan
from ..records.runs import ResultRecord, RunRecord, decode_run, read_plan, read_result
from ..records.tags import TagError, change_tags, read_tags, system_tags
from ..records.traces import hooks_in, steps_in, traces
from ..store import Store
from .data import MetaflowData
from .faults import MetaflowNotFound, MetaflowTaggingError, near
from .objects import MetaflowObject, is_running_here, moment
from .states import State, state_of
from .step import Step
from .task import Task


class Run(MetaflowObject[Step]):
    """One run: `run["train"]` is a step of it, `for step in run` goes through those that have begun, the last one first.

    What its exit hooks have left is `run["exit_hook.success"]`, or `run["exit_hook.failure"]`.
    """

    _KIND = "run"
    _FORM = ("FLOW", "RUN")

    _record: RunRecord | None
    _plan_read: Plan | None
    _result: ResultRecord | None

    def _set_up(self, store: Store, parts: list[str], attempt: int | None, namespace: str | None, above: Any) -> None:
        super()._set_up(store, parts, attempt, namespace, above)
        self._record = self._plan_read = self._result = None

    def _demand(self) -> None:
        if not self._exists():
            from .flow import Flow, no_such_run

            flow: Flow = self.parent
            flow._demand()
            raise no_such_run(flow, self.id)

    def _exists(self) -> bool:
        return self._recorded() is not None or is_running_here(*self.path_components) or bool(self._begun())

    def _parent_class(self) -> type[MetaflowObject[Any]]:
        from .flow import Flow

        return Flow

    def _child(self, id: str) -> Step | None:
        there = is_running_here(*self.path_components, id) or id in self._begun() or id in self._hooks()
        return Step._below(self, id) if there else None

    def _no_child(self, id: str) -> MetaflowNotFound:
        begun = self._steps_in_order()
        plan = self._plan
        if plan is not None and id in plan.steps:
            return MetaflowNotFound(f"no task of step {id} of the run {self.pathspec} has left anything yet")
        return MetaflowNotFound(f"the run {self.pathspec} has no step {id}{near(id, plan.steps if plan else begun, many=5)}")

    def _children(self) -> Iterator[Step]:
        for name in reversed(self._steps_in_order()):
            yield Step._below(self, name)

    def steps(self, *tags: str) -> Iterator[Step]:
        """The steps that have begun, the last one first. Tags are those of the run."""
        return iter(self) if set(tags) <= self.tags else iter(())

    # What it says of itself.

    @property
    def created_at(self) -> datetime | None:
        """When it began."""
        return moment(self._began())

    @property
    def finished_at(self) -> datetime | None:
        """When its end step was done."""
        end = self.end_task
        return end.finished_at if end is not None and end.successful else None

    @property
    def finished(self) -> bool:
        """Whether its end step is done; see `status` for a run that has failed."""
        return self.successful

    @property
    def successful(self) -> bool:
        """Whether its end step is done."""
        result = self._ended()
        if result is not None:
            return result.ok
        end = self._end()
        return end is not None and end.successful

    @property
    def status(self) -> State:
        """`done`, `failed` or `running`. A run whose machine was switched off goes on to be `running`."""
        if self.successful:
            return "done"
        if self._ended() is not None:
            return "failed"
        plan = self._plan
        for step in self._begun():
            found = traces(self._store, self.parent.id, self.id, step)
            if any(state_of(trace, step, plan, self._target, run_is_over=False) == "failed" for trace in found.values()):
                return "failed"
        return "running"

    @property
    def end_task(self) -> Task | None:
        """The task of its end step; None if it has left nothing yet."""
        end = self._end()
        return end if end is not None and (end.successful or end._exists()) else None

    @property
    def data(self) -> MetaflowData | None:
        """The artifacts of the end task; None if there is none yet."""
        end = self.end_task
        return end.data if end is not None else None

    @property
    def code(self) -> None:
        """None: flowc does not hand out the code of past runs."""
        return

    @property
    def trigger(self) -> Trigger | None:
        """The event that set it off; None if somebody, or a schedule, started it."""
        return trigger_of(self._store, self._plan, *self.path_components)

    @property
    def origin_pathspec(self) -> str | None:
        """The run that this one resumes, or None."""
        record = self._recorded()
        return f"{self.parent.id}/{record.origin}" if record is not None and record.origin else None

    def is_in_namespace(self) -> bool:
        """Whether it has the namespace as a tag, or does not say who started it, as where its record is damaged."""
        if self._namespace is None:
            return True
        try:
            record = self._recorded()
        except RecordError:
            return True
        if self._namespace in system_tags(record):
            return True
        if record is None or record.user is None:
            return True
        # Whose a run is, its own tags say: what people added is read for other namespaces only.
        return not self._namespace.startswith("user:") and self._namespace in self.user_tags

    # Tags.

    @property
    def user_tags(self) -> frozenset[str]:
        """The tags that people gave it, as they are now."""
        return read_tags(self._store, self.parent.id, self.id, self._recorded())

    @property
    def system_tags(self) -> frozenset[str]:
        """The tags that say how it came about."""
        return system_tags(self._recorded())

    def add_tag(self, tag: str) -> None:
        """Give it a tag."""
        self.add_tags([tag])

    def add_tags(self, tags: Iterable[str]) -> None:
        """Give it several tags."""
        self.replace_tags((), tags)

    def remove_tag(self, tag: str) -> None:
        """Take a tag from it."""
        self.remove_tags([tag])

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take several tags from it."""
        self.replace_tags(tags, ())

    def replace_tag(self, tag_to_remove: str, tag_to_add: str) -> None:
        """Take one tag from it and give it another."""
        self.replace_tags([tag_to_remove], [tag_to_add])

    def replace_tags(self, tags_to_remove: Iterable[str], tags_to_add: Iterable[str]) -> None:
        """Take tags from it and give it others, in one write.

        Raises:
            MetaflowTaggingError: One cannot be a tag, or cannot be removed.
        """
        remove, add = _several(tags_to_remove), _several(tags_to_add)
        try:
            change_tags(self._store, self.parent.id, self.id, self._recorded(), add=add, remove=remove)
        except TagError as error:
            raise MetaflowTaggingError(str(error)) from None

    # What is read of the store, once where it never changes.

    def _keep_record(self, data: bytes) -> None:
        self._record = decode_run(f"{run_key(*self.path_components)}/run.json", data)

    def _recorded(self) -> RunRecord | None:
        if self._record is None:
            data = self._store.get(f"{run_key(*self.path_components)}/run.json")
            if data is not None:
                self._keep_record(data)
        return self._record

    @property
    def _target(self) -> str | None:
        """What schedules it."""
        record = self._recorded()
        return None if record is None else record.target

    def _ended(self) -> ResultRecord | None:
        if self._result is None:
            self._result = read_result(self._store, self.parent.id, self.id)
        return self._result

    @property
    def _plan(self) -> Plan | None:
        if self._plan_read is None:
            try:
                self._plan_read = read_plan(self._store, self.parent.id, self.id)
            except PlanError:  # of another version of flowc: what the store holds says enough
                return None
        return self._plan_read

    def _begun(self) -> set[str]:
        return steps_in(self._store, self.parent.id, self.id, self._plan)

    def _hooks(self) -> list[str]:
        """Its exit hooks that have run, which are looked at as steps are, and are none."""
        return hooks_in(self._store, self.parent.id, self.id)

    def _steps_in_order(self) -> list[str]:
        """The steps that have begun, as the flow has them, or where no plan is kept by name."""
        begun = self._begun()
        known = list(self._plan.steps) if self._plan else ["start"]
        rest = sorted(begun - {*known, "end"})
        return [name for name in [*known, *rest, *(["end"] if "end" not in known else [])] if name in begun]

    def _end(self) -> Task | None:
        """The task of the end step, which may have left nothing yet."""
        plan = self._plan
        name = "end" if plan is None else plan.end
        step = Step._below(self, name)
        if plan is None or not plan.steps[name].scopes:
            return Task._below(step, "-")
        return next(reversed(list(step)), None)

    def _began(self) -> float | None:
        record = self._recorded()
        if record is not None:
            return record.created
        plan = self._plan
        first = next(iter(Step._below(self, plan.start if plan else "start")), None)
        return None if first is None else first._times()[0]

    def _over_at(self) -> float | None:
        """When it was over, done or failed."""
        result = self._ended()
        if result is not None:
            return result.ended
        end = self._end()
        return end._times()[1] if end is not None and end.successful else None

    def _repr_html_(self) -> str:
        from .notebook import run_table

        return run_table(self)


def _several(tags: Iterable[str]) -> list[str]:
    if isinstance(tags, str):
        raise MetaflowTaggingError(f"tags are given as a list, as [{tags!r}]")
    return list(tags)
