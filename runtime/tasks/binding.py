"""What a flow object knows about the task it stands for: its artifacts, not yet loaded, and its place in the foreach.

A `Binding` hangs on every flow object of a run: the `self` of a step, and each of a join's `inputs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .. import paths
from ..artifacts import Artifacts
from ..artifacts.ahead import Ahead
from ..errors import FlowcError, TaskError, TransitionError
from ..paths import TaskId
from ..plan import ForeachScope, Plan
from ..records.manifest import Entry, Manifest, read_manifest
from ..store import Store
from .lineage import Done
from .transition import Transition, resolve

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec
    from ..language.inputs import Inputs


class Binding:
    """The state of one task.

    Attributes:
        entries: The artifacts that came with the task, by name. A loaded one stays here, so that saving knows what it was.
        before: The task before it, of one that does not join.
        inputs: The inputs of a join.
        transition: What `self.next` said.
        finished: The task is one of a join's inputs, and done.
        ahead: What is fetched for it in the background.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        task: TaskId,
        entries: dict[str, Entry],
        *,
        before: Done | None = None,
        inputs: Inputs[Any] | None = None,
        finished: bool = False,
        ahead: Ahead | None = None,
    ) -> None:
        self.plan = plan
        self.task = task
        self.step = plan.steps[task.step]
        self.path = paths.parse(task.path)
        self.entries = entries
        self.before = before
        self.inputs = inputs
        self.finished = finished
        self.transition: Transition | None = None
        self.artifacts = Artifacts(store, plan.flow, task.run)
        self.ahead = ahead or Ahead(self.artifacts)
        self._store = store
        self._parameters: dict[str, object] = {}
        self._configs: dict[str, object] = {}
        self._items: dict[int, object] = {}
        self._before_join: tuple[str, frozenset[str]] | None = None

    def load(self, name: str) -> object:
        """Read an artifact of `entries`."""
        entry = self.entries[name]
        return self.artifacts.unpickle(name, entry, self.ahead.take(name, entry, self.task))

    def fetch_ahead(self, names: Iterable[str]) -> None:
        """Begin to fetch artifacts that will be read, if that takes time."""
        for name in names:
            if (entry := self.entries.get(name)) is not None:
                self.ahead.fetch(name, entry, self.task)

    def parameter(self, attribute: str) -> object:
        """The value of a parameter, loaded once."""
        if attribute not in self._parameters:
            if attribute not in self.entries:
                raise TaskError(f"the run has no value for the parameter `{attribute}`: compile the flow again")
            self._parameters[attribute] = self.load(attribute)
        return self._parameters[attribute]

    def config(self, attribute: str) -> object:
        """The value of a config, which the plan holds."""
        if attribute not in self._configs:
            from ..language.config import value_of

            spec = next((one for one in self.plan.configs if one.attribute == attribute), None)
            if spec is None:
                raise TaskError(f"the compiled flow has no config `{attribute}`: compile the flow again")
            self._configs[attribute] = value_of(spec.value, plain=spec.plain)
        return self._configs[attribute]

    def lost_at(self, name: str) -> str | None:
        """The join before this task that did not hand an artifact on which was there before it; None if that cannot be found.

        Looked up once for a task: code may ask often, as `hasattr(self, …)` does.
        """
        if self._before_join is None:
            from .lineage import names_before_join

            try:
                self._before_join = names_before_join(self.plan, self._store, self.task)
            except FlowcError:  # this is for a better message, and must not spoil it
                self._before_join = ("", frozenset())
        join, names = self._before_join
        return join if name in names else None

    def unset(self, flow: FlowSpec, name: str) -> str:
        """Why an artifact cannot be read."""
        from .merge import unset_message

        return unset_message(flow, self, name)

    def goes_on(
        self, read: Callable[[str], object], targets: tuple[object, ...], foreach: object, condition: object, num_parallel: object
    ) -> None:
        """Record what `self.next` says."""
        if self.finished:
            raise TransitionError(f"`next` was called on an input of a join, the task {self.task}: call it on self")
        if self.transition is not None:
            raise TransitionError(f"step `{self.task.step}` calls self.next a second time")
        self.transition = resolve(self.step, self.path, read, targets, foreach, condition, num_parallel)

    def foreach_depths(self) -> list[int]:
        """Which components of the path are indices of a foreach, outermost first."""
        return [depth for depth, scope in enumerate(self.step.scopes) if isinstance(scope, ForeachScope)]

    def index(self, depth: int) -> int:
        """The index that is the path's component `depth`."""
        return paths.number(self.path[depth])

    def items(self, depth: int) -> object:
        """The artifact that the foreach of the path's component `depth` runs over."""
        if depth not in self._items:
            scope = self.step.scopes[depth]
            assert isinstance(scope, ForeachScope)
            split = TaskId(self.task.run, scope.split, paths.text(self.path[:depth]))
            if self.before is not None and self.before.task == split:  # as in a foreach's first step
                manifest: Manifest | None = self.before.manifest
            else:
                manifest = read_manifest(self._store, self.plan.flow, split)
            if manifest is None or scope.variable not in manifest.artifacts:
                raise TaskError(f"the task {self.task} cannot find `{scope.variable}` of the task {split}, which it is a part of")
            self._items[depth] = self.artifacts.load(scope.variable, manifest.artifacts[scope.variable], split)
        return self._items[depth]
