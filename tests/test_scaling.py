"""Runs from here whose tasks AWS Batch runs: commands word for word as people type them, on the emulator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import GOLDEN
from engines.account import Aws
from laptop import Laptop, laptop_at_aws

BIG_SUM = (GOLDEN / "bigsum_small" / "flow.py").read_text(encoding="utf-8")
SUM = "The sum is 2878341.000000."


@pytest.fixture
def account(aws: Aws) -> Aws:
    return aws.emptied()


@pytest.fixture
def laptop(account: Aws, tmp_path: Path) -> Laptop:
    laptop = laptop_at_aws(account, tmp_path)
    laptop.write("BigSum.py", BIG_SUM)
    return laptop


def next_run(laptop: Laptop, account: Aws, number: int) -> None:
    """Have the flow's next run get this id."""
    bucket, _, prefix = laptop.place.removeprefix("s3://").partition("/")
    account.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/BigSum/{number - 1}/run.json", Body=b"{}")


@pytest.mark.parametrize(
    "command",
    ["python BigSum.py run --with batch", "python BigSum.py --with batch run", "flowc run BigSum.py --with batch"],
)
def test_all_tasks_run_on_batch(laptop: Laptop, account: Aws, command: str) -> None:
    ended = laptop(command)
    assert ended.code == 0, ended.err
    assert f"[end] {SUM}\n" in ended.out
    jobs = account.jobs()
    assert [job["status"] for job in jobs] == ["SUCCEEDED", "SUCCEEDED"]
    (start, _) = jobs
    assert {one["type"]: one["value"] for one in start["container"]["resourceRequirements"]} == {"VCPU": "1", "MEMORY": "60000"}
    logs = laptop("python BigSum.py logs 1/end")
    assert (logs.code, SUM in logs.out) == (0, True)


def test_what_jobs_get(laptop: Laptop, account: Aws) -> None:
    account.furnish("other", "default", ())
    ended = laptop("python BigSum.py run --with batch:cpu=4,memory=10000,queue=default,image=ubuntu:latest")
    assert ended.code == 0, ended.err
    assert not account.jobs()
    (start, end) = account.jobs("default")
    for job, memory in ((start, "60000"), (end, "10000")):  # the larger of what @resources and @batch say
        assert job["container"]["image"] == "ubuntu:latest"
        assert {one["type"]: one["value"] for one in job["container"]["resourceRequirements"]} == {"VCPU": "4", "MEMORY": memory}


@pytest.mark.parametrize("command", ["python BigSum.py run --max-num-splits 200", "python BigSum.py run --max-workers 32"])
def test_limits_of_a_run(laptop: Laptop, account: Aws, command: str) -> None:
    ended = laptop(command)
    assert (ended.code, SUM in ended.out) == (0, True), ended.err
    assert not account.jobs()


def test_jobs_are_listed_and_ended(laptop: Laptop, account: Aws) -> None:
    account.hold("*BigSum*")
    next_run(laptop, account, 455)
    with (
        laptop.start("python BigSum.py run --with batch") as first,
        laptop.of("willsmith").start("python BigSum.py run --with batch") as his,
    ):
        for run in (first, his):
            run.says("[start] waits on AWS Batch")
        listed = laptop("python BigSum.py batch list --my-runs")
        assert listed.code == 0, listed.err
        assert listed.out.count("start") == 1
        mine = next(one for one in ("455", "456") if f"run BigSum/{one} starts" in first.err)
        with laptop.start("python BigSum.py run --with batch") as second:
            second.says("[start] waits on AWS Batch")
            assert "457/start" in laptop("python BigSum.py batch list").out
            assert f"{mine}/start" not in laptop("python BigSum.py batch list").out
            both = laptop("python BigSum.py batch list --my-runs").out
            assert (f"{mine}/start" in both, "457/start" in both) == (True, True)
            assert laptop("python BigSum.py batch kill").code == 0  # the latest
            assert second.ended().code == 1
        assert laptop("python BigSum.py batch kill --my-runs").code == 0
        assert first.ended().code == 1
        assert his.process.poll() is None
        assert laptop("python BigSum.py batch kill --user willsmith").code == 0
        assert his.ended().code == 1
    assert {job["status"] for job in account.jobs()} == {"FAILED"}


def test_the_jobs_of_one_run_are_ended(laptop: Laptop, account: Aws) -> None:
    account.hold("*BigSum*")
    next_run(laptop, account, 456)
    with laptop.start("python BigSum.py run --with batch") as run, laptop.start("python BigSum.py run --with batch") as other:
        for one in (run, other):
            one.says("[start] waits on AWS Batch")
        ended = laptop("python BigSum.py batch kill --run-id 456")
        assert ended.code == 0, ended.err
        killed, left = (run, other) if "BigSum/456" in run.err else (other, run)
        assert killed.ended().code == 1
        assert left.process.poll() is None
        assert laptop("python BigSum.py batch kill --run-id 457").code == 0
        assert left.ended().code == 1


def test_what_a_task_printed(laptop: Laptop, account: Aws) -> None:
    next_run(laptop, account, 15)
    assert laptop("python BigSum.py run --with batch").code == 0
    ended = laptop("python BigSum.py logs 15/end")
    assert (ended.code, SUM in ended.out) == (0, True)


PROJECT = """
from flowc import FlowSpec, batch, current, project, step


@project(name="sums")
class Branched(FlowSpec):
    @step
    def start(self):
        print(current.branch_name, current.is_production)
        self.next(self.end)

    @batch
    @step
    def end(self):
        print(current.branch_name, current.is_production)
"""


@pytest.mark.parametrize(
    ("told", "branch"),
    [({}, "user.somebody False"), ({"FLOWC_BRANCH": "x"}, "test.x False"), ({"FLOWC_PRODUCTION": "1"}, "prod True")],
)
def test_tasks_know_one_branch_of_a_project(laptop: Laptop, told: dict[str, str], branch: str) -> None:
    laptop.write("branched.py", PROJECT)
    laptop.write("flowc.toml", 'branch = "deployed"\n')
    ended = replace(laptop, environment={**laptop.environment, **told})("flowc run branched.py")
    assert ended.code == 0, ended.err
    assert (f"[start] {branch}\n" in ended.out, f"[end] {branch}\n" in ended.out) == (True, True), ended.out
