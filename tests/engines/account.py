"""An AWS account for tests: clients, buckets, a queue, a role, and `run`, which deploys a state machine and waits for its end."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from engines import fates
from engines.faults import LOST, ROUTE, fault_of
from engines.processes import aws_environment

_LAST = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Execution:
    """An execution that is over.

    Attributes:
        arn: Its ARN.
        name: The run's id.
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        error: Why it failed: the error's name, or nothing.
        cause: Likewise in more words.
        output: What its last state handed on, or None.
        history: Its events.
    """

    aws: Aws = field(repr=False)
    arn: str
    name: str
    status: str
    error: str
    cause: str
    output: Any
    history: tuple[dict[str, Any], ...] = field(repr=False)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type."""
        return [one for one in self.history if one["type"] == kind]

    def report(self) -> str:
        """Everything that a person wants to know of an execution that did not do what it should."""
        lines = [f"{self.arn}: {self.status} {self.error} {self.cause[:2000]}"]
        for job in self.aws.jobs():
            if job["status"] == "FAILED":
                lines += ["", f"{job['jobName']} {job['jobId']}: {job.get('statusReason')}", self.aws.log_of(job)]
        return "\n".join(lines)


class Aws:
    """One account in one region.

    Attributes:
        endpoint: Where all its services are.
        environment: What a process needs to get at them.
    """

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint = endpoint
        self._folder = folder
        self.environment = aws_environment(endpoint)
        import boto3  # late: every test process reads this module

        self._session: Any = boto3.session.Session(
            aws_access_key_id="engine", aws_secret_access_key="engine", region_name=self.environment["AWS_REGION"]
        )
        self._clients: dict[str, Any] = {}

    def client(self, name: str) -> Any:
        """A client of a service, always the same."""
        if name not in self._clients:
            from botocore.config import Config

            options = Config(retries={"max_attempts": 0}, max_pool_connections=50)
            self._clients[name] = self._session.client(name, endpoint_url=self.endpoint, config=options)
        return self._clients[name]

    def furnish(self, bucket: str, queue: str, roles: Sequence[str]) -> None:
        """Make a bucket, a job queue and roles of these names."""
        self.client("s3").create_bucket(Bucket=bucket)
        self._make_queue(queue)
        for role in roles:
            self._make_role(role)

    def bucket(self) -> str:
        """A new bucket."""
        name = _fresh("bucket")
        self.client("s3").create_bucket(Bucket=name)
        return name

    def emptied(self) -> Aws:
        """The account without anything in it, which has forgotten what it was asked before."""
        urllib.request.urlopen(urllib.request.Request(self.endpoint + fates.RESET, method="POST")).close()
        return Aws(self.endpoint, self._folder)

    def folder(self) -> Path:
        """A new folder, which jobs can see."""
        folder = self._folder / _fresh("folder")
        folder.mkdir()
        return folder

    def fail(
        self, service: str, operation: str, code: str, *, message: str = "on request", status: int = 400, times: int = 1
    ) -> None:
        """Have the next calls of an operation fail, whoever makes them.

        Args:
            service: As boto3 names it: `batch`.
            operation: As AWS names it: `SubmitJob`.
            code: The error: `TooManyRequestsException`.
            message: What is wrong.
            status: Of the HTTP response.
            times: How many calls.
        """
        self._post(ROUTE, fault_of(service, operation, code, message, status, times))

    def lose(self, service: str, operation: str, *, times: int = 1) -> None:
        """Have the answers to the next calls of an operation be lost."""
        self._post(ROUTE, fault_of(service, operation, LOST, "", 0, times))

    def doom(
        self, pattern: str, status_reason: str, *, reason: str = "", code: int | None = None, started: bool = True, times: int = 1
    ) -> None:
        """Have the next jobs of AWS Batch of such names end so, and not run. Those of an array have `:` and a number as well.

        Args:
            pattern: As of files: `flowc-Sums-*`, `*:3`.
            status_reason: What Batch says.
            reason: What it says of the container.
            code: The exit code, if there is one.
            started: Whether it has run before.
            times: How many jobs.
        """
        self._fate(pattern, status_reason, held=False, reason=reason, code=code, started=started, times=times)

    def hold(self, pattern: str, status_reason: str = "") -> None:
        """Have jobs of such names wait in RUNNABLE until they are let go, for a reason that Batch tells."""
        self._fate(pattern, status_reason, held=True)

    def let_go(self, pattern: str) -> None:
        """Leave jobs of such names to what they do themselves."""
        self._fate(pattern, "", held=False, times=0)

    def _fate(
        self,
        pattern: str,
        status_reason: str,
        *,
        held: bool,
        reason: str = "",
        code: int | None = None,
        started: bool = False,
        times: int = 1,
    ) -> None:
        fate = fates.Fate(
            pattern=pattern, held=held, times=times, status_reason=status_reason, reason=reason, code=code, started=started
        )
        self._post(fates.ROUTE, fate)

    def _post(self, route: str, data: object) -> None:
        body = json.dumps(data).encode()
        urllib.request.urlopen(urllib.request.Request(self.endpoint + route, data=body)).close()

    @cached_property
    def role(self) -> str:
        """A role, for whatever needs one."""
        return self._make_role(_fresh("role"))

    def _make_role(self, name: str) -> str:
        services = [f"{one}.amazonaws.com" for one in ("states", "ecs-tasks", "scheduler", "events", "batch")]
        allowed = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [allowed]}
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return str(made["Role"]["Arn"])

    @cached_property
    def batch_queue(self) -> str:
        """A job queue."""
        return self._make_queue(_fresh("queue"))

    def _make_queue(self, name: str) -> str:
        batch = self.client("batch")
        place = batch.create_compute_environment(
            computeEnvironmentName=_fresh("place"), type="UNMANAGED", state="ENABLED", serviceRole=self.role
        )
        order = [{"order": 1, "computeEnvironment": place["computeEnvironmentArn"]}]
        made = batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
        return str(made["jobQueueArn"])

    @cached_property
    def ecs_cluster(self) -> str:
        """A cluster of ECS, for Fargate or any other kind of capacity."""
        return str(self.client("ecs").create_cluster(clusterName=_fresh("cluster"))["cluster"]["clusterArn"])

    @cached_property
    def subnets(self) -> list[str]:
        """Where tasks of ECS may be, with `awsvpc`."""
        return [one["SubnetId"] for one in self.client("ec2").describe_subnets()["Subnets"]]

    def register(self, jobs: Sequence[Mapping[str, Any]]) -> None:
        """Register job definitions, by the requests of `batch:RegisterJobDefinition` or `ecs:RegisterTaskDefinition`."""
        for job in jobs:
            if "family" in job:
                self.client("ecs").register_task_definition(**job)
            else:
                self.client("batch").register_job_definition(**job)

    def start(
        self,
        definition: Mapping[str, Any] | str,
        jobs: Sequence[Mapping[str, Any]] = (),
        input: object = None,
        name: str | None = None,
    ) -> str:
        """Deploy a state machine with its job definitions, and start an execution; its ARN.

        Args:
            definition: The state machine.
            jobs: The job definitions that it runs.
            input: What it is started with.
            name: The execution's name, one of our own if None.
        """
        self.register(jobs)
        text = definition if isinstance(definition, str) else json.dumps(definition)
        sfn = self.client("stepfunctions")
        machine = sfn.create_state_machine(name=_fresh("machine"), definition=text, roleArn=self.role)["stateMachineArn"]
        given = json.dumps({} if input is None else input)
        return str(sfn.start_execution(stateMachineArn=machine, name=name or _fresh("run"), input=given)["executionArn"])

    def run(
        self,
        definition: Mapping[str, Any] | str,
        jobs: Sequence[Mapping[str, Any]] = (),
        input: object = None,
        name: str | None = None,
    ) -> Execution:
        """Likewise, and wait for the end."""
        return self.wait(self.start(definition, jobs, input, name))

    def wait(self, arn: str) -> Execution:
        """An execution, when it is over."""
        sfn = self.client("stepfunctions")
        pause = 0.01
        while (said := sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        while (history := self.events(arn))[-1]["type"] not in _LAST:  # what stopped it says so before it is over
            time.sleep(0.01)
        return Execution(
            aws=self,
            arn=arn,
            name=said["name"],
            status=said["status"],
            error=said.get("error", ""),
            cause=said.get("cause", ""),
            output=json.loads(said["output"]) if "output" in said else None,
            history=tuple(history),
        )

    def events(self, arn: str) -> list[dict[str, Any]]:
        """The history of an execution."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [one for page in pages for one in page["events"]]

    def jobs(self, queue: str | None = None) -> list[dict[str, Any]]:
        """All jobs of a queue, `batch_queue` if None, as `batch:DescribeJobs` has them, in the order of their submission."""
        batch = self.client("batch")
        every = [{"name": "AFTER_CREATED_AT", "values": ["0"]}]
        pages = batch.get_paginator("list_jobs").paginate(jobQueue=queue or self.batch_queue, filters=every)
        ids = [one["jobId"] for page in pages for one in page["jobSummaryList"]][::-1]
        parts = [ids[start : start + 100] for start in range(0, len(ids), 100)]
        return [job for part in parts for job in batch.describe_jobs(jobs=part)["jobs"]]

    def log_of(self, job: Mapping[str, Any]) -> str:
        """What a job printed, of CloudWatch."""
        stream = job["container"].get("logStreamName")
        if stream is None:
            return ""
        said = self.client("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream, startFromHead=True)
        return "\n".join(one["message"] for one in said["events"])


def _fresh(kind: str) -> str:
    return f"{kind}-{os.getpid()}-{next(_NUMBERS)}"


@contextmanager
def engine(environment: Mapping[str, str] | None = None) -> Iterator[Aws]:
    """An account of its own, with a process of its own.

    Args:
        environment: More variables for the engine's process.
    """
    with served("engines.server", os.environ.get("PYTHONPATH", ""), environment or {}) as account:
        yield account


@contextmanager
def served(module: str, path: str, environment: Mapping[str, str]) -> Iterator[Aws]:
    """The account of a server, which gets a folder, prints its port, and ends when its standard input does.

    Args:
        module: The server, of this package.
        path: Where its packages are, besides these here.
        environment: Its variables, besides PATH.
    """
    with tempfile.TemporaryDirectory(prefix="flowc-engine-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        paths = os.pathsep.join(filter(None, [path, str(Path(__file__).parent.parent)]))
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module, folder],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, "TMPDIR": folder, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                cwd=folder,
                start_new_session=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port:
                raise RuntimeError(f"{module} does not start: {log.read_text(errors='replace')[-2000:]}")
            yield Aws(f"http://{environment.get('FLOWC_ENGINE_HOST', '127.0.0.1')}:{int(port)}", Path(folder))
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """The session's account; of pytest-xdist, each worker's."""
    with engine() as account:
        yield account
