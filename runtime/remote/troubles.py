"""What cannot be asked for a while, as a platform without its network: how long to wait before it is asked again, and what is
said of that, once when it begins and once when it is over.

    12:03:10   AWS Batch cannot be asked since 12:03:04 (no connection to …); tasks go on, and this is tried again
    12:07:22   AWS Batch answers again, after 4:18 min
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

PATIENCE = 5.0
"""Seconds of trouble that nobody is told of."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0


class Troubles:
    """Those with one thing that is asked for several purposes, of which each may fail while another succeeds.

    Args:
        name: What it is called, at the beginning of a sentence.
        say: Says a line.
    """

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name, self._say = name, say
        self._failing: dict[str, int] = {}  # by purpose: how often one after the other
        self._since: float | None = None
        self._began = ""
        self._told = False
        self._changing = threading.Lock()

    def met(self, purpose: str, error: object) -> float:
        """Note that asking failed; how many seconds to wait."""
        with self._changing:
            now = time.monotonic()
            if self._since is None:
                self._since, self._began = now, time.strftime("%H:%M:%S")
            if not self._told and now - self._since >= PATIENCE:
                self._told = True
                reason = " ".join(str(error).split())
                self._say(f"{self._name} cannot be asked since {self._began} ({reason}); tasks go on, and this is tried again")
            tries = self._failing[purpose] = self._failing.get(purpose, 0) + 1
        # So that many who were refused together do not come back together.
        return min(FIRST_WAIT * 2.0 ** min(tries - 1, 10), LONGEST_WAIT) * random.uniform(0.5, 1.0)

    def over(self, purpose: str) -> None:
        """Note that asking succeeded."""
        if not self._failing:
            return
        with self._changing:
            self._failing.pop(purpose, None)
            if self._failing or self._since is None:
                return
            seconds, self._since = time.monotonic() - self._since, None
            if self._told:
                self._told = False
                self._say(f"{self._name} answers again, after {_minutes(seconds)}")

    def lasts(self) -> float:
        """For how many seconds it has been so; 0: it is not."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02} min"
