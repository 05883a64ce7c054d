"""The datastore of the task that runs in this process: where the client looks when nobody tells it where."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import Store

_serving: Store | None = None


def serve(store: Store | None) -> None:
    """From now on, this process runs a task that is kept there; None: it runs none."""
    global _serving
    _serving = store


def serving() -> Store | None:
    """That datastore; None outside of tasks."""
    return _serving
