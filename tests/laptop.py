"""A person's shell on a machine of theirs, whose runs send tasks elsewhere: commands as they are typed, as processes.

laptop = laptop_at_aws(aws, tmp_path)
laptop.write("BigSum.py", (GOLDEN / "bigsum_small" / "flow.py").read_text())
ended = laptop("python BigSum.py run --with batch")
with laptop.start("python BigSum.py run --with batch") as going: …
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engines.account import Aws
from engines.argo.cluster import Argo


@dataclass(frozen=True)
class Ended:
    """What a command left."""

    code: int
    out: str
    err: str


class Going:
    """A command that goes on.

    Attributes:
        err: What it has said so far on standard error.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.err = ""

    def says(self, words: str) -> None:
        """Wait until it has said this on standard error."""
        stream: IO[str] | None = self.process.stderr
        assert stream is not None
        while words not in self.err:
            line = stream.readline()
            assert line, f"it ended without saying {words!r}:\n{self.err}"
            self.err += line

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate()
        return Ended(self.process.returncode, out, self.err + err)


@dataclass(frozen=True)
class Laptop:
    """One machine of one person.

    Attributes:
        folder: Where commands are typed.
        environment: The shell's variables.
    """

    folder: Path
    environment: dict[str, str]

    @property
    def place(self) -> str:
        """The datastore."""
        return self.environment["FLOWC_DATASTORE"]

    def of(self, user: str) -> Laptop:
        """The same in somebody else's hands."""
        return Laptop(self.folder, {**self.environment, "USER": user})

    def write(self, name: str, text: str) -> Path:
        """A file in its folder."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def __call__(self, *command: str) -> Ended:
        """Type a command, as one text or as words, and wait for its end."""
        with self.start(*command) as going:
            return going.ended()

    @contextmanager
    def start(self, *command: str) -> Iterator[Going]:
        """Type a command that goes on for a while."""
        words = shlex.split(command[0]) if len(command) == 1 else command
        assert words[0] in ("python", "flowc")
        argv = [sys.executable, *(words[1:] if words[0] == "python" else ["-m", *words])]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            argv, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )
        try:
            yield Going(process)
        finally:
            process.kill()
            process.communicate()


def laptop_at_aws(aws: Aws, folder: Path) -> Laptop:
    """A laptop in the folder, whose shell knows an account."""
    told = {"FLOWC_DATASTORE": f"s3://{aws.bucket()}/flows", "FLOWC_BATCH_QUEUE": aws.batch_queue}
    return Laptop(folder, {**_shell(), **aws.environment, **told})


def laptop_at_cluster(argo: Argo, folder: Path) -> Laptop:
    """The same, whose shell knows a cluster."""
    return Laptop(folder, {**_shell(), **argo.environment, "FLOWC_DATASTORE": argo.place})


def _shell() -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FLOWC_"))}
    return {**mine, "USER": "somebody"}
