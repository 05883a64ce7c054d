"""A flow that is deployed on the tests' engine, and a command line for people there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
        if self.capfd is not None:
            self.capfd.readouterr()
        namespaces.default_namespace()
        code = execute(arguments)
        return Ended(code, *(self.capfd.readouterr() if self.capfd is not None else ("", "")))

    def open(self) -> None:
        """Put nothing but the flow and the settings into the folder."""
        for one in self.folder.iterdir():
            one.unlink()
        (self.folder / "told.py").write_text(FLOW, encoding="utf-8")
        (self.folder / "flowc.toml").write_text(f'target = "sfn"\ndatastore = "{self.place}"\n', encoding="utf-8")

    def deploy(self, *arguments: str) -> None:
        """Deploy the flow."""
        settings = ("--batch-queue", self.aws.batch_queue, "--sfn-role", self.aws.role, "--job-role", self.aws.role)
        ended = self("deploy", *(arguments or ("told.py",)), *settings, "--no-dependencies", "--yes")
        assert ended.code == 0, ended.err

    def undeploy(self, flow: str = "told.py") -> None:
        """Take a deployment away, with its runs."""
        ended = self("undeploy", flow, "--yes", "--stop")
        assert ended.code == 0, ended.err

    @contextmanager
    def other(self, old: str, new: str, *more: tuple[str, str]) -> Iterator[str]:
        """Another flow, `Other`, which is the flow with something replaced, deployed for a while; its file."""
        text = FLOW.replace("Told", "Other")
        for before, after in ((old, new), *more):
            assert before in text
            text = text.replace(before, after)
        (self.folder / "other.py").write_text(text, encoding="utf-8")
        self.deploy("other.py")
        try:
            yield "other.py"
        finally:
            self.undeploy("other.py")

    @contextmanager
    def without_package(self) -> Iterator[None]:
        """Let no task of new runs begin meanwhile: what they run is gone."""
        with self.without(*(key for key in self.store.list("flowc-packages/Told/") if key.endswith(".tar.gz"))):
            yield

    @contextmanager
    def without(self, *keys: str) -> Iterator[None]:
        """Take objects out of the datastore for a while."""
        bucket, _, prefix = self.place.removeprefix("s3://").partition("/")
        s3 = self.aws.client("s3")
        places = [{"Bucket": bucket, "Key": f"{prefix}/{key}"} for key in keys]
        kept = [s3.get_object(**place)["Body"].read() for place in places]
        for place in places:
            s3.delete_object(**place)
        try:
            yield
        finally:
            for place, data in zip(places, kept, strict=True):
                s3.put_object(**place, Body=data)

    def trigger(self, *arguments: str, flow: str = "told.py") -> str:
        """Start a run; its id."""
        ended = self("trigger", flow, *arguments)
        assert ended.code == 0, ended.err
        return ended.out.removesuffix("\n")

    def wait(self, run: str, flow: str = "Told") -> str:
        """Wait for the end of a run; its status on the platform."""
        return self.aws.wait(self.arn(run, flow)).status

    def arn(self, run: str, flow: str = "Told") -> str:
        """An execution's ARN."""
        machines = self.aws.client("stepfunctions").list_state_machines()["stateMachines"]
        (machine,) = (one["stateMachineArn"] for one in machines if one["name"] == flow)
        return f"{machine.replace(':stateMachine:', ':execution:')}:{run}"

    def status(self, run: str) -> dict[str, Any]:
        """What `status` says of a run, as data."""
        ended = self("status", "told.py", run, "--format", "json")
        assert ended.code == 0, ended.err
        found: dict[str, Any] = json.loads(ended.out)
        return found

    def data(self, run: str, step: str = "start", flow: str = "Told") -> MetaflowData:
        """The artifacts of a step's task, as the client reads them."""
        task = Run(f"{flow}/{run}", datastore=self.place)[step].task
        assert task is not None
        return task.data

    @property
    def store(self) -> Store:
        """The datastore."""
        return open_store(self.place)


@pytest.fixture
def environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The variables by which Ann's command line finds the engine."""
    return _set_environment(aws, monkeypatch)


def _set_environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    for name in [name for name in os.environ if name.startswith(("AWS_", "FLOWC_"))]:
        monkeypatch.delenv(name)
    variables = {**aws.environment, "FLOWC_USER": "ann", "NO_COLOR": "1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(scope="module")
def deployed(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The flow, deployed once for the tests of a module."""
    made = Shop(aws, tmp_path_factory.mktemp("shop"), f"s3://{aws.bucket()}/flows")
    with _at(made):
        made.deploy()
    yield made
    with _at(made):
        made.undeploy()


@contextmanager
def _at(shop: Shop) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        _set_environment(shop.aws, monkeypatch)
        monkeypatch.chdir(shop.folder)
        shop.open()
        yield


@pytest.fixture
def shop(
    deployed: Shop, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """The deployed flow in a folder whose settings name platform and datastore, both as new. Other tests' runs are there."""
    monkeypatch.chdir(deployed.folder)
    deployed.open()
    deployed.capfd = capfd
    yield deployed
    deployed.capfd = None
