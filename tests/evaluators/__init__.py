"""Small evaluators of what the targets emit, by the platforms' published rules, for graphs as they come.

They show that a document means what the IR means; they do not show that a platform accepts it (see `validators`) or runs it.
Both ask for each task to be run, and are told what it chose and how many items it found: Argo's of a `Runner`, that of Step
Functions of a `Job`, which is given all variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias


class Outcome(NamedTuple):
    """What a finished task left for the orchestrator."""

    next: str | None
    cardinality: int | None


Runner: TypeAlias = Callable[[str, str, int], Outcome]
"""Runs one task: step, path, attempt. Raises `TaskFailed` where the task fails."""


Job: TypeAlias = Callable[[Mapping[str, str]], Outcome | None]
"""Runs one job of a state machine, with these variables: a task, or the exit hooks, which leave no outcome. Raises `TaskFailed`
where it fails, and `ServiceFault` where the service does not take it."""


class TaskFailed(Exception):
    """A task failed for good, so the run fails."""


class ServiceFault(Exception):
    """A service of AWS refused a request.

    Attributes:
        error: The error's name, as a state machine sees it.
    """

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error
