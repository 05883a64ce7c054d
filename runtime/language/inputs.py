"""What a join gets as `inputs`: the flow objects of the tasks that it joins, found when they are first looked at.

A join of 10,000 tasks reads none of their manifests before its code asks for them, and each of them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ..tasks.binding import Binding

if TYPE_CHECKING:
    from ..plan import Plan
    from ..store import Store
    from ..tasks.lineage import Junction, Lineage
    from .flowspec import FlowSpec


F = TypeVar("F")


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
        self._found: dict[int, Any] = {}

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
        return (self._at(position) for position in range(len(self)))

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

    def _at(self, position: int) -> Any:
        if position not in self._found:
            done = self._lineage.input(self._junction.joined, position)
            binding = Binding(self._plan, self._store, done.task, dict(done.manifest.artifacts), finished=True)
            self._found[position] = self._flow_class._bound(binding)
        return self._found[position]
