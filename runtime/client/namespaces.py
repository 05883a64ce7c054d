"""Whose runs the client sees: those that have a tag, by default `user:` and the name of the person who looks.

In a task it is the person who started the run. A run that does not say who started it, as one that an orchestrator began by
itself, is everybody's.
"""

from __future__ import annotations

from ..language.current import current, user_name
from ..records.runs import read_run
from .places import store_at


class _Default:
    """Stands for the namespace that nobody has chosen."""


_DEFAULT = _Default()
_chosen: str | _Default | None = _DEFAULT


def namespace(tag: str | None) -> str | None:
    """Choose whose runs are seen: those with this tag, such as `user:ann`; None: all.

    Objects that were made before keep the namespace in which they were made.

    Returns:
        The namespace.
    """
    global _chosen
    _chosen = tag
    return tag


def get_namespace() -> str | None:
    """The tag that runs must have to be seen; None: none."""
    return _of_this_person() if isinstance(_chosen, _Default) else _chosen


def default_namespace() -> str | None:
    """See one's own runs again.

    Returns:
        The namespace.
    """
    global _chosen
    _chosen = _DEFAULT
    return get_namespace()


def _of_this_person() -> str | None:
    user = user_name()
    flow, run = current.flow_name, current.run_id
    if flow is not None and run is not None:
        record = read_run(store_at(None), flow, run)
        user = record.user if record else None
    return f"user:{user}" if user else None
