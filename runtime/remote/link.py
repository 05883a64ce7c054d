"""The scheduler's side of the helper that starts and watches tasks elsewhere.

remote = Remote(store, "Squares", elsewhere, forks=True)
remote.ready                              # sooner or later; or remote.refused
remote.begin("7")
remote.start(("work", "3", 0))            # sooner or later take_news() tells what became of it
for kind, *told in remote.take_news(): …  # as `agent` has them
remote.end("the run is done")
for left in remote.finish(hurried): …     # jobs that could not be ended
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..children import become_helper
from ..compute import ComputeError, Elsewhere
from ..local.direct import Name
from ..local.messages import DEAF_TO, Helper, Messages
from ..store import Store
from .agent import ENDING, Agent

_SOON = 5.0
"""Seconds that a helper gets to exit which has nothing left to do."""


class Left(NamedTuple):
    """Jobs of a platform that could not be ended.

    Attributes:
        word: The word for the platform on a command line.
        name: What people call it.
        jobs: How many.
        why: What it says, or nothing.
        again: The options by which `kill` finds them.
    """

    word: str
    name: str
    jobs: int
    why: str
    again: str


class Remote(Helper):
    """What the scheduler knows of tasks elsewhere. It never waits, but in `finish`.

    Args:
        forks: Whether the helper is a process of its own; else it is a thread of this one, which then may use the store.
        inherited: Descriptors that the helper must not have.

    Attributes:
        steps: By step the word for the platform that its tasks run on.
        ready: By word a platform's name, where on it, and the options by which its jobs are found; None: they are not ready yet.
        refused: Why the run cannot begin, or None.
        trouble: Why it cannot go on, or None.
        bug: Whether that is a bug of flowc's.
        under_way: The attempts that were started and are not known to have ended.
    """

    def __init__(self, store: Store, flow: str, elsewhere: Elsewhere, *, forks: bool, inherited: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.steps = elsewhere.steps
        self.ready: Mapping[str, tuple[str, str, str]] | None = None
        self.refused: str | None = None
        self.trouble: str | None = None
        self.bug = False
        self.under_way: dict[Name, str] = {}
        self._ended = False
        self._left: list[Left] = []
        self._news: Messages = []
        self._thread: threading.Thread | None = None
        self._socket, theirs = socket.socketpair()
        if forks:
            try:
                self._pid = os.fork()
            except OSError as error:
                self._socket.close()
                theirs.close()
                reason = f"the system cannot start the process that watches tasks elsewhere ({error.strerror})"
                raise ComputeError(reason) from error
            if self._pid == 0:
                for fd in (self._socket.fileno(), *inherited):
                    os.close(fd)
                become_helper(lambda: Agent(theirs, store, flow, elsewhere).serve(), deaf_to=DEAF_TO)
            theirs.close()
        else:
            self._thread = threading.Thread(target=Agent(theirs, store, flow, elsewhere).serve, name="flowc-remote", daemon=True)
            self._thread.start()
        self._socket.setblocking(False)

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Let the helper go: one that still has jobs ends them, and then itself."""
        if self._socket.fileno() >= 0:
            self._socket.close()
        if not self.under_way or self._over:
            self.bury(_SOON if self._over else 0)
        if self._thread is not None and self._over:
            self._thread.join(_SOON)

    def begin(self, run: str) -> None:
        """Say which run it is."""
        self.send(("run", run))

    def start(self, name: Name) -> None:
        """Have an attempt started."""
        self.under_way[name] = self.steps[name[0]]
        self.send(("start", *name))

    def told_of(self, word: str) -> tuple[str, str, str]:
        """What `ready` has of a platform, whether or not it is."""
        return (self.ready or {}).get(word, (word, "", ""))

    def take_news(self) -> Messages:
        """What came since the last call."""
        news, self._news = self._news, []
        return news

    def end(self, why: str) -> None:
        """Have all jobs ended; nothing of what becomes of them is told any more, but what there is to say to the user."""
        self._ended = True
        self._news.clear()
        self.send(("end", " ".join(why.split())[:200]))
        self.push()

    def finish(self, hurried: Callable[[], bool]) -> list[Left]:
        """Wait until all jobs are ended, or it is clear which cannot be; those.

        Args:
            hurried: Whether the wait should be cut short.
        """
        end = time.monotonic() + (0 if self.ready is None else ENDING + 15)
        with selectors.DefaultSelector() as selector:
            if not self._over:
                selector.register(self._socket, selectors.EVENT_READ)
            while not self._over and not hurried() and time.monotonic() < end:
                self.push()
                selector.modify(self._socket, selectors.EVENT_READ | (selectors.EVENT_WRITE if self.waiting else 0))
                selector.select(0.1)
                self.pull()
        if not self._over:
            self._say_left("")
        return self._left

    def take(self, answer: tuple[Any, ...]) -> None:
        """Note it."""
        kind, *told = answer
        if kind == "over":
            self._over = True
            self._left = [self._unended(word, jobs, why) for word, jobs, why in told[0]]
        elif kind == "ready":
            self.ready = told[0]
        elif kind == "refused":
            self.refused = told[0]
        elif kind in ("trouble", "bug"):
            if self.trouble is None:
                self.trouble, self.bug = told[0], kind == "bug"
        elif not self._ended or kind == "say":
            if kind in ("done", "failed"):
                self.under_way.pop((told[0], told[1], told[2]), None)
            self._news.append(answer)

    def lost(self) -> None:
        """Nobody watches any more."""
        self.trouble = self.trouble or "the process that starts and watches tasks elsewhere has been killed"
        self._say_left("it was killed")

    def _say_left(self, why: str) -> None:
        counts: dict[str, int] = {}
        for word in self.under_way.values():
            counts[word] = counts.get(word, 0) + 1
        self._left = [self._unended(word, count, why) for word, count in counts.items()]

    def _unended(self, word: str, jobs: int, why: str) -> Left:
        name, _, again = self.told_of(word)
        return Left(word, name, jobs, why, again)
