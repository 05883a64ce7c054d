"""A person's shell, in which flows are deployed and run by the command line: `deploy`, `trigger`, `stop`, `redrive`.

ran = ship(case / "flow.py").run("--alpha", "0.5")
assert ran.code == 0, ran.report()
ran.kept()              # all that its tasks left, as text
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from deployed import failures, make_queues
from engines import Aws, Execution
from test_golden_runs import GAP, kept

from flowc.cli.program import execute
from flowc.runtime.client import namespaces
from flowc.runtime.store import Store, open_store


class Said(NamedTuple):
    """What a command line left."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shipped:
    """A flow that is deployed."""

    shop: Shop
    file: Path
    flow: str
    machine: str

    def run(self, *arguments: str) -> Run:
        """`flowc trigger --wait` with these options."""
        said = self("trigger", *arguments, "--wait")
        run = said.out.strip()
        assert run, said.err
        return Run(self, said, run)

    def start(self, *arguments: str) -> str:
        """`flowc trigger`; the run's id."""
        said = self("trigger", *arguments)
        assert said.code == 0, said.err
        return said.out.strip()

    def __call__(self, verb: str, *arguments: str) -> Said:
        return self.shop(verb, str(self.file), *arguments, "--target", "sfn")


@dataclass(frozen=True)
class Run:
    """A run that is over.

    Attributes:
        said: What the command line that waited for it left.
        id: The run's id.
    """

    shipped: Shipped
    said: Said
    id: str

    @property
    def code(self) -> int:
        """The exit code of that command line."""
        return self.said.code

    def execution(self) -> Execution:
        """As the platform has it."""
        arn = f"{self.shipped.machine.replace(':stateMachine:', ':execution:')}:{self.id}"
        return self.shipped.shop.aws.wait(arn)

    def report(self) -> str:
        """Everything that a person wants to know of a run that did not do what it should."""
        return f"{self.said.err}\n{self.execution().report()}"

    @property
    def store(self) -> Store:
        """Where its objects are."""
        return open_store(self.shipped.shop.place)

    def kept(self) -> str:
        """For each task its choice, its cardinality and its artifacts, as `golden/<case>/result.json` has them."""
        return kept(self.store, self.shipped.flow, self.id, GAP)

    def failures(self) -> dict[str, str]:
        """Why attempts failed, by `step/path/attempt-N.json`."""
        return failures(self.store, self.shipped.flow, self.id)


@dataclass
class Shop:
    """A shell in which the engine is AWS.

    Attributes:
        place: The datastore.
    """

    aws: Aws
    place: str
    capfd: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Said:
        """Run a command line."""
        self.capfd.readouterr()
        namespaces.default_namespace()
        code = execute(arguments)
        return Said(code, *self.capfd.readouterr())

    def deploy(self, file: Path, *arguments: str, queues: Sequence[str] = ()) -> Shipped:
        """Deploy a flow, where there are also queues of these names."""
        make_queues(self.aws, queues)
        said = self("deploy", str(file), "--target", "sfn", "--no-dependencies", "--yes", *arguments)
        assert said.code == 0, said.err
        machine = said.out.strip().rpartition(":")[0]
        tags = self.aws.client("stepfunctions").list_tags_for_resource(resourceArn=machine)["tags"]
        return Shipped(self, file, next(one["value"] for one in tags if one["key"] == "flowc:flow"), machine)


Ship = Callable[..., Shipped]


@pytest.fixture
def shop(aws: Aws, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shop:
    """A shell whose variables say all that a deployment needs."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FLOWC_"))]:
        monkeypatch.delenv(name)
    place = f"s3://{aws.bucket()}/flows"
    told: dict[str, Any] = {
        "FLOWC_USER": "ann",
        "FLOWC_DATASTORE": place,
        "FLOWC_BATCH_QUEUE": aws.batch_queue,
        "FLOWC_SFN_ROLE": aws.role,
        "FLOWC_JOB_ROLE": aws.role,
        "FLOWC_EXECUTION_ROLE": aws.role,
    }
    for name, value in {**aws.environment, **told}.items():
        monkeypatch.setenv(name, value)
    return Shop(aws, place, capfd)


@pytest.fixture
def ship(shop: Shop) -> Ship:
    """Deploys a flow from its file, with these options of `flowc deploy`."""
    return shop.deploy
