"""A person's shell, in which flows are deployed to the cluster, run and watched by the command line.

deployed = ship(case / "flow.py")
ran = deployed.run("--alpha", "0.5")
assert ran.status == "Succeeded", ran.report()
ran.kept()              # all that its tasks left, as text
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from deployed import failures
from shipped import Said
from test_golden_runs import kept

from e2e.argo.cluster import Cluster, nodes, seconds
from flowc.cli.program import execute
from flowc.runtime.client import namespaces
from flowc.runtime.store import Store, open_store

LONGEST = 1800
"""Seconds after which the cluster ends a run that hangs."""


@dataclass
class Shell:
    """A shell whose variables say all that a deployment needs.

    Attributes:
        place: The datastore.
        told: What the table has of each run that is over.
    """

    cluster: Cluster
    place: str
    capfd: pytest.CaptureFixture[str]
    told: Callable[[dict[str, Any]], None]
    deployments: list[Deployed] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Said:
        """Run a command line."""
        self.capfd.readouterr()
        namespaces.default_namespace()
        code = execute(arguments)
        return Said(code, *self.capfd.readouterr())

    def deploy(self, file: Path, *arguments: str) -> Deployed:
        """Deploy a flow."""
        if "--workflow-timeout" not in arguments:
            arguments = (*arguments, "--workflow-timeout", str(LONGEST))
        said = self("deploy", str(file), "--target", "argo", "--yes", *arguments)
        assert said.code == 0, said.err
        version = re.fullmatch(r".+/(.+)@\d+\n", said.out)
        assert version is not None, said.out
        made = Deployed(self, file, version[1])
        self.deployments.append(made)
        return made

    def clean(self) -> None:
        """Take away what was deployed, with its runs."""
        for one in self.deployments:
            for run in one.runs:
                self.cluster.delete_workflow(run)
            said = one("undeploy", "--yes")
            assert said.code == 0, said.err
            assert not self.cluster.has("workflowtemplates", one.name)


@dataclass
class Deployed:
    """A flow that is deployed.

    Attributes:
        name: Its WorkflowTemplate's name.
        runs: Those that were started here.
    """

    shell: Shell
    file: Path
    name: str
    runs: list[str] = field(default_factory=list)

    def __call__(self, verb: str, *arguments: str) -> Said:
        """A verb for this flow."""
        return self.shell(verb, str(self.file), *arguments, "--target", "argo")

    def run(self, *arguments: str) -> Run:
        """`flowc trigger --wait` with these options."""
        said = self("trigger", *arguments, "--wait")
        run = said.out.strip()
        assert run, said.err
        return self.ended(run, said)

    def start(self, *arguments: str) -> str:
        """`flowc trigger`; the run's id."""
        said = self("trigger", *arguments)
        assert said.code == 0, said.err
        run = said.out.strip()
        self.runs.append(run)
        return run

    def ended(self, run: str, said: Said | None = None) -> Run:
        """A run that was started, when it is over."""
        if run not in self.runs:
            self.runs.append(run)
        workflow = self.shell.cluster.ended(run)
        ran = Run(self, run, said or Said(0, "", ""), workflow)
        self.shell.told(
            {
                "flow": ran.flow,
                "status": ran.status,
                "pods": sum(1 for _ in nodes(workflow, "Pod")),
                "seconds": seconds(workflow),
                **self.shell.cluster.versions(run),
            }
        )
        return ran


@dataclass(frozen=True)
class Run:
    """A run that is over.

    Attributes:
        said: What the command line that waited for it left.
        id: The run's id.
        workflow: Its object, as the cluster had it then.
    """

    deployed: Deployed
    id: str
    said: Said
    workflow: dict[str, Any]

    @property
    def code(self) -> int:
        """The exit code of the command line that waited for it."""
        return self.said.code

    @property
    def status(self) -> str:
        """How it ended, in Argo's word."""
        return str(self.workflow["status"]["phase"])

    @property
    def flow(self) -> str:
        """The flow's name."""
        return str(self.workflow["metadata"]["annotations"]["flowc/flow"])

    def report(self) -> str:
        """Everything that a person wants to know of a run that did not do what it should."""
        status = self.workflow["status"]
        failed = [
            f"{one['displayName']} ({one['type']}): {one['phase']} {one.get('message', '')}"
            for one in status.get("nodes", {}).values()
            if one["phase"] not in ("Succeeded", "Skipped", "Omitted")
        ]
        return "\n".join([self.said.err, f"{self.id}: {status['phase']} {status.get('message', '')}", *failed])

    @property
    def store(self) -> Store:
        """Where its objects are."""
        return open_store(self.deployed.shell.place)

    def kept(self) -> str:
        """For each task its choice, its cardinality and its artifacts, as `golden/<case>/result.json` has them."""
        return kept(self.store, self.flow, self.id)

    def failures(self) -> dict[str, str]:
        """Why attempts failed, by `step/path/attempt-N.json`."""
        return failures(self.store, self.flow, self.id)


_STORE = "__import__('flowc.runtime.store').runtime.store.open_store(__import__('os').environ['FLOWC_DATASTORE'])"


def mark(name: str) -> str:
    """An expression for a step: leaves an object of this name in the datastore, for the test to see."""
    return f"{_STORE}.put({name!r}, b'1')"


def marked(name: str) -> str:
    """An expression for a step: whether the test has left an object of this name in the datastore."""
    return f"({_STORE}.get({name!r}) is not None)"


def wait_for(store: Store, key: str) -> None:
    """Wait until there is such an object."""
    while store.get(key) is None:
        time.sleep(0.5)
