"""The gate for Argo finds what it is there to find: a gate that cannot fail shows nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from validators import argo, asl, objects, tools

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
    assert "Go is not installed" in str(objects.missing())
    assert "node is not installed" in str(asl.missing())


# --- Argo's own validator ---


def write(folder: Path, **documents: str) -> list[Path]:
    files = []
    for name, text in documents.items():
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(text, encoding="utf-8")
    return files


@pytest.mark.usefixtures("argo_program")
@pytest.mark.parametrize("version", argo.VERSIONS)
def test_argo_passes_good_documents(version: str, tmp_path: Path) -> None:
    assert argo.validate([], version) == []
    assert argo.validate(write(tmp_path, template=WORKFLOW_TEMPLATE, cron=CRON_WORKFLOW), version) == []
    assert argo.validate(write(tmp_path, both=f"---\n# one\n{CRON_WORKFLOW}---\n---\n{WORKFLOW_TEMPLATE}"), version) == []


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
@pytest.mark.parametrize("version", argo.VERSIONS)
def test_argo_finds_faults(version: str, tmp_path: Path) -> None:
    files = []
    for number, (name, old, new, _) in enumerate(ARGO_FAULTS):
        assert WORKFLOW_TEMPLATE.count(old), f"{name}: {old!r} is not in the document"
        # Each under a name of its own: two of one name in a call would be a fault too.
        text = WORKFLOW_TEMPLATE.replace("name: good", f"name: good{number}").replace(old, new)
        files += write(tmp_path, **{f"fault{number}": text})
    said = {problem.file: problem.error for problem in argo.validate(files, version)}
    for file, (name, _, _, word) in zip(files, ARGO_FAULTS, strict=True):
        assert word in said.get(str(file), "passed"), name


@pytest.mark.usefixtures("argo_program")
@pytest.mark.parametrize("version", argo.VERSIONS)
def test_argo_finds_faults_of_cron_workflows(version: str, tmp_path: Path) -> None:
    faults = {
        "schedule": ("0 3 * * *", "0 3 * *", "malformed"),
        "zone": ("Europe/Vienna", "Europe/Wien", "timezone"),
        "template": ("{name: good}}", "{name: other}}", '"other"'),
        "name": ("{name: good}\n", f"{{name: {'g' * 53}}}\n", "52 characters"),
    }
    documents = {name: CRON_WORKFLOW.replace(old, new, 1) for name, (old, new, _) in faults.items()}
    problems = argo.validate(write(tmp_path, good=WORKFLOW_TEMPLATE, **documents), version)
    if version == "4.0":  # which leaves time zones to the controller
        del faults["zone"]
    assert {Path(problem.file).stem for problem in problems} == faults.keys()
    for problem in problems:
        assert faults[Path(problem.file).stem][2] in problem.error
        assert (problem.kind, problem.index) == ("CronWorkflow", 0)


@pytest.mark.usefixtures("argo_program")
def test_argo_says_what_it_could_not_read(tmp_path: Path) -> None:
    empty, broken = write(tmp_path, empty="# nothing\n", broken="{")
    problems = argo.validate([empty, broken, tmp_path / "none.yaml"])
    assert [Path(problem.file).stem for problem in problems] == ["empty", "broken", "none"]


# --- the definitions of Argo's kinds, and Argo Events ---

SENSOR = """\
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: good}
spec:
  dependencies:
  - {name: one, eventSourceName: source, eventName: event, filters: {data: [{path: a, type: string, value: [b]}]}}
  triggers:
  - template:
      name: start
      k8s:
        operation: create
        source: {resource: {apiVersion: argoproj.io/v1alpha1, kind: Workflow}}
        parameters: [{src: {dependencyName: one, dataKey: body}, dest: metadata.name}]
"""
EVENT_SOURCE = """\
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: good}
spec:
  resource:
    load:
      namespace: flows
      group: argoproj.io
      version: v1alpha1
      resource: workflows
      eventTypes: [UPDATE]
      filter: {labels: [{key: a, operation: "==", value: b}]}
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: good}
rules:
- {apiGroups: [argoproj.io], resources: [workflows], verbs: [create]}
"""
# What has to be found: in which document, what to write instead of what, and a part of what is said.
OBJECT_FAULTS = [
    (WORKFLOW_TEMPLATE, "  entrypoint: main", "  entrypoint: main\n  colour: red", "spec.colour"),
    (WORKFLOW_TEMPLATE, "depends: start.Succeeded", "depends: start.Succeeded\n        after: x", "after"),
    (WORKFLOW_TEMPLATE, "entrypoint: main", "entryPoint: main", "spec.entryPoint"),
    (WORKFLOW_TEMPLATE, 'name: "n"', "name: n", "must be of type string"),
    (WORKFLOW_TEMPLATE, "- name: each", "- name: 1each", "tasks[1]"),
    (WORKFLOW_TEMPLATE, "image: python", "image: 3", "image"),
    (WORKFLOW_TEMPLATE, "kind: WorkflowTemplate", "kind: WorkflowTemplat", "no definition of kind"),
    (WORKFLOW_TEMPLATE, "entrypoint: main", "entrypoint: main\n  entrypoint: main", "already set"),
    (CRON_WORKFLOW, "schedules: [", "schedule: [", "schedule"),
    (CRON_WORKFLOW, "schedules: [", "suspend: maybe\n  schedules: [", "suspend"),
    (SENSOR, "eventName: event", "eventNme: event", "eventNme"),
    (SENSOR, ", eventName: event", "", "EventName"),
    (SENSOR, "dest: metadata.name", "dest: ''", "destination"),
    (SENSOR, "operation: create", "operation: crate", "unknown operation"),
    (EVENT_SOURCE, "eventTypes: [UPDATE]", "eventType: [UPDATE]", "eventType"),
    (EVENT_SOURCE, 'operation: "=="', 'operation: "=~"', "=~"),
    (EVENT_SOURCE, "      resource: workflows\n", "", "resource"),
    (ROLE, "verbs: [create]", "verb: [create]", "verb"),
]


@pytest.fixture
def objects_program() -> None:
    tools.demand(objects.missing())


@pytest.mark.usefixtures("objects_program")
def test_definitions_pass_good_documents(tmp_path: Path) -> None:
    assert objects.validate([]) == []
    good = (WORKFLOW_TEMPLATE, CRON_WORKFLOW, SENSOR, EVENT_SOURCE, ROLE)
    assert objects.validate(write(tmp_path, all="---\n".join(good))) == []


@pytest.mark.usefixtures("objects_program")
def test_definitions_find_faults(tmp_path: Path) -> None:
    files = []
    for number, (document, old, new, _) in enumerate(OBJECT_FAULTS):
        assert old in document, old
        files += write(tmp_path, **{f"fault{number}": document.replace(old, new, 1)})
    files += write(tmp_path, empty="# nothing\n", broken="{")
    said = {problem.file: problem.error for problem in objects.validate(files)}
    for file, (_, _, new, word) in zip(files, OBJECT_FAULTS, strict=False):
        assert word in said.get(str(file), "passed"), new
    assert len(said) == len(files)


@pytest.mark.usefixtures("objects_program")
def test_each_release_has_its_own_definitions(tmp_path: Path) -> None:
    """A rule of one release only is found: 4.0 limits how many tasks a DAG has."""
    tasks = "".join(f"      - {{name: t{number}, template: task}}\n" for number in range(201))
    text = WORKFLOW_TEMPLATE.replace(
        "  - name: main\n    dag:\n      tasks:\n", f"  - name: main\n    dag:\n      tasks:\n{tasks}"
    )
    (problem,) = objects.validate(write(tmp_path, wide=text))
    assert "argo-4.0/argoproj.io_workflowtemplates.yaml" in problem.error
    assert "argo-3.7" not in problem.error


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
