"""What the tests of the command line share: a flow, and a way to run a command line without a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowc.cli.program import execute

from .accounts import Ended, Run, account, empty_engine
from .clusters import cluster

__all__ = ["Ended", "Run", "account", "cluster", "empty_engine"]

FLOW = '''\
from flowc import FlowSpec, Parameter, step


class Sums(FlowSpec):
    """Adds numbers."""

    alpha = Parameter("alpha", default=0.5, help="The share to take")
    my_count = Parameter("my-count", default=3)
    loud = Parameter("loud", default=False)

    @step
    def start(self):
        """Make the numbers."""
        self.numbers = list(range(self.my_count))
        self.next(self.end)

    @step
    def end(self):
        print("sum", sum(self.numbers), "alpha", self.alpha, "loud", self.loud)


if __name__ == "__main__":
    Sums()
'''


@pytest.fixture
def flowc_process(tmp_path: Path, flowc: Run) -> Run:
    """The same in a process of its own: a run imports the flow."""

    def run(*arguments: str) -> Ended:
        command = [sys.executable, "-m", "flowc", *arguments]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=60)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def flowc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in a folder that holds `flow.py`."""
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "FLOWC_TARGET", "FLOWC_IMAGE", "FLOWC_DATASTORE", "FLOWC_BATCH_QUEUE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = execute(arguments)
        return Ended(code, *capfd.readouterr())

    return run
