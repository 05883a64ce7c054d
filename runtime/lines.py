r"""Bytes that a process prints, as lines of text.

lines = Lines()
lines.feed(b"one\ntw")     # ["one"]
lines.rest()               # ["tw"]
"""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 1 << 20
"""How many bytes a line has, more or less, before it is cut."""
_SHOW = 10.0
"""Seconds until a line is shown that is printed over again and again."""


class Lines:
    """Cuts one stream into lines, whatever it holds.

    Bytes that are not UTF-8 become U+FFFD. A line that does not end is cut. One that is printed over again and again, as a
    progress bar is, counts as a line every 10 s.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._begun = bytearray()
        self._now = now
        self._shown = now()

    def feed(self, data: bytes) -> list[str]:
        """The lines that end in these bytes, which follow those before; without their ends."""
        end = data.rfind(b"\n") + 1
        if end:
            text = (bytes(self._begun) + data[:end]).decode("utf-8", "replace")
            self._begun = bytearray(data[end:])
            self._shown = self._now()
            return [line.rstrip("\r") for line in text.split("\n")[:-1]] if "\r" in text else text.split("\n")[:-1]
        self._begun += data
        if b"\r" in data:
            return self._printed_over()
        if len(self._begun) > LONGEST:
            return self._cut()
        return []

    def rest(self) -> list[str]:
        """The line that was begun, at the end of the stream."""
        text = self._begun.decode("utf-8", "replace").rstrip("\r")
        self._begun.clear()
        return [text] if text else []

    def _printed_over(self) -> list[str]:
        before, _, last = bytes(self._begun).rstrip(b"\r").rpartition(b"\r")
        # The mark at the end stays: what follows it prints over this, unless it is the end of the line.
        self._begun = bytearray(last + (b"\r" if self._begun.endswith(b"\r") else b""))
        if not before or self._now() - self._shown < _SHOW:
            return []
        self._shown = self._now()
        return [before.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")]

    def _cut(self) -> list[str]:
        end = len(self._begun)
        while end > len(self._begun) - 4 and self._begun[end - 1] & 0xC0 == 0x80:  # within a character
            end -= 1
        if self._begun[end - 1] >= 0xC0:
            end -= 1
        text = self._begun[:end].decode("utf-8", "replace")
        del self._begun[:end]
        return [text]
