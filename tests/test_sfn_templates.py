"""The CloudFormation template and the Terraform configuration say what `flowc deploy` would make, and expand nothing of the
user's.

Both are evaluated, by the rules of CloudFormation and by HashiCorp's own parser, and what comes out is compared with the
deployment that they were made of, with its symbols filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import sfnflows
from botocore.session import Session
from conftest import CASES, compile_case
from evaluators.cloudformation import Template
from sfnflows import GIVEN, HOSTILE, deployed, flow_of
from test_limits import chain, compiled
from validators import hcl, tools

from flowc.compiler.diagnostics.model import Report
from flowc.targets.options import COMPUTE, Options
from flowc.targets.sfn import emit
from flowc.targets.sfn.casing import to_pascal
from flowc.targets.sfn.cloudformation import template_of
from flowc.targets.sfn.deployment import Deployment
from flowc.targets.sfn.policies import Role
from flowc.targets.sfn.symbols import symbols_in
from flowc.targets.sfn.terraform import configuration_of
from flowc.targets.sfn.wanted import roles_of, with_job_role

ACCOUNT = {"AWS::Partition": "aws-cn", "AWS::Region": "cn-north-1", "AWS::AccountId": "210987654321"}
WANTED = {"DatastoreBucket": "bucket", "BatchQueue": "queue", "PackageKey": "flowc-packages/Sum/a.tar.gz", "EcsCluster": "herd"}
SUBNETS = ["subnet-1", "subnet-2"]
ROLES = {"state-machine": "StateMachineRole", "job": "JobRole", "execution": "ExecutionRole", "events": "EventsRole"}


@pytest.fixture(scope="session")
def hcl_program() -> None:
    tools.demand(hcl.missing())
    hcl.build()


def expected(made: Deployment, role_of: Mapping[str, str]) -> Deployment:
    """The deployment with values for all symbols, and with the job role where jobs name none."""
    values = {**ACCOUNT, **WANTED, **role_of}
    filled = made.filled(values)
    text = in_partition(filled.text)
    for name, value in [*WANTED.items(), ("Subnets", '", "'.join(SUBNETS))]:
        text = text.replace(f"${{{name}}}", value)
    assert not symbols_in([filled.jobs, filled.schedule, filled.machine, filled.queues])
    return type(filled)(**{**{name: getattr(filled, name) for name in filled.__slots__}, "definition": json.loads(text)})


def in_partition(text: str) -> str:
    """A definition that names Step Functions' own resources as the account's partition does."""
    return text.replace("arn:aws:states:::", f"arn:{ACCOUNT['AWS::Partition']}:states:::")


def asked(made: Deployment) -> dict[str, Any]:
    """Values for those parameters of the template that have none."""
    wanted = {name: value for name, value in WANTED.items() if name in template_of(made).get("Parameters", {})}
    return wanted | ({"Subnets": SUBNETS} if "Subnets" in template_of(made).get("Parameters", {}) else {})


CASES_OF = [(compute, given) for compute in COMPUTE for given in (False, True)]


@pytest.fixture(params=CASES_OF, ids=lambda one: f"{one[0]}-{'given' if one[1] else 'open'}")
def made(request: pytest.FixtureRequest) -> Deployment:
    compute, given = request.param
    options = {key: value for key, value in GIVEN.items() if given}
    if not compute.startswith("ecs"):
        options.pop("subnets", None)
    return deployed(compute=compute, **options)


def test_hostile_text_is_there(made: Deployment) -> None:
    """Else the other tests here would show nothing."""
    assert any(one == {"name": "HOSTILE", "value": HOSTILE} for job in made.jobs for one in environment_of(job))
    assert made.rules[0].pattern == {"detail-type": [HOSTILE]}


def environment_of(job: Mapping[str, Any]) -> list[dict[str, str]]:
    container = job["containerProperties"] if "containerProperties" in job else job["containerDefinitions"][0]
    found: list[dict[str, str]] = container["environment"]
    return found


# --- CloudFormation ---


def test_cloudformation_says_the_same(made: Deployment) -> None:
    template = Template(json.loads(json.dumps(template_of(made))), {**ACCOUNT, **asked(made)})
    created = {name: role for name, role in roles_of(made) if not role.given}
    want = expected(made, {ROLES[name]: f"{ROLES[name]}.Arn" for name in created})
    jobs = template.of_type(f"AWS::{'ECS::TaskDefinition' if made.ecs else 'Batch::JobDefinition'}")
    for job in jobs.values():
        job.pop("ResourceRetentionPolicy", None)
    assert list(jobs.values()) == [to_pascal(one, ecs=made.ecs) for one in with_job_role(want)]
    (machine,) = template.of_type("AWS::StepFunctions::StateMachine").values()
    assert json.loads(machine.pop("DefinitionString")) == want.definition
    assert machine == {
        "StateMachineName": want.name,
        "StateMachineType": "STANDARD",
        "RoleArn": want.machine["roleArn"],
        "Tags": [{"Key": key, "Value": value} for key, value in (*want.tags, ("flowc:maker", "CloudFormation"))],
    }
    assert list(template.of_type("AWS::Scheduler::Schedule").values()) == [want.schedule]
    rules = template.of_type("AWS::Events::Rule").values()
    assert [one["EventPattern"] for one in rules] == [one.pattern for one in want.rules]
    assert [one["Targets"] for one in rules] == [one.put_targets()["Targets"] for one in want.rules]
    check_roles(want, created, {name: cloudformation_role(template, name) for name in created})
    assert set(template.of_type("AWS::IAM::Role")) == {ROLES[name] for name in created}


def cloudformation_role(template: Template, name: str) -> tuple[Any, list[Any], list[str]]:
    made = template.resources[ROLES[name]]
    policies = [one["PolicyDocument"] for one in made.get("Policies", ())]
    return made["AssumeRolePolicyDocument"], policies, made.get("ManagedPolicyArns", [])


def check_roles(want: Deployment, created: Mapping[str, Role], found: Mapping[str, tuple[Any, list[Any], list[str]]]) -> None:
    roles = dict(roles_of(want))
    assert set(found) == set(created)
    for name, (trust, policies, managed) in found.items():
        role = roles[name]
        assert trust == role.trust
        assert policies == ([] if role.policy is None else [role.policy])
        assert managed == [f"arn:aws-cn:iam::aws:policy/{one}" for one in role.managed]


def test_cloudformation_takes_roles_as_parameters() -> None:
    made = deployed(compute="batch-fargate")
    arns = {f"{name}Arn": f"arn:aws-cn:iam::210987654321:role/{name}" for name in ROLES.values()}
    template = Template(template_of(made), {**ACCOUNT, **asked(made), **arns})
    assert not template.of_type("AWS::IAM::Role")
    (machine,) = template.of_type("AWS::StepFunctions::StateMachine").values()
    assert machine["RoleArn"] == arns["StateMachineRoleArn"]
    (job, *_) = template.of_type("AWS::Batch::JobDefinition").values()
    assert job["ContainerProperties"]["ExecutionRoleArn"] == arns["ExecutionRoleArn"]
    (schedule,) = template.of_type("AWS::Scheduler::Schedule").values()
    assert schedule["Target"]["RoleArn"] == arns["EventsRoleArn"]


def test_cloudformation_keeps_what_running_executions_need() -> None:
    resources = template_of(deployed())["Resources"].values()
    kept = {one["Type"] for one in resources if one.get("DeletionPolicy") == one.get("UpdateReplacePolicy") == "Retain"}
    assert kept == {"AWS::Batch::JobDefinition", "AWS::StepFunctions::StateMachineVersion"}


def lint(template: Mapping[str, Any]) -> list[str]:
    from cfnlint.api import ManualArgs, lint

    found = lint(json.dumps(template), config=ManualArgs(regions=["eu-central-1"]))
    return [str(one) for one in found]


@pytest.mark.filterwarnings("ignore")  # of the linter's own
def test_cloudformation_is_sound(made: Deployment) -> None:
    # It would take what looks like a reference in text of the user's for a forgotten Fn::Sub.
    assert lint(json.loads(json.dumps(template_of(made)).replace(json.dumps(HOSTILE)[1:-1], "plain"))) == []


@pytest.mark.filterwarnings("ignore")
def test_the_linter_sees_faults() -> None:
    template = json.loads(json.dumps(template_of(deployed())).replace(json.dumps(HOSTILE)[1:-1], "plain"))
    job = next(one for one in template["Resources"].values() if one["Type"] == "AWS::Batch::JobDefinition")
    job["Properties"]["ContainerProperties"]["enviroment"] = []
    assert any("enviroment" in one for one in lint(template))


def test_fields_are_called_as_in_cloudformation() -> None:
    """Every field of a request that a definition of a job may have, by the names in CloudFormation's own schema."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    for service, operation, kind, ecs in (
        ("batch", "RegisterJobDefinition", "AWS::Batch::JobDefinition", False),
        ("ecs", "RegisterTaskDefinition", "AWS::ECS::TaskDefinition", True),
    ):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        shape = Session().get_service_model(service).operation_model(operation).input_shape
        found = {one for one in strange(shape, schema, schema, ecs=ecs) if not re.search("volumes[.](s3files|fsx)", one)}
        assert not found  # of kinds of volumes that flowc makes


def strange(shape: Any, schema: Any, whole: Any, path: str = "", *, ecs: bool) -> Any:
    """The paths of fields that the schema has under another name than they get: in other letters, for some it lacks whatever."""
    if "$ref" in schema:
        schema = whole["definitions"][schema["$ref"].rpartition("/")[2]]
    if shape.type_name == "list":
        yield from strange(shape.member, schema.get("items", {}), whole, path, ecs=ecs)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            own = f"{path}.{name}".lstrip(".")
            (renamed,) = to_pascal({name: 0}, ecs=ecs)
            if "properties" not in schema:
                continue
            if renamed in schema["properties"]:
                yield from strange(member, schema["properties"][renamed], whole, own, ecs=ecs)
            elif renamed.lower() in map(str.lower, schema["properties"]):
                yield own


# --- Terraform ---


@pytest.mark.usefixtures("hcl_program")
def test_terraform_says_the_same(made: Deployment) -> None:
    configuration = configuration_of(made)
    created = {name: role for name, role in roles_of(made) if not role.given}
    arns = {ROLES[name]: f"arn:{name}" for name in created}
    variables = {
        "datastore_bucket": WANTED["DatastoreBucket"],
        "batch_queue": WANTED["BatchQueue"],
        "package_key": WANTED["PackageKey"],
        "ecs_cluster": WANTED["EcsCluster"],
        "subnets": SUBNETS,
    }
    variables = {name: value for name, value in variables.items() if name in configuration.get("variable", {})}
    snakes = [name.replace("-", "_") for name in created]
    values = {
        "var": variables | {f"{name}_role_arn": None for name in snakes},
        "local": {f"{name.replace('-', '_')}_role_arn": arns[ROLES[name]] for name in created},
        "data": {
            "aws_partition": {"current": {"partition": ACCOUNT["AWS::Partition"]}},
            "aws_region": {"current": {"id": ACCOUNT["AWS::Region"]}},
            "aws_caller_identity": {"current": {"account_id": ACCOUNT["AWS::AccountId"]}},
        },
        "aws_iam_role": {name: [{"arn": f"made:{name}", "name": f"name:{name}"}] for name in snakes},
        "aws_sfn_state_machine": {"flow": {"arn": "the machine", "state_machine_version_arn": "the version"}},
        "aws_sfn_alias": {"live": {"arn": f"arn:aws-cn:states:cn-north-1:210987654321:stateMachine:{made.name}:live"}},
        "aws_cloudwatch_event_rule": {one: {"name": f"flowc-{made.name}-{one}"} for one in ("event", "finish")},
    }
    found = hcl.evaluate(json.dumps(configuration), values)
    resources = found["resource"]
    want = expected(made, arns)
    check_terraform_jobs(resources, want)
    machine = resources["aws_sfn_state_machine"]["flow"]
    assert json.loads(machine["definition"]) == want.definition
    assert (machine["name"], machine["role_arn"]) == (want.name, want.machine["roleArn"])
    assert machine["tags"] == {**dict(want.tags), "flowc:maker": "Terraform"}
    schedule = resources["aws_scheduler_schedule"]["flow"]
    assert want.schedule is not None
    assert schedule["schedule_expression"] == want.schedule["ScheduleExpression"]
    assert (schedule["target"]["arn"], schedule["target"]["role_arn"]) == (
        want.schedule["Target"]["Arn"],
        want.schedule["Target"]["RoleArn"],
    )
    rules = resources["aws_cloudwatch_event_rule"]
    assert [json.loads(one["event_pattern"]) for one in rules.values()] == [one.pattern for one in want.rules]
    assert [one["rule"] for one in resources["aws_cloudwatch_event_target"].values()] == [one.name for one in want.rules]
    roles = {name: terraform_role(resources, name.replace("-", "_")) for name in created}
    check_roles(want, created, roles)
    assert found.get("locals", {}) == {f"{name}_role_arn": f"made:{name}" for name in snakes}


def check_terraform_jobs(resources: Mapping[str, Any], want: Deployment) -> None:
    requests = {one["family" if want.ecs else "jobDefinitionName"]: one for one in with_job_role(want)}
    jobs = resources["aws_ecs_task_definition" if want.ecs else "aws_batch_job_definition"]
    assert set(jobs) == set(requests)
    for name, job in jobs.items():
        if want.ecs:
            assert json.loads(job["container_definitions"]) == requests[name]["containerDefinitions"]
            assert job["task_role_arn"] == requests[name]["taskRoleArn"]
            assert job["tags"] == {one["key"]: one["value"] for one in requests[name]["tags"]}
        else:
            assert json.loads(job["container_properties"]) == requests[name]["containerProperties"]
            assert job["tags"] == requests[name]["tags"]
            assert job["timeout"] == {"attempt_duration_seconds": requests[name]["timeout"]["attemptDurationSeconds"]}


def terraform_role(resources: Mapping[str, Any], name: str) -> tuple[Any, list[Any], list[str]]:
    role = resources["aws_iam_role"][name]
    assert role["count"] == 1
    policy = resources.get("aws_iam_role_policy", {}).get(name)
    attached = resources.get("aws_iam_role_policy_attachment", {}).values()
    managed = [one["policy_arn"] for one in attached if one["role"] == f"name:{name}"]
    return json.loads(role["assume_role_policy"]), [json.loads(policy["policy"])] if policy else [], managed


@pytest.mark.usefixtures("hcl_program")
def test_the_parser_sees_faults() -> None:
    with pytest.raises(RuntimeError, match="Unsupported attribute"):
        hcl.evaluate('{"output": {"a": "${var.nobody}"}}', {"var": {"somebody": 1}})


# --- all flows ---


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_of_golden_flows(case: Any) -> None:
    flow = compile_case(case).flow
    assert flow is not None
    documents = {one.name: one.text for one in emit(flow, Options(), Report())}
    template = Template(
        json.loads(documents["cloudformation.json"]), {**ACCOUNT, "DatastoreBucket": "bucket", "BatchQueue": "queue"}
    )
    (machine,) = template.of_type("AWS::StepFunctions::StateMachine").values()
    text = in_partition(documents["state-machine.json"])
    for name, value in {"DatastoreBucket": "bucket", "BatchQueue": "queue", "PackageKey": "image"}.items():
        text = text.replace(f"${{{name}}}", value)
    assert json.loads(machine["DefinitionString"]) == json.loads(text)
    assert set(json.loads(documents["main.tf.json"])["resource"]) >= {"aws_batch_job_definition", "aws_sfn_state_machine"}


def test_dynamic_references_make_no_template() -> None:
    text = sfnflows.TEXT.replace("HOSTILE = {hostile!r}", 'HOSTILE = "a {{{{resolve:ssm:secret:1}}}} b"')
    report = Report()
    documents = [one.name for one in emit(flow_of(text=text), Options(), report)]
    assert "cloudformation.json" not in documents
    assert "main.tf.json" in documents
    (said,) = report.sorted()
    assert said.rule.code == "FC602"
    assert "{{resolve:" in said.message


def test_500_steps_fit() -> None:
    documents = {one.name: one for one in emit(compiled(chain(500)), Options(), Report())}
    template = documents["cloudformation.json"]
    assert len(template.text.encode()) < 700_000
    assert all(not one.over for one in template.usages)


def test_500_settings_do_not_fit_and_are_counted() -> None:
    report = Report()
    flow = compiled(chain(500, "@environment(vars={{'A': '{}'}})"))
    documents = {one.name: one for one in emit(flow, Options(), report)}
    assert not report.diagnostics  # for there are other ways to deploy it
    assert all(one.over for one in documents["cloudformation.json"].usages)
