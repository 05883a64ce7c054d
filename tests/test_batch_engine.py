"""The tests' own AWS Batch: arrays, pages, and what it refuses, as AWS documents them.

https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engines import Aws
from engines.limits import OVERRIDES

NAMES = itertools.count(1)


def submit(aws: Aws, command: list[str], **more: Any) -> str:
    """A job that runs a command; its id."""
    name, batch = f"plain-{next(NAMES)}", aws.client("batch")
    amounts = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "100"}]
    batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={"image": "x", "command": command, "resourceRequirements": amounts},
    )
    given = {"jobName": name, "jobQueue": aws.batch_queue, "jobDefinition": name, **more}
    return str(batch.submit_job(**given)["jobId"])


def described(aws: Aws, id: str, until: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + 20
    while not until(job := aws.client("batch").describe_jobs(jobs=[id])["jobs"][0]):
        assert time.monotonic() < end, job
        time.sleep(0.01)
    return job


def is_over(job: Any) -> bool:
    return job["status"] in ("SUCCEEDED", "FAILED")


def test_an_array_knows_its_numbers_and_counts_its_states(aws: Aws) -> None:
    id = submit(
        aws, ["sh", "-c", "echo $AWS_BATCH_JOB_ARRAY_INDEX; exit $AWS_BATCH_JOB_ARRAY_INDEX"], arrayProperties={"size": 3}
    )
    job = described(aws, id, is_over)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Array Child Job failed")
    counts = {state: count for state, count in job["arrayProperties"]["statusSummary"].items() if count}
    assert (counts, job["arrayProperties"]["size"]) == ({"SUCCEEDED": 1, "FAILED": 2}, 3)
    children = aws.client("batch").describe_jobs(jobs=[f"{id}:2", f"{id}:0"])["jobs"]
    assert [(one["jobId"], one["container"]["exitCode"], aws.log_of(one)) for one in children] == [
        (f"{id}:2", 2, "2"),
        (f"{id}:0", 0, "0"),
    ]
    assert id in [one["jobId"] for one in aws.jobs()]
    assert f"{id}:0" not in [one["jobId"] for one in aws.jobs()]


def test_an_array_whose_parent_is_terminated(aws: Aws) -> None:
    aws.hold("plain-*:1")
    id = submit(aws, ["sleep", "60"], arrayProperties={"size": 2})
    described(aws, f"{id}:0", lambda job: job["status"] == "RUNNING")
    assert described(aws, id, lambda job: True)["status"] == "PENDING"
    assert described(aws, f"{id}:1", lambda job: True)["status"] == "RUNNABLE"
    for _ in range(2):
        aws.client("batch").terminate_job(jobId=id, reason="enough")
    assert described(aws, id, is_over)["statusReason"] == "enough"
    ran, waited = (described(aws, f"{id}:{number}", is_over) for number in (0, 1))
    assert (ran["statusReason"], ran.get("isTerminated"), ran.get("isCancelled")) == ("enough", True, None)
    assert (waited["statusReason"], waited.get("isTerminated"), waited.get("isCancelled")) == ("enough", None, True)
    aws.let_go("plain-*:1")


def test_lists_come_in_pages(aws: Aws) -> None:
    aws.doom("plain-*", "Essential container in task exited", code=0, times=120)
    batch = aws.client("batch")
    id = submit(aws, ["true"], arrayProperties={"size": 120})
    described(aws, id, is_over)
    listed: list[list[int]] = []
    token: dict[str, str] = {}
    while True:
        page = batch.list_jobs(arrayJobId=id, jobStatus="SUCCEEDED", maxResults=50, **token)
        listed.append([one["arrayProperties"]["index"] for one in page["jobSummaryList"]])
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert [len(page) for page in listed] == [50, 50, 20]
    assert [*itertools.chain(*listed)] == list(range(120))
    assert batch.list_jobs(arrayJobId=id)["jobSummaryList"] == []  # of those that run
    name = batch.describe_jobs(jobs=[id])["jobs"][0]["jobName"]
    for pattern in (name.upper(), f"{name}*"):
        (found,) = batch.list_jobs(jobQueue=aws.batch_queue, filters=[{"name": "JOB_NAME", "values": [pattern]}])[
            "jobSummaryList"
        ]
        assert (found["jobId"], found["arrayProperties"]["size"]) == (id, 120)


def test_what_is_refused(aws: Aws) -> None:
    batch = aws.client("batch")

    def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(*arguments, **named)
        return str(caught.value)

    assert "at most" in refused(
        submit, aws, ["true"], containerOverrides={"environment": [{"name": "A", "value": "x" * OVERRIDES}]}
    )
    assert "must not start with AWS_BATCH" in refused(
        submit, aws, ["true"], containerOverrides={"environment": [{"name": "AWS_BATCH_X", "value": ""}]}
    )
    assert "between 2 and 10000" in refused(submit, aws, ["true"], arrayProperties={"size": 1})
    assert "does not exist" in refused(submit, aws, ["true"], jobQueue="nowhere")
    assert "between 1 and 100" in refused(batch.describe_jobs, jobs=[f"x:{number}" for number in range(101)])
    assert "does not exist" in refused(batch.list_jobs, jobQueue="nowhere")
    queue = aws.batch_queue
    batch.update_job_queue(jobQueue=queue, state="DISABLED")
    assert "not in state ENABLED" in refused(submit, aws, ["true"])
    batch.update_job_queue(jobQueue=queue, state="ENABLED")


def test_a_lost_answer_is_of_a_call_that_was_made(aws: Aws) -> None:
    before = len(aws.jobs())
    aws.lose("batch", "SubmitJob")
    with pytest.raises(Exception, match="Connection was closed"):
        submit(aws, ["true"])
    assert len(aws.jobs()) == before + 1
    submit(aws, ["true"])
