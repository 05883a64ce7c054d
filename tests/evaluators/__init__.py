"""Small evaluators of what the targets emit, by the platforms' published rules, for graphs as they come.

They show that a document means what the IR means; they do not show that a platform accepts it (see `validators`) or runs it.
Both ask for each task to be run, by a `Job` that is given all variables, and are told what it chose and how many items it found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from flowc.runtime import contract


class Outcome(NamedTuple):
    """What a finished task left for the orchestrator."""

    next: str | None
    cardinality: int | None


Runner: TypeAlias = Callable[[str, str, int], Outcome]
"""Runs one task: step, path, attempt. Raises `TaskFailed` where the task fails."""


Job: TypeAlias = Callable[[Mapping[str, str]], Outcome | None]
"""Runs one container, with these variables: a task, or the exit hooks, which leave no outcome. Raises `TaskFailed` where it
fails, and `ServiceFault` where a service of AWS does not take it."""


def tasks(runner: Runner) -> Job:
    """A job for each task, and no other."""

    def run(variables: Mapping[str, str]) -> Outcome:
        return runner(variables[contract.STEP], variables[contract.PATH], int(variables[contract.ATTEMPT].removeprefix("0.")))

    return run


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
