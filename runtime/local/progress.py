"""What a local run prints: the lines of its tasks as they come, each with its task before it, and lines of its own.

The user's standard output goes to standard output, all else to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from ..errors import OutputError
from ..paths import TaskId

_MANY = 10
"""Of more tasks that come equally far at once, one line says so."""
_VERBS = {"waiting": ("waits", "wait"), "starting": ("starts", "start"), "running": ("runs", "run")}
_DIM, _RED, _PLAIN = "\x1b[2m", "\x1b[31m", "\x1b[0m"


def stand_in_for_closed_streams() -> None:
    """Put /dev/null where this process was started without a standard stream, as by `>&-`.

    A file or a pipe opened later would otherwise get the stream's descriptor, and with it all that is printed.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one
            os.set_inheritable(fd, True)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # as long as the process


class Progress:
    """Writes whole lines, at once. A stream that fails raises an `OutputError` once, and then swallows what it gets.

    Args:
        color: Whether to colour lines; None: as NO_COLOR or FORCE_COLOR say, else where a terminal that can shows them.
        quiet: Whether only what tasks print and what goes wrong is written.
    """

    due: float | None = None
    """When `tick` wants to be called, by the monotonic clock."""

    def __init__(self, out: TextIO, err: TextIO, color: bool | None = None, *, quiet: bool = False) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        if color is None and (os.environ.get("NO_COLOR") or os.environ.get("FORCE_COLOR")):
            color = not os.environ.get("NO_COLOR")
        smart = os.environ.get("TERM") != "dumb"
        self._colours = {stream: smart and is_terminal(stream) if color is None else color for stream in (out, err)}
        self._lost: set[TextIO] = set()

    def flush(self) -> None:
        """Write what the user's module printed while it was imported."""
        self._put(self._out, "")

    def output(self, task: TaskId, is_error: bool, line: str) -> None:
        """A line that a task printed."""
        stream = self._err if is_error else self._out
        self._write(stream, f"{self._paint(stream, f'[{task}]', _DIM)} {line}")

    def begins(self, name: str, how: str, place: str) -> None:
        """The run begins."""
        if not self._quiet:
            self.say(f"flowc: run {name} {how}, in {place}")

    def starts(self, task: TaskId, number: int | None) -> None:
        """An attempt starts; None: one that runs no code of the user's, which is worth a line when it has caught something."""
        if number is not None:
            self._about(task, f"starts again, retry {number}" if number else "starts")

    def ordered(self, task: TaskId, number: int) -> None:
        """An attempt is to be started elsewhere; how far it comes is a matter of `moved`."""
        if number:
            self._about(task, f"starts again, retry {number}")

    def moved(self, tasks: Sequence[tuple[TaskId, str]], phase: str, where: str) -> None:
        """Attempts of one step that are elsewhere have come farther: `waiting`, `starting`, `running`.

        Args:
            tasks: Which, each with what its platform calls it.
            where: The platform.
        """
        if len(tasks) <= _MANY:
            for task, job in tasks:
                self._about(task, f"waits on {where} ({job})" if phase == "waiting" else _VERBS[phase][0])
        elif not self._quiet:
            verb = _VERBS[phase][1]
            text = f"[{tasks[0][0].step}] {len(tasks):,} tasks {verb}{f' on {where}' if phase == 'waiting' else ''}"
            self._write(self._err, self._paint(self._err, text, _DIM))

    def done(self, task: TaskId, seconds: float, caught: str | None, cardinality: int | None) -> None:
        """A task is done, with so many items for a foreach."""
        self._about(task, f"failed, and is caught: {caught}" if caught else f"done in {seconds:.2f} s")

    def failed(self, task: TaskId, text: str | None, again: str | None) -> None:
        """An attempt failed.

        Args:
            text: What to show of it.
            again: What is said of the next attempt; None: there is none.
        """
        if text:
            self.trouble(task, text)
        if again:
            self._about(task, again)

    def note(self, text: str) -> None:
        """What happened to the run, and is as it should be."""
        if not self._quiet:
            self.say(text)

    def tick(self, now: float) -> None:
        """Time goes by."""

    def close(self) -> None:
        """Nothing more comes of the tasks."""

    def trouble(self, task: TaskId, text: str) -> None:
        """What went wrong with a task; may have several lines."""
        for line in text.rstrip("\n").split("\n"):
            self._write(self._err, f"{self._paint(self._err, f'[{task}]', _DIM)} {self._paint(self._err, line, _RED)}")

    def say(self, text: str) -> None:
        """What happened to the run; may have several lines."""
        self._write(self._err, text.rstrip("\n"))

    def _about(self, task: TaskId, text: str) -> None:
        if not self._quiet:
            self._write(self._err, self._paint(self._err, f"[{task}] {text}", _DIM))

    def _paint(self, stream: TextIO, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours[stream] else text

    def _write(self, stream: TextIO, line: str) -> None:
        self._put(stream, line + "\n")

    def _put(self, stream: TextIO, text: str) -> None:
        if stream in self._lost:
            return
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                encoding = stream.encoding
                stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the user's module has closed it
            self._lost.add(stream)
            _forget(stream)
            name = "standard output" if stream is self._out else "standard error"
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise OutputError(f"cannot write to {name}: {reason}") from error


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at what is written to a stream."""
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False


def _forget(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, or Python would fail on it a second time at its exit."""
    if stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)
