"""What flows, runs, steps, tasks and artifacts have in common: a pathspec, a parent, children, tags."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from ..language.current import current
from .faults import MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound
from .namespaces import get_namespace
from .places import store_at

if TYPE_CHECKING:
    from ..store import Store
    from .run import Run

C = TypeVar("C")


class MetaflowObject(Generic[C]):
    """Something that runs have left, found by its pathspec, such as `Squares/7/train/3`. Its children are of class `C`.

    Args:
        pathspec: Its place, from the flow's name on.
        attempt: For tasks and artifacts: which attempt, from 0; None: the one that counts.
        datastore: Where to look; None: where `get_metadata` says.

    Attributes:
        id: The last part of the pathspec.
        path_components: All parts.

    Raises:
        MetaflowNotFound: There is none.
        MetaflowNamespaceMismatch: There is one, of somebody else's: see `namespace`.
        MetaflowInvalidPathspec: The pathspec has too few parts, or too many.
    """

    _KIND: ClassVar[str]
    _FORM: ClassVar[tuple[str, ...]]

    id: str
    path_components: list[str]
    _store: Store
    _attempt: int | None
    _namespace: str | None
    _above: Any

    def __init__(
        self,
        pathspec: str,
        attempt: int | None = None,
        *,
        datastore: str | os.PathLike[str] | None = None,
        _namespace_check: bool = True,
    ) -> None:
        parts = pathspec.split("/") if isinstance(pathspec, str) else []
        if len(parts) != len(self._FORM) or not all(parts) or ".." in parts or "." in parts:
            form = "/".join(self._FORM)
            raise MetaflowInvalidPathspec(f"{type(self).__name__}({pathspec!r}) names no {self._KIND}: write '{form}'")
        if attempt is not None and (self._KIND not in ("task", "artifact") or not isinstance(attempt, int) or attempt < 0):
            raise MetaflowNotFound(f"an attempt is a number from 0 of a task or an artifact, not {attempt!r} of a {self._KIND}")
        self._set_up(store_at(datastore), parts, attempt, get_namespace() if _namespace_check else None, None)
        self._demand()
        if not self.is_in_namespace():
            whose = f"the {self._KIND} {self.pathspec} is not in the namespace {self._namespace}"
            raise MetaflowNamespaceMismatch(f"{whose}: namespace(None) shows everybody's runs")

    def _set_up(self, store: Store, parts: list[str], attempt: int | None, namespace: str | None, above: Any) -> None:
        self.id = parts[-1]
        self.path_components = parts
        self._store = store
        self._attempt = attempt
        self._namespace = namespace
        self._above = above

    @classmethod
    def _below(cls, above: MetaflowObject[Any], id: str) -> Self:
        """A child of an object, which is known to be there."""
        self = cls.__new__(cls)
        self._set_up(above._store, [*above.path_components, id], above._attempt, above._namespace, above)
        return self

    # What each kind knows.

    def _demand(self) -> None:
        """Raise `MetaflowNotFound` unless there is one."""
        raise NotImplementedError

    def _parent_class(self) -> type[MetaflowObject[Any]] | None:
        raise NotImplementedError

    def _child(self, id: str) -> C | None:
        """The child of this name, or None."""
        raise NotImplementedError

    def _no_child(self, id: str) -> MetaflowNotFound:
        """What to raise for a child that there is not."""
        raise NotImplementedError

    def _children(self) -> Iterator[C]:
        raise NotImplementedError

    # What all have.

    @property
    def pathspec(self) -> str:
        """The place, such as `Squares/7/train/3`."""
        return "/".join(self.path_components)

    @property
    def parent(self) -> Any:
        """The run of a step, the step of a task, and so on; None for a flow."""
        kind = self._parent_class()
        if self._above is None and kind is not None:
            above = kind.__new__(kind)
            attempt = self._attempt if kind._KIND == "task" else None
            above._set_up(self._store, self.path_components[:-1], attempt, self._namespace, None)
            self._above = above
        return self._above

    @property
    def _run(self) -> Run:
        """The run that it belongs to; of a flow there is none."""
        above: Any = self
        while above._KIND != "run":
            above = above.parent
        return above  # type: ignore[no-any-return]  # a run is a Run

    @property
    def tags(self) -> frozenset[str]:
        """All tags of the run, as they are now."""
        return self.user_tags | self.system_tags

    @property
    def user_tags(self) -> frozenset[str]:
        """The tags that people gave the run, as they are now."""
        return self._run.user_tags

    @property
    def system_tags(self) -> frozenset[str]:
        """The tags that say how the run came about: `user:ann`, `date:2026-03-01`, `runtime:local` …"""
        return self._run.system_tags

    @property
    def created_at(self) -> datetime | None:
        """When it began, in local time; None if that is not known yet."""
        raise NotImplementedError

    @property
    def finished_at(self) -> datetime | None:
        """When it was done, in local time; None if it is not."""
        raise NotImplementedError

    @property
    def origin_pathspec(self) -> str | None:
        """Of a resumed run: where the same thing is in the run that was resumed."""
        origin = self._run.origin_pathspec
        return "/".join([origin, *self.path_components[2:]]) if origin else None

    def is_in_namespace(self) -> bool:
        """Whether it is seen in the namespace in which this object was made."""
        return self._run.is_in_namespace()

    def __iter__(self) -> Iterator[C]:
        return self._children()

    def __getitem__(self, id: str | int) -> C:
        child = self._child(str(id))
        if child is None:
            raise self._no_child(str(id))
        return child

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._child(id) is not None

    def _ipython_key_completions_(self) -> list[str]:
        return [str(getattr(child, "id", "")) for child in islice(self, 1000)]

    def __repr__(self) -> str:
        attempt = "" if self._attempt is None else f", attempt={self._attempt}"
        return f"{type(self).__name__}({self.pathspec!r}{attempt})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MetaflowObject) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        return type(self), self.pathspec, self._attempt, self._store.url

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.path_components, self._attempt, self._store.url, self._namespace)


def _again(
    kind: type[MetaflowObject[Any]], parts: list[str], attempt: int | None, place: str, namespace: str | None
) -> MetaflowObject[Any]:
    """The object that was pickled: in the same datastore and namespace, whatever is chosen here."""
    self = kind.__new__(kind)
    self._set_up(store_at(place), parts, attempt, namespace, None)
    return self


def moment(seconds: float | None) -> datetime | None:
    """Seconds since 1970 as local time, without a zone, as Metaflow has it."""
    return None if seconds is None else datetime.fromtimestamp(seconds)


def is_running_here(*parts: str) -> bool:
    """Whether the task that runs in this process is this, or within it: it may have left nothing yet."""
    running = (current.flow_name, current.run_id, current.step_name, current.task_id)
    return running[: len(parts)] == parts
