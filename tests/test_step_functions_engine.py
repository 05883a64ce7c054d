"""Another interpreter than our own does the same with these machines: moto's, with jobs that are processes but run no flow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import documents
from engines import Aws
from graphs import with_modes
from test_step_functions import BOTH, LOOPED, compiled, failing

from flowc.compiler.ir.nodes import Flow
from flowc.runtime import contract
from flowc.targets.options import Options

PROGRAM = """\
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith("FLOWC_")}
print(json.dumps(told))
sys.exit(any(told.items() >= one.items() for one in json.loads(sys.argv[1])))
"""
"""A job that prints what it was told, and fails where it was told to."""


def run(aws: Aws, flow: Flow, *faults: dict[str, str], given: object = None, objects: dict[str, object] | None = None) -> Any:
    """Run a flow's machine; its execution, what its jobs were told, in order, and what it wrote."""
    bucket = aws.bucket()
    name = f"run-{bucket}"
    made = documents(flow, "sfn", Options(datastore=f"s3://{bucket}/at", batch_queue=aws.batch_queue))
    jobs = json.loads(made[1].text)
    for one in jobs:
        one["containerProperties"]["command"] = ["python3", "-c", PROGRAM, json.dumps(faults)]
    for key, value in (objects or {}).items():
        aws.client("s3").put_object(Bucket=bucket, Key=f"at/{flow.name}/{name}/{key}", Body=json.dumps(value))
    known = {one["jobId"] for one in aws.jobs()}
    execution = aws.run(made[0].text, jobs, given, name)
    ran = [one for one in aws.jobs() if one["jobId"] not in known]
    told = [json.loads(aws.log_of(one).splitlines()[0]) for one in sorted(ran, key=lambda one: one["createdAt"])]
    assert all(one[contract.RUN] == name and one[contract.CODE] == "${PackageKey}" for one in told)
    listed = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"at/{flow.name}/{name}/").get("Contents", [])
    wrote = {one["Key"].rpartition("/")[2]: aws.client("s3").get_object(Bucket=bucket, Key=one["Key"]) for one in listed}
    return execution, told, {key: one["Body"].read() for key, one in wrote.items()}


def names(told: list[dict[str, str]]) -> list[str]:
    return [one.get(contract.STEP) or f"hook of {one[contract.HOOK]}" for one in told]


def test_a_catching_job_lets_the_run_go_on_to_its_hooks(aws: Aws) -> None:
    flow = failing("@retry(times=1, minutes_between_retries=0)\n    @catch", BOTH)
    given = {"alpha": "$(x) {{y}} $.z 'q' \\ \n"}
    execution, told, wrote = run(aws, flow, {contract.STEP: "work", contract.CATCH: "0"}, given=given)
    assert execution.status == "SUCCEEDED", execution.report()
    assert names(told) == ["start", "work", "work", "work", "end", "hook of success"]
    attempts = [(one[contract.ATTEMPT], one[contract.CATCH]) for one in told if one.get(contract.STEP) == "work"]
    assert attempts == [("0.0", "0"), ("0.1", "0"), ("0.12", "1")]
    found = json.loads(wrote[contract.INPUT_OBJECT])
    assert (json.loads(found) if isinstance(found, str) else found) == given


@pytest.mark.parametrize("fault", [[], [{contract.HOOK: "failure"}]], ids=["", "and its hook"])
def test_a_failure_stays_one_after_its_hooks(aws: Aws, fault: list[dict[str, str]]) -> None:
    execution, told, _ = run(aws, failing("", BOTH), {contract.STEP: "work"}, *fault)
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    assert "flowc-Failing" in execution.cause  # Batch's description of the job
    assert names(told) == ["start", "work", "hook of failure"]


def test_a_failing_hook_of_success_changes_nothing(aws: Aws) -> None:
    execution, told, _ = run(aws, failing("", BOTH), {contract.HOOK: "success"})
    assert execution.status == "SUCCEEDED", execution.report()
    assert names(told)[-1] == "hook of success"


def left_by_looped() -> dict[str, object]:
    """What the tasks of `LOOPED` leave: two rows in each of two turns, each with two turns of its own and two cells."""
    found: dict[str, object] = {}
    for turn in (0, 1):
        found[f"turn/~{turn}/items.json"] = [0, 1]
        found[f"rows_in/~{turn}/next.json"] = ("turn", "end")[turn]
        for row in (0, 1):
            found[f"cells/~{turn}.{row}/items.json"] = [0, 1]
            found |= {f"again/~{turn}.{row}.~{more}/next.json": ("again", "cells")[more] for more in (0, 1)}
    return found


@pytest.mark.parametrize("mode", ["inline", "distributed"])
def test_loops_around_and_inside_of_maps(aws: Aws, mode: str) -> None:
    flow = with_modes(compiled(LOOPED), {"mode": mode})
    execution, told, _ = run(aws, flow, objects=left_by_looped())
    assert execution.status == "SUCCEEDED", execution.report()
    ran = sorted(f"{one[contract.STEP]}/{one[contract.PATH]}" for one in told)
    rows = [f"~{turn}.{row}" for turn in (0, 1) for row in (0, 1)]
    assert ran == sorted(
        [
            *("start/-", "end/-", "turn/~0", "turn/~1", "rows_in/~0", "rows_in/~1"),
            *(f"{step}/{row}" for step in ("row", "cells", "columns_in") for row in rows),
            *(f"again/{row}.~{turn}" for row in rows for turn in (0, 1)),
            *(f"cell/{row}.{cell}" for row in rows for cell in (0, 1)),
        ]
    )


def test_an_object_that_is_missing_is_not_asked_for_again(aws: Aws) -> None:
    flow = with_modes(compiled(LOOPED), {"mode": "inline"})
    execution, told, _ = run(aws, flow)
    assert (execution.status, names(told)) == ("FAILED", ["start", "turn"])
    assert len(execution.events("TaskFailed")) == 1
