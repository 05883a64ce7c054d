"""What runs state machines in the other tests does as AWS says that Step Functions and Batch do: each rule by a small machine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import GOLDEN, compile_case, documents
from engines import Aws, engine
from engines.states import ALL, INDEX, REDRIVES, RETRIES, job, line, task

from flowc.compiler.plan import plan_text
from flowc.runtime import contract
from flowc.runtime.store import open_store
from flowc.targets.options import Options


def waits(aws: Aws, name: str, running: int, seen: int = 0) -> None:
    """Until so many jobs of a name run."""
    while len([one for one in aws.jobs()[seen:] if one["jobName"] == name and one["status"] == "RUNNING"]) < running:
        time.sleep(0.02)


def test_a_compiled_flow_runs(aws: Aws, tmp_path: Path, monkeypatch: Any) -> None:
    case = GOLDEN / "linear"
    flow = compile_case(case).flow
    assert flow is not None
    (tmp_path / contract.PLAN_FILE).write_text(plan_text(flow), encoding="utf-8")
    (tmp_path / "flow.py").write_bytes((case / "flow.py").read_bytes())
    place = f"s3://{aws.bucket()}/flows"
    options = Options(datastore=place, batch_queue=aws.batch_queue)
    made = {document.name: json.loads(document.text) for document in documents(flow, "sfn", options)}
    jobs = made["job-definitions.json"]
    for one in jobs:
        one["containerProperties"]["environment"].append({"name": contract.PACKAGE, "value": str(tmp_path)})
        one["containerProperties"]["command"] = ["python3", "-m", "flowc.runtime"]
    execution = aws.run(made["state-machine.json"], jobs, name="run-of-linear")
    assert execution.status == "SUCCEEDED", execution.report()
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    tasks = {key.rpartition("/")[0] for key in open_store(place).list("Linear/run-of-linear/") if key.endswith("manifest.json")}
    assert tasks == {f"Linear/run-of-linear/{step}/-" for step in ("start", "keep", "change", "drop", "end")}


def test_jobs_know_what_they_are_told_and_nothing_of_the_tests(aws: Aws, monkeypatch: Any) -> None:
    program = "import os, sys, json; print(json.dumps([dict(os.environ), sys.argv, os.listdir()]))"
    for command in (["python3", "-c", program, "word"], ["/usr/bin/env", "python3", "-c", program, "word"]):
        definition = job("told", program, timeout={"attemptDurationSeconds": 60})
        own = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
        definition["containerProperties"] |= {"command": command, "environment": own}
        execution = aws.run(line(task(aws, "told", {"B": "$.b"})), [definition], {"b": "$(three) `four`"})
        assert execution.status == "SUCCEEDED", execution.report()
        environment, argv, files = json.loads(aws.log_of(aws.jobs()[-1]))
        assert (argv, files) == (["-c", "word"], [])
        assert (environment["A"], environment["B"]) == ("1", "$(three) `four`")
        known = {name for name in environment if not name.startswith(("AWS_", "LC_"))}
        assert known == {"A", "B", "PATH", "TMPDIR", "MANAGED_BY_AWS"}
        assert environment["AWS_ENDPOINT_URL"] == aws.endpoint


def test_retries_count_and_then_fail_with_what_the_job_said(aws: Aws) -> None:
    retry = [{"ErrorEquals": ALL, "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}]
    state = task(aws, "fails", {"ATTEMPT": RETRIES}, Retry=retry)
    before = len(aws.jobs())
    execution = aws.run(line(state), [job("fails", "import os, sys; sys.exit('attempt ' + os.environ['ATTEMPT'])")])
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    jobs = aws.jobs()[before:]
    assert [aws.log_of(one) for one in jobs] == ["attempt 0", "attempt 1", "attempt 2"]
    assert json.loads(execution.cause)["JobId"] == jobs[-1]["jobId"]


def test_each_retrier_counts_its_own_and_the_first_that_matches_decides(aws: Aws) -> None:
    """Throttled submissions come first here, then the job itself fails."""
    throttled = {
        "ErrorEquals": ["Batch.TooManyRequestsException"],
        "MaxAttempts": 9,
        "JitterStrategy": "FULL",
        "MaxDelaySeconds": 5,
    }
    failed = {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 60,
        "MaxAttempts": 2,
        "BackoffRate": 3,
        "MaxDelaySeconds": 90,
    }
    state = task(aws, "counted", {"ATTEMPT": RETRIES}, Retry=[throttled, failed])
    aws.fail("batch", "SubmitJob", "TooManyRequestsException", times=3)
    before = len(aws.jobs())
    execution = aws.run(line(state), [job("counted", "import os; print(os.environ['ATTEMPT']); raise SystemExit(1)")])
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    assert [aws.log_of(one) for one in aws.jobs()[before:]] == ["3", "4", "5"]


def test_delays_are_scaled_and_grow(aws: Aws) -> None:
    """FLOWC_ENGINE_DELAYS is 0.01 by default: 60 s and 120 s are 0.6 s and 1.2 s."""
    state = task(aws, "fails", Retry=[{"ErrorEquals": ALL, "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2.0}])
    seen = len(aws.jobs())
    aws.run(line(state), [job("fails", "raise SystemExit(1)")])
    first, second, third = ended(aws, seen)
    assert second["createdAt"] - first["stoppedAt"] >= 590
    assert third["createdAt"] - second["stoppedAt"] >= 1190


@pytest.mark.parametrize(
    ("caught", "error"), [(ALL, None), (["States.TaskFailed"], None), (["States.Timeout"], "States.TaskFailed")]
)
def test_catch(aws: Aws, caught: list[str], error: str | None) -> None:
    state = task(aws, "fails", Catch=[{"ErrorEquals": caught, "Next": "caught", "ResultPath": "$.why"}])
    machine = line(state)
    machine["States"]["caught"] = {"Type": "Pass", "End": True}
    execution = aws.run(machine, [job("fails", "raise SystemExit(1)")], {"kept": 1})
    if error:
        assert (execution.status, execution.error) == ("FAILED", error)
    else:
        assert execution.status == "SUCCEEDED"
        assert execution.output["kept"] == 1
        assert execution.output["why"]["Error"] == "States.TaskFailed"
        assert json.loads(execution.output["why"]["Cause"])["Container"]["ExitCode"] == 1


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"Type": "Pass", "Parameters": {"a.$": "$.missing"}}, "$.missing"),
        ({"Type": "Pass", "InputPath": "$.missing"}, "$.missing"),
        ({"Type": "Pass", "OutputPath": "$.missing"}, "$.missing"),
        ({"Type": "Pass", "Parameters": {"a.$": "$$.Missing"}}, "$.Missing"),
        ({"Type": "Pass", "Parameters": {"a.$": "States.Format('{}', $.missing)"}}, "$.missing"),
        ({"Type": "Map", "ItemsPath": "$.missing", "ItemProcessor": line({"Type": "Pass"}, names="item")}, "$.missing"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(key for key in value if key != "Type"),
)
def test_a_path_to_nothing_ends_the_execution_and_nothing_catches_it(aws: Aws, state: dict[str, Any], said: str) -> None:
    branch = line(state, names="inner")
    machine = line({"Type": "Parallel", "Branches": [branch], "Catch": [{"ErrorEquals": ALL, "Next": "s1"}]}, {"Type": "Pass"})
    execution = aws.run(machine, input={"there": 1})
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime"), execution.output
    assert said in execution.cause


def test_a_choice_without_a_way_fails(aws: Aws) -> None:
    choice: dict[str, Any] = {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "x", "Next": "x"}]}
    machine: dict[str, Any] = {"StartAt": "choice", "States": {"choice": choice, "x": {"Type": "Succeed"}}}
    assert aws.run(machine, input={"a": "x"}).status == "SUCCEEDED"
    assert aws.run(machine, input={"a": "y"}).error == "States.NoChoiceMatched"
    assert aws.run(machine, input={}).error == "States.Runtime"
    choice["Default"] = "wrong"
    machine["States"]["wrong"] = {"Type": "Fail", "Error": "Wrong", "CausePath": "States.Format('got {}', $.a)"}
    execution = aws.run(machine, input={"a": "y"})
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Wrong", "got y")


# Parallel and Map


def test_a_failing_branch_fails_the_parallel_and_ends_the_others(aws: Aws) -> None:
    seen = len(aws.jobs())
    branches = [line(task(aws, "long"), names="long"), line(task(aws, "fails"), names="fails")]
    jobs = [job("long", "import time; time.sleep(600)"), job("fails", "import time; time.sleep(0.5); raise SystemExit(1)")]
    execution = aws.run(line({"Type": "Parallel", "Branches": branches}), jobs)
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    (over,) = [one for one in ended(aws, seen) if one["jobName"] == "long"]
    assert over["status"] == "FAILED"
    assert over["container"]["exitCode"] == 143


def test_branches_run_at_once_and_hand_up_what_they_made(aws: Aws) -> None:
    """Each waits for the other."""
    program = """
import os, time, pathlib
pathlib.Path(os.environ["ME"]).touch()
while not os.path.exists(os.environ["OTHER"]):
    time.sleep(0.01)
"""
    place = aws.folder()
    branches = []
    for me, other in (("a", "b"), ("b", "a")):
        told = {"ME": f"States.Format('{place}/{me}')", "OTHER": f"States.Format('{place}/{other}')"}
        meets, over = task(aws, "meets", told, ResultPath="$.job"), {"Type": "Pass", "Result": me}
        branches.append(line(meets, over, names=me))
    execution = aws.run(line({"Type": "Parallel", "Branches": branches}), [job("meets", program)])
    assert (execution.status, execution.output) == ("SUCCEEDED", ["a", "b"]), execution.report()


def each(aws: Aws, bucket: str, state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A distributed Map over what stands in items.json."""
    reader: dict[str, Any] = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    reader["Parameters"] = {"Bucket": bucket, "Key": "items.json"}
    selector = {"index.$": "$$.Map.Item.Value", "run.$": "$$.Execution.Name"}
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    body = line(state, names="item")
    return {"Type": "Map", "ItemReader": reader, "ItemSelector": selector, "ItemProcessor": {**config, **body}, **fields}


def items(aws: Aws, value: object) -> str:
    """A bucket with items.json."""
    bucket = aws.bucket()
    aws.client("s3").put_object(Bucket=bucket, Key="items.json", Body=json.dumps(value).encode())
    return bucket


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_distributed_map_has_children_of_its_own(aws: Aws, count: int) -> None:
    bucket = items(aws, list(range(count)))
    made = {"item.$": "$", "own.$": "$$.Execution.Name", "input.$": "$$.Execution.Input"}
    execution = aws.run(line(each(aws, bucket, {"Type": "Pass", "Parameters": made})), name=f"parent-{count}")
    assert execution.status == "SUCCEEDED", execution.report()
    assert [one["item"] for one in execution.output] == [{"index": index, "run": f"parent-{count}"} for index in range(count)]
    assert [one["input"] for one in execution.output] == [one["item"] for one in execution.output]
    assert len({one["own"] for one in execution.output}) == count
    assert not any(one["own"] == f"parent-{count}" for one in execution.output)
    (run,) = aws.client("stepfunctions").list_map_runs(executionArn=execution.arn)["mapRuns"]
    counts = aws.client("stepfunctions").describe_map_run(mapRunArn=run["mapRunArn"])["executionCounts"]
    assert (counts["total"], counts["succeeded"], counts["running"], counts["failed"]) == (count, count, 0, 0)
    assert not [one for one in execution.history if "item" in json.dumps(one.get("stateEnteredEventDetails", {}).get("name", ""))]


def test_the_items_of_a_distributed_map_do_not_see_the_maps_context(aws: Aws) -> None:
    bucket = items(aws, [1])
    execution = aws.run(line(each(aws, bucket, {"Type": "Pass", "Parameters": {"a.$": "$$.Map.Item.Value"}})))
    assert (execution.status, execution.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")


def test_a_failing_child_fails_the_map_and_ends_the_others(aws: Aws) -> None:
    bucket, seen = items(aws, [0, 1, 2]), len(aws.jobs())
    state = task(aws, "second", {"I": INDEX})
    program = "import os, time; time.sleep(600 if os.environ['I'] != '1' else 0.3); raise SystemExit(1)"
    execution = aws.run(line(each(aws, bucket, state)), [job("second", program)])
    assert (execution.status, execution.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert execution.events("MapRunFailed")
    assert {one["status"] for one in ended(aws, seen)} == {"FAILED"}


def test_what_a_map_tolerates(aws: Aws) -> None:
    bucket = items(aws, [0, 1, 2, 3])
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.index", "NumericLessThan": 2, "Next": "bad"}], "Default": "good"}
    states = {"item0": choice, "bad": {"Type": "Fail", "Error": "Bad"}, "good": {"Type": "Succeed"}}
    for tolerated, status in ((1, "FAILED"), (2, "SUCCEEDED")):
        state = each(aws, bucket, {"Type": "Pass"}, ToleratedFailureCount=tolerated)
        state["ItemProcessor"]["States"] = states
        assert aws.run(line(state)).status == status


def test_items_that_are_not_there_fail_the_map_and_can_be_read_again(aws: Aws) -> None:
    reading = [{"ErrorEquals": ["States.ItemReaderFailed"], "MaxAttempts": 3, "IntervalSeconds": 30}]
    bucket = aws.bucket()
    execution = aws.run(line(each(aws, bucket, {"Type": "Pass"})))
    assert (execution.status, execution.error) == ("FAILED", "States.ItemReaderFailed")
    arn = aws.start(line(each(aws, bucket, {"Type": "Pass"}, Retry=reading)))
    time.sleep(0.1)
    aws.client("s3").put_object(Bucket=bucket, Key="items.json", Body=b"[1, 2]")
    assert aws.wait(arn).status == "SUCCEEDED"


@pytest.mark.parametrize("mode", ["inline", "distributed"])
def test_no_more_items_at_once_than_allowed(aws: Aws, mode: str) -> None:
    """Each job leaves a file while it runs, and counts those that there are."""
    place = aws.folder()
    program = f"""
import os, time, pathlib
me = pathlib.Path('{place}', os.environ['AWS_BATCH_JOB_ID'])
me.touch()
time.sleep(0.1)
print(len(os.listdir('{place}')))
time.sleep(0.05)
me.unlink()
"""
    seen = len(aws.jobs())
    if mode == "distributed":
        state = each(aws, items(aws, list(range(9))), task(aws, "counts"), MaxConcurrency=3)
    else:
        body = line(task(aws, "counts"), names="item")
        state = {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "ItemProcessor": body}
    execution = aws.run(line(state), [job("counts", program)], {"items": list(range(9))})
    assert execution.status == "SUCCEEDED", execution.report()
    counts = [int(aws.log_of(one)) for one in aws.jobs()[seen:]]
    assert (len(counts), max(counts)) == (9, 3)


@pytest.mark.parametrize("count", [0, 45, 1200])
def test_an_inline_map_over_a_path(aws: Aws, count: int) -> None:
    body = line({"Type": "Pass", "Parameters": {"is.$": "$.item", "of.$": "$.of"}}, names="item")
    selector = {"item.$": "$$.Map.Item.Value", "of.$": "$.name"}
    state = {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "ItemSelector": selector}
    state["ItemProcessor"] = {**body, "ProcessorConfig": {"Mode": "INLINE"}}
    execution = aws.run(line(state), input={"items": list(range(count)), "name": "n"})
    assert execution.status == "SUCCEEDED", execution.report()
    assert execution.output == [{"is": index, "of": "n"} for index in range(count)]


def test_a_failing_item_of_an_inline_map_hands_up_its_own_error(aws: Aws) -> None:
    body = line({"Type": "Fail", "Error": "Mine", "Cause": "because"}, names="item")
    execution = aws.run(line({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body}), input={"items": [1, 2]})
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Mine", "because")


def test_a_map_that_is_tried_again_runs_all_its_items(aws: Aws) -> None:
    bucket, place, seen = items(aws, [0, 1]), aws.folder(), len(aws.jobs())
    state = task(aws, "once", {"I": INDEX})
    program = f"""
import os, pathlib, time, sys
me = pathlib.Path('{place}', os.environ['I'])
if not me.exists():
    me.touch()
    if os.environ['I'] == '1':
        time.sleep(0.5)
        sys.exit(1)
"""
    execution = aws.run(line(each(aws, bucket, state, Retry=[{"ErrorEquals": ALL, "MaxAttempts": 1}])), [job("once", program)])
    assert execution.status == "SUCCEEDED", execution.report()
    assert len(aws.jobs()) - seen == 4


def ended(aws: Aws, seen: int) -> list[dict[str, Any]]:
    """The jobs since then, when all of them are over."""
    while any(one["status"] not in ("SUCCEEDED", "FAILED") for one in aws.jobs()[seen:]):
        time.sleep(0.05)
    return aws.jobs()[seen:]


# Stopping, timing out, redriving


def test_a_stopped_execution_stops_its_jobs_and_nothing_catches_that(aws: Aws) -> None:
    seen = len(aws.jobs())
    state = task(aws, "long", Retry=[{"ErrorEquals": ALL, "MaxAttempts": 3}], Catch=[{"ErrorEquals": ALL, "Next": "s1"}])
    arn = aws.start(line(state, {"Type": "Pass"}), [job("long", "import time; time.sleep(600)")])
    waits(aws, "long", 1, seen)
    aws.client("stepfunctions").stop_execution(executionArn=arn, error="Enough", cause="a person said so")
    execution = aws.wait(arn)
    assert (execution.status, execution.error, execution.cause) == ("ABORTED", "Enough", "a person said so")
    (over,) = ended(aws, seen)
    assert (over["status"], over["container"]["exitCode"]) == ("FAILED", 143)
    assert aws.events(arn)[-1]["type"] == "ExecutionAborted"


def test_a_stopped_execution_stops_its_branches_and_items(aws: Aws) -> None:
    bucket, seen = items(aws, [0, 1]), len(aws.jobs())
    machine = line({"Type": "Parallel", "Branches": [line(each(aws, bucket, task(aws, "long")), names="map")]})
    arn = aws.start(machine, [job("long", "import time; time.sleep(600)")])
    waits(aws, "long", 2, seen)
    aws.client("stepfunctions").stop_execution(executionArn=arn)
    assert aws.wait(arn).status == "ABORTED"
    assert [one["status"] for one in ended(aws, seen)] == ["FAILED", "FAILED"]


def test_a_machine_times_out(aws: Aws) -> None:
    seen = len(aws.jobs())
    machine = {**line(task(aws, "long", Catch=[{"ErrorEquals": ALL, "Next": "s1"}]), {"Type": "Pass"}), "TimeoutSeconds": 1}
    execution = aws.run(machine, [job("long", "import time; time.sleep(600)")])
    assert execution.status == "TIMED_OUT"
    assert execution.history[-1]["type"] == "ExecutionTimedOut"
    assert [one["status"] for one in ended(aws, seen)] == ["FAILED"]


def test_a_state_times_out(aws: Aws) -> None:
    seen = len(aws.jobs())
    state = task(aws, "long", TimeoutSeconds=1, Retry=[{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}])
    execution = aws.run(line(state), [job("long", "import time; time.sleep(600)")])
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    assert [one["status"] for one in ended(aws, seen)] == ["FAILED", "FAILED"]


def test_a_job_has_so_much_time() -> None:
    with engine({"FLOWC_ENGINE_TIMEOUTS": "0.01"}) as aws:
        long = job("long", "import time; time.sleep(600)", timeout={"attemptDurationSeconds": 60})
        execution = aws.run(line(task(aws, "long")), [long])
        assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
        assert json.loads(execution.cause)["StatusReason"] == "Job attempt duration exceeded timeout"
        with pytest.raises(ClientError, match="at least 60 seconds"):
            aws.register([job("short", "", timeout={"attemptDurationSeconds": 59})])


def test_a_redriven_execution_goes_on_where_it_failed(aws: Aws) -> None:
    """One of two branches has a Map whose second item fails once. What has succeeded does not run again."""
    bucket, place, seen = items(aws, [0, 1, 2]), aws.folder(), len(aws.jobs())
    program = f"""
import os, sys
print(os.environ.get('I'), os.environ.get('R'))
if os.environ.get('I') == '1' and not os.path.exists('{place}/well'):
    sys.exit(1)
"""
    item = task(aws, "mends", {"I": INDEX, "R": REDRIVES})
    other = line(task(aws, "fine"), names="other")
    mapped = line(each(aws, bucket, item, MaxConcurrency=1), names="map")
    machine = line(task(aws, "fine"), {"Type": "Parallel", "Branches": [other, mapped]}, task(aws, "fine"))
    arn = aws.start(machine, [job("mends", program), job("fine", "")])
    assert aws.wait(arn).status == "FAILED"
    assert [one["jobName"] for one in ended(aws, seen)].count("mends") == 2
    before = len(aws.jobs())
    sfn = aws.client("stepfunctions")
    assert sfn.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"
    (place / "well").touch()
    sfn.redrive_execution(executionArn=arn)
    execution = aws.wait(arn)
    assert execution.status == "SUCCEEDED", execution.report()
    assert [one["jobName"] for one in aws.jobs()[before:]] == ["mends", "mends", "fine"]
    # An item of a distributed Map is an execution: the second is redriven, the third had not begun.
    assert [aws.log_of(one) for one in aws.jobs()[before:-1]] == ["1 1", "2 0"]
    assert [one["executionRedrivenEventDetails"]["redriveCount"] for one in execution.events("ExecutionRedriven")] == [1]
    assert [one["id"] for one in execution.history] == list(range(1, len(execution.history) + 1))
    assert sfn.describe_execution(executionArn=arn)["redriveCount"] == 1
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        sfn.redrive_execution(executionArn=arn)


# S3
