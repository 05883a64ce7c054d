"""What a join gets as `inputs`: the flow objects of the tasks that it joins, found when they are first looked at.

A join of 10,000 tasks reads none of their manifests before its code asks for them. Who iterates gets them read many at a time;
in an object store also those artifacts, while the code goes on, that the plan says the join takes. What was loaded is kept up to
a limit: beyond it the inputs that were looked at longest ago are let go, and read again when they are asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import WeakValueDictionary

from ..artifacts import Artifacts
from ..artifacts.ahead import Ahead
from ..records.manifest import Inline
from ..tasks.binding import Binding

if TYPE_CHECKING:
    from ..plan import Plan
    from ..store import Store
    from ..tasks.lineage import Done, Junction, Lineage
    from .flowspec import FlowSpec

F = TypeVar("F")

KEPT = 256 << 20
"""Bytes of what was loaded of inputs that stay loaded."""
_ENTRY = 500
"""Bytes that an artifact takes which is not loaded."""
_AHEAD = 64
"""Inputs whose artifacts are fetched before they are asked for."""
_FIRST_BATCH, _LAST_BATCH = 16, 256
"""Manifests that are read at once: more, the longer somebody goes on."""


class Inputs(Sequence[F]):
    """The joined tasks: branches in the order in which they are written, tasks of a foreach in the order of their items.

    For type checkers a join may be written `def join(self, inputs: Inputs[Self])`: then `inputs[0].x` is typed as the flow is.

    `inputs[0].x`, `for task in inputs`, `len(inputs)`; after a split also `inputs.a.x`, by the name of the branch's last step.
    """

    def __init__(self, flow_class: type[FlowSpec], plan: Plan, store: Store, lineage: Lineage, junction: Junction) -> None:
        self._flow_class = flow_class
        self._plan = plan
        self._store = store
        self._lineage = lineage
        self._junction = junction
        self._ahead = Ahead(Artifacts(store, plan.flow, lineage.task.run))
        self._alive: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self._kept: dict[int, Any] = {}  # those looked at last are the last
        self._bare: dict[int, int] = {}  # bytes that each of these takes with nothing loaded,
        self._weights: dict[int, int] = {}  # and as it is
        self._weight = 0
        self._last = -1

    def __len__(self) -> int:
        return self._junction.count

    @overload
    def __getitem__(self, index: int) -> F: ...
    @overload
    def __getitem__(self, index: slice) -> list[F]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self._at(position) for position in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"inputs has {len(self)} tasks, and no index {index}")
        return self._at(position)

    def __iter__(self) -> Iterator[F]:
        read = self._read()
        takes = self._plan.steps[self._lineage.task.step].takes
        if not takes or not self._ahead.pays:
            yield from (self._keep(position, flow) for position, flow in read)
            return
        waiting: deque[tuple[int, Any]] = deque()
        while True:
            for position, flow in islice(read, _AHEAD - len(waiting)):
                flow._flowc.fetch_ahead(takes)
                waiting.append((position, flow))
            if not waiting:
                return
            yield self._keep(*waiting.popleft())

    def __getattr__(self, name: str) -> F:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._junction.joined.kind == "foreach":
            raise AttributeError(f"inputs of a foreach have no names: write inputs[0].{name} or [task.{name} for task in inputs]")
        # Only branches that can end with this step are looked up.
        for position, branch in enumerate(self._junction.joined.branches):
            if any(origin.step == name for origin in branch):
                found: Any = self._at(position)
                if found._flowc.task.step == name:
                    task: F = found
                    return task
        known = ", ".join(origin.step for branch in self._junction.joined.branches for origin in branch)
        raise AttributeError(f"inputs has no task of a step `{name}`; the steps before this join are {known}")

    def _bindings(self) -> Iterator[Binding]:
        """What all tasks hold; nothing of it is fetched ahead, for who merges loads nothing."""
        for position, flow in self._read():
            yield self._keep(position, flow)._flowc

    def _done(self) -> None:
        """Fetch nothing more ahead: the step is over."""
        self._ahead.close()

    def _at(self, position: int) -> Any:
        flow = self._alive.get(position)
        if flow is None:
            flow = self._bound(self._lineage.input(self._junction.joined, position))
        return self._keep(position, flow)

    def _read(self) -> Iterator[tuple[int, Any]]:
        """All tasks; those are read that are not at hand."""
        start, count = 0, _FIRST_BATCH
        while start < len(self):
            batch = range(start, min(start + count, len(self)))
            flows = {position: self._alive.get(position) for position in batch}
            missing = [position for position, flow in flows.items() if flow is None]
            done = dict(zip(missing, self._lineage.inputs(self._junction.joined, missing), strict=True))
            for position in batch:
                flow = flows.pop(position) or self._alive.get(position)
                yield position, flow if flow is not None else self._bound(done.pop(position))
            start, count = batch.stop, min(2 * count, _LAST_BATCH)

    def _bound(self, done: Done) -> Any:
        binding = Binding(self._plan, self._store, done.task, dict(done.manifest.artifacts), finished=True, ahead=self._ahead)
        return self._flow_class._bound(binding)

    def _keep(self, position: int, flow: Any) -> Any:
        """Keep a task that is handed out, and let others go if that is too much."""
        if self._last in self._kept:  # of which something may have been loaded since
            self._weigh(self._last)
        kept, self._last = self._kept.pop(position, None), position
        self._kept[position] = self._alive[position] = flow
        if kept is None:
            inline = sum([len(entry.data) for entry in flow._flowc.entries.values() if isinstance(entry, Inline)])
            self._bare[position] = self._weights[position] = _ENTRY * len(flow._flowc.entries) + inline
            self._weight += self._bare[position]
        while self._weight > KEPT and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            del self._kept[oldest], self._bare[oldest]
            self._weight -= self._weights.pop(oldest)
        return flow

    def _weigh(self, position: int) -> None:
        flow = self._kept[position]
        entries = flow._flowc.entries
        weight = self._bare[position] + sum([entries[name].size for name in vars(flow) if name in entries])
        self._weight += weight - self._weights[position]
        self._weights[position] = weight
