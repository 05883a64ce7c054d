"""A flow that is deployed on the tests' engine, and a command line for people there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from engines import Aws

from flowc.cli.program import execute
from flowc.runtime.client import namespaces
from flowc.runtime.client.data import MetaflowData
from flowc.runtime.client.run import Run
from flowc.runtime.store import Store, open_store

from .conftest import Ended

FLOW = '''\
import os
import time

from flowc import FlowSpec, IncludeFile, JSONType, Parameter, retry, step


class Told(FlowSpec):
    """Keeps what it is told."""

    number = Parameter("number", default=0.5, help="A number")
    count = Parameter("my-count", default=3)
    loud = Parameter("loud", default=False)
    text = Parameter("text", default="")
    data = Parameter("data", type=JSONType, default="null")
    notes = IncludeFile("notes", default=None)
    raw = IncludeFile("raw", is_text=False, default=None)
    gate = Parameter("gate", default="", help="A file to wait for")
    lacks = Parameter("lacks", default="", help="A file without which items fail")

    @step
    def start(self):
        print("begins")
        while self.gate and not os.path.exists(self.gate):
            time.sleep(0.02)
        self.items = list(range(self.count))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input == 1 and self.lacks and not os.path.exists(self.lacks):
            raise ValueError("the file is not there")
        print("item", self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print("the end")


if __name__ == "__main__":
    Told()
'''


@dataclass
class Shop:
    """A folder with the flow, what is deployed of it, and the way to both.

    Attributes:
        folder: Has `told.py` and `flowc.toml`.
        place: The datastore.
    """

    aws: Aws
    folder: Path
    place: str
    capfd: pytest.CaptureFixture[str] | None = field(default=None, repr=False)

    def __call__(self, *arguments: str) -> Ended:
        """Run a command line in the folder."""
        assert self.capfd is not None
        self.capfd.readouterr()
        namespaces.default_namespace()
        code = execute(arguments)
        return Ended(code, *self.capfd.readouterr())

    def deploy(self, *arguments: str) -> None:
        """Deploy the flow."""
        settings = ("--batch-queue", self.aws.batch_queue, "--sfn-role", self.aws.role, "--job-role", self.aws.role)
        ended = self("deploy", *(arguments or ("told.py",)), *settings, "--no-dependencies", "--yes")
        assert ended.code == 0, ended.err

    def trigger(self, *arguments: str) -> str:
        """Start a run; its id."""
        ended = self("trigger", "told.py", *arguments)
        assert ended.code == 0, ended.err
        return ended.out.removesuffix("\n")

    def wait(self, run: str) -> str:
        """Wait for the end of a run; its status on the platform."""
        return self.aws.wait(self.arn(run)).status

    def arn(self, run: str) -> str:
        """An execution's ARN."""
        machines = self.aws.client("stepfunctions").list_state_machines()["stateMachines"]
        (machine,) = (one["stateMachineArn"] for one in machines if one["name"] == "Told")
        return f"{machine.replace(':stateMachine:', ':execution:')}:{run}"

    def status(self, run: str) -> dict[str, Any]:
        """What `status` says of a run, as data."""
        ended = self("status", "told.py", run, "--format", "json")
        assert ended.code == 0, ended.err
        found: dict[str, Any] = json.loads(ended.out)
        return found

    def data(self, run: str, step: str = "start") -> MetaflowData:
        """The artifacts of a step's task, as the client reads them."""
        task = Run(f"Told/{run}", datastore=self.place)[step].task
        assert task is not None
        return task.data

    @property
    def store(self) -> Store:
        """The datastore."""
        return open_store(self.place)


@pytest.fixture
def environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The variables by which Ann's command line finds the engine."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FLOWC_"))]:
        monkeypatch.delenv(name)
    variables = {**aws.environment, "FLOWC_USER": "ann", "NO_COLOR": "1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def shop(
    aws: Aws, environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """The flow, deployed from a folder whose settings name platform and datastore."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = Shop(aws, folder, f"s3://{aws.bucket()}/flows", capfd)
    (folder / "told.py").write_text(FLOW, encoding="utf-8")
    (folder / "flowc.toml").write_text(f'target = "sfn"\ndatastore = "{made.place}"\n', encoding="utf-8")
    made.deploy()
    yield made
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    undeployed = made("undeploy", "told.py", "--target", "sfn", "--yes", "--stop")
    assert undeployed.code == 0, undeployed.err
