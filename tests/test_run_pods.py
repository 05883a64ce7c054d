"""The Pods of a run that is started from somebody's machine: they are what Argo would make of the same steps, and Pods."""

from __future__ import annotations

import json

import pytest
from engines.argo.schema import KINDS
from reading import compile_files, flow_of, read
from test_argo_pods import AMOUNTS, CONTAINER_FIELDS, EVERYTHING, TEMPLATE_FIELDS, plain, template_of

from flowc.compiler.diagnostics.model import Report
from flowc.runtime.compute import Order
from flowc.targets.argo import marks
from flowc.targets.argo.cluster.computing import connect_compute
from flowc.targets.argo.run_pods import RunPods, labels_of
from flowc.targets.options import Options

ARGUMENTS = [
    *AMOUNTS,
    *(f"@kubernetes({one})" for one in TEMPLATE_FIELDS),
    *(f"@kubernetes({one})" for one, fields in CONTAINER_FIELDS.items() if fields is not None),
    "@kubernetes(executable='/opt/$(x)/python')",
    "@kubernetes\n@timeout(minutes=3)",
    "@kubernetes\n@environment(vars={'A': '$(x) $$ {a}'})",
]
ORDER = Order(run="20261121-122322-a1b2c3", step="start", path="3.~1", attempt=2)


def pods_of(lines: str, options: Options = Options(), report: Report | None = None) -> RunPods:  # noqa: B008  # frozen
    """The Pods of the step that these decorators stand on."""
    return RunPods(flow_of(read("", on_step=lines)), ("start",), options, user="ann", report=report or Report())


@pytest.mark.parametrize("lines", ARGUMENTS)
def test_a_pod_is_what_argo_would_make(lines: str) -> None:
    argo, pod = plain(template_of(lines)), plain(pods_of(lines).manifest(ORDER))
    spec = pod["spec"]
    (container,) = spec["containers"]
    theirs = dict(argo["container"])
    own = [one for one in theirs.pop("env") if not one["name"].startswith("FLOWC_")]
    assert [one for one in container["env"] if not one["name"].startswith("FLOWC_")] == own
    usual = theirs.pop("command", container["command"])
    assert container["command"] == usual
    kept = {key: value for key, value in container.items() if key not in ("name", "env", "command", "terminationMessagePolicy")}
    assert kept == theirs
    for key in ("activeDeadlineSeconds", "serviceAccountName", "nodeSelector", "tolerations", "volumes"):
        assert spec.get(key) == argo.get(key), key
    patch = json.loads(argo.get("podSpecPatch", "{}"))
    assert {key: spec[key] for key in spec.keys() & {"imagePullSecrets"}} == patch
    for key in ("labels", "annotations"):
        assert pod["metadata"][key].items() >= argo.get("metadata", {}).get(key, {}).items()


@pytest.mark.parametrize("lines", [*ARGUMENTS, EVERYTHING])
def test_kubernetes_knows_all_fields(lines: str) -> None:
    manifest = plain(pods_of(lines).manifest(ORDER))
    assert list(KINDS["Pod"].problems(manifest)) == []
    assert json.dumps(manifest)  # nothing in it is of ours


def test_what_argo_alone_expands_or_keeps_for_itself_is_no_fault() -> None:
    lines = (
        "@kubernetes(labels={'workflows.argoproj.io/x': 'y'}, annotations={'a': '{{x}}'}, "
        "persistent_volume_claims={'a': '/argo', 'b': '/tmp/flowc'})\n"
        "@environment(vars={'ARGO_NODE_ID': '{{x}}'})\n@retry(times=3, jitter=True)"
    )
    report = Report()
    pod = pods_of(lines, report=report).manifest(ORDER)
    assert report.diagnostics == []
    assert pod["metadata"]["annotations"]["a"] == "{{x}}"
    assert {"name": "ARGO_NODE_ID", "value": "{{x}}"} in pod["spec"]["containers"][0]["env"]


FAULTS = {
    "@kubernetes(labels={'flowc/run': 'y'})": "`flowc/run` cannot be set: flowc keeps labels that begin with flowc/ for itself",
    "@kubernetes(persistent_volume_claims={'a': '/x', 'b': '/x/'})": "step `start` mounts two volumes at /x/",
    "@kubernetes\n@environment(vars={'a b': 'x'})": (
        "`a b` cannot be set: Kubernetes takes letters, digits, `-`, `_` and `.`, and no digit in front"
    ),
    "@kubernetes(tmpfs_path='/x')": "`tmpfs_path` of `@kubernetes` has no effect without `use_tmpfs=True`",
}


@pytest.mark.parametrize("lines", FAULTS)
def test_what_kubernetes_refuses_is_a_fault(lines: str) -> None:
    report = Report()
    connect_compute(Options()).check(flow_of(read("", on_step=lines)), ("start",), report)
    assert [one.message for one in report.diagnostics] == [FAULTS[lines]]


SPACES = """
    from flowc import FlowSpec, kubernetes, step

    class Sample(FlowSpec):
        @kubernetes(namespace="one")
        @step
        def start(self):
            self.next(self.middle)

        @kubernetes(namespace="two")
        @step
        def middle(self):
            self.next(self.end)

        @step
        def end(self):
            pass
"""


def test_a_run_has_one_namespace() -> None:
    flow = flow_of(compile_files(SPACES))

    def said(options: Options, *steps: str) -> tuple[str | None, list[tuple[str, str | None]]]:
        report = Report()
        pods = RunPods(flow, steps, options, user=None, report=report)
        return pods.namespace, [(one.message, one.help) for one in report.diagnostics]

    assert said(Options(), "start", "end") == ("one", [])
    assert said(Options(), "middle") == ("two", [])
    assert said(Options(namespace="two"), "middle") == ("two", [])
    assert said(Options(), "end") == (None, [])
    assert said(Options(), "start", "middle") == (
        "one",
        [
            (
                "step `middle` asks for the namespace two, and the pods of a run are in one, one",
                "say --namespace two for all of them, or take `namespace` away",
            )
        ],
    )


def test_only_the_steps_that_run_there_are_looked_at() -> None:
    report = Report()
    RunPods(flow_of(read("", on_step="@kubernetes(tmpfs_path='/x')")), ("end",), Options(), user=None, report=report)
    assert report.diagnostics == []


def test_a_project_is_the_same_in_pods() -> None:
    flow = flow_of(read("", above="@project(name='sums')"))
    made = RunPods(flow, ("start",), Options(branch="x", user="ann"), user="ann", report=Report()).manifest(ORDER)
    variables = {one["name"]: one["value"] for one in made["spec"]["containers"][0]["env"]}
    assert (variables["FLOWC_BRANCH"], variables["FLOWC_USER"]) == ("x", "ann")


def test_values_in_variables_arrive_as_they_are() -> None:
    order = Order(run="r-$(x)", step="start", path="-", attempt=0)
    made = RunPods(flow_of(read("")), ("start",), Options(), user="$(ann)", report=Report()).manifest(order)
    variables = {one["name"]: one["value"] for one in made["spec"]["containers"][0]["env"]}
    assert (variables["FLOWC_RUN"], variables["FLOWC_USER"]) == ("r-$$(x)", "$$(ann)")


def test_a_service_account_of_the_step_counts_more_than_that_of_all() -> None:
    options = Options(service_account="all")
    assert pods_of("@kubernetes", options).manifest(ORDER)["spec"]["serviceAccountName"] == "all"
    assert pods_of("@kubernetes(service_account='own')", options).manifest(ORDER)["spec"]["serviceAccountName"] == "own"


@pytest.mark.parametrize("value", ["ann", "Ann.B_c-1", "ann@example.com", "é", "a" * 64, "-", "a-", "x-12345678", "", " "])
def test_labels_are_such_as_kubernetes_takes(value: str) -> None:
    from engines.argo.validity import fault_of_label

    label = marks.label_of(value)
    assert label
    assert fault_of_label(label) is None
    if value in ("ann", "Ann.B_c-1"):
        assert label == value
    else:
        assert label != value


def test_labels_select_no_more_than_was_asked_for() -> None:
    assert labels_of("Sample") == {marks.MANAGED_BY: "flowc", marks.FLOW: "Sample"}
    assert labels_of("Sample", None, "ann") == {marks.MANAGED_BY: "flowc", marks.FLOW: "Sample", marks.USER: "ann"}
