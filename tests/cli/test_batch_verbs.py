"""`flowc batch list` and `flowc batch kill`, against an account of AWS that the engine plays."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines import Aws
from offloaded import Offloaded, see

from flowc.cli.program import execute

from .conftest import Ended, Run

FLOW = """\
from flowc import FlowSpec, step


class Sums(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Sums()
"""


class Place:
    """A datastore in which ann has run the flow, and jobs of runs of the flow.

    Attributes:
        flowc: Runs a command line.
        url: The datastore.
    """

    def __init__(self, aws: Aws, flowc: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.aws, self.flowc, self.folder, self._monkeypatch = aws, flowc, folder, monkeypatch
        self.url = f"s3://{aws.bucket()}/flows"
        (folder / "sums.py").write_text(FLOW)
        for name, value in {"FLOWC_USER": "ann", "FLOWC_DATASTORE": self.url, **aws.environment}.items():
            monkeypatch.setenv(name, value)

    @property
    def hint(self) -> str:
        """What is added where nothing is found, of a datastore without a run of the flow."""
        return f"; the datastore {self.url} has no runs of a flow Sums"

    def finish(self) -> str:
        """Run the flow here; the run's id."""
        command = [sys.executable, "-m", "flowc", "run", "sums.py", "--quiet", "--run-id-file", "id"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "id").read_text()

    def jobs(self, run: str, *paths: str, user: str = "ann", attempt: int = 0, **options: Any) -> list[str]:
        """Start jobs of a run that wait; their ids."""
        made = Offloaded(self.aws, self.folder, self._monkeypatch, datastore=options.pop("datastore", self.url), **options)
        made.run = run
        self.aws.hold("flowc-*")
        return [one.id for one in made.prepare(user=user).start(made.orders(*paths, attempt=attempt))]

    def states(self) -> dict[str, str]:
        """How far jobs are, arrays as one, by id."""
        return {one["jobId"]: one["status"] for one in self.aws.jobs()}


@pytest.fixture
def place(aws: Aws, flowc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    place = Place(aws, flowc, tmp_path, monkeypatch)
    yield place
    batch = aws.client("batch")
    for id, state in place.states().items():
        if state not in ("SUCCEEDED", "FAILED"):
            batch.terminate_job(jobId=id, reason="the test is over")
    aws.let_go("flowc-*")


WHERE = "AWS Batch in us-east-1, account 123456789012"


def rows(ended: Ended) -> list[list[str]]:
    """A table's rows, with the durations left out."""
    assert ended.code == 0, ended.err
    return [re.sub(r" \d+(\.\d+)? s ", " ", line).split() for line in ended.out.splitlines()]


def test_the_latest_run_of_ones_own(place: Place) -> None:
    place.finish()
    run = place.finish()
    place.jobs("1", "-")
    array, *rest = place.jobs(run, "0", "1", "10", attempt=1)
    ended = place.flowc("batch", "list", "sums.py")
    assert rows(ended) == [
        ["TASK", "ATTEMPT", "STATUS", "SINCE", "USER", "ID"],
        *([f"2/fit/{path}", "1", "RUNNABLE", "ann", id] for path, id in zip(("0", "1", "10"), (array, *rest), strict=True)),
    ]
    assert ended.err == ""
    killed = place.flowc("batch", "kill", "sums.py")
    assert (killed.code, killed.out) == (0, "")
    assert killed.err == "".join(
        f"flowc: ended 2/fit/{path}, which was RUNNABLE ({id})\n"
        for path, id in zip(("0", "1", "10"), (array, *rest), strict=True)
    )
    states = place.states()
    assert states[array.partition(":")[0]] == "FAILED"
    assert "RUNNABLE" in states.values()  # of the first run
    again = place.flowc("batch", "kill", "sums.py")
    assert again == (0, "", f"flowc: no task of Sums/2 waits or runs on {WHERE}\n")
    assert place.flowc("batch", "list", "sums.py") == (0, "", f"flowc: no task of Sums/2 waits or runs on {WHERE}\n")


def test_of_a_run_of_a_person_and_of_mine(place: Place) -> None:
    (first,) = place.jobs("456", "3")
    (second,) = place.jobs("7", "-")
    (third,) = place.jobs("8", "-", user="willsmith")
    assert [row[0] for row in rows(place.flowc("batch", "list", "sums.py", "--my-runs"))] == ["TASK", "7/fit/-", "456/fit/3"]
    assert [row[0] for row in rows(place.flowc("batch", "list", "Sums", "--run-id", "8"))] == ["TASK", "8/fit/-"]
    assert [row[0] for row in rows(place.flowc("batch", "list", "Sums", "--user", "willsmith"))] == ["TASK", "8/fit/-"]
    ended = place.flowc("batch", "kill", "sums.py", "--run-id", "456")
    assert ended == (0, "", f"flowc: ended 456/fit/3, which was RUNNABLE ({first})\n")
    ended = place.flowc("batch", "kill", "sums.py", "--user", "willsmith")
    assert ended == (0, "", f"flowc: ended 8/fit/-, which was RUNNABLE ({third})\n")
    ended = place.flowc("batch", "kill", "sums.py", "--my-runs")
    assert ended == (0, "", f"flowc: ended 7/fit/-, which was RUNNABLE ({second})\n")
    ended = place.flowc("batch", "kill", "sums.py", "--user", "willsmith")
    assert ended == (
        0,
        "",
        f"flowc: no task of all runs of Sums that are willsmith's waits or runs on {WHERE}{place.hint}\n",
    )


def test_as_a_program(place: Place) -> None:
    (id,) = place.jobs("456", "3")
    command = [sys.executable, "sums.py", "batch", "kill", "--run-id", "456"]
    ended = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, f"flowc: ended 456/fit/3, which was RUNNABLE ({id})\n")


def test_no_other_flow_and_no_other_datastore_is_touched(place: Place) -> None:
    place.jobs("456", "3", datastore="s3://elsewhere/flows")
    batch = place.aws.client("batch")
    batch.register_job_definition(
        jobDefinitionName="other",
        type="container",
        containerProperties={
            "image": "x",
            "command": ["true"],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "100"}],
        },
    )
    tags = {"flowc:flow": "Sums", "flowc:run": "456", "flowc:step": "fit", "flowc:user": "ann"}
    for name, given in (
        ("flowc-Sums-456-fit-0123", {**tags, "flowc:flow": "sums"}),  # names differ in case, and Batch says they are alike
        ("flowc-Sums-456-fit-4567", {}),
        ("sums-456", tags),
    ):
        batch.submit_job(jobName=name, jobQueue=place.aws.batch_queue, jobDefinition="other", tags=given)
    assert place.flowc("batch", "list", "sums.py", "--run-id", "456").out == ""
    ended = place.flowc("batch", "kill", "sums.py", "--run-id", "456")
    assert ended == (
        0,
        "",
        f"flowc: no task of Sums/456 waits or runs on {WHERE}{place.hint}\n",
    )
    assert len(rows(place.flowc("batch", "list", "sums.py", "--my-runs"))) == 2  # wherever they keep what they make
    ended = place.flowc("batch", "list", "sums.py", "--run-id", "456", "--datastore", "s3://elsewhere/flows/")
    assert len(rows(ended)) == 2


def test_as_json(place: Place) -> None:
    (id,) = place.jobs("456", "3.~1", attempt=2)
    place.aws.hold("flowc-*", "UNDETERMINED - Batch job is blocked, root cause is undetermined.")
    table = ""
    while "UNDETERMINED" not in table:
        table = place.flowc("batch", "list", "sums.py", "--run-id", "456").out
    (found,) = json.loads(place.flowc("batch", "list", "sums.py", "--run-id", "456", "--format", "json").out)
    assert isinstance(found.pop("since"), float)
    assert found == {
        "flow": "Sums",
        "run": "456",
        "step": "fit",
        "path": "3.~1",
        "attempt": 2,
        "user": "ann",
        "id": id,
        "status": "RUNNABLE",
        "reason": "UNDETERMINED - Batch job is blocked, root cause is undetermined.",
        "link": f"https://us-east-1.console.aws.amazon.com/batch/home?region=us-east-1#jobs/detail/{id}",
    }
    assert json.loads(place.flowc("batch", "list", "sums.py", "--run-id", "9", "--format", "json").out) == []


def test_what_runs_and_what_is_over(place: Place) -> None:
    made = Offloaded(place.aws, place.folder, place._monkeypatch, datastore=place.url, program="exec sleep 60")
    made.run = "5"
    jobs = made.prepare()
    place.aws.doom("flowc-Sums-5-*:1", "Essential container in task exited", code=0)
    ids = [one.id for one in jobs.start(made.orders("0", "1"))]
    see(jobs, ids, lambda found: {one.phase for one in found.values()} == {"running", "over"})
    (row,) = rows(place.flowc("batch", "list", "sums.py", "--run-id", "5"))[1:]
    assert row == ["5/fit/0", "0", "RUNNING", "ann", ids[0]]
    killed = place.flowc("batch", "kill", "sums.py", "--run-id", "5")
    assert killed.err == f"flowc: ended 5/fit/0, which was RUNNING ({ids[0]})\n"
    (job,) = made.jobs()
    assert job["statusReason"] == "ended by ann, with `flowc batch kill`"


def test_many_are_counted(place: Place) -> None:
    place.jobs("456", *map(str, range(150)))
    assert len(rows(place.flowc("batch", "list", "sums.py", "--my-runs"))) == 151
    ended = place.flowc("batch", "kill", "sums.py", "--my-runs")
    assert ended == (0, "", "flowc: ended 150 tasks: 150 of 456/fit\n")


def test_what_cannot_be_ended(place: Place) -> None:
    (first,) = place.jobs("456", "3")
    (second,) = place.jobs("456", "4")
    said = "User: arn:aws:iam::1:user/ann is not authorized to perform: batch:TerminateJob on resource: arn:aws:batch:::job/x"
    place.aws.fail("batch", "TerminateJob", "AccessDeniedException", message=said, status=403)
    ended = place.flowc("batch", "kill", "sums.py", "--run-id", "456")
    assert ended.code == 1
    lines = sorted(ended.err.splitlines())
    assert [re.sub("[34]/? *", "N", line.replace(first, "ID").replace(second, "ID")) for line in lines] == [
        "flowc: could not end N56/fit/N, which is RUNNABLE (ID): AWS denies batch:TerminateJob on arn:aws:batch:::job/x: the "
        "credentials need that permission",
        "flowc: ended N56/fit/N, which was RUNNABLE (ID)",
    ]


def test_queues_that_may_not_be_listed(place: Place) -> None:
    place.jobs("456", "3")
    for _ in range(2):
        place.aws.fail("batch", "DescribeJobQueues", "AccessDeniedException", status=403)
    assert place.flowc("batch", "list", "sums.py", "--my-runs") == (
        2,
        "",
        "flowc: AWS denies batch:DescribeJobQueues: the credentials need that permission\n",
    )
    ended = place.flowc("batch", "list", "sums.py", "--my-runs", "--batch-queue", place.aws.batch_queue)
    assert len(rows(ended)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sums.py", "--my-runs", "--user", "x"), "--my-runs, --run-id and --user exclude each other"),
        (("sums.py", "--run-id", "1", "--user", "x"), "--my-runs, --run-id and --user exclude each other"),
        (("sums.py", "--my-runs", "--run-id", "1"), "--my-runs, --run-id and --user exclude each other"),
        ((), "which flow? Say its file or its name"),
        (("sums.py", "--user", " "), "--run-id and --user take a name"),
    ],
)
@pytest.mark.parametrize("verb", ["list", "kill"])
def test_misuse(place: Place, verb: str, arguments: tuple[str, ...], said: str) -> None:
    ended = place.flowc("batch", verb, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"flowc batch {verb}: {said}\nTry 'flowc batch {verb} --help'.\n"


def test_no_run_of_ones_own(place: Place) -> None:
    ended = place.flowc("batch", "kill", "sums.py")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"flowc: the datastore {place.url} has no runs of a flow Sums\n"


def test_without_a_verb(capfd: pytest.CaptureFixture[str]) -> None:
    assert execute(["batch", "--help"]) == 0
    assert "kill  End the tasks that wait or run.\n  list  List the tasks that wait or run.\n" in capfd.readouterr().out


def test_a_run_may_be_named_as_elsewhere(place: Place) -> None:
    place.jobs("456", "3")
    assert len(rows(place.flowc("batch", "list", "Sums/456"))) == 2
    ended = place.flowc("batch", "list", "Sums/456", "--my-runs")
    assert (ended.code, "Sums/456 names a run already" in ended.err) == (2, True)
    ended = place.flowc("batch", "kill", "sums.py", "--run-id", "456/add/3")
    assert (ended.code, ended.err) == (
        2,
        "flowc: 456/add/3 is no run but a part of one: a run of Sums is meant, as --run-id 456\n",
    )
    ended = place.flowc("batch", "kill", "1")
    assert (ended.code, ended.err) == (2, "flowc: no flow is called '1': name its class, or its file\n")


def test_a_run_that_is_not_there(place: Place) -> None:
    place.finish()
    ended = place.flowc("batch", "kill", "sums.py", "--run-id", "72")
    assert ended.code == 0
    assert ended.err.startswith(f"flowc: no task of Sums/72 waits or runs on {WHERE}; ")
    assert "no run 72" in ended.err
