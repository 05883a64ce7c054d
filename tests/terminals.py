"""Commands that are watched: at a pseudo-terminal, what they show and what a person types; and whether a process lives."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Callable, Sequence
from pathlib import Path


class Terminal:
    """A command that runs at a terminal of its own.

    Attributes:
        shown: All bytes that it has written there.
        code: Its exit code, once it has ended.
    """

    def __init__(self, command: Sequence[str], folder: Path, size: tuple[int, int] = (24, 80), **variables: str) -> None:
        keep = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
        self._fd, theirs = pty.openpty()
        self.resize(*size)
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**keep, "TERM": "xterm", **variables},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that ^C is a signal
        )
        os.close(theirs)
        self.shown = b""
        self.code: int | None = None

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._fd, text.encode())

    def read_until(self, done: Callable[[str], bool]) -> str:
        """Read until what was shown satisfies; or the command has ended."""
        while not done(self.shown.decode("utf-8", "replace")) and self._read():
            pass
        return self.shown.decode("utf-8", "replace")

    def read_to_end(self) -> str:
        """Read until the command has ended; all that it has shown."""
        while self._read():
            pass
        self.code = self.process.wait()
        os.close(self._fd)
        return self.shown.decode("utf-8", "replace")

    def _read(self) -> bool:
        select.select([self._fd], [], [], 60)
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # nobody has the other side open
            return False
        self.shown += data
        return bool(data)


def screen(shown: str, columns: int = 80) -> list[str]:
    """The lines that stand on a terminal of endless height after all that was written to it."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", shown):
        if token == "\r":
            column = 0
        elif token == "\n":
            row, column = row + 1, 0
        elif token.endswith("A") and token.startswith("\x1b"):
            row -= int(token[2:-1])
            assert row >= 0
        elif token == "\x1b[J":
            del lines[row + 1 :]
            lines[row] = lines[row][:column]
        elif not token.startswith("\x1b"):
            for character in token:
                if column == columns:
                    row, column = row + 1, 0
                while len(lines) <= row:
                    lines.append("")
                lines[row] = lines[row][:column].ljust(column) + character + lines[row][column + 1 :]
                column += 1
        while len(lines) <= row:
            lines.append("")
    return lines


def alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
