"""What a local run prints: the lines of its tasks as they come, each with its task before it, and lines of its own.

The user's standard output goes to standard output, all else to standard error.
"""

from __future__ import annotations

import os
from typing import TextIO

from .paths import TaskId

_DIM, _RED, _PLAIN = "\x1b[2m", "\x1b[31m", "\x1b[0m"


class Progress:
    """Writes whole lines, at once."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._colours = {stream: stream.isatty() and not os.environ.get("NO_COLOR") for stream in (out, err)}

    def output(self, task: TaskId, is_error: bool, line: str) -> None:
        """A line that a task printed."""
        stream = self._err if is_error else self._out
        self._write(stream, f"{self._paint(stream, f'[{task}]', _DIM)} {line}")

    def about(self, task: TaskId, text: str) -> None:
        """What happened to a task."""
        self._write(self._err, self._paint(self._err, f"[{task}] {text}", _DIM))

    def trouble(self, task: TaskId, text: str) -> None:
        """What went wrong with a task; may have several lines."""
        for line in text.rstrip("\n").split("\n"):
            self._write(self._err, f"{self._paint(self._err, f'[{task}]', _DIM)} {self._paint(self._err, line, _RED)}")

    def say(self, text: str) -> None:
        """What happened to the run; may have several lines."""
        self._write(self._err, text.rstrip("\n"))

    def _paint(self, stream: TextIO, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours[stream] else text

    def _write(self, stream: TextIO, line: str) -> None:
        stream.write(line + "\n")
        stream.flush()
