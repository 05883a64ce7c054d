"""What the verbs read in AWS's own answers, of what no engine does as AWS: jobs that end without a word, items of a Map Run,
tasks of ECS. The answers are as the documentation shows them, cut short.

https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

import flowc.targets.sfn.aws
from flowc.cli.platforms import Deployment
from flowc.cli.stop import stop_run
from flowc.cli.told import without_stopped
from flowc.targets.executions import State, Trouble
from flowc.targets.sfn.aws.executions import MachineRuns
from flowc.targets.sfn.aws.session import AwsError, Session

NOW = datetime(2026, 11, 21, tzinfo=UTC)
RUN = "arn:aws:states:eu-west-1:123456789012:execution:Sums:1"
MAP = "arn:aws:states:eu-west-1:123456789012:mapRun:Sums/fit:a"
ITEM = "arn:aws:states:eu-west-1:123456789012:execution:Sums/fit:b"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/flows/0123abcd"
FIT = {"FLOWC_STEP": "fit", "FLOWC_PATH": "3", "FLOWC_ATTEMPT": "1.2"}


class Answers:
    """A session in which AWS answers so, by operation; of several answers each once."""

    region = "eu-west-1"
    console = "https://eu-west-1.console.aws.amazon.com"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def ask(self, service: str, operation: str, **parameters: Any) -> Any:
        self.asked.append(operation)
        answer = self.answers[operation]
        if callable(answer):
            answer = answer(**parameters)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pages(self, service: str, operation: str, items: str, **parameters: Any) -> Iterator[Any]:
        yield from self.ask(service, operation, **parameters)[items]

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:eu-west-1:123456789012:{resource}"


def runs(**answers: Any) -> MachineRuns:
    return MachineRuns(cast(Session, Answers(**answers)), "Sums")


def pairs(environment: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in environment.items()]


def batch_job(status_reason: str, container: Mapping[str, Any], environment: Mapping[str, str] = FIT) -> dict[str, Any]:
    """A job of Batch that failed, as the cause of its state has it."""
    return {
        "Attempts": [{"Container": container, "StatusReason": status_reason}],
        "Container": {"Command": ["python3"], "Environment": pairs(environment), "Image": "python:3.11", **container},
        "JobId": "8a1c",
        "JobName": "Sums-fit",
        "Status": "FAILED",
        "StatusReason": status_reason,
    }


def failed(cause: object, error: str = "States.TaskFailed", arn: str = RUN, status: str = "FAILED") -> dict[str, Any]:
    text = cause if isinstance(cause, str) else json.dumps(cause)
    about = {"executionArn": arn, "name": "1", "status": status, "startDate": NOW, "stopDate": NOW}
    return about | ({"error": error, "cause": text} if cause else {})


def trouble(runs: MachineRuns) -> Trouble:
    (found,) = runs.troubles("1")
    return found


OOM = "OutOfMemoryError: Container killed due to memory usage"
PULL = "CannotPullContainerError: failed to resolve ref docker.io/library/nope:1: not found"


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (
            batch_job("Essential container in task exited", {"ExitCode": 137, "Reason": OOM, "LogStreamName": "Sums/default/1"}),
            f"Essential container in task exited; {OOM}; exit code 137",
        ),
        (batch_job("Task failed to start", {"Reason": PULL}), f"Task failed to start; {PULL}"),
        (batch_job("Host EC2 (instance i-0a1b) terminated.", {}), "Host EC2 (instance i-0a1b) terminated."),
        (
            batch_job("Job attempt duration exceeded timeout", {"ExitCode": 137}),
            "Job attempt duration exceeded timeout; exit code 137",
        ),
    ],
)
def test_why_a_job_of_batch_ended_without_a_word(job: dict[str, Any], said: str) -> None:
    found = trouble(runs(describe_execution=failed(job)))
    assert (found.step, found.path, found.attempt, found.job) == ("fit", "3", 1002, "8a1c")
    assert found.cause == said
    assert found.links[0].url.endswith("#jobs/detail/8a1c")
    assert len(found.links) == (2 if "LogStreamName" in job["Container"] else 1)


def test_why_a_task_of_ecs_ended_without_a_word() -> None:
    task = {
        "Containers": [{"Name": "task", "LastStatus": "STOPPED", "Reason": PULL}],
        "Overrides": {"ContainerOverrides": [{"Name": "task", "Environment": pairs(FIT)}]},
        "StoppedReason": "Task failed to start",
        "StopCode": "TaskFailedToStart",
        "TaskArn": TASK,
        "TaskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/flowc-Sums-1:1",
    }
    options = {"awslogs-group": "flows", "awslogs-stream-prefix": "flowc"}
    container = {"name": "task", "logConfiguration": {"logDriver": "awslogs", "options": options}}
    definition = {"taskDefinition": {"containerDefinitions": [container]}}
    found = trouble(runs(describe_execution=failed(task), describe_task_definition=definition))
    assert (found.step, found.path, found.attempt, found.job) == ("fit", "3", 1002, TASK)
    assert found.cause == f"Task failed to start; {PULL}"
    page, log = found.links
    assert page.url.endswith("/ecs/v2/clusters/flows/tasks/0123abcd/configuration?region=eu-west-1")
    assert log.url.endswith("log-group/flows/log-events/flowc$252Ftask$252F0123abcd")


def test_a_job_that_could_not_be_submitted_names_its_step() -> None:
    denied = "User: arn:aws:sts::123456789012:assumed-role/flows/x is not authorized to perform: batch:SubmitJob"
    request = {"ContainerOverrides": {"Environment": pairs(FIT)}, "JobName": "Sums-fit"}
    error = "Batch.AWSBatchException"
    events = [
        {"id": 1, "previousEventId": 0, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "fit"}},
        {
            "id": 2,
            "previousEventId": 1,
            "type": "TaskScheduled",
            "taskScheduledEventDetails": {"parameters": json.dumps(request)},
        },
        {
            "id": 3,
            "previousEventId": 2,
            "type": "TaskSubmitFailed",
            "taskSubmitFailedEventDetails": {"error": error, "cause": denied},
        },
        {"id": 4, "previousEventId": 3, "type": "ExecutionFailed", "executionFailedEventDetails": {"error": error}},
    ]
    found = trouble(
        runs(
            describe_execution=failed(denied, error),
            list_map_runs={"mapRuns": []},
            get_execution_history={"events": events},
        )
    )
    assert (found.step, found.path, found.attempt, found.error, found.cause) == ("fit", "3", 1002, error, denied)


def test_a_foreach_fails_for_its_items() -> None:
    item = failed(batch_job("Host EC2 (instance i-0a1b) terminated.", {}), arn=ITEM)
    whole = failed("The specified tolerated failure threshold was exceeded", "States.ExceedToleratedFailureThreshold")
    asked = {
        "describe_execution": lambda executionArn: item if executionArn == ITEM else whole,
        "list_map_runs": {"mapRuns": [{"mapRunArn": MAP, "startDate": NOW}]},
    }
    listed = {"executions": [{"executionArn": ITEM}]}
    found = trouble(runs(**asked, list_executions=listed))
    assert (found.step, found.path, found.follows) == ("fit", "3", False)
    # Who may not list the items gets what the run itself says.
    history = {"events": [{"id": 1, "type": "MapStateEntered", "stateEnteredEventDetails": {"name": "fit.each"}}]}
    denied = AwsError("denied", code="AccessDeniedException", setup=True)
    found = trouble(runs(**asked, list_executions=denied, get_execution_history=history))
    assert (found.error, found.follows) == ("States.ExceedToleratedFailureThreshold", True)


def test_a_run_that_took_too_long_says_so() -> None:
    found = trouble(runs(describe_execution=failed(None, status="TIMED_OUT"), list_map_runs={"mapRuns": []}))
    assert (found.step, found.error) == (None, "States.Timeout")
    assert found.cause.startswith("the run took longer than it may (--workflow-timeout")


@pytest.mark.parametrize("state", ["failed", "stopped", "timed out"])
def test_what_was_only_interrupted_is_stopped(state: State) -> None:
    interrupted = {"task": "fit/1", "type": "InterruptedError", "message": "was interrupted (SIGTERM) by the platform"}
    own = {"task": "fit/2", "type": "InterruptedError", "message": "Interrupted system call"}

    def counted(*failures: dict[str, str]) -> tuple[list[dict[str, str]], int, int]:
        step = {"step": "fit", "failed": len(failures), "stopped": 0}
        return without_stopped([step], list(failures), state), cast(int, step["failed"]), cast(int, step["stopped"])

    assert counted(interrupted, own) == ([own], 1, 1)
    # A spot interruption is what a run fails for.
    assert counted(interrupted) == (([interrupted], 1, 0) if state == "failed" else ([], 0, 1))


def submitted(output: object, environment: Mapping[str, str]) -> dict[str, Any]:
    """The history of an execution with one job under way."""
    request = {"ContainerOverrides": {"Environment": pairs(environment)}}
    return {
        "events": [
            {"id": 2, "type": "TaskScheduled", "taskScheduledEventDetails": {"parameters": json.dumps(request)}},
            {
                "id": 3,
                "previousEventId": 2,
                "type": "TaskSubmitted",
                "timestamp": NOW,
                "taskSubmittedEventDetails": {"output": json.dumps(output)},
            },
        ]
    }


def test_jobs_of_items_say_what_they_wait_for() -> None:
    counts = dict.fromkeys(("succeeded", "failed", "timedOut", "aborted", "pending"), 0) | {"total": 2, "running": 2}
    machine = runs(
        list_map_runs={"mapRuns": [{"mapRunArn": MAP, "startDate": NOW}]},
        describe_map_run={"mapRunArn": MAP, "itemCounts": counts},
        list_executions={"executions": [{"executionArn": ITEM}]},
        get_execution_history=lambda executionArn, **_: (
            submitted({"JobId": "8a1c"}, FIT) if executionArn == ITEM else {"events": []}
        ),
        describe_jobs={
            "jobs": [{"jobId": "8a1c", "status": "RUNNABLE", "statusReason": "MISCONFIGURATION: no instance is large enough"}]
        },
    )
    fans = machine.fans("1")
    (job,) = machine.jobs("1", fans)
    assert (job.step, job.path, job.status, job.waits, job.of_item) == ("fit", "3", "RUNNABLE", True, True)
    assert job.reason == "MISCONFIGURATION: no instance is large enough"
    assert machine.jobs("1", ()) == ()


@pytest.mark.parametrize("ended", ["TaskSucceeded", "TaskFailed", "TaskTimedOut", "TaskStateAborted", "ExecutionRedriven"])
def test_jobs_that_are_over_are_not_under_way(ended: str) -> None:
    history = submitted({"JobId": "8a1c"}, FIT)
    described = {"jobs": [{"jobId": "8a1c", "status": "RUNNING"}]}
    assert [job.id for job in runs(get_execution_history=history, describe_jobs=described).jobs("1", ())] == ["8a1c"]
    # What aborts an execution says nothing of its jobs, which do not come back when it is redriven.
    history["events"].append({"id": 4, "previousEventId": 0 if ended == "ExecutionRedriven" else 3, "type": ended})
    assert runs(get_execution_history=history, describe_jobs=described).jobs("1", ()) == ()


def test_what_only_tells_more_is_left_out_where_it_may_not_be_seen() -> None:
    denied = AwsError("no", code="AccessDeniedException", setup=True)
    run = {"executionArn": RUN, "name": "1", "status": "FAILED", "startDate": NOW, "error": "Boom", "cause": "why"}
    machine = runs(
        describe_execution=run,
        get_execution_history=denied,
        list_map_runs={"mapRuns": [{"mapRunArn": MAP, "startDate": NOW}]},
        describe_map_run=denied,
        list_executions=denied,
    )
    assert (machine.jobs("1", ()), machine.fans("1"), machine.hook_troubles("1")) == ((), (), ())
    (found,) = machine.troubles("1")
    assert (found.step, found.error, found.cause) == (None, "Boom", "why")


def test_what_cannot_be_told_does_not_keep_a_run_from_being_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    answers = Answers(
        get_execution_history=AwsError("slow down", code="ThrottlingException"),
        stop_execution={"stopDate": NOW},
        describe_execution={"executionArn": RUN, "name": "1", "status": "ABORTED", "startDate": NOW, "stopDate": NOW},
    )
    stop_run(Deployment("Sums", "Sums", "sfn", MachineRuns(cast(Session, answers), "Sums"), "Sums", ()), "1")
    assert "stop_execution" in answers.asked
    assert capsys.readouterr().err == "flowc: stopping the run 1\nflowc: the run 1 was stopped\n"


@pytest.mark.parametrize(("status", "waits"), [("PROVISIONING", True), ("PENDING", True), ("RUNNING", False)])
def test_tasks_of_ecs_are_under_way(status: str, waits: bool) -> None:
    described = {"tasks": [{"taskArn": TASK, "lastStatus": status, "containers": [{"name": "task"}]}]}
    environment = {"FLOWC_HOOK": "failure"}
    answers = Answers(
        get_execution_history=submitted({"Tasks": [{"TaskArn": TASK}], "Failures": []}, environment), describe_tasks=described
    )
    (job,) = MachineRuns(cast(Session, answers), "Sums").jobs("1", ())
    assert (job.step, job.path, job.id, job.status, job.waits) == ("exit_hook.failure", "-", TASK, status, waits)
    assert [link.what for link in job.links] == ["task"]
    assert answers.asked == ["get_execution_history", "describe_tasks"]


def test_a_hook_that_failed_is_told_of_a_run_that_came_to_its_end() -> None:
    environment = {"FLOWC_HOOK": "success"}
    history = submitted({"JobId": "8a1c"}, environment)
    cause = json.dumps(batch_job("Task failed to start", {"Reason": PULL}, environment))
    history["events"].append(
        {
            "id": 4,
            "previousEventId": 3,
            "type": "TaskFailed",
            "taskFailedEventDetails": {"error": "States.TaskFailed", "cause": cause},
        }
    )
    (found,) = runs(get_execution_history=history).hook_troubles("1")
    assert (found.step, found.path, found.cause) == ("exit_hook.success", "-", f"Task failed to start; {PULL}")


def test_the_page_names_every_permission_that_is_used() -> None:
    page = Path(__file__).parent.parent / "docs" / "step-functions.md"
    policy = json.loads(re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[-1])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    folder = Path(flowc.targets.sfn.aws.__file__).parent
    used = set()
    for name in ("executions", "live", "troubles", "underway"):
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        for service, operation in re.findall(r"(?:ask|pages)\(\s*(SERVICE|\"\w+\"), \"(\w+)\"", source):
            words = "".join(word.capitalize() for word in operation.split("_"))
            used.add(f"{'states' if service == 'SERVICE' else service.strip(chr(34))}:{words}")
    # The alias is asked for by `machine.routes_of`.
    assert used | {"states:DescribeStateMachineAlias"} == allowed
