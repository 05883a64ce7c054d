"""What runs state machines in the other tests does as AWS says that Step Functions and Batch do: each rule by a small machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conftest import GOLDEN, compile_case, documents
from engines import Aws

from flowc.compiler.plan import plan_text
from flowc.runtime import contract
from flowc.runtime.store import open_store
from flowc.targets.options import Options

ALL = ["States.ALL"]


def job(name: str, program: str, **properties: Any) -> dict[str, Any]:
    """A job definition, of a program in Python."""
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
    container = {"image": "python", "command": ["python3", "-c", program], "resourceRequirements": needs}
    return {"jobDefinitionName": name, "type": "container", "containerProperties": container, **properties}


def task(aws: Aws, name: str, **fields: Any) -> dict[str, Any]:
    """A state that runs a job."""
    parameters = {"JobName": name, "JobQueue": aws.batch_queue, "JobDefinition": name}
    return {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "Parameters": parameters, **fields}


def line(*states: dict[str, Any]) -> dict[str, Any]:
    """A machine of states that follow each other: `s0`, `s1` …"""
    last = len(states) - 1
    onward = [{"End": True} if number == last else {"Next": f"s{number + 1}"} for number in range(len(states))]
    return {"StartAt": "s0", "States": {f"s{number}": {**state, **onward[number]} for number, state in enumerate(states)}}


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
        one["containerProperties"]["command"] = list(contract.ENTRYPOINT)
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
        state = task(aws, "told")
        state["Parameters"]["ContainerOverrides"] = {"Environment": [{"Name": "B", "Value.$": "$.b"}]}
        execution = aws.run(line(state), [definition], {"b": "$(three) `four`"})
        assert execution.status == "SUCCEEDED", execution.report()
        environment, argv, files = json.loads(aws.log_of(aws.jobs()[-1]))
        assert (argv, files) == (["-c", "word"], [])
        assert (environment["A"], environment["B"]) == ("1", "$(three) `four`")
        known = {name for name in environment if not name.startswith(("AWS_", "LC_"))}
        assert known == {"A", "B", "PATH", "MANAGED_BY_AWS"}
        assert environment["AWS_ENDPOINT_URL"] == aws.endpoint


def test_retries_count_and_then_fail_with_what_the_job_said(aws: Aws) -> None:
    state = task(aws, "fails", Retry=[{"ErrorEquals": ALL, "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}])
    state["Parameters"]["ContainerOverrides"] = {
        "Environment": [{"Name": "ATTEMPT", "Value.$": "States.Format('{}', $$.State.RetryCount)"}]
    }
    before = len(aws.jobs())
    execution = aws.run(line(state), [job("fails", "import os, sys; sys.exit('attempt ' + os.environ['ATTEMPT'])")])
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    jobs = aws.jobs()[before:]
    assert [aws.log_of(one) for one in jobs] == ["attempt 0", "attempt 1", "attempt 2"]
    assert json.loads(execution.cause)["JobId"] == jobs[-1]["jobId"]
