"""A person's shell on a machine of theirs, whose runs send tasks to AWS Batch: commands as they are typed, as processes.

laptop = Laptop(aws, tmp_path)
laptop.write("BigSum.py", (GOLDEN / "bigsum_small" / "flow.py").read_text())
ended = laptop("python BigSum.py run --with batch")
with laptop.start("python BigSum.py run --with batch") as going: …
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from engines.account import Aws


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

    def ended(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate()
        return Ended(self.process.returncode, out, self.err + err)


@dataclass
class Laptop:
    """One machine of one person.

    Attributes:
        folder: Where commands are typed.
        user: Who types them.
        place: The datastore.
    """

    aws: Aws
    folder: Path
    user: str = "somebody"
    place: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.place = self.place or f"s3://{self.aws.bucket()}/flows"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FLOWC_"))},
            **self.aws.environment,
            "FLOWC_DATASTORE": self.place,
            "FLOWC_BATCH_QUEUE": self.aws.batch_queue,
            "USER": self.user,
            **self.environment,
        }

    def write(self, name: str, text: str) -> Path:
        """A file in its folder."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def __call__(self, command: str) -> Ended:
        """Type a command, and wait for its end."""
        with self.start(command) as going:
            return going.ended()

    @contextmanager
    def start(self, command: str) -> Iterator[Going]:
        """Type a command that goes on for a while."""
        words = shlex.split(command)
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

    def next_run(self, flow: str, number: int) -> None:
        """Have the next run of a flow get this id."""
        bucket, _, prefix = self.place.removeprefix("s3://").partition("/")
        self.aws.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{flow}/{number - 1}/run.json", Body=b"{}")
