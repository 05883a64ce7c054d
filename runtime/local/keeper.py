"""What a run leaves beside its tasks' own objects, where the run forks: a helper process writes it.

    with ForkedKeeper(store, beginning) as keeper:
        keeper.begin()                                # sooner or later there is keeper.run
        keeper.line(attempt, False, "what it said")
        keeper.record(attempt, failure, …)            # sooner or later keeper.take_kept() has the attempt
        trouble = keeper.finish(True, None, …)

A process that forks tasks must not use a store, so this one is forked before all others and told by messages. Sending one never
waits; what the helper has not taken yet is counted, and above a limit `full` asks for no more. The helper pays no heed to
signals: it ends when it is told to, or when the scheduler is gone, whose end it then records.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..children import become_helper
from ..errors import FlowcError, StoreError
from ..failure import Failure
from ..store import LocalStore, Store
from .direct import Beginning, Name
from .lanes import Lanes, LogKeeping
from .messages import CHUNK, DEAF_TO, Answers, Helper, Messages, take_frames

PATIENCE = 10.0
"""Seconds that a run which is stopped waits for its last lines to be kept."""
_LANES = 8


class ForkedKeeper(Helper):
    """A keeper that is a process of its own. This side of it never waits, but in `finish`."""

    def __init__(self, store: Store, beginning: Beginning) -> None:
        super().__init__()
        self.run: str | None = None
        self.trouble: str | None = None
        self.warning: str | None = None
        self.bug = False
        self.came_to_its_end = False
        self._kept: list[Name] = []
        self._socket, theirs = socket.socketpair()
        try:
            self._pid = os.fork()
        except OSError as error:
            self._socket.close()
            theirs.close()
            raise StoreError(f"the system cannot start the process that keeps the run ({error.strerror})") from error
        if self._pid == 0:
            self._socket.close()
            become_helper(lambda: _Helper(theirs, store, beginning).serve(), deaf_to=DEAF_TO)
        theirs.close()
        self._socket.setblocking(False)

    def __enter__(self) -> ForkedKeeper:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Let the helper go, which ends by itself unless it hangs."""
        if self._socket.fileno() >= 0:
            self._socket.close()
        self.bury(PATIENCE)

    def begin(self) -> None:
        """Ask for an id."""
        self.send(("begin",))

    def line(self, name: Name, is_error: bool, text: str) -> None:
        """Keep a line that an attempt printed."""
        self.send(("line", *name, is_error, text, time.time()), len(text))

    def close(self, name: Name) -> None:
        """Say that an attempt prints no more."""
        self.send(("close", *name))

    def record(self, name: Name, failure: Failure, started: float, ended: float) -> None:
        """Record why an attempt failed that could not do so itself."""
        self.send(("record", *name, failure.to_json(), started, ended))

    def take_kept(self) -> list[Name]:
        """The attempts whose failures are on record now, each once."""
        kept, self._kept = self._kept, []
        return kept

    def finish(self, ok: bool, message: str | None, hurried: Callable[[], bool]) -> str | None:
        """Tell the helper how the run ended, and wait until it has kept that."""
        self.send(("over", ok, message))
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._over and not hurried():
                self.push()
                selector.modify(self._socket, selectors.EVENT_READ | (selectors.EVENT_WRITE if self.waiting else 0))
                selector.select(0.1)
                self.pull()
        done = self._over
        self._socket.close()
        self.bury(PATIENCE if done else 0)
        return self.trouble or (None if done else "the wait for the store was cut short, which may lack the last lines")

    def take(self, answer: tuple[Any, ...]) -> None:
        """Note it."""
        kind, value = answer
        if kind == "run":
            self.run = value
        elif kind == "kept":
            self._kept.append(value)
        elif kind == "over":
            self._over, self.came_to_its_end = True, value
        elif kind == "warning":
            self.warning = value
        elif self.trouble is None:
            self.trouble, self.bug = value, kind == "bug"

    def lost(self) -> None:
        """Nothing is kept any more."""
        self.trouble = self.trouble or "the process that keeps the run's records and logs has been killed"


class _Helper:
    """The other side: the process that writes."""

    def __init__(self, pipe: socket.socket, store: Store, beginning: Beginning) -> None:
        self._socket, self._store, self._beginning = pipe, store, beginning
        self._run: str | None = None
        self._lanes: Lanes | None = None
        self._warned = False
        self._answers = Answers(pipe)  # lanes have threads

    def serve(self) -> None:
        """Do what the messages say, until one says that all is over, or there is nobody who could send another."""
        over: tuple[bool, str | None] | None = None
        unread = bytearray()
        try:
            while True:
                self._socket.settimeout(self._lanes.rest() if self._lanes else None)
                try:
                    data = self._socket.recv(CHUNK)
                except TimeoutError:
                    pass
                else:
                    if not data:
                        break
                    unread += data
                for messages in take_frames(unread):
                    if messages[-1][0] == "over":
                        over = messages.pop()[1:]
                        self._hand_on(messages)
                        return
                    self._hand_on(messages)
                if self._lanes:
                    self._lanes.flush()
        except FlowcError as error:
            over = (False, str(error))
            self._answer("broken", str(error))
        except Exception:
            import traceback

            self._answer("bug", traceback.format_exc())
        finally:
            self._end(over)

    def _hand_on(self, messages: Messages) -> None:
        if messages and messages[0][0] == "begin":
            self._run = self._beginning.claim(self._store)
            self._beginning.prepare(self._store, self._run)
            count = 1 if isinstance(self._store, LocalStore) else _LANES  # where a write takes its time, several go at once
            keepings = [LogKeeping(self._store, self._beginning.flow, self._run, self._warn) for _ in range(count)]
            self._lanes = Lanes(keepings, self._record, self._answer)
            self._answer("run", self._run)
            messages = messages[1:]
        if messages and self._lanes:
            self._lanes.hand_on(messages)

    def _record(self, step: str, path: str, number: int, failure: Mapping[str, Any], started: float, ended: float) -> None:
        assert self._run is not None
        name = (step, path, number)
        self._beginning.record(self._store, self._run, name, Failure.from_json(failure), started, ended)
        self._answer("kept", name)

    def _warn(self, text: str) -> None:
        """Once for a run: what fails for one log does so for others."""
        if not self._warned:
            self._warned = True
            self._answer("warning", text)

    def _end(self, over: tuple[bool, str | None] | None) -> None:
        """Keep the rest. Whoever sees the result sees all logs."""
        broken = self._lanes.close() if self._lanes else None
        ok, message = over or (False, "the process that ran it was killed")
        if broken is not None:
            ok, message = False, message or broken
        if self._run is not None:
            try:
                ok = self._beginning.end(self._store, self._run, ok, message, sure=broken is not None)
            except StoreError as error:
                self._answer("broken", str(error))
        self._answer("over", ok)

    def _answer(self, kind: str, value: object) -> None:
        self._answers.give([(kind, value)])
