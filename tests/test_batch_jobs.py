"""AWS Batch: what the decorators of a step become in a job definition and in the job's submission, on EC2 and on Fargate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from jobs import OTHER, ROLE, Document, made, said, words_of
from reading import flow_of, read
from validators import service, tools

from flowc.compiler import limits
from flowc.compiler.diagnostics.model import Report
from flowc.compiler.frontend.decorator_table import STEP_DECORATORS
from flowc.targets.options import COMPUTE, PLACEHOLDERS, Options
from flowc.targets.sfn.fargate import SIZES, fitting_size
from flowc.targets.sfn.jobs import Jobs
from flowc.templates import bootstrap_command

FARGATE: dict[str, Any] = {"compute": "batch-fargate", "execution_role": ROLE, "job_role": ROLE}


def amounts(definition: Document) -> dict[str, str]:
    return {one["type"]: one["value"] for one in definition["containerProperties"]["resourceRequirements"]}


def variables(definition: Document) -> dict[str, str]:
    return {one["name"]: one["value"] for one in definition["containerProperties"]["environment"]}


def device(path: str, *permissions: str) -> Document:
    return {"hostPath": path, "containerPath": path, "permissions": list(permissions)}


def test_a_bare_step() -> None:
    definition, state, told = made("", datastore="s3://bucket/flows", batch_queue="cpu")
    assert told == []
    assert definition == {
        "jobDefinitionName": definition["jobDefinitionName"],
        "type": "container",
        "containerProperties": {
            "image": "python:3.11",
            "command": list(bootstrap_command("s3://bucket/flows")),
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "4000"}],
            "environment": [
                {"name": "FLOWC_DATASTORE", "value": "s3://bucket/flows"},
                {"name": "FLOWC_TARGET", "value": "sfn"},
            ],
        },
        "retryStrategy": {"attempts": 1},
        "timeout": {"attemptDurationSeconds": 432_000},
        "propagateTags": True,
        "tags": {"flowc:flow": "Sample"},
    }
    assert state == {
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {
            "JobName": "Sample-start",
            "JobQueue": "cpu",
            "JobDefinition": definition["jobDefinitionName"],
            "ContainerOverrides": {"Environment": [{"Name": "A", "Value.$": "$.a"}]},
        },
    }


NEURON = [device(f"/dev/neuron{index}", "READ", "WRITE") for index in range(2)]
EFA = [device(f"/dev/infiniband/uverbs{index}", "READ", "WRITE", "MKNOD") for index in range(2)]
TMPFS = {"containerPath": "/metaflow_temp", "size": 2000, "mountOptions": ["defaults"]}

PROPERTIES: dict[str, tuple[str, Document]] = {
    "image": ("@batch(image='registry.example.com/a/b:1')", {"image": "registry.example.com/a/b:1"}),
    "digest": (f"@batch(image='a@sha256:{'0' * 64}')", {"image": f"a@sha256:{'0' * 64}"}),
    "iam_role": (f"@batch(iam_role='{OTHER}')", {"jobRoleArn": OTHER}),
    "execution_role": (f"@batch(execution_role='{OTHER}')", {"executionRoleArn": OTHER}),
    "shared_memory": ("@batch(shared_memory=64)", {"linuxParameters": {"sharedMemorySize": 64}}),
    "shared_memory of both": (
        "@batch(shared_memory=64)\n@resources(shared_memory='128')",
        {"linuxParameters": {"sharedMemorySize": 128}},
    ),
    "no shared memory": ("@batch(shared_memory=0)", {}),
    "max_swap": ("@batch(max_swap=0)", {"linuxParameters": {"maxSwap": 0}}),
    "swappiness": ("@batch(max_swap='100', swappiness=0)", {"linuxParameters": {"maxSwap": 100, "swappiness": 0}}),
    "inferentia": ("@batch(inferentia=2)", {"linuxParameters": {"devices": NEURON}}),
    "trainium": ("@batch(trainium='2')", {"linuxParameters": {"devices": NEURON}}),
    "efa": ("@batch(efa=2)", {"linuxParameters": {"devices": EFA}}),
    "all devices": ("@batch(efa=2, trainium=2)", {"linuxParameters": {"devices": [*NEURON, *EFA]}}),
    "tmpfs": ("@batch(use_tmpfs=True)", {"linuxParameters": {"tmpfs": [TMPFS]}}),
    "tmpfs_size": ("@batch(tmpfs_size=7)", {"linuxParameters": {"tmpfs": [{**TMPFS, "size": 7}]}}),
    "tmpfs_path": (
        "@batch(use_tmpfs=True, tmpfs_path='/fast', memory=512)",
        {"linuxParameters": {"tmpfs": [{**TMPFS, "containerPath": "/fast", "size": 256}]}},
    ),
    "privileged": ("@batch(privileged=True)", {"privileged": True}),
    "not privileged": ("@batch(privileged=False, host_volumes=[], log_options=[], use_tmpfs=False)", {}),
    "host_volumes": (
        "@batch(host_volumes='/data')",
        {
            "volumes": [{"name": "host-0", "host": {"sourcePath": "/data"}}],
            "mountPoints": [{"sourceVolume": "host-0", "containerPath": "/data"}],
        },
    ),
    "all volumes": (
        "@batch(host_volumes=['/a.b', '/a_b:/in'], efs_volumes=['fs-0a', 'fs-0b:/home'])",
        {
            "volumes": [
                {"name": "host-0", "host": {"sourcePath": "/a.b"}},
                {"name": "host-1", "host": {"sourcePath": "/a_b"}},
                {"name": "efs-2", "efsVolumeConfiguration": {"fileSystemId": "fs-0a", "transitEncryption": "ENABLED"}},
                {"name": "efs-3", "efsVolumeConfiguration": {"fileSystemId": "fs-0b", "transitEncryption": "ENABLED"}},
            ],
            "mountPoints": [
                {"sourceVolume": "host-0", "containerPath": "/a.b"},
                {"sourceVolume": "host-1", "containerPath": "/in"},
                {"sourceVolume": "efs-2", "containerPath": "/mnt/fs-0a"},
                {"sourceVolume": "efs-3", "containerPath": "/home"},
            ],
        },
    ),
    "log_driver": ("@batch(log_driver='json-file')", {"logConfiguration": {"logDriver": "json-file"}}),
    "log_options": (
        "@batch(log_options='awslogs-group:aws/batch/job')",
        {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "aws/batch/job"}}},
    ),
    "log_options with colons": (
        "@batch(log_driver='splunk', log_options=['splunk-url:https://x:1/', 'splunk-token:t'])",
        {"logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "https://x:1/", "splunk-token": "t"}}},
    ),
}


@pytest.mark.parametrize(("decorators", "properties"), PROPERTIES.values(), ids=PROPERTIES.keys())
def test_properties_of_the_container(decorators: str, properties: Document) -> None:
    definition, _, told = made(decorators)
    assert told == []
    bare = made("")[0]["containerProperties"]
    changed = definition["containerProperties"]
    for same in ("image", "command", "resourceRequirements", "environment"):
        if same not in properties and "tmpfs" not in decorators:
            assert changed[same] == bare[same]
    assert {key: value for key, value in changed.items() if key not in bare or key in properties} == properties


AMOUNTS = {
    "@batch(cpu=2, memory=512)": {"VCPU": "2", "MEMORY": "512"},
    "@resources(cpu=2)\n@batch(cpu=1.0, memory='512')": {"VCPU": "2", "MEMORY": "512"},
    "@resources(cpu='3', memory=9000.2)": {"VCPU": "3", "MEMORY": "9001"},
    "@batch(gpu=1)\n@resources(gpu='2')": {"VCPU": "1", "MEMORY": "4000", "GPU": "2"},
    "@batch(cpu=4000000, memory=6)": {"VCPU": "4000000", "MEMORY": "6"},
    "@batch(gpu=0)": {"VCPU": "1", "MEMORY": "4000"},
}


@pytest.mark.parametrize(("decorators", "expected"), AMOUNTS.items())
def test_amounts(decorators: str, expected: dict[str, str]) -> None:
    definition, _, told = made(decorators)
    assert (amounts(definition), told) == (expected, [])


@pytest.mark.parametrize(
    ("decorators", "seconds"),
    [
        ("", 432_000),
        ("@timeout(seconds=1)", 61),
        ("@timeout(seconds=0.2)", 61),
        ("@timeout(seconds=30, minutes=1)", 150),
        ("@timeout(hours=200)", 720_060),
        ("@timeout(hours=1e9)", 99_999_999),
    ],
)
def test_batch_ends_a_job_after_its_supervisor_should_have(decorators: str, seconds: int) -> None:
    definition, _, told = made(decorators)
    assert (definition["timeout"], told) == ({"attemptDurationSeconds": seconds}, [])


def test_the_command() -> None:
    command = made("@batch(executable='/opt/python/bin/python3')")[0]["containerProperties"]["command"]
    assert command == ["/opt/python/bin/python3", *bootstrap_command("s3://b")[1:]]


def test_nothing_of_a_command_is_substituted() -> None:
    """Batch replaces `Ref::name`, wherever it stands in a word."""
    assert not any("Ref::" in word for word in bootstrap_command("s3://b"))
    assert [one.rule.code for one in read("", on_step="@batch(executable='Ref::python')").diagnostics] == ["FC503"]


def test_variables() -> None:
    """Values arrive as they are, in order; nothing of theirs is flowc's own, and neither shell nor platform expands them."""
    odd = "$(PATH) `id` {{x}} $.x ${DatastoreBucket} Ref::a \\n"
    definition, _, told = made(f"@environment(vars={{'Z': {odd!r}, 'A': 1, 'É': '中\\n'}})", datastore="s3://b")
    assert told == []
    assert list(variables(definition).items()) == [
        ("A", "1"),
        ("Z", odd),
        ("É", "中\n"),
        ("FLOWC_DATASTORE", "s3://b"),
        ("FLOWC_TARGET", "sfn"),
    ]


def test_temporary_files_go_to_the_tmpfs() -> None:
    assert variables(made("@batch(use_tmpfs=True, tmpfs_path='/fast')")[0])["TMPDIR"] == "/fast"
    assert variables(made("@batch(tmpfs_size=5)")[0])["TMPDIR"] == "/metaflow_temp"
    assert "TMPDIR" not in variables(made("@batch(use_tmpfs=True, tmpfs_tempdir=False)")[0])
    assert "TMPDIR" not in variables(made("@batch(tmpfs_tempdir=True)")[0])
    own = "@environment(vars={'TMPDIR': '/mine'})\n@batch(use_tmpfs=True)"
    assert variables(made(own)[0])["TMPDIR"] == "/mine"


def test_queues_and_roles_of_the_step_come_first() -> None:
    definition, state, _ = made(
        f"@batch(queue='large', iam_role='{OTHER}')", batch_queue="cpu", job_role=ROLE, execution_role=ROLE
    )
    assert state["Parameters"]["JobQueue"] == "large"
    assert definition["containerProperties"]["jobRoleArn"] == OTHER
    assert definition["containerProperties"]["executionRoleArn"] == ROLE
    assert made("")[1]["Parameters"]["JobQueue"] == "${BatchQueue}"


def test_tags_are_those_of_the_job() -> None:
    """The definition's reach its ECS task alone; alike steps share a definition whatever their tags are."""
    definition, state, told = made("@batch(aws_batch_tags={'team': 'a b', 'Kosten/Stelle': 'x=1'})")
    assert state["Parameters"]["Tags"] == {"team": "a b", "Kosten/Stelle": "x=1"}
    assert (definition, told) == (made("")[0], [])


def test_secrets_stay_out_of_the_definition() -> None:
    assert made("@secrets(sources=['aws-secrets-manager.key'])") == made("")


def test_a_definition_is_named_by_its_content() -> None:
    """Another setting is another name, in all that a definition holds; the same setting is the same name."""
    lines = [line for line, _ in PROPERTIES.values()] + [*AMOUNTS, "@timeout(seconds=9)", "@environment(vars={'A': 1})"]
    names = {json.dumps(made(line)[0]["containerProperties"]) + str(made(line)[0]["timeout"]): made(line)[0] for line in lines}
    assert len({one["jobDefinitionName"] for one in names.values()}) == len(names) > 25
    assert made("@batch(cpu=2)")[0] == made("@resources(cpu='2.0')")[0]


def test_alike_steps_share_a_definition() -> None:
    jobs = Jobs(flow_of(read("", on_step="@resources(cpu=1)")), Options(), Report())
    assert jobs.first_uses() == [("start", one) for one in jobs.definitions()]  # and `end` has it too
    other = Jobs(flow_of(read("", on_step="@resources(cpu=2)")), Options(), Report())
    assert [step for step, _ in other.first_uses()] == ["start", "end"]


# --- Fargate ---


def test_a_bare_step_on_fargate() -> None:
    definition, state, told = made("", **FARGATE)
    assert told == []  # that 4,096 MB are more than the default is no news
    properties = definition["containerProperties"]
    assert definition["platformCapabilities"] == ["FARGATE"]
    assert amounts(definition) == {"VCPU": "1", "MEMORY": "4096"}
    assert properties["networkConfiguration"] == {"assignPublicIp": "ENABLED"}
    assert properties["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}
    assert (properties["jobRoleArn"], properties["executionRoleArn"]) == (ROLE, ROLE)
    assert state["Resource"] == "arn:aws:states:::batch:submitJob.sync"


def test_places_for_the_roles_that_fargate_wants() -> None:
    properties = made("", compute="batch-fargate")[0]["containerProperties"]
    assert (properties["jobRoleArn"], properties["executionRoleArn"]) == ("${JobRole}", "${ExecutionRole}")
    assert {"${JobRole}", "${ExecutionRole}"} <= PLACEHOLDERS.keys()
    on_ec2 = made("")[0]["containerProperties"]
    assert not {"jobRoleArn", "executionRoleArn"} & on_ec2.keys()  # the instance's own will do


@pytest.mark.parametrize(
    ("decorators", "gigabytes"),
    [
        ("@batch(ephemeral_storage=21)", 21),
        ("@resources(disk=30000)", 30),
        ("@resources(disk=30720)", 30),
        ("@resources(disk=30721)\n@batch(ephemeral_storage='25')", 31),
        ("@resources(disk=20480)", None),
    ],
)
def test_disks_of_fargate(decorators: str, gigabytes: int | None) -> None:
    definition, _, told = made(decorators, **FARGATE)
    storage = definition["containerProperties"].get("ephemeralStorage")
    assert (storage, told) == ({"sizeInGiB": gigabytes} if gigabytes else None, [])


@pytest.mark.parametrize(
    ("decorators", "size", "warned"),
    [
        ("@batch(cpu=2)", ("2", "4096"), False),
        ("@batch(cpu=0.25, memory=512)", ("0.25", "512"), False),
        ("@batch(cpu=0.5, memory=2048)", ("0.5", "2048"), False),
        ("@batch(memory=4000)", ("1", "4096"), True),
        ("@batch(memory=16000)", ("2", "16384"), True),
        ("@batch(cpu=4, memory=4000)", ("4", "8192"), True),
        ("@batch(cpu=4)", ("4", "8192"), True),
        ("@batch(cpu=3, memory=8192)", ("4", "8192"), True),
        ("@batch(cpu=0.3, memory=1000)", ("0.5", "1024"), True),
        ("@batch(cpu=20, memory=100000)", ("32", "122880"), True),
    ],
)
def test_sizes_of_fargate(decorators: str, size: tuple[str, str], warned: bool) -> None:
    definition, _, told = made(decorators, **FARGATE)
    assert tuple(amounts(definition).values()) == size
    assert [one.rule.code for one in told] == ["FC606"] * warned
    for one in told:  # writing what the help says makes the warning go
        line = f"@batch({one.help.removeprefix('write `').removesuffix('`')})"
        assert (amounts(made(line, **FARGATE)[0]), made(line, **FARGATE)[2]) == (amounts(definition), [])


# --- what is refused, what has no effect ---

SAID: dict[str, tuple[str, str, str, str]] = {
    "fraction": ("batch", "@batch(memory=64, cpu=1.5)", "FC606", "cpu=1.5"),
    "variable": ("batch", "@environment(vars={'AWS_BATCH_X': '1'})", "FC603", "environment(vars={'AWS_BATCH_X': '1'})"),
    "little memory": ("batch", "@resources(memory=5)", "FC603", "memory=5"),
    "storage": ("batch", "@batch(ephemeral_storage=30)", "FC603", "ephemeral_storage=30"),
    "disk": ("batch", "@resources(disk=100, cpu=1)", "FC602", "disk=100"),
    "swappiness": ("batch", "@batch(swappiness=10)", "FC602", "swappiness=10"),
    "tmpfs_path": ("batch", "@batch(tmpfs_path='/a')", "FC602", "tmpfs_path='/a'"),
    "one place": ("batch", "@batch(host_volumes=['/a:/x', '/b:/x'])", "FC603", "host_volumes=['/a:/x', '/b:/x']"),
    "one place with tmpfs": (
        "batch",
        "@batch(efs_volumes='fs-1:/t', tmpfs_size=1, tmpfs_path='/t')",
        "FC603",
        "efs_volumes='fs-1:/t'",
    ),
    "gpu": ("batch-fargate", "@resources(gpu=1)", "FC603", "gpu=1"),
    "gpu of both": ("batch-fargate", "@resources(gpu=1)\n@batch(gpu=2)", "FC603", "gpu=2"),
    "shm": ("batch-fargate", "@batch(shared_memory=64)", "FC603", "shared_memory=64"),
    "swap": ("batch-fargate", "@batch(max_swap=64, swappiness=3)", "FC603", "max_swap=64"),
    "neuron": ("batch-fargate", "@batch(inferentia=1)", "FC603", "inferentia=1"),
    "efa": ("batch-fargate", "@batch(efa='1')", "FC603", "efa='1'"),
    "privileged": ("batch-fargate", "@batch(privileged=True)", "FC603", "privileged=True"),
    "host": ("batch-fargate", "@batch(host_volumes='/a')", "FC603", "host_volumes='/a'"),
    "tmpfs": ("batch-fargate", "@batch(use_tmpfs=True, tmpfs_size=4)", "FC603", "use_tmpfs=True"),
    "log": ("batch-fargate", "@batch(log_driver='syslog')", "FC603", "log_driver='syslog'"),
    "large disk": ("batch-fargate", "@resources(disk=300000)", "FC603", "disk=300000"),
    "no size": ("batch-fargate", "@batch(cpu=1, memory=16000)", "FC603", "memory=16000"),
    "too large": ("batch-fargate", "@batch(cpu=33)", "FC603", "cpu=33"),
    "small": ("batch-fargate", "@batch(cpu=0.25)", "FC603", "cpu=0.25"),
    "from a table": ("batch-fargate", "@batch(**{'gpu': 1})", "FC603", "batch(**{'gpu': 1})"),
}


@pytest.mark.parametrize(("compute", "decorators", "code", "place"), SAID.values(), ids=SAID.keys())
def test_what_is_said(compute: str, decorators: str, code: str, place: str) -> None:
    """One fault, at the argument."""
    assert [(one[0], one[2]) for one in said(decorators, compute=compute)] == [(code, place)]


def test_what_fargate_lacks_is_fine_where_it_is_not_asked_for() -> None:
    none = "gpu=0, shared_memory=None, max_swap=0, inferentia=0, privileged=False, host_volumes=[], use_tmpfs=False"
    assert said(f"@batch({none})\n@resources(gpu='0')", **FARGATE) == []


@pytest.mark.parametrize(
    "argument",
    [
        "iam_role='jobs'",
        "iam_role=''",
        "execution_role='arn:aws:iam::1:role/x'",
        "queue='a b'",
        "queue='${Queue}'",
        "image='${Image}'",
        "image='a b'",
        "image=''",
        "host_volumes='data'",
        "host_volumes=['/a', 'b']",
        "host_volumes='/a:/b:ro'",
        "efs_volumes='/a'",
        "efs_volumes='fs-1:b'",
        "tmpfs_path='fast'",
        "log_driver='awsfirelens'",
        "log_options=['a']",
        "executable=''",
        "aws_batch_tags={'aws:x': ''}",
        "aws_batch_tags={'flowc:flow': 'x'}",
        "aws_batch_tags={'a$b': ''}",
        "aws_batch_tags={'a.$': ''}",
        "aws_batch_tags={'': ''}",
        "aws_batch_tags={'a': '{{x}}'}",
        f"aws_batch_tags={{'a': '{'x' * 257}'}}",
        "aws_batch_tags={" + ", ".join(f"'t{number}': ''" for number in range(41)) + "}",
    ],
)
def test_what_no_platform_takes(argument: str) -> None:
    assert [one.rule.code for one in read("", on_step=f"@batch({argument})").diagnostics] == ["FC503"]


def test_the_page_has_every_argument_and_every_size() -> None:
    page = (ROOT / "docs" / "step-functions.md").read_text().partition("## Deploying\n")[0]
    rows = [line.split("|") for line in page.splitlines() if line.startswith("|")]
    first = " ".join(row[1] for row in rows)
    assert {name for name in (*STEP_DECORATORS["batch"], *STEP_DECORATORS["resources"]) if f"`{name}`" not in first} == set()
    assert [one for one in COMPUTE if f"`{one}`" not in first] == []
    for cpu, listed in SIZES.items():
        (row,) = (row for row in rows if row[1].strip() == f"{cpu:g}")
        words = row[2].split()
        if "to" in words:
            assert (int(words[0]), int(words[2]), int(words[4])) == (listed[0], listed[-1], listed[1] - listed[0])
        else:
            assert [int(word.strip(",")) for word in words] == list(listed)


# --- whatever is asked for ---

WISHES = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.sampled_from([0.1, 0.25, 1, "1", 2.5, 16, 32]),
        "memory": st.sampled_from([6, 512, "2048", 4000.5, 30_000, 249_856]),
        "gpu": st.integers(0, 4),
        "image": st.sampled_from(["a:1", "registry.example.com/x/y"]),
        "queue": st.sampled_from(["cpu", "arn:aws:batch:eu-west-1:123456789012:job-queue/cpu"]),
        "iam_role": st.just(ROLE),
        "execution_role": st.just(OTHER),
        "shared_memory": st.integers(0, 200),
        "max_swap": st.integers(0, 200),
        "swappiness": st.integers(0, 100),
        "inferentia": st.integers(0, 3),
        "efa": st.integers(0, 3),
        "host_volumes": st.sampled_from(["/a", ["/a", "/b:/c"]]),
        "efs_volumes": st.sampled_from(["fs-1", ["fs-1:/d", "fs-2"]]),
        "use_tmpfs": st.booleans(),
        "tmpfs_tempdir": st.booleans(),
        "tmpfs_size": st.integers(1, 100),
        "tmpfs_path": st.just("/t"),
        "ephemeral_storage": st.integers(21, 200),
        "log_driver": st.sampled_from(["awslogs", "splunk", "json-file"]),
        "log_options": st.just(["awslogs-group:g"]),
        "executable": st.just("/bin/python"),
        "privileged": st.booleans(),
        "aws_batch_tags": st.just({"a": "b"}),
    },
)


@given(st.sampled_from(COMPUTE), WISHES, st.booleans())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_settings(compute: str, wishes: dict[str, object], subnets: bool) -> None:
    """A definition that AWS's own models take, and the same each time; what is said is said at the decorator."""
    tools.demand(service.missing())
    options: dict[str, Any] = {"compute": compute, "subnets": ("subnet-0123abcd",) if subnets else ()}
    line = f"@batch({', '.join(f'{name}={value!r}' for name, value in wishes.items())})"
    definition, state, told = made(line, **options)
    assert (definition, state, told) == made(line, **options)
    above = read("", on_step=line).source.text.splitlines().index(f"    {line}") + 1
    assert {one.primary.span.line for one in told} <= {above}
    assert service.job_definition_problems([definition]) == []
    machine = {"States": {"start": {"Type": "Task", **state, "End": True}}}
    assert service.problems(machine) == []
    assert len(json.dumps(definition)) < (limits.ECS_DEFINITION if "family" in definition else limits.BATCH_DEFINITION).most
    assert not any("Ref::" in word for word in words_of(definition))


@given(st.sampled_from([0.1, 0.25, 0.5, 1, 1.5, 2, 4, 5, 8, 16, 20, 32, 33]), st.integers(1, 260_000), st.booleans())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_smallest_size_that_is_enough(cpu: float, memory: int, given_cpu: bool) -> None:
    every = sorted((number, amount) for number, listed in SIZES.items() for amount in listed)
    enough = [one for one in every if one[0] >= cpu and one[1] >= memory]
    if given_cpu:
        nearest = min((number for number in SIZES if number >= cpu), default=None)
        enough = [one for one in enough if one[0] == nearest]
    size = fitting_size(cpu, memory, cpu_given=given_cpu)
    assert ((size.cpu, size.memory) if size else None) == (enough[0] if enough else None)
