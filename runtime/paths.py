"""The algebra of paths: which task a path means, and which paths its neighbours have.

A path is the stack of foreach indices (`3`) and loop turns (`~2`) that lead to a task; a step's *scopes* say what each component
of its paths is. In here a path is a tuple of components, `("3", "~2")`; outside it is text, `3.~2`, and `-` for the empty one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .contract import ROOT_PATH, TURN_MARK
from .plan import LoopScope, Scope, Step

Path: TypeAlias = tuple[str, ...]
_DIGITS = 18
"""How many a number in a path may have, far more than any index; Python refuses to read thousands."""


@dataclass(frozen=True, slots=True)
class TaskId:
    """Which task of a flow: its run, its step, and its path as text."""

    run: str
    step: str
    path: str

    def __str__(self) -> str:
        return self.step if self.path == ROOT_PATH else f"{self.step}/{self.path}"


def is_name(text: str) -> bool:
    """Whether a text can be the id of a run: it becomes a part of keys, and of a directory's files, which `..` would leave."""
    return text not in ("", ".", "..") and text.isprintable() and not any(one in text for one in "/\\")


def parse(text: str) -> Path:
    """`3.~2` → `("3", "~2")`, `-` → `()`.

    Raises:
        ValueError: The text is not a path.
    """
    if text == ROOT_PATH:
        return ()
    path = tuple(text.split("."))
    for component in path:
        digits = component.removeprefix(TURN_MARK)
        if not (digits.isascii() and digits.isdigit()) or (digits[0] == "0" and digits != "0") or len(digits) > _DIGITS:
            raise ValueError(f"{text!r} is not a path of a task")
    return path


def text(path: Path) -> str:
    """`("3", "~2")` → `3.~2`, `()` → `-`."""
    return ".".join(path) or ROOT_PATH


def turn(number: int) -> str:
    """The component of a loop's turn, from 0."""
    return f"{TURN_MARK}{number}"


def number(component: str) -> int:
    """The index or the turn that a component holds."""
    return int(component.removeprefix(TURN_MARK))


def fits(path: Path, scopes: Sequence[Scope]) -> bool:
    """Whether tasks of a step with these scopes can have this path."""
    return len(path) == len(scopes) and all(
        component.startswith(TURN_MARK) == isinstance(scope, LoopScope) for component, scope in zip(path, scopes, strict=True)
    )


def before(step: Step, path: Path, other: Step) -> tuple[Path, int] | None:
    """Where a task of `other` is from which the task `step / path` may have come directly.

    Returns the beginning of its path and how many components follow that are not known from here: turns of loops that `other`
    leaves, of which the last turn counts, and (only if `step` joins) the index of the foreach that is joined. None if no task of
    `other` can have come before this one.

    - Scopes that both share have the same components, except that the header of a loop follows the loop's *previous* turn.
    - Scopes that only `step` has are entered by this very step: a foreach, whose split has the path without the index, or a
      loop, which is entered in turn 0 only.
    """
    shared = 0
    while shared < min(len(step.scopes), len(other.scopes)) and step.scopes[shared] == other.scopes[shared]:
        shared += 1
    for scope, component in zip(step.scopes[shared:], path[shared:], strict=True):
        if isinstance(scope, LoopScope) and number(component) != 0:
            return None
    prefix = path[:shared]
    innermost = step.scopes[-1] if step.scopes else None
    if shared == len(step.scopes) and isinstance(innermost, LoopScope) and innermost.header == step.name:
        this_turn = number(path[-1])
        if this_turn == 0:
            return None
        prefix = (*path[:-1], turn(this_turn - 1))
    return prefix, len(other.scopes) - shared


def begins_run(step: Step, path: Path, start: str) -> bool:
    """Whether a task is the first of its run: the start step's, in turn 0 if that step is also a loop's header."""
    return step.name == start and all(number(component) == 0 for component in path)
