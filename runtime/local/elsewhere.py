"""The attempts of a run that are elsewhere, as its scheduler has them: which are, what is shown of them, and what they answer.

`runtime/remote/` starts and watches them, in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

from ..compute import ComputeError
from ..errors import OutputError
from ..paths import TaskId
from ..remote.link import Left, Remote
from ..tasks.policy import Policy
from .attempts import Attempt
from .direct import Name
from .processes import Ended, Outlet
from .progress import Progress
from .words import count

_LONG = 8.0
"""Seconds after which it is said that ending takes a while."""


class Waiting(Protocol):
    """What waits for news, as pools do."""

    def wait(self, until: float | None) -> list[Ended]:
        """Wait for any."""
        ...


class Away:
    """Attempts elsewhere."""

    def __init__(self, remote: Remote, policies: Mapping[str, Policy], progress: Progress) -> None:
        self._remote = remote
        self._policies = policies
        self._progress = progress
        self._attempts: dict[Name, Attempt] = {}

    def __len__(self) -> int:
        return len(self._attempts)

    @property
    def outlet(self) -> Outlet:
        """What a pool serves."""
        return self._remote

    @property
    def trouble(self) -> str | None:
        """Why the run cannot go on, or None."""
        return self._remote.trouble

    @property
    def bug(self) -> bool:
        """Whether that is a bug of flowc's."""
        return self._remote.bug

    def takes(self, attempt: Attempt) -> bool:
        """Whether an attempt is one for elsewhere. That of `@catch` runs no code of the user's, and runs here."""
        step = attempt.task.step
        return step in self._remote.steps and not self._policies[step].only_catches(attempt.number)

    def prepare(self, pool: Waiting) -> None:
        """Wait until all is ready that the tasks need.

        Raises:
            ComputeError: It cannot be made so.
        """
        while self._remote.ready is None and self._remote.trouble is None:
            pool.wait(None)
            for kind, *told in self._remote.take_news():
                if kind == "say":
                    self._progress.note(f"flowc: {told[0]}")
            if self._remote.refused is not None:
                raise ComputeError(self._remote.refused)

    def begin(self, run: str) -> None:
        """Say which run it is, and where its tasks run."""
        self._remote.begin(run)
        for word, (_, where, _) in (self._remote.ready or {}).items():
            steps = [f"`{step}`" for step, its in self._remote.steps.items() if its == word]
            named = ", ".join(steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
            self._progress.note(f"flowc: {'step' if len(steps) == 1 else 'steps'} {named} on {where}")

    def start(self, attempt: Attempt) -> None:
        """Have an attempt started."""
        self._attempts[attempt.name] = attempt
        self._progress.ordered(attempt.task, attempt.number)
        self._remote.start(attempt.name)

    def take_ended(self) -> Iterator[tuple[Attempt, dict[str, Any]]]:
        """Show what came, and hand on the attempts that have ended, each with its answer, as `attempts.read_answer` has them.

        A done one has its `seconds` too; a failed one whether its lines have `told` so, and a `link` to more.
        """
        for kind, *told in self._remote.take_news():
            match kind:
                case "phase":
                    self._show_phase(*told)
                case "lines" if (attempt := self._attempts.get((told[0], told[1], told[2]))) is not None:
                    for is_error, line in told[3]:
                        self._progress.output(attempt.task, is_error, line)
                case "done" if (attempt := self._attempts.pop((told[0], told[1], told[2]), None)) is not None:
                    yield attempt, dict(zip(("chose", "cardinality", "caught", "seconds"), told[3:], strict=True))
                case "failed" if (attempt := self._attempts.pop((told[0], told[1], told[2]), None)) is not None:
                    yield attempt, dict(zip(("failure", "told", "link"), told[3:], strict=True))
                case "waits":
                    self._show_wait(*told)
                case "say":
                    self._progress.say(f"flowc: {told[0]}")

    def end(self, why: str) -> None:
        """Have all ended."""
        self._remote.end(why)  # before anything is said, which may find that nobody reads any more
        if self._attempts:
            words = {self._remote.steps[attempt.task.step] for attempt in self._attempts.values()}
            where = " and ".join(sorted(map(self._name_of, words)))
            self._progress.note(f"flowc: ending {count(len(self._attempts), 'task')} on {where}")

    def finish(self, hurried: Callable[[], bool]) -> list[Left]:
        """Wait until all are ended; what could not be."""
        began, under_way, said = time.monotonic(), len(self._attempts), False

        def watched() -> bool:
            nonlocal said
            if under_way and not said and time.monotonic() - began > _LONG:
                said = True
                with suppress(OutputError):
                    self._progress.say("flowc: they are still being ended; Ctrl-C leaves them")
            return hurried()

        left = self._remote.finish(watched)
        with suppress(OutputError):
            for kind, *told in self._remote.take_news():
                if kind == "say":
                    self._progress.say(f"flowc: {told[0]}")
        return left

    def _show_phase(self, phase: str, word: str, step: str, moved: list[tuple[str, int, str]]) -> None:
        attempts = ((self._attempts.get((step, path, number)), job) for path, number, job in moved)
        known = [(attempt.task, job) for attempt, job in attempts if attempt is not None]
        if known:
            self._progress.moved(known, phase, self._name_of(word))

    def _show_wait(self, word: str, step: str, path: str, _number: int, alike: int, why: str) -> None:
        task = TaskId("", step, path)
        others = f", like {alike - 1} more of its step," if alike > 1 else ""
        self._progress.say(f"flowc: the task {task}{others} waits on {self._name_of(word)} for more than a minute: {why}")

    def _name_of(self, word: str) -> str:
        return self._remote.told_of(word)[0]
