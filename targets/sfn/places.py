"""Where states stand: how they know the path of their tasks, and the keys of what these left in the datastore."""

from __future__ import annotations

from dataclasses import dataclass

from ...runtime import contract
from ..options import Options


@dataclass(frozen=True, slots=True)
class Place:
    """Where states stand.

    Attributes:
        path: The JSONPath of their tasks' path.
        root: That path is the root's.
        loops: How many loops stand around them in the same states.
    """

    path: str
    root: bool
    loops: int

    def below(self, component: str, *values: str) -> str:
        """An intrinsic that makes the path of tasks one level down."""
        if self.root:
            return f"States.Format('{component}', {', '.join(values)})"
        return f"States.Format('{{}}.{component}', {', '.join((self.path, *values))})"


ROOT = Place(path="$.path", root=True, loops=0)
ITEM = Place(path="$.path", root=False, loops=0)
"""The states of one item of a foreach, whose data start anew."""


class Keys:
    """Intrinsics that make keys of the datastore.

    Attributes:
        bucket: The datastore's bucket.
    """

    def __init__(self, flow: str, options: Options) -> None:
        self.bucket, self._prefix = options.place
        self._flow = flow

    def of_task(self, step: str, place: Place, object_name: str) -> str:
        """The key of a control object of a task."""
        return self._format(f"{contract.task_key(self._flow, '{}', step, '{}')}/{object_name}", "$.run", place.path)

    def of_run(self, object_name: str) -> str:
        """The key of an object of the run."""
        return self._format(f"{contract.run_key(self._flow, '{}')}/{object_name}", "$.run")

    def _format(self, pattern: str, *values: str) -> str:
        escaped = (self._prefix + pattern).replace("\\", "\\\\").replace("'", "\\'")  # `{}` is left alone
        return f"States.Format('{escaped}', {', '.join(values)})"
