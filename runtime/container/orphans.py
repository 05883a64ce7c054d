"""Processes that a task has started and left behind, also such as lead groups and sessions of their own.

Linux hands them to the nearest ancestor that asked for them, as it hands them to the first process of a container.
See prctl(2), PR_SET_CHILD_SUBREAPER.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_ADOPT = 36
_PATIENCE = 2.0
"""Seconds in which killed processes are gone, if they are not stuck in the kernel."""


class Orphans:
    """Those that come to this process from now on.

    Args:
        prctl: The system call, or None where there is none.
    """

    def __init__(self, prctl: Callable[[int, int], object] | None) -> None:
        self._known = _children()
        if prctl is not None:
            prctl(_ADOPT, 1)

    def bury(self, but: int) -> None:
        """Let go of those that have ended; not of this child."""
        if not hasattr(os, "waitid"):
            return
        with suppress(ChildProcessError):
            while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and found.si_pid != but:
                os.waitpid(found.si_pid, os.WNOHANG)

    def end(self) -> None:
        """Kill those that run, and what comes of it."""
        until = time.monotonic() + _PATIENCE
        while (left := _children() - self._known) and time.monotonic() < until:
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                with suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.001)


def _children() -> set[int]:
    """The children of this process, as Linux tells them."""
    found: set[int] = set()
    with suppress(OSError, ValueError):
        for thread in Path("/proc/self/task").iterdir():
            found.update(map(int, (thread / "children").read_text(encoding="ascii").split()))
    return found
