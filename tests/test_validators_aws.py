"""The gates for Step Functions find what they are there to find: a gate that cannot fail shows nothing."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from validators import asl, service, tools

Document = dict[str, Any]
Change = Callable[[Document], object]


@pytest.fixture
def asl_program() -> None:
    tools.demand(asl.missing())


@pytest.fixture
def service_models() -> None:
    tools.demand(service.missing())


# --- state machines ---

TASK: Document = {
    "Type": "Task",
    "Resource": "arn:aws:states:::batch:submitJob.sync",
    "Parameters": {
        "JobName": "work",
        "JobQueue": "queue",
        "JobDefinition.$": "$.definition",
        "ContainerOverrides": {"Environment": [{"Name": "STEP", "Value": "work"}, {"Name": "PATH", "Value.$": "$.path"}]},
        "Tags": {"flow": "f", "run.$": "$.run"},
        "Timeout": {"AttemptDurationSeconds": 60},
        "PropagateTags": True,
    },
    "ResultPath": None,
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "failed"}],
    "Next": "read",
}
DEFINITION: Document = {
    "StartAt": "work",
    "States": {
        "work": TASK,
        "read": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Parameters": {"Bucket": "b", "Key.$": "States.Format('{}/next', $.run)"},
            "ResultSelector": {"is.$": "States.StringToJson($.Body)"},
            "ResultPath": "$.next",
            "Next": "pick",
        },
        "pick": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.next.is", "StringEquals": "again", "Next": "work"},
                {"Variable": "$.next.is", "StringEquals": "each", "Next": "each"},
            ],
            "Default": "both",
        },
        "each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": "b", "Key.$": "$.items"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "body",
                "States": {"body": {**{key: TASK[key] for key in ("Type", "Resource", "Parameters")}, "End": True}},
            },
            "Label": "each",
            "End": True,
        },
        "both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "left", "States": {"left": {"Type": "Pass", "End": True}}},
                {
                    "StartAt": "right",
                    "States": {"right": {"Type": "Wait", "Seconds": 1, "Next": "fine"}, "fine": {"Type": "Succeed"}},
                },
            ],
            "End": True,
        },
        "failed": {"Type": "Fail", "Error": "e", "Cause": "c"},
    },
}


def changed(change: Change) -> Document:
    definition = copy.deepcopy(DEFINITION)
    change(definition["States"])
    return definition


def parameters(states: Document) -> Document:
    found: Document = states["work"]["Parameters"]
    return found


def body(states: Document) -> Document:
    found: Document = states["each"]["ItemProcessor"]["States"]["body"]
    return found


def go_on(state: Document, target: str) -> None:
    del state["End"]
    state["Next"] = target


def write_json(folder: Path, name: str, definition: object) -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(definition), encoding="utf-8")
    return file


@pytest.mark.usefixtures("asl_program")
def test_asl_passes_good_definitions(tmp_path: Path) -> None:
    assert asl.validate([]) == []
    assert asl.validate([write_json(tmp_path, "one", DEFINITION), write_json(tmp_path, "two", DEFINITION)]) == []


@pytest.mark.usefixtures("asl_program")
def test_asl_finds_faults(tmp_path: Path) -> None:
    faults: dict[str, Change] = {
        "target": lambda s: s["read"].update(Next="nobody"),
        "target-of-catch": lambda s: s["work"]["Catch"][0].update(Next="nobody"),
        "target-outside": lambda s: go_on(body(s), "read"),
        "unknown-field": lambda s: s["read"].update(Nxt="pick"),
        "both-ends": lambda s: s["read"].update(End=True),
        "no-end": lambda s: s["read"].pop("Next"),
        "no-terminal": lambda s: go_on(body(s), "body"),
        "name-twice": lambda s: s["each"]["ItemProcessor"]["States"].update(work={"Type": "Pass", "End": True}),
        "type": lambda s: s["read"].update(Type="Job"),
        "json-path": lambda s: s["read"].update(ResultPath="$.a[*"),
        "no-resource": lambda s: s["read"].pop("Resource"),
        "two-readings": lambda s: parameters(s).update({"JobDefinition": "d"}),
        "retry": lambda s: s["read"].update(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": "3"}]),
        "no-choices": lambda s: s["pick"].update(Choices=[]),
    }
    files = {name: write_json(tmp_path, name, changed(change)) for name, change in faults.items()}
    not_json = tmp_path / "not-json.json"
    not_json.write_text("{", encoding="utf-8")
    problems = asl.validate([*files.values(), not_json])
    assert sorted({*files, "not-json"} - {Path(problem.file).stem for problem in problems}) == []
    assert all(problem.errors for problem in problems)


def test_asl_dangling_passes_good_definitions() -> None:
    assert asl.dangling(DEFINITION) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s["read"].update(Next="nobody"), "States.read: Next leads to 'nobody'"),
        (lambda s: s["pick"].update(Default="nobody"), "States.pick: Default leads to 'nobody'"),
        (lambda s: s["pick"]["Choices"][1].update(Next="nobody"), "States.pick: Choices[1].Next leads to 'nobody'"),
        (lambda s: s["work"]["Catch"][0].update(Next="left"), "States.work: Catch[0].Next leads to 'left'"),
        (lambda s: s["each"]["ItemProcessor"].update(StartAt="work"), "States.each.ItemProcessor.StartAt is 'work'"),
        (lambda s: s["pick"].pop("Default"), "States.both: is reached by nothing"),
        (
            lambda s: s["both"]["Branches"][1]["States"].update(more={"Type": "Succeed"}),
            "Branches[1].States.more: is reached by n",
        ),
        (lambda s: s["each"]["ItemProcessor"]["States"].update(work={"Type": "Succeed"}), "'work' is the name of 2 states"),
        (lambda s: s.update({"x" * 81: {"Type": "Succeed"}}), "81 of at most 80"),
        (lambda s: s["each"].update(Label="x" * 41), "41 of at most 40"),
        (lambda s: s["read"].pop("Next"), "States.read: has neither Next nor End"),
        (lambda s: s["read"].update(End=True), "States.read: has both Next and End"),
        (lambda s: s["each"].update(End=False), "States.each: End is False"),
        (lambda s: s["failed"].update(Next="read"), "States.failed: a Fail has no Next"),
        (lambda s: s["pick"].update(End=True), "States.pick: a Choice has no End"),
        (lambda s: s["pick"].update(Choices=[]), "States.pick: has no Choices"),
        (lambda s: s["read"].update(Type="Job"), "States.read: Type is 'Job'"),
        (lambda s: go_on(body(s), "body"), "States.body: never comes to an end"),
        (lambda s: s["both"].update(Branches=[]), "a Parallel with nothing inside"),
    ],
)
def test_asl_dangling_finds_faults(change: Change, said: str) -> None:
    faults = asl.dangling(changed(change))
    assert [fault for fault in faults if said in fault], faults


# --- AWS's service models ---


@pytest.mark.usefixtures("service_models")
def test_service_passes_good_definitions() -> None:
    assert service.problems(DEFINITION) == []


def override(**fields: object) -> Change:
    return lambda states: parameters(states)["ContainerOverrides"].update(fields)


@pytest.mark.usefixtures("service_models")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: parameters(s).update(JobNaem="x"), "$.States.work.Parameters.JobNaem: is no member of SubmitJobRequest"),
        (
            lambda s: parameters(s).update({"jobName.$": "$.x"}),
            "Parameters.jobName.$: is no member of SubmitJobRequest (JobName?)",
        ),
        (lambda s: parameters(s).update({"JobNaem.$": "$.x"}), "Parameters.JobNaem.$: is no member"),
        (lambda s: parameters(s).pop("JobQueue"), "Parameters: lacks JobQueue"),
        (lambda s: parameters(s).pop("JobDefinition.$"), "Parameters: lacks JobDefinition"),
        (lambda s: parameters(s).update(JobDefinition="d"), "JobDefinition: is given twice"),
        (lambda s: parameters(s).update({"JobDefinition.$": "definition"}), "neither a path nor an intrinsic"),
        (lambda s: parameters(s).update({"JobDefinition.$": 5}), "neither a path nor an intrinsic"),
        (lambda s: parameters(s).update(JobName=5), "JobName: is 5 (int), not a string"),
        (lambda s: parameters(s).update(Tags={"n": 5}), "Tags.n: is 5 (int), not a string"),
        (lambda s: parameters(s).update(Tags=["n"]), "(list), not a map"),
        (lambda s: parameters(s).update(Timeout=60), "Timeout: is 60 (int), not the structure JobTimeout"),
        (lambda s: parameters(s)["Timeout"].update(AttemptDurationSeconds=True), "is True (bool), not a integer"),
        (lambda s: parameters(s).update(PropagateTags="yes"), "not a boolean"),
        (override(Enviroment=[]), "ContainerOverrides.Enviroment: is no member of ContainerOverrides"),
        (override(Environment={"A": "b"}), "Environment: is {'A': 'b'} (dict), not a list"),
        (override(Environment=[{"Name": "A", "Value": 1}]), "Environment[0].Value: is 1 (int), not a string"),
        (override(Environment=[{"Name": "A", "Vlaue.$": "$.a"}]), "Environment[0].Vlaue.$: is no member"),
        (override(ResourceRequirements=[{"Type": "VCPUS", "Value": "1"}]), "'VCPUS', none of GPU, VCPU, MEMORY"),
        (override(ResourceRequirements=[{"Type": "VCPU"}]), "ResourceRequirements[0]: lacks Value"),
        (lambda s: body(s)["Parameters"].pop("JobName"), "$.States.each.ItemProcessor.States.body.Parameters: lacks JobName"),
        (lambda s: s["read"]["Parameters"].pop("Bucket"), "$.States.read.Parameters: lacks Bucket"),
        (
            lambda s: s["each"]["ItemReader"]["Parameters"].update(Kye="k"),
            "$.States.each.ItemReader.Parameters.Kye: is no member",
        ),
        (lambda s: s["each"]["ItemReader"].update(Resource="arn:aws:states:::s3:putObject"), "reads no items"),
        (lambda s: s["each"].update(ResultWriter={"Parameters": {"Key": "k"}}), "ResultWriter.Parameters.Key: is no member"),
        (lambda s: s["work"].update(Resource="arn:aws:states:::batch:submitJobs.sync"), "batch:submitJobs is not an optimised"),
        (lambda s: s["work"].update(Resource="arn:aws:states:::batch:submitJob.sink"), "cannot be called with '.sink'"),
        (lambda s: s["work"].update(Resource="arn:aws:states:::s3:getObject"), "(aws-sdk:s3:getObject?)"),
        (lambda s: s["read"].update(Resource="arn:aws:states:::aws-sdk:s3:getObjekt"), "AWS has no s3:getObjekt"),
        (lambda s: s["read"].update(Resource="arn:aws:states:::aws-sdk:s4:getObject"), "AWS has no s4:getObject"),
        (lambda s: s["read"].update(Resource="s3"), "'s3' is no integration"),
        (
            lambda s: s["read"].update(Resource="arn:aws:states:::ecs:runTask.sync", Parameters={"Cluster": "c"}),
            "lacks TaskDefinition",
        ),
        (
            lambda s: s["both"]["Branches"][0]["States"].update(
                left={"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:batch:cancelJob", "Parameters": {"JobId": "1"}}
            ),
            "$.States.both.Branches[0].States.left.Parameters: lacks Reason",
        ),
        (lambda s: s["work"].update(Arguments={}), "JSONata is not looked into"),
    ],
)
def test_service_finds_faults(change: Change, said: str) -> None:
    faults = service.problems(changed(change))
    assert [fault for fault in faults if said in fault], faults


@pytest.mark.usefixtures("service_models")
def test_service_lets_functions_take_what_they_like() -> None:
    function = {"Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "Parameters": {"anything": 1}}
    assert service.problems(changed(lambda states: states["work"].update(function))) == []


JOB_DEFINITION: Document = {
    "jobDefinitionName": "flow",
    "type": "container",
    "platformCapabilities": ["FARGATE"],
    "containerProperties": {
        "image": "python",
        "command": ["python3"],
        "environment": [{"name": "A", "value": "b"}],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}],
        "ephemeralStorage": {"sizeInGiB": 30},
    },
    "tags": {"flow": "f"},
}


@pytest.mark.usefixtures("service_models")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, None),
        ({"jobDefinitonName": "x"}, "jobDefinitonName"),
        ({"JobDefinitionName": "x"}, "JobDefinitionName"),
        ({"type": None}, "type"),
        ({"type": "containr"}, "$[1].type: is 'containr'"),
        ({"platformCapabilities": ["FARGAT"]}, "$[1].platformCapabilities[0]: is 'FARGAT'"),
        ({"tags": {"n": 5}}, "tags"),
        ({"timeout": {"attemptDurationSeconds": "60"}}, "attemptDurationSeconds"),
        ({"containerProperties": {"image": "i", "resourceRequirements": [{"type": "VCPU"}]}}, "required parameter in containerP"),
        ({"containerProperties": {"resourceRequirements": [{"type": "RAM", "value": "1"}]}}, "[0].type: is 'RAM'"),
    ],
)
def test_service_checks_job_definitions(fields: Document, said: str | None) -> None:
    faults = service.job_definition_problems([JOB_DEFINITION, {**JOB_DEFINITION, **fields}])
    if said is None:
        assert faults == []
    else:
        assert [fault for fault in faults if fault.startswith("$[1]") and said in fault], faults


@pytest.mark.usefixtures("service_models")
def test_service_wants_a_name_for_a_job_definition() -> None:
    assert any("jobDefinitionName" in fault for fault in service.job_definition_problems([{"type": "container"}]))


TASK_DEFINITION: Document = {
    "family": "flow",
    "requiresCompatibilities": ["EC2"],
    "containerDefinitions": [
        {
            "name": "task",
            "image": "python",
            "memory": 512,
            "linuxParameters": {"devices": [{"hostPath": "/dev/neuron0", "permissions": ["read", "write"]}]},
        }
    ],
    "tags": [{"key": "flow", "value": "f"}],
}


@pytest.mark.usefixtures("service_models")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, None),
        ({"memory": 512}, "memory"),
        ({"requiresCompatibilities": ["FARGAT"]}, "$[1].requiresCompatibilities[0]: is 'FARGAT'"),
        ({"tags": {"flow": "f"}}, "tags"),
        ({"containerDefinitions": [{"linuxParameters": {"devices": [{"permissions": ["READ"]}]}}]}, "is 'READ'"),
        ({"containerDefinitions": [{"volumes": []}]}, "volumes"),
    ],
)
def test_service_checks_task_definitions(fields: Document, said: str | None) -> None:
    faults = service.job_definition_problems([TASK_DEFINITION, {**TASK_DEFINITION, **fields}])
    if said is None:
        assert faults == []
    else:
        assert [fault for fault in faults if fault.startswith("$[1]") and said in fault], faults
