"""Tasks in this very process, one after the other: for debuggers, which know of one process, and for breakpoints, which want a
terminal.

What a task changes of its surroundings is undone when it ends: environment variables, folder, `sys.path`, `sys.argv`, `current`.
What it changes in modules stays. Nothing can end a task but itself: `@timeout` is not enforced, `os._exit` ends the run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO

from ..language.current import current
from .processes import LONGEST_WAIT, STOPPING, Ended, Job, OnLine, Stopped


class InlinePool:
    """Runs jobs where they are started; the next `wait` tells of their end. Otherwise as `processes.Pool`."""

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._ended: list[Ended] = []
        self._stop_signals: list[int] = []
        self._wake = threading.Event()

    def __enter__(self) -> InlinePool:
        self._old_handlers = {}
        for signum in [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._old_handlers[signum] = signal.signal(signum, self._stop)
        return self

    def __exit__(self, *_exception: object) -> None:
        for signum, handler in self._old_handlers.items():
            signal.signal(signum, handler)

    def __len__(self) -> int:
        return len(self._ended)

    @property
    def stop_signals(self) -> int:
        """How many signals have asked this process to stop."""
        return len(self._stop_signals)

    def start(self, name: Hashable, job: Job, timeout: float | None = None) -> None:
        """Run a job. What it prints goes where it would, and line by line to `on_line`.

        Raises:
            Stopped: A signal asked for that meanwhile.
        """
        with _surroundings(), self._listening(name):
            report = job()
        if self._stop_signals:
            raise Stopped(self._stop_signals[0])
        self._ended.append(Ended(name, 0, report, False))

    def wait(self, until: float | None) -> list[Ended]:
        """What has ended since; or wait.

        Raises:
            Stopped: A signal asks for that.
        """
        import time

        if not self._ended and until is not None:
            with suppress(KeyboardInterrupt):
                self._wake.wait(min(max(0.0, until - time.monotonic()), LONGEST_WAIT))
        if self._stop_signals:
            raise Stopped(self._stop_signals[0])
        ended, self._ended = self._ended, []
        return ended

    def stop_all(self) -> int:
        """Nothing runs any more."""
        return 0

    def _stop(self, signum: int, _frame: FrameType | None) -> None:
        """Get out of the user's code as Ctrl-C does anywhere."""
        self._stop_signals.append(signum)
        self._wake.set()
        raise KeyboardInterrupt

    @contextmanager
    def _listening(self, name: Hashable) -> Iterator[None]:
        out, err = sys.stdout, sys.stderr
        sys.stdout = tee_out = _Tee(out, lambda line: self._on_line(name, False, line))
        sys.stderr = tee_err = _Tee(err, lambda line: self._on_line(name, True, line))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = out, err
            tee_out.end()
            tee_err.end()


class _Tee:
    """A stream that is another, and also tells each whole line. All that is not writing, the other stream does."""

    def __init__(self, stream: TextIO, on_line: Callable[[str], None]) -> None:
        self._stream, self._on_line, self._rest = stream, on_line, ""

    def write(self, text: str) -> int:
        """Write, and tell the lines that are whole."""
        self._stream.write(text)
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._on_line(line)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def end(self) -> None:
        """Tell what is left."""
        if self._rest:
            self._on_line(self._rest)
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __iter__(self) -> Iterator[str]:
        return iter(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _surroundings() -> Iterator[None]:
    """Put back what a task has changed."""
    environment, path, argv, known = dict(os.environ), list(sys.path), list(sys.argv), dict(vars(current))
    try:
        folder = os.getcwd()  # noqa: PTH109  # a Path would be made for nothing
    except OSError:
        folder = None
    try:
        yield
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        for name, value in environment.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
        sys.path[:], sys.argv[:] = path, argv
        vars(current).clear()
        vars(current).update(known)
        if folder is not None:
            with suppress(OSError):
                os.chdir(folder)
