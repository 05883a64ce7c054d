"""A person's shell, in which flows are deployed to a cluster and run there by the command line: `deploy`, `trigger`, `retry`.

ran = moor(case / "flow.py").run("--alpha", "0.5")
assert ran.code == 0, ran.report()
ran.kept()              # all that its tasks left, as text

The cluster is the engine's, of `engines.argo`; `shipped` is the same for AWS.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deployed import failures
from engines.argo.cluster import EXECUTOR, Argo
from shipped import Said
from test_golden_runs import GAP, kept

from flowc.cli.program import execute
from flowc.runtime.client import namespaces
from flowc.runtime.store import Store, open_store
from flowc.targets.argo import marks

OVER = ("Succeeded", "Failed", "Error")


@dataclass(frozen=True)
class Moored:
    """A flow that is deployed.

    Attributes:
        template: The WorkflowTemplate's name.
    """

    berth: Berth
    file: Path
    flow: str
    template: str

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
        return self.berth(verb, str(self.file), *arguments, "--target", "argo")


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes:
        said: What the command line that waited for it left.
        id: The run's id.
    """

    moored: Moored
    said: Said
    id: str

    @property
    def code(self) -> int:
        """The exit code of that command line."""
        return self.said.code

    def workflow(self) -> Any:
        """The Workflow, when it is over."""
        while (found := self.moored.berth.argo.get("workflows", self.id))["status"].get("phase") not in OVER:
            time.sleep(0.02)
        return found

    @property
    def phase(self) -> str:
        """How it ended."""
        return str(self.workflow()["status"]["phase"])

    def node(self, name: str) -> Any:
        """The node that is shown so, as long as there is one only."""
        (found,) = (one for one in self.workflow()["status"]["nodes"].values() if one["displayName"] == name)
        return found

    def report(self) -> str:
        """Everything that a person wants to know of a run that did not do what it should."""
        status = self.workflow()["status"]
        bad = [one for one in status["nodes"].values() if one["phase"] in ("Failed", "Error")]
        lines = [f"{one['name']} {one['type']} {one['phase']}: {one.get('message')}" for one in bad]
        lines += [f"{step}: {why}" for step, why in self.failures().items()]
        return "\n".join([self.said.err, f"{self.id}: {status['phase']} {status.get('message', '')}", *lines])

    @property
    def store(self) -> Store:
        """Where its objects are."""
        return open_store(self.moored.berth.argo.place)

    def kept(self) -> str:
        """For each task its choice, its cardinality and its artifacts, as `golden/<case>/result.json` has them."""
        return kept(self.store, self.moored.flow, self.id, GAP)

    def failures(self) -> dict[str, str]:
        """Why attempts failed, by `step/path/attempt-N.json`."""
        return failures(self.store, self.moored.flow, self.id)


@dataclass
class Berth:
    """A shell in which the engine is the cluster."""

    argo: Argo
    capfd: pytest.CaptureFixture[str] | None

    def __call__(self, *arguments: str) -> Said:
        """Run a command line."""
        if self.capfd is not None:
            self.capfd.readouterr()
        namespaces.default_namespace()
        code = execute(arguments)
        return Said(code, *(self.capfd.readouterr() if self.capfd is not None else ("", "")))

    def deploy(self, file: Path, *arguments: str) -> Moored:
        """Deploy a flow."""
        before = {one["metadata"]["name"] for one in self.argo.all("workflowtemplates")}
        said = self("deploy", str(file), "--target", "argo", "--no-dependencies", "--yes", *arguments)
        assert said.code == 0, said.err
        (template,) = (one for one in self.argo.all("workflowtemplates") if one["metadata"]["name"] not in before)
        metadata = template["metadata"]
        return Moored(self, file, metadata["annotations"][marks.FLOW], metadata["name"])


Moor = Callable[..., Moored]


@pytest.fixture
def berth(argo: Argo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Berth:
    """A shell whose variables say all that a deployment needs."""
    enter(argo, monkeypatch)
    return Berth(argo, capfd)


def enter(argo: Argo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables of such a shell."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FLOWC_"))]:
        monkeypatch.delenv(name)
    told = {"FLOWC_USER": "ann", "FLOWC_DATASTORE": argo.place, "FLOWC_SERVICE_ACCOUNT": EXECUTOR}
    for name, value in {**argo.environment, **told}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def moor(berth: Berth) -> Moor:
    """Deploys a flow from its file, with these options of `flowc deploy`."""
    return berth.deploy
