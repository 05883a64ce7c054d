"""Small evaluators of what the targets emit, by the platforms' published rules, for graphs as they come.

They show that a document means what the IR means; they do not show that a platform accepts it (see `validators`) or runs it.
Both take a `Runner`, which is asked to run each task and says what it chose and how many items it found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Outcome(NamedTuple):
    """What a finished task left for the orchestrator."""

    next: str | None
    cardinality: int | None


Runner: TypeAlias = Callable[[str, str, int], Outcome]
"""Runs one task: step, path, attempt. Raises `TaskFailed` where the task fails."""


class TaskFailed(Exception):
    """A task failed for good, so the run fails."""
