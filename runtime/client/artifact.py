"""`DataArtifact`: one artifact of a task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from ..artifacts import Artifacts
from ..records.manifest import Entry, Inline
from .faults import MetaflowNotFound
from .objects import MetaflowObject

if TYPE_CHECKING:
    from .task import Task


class DataArtifact(MetaflowObject[None]):
    """One artifact: `task["model"].data`."""

    _KIND = "artifact"
    _FORM = ("FLOW", "RUN", "STEP", "TASK", "ARTIFACT")

    def _demand(self) -> None:
        task: Task = self.parent
        task._demand()
        if task._child(self.id) is None:
            raise task._no_child(self.id)

    def _parent_class(self) -> type[MetaflowObject[Any]]:
        from .task import Task

        return Task

    def _child(self, id: str) -> None:
        return None

    def _no_child(self, id: str) -> NoReturn:
        raise TypeError("an artifact has nothing in it that the client knows: its value is `.data`")

    def _children(self) -> Iterator[None]:
        return iter(())

    @property
    def data(self) -> Any:
        """Its value, read anew each time.

        Raises:
            ArtifactError: It cannot be unpickled, as when its class cannot be imported here.
            StoreError: It cannot be read, or is damaged.
        """
        flow, run = self.path_components[:2]
        return Artifacts(self._store, flow, run).load(self.id, self._entry)

    @property
    def size(self) -> int:
        """How many bytes it takes, pickled."""
        return self._entry.size

    @property
    def type(self) -> str:
        """The name of its type, such as `list` or `numpy.ndarray`, known without loading it; "" if nothing says it."""
        return getattr(self._entry, "type", "")

    @property
    def sha(self) -> str:
        """A hash of its content: equal ones are equal values."""
        entry = self._entry
        if isinstance(entry, Inline):
            import hashlib

            return hashlib.sha256(entry.data.encode()).hexdigest()
        return entry.sha256

    @property
    def created_at(self) -> datetime | None:
        """When its task began."""
        task: Task = self.parent
        return task.created_at

    @property
    def finished_at(self) -> datetime | None:
        """When its task was done."""
        task: Task = self.parent
        return task.finished_at

    @property
    def _entry(self) -> Entry:
        task: Task = self.parent
        entry: Entry | None = task._entries().get(self.id)
        if entry is None:
            raise MetaflowNotFound(f"the task {task.pathspec} has no artifact {self.id}")
        return entry
