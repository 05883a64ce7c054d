"""`--overlay`: what is merged, what is refused, and where that is said; and that flowc's own objects pass the same checks."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CASES, compile_case, documents
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import flow_of, read
from validators import argo, tools

from flowc.compiler import Source
from flowc.compiler.diagnostics.model import Report
from flowc.targets.argo.checks import check
from flowc.targets.argo.cluster.kinds import CLAIM, SECRET
from flowc.targets.argo.cluster.needs import named
from flowc.targets.argo.deployment import deployment_of
from flowc.targets.argo.overlay import apply_overlay
from flowc.targets.argo.overlay_text import NotRead, read_documents
from flowc.targets.options import Options, Overlay

Manifest = dict[str, Any]

FLOW = flow_of(read("", on_step="@environment(vars={'A': '1'})\n@kubernetes(persistent_volume_claims={'data': '/data'})"))
MADE = next(iter(deployment_of(FLOW, Options(), Report()).manifests()))
TASK = next(one["name"] for one in MADE["spec"]["templates"] if "claim-0" in str(one))
CRON = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "CronWorkflow",
    "metadata": {"name": "sample", "labels": {"flowc/deployment": "sample"}},
    "spec": {"schedules": ["0 6 * * *"], "workflowSpec": {"workflowTemplateRef": {"name": "sample"}}},
}


def applied(text: str, *manifests: Manifest) -> tuple[list[Manifest], list[str]]:
    """The objects with an overlay, and what is said: `line:column code message`."""
    report = Report()
    made = apply_overlay(manifests or (MADE, CRON), Overlay("patch.yaml", text), report)
    assert all(one.primary.span.path == "patch.yaml" for one in report.diagnostics)
    said = [(one.primary.span, one.rule.code, one.message) for one in report.sorted()]
    return made, [f"{span.line}:{span.column} {code} {message}" for span, code, message in said]


def workflow(text: str) -> Manifest:
    """The WorkflowTemplate with an overlay of it, of which nothing is said."""
    made, said = applied(text)
    assert not said
    assert made[1] == CRON
    return made[0]


def template(manifest: Manifest, name: str = TASK) -> Manifest:
    return next(one for one in manifest["spec"]["templates"] if one["name"] == name)


def of_task(text: str) -> str:
    """An overlay of the one template that has a claim; four lines come before the text, which is indented by four."""
    return f"kind: WorkflowTemplate\nspec:\n  templates:\n  - name: {TASK}\n" + "".join(
        f"    {line}\n" for line in text.splitlines()
    )


# What is merged


def test_mappings_are_merged_and_null_takes_away() -> None:
    made = workflow(
        "kind: WorkflowTemplate\nspec:\n  parallelism: null\n  ttlStrategy: {secondsAfterSuccess: 60}\n  podGC: null\n"
    )
    assert "parallelism" in MADE["spec"]
    assert {key: value for key, value in made["spec"].items() if key != "ttlStrategy"} == {
        key: value for key, value in MADE["spec"].items() if key != "parallelism"
    }
    assert made["spec"]["ttlStrategy"] == {"secondsAfterSuccess": 60}


def test_lists_of_things_with_names_are_merged_by_name() -> None:
    made = template(workflow(of_task("container:\n  env:\n  - {name: A, value: '2'}\n  - {name: B, value: x}")))
    before = template(MADE)
    env = {one["name"]: one["value"] for one in made["container"]["env"]}
    assert env == {**{one["name"]: one["value"] for one in before["container"]["env"]}, "A": "2", "B": "x"}
    assert {**made, "container": None} == {**before, "container": None}


def test_mounts_are_told_apart_by_their_paths() -> None:
    mounts = template(workflow(of_task("container:\n  volumeMounts:\n  - {name: claim-0, mountPath: /more, readOnly: true}")))
    assert [one["mountPath"] for one in mounts["container"]["volumeMounts"]] == ["/data", "/more"]
    mounts = template(workflow(of_task("container:\n  volumeMounts:\n  - {mountPath: /data, readOnly: true}")))
    assert mounts["container"]["volumeMounts"] == [{"name": "claim-0", "mountPath": "/data", "readOnly": True}]


def test_other_lists_are_replaced() -> None:
    made, said = applied("kind: CronWorkflow\nspec:\n  schedules: ['0 7 * * *', '0 19 * * *']\n")
    assert not said
    assert made[1]["spec"]["schedules"] == ["0 7 * * *", "0 19 * * *"]
    assert made[0] == MADE


def test_what_has_a_name_is_deleted_by_it() -> None:
    env = template(workflow(of_task("container:\n  env:\n  - {name: A, $patch: delete}")))["container"]["env"]
    assert "A" not in {one["name"] for one in env}


def test_what_is_new_is_taken_as_it_is() -> None:
    made = template(
        workflow(of_task("affinity:\n  nodeAffinity: {a: null, b: [1, 1.5, true, '1', x]}\nsidecars: [{name: s, image: i}]"))
    )
    assert made["affinity"] == {"nodeAffinity": {"b": [1, 1.5, True, "1", "x"]}}
    assert made["sidecars"] == [{"name": "s", "image": "i"}]


def test_several_documents_are_merged_one_after_the_other() -> None:
    first = "kind: WorkflowTemplate\nspec: {priority: 1, podPriorityClassName: low}\n"
    second = "---\n# nothing\n---\nkind: WorkflowTemplate\nmetadata: {name: sample, labels: {team: x}}\nspec: {priority: 2}\n"
    made = workflow(first + second)
    assert made["spec"]["priority"] == 2
    assert made["spec"]["podPriorityClassName"] == "low"
    assert made["metadata"] == {**MADE["metadata"], "labels": {**MADE["metadata"]["labels"], "team": "x"}}


def test_a_template_and_a_task_of_ones_own() -> None:
    text = """
kind: WorkflowTemplate
spec:
  hooks:
    running: {template: tell, expression: workflow.status == "Running"}
  templates:
  - name: main
    dag:
      tasks:
      - {name: tell, template: tell, depends: end.Succeeded}
  - name: tell
    container: {image: curl, command: [curl], args: ["{{workflow.name}}"]}
"""
    made = workflow(text)
    assert template(made, "main")["dag"]["tasks"][-1]["name"] == "tell"


def test_a_patch_of_pods_keeps_the_secrets_that_pull_images() -> None:
    flow = flow_of(read("", on_step="@kubernetes(image_pull_secrets=['mine'])"))
    (made,) = deployment_of(flow, Options(), Report()).manifests()
    text = of_task("podSpecPatch: |\n  imagePullSecrets: [{name: more}]\n  hostNetwork: true")
    (merged,), said = applied(text, made)
    assert not said
    found = {"imagePullSecrets": [{"name": "mine"}, {"name": "more"}], "hostNetwork": True}
    assert json.loads(template(merged)["podSpecPatch"]) == found
    _, said = applied(of_task("podSpecPatch: '[1]'"), made)
    assert said == ["5:5 FC607 `podSpecPatch` is no text that holds a mapping"]


def test_what_is_merged_is_not_changed() -> None:
    before = deepcopy(MADE)
    workflow(of_task("container:\n  image: other"))
    assert before == MADE


def test_the_documents_are_those_with_the_overlay() -> None:
    text = "kind: WorkflowTemplate\nspec:\n  podSpecPatch: '{\"hostNetwork\": true}'\n"
    (document,) = documents(FLOW, "argo", Options(overlay=Overlay("patch.yaml", text)))
    assert yaml.safe_load(document.text)["spec"]["podSpecPatch"] == '{"hostNetwork": true}'
    assert document.usages[0].used == len(document.text.encode())


# What is refused


TASKS = "kind: WorkflowTemplate\nspec: {templates: [{name: main, dag: {tasks: ["

GIVEN = "{parameters: [{name: step, value: a}, {name: path, value: b}]}"

FAULTY = {
    "no YAML": ("kind: [", "1:8 FC607 the overlay is no YAML: expected the node content, but found '<stream end>'"),
    "a tab": ("kind:\n\t- a", "2:1 FC607 the overlay is no YAML: found character '\\t' that cannot start any token"),
    "a control character": ("kind: a\x00b", "1:8 FC607 the overlay holds a character that YAML does not allow"),
    "no kind": ("spec: {}\n", "1:1 FC607 a document of the overlay does not say for what it is"),
    "a list": ("- kind: WorkflowTemplate\n", "1:1 FC607 a document of the overlay does not say for what it is"),
    "kind is no text": ("kind: [a]\n", "1:1 FC607 `kind` is no text"),
    "unknown kind": ("kind: Workflow\n", "1:1 FC607 flowc makes no object of the kind `Workflow`"),
    "name is no text": ("kind: CronWorkflow\nmetadata: {name: 5}", "2:12 FC607 `metadata.name` is no text"),
    "twice": ("kind: Sensor\nspec:\n  a: 1\n  a: 2\n", "4:3 FC607 `a` stands twice"),
    "ambiguous": (
        "kind: CronWorkflow\nspec: {suspend: yes}\n",
        "2:17 FC607 some read `yes` as text, others as a number or a boolean",
    ),
    "a tag": ("kind: CronWorkflow\nspec: {suspend: !!str yes}\n", "2:17 FC607 the overlay has a value with a tag"),
    "a merge key": (
        "kind: CronWorkflow\nspec: {<<: {a: b}}\n",
        "2:8 FC607 the overlay merges by `<<`, which Kubernetes does not read",
    ),
    "not the same kind of value": (
        "kind: CronWorkflow\nspec:\n  schedules: daily\n",
        "3:3 FC607 `spec.schedules` is a list, and the overlay has something else there",
    ),
    "an item without its name": (
        "kind: WorkflowTemplate\nspec:\n  templates:\n  - container: {image: x}\n",
        "4:5 FC607 an item of `spec.templates` has no `name`, by which it would be merged",
    ),
    "another word for the list": (
        of_task("container:\n  env:\n  - {name: A, $patch: merge}"),
        "7:19 FC607 `$patch` is `delete`, or is left out",
    ),
    "nothing to delete": (of_task("affinity: {$patch: delete}"), "5:16 FC607 there is nothing that `$patch` could delete"),
    "apiVersion": (
        "apiVersion: v2\nkind: CronWorkflow\n",
        "1:1 FC607 the overlay changes `apiVersion` of the CronWorkflow `sample`, which flowc needs as it is",
    ),
    "a label of flowc's": (
        "kind: CronWorkflow\nmetadata:\n  labels:\n    flowc/deployment: mine\n",
        "4:5 FC607 the overlay changes `metadata.labels.flowc/deployment` of the CronWorkflow `sample`, which flowc needs as "
        "it is",
    ),
    "a namespace": (
        "kind: CronWorkflow\nmetadata: {namespace: mine}\n",
        "2:12 FC607 the overlay changes `metadata.namespace` of the CronWorkflow `sample`, which flowc needs as it is",
    ),
    "what is started": (
        "kind: CronWorkflow\nspec: {workflowSpec: {workflowTemplateRef: {name: other}}}\n",
        "2:23 FC607 the overlay changes `spec.workflowSpec.workflowTemplateRef` of the CronWorkflow `sample`, which flowc needs "
        "as it is",
    ),
    "all of the spec": (
        "kind: WorkflowTemplate\nspec: null\n",
        "2:1 FC607 the overlay changes `spec.entrypoint` of the WorkflowTemplate `sample`, which flowc needs as it is",
    ),
    "the entrypoint": (
        f"kind: WorkflowTemplate\nspec: {{entrypoint: {TASK}}}\n",
        "2:8 FC607 the overlay changes `spec.entrypoint` of the WorkflowTemplate `sample`, which flowc needs as it is",
    ),
    "the command": (
        of_task("container:\n  command: [sh]"),
        f"6:7 FC607 the overlay changes `spec.templates.{TASK}.container.command` of the WorkflowTemplate `sample`, which flowc "
        "needs as it is",
    ),
    "a variable of flowc's": (
        of_task("container:\n  env:\n  - {name: FLOWC_STEP, value: end}"),
        f"7:9 FC607 the overlay changes `spec.templates.{TASK}.container.env.FLOWC_STEP` of the WorkflowTemplate `sample`, "
        "which flowc needs as it is",
    ),
    "retries where there are none": (
        of_task("retryStrategy: {limit: '3'}"),
        f"5:5 FC607 the overlay changes `spec.templates.{TASK}.retryStrategy` of the WorkflowTemplate `sample`, which flowc "
        "needs as it is",
    ),
    "a task's template": (
        TASKS + "{name: end, template: main}]}}]}",
        "2:59 FC607 the overlay changes `spec.templates.main.dag.tasks.end.template` of the WorkflowTemplate `sample`, which "
        "flowc needs as it is",
    ),
    "a task less": (
        TASKS + "{name: end, $patch: delete}]}}]}",
        "2:47 FC607 the overlay changes `spec.templates.main.dag.tasks.end` of the WorkflowTemplate `sample`, which flowc needs "
        "as it is",
    ),
    "no such template": (
        TASKS + "{name: more, template: tell}]}}]}",
        "2:60 FC607 with the overlay, `more` runs the template `tell`, which there is not",
    ),
    "no such task": (
        TASKS + f"{{name: more, template: {TASK}, depends: ende.Succeeded, arguments: {{parameters: [{{name: step, value: a}}, "
        "{name: path, value: b}]}}]}}]}",
        "FC607 with the overlay, the task `more` waits for `ende`, which is no task of its DAG",
    ),
    "arguments that a template needs": (
        TASKS + f"{{name: more, template: {TASK}, arguments: {{parameters: [{{name: step, value: a}}]}}}}]}}}}]}}",
        f"FC607 with the overlay, `more` does not give `path`, which the template `{TASK}` needs",
    ),
    "a name": (
        TASKS + f"{{name: a_b, template: {TASK}, arguments: {GIVEN}}}]}}}}]}}",
        "FC607 with the overlay, `a_b` is no name of a task: up to 128 letters, digits and `-`, with no `-` in front",
    ),
    "a mount of nothing": (
        of_task("container:\n  volumeMounts: [{name: nope, mountPath: /x}]"),
        "6:22 FC607 with the overlay, a container mounts `nope`, which is no volume",
    ),
    "a number for a text": (
        of_task("container:\n  env:\n  - {name: B, value: 1}"),
        "7:19 FC607 with the overlay, the value of the variable `B` is no text",
    ),
    "two values": (
        of_task("container:\n  env:\n  - {name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}"),
        "7:19 FC607 with the overlay, the variable `A` has two values",
    ),
    "an input that is none": (
        of_task("container:\n  workingDir: '{{inputs.parameters.stp}}'"),
        "6:7 FC607 with the overlay, `{{inputs.parameters.stp}}` names no input of its template",
    ),
    "an account that is none": (
        of_task("serviceAccountName: 1"),
        "5:5 FC607 with the overlay, the name of a service account is no text",
    ),
    "a patch that is none": (
        "kind: WorkflowTemplate\nspec: {podSpecPatch: hostNetwork}\n",
        "2:8 FC607 with the overlay, `podSpecPatch` is no text that holds a mapping",
    ),
    "a label": (
        of_task("metadata: {labels: {a: b c}}"),
        "5:25 FC607 with the overlay, a label is none that Kubernetes takes: the value of `a` is no label's",
    ),
    "a template that is two": (
        of_task("script: {image: x, source: z}"),
        f"5:5 FC607 the overlay changes `spec.templates.{TASK}.script` of the WorkflowTemplate `sample`, which flowc needs as "
        "it is",
    ),
}


@pytest.mark.parametrize(("text", "message"), FAULTY.values(), ids=FAULTY.keys())
def test_a_fault_is_said_once_at_its_place(text: str, message: str) -> None:
    made, said = applied(text)
    assert len(said) == 1, said
    assert message in said[0]
    assert made == [MADE, CRON]


IDLE = {
    "no object of the kind": ("kind: Sensor\nspec: {}\n", "1:1 FC608 this flow has no `Sensor`, so that"),
    "no object of the name": (
        "kind: CronWorkflow\nmetadata: {name: othr}\n",
        "2:12 FC608 this flow has no `CronWorkflow` called `othr`",
    ),
    "no template of the name": (
        "kind: WorkflowTemplate\nspec: {templates: [{name: tsk, container: {image: x}}]}\n",
        "2:20 FC608 this flow has no template `tsk`, so that",
    ),
    "no such field": (
        of_task("nodeSelecter: {a: b}"),
        "5:5 FC608 with the overlay, a template has `nodeSelecter`, which Argo 3.5",
    ),
}


@pytest.mark.parametrize(("text", "message"), IDLE.values(), ids=IDLE.keys())
def test_what_has_no_effect_is_said(text: str, message: str) -> None:
    made, said = applied(text)
    assert len(said) == 1, said
    assert message in said[0]
    if "nodeSelecter" not in text:
        assert made == [MADE, CRON]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "null\n", "~"])
def test_an_empty_overlay_changes_nothing(text: str) -> None:
    assert applied(text) == ([MADE, CRON], [])


# The text


@pytest.mark.parametrize(
    "scalar",
    ["y", "No", "on", "OFF", "12:30", "0777", "0o17", "0x1F", "1_000", "1e3", ".inf", "-.INF", ".nan", "190:20:30", "-012", "08"],
)
def test_words_that_readers_disagree_on(scalar: str) -> None:
    with pytest.raises(NotRead, match="some read"):
        read_documents(Source("patch.yaml", f"kind: {scalar}"))
    (quoted,) = read_documents(Source("patch.yaml", f'kind: "{scalar}"'))
    assert quoted.plain() == {"kind": scalar}


SCALARS = {
    **{
        "1": 1,
        "-7": -7,
        "0": 0,
        "1.5": 1.5,
        "1.0e+3": 1000.0,
        "true": True,
        "False": False,
        "~": None,
        "2026-11-21": "2026-11-21",
    },
    **{"1.2.3": "1.2.3", "1Gi": "1Gi", "a:b": "a:b", "99999999999999999999": "99999999999999999999", "=": "="},
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_scalars(text: str, value: object) -> None:
    (document,) = read_documents(Source("patch.yaml", f"kind: {text}\nb: |\n  {text}\n"))
    assert document.plain() == {"kind": value, "b": f"{text}\n"}
    assert type(document.plain()["kind"]) is type(value)


def test_places_are_those_of_the_text_whatever_its_lines_end_in() -> None:
    for end in ("\n", "\r\n"):
        with pytest.raises(NotRead) as fault:
            read_documents(Source("patch.yaml", end.join(["é: 'ü \u2028 x'", "kind: a", "ö: on", ""])))
        assert (fault.value.span.line, fault.value.span.column) == (3, 4)


@pytest.mark.parametrize(
    "text",
    ["kind: &a [*a]", "kind: " + "[" * 5000, "b0: &b0 x\n" + "".join(f"b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 70)),
     "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))],
    ids=["itself", "deep", "chain", "bomb"],
)  # fmt: skip
def test_texts_that_would_never_end(text: str) -> None:
    with pytest.raises(NotRead, match=r"nested|more than"):
        read_documents(Source("patch.yaml", text))


_KEYS = st.sampled_from(
    "kind metadata name spec templates task main container env dag tasks labels annotations hooks volumes arguments depends "
    "parameters podSpecPatch template value $patch volumeMounts mountPath inputs entrypoint templateDefaults onExit".split()
)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=6), st.sampled_from(["main", "task", "{{x", "a.b"])
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=5), st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_overlay_is_merged_or_refused(spec: dict[str, Any], template: dict[str, Any]) -> None:
    templates = [{**template, "name": TASK}]
    text = yaml.safe_dump({"kind": "WorkflowTemplate", "spec": {"templates": templates, **spec}}, allow_unicode=True)
    made, said = applied(text)
    assert any("FC607" in one for one in said) == (made[0] is MADE) or not said
    assert all(line.split(":", 1)[0].isdigit() for line in said)


ODD = ["3", "x", "true", "[]", "[3]", "{}", "[{a: 1}]", "[{name: 3}]"]
OWN = [
    "dag: %s",
    "dag: {tasks: %s}",
    "dag: {tasks: [{name: a, inline: {suspend: {}}, arguments: %s}]}",
    "dag: {tasks: [{name: a, templateRef: {name: other, template: x}, arguments: {parameters: %s}}]}",
    "container: {image: x, envFrom: [{secretRef: %s}]}\n    serviceAccountName: other",
    "suspend: {}\n  imagePullSecrets: %s",
]


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("odd", ODD)
def test_a_template_of_ones_own_is_measured_whatever_it_is(own: str, odd: str) -> None:
    text = "kind: WorkflowTemplate\nspec:\n  templates:\n  - {name: main, dag: {tasks: [{name: mine, template: own}]}}\n"
    overlay = Overlay("patch.yaml", f"{text}  - name: own\n    {own % odd}\n")
    made = deployment_of(FLOW, Options(overlay=overlay), Report())
    assert all(usage.used > 0 for usage in made.usages)
    assert all(isinstance(name, str) for kind in (CLAIM, SECRET) for name in named(made.template, kind))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    applied(text)


# What flowc makes itself


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_flowc_makes_is_sound(case: Path) -> None:
    done = compile_case(case)
    assert done.flow is not None
    for manifest in deployment_of(done.flow, Options(), Report()).manifests():
        assert check(manifest) == []


BROKEN = """
kind: WorkflowTemplate
metadata: {name: x, labels: {a: "-"}, annotations: {"a b": "1"}}
spec:
  entrypoint: mian
  hooks: {exit: {template: gone}}
  arguments: {parameters: [{name: p}, {name: p}, {name: "a.b"}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: task, depends: b.Succeeded}
      - {name: b, template: task, depends: a.Succeded, arguments: {parameters: [{name: nope, value: "{{tasks.c.status}}"}]}}
      - {name: b, template: task, depends: "a &&", dependencies: [a]}
  - name: task
    inputs: {parameters: [{name: step}]}
    suspend: {}
    container: {image: x, env: [{name: A}, {name: A}], args: ["{{workflow.parameters.q}} {{"]}
  - name: empty
"""


def test_all_that_is_wrong_is_found() -> None:
    found = [fault.message for fault in check(yaml.safe_load(BROKEN))]
    wanted = [
        *("label", "annotation", "template `mian`", "template `gone`", "parameter `p` is there 2", "`a.b` is no name"),
        *("wait for one", "`a.Succeded`", "both `depends`", "is no expression", "task `b` is there 2", "does not give `step`"),
        *("gives `nope`", "{{tasks.c.status}}", "`container` and `suspend`", "`A` is there 2", "{{workflow.parameters.q}}"),
        *("that nothing closes", "nothing to run"),
    ]
    assert [one for one in wanted if not any(one in message for message in found)] == []


def test_what_comes_out_passes_argos_own_validator(tmp_path: Path) -> None:
    tools.demand(argo.missing())
    text = of_task(
        "container:\n  env: [{name: B, value: x}]\nsidecars: [{name: s, image: i, command: [sleep]}]\npriorityClassName: high"
    )
    text += "---\nkind: WorkflowTemplate\nspec:\n  volumes: [{name: v, emptyDir: {}}]\n  podGC: {strategy: OnPodSuccess}\n"
    file = tmp_path / "overlaid.yaml"
    (document,) = documents(FLOW, "argo", Options(overlay=Overlay("patch.yaml", text)))
    file.write_text(document.text)
    assert argo.validate([file]) == []
