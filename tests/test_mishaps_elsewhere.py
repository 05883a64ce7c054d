"""Runs from here in which something goes wrong while tasks run on AWS Batch or in Pods: what is left is what a run here leaves.

Every mishap is tried on one of the two platforms; what only one of them can do to a run, there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from deployed import environment, failures, run_here
from engines.account import Aws
from engines.argo.cluster import Argo
from laptop import Laptop, laptop_at_aws, laptop_at_cluster
from mishaps import FAIL, GO_ON
from test_golden_runs import kept
from wires import Wire

from flowc.runtime.store import open_store

PLATFORMS = ("batch", "kubernetes")
WIDE = """
import time
from flowc import FlowSpec, retry, step


class Wide(FlowSpec):
    @step
    def start(self):
        self.items = list(range(8))
        self.next(self.work, foreach="items")

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        time.sleep(SECONDS)
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sum = sum(one.square for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("the sum is", self.sum)
"""


@pytest.fixture
def account(aws: Aws) -> Aws:
    return aws.emptied()


@pytest.fixture
def laptops(account: Aws, argo: Argo, tmp_path: Path) -> dict[str, Laptop]:
    return {"batch": laptop_at_aws(account, tmp_path), "kubernetes": laptop_at_cluster(argo, tmp_path)}


def alternating(names: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("what", "platform"), [(name, PLATFORMS[at % 2]) for at, name in enumerate(names)])


def left(laptop: Laptop, flow: str) -> tuple[str, dict[str, str]]:
    """What is in the store of its first run, and why attempts failed."""
    with environment(laptop.environment):
        store = open_store(laptop.place)
        return kept(store, flow, "1"), failures(store, flow, "1")


@alternating(FAIL)
def test_what_fails_a_run(laptops: dict[str, Laptop], what: str, platform: str) -> None:
    laptop = laptops[platform]
    file = FAIL[what].write(laptop.folder)
    here = run_here(file, "Fails")
    ended = laptop("flowc", "run", "flow.py", "--with", platform)
    assert (ended.code, here.code) == (1, 1), ended.err
    _, found = left(laptop, "Fails")
    assert set(found.items()) & set(here.failures.items()) or not here.failures, (found, here.failures)


@alternating(GO_ON)
def test_what_a_run_gets_over(laptops: dict[str, Laptop], what: str, platform: str) -> None:
    laptop = laptops[platform]
    file = GO_ON[what].write(laptop.folder)
    here = run_here(file, "Fails")
    ended = laptop("flowc", "run", "flow.py", "--with", platform)
    assert (ended.code, here.code) == (0, 0), ended.err
    assert left(laptop, "Fails") == (here.kept, here.failures)


def test_aws_throttles_and_loses_answers(account: Aws, laptops: dict[str, Laptop]) -> None:
    laptop = laptops["batch"]
    laptop.write("wide.py", WIDE.replace("SECONDS", "0.5"))
    for operation in ("RegisterJobDefinition", "SubmitJob", "DescribeJobs"):
        account.fail("batch", operation, "TooManyRequestsException", status=429, times=2)
    account.lose("batch", "SubmitJob")
    account.lose("batch", "DescribeJobs")
    ended = laptop("flowc run wide.py --with batch")
    assert ended.code == 0, ended.err
    assert "[end] the sum is 140\n" in ended.out
    jobs = account.jobs()
    assert len({job["jobName"] for job in jobs}) == len(jobs) == 4  # of the steps, each taken once
    assert "work/0/attempt-0.json" not in left(laptop, "Wide")[1]


def test_a_machine_that_is_lost(account: Aws, laptops: dict[str, Laptop]) -> None:
    laptop = laptops["batch"]
    laptop.write("wide.py", WIDE.replace("SECONDS", "0"))
    account.doom("flowc-Wide-1-work-*:3", "Host EC2 (instance i-0a1b) terminated.")
    ended = laptop("flowc run wide.py --with batch")
    assert ended.code == 0, ended.err
    assert "lost with its machine, the EC2 instance i-0a1b" in ended.err
    assert "[work/3] starts again, retry 1\n" in ended.err
    assert "[end] the sum is 140\n" in ended.out


def test_a_pod_that_somebody_deletes(argo: Argo, laptops: dict[str, Laptop]) -> None:
    laptop = laptops["kubernetes"]
    laptop.write(
        "wide.py",
        WIDE.replace("SECONDS", "30 if self.input == 3 and current.retry_count == 0 else 0").replace("retry,", "current, retry,"),
    )
    with laptop.start("flowc run wide.py --with kubernetes") as run:
        run.says("[work/3] runs")
        (name,) = [pod["metadata"]["name"] for pod in argo.all("pods") if "-work-3-" in pod["metadata"]["name"]]
        argo.delete("pods", name)
        ended = run.ended()
    assert ended.code == 0, ended.err
    assert "its pod was deleted while it ran" in ended.err
    assert "[end] the sum is 140\n" in ended.out


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_network_that_is_lost_for_a_while(
    account: Aws, argo: Argo, laptops: dict[str, Laptop], platform: str, tmp_path: Path
) -> None:
    """Only the platform's: the datastore is reached by another way."""
    laptop = laptops[platform]
    laptop.write("wide.py", WIDE.replace("SECONDS", "5"))
    wire = Wire(account.endpoint if platform == "batch" else argo.endpoint)
    told = (
        {"AWS_ENDPOINT_URL_BATCH": wire.address}
        if platform == "batch"
        else {"KUBECONFIG": str(argo.kubeconfig(server=wire.address))}
    )
    behind = replace(laptop, environment={**laptop.environment, **told})
    with behind.start(f"flowc run wide.py --max-workers 8 --with {platform}") as run:
        run.says("runs")
        wire.cut(breaks=True)
        run.says("cannot be asked since")
        time.sleep(3)
        wire.mend()
        ended = run.ended()
    wire.close()
    assert ended.code == 0, ended.err
    assert "answers again, after" in ended.err
    assert "[end] the sum is 140\n" in ended.out
    assert left(laptop, "Wide")[1] == {}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_ctrl_c_at_any_moment_leaves_nothing_running(account: Aws, argo: Argo, laptops: dict[str, Laptop], platform: str) -> None:
    laptop = laptops[platform]
    laptop.write("wide.py", WIDE.replace("SECONDS", "60"))
    chance = random.Random(platform)
    for _ in range(6):
        with laptop.start(f"flowc run wide.py --max-workers 8 --with {platform}") as run:
            if chance.random() < 0.7:
                run.says(chance.choice(["starts, in", "[start] waits", "[start] done", "[work/0] waits", "[work/0] runs"]))
            time.sleep(chance.uniform(0.0, 1.5))
            run.interrupt()
            ended = run.ended()
        assert ended.code == 130, ended.err
        assert "Traceback" not in ended.err, ended.err
        assert "may go on" not in ended.err, ended.err
        until = time.monotonic() + 60  # what is ended has half a minute to end
        while names := under_way(account, argo, platform):
            assert time.monotonic() < until, names
            time.sleep(0.2)


def under_way(account: Aws, argo: Argo, platform: str) -> list[str]:
    """The jobs or pods that are not over."""
    if platform == "batch":
        return [job["jobName"] for job in account.jobs() if job["status"] not in ("SUCCEEDED", "FAILED")]
    return [pod["metadata"]["name"] for pod in argo.all("pods") if pod["status"]["phase"] in ("Pending", "Running")]
