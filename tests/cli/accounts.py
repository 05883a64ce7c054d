"""An account of AWS to deploy to, empty but for what a deployment needs; what is in it, and what a proxy before it was asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from engines import Aws, engine
from faults import Proxy, proxy_to
from servers import Server


class Ended(NamedTuple):
    """What a command line left."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]

FLOW = """\
from flowc import FlowSpec, Parameter, schedule, step, trigger


@schedule(cron="0 6 * * 1-5", timezone="Europe/Berlin")
@trigger(event="sums.ready")
class Sums(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.end)

    @step
    def end(self):
        print(self.alpha)
"""
CHANGED = FLOW.replace("0 6 *", "0 7 *").replace("sums.ready", "sums.steady").replace("[1, 2]", "[1, 2, 3]")
PLAIN = FLOW[: FLOW.index("\n\n@schedule")] + "\n\n\n" + FLOW[FLOW.index("class Sums") :]
PROJECT = PLAIN.replace("class Sums", '@project(name="adds")\nclass Sums').replace("import FlowSpec", "import project, FlowSpec")


@pytest.fixture(scope="module")
def empty_engine() -> Iterator[Aws]:
    with engine() as account:
        yield account


@dataclass
class Account:
    """An empty account with what a deployment needs.

    Attributes:
        role: A role.
        bucket: A bucket.
        queue: A queue.
        proxy: What stands before it.
    """

    aws: Aws
    proxy: Proxy
    role: str
    bucket: str
    queue: str
    run: Run

    def deploy(self, *arguments: str, text: str | None = None) -> Ended:
        if text is not None:
            Path("sums.py").write_text(text)
        return self.run("deploy", "sums.py", "--no-dependencies", *arguments)

    def undeploy(self, *arguments: str) -> Ended:
        return self.run("undeploy", "sums.py", *arguments)

    def client(self, name: str) -> Any:
        return self.aws.client(name)

    @property
    def sfn(self) -> Any:
        return self.aws.client("stepfunctions")

    def machine(self, name: str = "Sums") -> str:
        return f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"

    def versions(self, name: str = "Sums") -> list[int]:
        found = self.sfn.list_state_machine_versions(stateMachineArn=self.machine(name))["stateMachineVersions"]
        return [int(one["stateMachineVersionArn"].rpartition(":")[2]) for one in found]

    def live(self, name: str = "Sums") -> str:
        """The ARN of the version that new runs have."""
        found = self.sfn.describe_state_machine_alias(stateMachineAliasArn=f"{self.machine(name)}:live")
        (route,) = found["routingConfiguration"]
        return str(route["stateMachineVersionArn"])

    def everything(self) -> dict[str, Any]:
        """All that there is in the account, but for numbers of versions and revisions: what was asked for twice counts on."""
        scheduler, events, batch = self.client("scheduler"), self.client("events"), self.client("batch")
        found: dict[str, Any] = {}
        for one in self.client("s3").list_objects_v2(Bucket=self.bucket).get("Contents", ()):
            found[one["Key"]] = one["Size"]
        for one in self.sfn.list_state_machines()["stateMachines"]:
            arn = one["stateMachineArn"]
            now = self.sfn.describe_state_machine(stateMachineArn=arn)
            found[arn] = now["definition"], now["roleArn"]
            found[f"{arn} tags"] = {
                each["key"]: each["value"] for each in self.sfn.list_tags_for_resource(resourceArn=arn)["tags"]
            }
            for alias in self.sfn.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]:
                routes = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias["stateMachineAliasArn"])[
                    "routingConfiguration"
                ]
                live = [self.sfn.describe_state_machine(stateMachineArn=each["stateMachineVersionArn"]) for each in routes]
                found[alias["stateMachineAliasArn"]] = [
                    (each["definition"], each["roleArn"], each["description"]) for each in live
                ]
        for one in batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]:
            found[one["jobDefinitionName"]] = one["containerProperties"], one["tags"]
        for one in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(Name=one["Name"])
            found[one["Name"]] = {
                key: schedule.get(key) for key in ("ScheduleExpression", "ScheduleExpressionTimezone", "Target", "State")
            }
        for one in events.list_rules()["Rules"]:
            targets = events.list_targets_by_rule(Rule=one["Name"])["Targets"]
            found[one["Name"]] = (
                one["EventPattern"],
                one["State"],
                targets,
                events.list_tags_for_resource(ResourceARN=one["Arn"])["Tags"],
            )
        return found

    def renew(self) -> None:
        """Empty the account, but for what a deployment needs."""
        self.undeploy("--yes")
        s3 = self.client("s3")
        for one in s3.list_objects_v2(Bucket=self.bucket).get("Contents", ()):
            s3.delete_object(Bucket=self.bucket, Key=one["Key"])
        self.proxy.requests.clear()

    def writes(self) -> list[str]:
        """What changed something, of all that was asked of it so far."""
        return [one.path for one in self.proxy.requests if is_write(one.method, one.path)]


def is_write(method: str, path: str) -> bool:
    if method == "POST":
        operation = path.rpartition(".")[2] if " " in path else path.rpartition("/")[2]
        reads = ("Describe", "List", "Get", "describe", "list")
        return bool(operation) and not operation.startswith(reads)
    return method in ("PUT", "DELETE")


@cache
def _loader(path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(path)


@pytest.fixture
def account(empty_engine: Aws, flowc: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    # The models of services are some megabytes of JSON, which every command line would read again.
    monkeypatch.setattr("botocore.session.create_loader", _loader)
    aws = empty_engine.emptied()
    for name in list(os.environ):
        if name.startswith(("AWS_", "FLOWC_")):
            monkeypatch.delenv(name)
    with proxy_to(Server("", aws.endpoint, aws.environment)) as proxy:
        bucket = aws.bucket()
        here = {
            **proxy.environment,
            "AWS_CONFIG_FILE": "nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "nowhere",
            "AWS_MAX_ATTEMPTS": "1",
            "FLOWC_TARGET": "sfn",
            "FLOWC_DATASTORE": f"s3://{bucket}/flows",
            "FLOWC_SFN_ROLE": aws.role,
            "FLOWC_BATCH_QUEUE": aws.batch_queue,
            "FLOWC_USER": "Jo",
        }
        for name, value in here.items():
            monkeypatch.setenv(name, value)
        Path("sums.py").write_text(FLOW)
        yield Account(aws, proxy, aws.role, bucket, aws.batch_queue, flowc)
