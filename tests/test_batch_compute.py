"""AWS Batch as the compute of a local run: what is prepared, and how jobs are started."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from engines import Aws
from offloaded import PACKAGE, Offloaded

from flowc.compiler.diagnostics.model import Report
from flowc.runtime import contract
from flowc.runtime.compute import Busy, ComputeError, Order
from flowc.targets.platform import PlatformError
from flowc.targets.sfn.aws import submitting
from flowc.targets.sfn.aws.session import AwsError, Session
from flowc.targets.sfn.aws.submitting import Submissions
from flowc.targets.sfn.deployment import deployment_of
from flowc.targets.sfn.jobs import Jobs


@pytest.fixture
def batch(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offloaded:
    return Offloaded(aws, tmp_path, monkeypatch)


def refusal(batch: Offloaded, **more: Any) -> str:
    with pytest.raises(ComputeError) as caught:
        batch.prepare(**more)
    return str(caught.value)


def variables(job: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in job["container"]["environment"]}


def far_queue(aws: Aws, name: str, kind: str) -> str:
    """A queue whose compute environment AWS Batch manages."""
    ec2, client = aws.client("ec2"), aws.client("batch")
    if not client.describe_job_queues(jobQueues=[name])["jobQueues"]:
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        resources = {"type": kind, "maxvCpus": 4, "subnets": [subnet], "securityGroupIds": [group]}
        if kind == "EC2":
            made = aws.client("iam").create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
            resources |= {"minvCpus": 0, "instanceTypes": ["m5.large"], "instanceRole": made}
        place = client.create_compute_environment(
            computeEnvironmentName=f"{name}-place", type="MANAGED", serviceRole=aws.role, computeResources=resources
        )["computeEnvironmentArn"]
        order = [{"order": 1, "computeEnvironment": place}]
        client.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
    return name


def test_what_is_prepared_is_what_a_deployed_flow_has(batch: Offloaded) -> None:
    jobs = batch.prepare()
    wanted = [one for one in deployment_of(batch.flow, batch.options, Report()).jobs if "program" in json.dumps(one)]
    name = wanted[0]["jobDefinitionName"]
    found = batch.aws.client("batch").describe_job_definitions(jobDefinitionName=name)["jobDefinitions"]
    properties = wanted[0]["containerProperties"]
    assert [{key: one["containerProperties"][key] for key in properties} for one in found] == [properties]
    assert batch.said == [f"the job definition {name} is new on AWS Batch: python:3.11, 1 CPU, 4000 MB"]
    assert batch.uploads == 1
    assert (jobs.name, jobs.where, jobs.pause) == ("AWS Batch", f"AWS Batch, queue {batch.aws.batch_queue.split('/')[1]}", 2.5)
    batch.said.clear()
    batch.prepare()
    assert (batch.said, batch.uploads) == ([], 2)
    assert len(batch.aws.client("batch").describe_job_definitions(jobDefinitionName=name)["jobDefinitions"]) == 1


def test_all_that_is_missing_is_said_before_anything_is_made(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    nothing = Offloaded(aws, tmp_path, monkeypatch, datastore=None, batch_queue=None)
    assert refusal(nothing) == (
        "--datastore is not given: where runs keep their objects, as s3://bucket/prefix (FLOWC_DATASTORE, or datastore in "
        "flowc.toml)\n"
        "--batch-queue is not given: the AWS Batch queue of steps that name none (FLOWC_BATCH_QUEUE, or batch-queue in "
        "flowc.toml)"
    )
    assert nothing.uploads == 0
    wrong = Offloaded(
        aws, tmp_path, monkeypatch, datastore="gs://bucket", batch_queue="none", job_role="arn:aws:iam::123456789012:role/none"
    )
    assert refusal(wrong) == (
        "tasks on AWS Batch keep what they make in S3, and the datastore is gs://bucket: say --datastore s3://bucket/prefix\n"
        "there is no AWS Batch queue none in us-east-1: create it, or name another one\n"
        "there is no role none: create it, or correct --job-role"
    )


def test_a_queue_that_runs_nothing(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    client = aws.client("batch")
    queue = far_queue(aws, "still", "FARGATE")
    roles = {"job_role": aws.role, "execution_role": aws.role}
    batch = Offloaded(aws, tmp_path, monkeypatch, batch_queue=queue, **roles)
    client.update_compute_environment(computeEnvironment="still-place", state="DISABLED")
    client.update_job_queue(jobQueue=queue, state="DISABLED")
    assert refusal(batch) == (
        "the AWS Batch queue still is disabled: enable it, or name another one\n"
        "no compute environment of the AWS Batch queue still runs jobs: still-place is disabled"
    )
    client.update_compute_environment(computeEnvironment="still-place", state="ENABLED")
    client.update_job_queue(jobQueue=queue, state="ENABLED")
    assert batch.prepare().where == "AWS Batch, queue still"


def test_fargate_or_ec2_is_decided_by_the_queue(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    queue = far_queue(aws, "far", "FARGATE")
    bare = Offloaded(aws, tmp_path, monkeypatch, batch_queue=queue)
    assert refusal(bare) == (
        "--job-role is not given: the ARN of the IAM role that tasks act by (FLOWC_JOB_ROLE, or job-role in flowc.toml)\n"
        "--execution-role is not given: the ARN of the IAM role that starts the tasks' containers (FLOWC_EXECUTION_ROLE, or "
        "execution-role in flowc.toml)"
    )
    roles = {"job_role": aws.role, "execution_role": aws.role}
    far = Offloaded(aws, tmp_path, monkeypatch, batch_queue=queue, fit="@resources(cpu=0.5, memory=1000)", **roles)
    list(far.prepare().start(far.orders("-")))
    assert far.said[0].startswith("step `fit` asks for 0.5 CPUs and 1,000 MB, and gets the next size of Fargate: ")
    used = far.jobs("far")[0]["jobDefinition"]
    (definition,) = aws.client("batch").describe_job_definitions(jobDefinitions=[used])["jobDefinitions"]
    assert definition["platformCapabilities"] == ["FARGATE"]
    gpu = Offloaded(aws, tmp_path, monkeypatch, batch_queue=queue, fit="@resources(gpu=1)", **roles)
    assert refusal(gpu) == "step `fit` asks for `gpu`, and Fargate has no GPUs (sums.py:10:16; the step's queue runs on Fargate)"
    near = Offloaded(aws, tmp_path, monkeypatch, batch_queue=far_queue(aws, "near", "EC2"), compute="batch-fargate", **roles)
    assert refusal(near) == (
        "the AWS Batch queue near runs on EC2 instances, and compute is batch-fargate in flowc.toml: leave that out, or change it"
    )
    ecs = Offloaded(aws, tmp_path, monkeypatch, compute="ecs")  # of a settings file, for state machines
    assert ecs.prepare().name == "AWS Batch"


def test_one_run_on_two_queues(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    queue = far_queue(aws, "far", "FARGATE")
    roles = {"job_role": aws.role, "execution_role": aws.role}
    batch = Offloaded(aws, tmp_path, monkeypatch, fit=f'@batch(queue="{queue}")', steps=("start", "fit"), **roles)
    jobs = batch.prepare()
    list(jobs.start(batch.orders("-", step="start")))
    list(jobs.start(batch.orders("0", step="fit")))
    assert [one["tags"]["flowc:step"] for one in (*batch.jobs(), *batch.jobs("far"))] == ["start", "fit"]
    assert jobs.where == f"AWS Batch, queues {aws.batch_queue.split('/')[1]}, far"


def test_what_no_queue_has_is_said_of_the_flow(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    def said(fit: str, **options: Any) -> list[str]:
        one, report = Offloaded(aws, tmp_path, monkeypatch, fit=fit, **options), Report()
        one.computing.check(one.flow, ["fit"], report)
        return [one.message for one in report.sorted()]

    assert said("@batch(tmpfs_path='/x')") == ["`tmpfs_path` of `@batch` has no effect without `use_tmpfs=True`"]
    assert said("@resources(gpu=1)") == []
    assert said("@resources(gpu=1)", compute="batch-fargate") == ["step `fit` asks for `gpu`, and Fargate has no GPUs"]
    assert said("@resources(memory=2)") == ["step `fit` asks for 2 MB of memory, and a container takes 6 or more"]


def test_what_keeps_the_package_from_its_place(batch: Offloaded) -> None:
    def upload() -> None:
        raise PlatformError("there is no bucket bucket")

    assert refusal(batch, upload=upload) == "there is no bucket bucket"


def test_without_credentials(batch: Offloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    assert refusal(batch) == "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def test_a_permission_that_is_missing(batch: Offloaded) -> None:
    said = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: batch:DescribeJobQueues on resource: *"
    batch.aws.fail("batch", "DescribeJobQueues", "AccessDeniedException", message=said, status=403)
    assert refusal(batch) == "AWS denies batch:DescribeJobQueues on *: the credentials need that permission"


def test_one_attempt_is_one_job(batch: Offloaded) -> None:
    jobs = batch.prepare()
    (started,) = jobs.start(batch.orders("3.~1", attempt=2))
    (job,) = batch.jobs()
    assert started.order == Order(batch.run, "fit", "3.~1", 2)
    assert started.id == job["jobId"]
    assert started.link == f"https://us-east-1.console.aws.amazon.com/batch/home?region=us-east-1#jobs/detail/{job['jobId']}"
    assert job["jobName"].startswith(f"flowc-Sums-{batch.run}-fit-")
    assert job["tags"] == {"flowc:flow": "Sums", "flowc:run": batch.run, "flowc:step": "fit", "flowc:user": "ann"}
    told = {name: value for name, value in variables(job).items() if not name.startswith("AWS_")}
    assert told == {
        "FLOWC_DATASTORE": "s3://bucket/flows",
        "FLOWC_TARGET": "sfn",
        "FLOWC_RUN": batch.run,
        "FLOWC_STEP": "fit",
        "FLOWC_PATH": "3.~1",
        "FLOWC_ATTEMPT": "2",
        "FLOWC_CODE": PACKAGE,
        "FLOWC_BEGUN": "1",
        "FLOWC_USER": "ann",
    }


def test_tags_of_the_step_and_of_odd_people(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    batch = Offloaded(aws, tmp_path, monkeypatch, fit='@batch(aws_batch_tags={"team": "sums"})')
    list(batch.prepare(user="Ann O'Neil").start(batch.orders("0")))
    (job,) = batch.jobs()
    assert (job["tags"]["team"], job["tags"]["flowc:user"]) == ("sums", "Ann O_Neil")
    assert variables(job)["FLOWC_USER"] == "Ann O'Neil"


def test_several_attempts_are_one_array(batch: Offloaded) -> None:
    jobs = batch.prepare()
    batch.asked.clear()
    started = list(jobs.start(batch.orders("0", "1", "2", "7", "8")))
    assert batch.asked == ["submit_job"]
    (job,) = batch.jobs()
    assert job["arrayProperties"]["size"] == 5
    assert variables(job)["FLOWC_PATHS"] == "0-2,7-8"
    assert "FLOWC_PATH" not in variables(job)
    assert [(one.id, one.order.path) for one in started] == [
        (f"{job['jobId']}:{index}", path) for index, path in enumerate(("0", "1", "2", "7", "8"))
    ]


class Taken:
    """A session that takes whatever is submitted."""

    console, region = "https://console", "us-east-1"

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def ask(self, service: str, operation: str, **parameters: Any) -> Any:
        assert (service, operation) == ("batch", "submit_job")
        self.requests.append(parameters)
        return {"jobId": f"job{len(self.requests)}"}


@pytest.mark.parametrize("paths", [[str(one) for one in range(25_001)], [f"{one}.{one * 7919 % 10_007}" for one in range(3_000)]])
def test_arrays_are_no_larger_than_aws_takes_them(batch: Offloaded, paths: list[str]) -> None:
    session: Any = Taken()
    made = Jobs(batch.flow, batch.options, Report(), ["fit"])
    work: Any = type("Work", (), {"flow": batch.flow, "package_key": PACKAGE, "user": None})()
    submissions = Submissions(session, work, "s3://bucket/flows", {"fit": made}, {"fit": "q"})
    started = list(submissions.start(batch.orders(*paths)))
    assert [one.order.path for one in started] == paths
    again = []
    for request in session.requests:
        assert len(json.dumps(request["containerOverrides"])) <= 7_500
        size = request.get("arrayProperties", {"size": 1})["size"]
        assert size <= 10_000
        told = {one["name"]: one["value"] for one in request["containerOverrides"]["environment"]}
        again += [contract.path_at(told.get(contract.PATHS) or told[contract.PATH], number) for number in range(size)]
    assert again == paths
    assert len(session.requests) <= (3 if "." not in paths[0] else 8)
    assert len({request["jobName"] for request in session.requests}) == len(session.requests)


def test_a_job_whose_answer_was_lost_is_found(batch: Offloaded) -> None:
    jobs = batch.prepare()
    batch.aws.lose("batch", "SubmitJob")
    with pytest.raises(Busy) as caught:
        list(jobs.start(batch.orders("0", "1")))
    assert str(caught.value) == (f"AWS cannot be reached at {batch.aws.endpoint}/v1/submitjob: the connection broke; try again")
    (job,) = batch.jobs()
    started = list(jobs.start(batch.orders("0", "1")))
    assert [one.id for one in started] == [f"{job['jobId']}:0", f"{job['jobId']}:1"]
    assert len(batch.jobs()) == 1


def test_it_is_found_by_those_who_order_some_of_it(batch: Offloaded) -> None:
    jobs = batch.prepare()
    batch.aws.lose("batch", "SubmitJob")
    with pytest.raises(Busy):
        list(jobs.start(batch.orders("0", "1", "2")))
    (first,) = batch.jobs()
    assert [one.id for one in jobs.start(batch.orders("9"))] == [batch.jobs()[1]["jobId"]]
    started = {one.order.path: one.id for one in jobs.start(batch.orders("2", "1", "3"))}
    assert {path: started[path] for path in ("1", "2")} == {"1": f"{first['jobId']}:1", "2": f"{first['jobId']}:2"}
    assert started["3"] == batch.jobs()[2]["jobId"]
    batch.asked.clear()
    assert [one.id for one in jobs.start(batch.orders("0"))] == [f"{first['jobId']}:0"]
    assert batch.asked == []


def test_a_job_that_was_never_taken_is_submitted_again(batch: Offloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = batch.prepare()
    batch.aws.fail("batch", "SubmitJob", "ServerException", status=500)
    with pytest.raises(Busy) as caught:
        list(jobs.start(batch.orders("0")))
    assert str(caught.value) == "AWS failed at batch:SubmitJob (500 ServerException): try again in a minute"
    with pytest.raises(Busy) as caught:  # it may only not be listed yet
        list(jobs.start(batch.orders("0")))
    assert str(caught.value).startswith(f"AWS did not answer whether it has taken the job flowc-Sums-{batch.run}-fit-")
    assert batch.jobs() == []
    monkeypatch.setattr(submitting, "SETTLED", 0.0)
    assert len(list(jobs.start(batch.orders("0")))) == len(batch.jobs()) == 1


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException"])
def test_a_job_that_is_throttled_is_not_looked_for(batch: Offloaded, code: str) -> None:
    jobs = batch.prepare()
    batch.aws.fail("batch", "SubmitJob", code, status=429)
    with pytest.raises(Busy) as caught:
        list(jobs.start(batch.orders("0")))
    assert str(caught.value) == "AWS has too many requests for batch:SubmitJob just now: try again in a minute"
    batch.asked.clear()
    assert len(list(jobs.start(batch.orders("0")))) == 1
    assert batch.asked == ["submit_job"]


def test_no_way_to_aws(batch: Offloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = batch.prepare()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    jobs._session.renew()
    with pytest.raises(Busy) as caught:
        list(jobs.start(batch.orders("0")))
    assert str(caught.value).startswith("AWS cannot be reached at http://127.0.0.1:9/v1/submitjob: no connection")
    monkeypatch.setenv("AWS_ENDPOINT_URL", batch.aws.endpoint)
    jobs._session.renew()
    batch.asked.clear()
    list(jobs.start(batch.orders("0")))
    assert batch.asked == ["submit_job"]  # nobody had heard of it


def test_credentials_that_expire_are_looked_for_again(batch: Offloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = batch.prepare()
    batch.aws.fail("batch", "SubmitJob", "ExpiredTokenException", status=403)
    before = jobs._session.client("batch")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with pytest.raises(Busy, match="the AWS credentials have expired: renew them"):
        list(jobs.start(batch.orders("0")))
    assert len(list(jobs.start(batch.orders("0")))) == 1
    assert jobs._session.client("batch") is not before


def test_what_aws_refuses(batch: Offloaded) -> None:
    jobs = batch.prepare()
    batch.aws.fail("batch", "SubmitJob", "ClientException", message="Job Queue cpu is not in state ENABLED.")
    with pytest.raises(ComputeError) as caught:
        list(jobs.start(batch.orders("0")))
    assert not isinstance(caught.value, Busy)
    assert str(caught.value) == "AWS refuses batch:SubmitJob (ClientException): Job Queue cpu is not in state ENABLED."


def test_what_nobody_knows_of_ends_with_the_run(batch: Offloaded) -> None:
    jobs = batch.prepare()
    batch.aws.hold(batch.names())
    batch.aws.lose("batch", "SubmitJob")
    with pytest.raises(Busy):
        list(jobs.start(batch.orders("0", "1")))
    jobs.close()
    (job,) = batch.jobs()
    assert (job["status"], job["isCancelled"]) == ("FAILED", True)
    batch.asked.clear()
    jobs.close()
    assert batch.asked == []


def test_the_permissions_of_the_page_are_those_that_it_takes(batch: Offloaded) -> None:
    batch.aws.hold(batch.names())
    jobs = batch.prepare()
    ids = [one.id for one in jobs.start(batch.orders("0", "1"))]
    assert list(jobs.look(ids, 1.0)) == []
    jobs.explain(ids)
    batch.computing.end([*batch.computing.unfinished("Sums", user="ann")], "by the test")
    jobs.end(ids, "by the test")
    asked = {"batch:" + "".join(part.capitalize() for part in one.split("_")) for one in batch.asked if one != "get_role"}
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    (policy,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    allowed = {one for statement in json.loads(policy)["Statement"] for one in statement["Action"]}
    assert allowed - asked == {"batch:TagResource", "iam:PassRole", "iam:GetRole"}
    assert asked <= allowed


def test_a_request_is_made_once(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    for name, value in {**aws.environment, "AWS_MAX_ATTEMPTS": "5"}.items():
        monkeypatch.setenv(name, value)
    aws.fail("batch", "DescribeJobs", "ServerException", status=500)
    with pytest.raises(AwsError) as caught:
        Session(once=True).ask("batch", "describe_jobs", jobs=["x"])
    assert (caught.value.passing, caught.value.unknown) == (True, True)
    aws.fail("batch", "DescribeJobs", "ServerException", status=500)
    assert Session().ask("batch", "describe_jobs", jobs=["x"])["jobs"] == []
