"""A flow on an engine of `engines`: its package in a bucket, its documents as the compiler writes them, and a run of it.

ran = deploy(aws, case / "flow.py").run()
assert ran.execution.status == "SUCCEEDED", ran.execution.report()
ran.kept()         # all that its tasks left, as text
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engines import Aws, Execution
from test_golden_runs import GAP, kept

from flowc.cli.flow_file import FlowFile
from flowc.cli.packaging import build_package
from flowc.compiler.diagnostics.model import Report
from flowc.compiler.given import NOTHING, Given
from flowc.runtime import contract
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_failure
from flowc.runtime.store import LocalStore, Store, open_store
from flowc.targets.options import Options
from flowc.targets.sfn.deployment import Deployment, deployment_of


@dataclass(frozen=True)
class Ran:
    """A run that is over."""

    flow: str
    execution: Execution
    place: str

    @property
    def store(self) -> Store:
        """Where its objects are."""
        with environment(self.execution.aws.environment):
            return open_store(self.place)

    def kept(self) -> str:
        """For each task its choice, its cardinality and its artifacts, as `golden/<case>/result.json` has them."""
        with environment(self.execution.aws.environment):
            return kept(self.store, self.flow, self.execution.name, GAP)

    def failures(self) -> dict[str, str]:
        """Why attempts failed, by `step/path/attempt-N.json`."""
        with environment(self.execution.aws.environment):
            return failures(self.store, self.flow, self.execution.name)


@dataclass(frozen=True)
class Deployed:
    """A flow that can be run."""

    aws: Aws
    flow: str
    place: str
    deployment: Deployment

    def run(self, parameters: Mapping[str, Any] | None = None, name: str = "1") -> Ran:
        """Run it, and wait for the end."""
        execution = self.aws.run(self.deployment.definition, (), parameters or {}, name)
        return Ran(self.flow, execution, self.place)


@dataclass(frozen=True)
class RanHere:
    """A local run that is over, to compare with."""

    code: int
    kept: str
    failures: dict[str, str]


def run_here(file: Path, flow: str, *arguments: str) -> RanHere:
    """Run a flow with these options of `flowc run`, in a datastore beside its file."""
    store = LocalStore(file.parent / "store")
    command = [sys.executable, "-m", "flowc", "run", str(file), "--datastore", str(store), *arguments]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, check=False)
    return RanHere(done.returncode, kept(store, flow, "1"), failures(store, flow, "1"))


def failures(store: Store, flow: str, run: str) -> dict[str, str]:
    """Why attempts of a run's tasks failed, by `step/path/attempt-N.json`."""
    found = {}
    for key in sorted(store.list(contract.run_key(flow, run))):
        if failed := re.fullmatch(r"[^/]+/[^/]+/(([^/]+)/([^/]+)/attempt-(\d+)\.json)", key):
            where, step, path, attempt = failed.groups()
            failure = str(read_failure(store, flow, TaskId(run, step, path), int(attempt)))
            found[where] = re.sub("; it used [^)]*", "", failure)  # of memory, which a local run does not count
    return found


def deploy(aws: Aws, file: Path, *, dependencies: bool = False, added: Given = NOTHING, **given: Any) -> Deployed:
    """Package a flow, compile it, and register what its machine names.

    Args:
        aws: Where.
        file: The flow's file.
        added: What a command line gives the compile.
        dependencies: Whether the package brings what the runtime needs of other packages, which processes here have.
        given: Settings of `Options`.
    """
    flow_file = FlowFile(str(file))
    compilation, data = flow_file.compile(added)
    assert compilation.flow is not None, compilation.diagnostics
    package = build_package(compilation, flow_file, data, dependencies=dependencies)
    place = f"s3://{aws.bucket()}/flows"
    with environment(aws.environment):
        open_store(place).put(package.key, package.data)
    options = replace(Options(datastore=place, batch_queue=aws.batch_queue, code=package.key), **given)
    report = Report()
    facts = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
    made = deployment_of(compilation.flow, options, report).filled(facts)
    assert not report.failed, report.sorted()
    if options.compute.startswith("ecs"):
        for task in made.jobs:
            aws.client("ecs").register_task_definition(**task)
    else:
        aws.register(made.jobs)
        make_queues(aws, {queue for queue in queues(made.definition) if queue != aws.batch_queue})
    return Deployed(aws, compilation.flow.name, place, made)


def in_image(jobs: Sequence[Mapping[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Job definitions of Batch, as if their image held the flow: plan and file are in that folder. The command is the entrypoint
    alone, which costs less."""
    made = []
    for one in jobs:
        container = one["containerProperties"]
        variables = [*container["environment"], {"name": contract.PACKAGE, "value": str(folder)}]
        more = {"environment": variables, "command": ["python3", "-m", "flowc.runtime"]}
        made.append({**one, "containerProperties": {**container, **more}})
    return made


def queues(states: Any) -> Iterator[str]:
    """The queues that are named in any part of a machine."""
    if isinstance(states, dict):
        if "JobQueue" in states:
            yield states["JobQueue"]
        for part in states.values():
            yield from queues(part)
    elif isinstance(states, list):
        for part in states:
            yield from queues(part)


def make_queues(aws: Aws, names: Iterable[str]) -> None:
    """Those that are not there yet (names or ARNs), on the machines of the account's own."""
    batch = aws.client("batch")
    machines = batch.describe_job_queues(jobQueues=[aws.batch_queue])["jobQueues"][0]["computeEnvironmentOrder"]
    for name in (one.rpartition("/")[2] for one in names):
        if not batch.describe_job_queues(jobQueues=[name])["jobQueues"]:
            batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=machines)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables, in this process, for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
