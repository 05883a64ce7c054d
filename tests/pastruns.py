"""Runs to look back at: a flow with a foreach and a retry, run once to its end and once to a failure, by processes of flowc."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FLOW = """\
from flowc import FlowSpec, Parameter, current, retry, step


class Point:
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Point({self.x})"


class Squares(FlowSpec):
    n = Parameter("n", default=3)

    @step
    def start(self):
        self.items = list(range(self.n))
        self.big = "x" * 10_000
        self.point = Point(self.n)
        print("numbers", self.n)
        self.next(self.square, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def square(self):
        if self.n == 5 or (self.input == 1 and current.retry_count == 0):
            raise ValueError("no <b>bold</b> numbers")
        print("squaring", self.input)
        self.square_ = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.square_ for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        import sys

        print("total", self.total)
        print("a warning", file=sys.stderr)


if __name__ == "__main__":
    Squares()
"""


def flowc_in(folder: Path, *arguments: str, user: str = "ann") -> subprocess.CompletedProcess[str]:
    """Run a command line in a folder, as a person."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOWC_")}
    environment |= {"FLOWC_USER": user, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "flowc", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="session")
def past_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `squares.py` and its runs: 1 is done, 2 has failed, 3 is another person's. Not to be changed."""
    folder = tmp_path_factory.mktemp("past")
    (folder / "squares.py").write_text(FLOW, encoding="utf-8")
    for code, arguments, user in (
        (0, ("--tag", "nightly"), "ann"),
        (1, ("--n", "5"), "ann"),
        (0, ("--n", "2"), "bob"),
    ):
        done = flowc_in(folder, "run", "squares.py", *arguments, user=user)
        assert done.returncode == code, done.stderr
    return folder
