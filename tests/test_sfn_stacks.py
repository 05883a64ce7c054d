"""The CloudFormation template is all that a flow needs: applied to an account with a bucket and a queue or cluster, it makes a
machine whose run leaves what a local run leaves, and roles that may do what machine and jobs do, and no more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from deployed import Ran, environment, run_here
from engines import Aws, engine
from engines.calls import JOB, MACHINE, Call, calls_of
from policies import allowing, granted

FLOW = """
from flowc import FlowSpec, Parameter, schedule, secrets, step, trigger, trigger_on_finish


@schedule(cron="0 6 * * 1-5", timezone="Europe/Berlin")
@trigger(event="sums.ready")
@trigger_on_finish(flow="Load")
class Sums(FlowSpec):
    many = Parameter("many", default=3)

    @step
    def start(self):
        self.rows = [list(range(row)) for row in range(self.many)]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = self.input
        self.next(self.cell, foreach="cells")

    @secrets(sources=["aws-secrets-manager.db"])
    @step
    def cell(self):
        import os

        self.value = self.input * len(os.environ.get("PASSWORD", "word"))
        if self.value > 2:
            self.next(self.large)
        else:
            self.next(self.small)

    @step
    def large(self):
        self.value += 1000
        self.next(self.done)

    @step
    def small(self):
        self.next(self.done)

    @step
    def done(self):
        self.next(self.sum_row)

    @step
    def sum_row(self, inputs):
        self.total = sum(one.value for one in inputs)
        self.next(self.sum)

    @step
    def sum(self, inputs):
        self.totals = [one.total for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
PLACE = "us-east-1:123456789012"
RULES = {"batch": "StepFunctionsGetEventsForBatchJobsRule", "ecs-fargate": "StepFunctionsGetEventsForECSTaskRule"}


def besides(compute: str, applied: Applied) -> dict[str, list[Call]]:
    """What is done on AWS, as its documentation says, and here without a call, or not at all."""
    rule, machine = f"arn:aws:events:{PLACE}:rule/{RULES[compute]}", f"arn:aws:states:{PLACE}"
    calls = [(f"events:{one}", rule) for one in ("DescribeRule", "PutRule", "PutTargets")]
    calls += [("states:StartExecution", f"{machine}:stateMachine:Sums")]
    calls += [(f"states:{one}Execution", f"{machine}:execution:Sums/row:1:2") for one in ("Describe", "Redrive", "Stop")]
    if compute == "batch":
        calls += [("batch:DescribeJobs", "*"), ("batch:TerminateJob", f"arn:aws:batch:{PLACE}:job/0-1-2")]
    else:
        task = f"arn:aws:ecs:{PLACE}:task/{applied.aws.ecs_cluster.rpartition('/')[2]}/0123"
        calls += [("ecs:DescribeTasks", task), ("ecs:StopTask", task)]
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    roles = [] if compute == "batch" else [applied.role(one) for one in ("JobRole", "ExecutionRole")]
    failing = "s3:AbortMultipartUpload", f"{applied.ran.place.replace('s3://', 'arn:aws:s3:::')}/Sums/1/large"
    return {
        MACHINE: [Call(MACHINE, *one) for one in calls] + [Call(MACHINE, "iam:PassRole", one, passed) for one in roles],
        JOB: [Call(JOB, *failing)],
    }


@dataclass(frozen=True)
class Applied:
    """A template that was applied, and a run of what it made.

    Attributes:
        compute: What runs its tasks.
        outputs: The stack's outputs.
        resources: The physical ids of its resources.
        calls: What the machine, and what its jobs called while it went on.
    """

    aws: Aws = field(repr=False)
    compute: str
    file: Path
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    ran: Ran = field(repr=False)
    calls: Mapping[str, list[Call]] = field(repr=False)

    def role(self, name: str) -> str:
        """The ARN of a role."""
        return str(self.aws.client("iam").get_role(RoleName=self.resources[name])["Role"]["Arn"])

    def policy(self, role: str) -> Any:
        """The one policy of a role."""
        iam = self.aws.client("iam")
        name = self.resources[role]
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    with engine({"FLOWC_ENGINE_STACKS": "1", "FLOWC_ENGINE_CALLS": "1"}) as aws:
        yield aws


@pytest.fixture(scope="module", params=["batch", "ecs-fargate"])
def applied(request: pytest.FixtureRequest, account: Aws, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    compute: str = request.param
    aws = account.emptied()
    aws.client("secretsmanager").create_secret(Name="db", SecretString='{"PASSWORD": "secret"}')
    file = tmp_path_factory.mktemp(compute) / "sums.py"
    file.write_text(FLOW)
    given = {"DatastoreBucket": aws.bucket()}
    options = ["--compute", compute]
    if compute == "batch":
        given["BatchQueue"] = aws.batch_queue.rpartition("/")[2]
    else:
        # Given, for moto makes `$` of `$$` where a list stands among parts of a text, and wants a group.
        (group, *_) = aws.client("ec2").describe_security_groups()["SecurityGroups"]
        options += ["--subnets", aws.subnets[0], "--security-groups", group["GroupId"]]
        given["EcsCluster"] = aws.ecs_cluster.rpartition("/")[2]
    flowc(file, "compile", *options, "--target", "sfn", "-o", "out/")
    packing = ("--no-dependencies",)
    flowc(file, "package", "save", *packing, "-o", "package")
    given["PackageKey"] = json.loads(flowc(file, "package", "list", *packing, "--format", "json"))["key"]
    aws.client("s3").upload_file(str(file.parent / "package"), given["DatastoreBucket"], given["PackageKey"])
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="sums",
        TemplateBody=(file.parent / "out" / "cloudformation.json").read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName="sums")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    found = cloudformation.describe_stack_resources(StackName="sums")["StackResources"]
    assert {one["ResourceStatus"] for one in found} == {"CREATE_COMPLETE"}
    calls_of(aws.endpoint)
    run = aws.client("stepfunctions").start_execution(stateMachineArn=outputs["AliasArn"], name="1", input='{"many": "4"}')
    execution = aws.wait(run["executionArn"])
    calls = calls_of(aws.endpoint)
    return Applied(
        aws=aws,
        compute=compute,
        file=file,
        outputs=outputs,
        resources={one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found},
        ran=Ran("Sums", execution, f"s3://{given['DatastoreBucket']}"),
        calls={who: [one for one in calls if one.who == who] for who in (MACHINE, JOB)},
    )


def flowc(file: Path, *arguments: str) -> str:
    """What a command line about the flow prints, in its folder."""
    verb = 2 if arguments[0] == "package" else 1
    command = [sys.executable, "-m", "flowc", *arguments[:verb], file.name, *arguments[verb:]]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_it_makes_runs_as_here(applied: Applied) -> None:
    assert applied.ran.execution.status == "SUCCEEDED", applied.ran.execution.report()
    with environment(applied.aws.environment):
        here = run_here(applied.file, "Sums", "--many", "4")
    assert here.code == 0
    assert applied.ran.kept() == here.kept


@pytest.mark.parametrize(("who", "role"), [(MACHINE, "StateMachineRole"), (JOB, "JobRole")])
def test_roles_allow_what_is_done_and_no_more(applied: Applied, who: str, role: str) -> None:
    policy, calls = applied.policy(role), applied.calls[who]
    assert calls
    used = {one: list(allowing(policy, one)) for one in calls + besides(applied.compute, applied)[who]}
    assert not [one for one, by in used.items() if not by]
    assert granted(policy) == {one for by in used.values() for one in by}
    assert {action for sid, action in granted(policy) if "*" in resources_of(policy, sid)} <= {"batch:DescribeJobs"}


def resources_of(policy: Mapping[str, Any], sid: str) -> list[str]:
    (found,) = (one["Resource"] for one in policy["Statement"] if one["Sid"] == sid)
    assert isinstance(found, list)
    return found


def test_roles_allow_nothing_of_another_flow(applied: Applied) -> None:
    """The same calls about other objects, definitions and machines are refused."""
    for who, role in ((MACHINE, "StateMachineRole"), (JOB, "JobRole")):
        policy = applied.policy(role)
        others = [
            replace(one, resource=one.resource.replace("Sums", "Other"), context=other(one.context))
            for one in applied.calls[who]
            if "Sums" in one.resource or "Sums" in str(one.context)
        ]
        assert others
        assert not [one for one in others if list(allowing(policy, one))]


def other(context: Mapping[str, str]) -> dict[str, str]:
    return {key: value.replace("Sums", "Other") for key, value in context.items()}


def test_what_starts_it_may(applied: Applied) -> None:
    """The schedule and the rules start the alias, by a role that may do that and nothing else."""
    policy, alias = applied.policy("EventsRole"), applied.outputs["AliasArn"]
    assert granted(policy) == {("StartRuns", "states:StartExecution")}
    # IAM looks at the machine, whichever of its versions and aliases is started.
    assert resources_of(policy, "StartRuns") == [alias.removesuffix(":live")]
    schedule = applied.aws.client("scheduler").get_schedule(Name=applied.resources["Schedule"])
    targets = [schedule["Target"]]
    for rule in ("EventRule", "FinishRule"):
        targets += applied.aws.client("events").list_targets_by_rule(Rule=applied.resources[rule])["Targets"]
    assert len(targets) == 3
    role = applied.aws.client("iam").get_role(RoleName=applied.resources["EventsRole"])["Role"]
    assert {(one["Arn"], one["RoleArn"]) for one in targets} == {(alias, role["Arn"])}
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": ["scheduler.amazonaws.com", "events.amazonaws.com"]}


def test_machine_and_jobs_have_the_roles(applied: Applied) -> None:
    machine = applied.aws.client("stepfunctions").describe_state_machine(stateMachineArn=applied.outputs["StateMachineArn"])
    assert machine["roleArn"] == applied.role("StateMachineRole")
    (definition,) = (arn for arn in applied.resources.values() if ":job-definition/" in arn or ":task-definition/" in arn)
    if applied.compute == "batch":
        (found,) = applied.aws.client("batch").describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"]
        assert found["containerProperties"]["jobRoleArn"] == applied.role("JobRole")
    else:
        found = applied.aws.client("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
        assert (found["taskRoleArn"], found["executionRoleArn"]) == (applied.role("JobRole"), applied.role("ExecutionRole"))
