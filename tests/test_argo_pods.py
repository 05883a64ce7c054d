"""Pods on Argo: each argument of `@kubernetes` as the field that it becomes, and what is refused, once and at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import documents
from hypothesis import given
from hypothesis import strategies as st
from reading import codes, flow_of, read
from validators import argo, tools

from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.compiler.frontend.decorator_table import STEP_DECORATORS
from flowc.targets.argo import emit
from flowc.targets.argo.deployment import deployment_of
from flowc.targets.argo.pod_fields import escape_variable
from flowc.targets.argo.pods import ARGUMENTS
from flowc.targets.options import Options

Fields = dict[str, Any]


def template_of(lines: str, options: Options = Options()) -> Fields:  # noqa: B008  # frozen
    """The template of the step that these decorators stand on, of which nothing is said."""
    report = Report()
    made = deployment_of(flow_of(read("", on_step=lines)), options, report).template
    assert not report.diagnostics, report.diagnostics
    templates = {one["name"]: one for one in made["spec"]["templates"]}
    start = next(one for one in templates["main"]["dag"]["tasks"] if one["name"] == "start")
    found: Fields = templates[start["template"]]
    return found


def said(lines: str, options: Options = Options()) -> list[Diagnostic]:  # noqa: B008
    """What is said of a step, by the compiler and for Argo."""
    done = read("", on_step=lines)
    report = Report(list(done.diagnostics))
    if done.flow is not None:
        emit(done.flow, options, report)
    return list(report.sorted())


def plain(value: Any) -> Any:
    """The same without classes of the serialiser."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


# Amounts

BURST = {"requests": {"cpu": "1", "memory": "4000M"}, "limits": {"memory": "4000M"}}
AMOUNTS = {
    "": BURST,
    "@kubernetes": BURST,
    "@kubernetes(cpu=2, memory=4096, disk=10240)": {
        "requests": {"cpu": "2", "memory": "4096M", "ephemeral-storage": "10240M"},
        "limits": {"memory": "4096M", "ephemeral-storage": "10240M"},
    },
    "@kubernetes(cpu='0.5', memory=1000.5)": {"requests": {"cpu": "0.5", "memory": "1000500k"}, "limits": {"memory": "1000500k"}},
    "@kubernetes(cpu=1/3)": {"requests": {"cpu": "0.334", "memory": "4000M"}, "limits": {"memory": "4000M"}},
    "@kubernetes(cpu=1e-9)": {"requests": {"cpu": "1m", "memory": "4000M"}, "limits": {"memory": "4000M"}},
    "@kubernetes(memory=1e-9)": {"requests": {"cpu": "1", "memory": "1k"}, "limits": {"memory": "1k"}},
    "@kubernetes(cpu=1)\n@resources(cpu=3, memory=100, disk=5)": {
        "requests": {"cpu": "3", "memory": "100M", "ephemeral-storage": "5M"},
        "limits": {"memory": "100M", "ephemeral-storage": "5M"},
    },
    "@kubernetes(qos='Burstable', disk=7)": {"requests": {"cpu": "1", "memory": "4000M", "ephemeral-storage": "7M"}},
    "@kubernetes(qos='guaranteed', disk=7)": {
        "requests": {"cpu": "1", "memory": "4000M", "ephemeral-storage": "7M"},
        "limits": {"cpu": "1", "memory": "4000M", "ephemeral-storage": "7M"},
    },
    "@kubernetes(qos='BestEffort')": None,
    "@kubernetes(qos='BestEffort', gpu=1)": {"limits": {"nvidia.com/gpu": "1"}},
    "@kubernetes(gpu=2, gpu_vendor='AMD')": {
        "requests": {"cpu": "1", "memory": "4000M"},
        "limits": {"memory": "4000M", "amd.com/gpu": "2"},
    },
    "@resources(gpu=1)": {"requests": {"cpu": "1", "memory": "4000M"}, "limits": {"memory": "4000M", "nvidia.com/gpu": "1"}},
    "@kubernetes(gpu=0)": BURST,
    "@kubernetes(extended_resources={'example.com/fpga': 2.0, 'hugepages-2Mi': '64Mi'})": {
        "requests": {"cpu": "1", "memory": "4000M", "example.com/fpga": "2", "hugepages-2Mi": "64Mi"},
        "limits": {"memory": "4000M", "example.com/fpga": "2", "hugepages-2Mi": "64Mi"},
    },
}


@pytest.mark.parametrize(("lines", "resources"), AMOUNTS.items())
def test_amounts(lines: str, resources: Fields | None) -> None:
    assert plain(template_of(lines)["container"].get("resources")) == resources


# Fields

SHM = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}
TEMPLATE_FIELDS = {
    "labels={'b': None, 'example.com/a': 'x_y.Z'}": {"metadata": {"labels": {"b": "", "example.com/a": "x_y.Z"}}},
    "annotations={'Note': '$(x) {a} \"b\"\\n'}": {"metadata": {"annotations": {"Note": '$(x) {a} "b"\n'}}},
    "service_account='a.b'": {"serviceAccountName": "a.b"},
    "node_selector='b=c, kubernetes.io/os=linux'": {"nodeSelector": {"b": "c", "kubernetes.io/os": "linux"}},
    "node_selector={'a': ''}, compute_pool='big'": {"nodeSelector": {"a": "", "outerbounds.co/compute-pool": "big"}},
    "tolerations=[{'key': 'k', 'operator': 'Equal', 'value': 'v', 'effect': 'NoExecute', 'toleration_seconds': '30'}, "
    "{'operator': 'Exists'}]": {
        "tolerations": [
            {"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute", "tolerationSeconds": 30},
            {"operator": "Exists"},
        ]
    },
    "image_pull_secrets=['one', 'two.x']": {"podSpecPatch": '{"imagePullSecrets": [{"name": "one"}, {"name": "two.x"}]}'},
    "shared_memory='64'": {"volumes": [SHM]},
    "use_tmpfs=True, memory=1001": {"volumes": [{"name": "tmpfs", "emptyDir": {"medium": "Memory", "sizeLimit": "500Mi"}}]},
    "tmpfs_size=10": {"volumes": [{"name": "tmpfs", "emptyDir": {"medium": "Memory", "sizeLimit": "10Mi"}}]},
    "persistent_volume_claims={'b.c': '/c', 'a': '/b'}": {
        "volumes": [
            {"name": "claim-0", "persistentVolumeClaim": {"claimName": "a"}},
            {"name": "claim-1", "persistentVolumeClaim": {"claimName": "b.c"}},
        ]
    },
}
CONTAINER_FIELDS = {
    "image='registry.example.com:5000/Team/x/y:1@sha256:" + "0" * 64 + "'": None,
    "image='registry.example.com:5000/team/x_y:1'": {"image": "registry.example.com:5000/team/x_y:1"},
    "image_pull_policy='Always'": {"imagePullPolicy": "Always"},
    "secrets='one'": {"envFrom": [{"secretRef": {"name": "one"}}]},
    "secrets=['one', 'two']": {"envFrom": [{"secretRef": {"name": "one"}}, {"secretRef": {"name": "two"}}]},
    "port=8080": {"ports": [{"containerPort": 8080}]},
    "security_context={'privileged': False, 'allow_privilege_escalation': False, 'run_as_user': 0, 'run_as_group': 5, "
    "'run_as_non_root': None}": {
        "securityContext": {"privileged": False, "allowPrivilegeEscalation": False, "runAsUser": 0, "runAsGroup": 5}
    },
    "shared_memory=64, use_tmpfs=True, tmpfs_path='/scratch', persistent_volume_claims={'a': '/b'}": {
        "volumeMounts": [
            {"name": "shm", "mountPath": "/dev/shm"},
            {"name": "tmpfs", "mountPath": "/scratch"},
            {"name": "claim-0", "mountPath": "/b"},
        ]
    },
    "service_account='', namespace='', image='', compute_pool='', executable='', secrets='', tmpfs_path=None": {},
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "fields"), TEMPLATE_FIELDS.items())
def test_fields_of_the_template(arguments: str, fields: Fields) -> None:
    bare, made = template_of("@kubernetes"), plain(template_of(f"@kubernetes({arguments})"))
    assert {key: made[key] for key in made.keys() - bare.keys()} == fields


@pytest.mark.parametrize(("arguments", "fields"), CONTAINER_FIELDS.items())
def test_fields_of_the_container(arguments: str, fields: Fields | None) -> None:
    if fields is None:
        assert codes(read("", on_step=f"@kubernetes({arguments})")) == ["FC503"]
        return
    bare, made = template_of("@kubernetes")["container"], plain(template_of(f"@kubernetes({arguments})")["container"])
    assert {key: value for key, value in made.items() if value != bare.get(key) and key != "env"} == fields


@pytest.mark.parametrize(
    "given",
    ["'a.b/c': '4Mi'", "'a.b/c': '1.5Ki'", "'a.b/c': '2e3'", "'a.b/c': '1.'", "'a.b/c': 0", "'x.kubernetes.io/y': '1.5'",
     "'hugepages-1Gi': '2Gi'", "'hugepages-2Mi': 4194304"],
)  # fmt: skip
def test_amounts_that_kubernetes_takes(given: str) -> None:
    assert said(f"@kubernetes(extended_resources={{{given}}})") == []


def test_all_arguments_are_looked_at() -> None:
    assert set(STEP_DECORATORS["kubernetes"]) == ARGUMENTS


def test_another_python_runs_the_usual_command() -> None:
    made = deployment_of(flow_of(read("", on_step="@kubernetes(executable='/opt/$(x)/python')")), Options(), Report()).template
    usual = made["spec"]["templateDefaults"]["container"]["command"]
    own = [one["container"]["command"] for one in made["spec"]["templates"] if "command" in one.get("container", {})]
    assert own == [["/opt/$$(x)/python", *usual[1:]]]


def test_a_tmpfs_is_where_temporary_files_go() -> None:
    def tmpdir(lines: str) -> object:
        return {one["name"]: one["value"] for one in template_of(lines)["container"]["env"]}.get("TMPDIR")

    assert tmpdir("@kubernetes(use_tmpfs=True)") == "/metaflow_temp"
    assert tmpdir("@kubernetes(use_tmpfs=True, tmpfs_path='/t', tmpfs_tempdir=True)") == "/t"
    assert tmpdir("@kubernetes(use_tmpfs=True, tmpfs_tempdir=False)") is None
    assert tmpdir("@kubernetes(use_tmpfs=True)\n@environment(vars={'TMPDIR': '/own'})") == "/own"
    assert tmpdir("@kubernetes") is None


def test_steps_of_equal_pods_share_a_template() -> None:
    def count(first: str, second: str) -> int:
        body = f"@kubernetes({first})\n@step\ndef start(self):\n    self.next(self.middle)\n"
        body += f"@kubernetes({second})\n@step\ndef middle(self):\n    self.next(self.end)\n"
        from flowc.compiler import Source, compile_source

        text = "from flowc import *\nclass Sample(FlowSpec):\n" + "".join(f"    {line}\n" for line in body.splitlines())
        done = compile_source(Source("flow.py", text + "    @kubernetes(cpu=9)\n    @step\n    def end(self):\n        pass\n"))
        templates = deployment_of(flow_of(done), Options(), Report()).template["spec"]["templates"]
        return len([one for one in templates if "container" in one]) - 1

    assert count("labels={'a': '1', 'b': '2'}", "labels={'b': '2', 'a': '1'}") == 1
    assert count("labels={'a': '1'}", "labels={'a': '2'}") == 2
    assert count("port=1", "port=2") == 2


# Nothing is expanded


def expand(text: str, variables: dict[str, str]) -> str:
    """k8s.io/kubernetes/third_party/forked/golang/expansion/expand.go, line by line."""
    found, checkpoint, cursor = "", 0, 0
    while cursor < len(text):
        if text[cursor] == "$" and cursor + 1 < len(text):
            found += text[checkpoint:cursor]
            rest = text[cursor + 1 :]
            if rest[0] == "$":
                read, advance = "$", 1
            elif rest[0] == "(":
                end = rest.find(")", 1)
                name = rest[1:end]
                read, advance = ("$(", 1) if end < 0 else (variables.get(name, f"$({name})"), end + 1)
            else:
                read, advance = "$" + rest[0], 1
            found += read
            cursor += advance
            checkpoint = cursor + 1
        cursor += 1
    return found + text[checkpoint:]


@given(st.text(alphabet="$()AB {}\n", max_size=12))
def test_values_arrive_as_they_are(value: str) -> None:
    assert expand(escape_variable(value), {"A": "expanded", "": "expanded", "B": "$(A)"}) == value


# Faults

REFUSED = [
    "image='My Image'", "image='UPPER'", "image='a b'", "image='a:tag:tag'", "image='/a'",
    "image_pull_secrets='one'", "image_pull_secrets=['One']", "image_pull_secrets=['']",
    "service_account='Name'", "service_account='a_b'", "service_account='" + "a" * 254 + "'",
    "secrets=['a', 'b_c']", "secrets=5", "secrets=[5]",
    "namespace='a.b'", "namespace='" + "a" * 64 + "'",
    "node_selector='a=b,a=c'", "node_selector='a'", "node_selector={'a': 1}", "node_selector={'a': 'b c'}",
    "node_selector={'-a': ''}",
    "labels={'a': 'x' * 64}", "labels={'a': '-'}", "labels={'a/b/c': ''}", "labels={'A.b/c': ''}", "labels={'': ''}",
    "labels={'a/': ''}",
    "labels={'a': 'é'}", "labels={'a' * 64: ''}", "labels=['a']",
    "annotations={'a b': ''}", "annotations={'a': 1}",
    "tolerations={'key': 'a'}", "tolerations=[{}]", "tolerations=[{'key': 'a', 'operator': 'exists'}]",
    "tolerations=[{'key': 'a', 'operator': 'Exists', 'value': 'b'}]", "tolerations=[{'key': 'a', 'effect': 'NoRun'}]",
    "tolerations=[{'value': 'a'}]", "tolerations=[{'key': 'a', 'toleration_seconds': 5}]",
    "tolerations=[{'key': 'a', 'effect': 'NoExecute', 'toleration_seconds': 1.5}]", "tolerations=[{'key': 'a', 'value': 'b c'}]",
    "tolerations=[{'key': 'a'}, {'key': 'b c'}]", "tolerations=[{'key': 5}]", "tolerations=['a']",
    "persistent_volume_claims={'A': '/a'}", "persistent_volume_claims={'a': 'a'}", "persistent_volume_claims={'a': '/'}",
    "persistent_volume_claims={'a': '/b:c'}", "persistent_volume_claims={'a': '/../'}", "persistent_volume_claims=['a']",
    "tmpfs_path='a'", "use_tmpfs=True, tmpfs_path='//'",
    "extended_resources={'cpu': 1}", "extended_resources={'fpga': 1}", "extended_resources={'a.b/c': 1.5}",
    "extended_resources={'a.b/c': '1500m'}", "extended_resources={'hugepages-2Mi': '3Mi'}",
    "extended_resources={'hugepages-2Mi': 0}",
    "extended_resources={'requests.x/y': 1}", "extended_resources={'a.b/c': -1}", "extended_resources={'a b/c': 1}",
    "extended_resources={'hugepages-2Mi': 'lots'}", "extended_resources={'a.b/c': True}", "extended_resources={'a.b/c': None}",
    "gpu=1, extended_resources={'nvidia.com/gpu': 1}", "gpu=1, gpu_vendor='amd', extended_resources={'amd.com/gpu': 1}",
    "security_context={'run_as_user': -1}", "security_context={'run_as_user': 2**31}", "security_context={'run_as_user': True}",
    "security_context={'run_as_non_root': True, 'run_as_user': 0}", "security_context={'user': 0}",
    "security_context={'privileged': True, 'allow_privilege_escalation': False}", "security_context=['privileged']",
    "compute_pool='a b'", "executable=' '", "port=0",
]  # fmt: skip


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_kubernetes_refuses_is_said_once_where_it_stands(arguments: str) -> None:
    (found,) = said(f"@kubernetes({arguments})")
    assert found.rule.code == "FC503"
    assert found.primary.span.line == 6


PODS = {
    "labels={'a': 'b'}, annotations={'a': '{{=x}}'}": ("FC603", "`annotations` of `@kubernetes` holds `{{`"),
    "image='a'": None,
    "labels={'flowc/deployment': 'y'}": ("FC603", "flowc keeps labels that begin with flowc/ for itself"),
    "labels={'workflows.argoproj.io/x': 'y'}": ("FC603", "Argo keeps labels that begin with workflows.argoproj.io/ for itself"),
    "annotations={'Workflows.argoproj.io/x': 'y'}": ("FC603", "Argo keeps annotations that begin with"),
    "persistent_volume_claims={'a': '/x', 'b': '/x/'}": ("FC603", "mounts two volumes at /x/"),
    "persistent_volume_claims={'a': '/dev/./shm'}, shared_memory=5": ("FC603", "mounts two volumes at /dev/./shm"),
    "use_tmpfs=True, tmpfs_path='/data', persistent_volume_claims={'a': '/data'}": ("FC603", "mounts two volumes at /data"),
    "persistent_volume_claims={'a': '/tmp'}": ("FC603", "mounts a claim at /tmp, where tasks that share it would overwrite"),
    "persistent_volume_claims={'a': '/tmp/flowc/x'}": ("FC603", "mounts a claim at /tmp/flowc/x, where"),
    "persistent_volume_claims={'a': '/tmp/mine'}": None,
    "use_tmpfs=True, tmpfs_path='/tmp'": None,
    "use_tmpfs=True, tmpfs_path='/var/run'": ("FC603", "mounts a volume at /var/run, where Argo keeps what it needs in a pod"),
    "use_tmpfs=True, tmpfs_path='/argo/staging'": ("FC603", "mounts a volume at /argo/staging, where Argo"),
    "use_tmpfs=True, tmpfs_path='/argonaut'": None,
    "tmpfs_path='/x'": ("FC602", "`tmpfs_path` of `@kubernetes` has no effect without `use_tmpfs=True`"),
    "tmpfs_tempdir=False": ("FC602", "`tmpfs_tempdir` of `@kubernetes` has no effect without `use_tmpfs=True`"),
    "hostname_resolution_timeout=5": ("FC602", "has no effect without @parallel, which flowc does not have"),
    "qos='besteffort', cpu=2": ("FC602", '`cpu` of `@kubernetes` has no effect with `qos="BestEffort"`'),
    "namespace='jobs'": ("FC602", "`namespace` of `@kubernetes` is not in the document"),
}


@pytest.mark.parametrize(("arguments", "expected"), PODS.items())
def test_what_argo_cannot_do_is_said_once_where_it_stands(arguments: str, expected: tuple[str, str] | None) -> None:
    found = said(f"@kubernetes({arguments})")
    assert [one.rule.code for one in found] == ([expected[0]] if expected else [])
    if expected:
        assert expected[1] in found[0].message
        assert found[0].primary.span.line == 6
        assert found[0].primary.span.column > len("    @kubernetes(")


def test_a_namespace_is_that_of_the_workflow() -> None:
    assert said("@kubernetes(namespace='jobs')", Options(namespace="jobs")) == []
    (found,) = said("@kubernetes(namespace='jobs')", Options(namespace="flows"))
    assert (found.rule.code, found.message) == (
        "FC603",
        "step `start` asks for the namespace jobs, and a workflow's pods are in its own, flows",
    )


@pytest.mark.parametrize("name", ["ARGO_TEMPLATE", "ARGO_CONTAINER_NAME", "1A", "é", "A B"])
def test_variables_that_cannot_be_set(name: str) -> None:
    (found,) = said(f"@environment(vars={{'A': '1', 'ARGO_CD': '2', 'TEMPLATE': '3', {name!r}: 'x'}})")
    assert found.rule.code == "FC603"
    assert found.message.startswith(f"`{name}` cannot be set")


def test_braces_in_variables() -> None:
    (found,) = said("@environment(vars={'A': 'x{{y'})\n@kubernetes(labels={'a': 'b'})")
    assert (found.rule.code, found.primary.span.line) == ("FC603", 6)
    assert said("@environment(vars={'A': '{ {x} }'})") == []


def test_an_image_that_argo_would_expand() -> None:
    assert "--image" in (Options(image="a:{{x}}").unusable("argo") or "")


EVERYTHING = """\
@environment(vars={"A": "$(HOME) $$"})
@kubernetes(image="registry.example.com/a:1", image_pull_policy="Always", image_pull_secrets=["r"], service_account="sa",
    secrets=["s"], node_selector="a=b", gpu=2, gpu_vendor="amd", tolerations=[{"key": "k", "operator": "Exists"}],
    labels={"a": "b"}, annotations={"n": "x"}, use_tmpfs=True, persistent_volume_claims={"d": "/data"}, shared_memory=64,
    port=8080, compute_pool="p", executable="python3.12", qos="Guaranteed", extended_resources={"example.com/d": 1},
    security_context={"run_as_user": 1000}, disk=2048, cpu=0.5, memory=1000, namespace="jobs")"""


def test_argos_own_validator_takes_all_of_them_together(tmp_path: Path) -> None:
    tools.demand(argo.missing())
    file = tmp_path / "all.yaml"
    file.write_text(documents(flow_of(read("", on_step=EVERYTHING)), "argo", Options(namespace="jobs"))[0].text)
    assert argo.validate([file]) == []
