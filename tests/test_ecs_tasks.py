"""ECS: what the decorators of a step become in a task definition and in the state that runs one, on EC2 and on Fargate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engines import Aws
from jobs import OTHER, ROLE, Document, made, said
from reading import flow_of, read
from validators import asl, asl_dangling, service, tools

from flowc.compiler import Source, compile_source
from flowc.compiler.diagnostics.model import Report
from flowc.targets import load
from flowc.targets.options import COMPUTE, PLACEHOLDERS, Options
from flowc.targets.sfn.jobs import Jobs
from flowc.templates import bootstrap_command

SUBNETS = ("subnet-0123abcd", "subnet-4567abcd")
EC2: dict[str, Any] = {"compute": "ecs", "ecs_cluster": "flows", "datastore": "s3://bucket"}
FARGATE: dict[str, Any] = {**EC2, "compute": "ecs-fargate", "subnets": SUBNETS, "job_role": ROLE, "execution_role": OTHER}

OVERRIDES = {"ContainerOverrides": [{"Name": "task", "Environment": [{"Name": "A", "Value.$": "$.a"}]}]}


def test_a_bare_step_on_ec2() -> None:
    definition, state, told = made("", **EC2)
    assert told == []
    assert definition == {
        "family": definition["family"],
        "containerDefinitions": [
            {
                "name": "task",
                "image": "python:3.11",
                "command": list(bootstrap_command("s3://bucket")),
                "environment": [{"name": "FLOWC_DATASTORE", "value": "s3://bucket"}, {"name": "FLOWC_TARGET", "value": "sfn"}],
                "essential": True,
                "cpu": 1024,
                "memory": 4000,
            }
        ],
        "requiresCompatibilities": ["EC2"],
        "tags": [{"key": "flowc:flow", "value": "Sample"}],
    }
    assert state == {
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": {
            "Cluster": "flows",
            "LaunchType": "EC2",
            "TaskDefinition": definition["family"],
            "Overrides": OVERRIDES,
            "PropagateTags": "TASK_DEFINITION",
        },
        "TimeoutSeconds": 432_000,
    }


def test_a_bare_step_on_fargate() -> None:
    definition, state, told = made("", **FARGATE)
    assert told == []
    (container,) = definition.pop("containerDefinitions")
    assert not {"cpu", "memory"} & container.keys()
    assert definition == {
        "family": definition["family"],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "1024",
        "memory": "4096",
        "taskRoleArn": ROLE,
        "executionRoleArn": OTHER,
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
        "tags": [{"key": "flowc:flow", "value": "Sample"}],
    }
    assert state["Parameters"]["LaunchType"] == "FARGATE"
    assert state["Parameters"]["NetworkConfiguration"] == {
        "AwsvpcConfiguration": {"Subnets": list(SUBNETS), "AssignPublicIp": "ENABLED"}
    }


def test_interfaces_of_tasks_on_ec2() -> None:
    """They have no public address, which ECS gives on Fargate only."""
    definition, state, _ = made("", **EC2, subnets=SUBNETS, security_groups=("sg-0123abcd",))
    assert definition["networkMode"] == "awsvpc"
    assert state["Parameters"]["NetworkConfiguration"] == {
        "AwsvpcConfiguration": {"Subnets": list(SUBNETS), "SecurityGroups": ["sg-0123abcd"]}
    }
    assert definition["family"] != made("", **EC2)[0]["family"]


def test_places_for_what_is_not_given() -> None:
    definition, state, _ = made("", compute="ecs-fargate")
    assert (definition["taskRoleArn"], definition["executionRoleArn"]) == ("${JobRole}", "${ExecutionRole}")
    assert state["Parameters"]["Cluster"] == "${EcsCluster}"
    assert state["Parameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"] == ["${Subnets}"]
    assert {"${EcsCluster}", "${Subnets}"} <= PLACEHOLDERS.keys()


NEURON = {"hostPath": "/dev/neuron0", "containerPath": "/dev/neuron0", "permissions": ["read", "write"]}

CONTAINERS: dict[str, tuple[str, Document]] = {
    "cpu": ("@batch(cpu=0.3, memory=64)", {"cpu": 308, "memory": 64}),
    "gpu": ("@resources(gpu=2)", {"resourceRequirements": [{"type": "GPU", "value": "2"}]}),
    "image": ("@batch(image='a:1')", {"image": "a:1"}),
    "shared_memory": ("@batch(shared_memory=64)", {"linuxParameters": {"sharedMemorySize": 64}}),
    "swap": ("@batch(max_swap=9, swappiness=1)", {"linuxParameters": {"maxSwap": 9, "swappiness": 1}}),
    "devices": ("@batch(trainium=1)", {"linuxParameters": {"devices": [NEURON]}}),
    "privileged": ("@batch(privileged=True)", {"privileged": True}),
    "volumes": ("@batch(efs_volumes='fs-1')", {"mountPoints": [{"sourceVolume": "efs-0", "containerPath": "/mnt/fs-1"}]}),
    "logs": (
        "@batch(log_options=['awslogs-group:g', 'mode:non-blocking'])",
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-region": "${AWS::Region}",
                    "awslogs-stream-prefix": "flowc",
                    "awslogs-group": "g",
                    "mode": "non-blocking",
                },
            }
        },
    ),
    "logs elsewhere": (
        "@batch(log_driver='awslogs', log_options=['awslogs-group:g', 'awslogs-region:eu-west-1', 'awslogs-stream-prefix:p'])",
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p", "awslogs-group": "g"},
            }
        },
    ),
}


@pytest.mark.parametrize(("decorators", "parts"), CONTAINERS.values(), ids=CONTAINERS.keys())
def test_containers(decorators: str, parts: Document) -> None:
    definition, _, told = made(decorators, **EC2)
    assert told == []
    (container,) = definition["containerDefinitions"]
    (bare,) = made("", **EC2)[0]["containerDefinitions"]
    assert container == {**bare, **parts}


def test_what_stands_beside_the_container() -> None:
    line = f"@batch(iam_role='{OTHER}', execution_role='{ROLE}', host_volumes='/a', aws_batch_tags={{'team': 'x'}})"
    definition, state, told = made(f"{line}\n@timeout(seconds=5)", **EC2, job_role=ROLE)
    assert told == []
    assert (definition["taskRoleArn"], definition["executionRoleArn"]) == (OTHER, ROLE)
    assert definition["volumes"] == [{"name": "host-0", "host": {"sourcePath": "/a"}}]
    assert definition["tags"] == [{"key": "flowc:flow", "value": "Sample"}, {"key": "team", "value": "x"}]
    assert "Tags" not in state["Parameters"]  # those of the definition go to its tasks
    assert state["TimeoutSeconds"] == 65


def test_disks_and_tmpfs_of_fargate() -> None:
    definition, _, told = made("@batch(ephemeral_storage=50, use_tmpfs=True, tmpfs_path='/t', cpu=2, memory=4096)", **FARGATE)
    assert told == []
    assert definition["ephemeralStorage"] == {"sizeInGiB": 50}
    (container,) = definition["containerDefinitions"]
    assert container["linuxParameters"] == {"tmpfs": [{"containerPath": "/t", "size": 2048, "mountOptions": ["defaults"]}]}
    assert {"name": "TMPDIR", "value": "/t"} in container["environment"]


SAID: dict[str, tuple[str, str, str, str]] = {
    "queue": ("ecs", "@batch(queue='cpu')", "FC602", "queue='cpu'"),
    "no group": ("ecs", "@batch(log_driver='awslogs')", "FC603", "log_driver='awslogs'"),
    "still no group": ("ecs-fargate", "@batch(log_options='mode:x')", "FC603", "log_options='mode:x'"),
    "storage": ("ecs", "@batch(ephemeral_storage=30)", "FC603", "ephemeral_storage=30"),
    "disk": ("ecs", "@resources(disk=30)", "FC602", "disk=30"),
    "gpu": ("ecs-fargate", "@resources(gpu=1)", "FC603", "gpu=1"),
    "size": ("ecs-fargate", "@batch(memory=5000)", "FC606", "memory=5000"),
}


@pytest.mark.parametrize(("compute", "decorators", "code", "place"), SAID.values(), ids=SAID.keys())
def test_what_is_said(compute: str, decorators: str, code: str, place: str) -> None:
    assert [(one[0], one[2]) for one in said(decorators, compute=compute)] == [(code, place)]


def test_names_that_are_batchs_own_are_free_elsewhere() -> None:
    assert said("@environment(vars={'AWS_BATCH_X': '1'})", compute="ecs") == []


FLOW = """
from flowc import FlowSpec, batch, resources, retry, step

class Shapes(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @resources(cpu=2, memory=8192)
    @retry(times=2)
    @step
    def work(self):
        self.next(self.join)

    @batch(efs_volumes="fs-0123", log_options=["awslogs-group:flows"])
    @step
    def join(self, inputs):
        self.more = True
        self.next({True: self.a, False: self.end}, condition="more")

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("options", [EC2, FARGATE, {**FARGATE, "compute": "batch-fargate"}], ids=lambda one: str(one["compute"]))
def test_whole_documents(options: dict[str, Any], tmp_path: Any) -> None:
    """The platform's own checks take the state machine, and AWS's models all parameters; each definition is there."""
    tools.demand(service.missing())
    tools.demand(asl.missing())
    flow = compile_source(Source("flow.py", FLOW)).flow
    assert flow is not None
    report = Report()
    machine, definitions = load("sfn")(flow, Options(**options), report)[:2]
    assert report.sorted() == ()  # with EC2 nothing of Fargate's, and sizes that Fargate has
    states = json.loads(machine.text)
    assert asl_dangling.dangling(states) == []
    assert service.problems(states) == []
    assert service.job_definition_problems(json.loads(definitions.text)) == []
    (tmp_path / "sfn.json").write_text(machine.text)
    assert asl.validate([tmp_path / "sfn.json"]) == []
    named = {one.get("family") or one["jobDefinitionName"] for one in json.loads(definitions.text)}
    assert all(name in machine.text for name in named)
    kinds = {usage.what for document in (machine, definitions) for usage in document.usages}
    thing = "task" if options["compute"].startswith("ecs") else "job"
    assert {f"bytes of a {thing} definition", f"bytes of a {thing}'s overrides"} <= kinds


def test_one_definition_for_each_setting() -> None:
    jobs = Jobs(flow_of(read("", on_step="@batch(cpu=2)")), Options(**EC2), Report())
    assert [step for step, _ in jobs.first_uses()] == ["start", "end"]
    assert len({one["family"] for one in jobs.definitions()}) == 2


# --- options ---


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sfn_role": "role"}, "--sfn-role takes the ARN of a role"),
        ({"events_role": "arn:aws:iam::1:role/x"}, "--events-role takes"),
        ({"job_role": ""}, "--job-role takes"),
        ({"execution_role": "arn:aws:iam::123456789012:user/x"}, "--execution-role takes"),
        ({"batch_queue": "a/b"}, "--batch-queue takes the name of a job queue or its ARN, not 'a/b'"),
        ({"ecs_cluster": "${x}"}, "--ecs-cluster takes the name of a cluster or its ARN"),
        (
            {"subnets": ("subnet-0123abcd", "vpc-1")},
            "--subnets takes the id of a subnet, as \"subnet-0123456789abcdef0\", not 'vpc-1'",
        ),
        ({"subnets": tuple(f"subnet-{number:08x}" for number in range(17))}, "--subnets is given 17 times, and ECS takes 16"),
        ({"security_groups": ("sg",)}, "--security-groups takes"),
        ({"security_groups": ("sg-0123abcd",), "compute": "ecs"}, "with --subnets only"),
        ({"image": "a b"}, "--image takes the name of an image"),
        ({"datastore": "s3://bucket/a//b"}, "no empty part"),
        ({"datastore": "s3://bucket//a"}, "no empty part"),
        ({"datastore": "s3://bucket/a/../b/"}, "no empty part"),
    ],
)
def test_options_that_cannot_be_used(given: dict[str, Any], words: str) -> None:
    why = Options(**given).unusable("sfn")
    assert why is not None
    assert words in why


def test_options_that_can_be_used() -> None:
    arn = "arn:aws-us-gov:batch:us-gov-west-1:123456789012:job-queue/Cpu_1"
    for options in (
        Options(**FARGATE, security_groups=("sg-0123abcd",), batch_queue=arn, sfn_role=ROLE, events_role=OTHER),
        Options(compute="ecs-fargate", security_groups=("sg-0123abcd",)),
        Options(ecs_cluster="arn:aws-cn:ecs:cn-north-1:123456789012:cluster/flows"),
        Options(datastore="s3://bucket/a.b/"),
        Options(datastore="s3://bucket/"),
        Options(),
    ):
        assert options.unusable("sfn") is None


RICH = (
    "@batch(cpu=2, memory=4096, efs_volumes='fs-1', log_options=['awslogs-group:g'], aws_batch_tags={'team': 'a'})",
    "@environment(vars={'A': '$(b) ${c}'})",
    "@timeout(seconds=5)",
)


def holds(kept: Any, sent: Any) -> bool:
    """Whether all that was sent is there; services add their defaults."""
    if isinstance(sent, dict):
        return all(name in kept and holds(kept[name], value) for name, value in sent.items())
    if isinstance(sent, list):
        return len(kept) == len(sent) and all(map(holds, kept, sent))
    return bool(kept == sent)


@pytest.mark.parametrize("compute", COMPUTE)
def test_an_account_takes_the_definitions(aws: Aws, compute: str) -> None:
    for line in ("\n".join(RICH), ""):
        definition, _, told = made(line, **{**FARGATE, "compute": compute, "batch_queue": aws.batch_queue})
        assert told == []
        if "family" in definition:
            answer = aws.client("ecs").register_task_definition(**definition)
            assert holds({**answer["taskDefinition"], "tags": answer.get("tags", definition["tags"])}, definition)
        else:
            aws.register([definition])
            named = aws.client("batch").describe_job_definitions(jobDefinitionName=definition.pop("jobDefinitionName"))
            definition.pop("propagateTags")  # which moto forgets
            assert holds(named["jobDefinitions"][0], definition)
