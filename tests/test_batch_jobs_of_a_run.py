"""AWS Batch as the compute of a local run: what has become of its jobs, why they wait, and how they are ended."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from engines import Aws
from offloaded import Offloaded, end_of, see

from flowc.runtime.compute import Busy, ComputeError, Seen
from flowc.targets.sfn.aws import looking, submitting
from flowc.targets.sfn.aws.endings import meaning_of
from flowc.targets.sfn.aws.looking import Looks
from flowc.targets.sfn.aws.waits import explain

PULL = "CannotPullContainerError: "
AGAIN = "`@retry` runs it again on another one"


@pytest.fixture
def batch(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offloaded:
    return Offloaded(aws, tmp_path, monkeypatch)


def start(jobs: Any, batch: Offloaded, *paths: str) -> list[str]:
    return [one.id for one in jobs.start(batch.orders(*paths))]


def test_a_job_from_its_queue_to_its_end(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    gate = tmp_path / "gate"
    batch = Offloaded(aws, tmp_path, monkeypatch, program=f"while [ ! -e {gate} ]; do sleep 0.05; done; exit 7")
    batch.aws.hold(batch.names())
    jobs = batch.prepare()
    (id,) = start(jobs, batch, "0")
    assert list(jobs.look([id], 1.0)) == []
    batch.aws.let_go(batch.names())
    assert see(jobs, [id], lambda found: found.get(id, Seen(id=id, phase="waiting")).phase == "running")
    assert list(jobs.look([id], 1.0)) == []  # nothing is new
    gate.touch()
    assert end_of(jobs, [id]) == {id: Seen(id=id, phase="over", exit_code=7)}


def test_an_array_is_told_by_its_numbers(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    batch = Offloaded(aws, tmp_path, monkeypatch, program="exit $((AWS_BATCH_JOB_ARRAY_INDEX % 3))")
    jobs = batch.prepare()
    ids = start(jobs, batch, *map(str, range(30)))
    found = end_of(jobs, ids)
    assert {seen.exit_code for seen in found.values()} == {0, 1, 2}
    assert all(found[id] == Seen(id=id, phase="over", exit_code=index % 3) for index, id in enumerate(ids))
    batch.asked.clear()
    assert list(jobs.look([], 1.0)) == []
    assert batch.asked == []


def test_an_array_and_a_job_are_described_by_one_request(batch: Offloaded) -> None:
    batch.aws.hold(batch.names())
    jobs = batch.prepare()
    ids = [*start(jobs, batch, "0", "1"), *start(jobs, batch, "2"), *start(jobs, batch, "3", "4")]
    batch.asked.clear()
    assert list(jobs.look(ids, 1.0)) == []
    assert batch.asked == ["describe_jobs"]
    jobs.end(ids, "the test is over")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Array:
    """A session with one array job, whose jobs begin and end one after the other."""

    def __init__(self, clock: Clock, size: int, begins: float, takes: float, fails: frozenset[int] = frozenset()) -> None:
        self.clock, self.start, self.size = clock, clock.now, size
        self.begins, self.takes, self.fails = begins, takes, fails
        self.asked = 0
        self.unlisted: int | None = None

    def state(self, number: int) -> str:
        passed = self.clock.now - self.start - number * self.begins
        if passed < 0:
            return "RUNNABLE"
        if passed < 1:
            return "STARTING"
        return "RUNNING" if passed < self.takes else "FAILED" if number in self.fails else "SUCCEEDED"

    def ask(self, service: str, operation: str, jobs: list[str]) -> Any:
        assert (operation, len(jobs) <= 100) == ("describe_jobs", True)
        self.asked += 1
        return {"jobs": [self.described(id) for id in jobs]}

    def described(self, id: str) -> dict[str, Any]:
        if ":" in id:
            state = self.state(int(id.split(":")[1]))
            said = {"statusReason": "Essential container in task exited", "container": {"exitCode": 1}}
            return {"jobId": id, "status": state, **(said if state == "FAILED" else {})}
        states = [self.state(number) for number in range(self.size)]
        over = all(state in ("SUCCEEDED", "FAILED") for state in states)
        status = ("FAILED" if "FAILED" in states else "SUCCEEDED") if over else "PENDING"
        counts = {state: states.count(state) for state in set(states)}
        return {"jobId": id, "status": status, "arrayProperties": {"size": self.size, "statusSummary": counts}}

    def pages(self, service: str, operation: str, items: str, **asked: Any) -> Iterator[Any]:
        assert (operation, asked["arrayJobId"], asked["maxResults"]) == ("list_jobs", "a", 1000)
        every = (number for number in range(self.size) if number != self.unlisted)
        numbers = [number for number in every if self.state(number) == asked["jobStatus"]]
        self.asked += max(1, -(-len(numbers) // 1000))
        yield from ({"jobId": f"a:{number}"} for number in numbers)


def watched(session: Any, clock: Clock, pause: float) -> dict[str, list[tuple[float, Seen]]]:
    """All that is told of an array's jobs until they are over, by id, with the time."""
    looks, left = Looks(session), {f"a:{number}" for number in range(session.size)}
    told: dict[str, list[tuple[float, Seen]]] = {id: [] for id in left}
    while left:
        for seen in looks.look(left):
            told[seen.id].append((clock.now, seen))
            if seen.phase == "over":
                left.discard(seen.id)
        clock.now += pause
        assert clock.now < 1e5
    return told


def test_a_thousand_jobs_take_two_hundred_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(looking, "time", clock)
    session = Array(clock, 1000, begins=0.1, takes=30.0)  # ten a second; that takes two minutes
    told = watched(session, clock, 2.0)
    assert session.asked <= 150
    assert all(seen.phase == "over" and seen.exit_code == 0 for list in told.values() for _, seen in list[-1:])
    assert all([seen.phase for _, seen in list].count("over") == 1 for list in told.values())
    assert sum("running" in [seen.phase for _, seen in list] for list in told.values()) > 900
    late = [told[f"a:{number}"][-1][0] - (session.start + number * 0.1 + 30) for number in range(1000)]
    assert max(late) < 25


def test_a_failure_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(looking, "time", clock)
    session = Array(clock, 1000, begins=0.1, takes=5.0, fails=frozenset({17, 500}))
    told = watched(session, clock, 2.0)
    for number in session.fails:
        moment, seen = told[f"a:{number}"][-1]
        assert (seen.phase, seen.exit_code, seen.error) == ("over", 1, None)
        assert moment - (session.start + number * 0.1 + 5) <= 2
    assert [seen.exit_code for _, seen in told["a:999"][-1:]] == [0]


def test_a_failure_that_is_not_listed_is_found_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(looking, "time", clock)
    session = Array(clock, 250, begins=0.0, takes=5.0, fails=frozenset({17}))
    session.unlisted = 17
    told = watched(session, clock, 2.0)
    assert [told[f"a:{number}"][-1][1].exit_code for number in (16, 17, 18)] == [0, 1, 0]


def test_few_jobs_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(looking, "time", clock)
    session = Array(clock, 100, begins=3.0, takes=50.0)
    told = watched(session, clock, 2.0)
    for number in range(100):
        begun = session.start + number * 3.0
        running = next(moment for moment, seen in told[f"a:{number}"] if seen.phase == "running")
        assert running - (begun + 1) <= 2
        assert told[f"a:{number}"][-1][0] - (begun + 50) <= 2


@pytest.mark.parametrize("count", [50, 150])
def test_nothing_is_kept_of_jobs_that_are_over(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    clock = Clock()
    monkeypatch.setattr(looking, "time", clock)
    session: Any = Array(clock, count, begins=0.0, takes=1.0)
    looks = Looks(session)
    clock.now += 10
    assert len(list(looks.look([f"a:{number}" for number in range(count)]))) == count
    assert list(looks.look([])) == []
    assert (looks._arrays, looks._phases, looks._missing) == ({}, {}, {})


def test_a_look_that_is_refused_loses_nothing(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    batch = Offloaded(aws, tmp_path, monkeypatch, program="exit $AWS_BATCH_JOB_ARRAY_INDEX")
    jobs = batch.prepare()
    ids = start(jobs, batch, "0", "1", "2")
    end = time.monotonic() + 20
    while batch.jobs()[0]["status"] != "FAILED":
        assert time.monotonic() < end
        time.sleep(0.02)
    batch.aws.fail("batch", "DescribeJobs", "TooManyRequestsException", status=429)
    with pytest.raises(Busy, match="AWS has too many requests for batch:DescribeJobs just now"):
        list(jobs.look(ids, 1.0))
    batch.aws.lose("batch", "DescribeJobs")
    with pytest.raises(Busy, match="the connection broke"):
        list(jobs.look(ids, 1.0))
    assert sorted((one.id, one.exit_code) for one in jobs.look(ids, 1.0)) == [(id, index) for index, id in enumerate(ids)]


def test_a_job_that_aws_does_not_know_is_lost_after_a_while(batch: Offloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = batch.prepare()
    assert list(jobs.look(["gone", "far:1"], 1.0)) == []
    monkeypatch.setattr(looking, "_LOST", 0.0)
    message = "is not known to AWS Batch any more"
    assert sorted(jobs.look(["gone", "far:1"], 1.0), key=lambda one: one.id) == [
        Seen(id="far:1", phase="over", error="Lost", message=message),
        Seen(id="gone", phase="over", error="Lost", message=message),
    ]


@pytest.mark.parametrize(
    ("said", "reason", "code", "started", "error", "message"),
    [
        (
            "Essential container in task exited",
            "OutOfMemoryError: Container killed due to memory usage",
            137,
            True,
            "OutOfMemory",
            "was killed, for it needed more than the 4,000 MB of memory that it asked for: ask for more, as by "
            "`@resources(memory=8000)`",
        ),
        (
            "Host EC2 (instance i-0a1b) terminated.",
            "",
            None,
            True,
            "HostTerminated",
            "was lost with its machine, the EC2 instance i-0a1b, which was terminated: a spot instance that EC2 took back, or "
            "one "
            f"that somebody ended; {AGAIN}",
        ),
        (
            "Your Spot Task was interrupted.",
            "",
            None,
            True,
            "SpotReclaimed",
            f"was lost with its machine, which Fargate Spot took back; {AGAIN}",
        ),
        (
            "Task failed to start",
            f"{PULL}Error response from daemon: manifest for python:9 not found: manifest unknown",
            None,
            False,
            "ImageNotPulled",
            "could not start: its image python:3.11 cannot be pulled: there is no such image: correct its name or its tag (Task "
            f"failed to start; {PULL}Error response from daemon: manifest for python:9 not found: manifest unknown)",
        ),
        (
            "Task failed to start",
            "CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim "
            "task:"
            ' OCI runtime create failed: runc create failed: unable to start container process: exec: "python3": executable '
            "file not"
            " found in $PATH",
            127,
            False,
            "NotStarted",
            "could not start: its image python:3.11 has no python3: take an image with Python, or say where that is by "
            "`@batch(executable=…)`",
        ),
        (
            "Job attempt duration exceeded timeout",
            "",
            137,
            True,
            "TimedOut",
            "was ended by AWS Batch, for it ran for more than 432,000 seconds: `@timeout` says how long it may",
        ),
        (
            "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.",
            "",
            None,
            False,
            "NotStarted",
            "could not start: its role does not exist, or does not trust ecs-tasks.amazonaws.com (ECS was unable to assume the "
            "role"
            " 'arn:aws:iam::1:role/x' that was provided for this task.)",
        ),
        ("Something new", "", None, True, "Lost", "ended on AWS Batch without an exit code: Something new"),
        ("Something new", "", None, False, "NotStarted", "could not start: Something new"),
        ("Essential container in task exited", "", 3, True, None, ""),
    ],
)
def test_what_an_end_means(
    batch: Offloaded, said: str, reason: str, code: int | None, started: bool, error: str | None, message: str
) -> None:
    batch.aws.doom(batch.names(), said, reason=reason, code=code, started=started, times=4)
    jobs = batch.prepare()
    (id,) = start(jobs, batch, "0")
    assert end_of(jobs, [id])[id] == Seen(id=id, phase="over", error=error, message=message, exit_code=code)
    ids = start(jobs, batch, "1", "2")  # of an array's jobs no less is told
    found = end_of(jobs, ids)
    assert {(one.error, one.message, one.exit_code) for one in found.values()} == {(error, message, code)}


@pytest.mark.parametrize(
    ("why", "meant"),
    [
        (
            "pull access denied for ours/x, repository does not exist or may require 'docker login': denied",
            "there is no such image, or the job's execution role (on EC2 the instances' role) may not pull it",
        ),
        (
            "AccessDeniedException: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:GetAuthorizationToken",
            "there is no such image, or the job's execution role (on EC2 the instances' role) may not pull it",
        ),
        (
            "Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: request canceled while waiting for "
            "connection"
            " (Client.Timeout exceeded while awaiting headers)",
            "no way leads from the compute environment's subnets to the registry: it takes a NAT gateway, or public addresses",
        ),
        (
            "toomanyrequests: You have reached your pull rate limit.",
            "the registry has had too many requests: log in to it, or keep the image in Amazon ECR",
        ),
        (
            "image Manifest does not contain descriptor matching platform 'linux/amd64'",
            "it is not made for these processors",
        ),
        ("no space left on device", "the disk of its machine is full"),
        ("whatever", ""),
    ],
)
def test_why_an_image_is_not_pulled(why: str, meant: str) -> None:
    container = {"image": "ours/x:1", "reason": f"{PULL}{why}"}
    meaning = meaning_of({"status": "FAILED", "statusReason": "Task failed to start", "container": container})
    assert meaning.error == "ImageNotPulled"
    assert meaning.message == (
        f"could not start: its image ours/x:1 cannot be pulled{f': {meant}' if meant else ''} (Task failed to start; {PULL}{why})"
    )


def test_a_job_that_waited_for_too_long() -> None:
    said = "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    meaning = meaning_of({"status": "FAILED", "statusReason": said, "isCancelled": True, "container": {}})
    assert (meaning.error, meaning.message) == (
        "NeverStarted",
        "was taken from its queue by AWS Batch, where it had waited for too long: AWS has none of the instances to give that the "
        "queue's compute environments may have: allow more types, or more zones",
    )


def test_a_job_that_somebody_ended(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    batch = Offloaded(aws, tmp_path, monkeypatch, program="exec sleep 60")
    jobs = batch.prepare()
    (id,) = start(jobs, batch, "0")
    see(jobs, [id], lambda found: id in found and found[id].phase == "running")
    aws.client("batch").terminate_job(jobId=id, reason="it costs too much")
    seen = end_of(jobs, [id])[id]
    assert (seen.error, seen.message) == ("Terminated", "was ended on AWS Batch: it costs too much")


def test_ending_what_runs_and_what_waits(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    batch = Offloaded(aws, tmp_path, monkeypatch, program="exec sleep 60")
    jobs = batch.prepare()
    batch.aws.hold(f"{batch.names()}:3", "")
    ids = start(jobs, batch, "0", "1", "2", "3")
    (single,) = start(jobs, batch, "9")
    see(jobs, [*ids, single], lambda found: len([one for one in found.values() if one.phase == "running"]) == 4)
    batch.asked.clear()
    assert jobs.end([*ids, single], "by the test") == ()
    assert sorted(batch.asked) == ["describe_jobs", "terminate_job", "terminate_job"]  # the array, and the job
    found = end_of(jobs, [*ids, single])
    assert {(one.error, one.message) for one in found.values()} == {("Terminated", "was ended on AWS Batch: by the test")}
    batch.asked.clear()
    assert jobs.end([*ids, single], "by the test") == ()  # they are over already
    assert [one["statusReason"] for one in batch.jobs()] == ["by the test", "by the test"]


def test_ending_some_of_an_array(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    batch = Offloaded(aws, tmp_path, monkeypatch, program="exec sleep 60")
    jobs = batch.prepare()
    ids = start(jobs, batch, "0", "1", "2")
    see(jobs, ids, lambda found: len(found) == 3 and all(one.phase == "running" for one in found.values()))
    assert jobs.end(ids[:1], "by the test") == ()
    assert end_of(jobs, ids[:1])[ids[0]].error == "Terminated"
    left = aws.client("batch").describe_jobs(jobs=ids[1:])["jobs"]
    assert [one["status"] for one in left] == ["RUNNING", "RUNNING"]
    batch.asked.clear()
    assert jobs.end(ids[1:], "by the test") == ()
    assert batch.asked.count("terminate_job") == 1  # nothing is left of the array


def test_what_cannot_be_ended(batch: Offloaded) -> None:
    batch.aws.hold(batch.names())
    jobs = batch.prepare()
    first, second = (start(jobs, batch, path)[0] for path in ("0", "1"))
    batch.aws.fail("batch", "TerminateJob", "TooManyRequestsException", status=429, times=2)
    with pytest.raises(Busy):
        jobs.end([first, second], "by the test")
    batch.aws.fail("batch", "TerminateJob", "AccessDeniedException", status=403, times=2)
    with pytest.raises(ComputeError) as caught:
        jobs.end([first, second], "by the test")
    assert str(caught.value) == "AWS denies batch:TerminateJob: the credentials need that permission"
    batch.aws.fail("batch", "TerminateJob", "AccessDeniedException", status=403)
    assert len(jobs.end([first, second], "by the test")) == 1
    assert jobs.end([first, second], "by the test") == ()


def test_a_thousand_jobs_are_not_tried_without_a_network(batch: Offloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = batch.prepare()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    jobs._session.renew()
    batch.asked.clear()
    with pytest.raises(Busy, match="no connection"):
        jobs.end([str(number) for number in range(1000)], "by the test")
    assert len(batch.asked) < 20


def test_why_a_job_waits(batch: Offloaded) -> None:
    said = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is too high"
    batch.aws.hold(batch.names(), said)
    jobs = batch.prepare()
    ids = start(jobs, batch, "0", "1")
    end = time.monotonic() + 20
    while not (found := jobs.explain(ids)) or "JOB_RESOURCE" not in found[ids[1]]:
        assert time.monotonic() < end, found
    assert found == dict.fromkeys(
        ids,
        "no instance that the queue's compute environments may have is large enough: ask for less, or allow larger ones (AWS "
        "Batch "
        f"says {said})",
    )
    jobs.end(ids, "by the test")
    assert jobs.explain(ids) == {}
    assert jobs.explain([]) == {}


class Account:
    """A session in which jobs wait in the queue `cpu`."""

    def __init__(self, jobs: list[Mapping[str, Any]], queue: Mapping[str, Any], places: list[Mapping[str, Any]]) -> None:
        self.jobs, self.queue, self.places = jobs, queue, places

    def ask(self, service: str, operation: str, jobs: list[str]) -> Any:
        assert operation == "describe_jobs"
        assert len(jobs) <= 100
        return {"jobs": [one for one in self.jobs if one["jobId"] in jobs]}

    def pages(self, service: str, operation: str, items: str, **asked: Any) -> Iterator[Any]:
        if operation == "describe_job_queues":
            order = [{"order": 1, "computeEnvironment": one["computeEnvironmentArn"]} for one in self.places]
            yield {"jobQueueName": "cpu", "jobQueueArn": "arn:cpu", "computeEnvironmentOrder": order, **self.queue}
        else:
            yield from self.places


def waiting(status: str = "RUNNABLE", cpus: str = "2", id: str = "j", **more: Any) -> dict[str, Any]:
    container = {
        "image": "ours/x:1",
        "resourceRequirements": [{"type": "VCPU", "value": cpus}, {"type": "MEMORY", "value": "100"}],
    }
    return {"jobId": id, "status": status, "jobQueue": "arn:cpu", "container": container, **more}


def place(name: str, cpus: int, **more: Any) -> dict[str, Any]:
    about = {"computeEnvironmentName": name, "computeEnvironmentArn": f"arn:{name}", "state": "ENABLED", "status": "VALID"}
    return {**about, "computeResources": {"type": "EC2", "maxvCpus": cpus}, **more}


ENABLED = {"state": "ENABLED", "status": "VALID"}


@pytest.mark.parametrize(
    ("job", "queue", "places", "why"),
    [
        (waiting(), {"state": "DISABLED", "status": "VALID"}, [place("a", 8)], "the AWS Batch queue cpu is disabled: enable it"),
        (
            waiting(),
            {"state": "ENABLED", "status": "INVALID", "statusReason": "CLIENT_ERROR - gone"},
            [place("a", 8)],
            "the AWS Batch queue cpu is INVALID (CLIENT_ERROR - gone)",
        ),
        (
            waiting(),
            ENABLED,
            [place("a", 8, status="INVALID", statusReason="CLIENT_ERROR - Not authorized"), place("b", 8, state="DISABLED")],
            "no compute environment of the AWS Batch queue cpu runs jobs: a is INVALID (CLIENT_ERROR - Not authorized), b is "
            "disabled",
        ),
        (
            waiting(cpus="64"),
            ENABLED,
            [place("a", 16), place("b", 32)],
            "it asks for 64 CPUs, and no compute environment of its queue may have so many (maxvCpus: a 16, b 32): raise that, "
            "or ask "
            "for less",
        ),
        (
            waiting(statusReason="CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested"),
            ENABLED,
            [place("a", 16)],
            "AWS has none of the instances to give that the queue's compute environments may have: allow more types, or more "
            "zones (AWS "
            "Batch says CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested)",
        ),
        (waiting(statusReason="SOMETHING - new"), ENABLED, [place("a", 16)], "AWS Batch says SOMETHING - new"),
        (
            waiting(),
            ENABLED,
            [place("a", 16), place("b", 1000), place("c", 8, state="DISABLED")],
            "the AWS Batch queue cpu has no free machine for it yet: one is being started, or all 1,016 CPUs are taken that it "
            "may have "
            "at a time",
        ),
        (waiting("PENDING"), ENABLED, [place("a", 16)], "AWS Batch has not looked at it yet"),
        (
            waiting("STARTING"),
            ENABLED,
            [place("a", 16)],
            "its machine is there, and makes its container: the image ours/x:1 is being pulled",
        ),
    ],
)
def test_what_keeps_a_job_from_a_machine(job: Any, queue: Any, places: Any, why: str) -> None:
    session: Any = Account([job], queue, places)
    assert explain(session, ["j"]) == {"j": why}


def test_of_a_thousand_jobs_some_are_asked_about() -> None:
    stuck = waiting(id="a:0", statusReason="UNDETERMINED - Batch job is blocked, root cause is undetermined.")
    session: Any = Account([stuck, *(waiting(id=f"a:{number}") for number in range(1, 1000))], ENABLED, [place("p", 16)])
    found = explain(session, [f"a:{number}" for number in range(1000)])
    assert len(found) == 1000
    assert all(re.match("AWS Batch does not know what keeps it", one) for one in found.values())


def test_names_of_jobs_are_no_longer_than_aws_takes_them() -> None:
    name = submitting.names_of("Größe" * 40, "run-" * 30)
    assert re.fullmatch(r"flowc-[A-Za-z0-9_-]{1,100}-", name)
    assert submitting.names_of("Sums", "7") == "flowc-Sums-7-"
    assert submitting.names_of("Sums", None) == "flowc-Sums-"
