"""The gates themselves: each lets a good document through and finds what is wrong with a bad one."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from validators import argo, asl, service, tools

Document = dict[str, Any]
Change = Callable[[Document], object]

WORKFLOW_TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: good}
spec:
  entrypoint: main
  arguments: {parameters: [{name: "n", value: "2"}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: start, template: task, arguments: {parameters: [{name: step, value: start}]}}
      - name: each
        template: task
        depends: start.Succeeded
        withSequence: {count: "{{tasks.start.outputs.parameters.size}}"}
        arguments: {parameters: [{name: step, value: "each.{{item}}"}]}
      - name: loop
        template: loop
        depends: each.Succeeded || each.Skipped
        when: "'{{tasks.start.outputs.parameters.next}}' == 'work'"
        arguments: {parameters: [{name: turn, value: "0"}]}
  - name: loop
    inputs: {parameters: [{name: turn}]}
    outputs:
      parameters:
      - name: next
        valueFrom: {expression: "tasks['again']?.outputs?.parameters?.next ?? tasks['work'].outputs.parameters.next"}
    dag:
      tasks:
      - {name: work, template: task, arguments: {parameters: [{name: step, value: work}]}}
      - name: again
        template: loop
        depends: work.Succeeded
        when: "'{{tasks.work.outputs.parameters.next}}' == 'work'"
        arguments: {parameters: [{name: turn, value: "{{=asInt(inputs.parameters.turn) + 1}}"}]}
  - name: task
    inputs: {parameters: [{name: step}, {name: path, value: "-"}]}
    container:
      image: python
      command: [python3, -m, task]
      env:
      - {name: STEP, value: "{{inputs.parameters.step}}"}
      - {name: PARAMETERS, value: "{{workflow.parameters.json}}"}
    outputs:
      parameters:
      - {name: size, valueFrom: {path: /tmp/size, default: "0"}}
      - {name: next, valueFrom: {path: /tmp/next, default: ""}}
"""

CRON_WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: good}
spec:
  schedules: ["0 3 * * *"]
  timezone: Europe/Vienna
  workflowSpec: {workflowTemplateRef: {name: good}}
"""


@pytest.fixture
def argo_program() -> None:
    tools.demand(argo.missing())


@pytest.fixture
def asl_program() -> None:
    tools.demand(asl.missing())


@pytest.fixture
def service_models() -> None:
    tools.demand(service.missing())


# --- tools ---


def test_demand_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no hammer"):
        tools.demand("no hammer")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no hammer"):
        tools.demand("no hammer")
    tools.demand(None)


def test_missing_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLOWC_VALIDATORS", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Go is not installed" in str(argo.missing())
    assert "node is not installed" in str(asl.missing())


# --- Argo's own validator ---


def write(folder: Path, **documents: str) -> list[Path]:
    files = []
    for name, text in documents.items():
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(text, encoding="utf-8")
    return files


@pytest.mark.usefixtures("argo_program")
def test_argo_passes_good_documents(tmp_path: Path) -> None:
    assert argo.validate([]) == []
    assert argo.validate(write(tmp_path, template=WORKFLOW_TEMPLATE, cron=CRON_WORKFLOW)) == []
    assert argo.validate(write(tmp_path, both=f"---\n# one\n{CRON_WORKFLOW}---\n---\n{WORKFLOW_TEMPLATE}")) == []


# What Argo's program has to find: the name of the fault, what to write instead of what, and a part of what it says.
ARGO_FAULTS = [
    ("unknown field", "  entrypoint: main", "  entrypoint: main\n  colour: red", 'unknown field "spec.colour"'),
    ("unknown field of a task", "depends: start.Succeeded", "depends: start.Succeeded\n        after: x", "tasks[1].after"),
    ("wrong case of a field", "entrypoint: main", "entryPoint: main", "spec.entryPoint"),
    ("field twice", "  entrypoint: main", "  entrypoint: main\n  entrypoint: main", "already set"),
    ("boolean for a name", 'name: "n"', "name: n", "cannot unmarshal bool"),
    ("other kind", "kind: WorkflowTemplate", "kind: Sensor", 'kind "Sensor"'),
    ("other version", "argoproj.io/v1alpha1", "argoproj.io/v1", "apiVersion"),
    ("dangling entrypoint", "entrypoint: main", "entrypoint: mian", "'mian' undefined"),
    ("dangling template", "template: loop\n        depends: each", "template: lop\n        depends: each", "'lop' undefined"),
    ("dangling depends", "depends: start.Succeeded", "depends: strat.Succeeded", "strat"),
    ("no result of a task", "depends: start.Succeeded", "depends: start.Suceeded", "'Suceeded'"),
    ("dangling task of a reference", "tasks.start.outputs.parameters.size", "tasks.x.outputs.parameters.size", "{{tasks.x."),
    ("dangling output of a reference", "outputs.parameters.size}}", "outputs.parameters.sice}}", "sice}}"),
    ("dangling input", "{{inputs.parameters.step}}", "{{inputs.parameters.stp}}", "failed to resolve"),
    ("missing argument", ", arguments: {parameters: [{name: step, value: start}]}", "", "step was not supplied"),
    ("cycle", "{name: start, template: task,", "{name: start, template: task, depends: loop.Succeeded,", "cycle"),
    ("underscore", "name: again", "name: a_gain", "a_gain"),
    ("no image", "      image: python\n", "", "image may not be empty"),
    ("timeout on a DAG", "  - name: loop\n    inputs", "  - name: loop\n    timeout: 9s\n    inputs", "timeout"),
    ("word of a language", "depends: work.Succeeded", "depends: work.Succeeded && let.Succeeded", "let"),
    ("broken depends", "each.Succeeded || each.Skipped", '"each.Succeeded || (each.Skipped"', "depends"),
    ("broken when", "parameters.next}}' == 'work'", "parameters.next}}' === 'work'", "'==='"),
    ("broken tag expression", "parameters.turn) + 1}}", "parameters.turn +) 1}}", "unexpected token"),
    ("broken output expression", "?? tasks", "?! tasks", "unexpected token"),
]


@pytest.mark.usefixtures("argo_program")
def test_argo_finds_faults(tmp_path: Path) -> None:
    files = []
    for number, (name, old, new, _) in enumerate(ARGO_FAULTS):
        assert WORKFLOW_TEMPLATE.count(old), f"{name}: {old!r} is not in the document"
        # Each under a name of its own: two of one name in a call would be a fault too.
        text = WORKFLOW_TEMPLATE.replace("name: good", f"name: good{number}").replace(old, new)
        files += write(tmp_path, **{f"fault{number}": text})
    said = {problem.file: problem.error for problem in argo.validate(files)}
    for file, (name, _, _, word) in zip(files, ARGO_FAULTS, strict=True):
        assert word in said.get(str(file), "passed"), name


@pytest.mark.usefixtures("argo_program")
def test_argo_finds_faults_of_cron_workflows(tmp_path: Path) -> None:
    faults = {
        "schedule": ("0 3 * * *", "0 3 * *", "malformed"),
        "zone": ("Europe/Vienna", "Europe/Wien", "timezone"),
        "template": ("{name: good}}", "{name: other}}", '"other"'),
        "name": ("{name: good}\n", f"{{name: {'g' * 53}}}\n", "52 characters"),
    }
    documents = {name: CRON_WORKFLOW.replace(old, new, 1) for name, (old, new, _) in faults.items()}
    problems = argo.validate(write(tmp_path, good=WORKFLOW_TEMPLATE, **documents))
    assert {Path(problem.file).stem for problem in problems} == faults.keys()
    for problem in problems:
        assert faults[Path(problem.file).stem][2] in problem.error
        assert (problem.kind, problem.index) == ("CronWorkflow", 0)


@pytest.mark.usefixtures("argo_program")
def test_argo_says_what_it_could_not_read(tmp_path: Path) -> None:
    empty, broken = write(tmp_path, empty="# nothing\n", broken="{")
    problems = argo.validate([empty, broken, tmp_path / "none.yaml"])
    assert [Path(problem.file).stem for problem in problems] == ["empty", "broken", "none"]


# --- our own look at a WorkflowTemplate ---


def template(document: Document, name: str) -> Document:
    return next(one for one in document["spec"]["templates"] if one["name"] == name)


def task(document: Document, path: str) -> Document:
    around, name = path.split(".")
    return next(one for one in template(document, around)["dag"]["tasks"] if one["name"] == name)


def say_in(document: Document, text: str) -> None:
    """Write a value into an environment variable of the container."""
    template(document, "task")["container"]["env"][0]["value"] = text


def test_dangling_passes_good_documents() -> None:
    assert argo.dangling(yaml.safe_load(WORKFLOW_TEMPLATE)) == []
    assert argo.dangling(yaml.safe_load(CRON_WORKFLOW)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["spec"].update(entrypoint="mian"), "spec.entrypoint: template 'mian' does not exist"),
        (lambda d: d["spec"].update(onExit="bye"), "spec.onExit: template 'bye' does not exist"),
        (lambda d: task(d, "main.loop").update(template="lop"), "main.tasks.loop: template 'lop' does not exist"),
        (lambda d: task(d, "main.loop").update(depends="strat.Succeeded"), "depends on 'strat', which is no task here"),
        (lambda d: task(d, "main.loop").update(depends="start.Done"), "'Done' is no result"),
        (lambda d: task(d, "main.loop").update(depends="start.Succeeded &&"), "depends cannot be read"),
        (lambda d: task(d, "main.start").update(depends="loop.Succeeded"), "wait for one another"),
        (lambda d: task(d, "main.each").update(name="matches"), "names a task"),
        (lambda d: [task(d, "main.start").update(name="nil"), task(d, "main.each").update(depends="nil")], "a word of the lang"),
        (lambda d: task(d, "main.each").update(name="1st"), "starts with a digit"),
        (lambda d: task(d, "main.each").pop("depends"), "names a task that this one does not wait for"),
        (lambda d: task(d, "main.each").pop("withSequence"), "item stands where nothing is repeated"),
        (lambda d: task(d, "main.each").update(name="start"), "'start' is there 2 times"),
        (lambda d: task(d, "main.each").update(name="e_ach"), "'e_ach' is no name that Argo takes"),
        (lambda d: task(d, "main.each").update(name="e" * 129), "is no name that Argo takes"),
        (lambda d: task(d, "main.each").update(inline={}), "inline template, which is not looked into"),
        (lambda d: task(d, "main.each").update(when="{{tasks.nobody.status}} == x"), "tasks.nobody.status names no task here"),
        (lambda d: task(d, "main.each").update(when="{{tasks.start.stauts}} == x"), "is nothing that a task has"),
        (lambda d: task(d, "main.each").update(when="{{=tasks['start'].outputs.parameters.sice}}"), "sice is no output of the t"),
        (lambda d: task(d, "main.each").update(when="{{=tasks.start.outputs.parameters['sice']}}"), "sice is no output of the t"),
        (lambda d: task(d, "main.start")["arguments"]["parameters"].clear(), "does not give 'step'"),
        (lambda d: task(d, "main.start")["arguments"]["parameters"].append({"name": "z", "value": ""}), "gives 'z'"),
        (lambda d: task(d, "main.start").update(hooks={"exit": {"template": "bye"}}), "hooks.exit: template 'bye'"),
        (
            lambda d: template(d, "loop")["outputs"]["parameters"][0]["valueFrom"].update(
                expression="tasks['agian']?.outputs?.parameters?.next ?? ''"
            ),
            "tasks.agian.outputs.parameters.next names no task here",
        ),
        (lambda d: say_in(d, "{{inputs.parameters.stp}}"), "inputs.parameters.stp is no input"),
        (lambda d: say_in(d, "{{input.parameters.step}}"), "input.parameters.step is nothing that Argo knows"),
        (lambda d: say_in(d, "{{workflow.parameters.m}}"), "workflow.parameters.m is no parameter of the workflow"),
        (lambda d: say_in(d, "{{workflow.nmae}}"), "workflow.nmae is nothing that Argo knows"),
        (lambda d: say_in(d, "{{tasks.start.status}}"), "names no task here"),
        (lambda d: say_in(d, "{{inputs.parameters.step"), "that nothing closes"),
        (lambda d: d["spec"]["arguments"]["parameters"].append({"name": "a b", "value": ""}), "'a b' is no name"),
        (lambda d: d["spec"]["arguments"]["parameters"].append({"name": False, "value": ""}), "False is no name"),
        (lambda d: d["spec"]["templates"].append({"name": "left", "suspend": {}}), "templates.left: is used by nothing"),
        (lambda d: template(d, "main").update(steps=[]), "steps template, which is not looked into"),
        (lambda d: d["metadata"].update(name="Good"), "'Good' is no name of an object"),
        (lambda d: d["metadata"].update(name="g" * 64), "64 of at most 63"),
        (lambda d: d.update(kind="Sensor"), "kind 'Sensor'"),
        (
            lambda d: d["spec"]["templates"].extend({"name": f"t{i}", "suspend": {}} for i in range(198)),
            "spec.templates: 201 of at most 200",
        ),
        (
            lambda d: template(d, "main")["dag"]["tasks"].extend(
                {**task(d, "main.start"), "name": f"t{number}"} for number in range(198)
            ),
            "main.tasks: 201 of at most 200",
        ),
    ],
)
def test_dangling_finds_faults(change: Change, said: str) -> None:
    document = yaml.safe_load(WORKFLOW_TEMPLATE)
    change(document)
    faults = argo.dangling(document)
    assert [fault for fault in faults if said in fault], faults


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
