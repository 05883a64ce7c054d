"""What state machines ask services for, on the tests' engine, as AWS says that these answer: each rule by a small machine."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engines import Aws
from engines.states import ALL, job, line, task

from flowc.runtime.store import open_store


def test_states_write_and_read_objects(aws: Aws) -> None:
    bucket = aws.bucket()
    text = "States.JsonToString($$.Execution.Input)"
    put: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "ResultPath": None}
    put["Parameters"] = {"Bucket": bucket, "Key": "input.json", "Body.$": text}
    get: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "OutputPath": "$.is"}
    get |= {"Parameters": {"Bucket": bucket, "Key": "next.json"}, "ResultSelector": {"is.$": "States.StringToJson($.Body)"}}
    aws.client("s3").put_object(Bucket=bucket, Key="next.json", Body=b'"left"')
    given = {"text": 'ä {{x}} $(y) `z` "quoted" \n', "number": 1.5, "none": None}
    execution = aws.run(line(put, get), input=given)
    assert (execution.status, execution.output) == ("SUCCEEDED", "left"), execution.report()
    stored = json.loads(aws.client("s3").get_object(Bucket=bucket, Key="input.json")["Body"].read())
    assert (json.loads(stored) if isinstance(stored, str) else stored) == given
    get["Parameters"] = {"Bucket": bucket, "Key": "nothing"}
    assert aws.run(line(get)).error == "S3.NoSuchKeyException"


def test_misspelt_parameters_are_refused(aws: Aws) -> None:
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bukket": "b", "Key": "k"},
    }
    assert aws.run(line(state)).status == "FAILED"
    state = task(aws, "fine")
    state["Parameters"]["Overrides"] = {}
    with pytest.raises(ClientError, match="Overrides"):
        aws.start(line(state))


# Limits


def test_definitions_that_are_refused(aws: Aws) -> None:
    fine = {"Type": "Succeed"}
    bad: dict[str, Any] = {
        "1,048,576": {"StartAt": "a", "Comment": "x" * (1 << 20), "States": {"a": fine}},
        "'b'": {"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "b"}}},
        "not reachable": {"StartAt": "a", "States": {"a": fine, "c": fine}},
        "80 characters": {"StartAt": "a" * 81, "States": {"a" * 81: fine}},
        "DUPLICATE_STATE_NAME": line({"Type": "Parallel", "Branches": [line({"Type": "Pass"})]}),
    }
    sfn = aws.client("stepfunctions")
    for number, (said, machine) in enumerate(bad.items()):
        text = json.dumps(machine)
        with pytest.raises(ClientError, match="InvalidDefinition") as refused:
            sfn.create_state_machine(name=f"bad-{number}", definition=text, roleArn=aws.role)
        assert said in str(refused.value)
        if len(text) < 1 << 20:
            assert sfn.validate_state_machine_definition(definition=text)["result"] == "FAIL"
    assert sfn.validate_state_machine_definition(definition=json.dumps(line(fine | {"Type": "Pass"})))["result"] == "OK"


def test_payloads_are_limited(aws: Aws) -> None:
    """Items hand up 30 KB each; `ResultPath` drops that too late, and nothing catches it."""
    large = "x" * 30_000
    body = line({"Type": "Pass", "Result": large}, names="item")
    state: dict[str, Any] = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body, "ResultPath": None}
    state["Catch"] = [{"ErrorEquals": ALL, "Next": "s1"}]
    machine = line(state, {"Type": "Pass"})
    assert aws.run(machine, input={"items": list(range(8))}).status == "SUCCEEDED"
    assert aws.run(machine, input={"items": list(range(9))}).error == "States.DataLimitExceeded"
    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        aws.start(machine, input="x" * 262_143)


def test_overrides_are_limited(aws: Aws) -> None:
    state = task(aws, "fine")
    for value, status in (("x" * 8_000, "SUCCEEDED"), ("x" * 8_192, "FAILED")):
        state["Parameters"]["ContainerOverrides"] = {"Environment": [{"Name": "A", "Value": value}]}
        assert aws.run(line(state), [job("fine", "")]).status == status
    state["Parameters"]["ContainerOverrides"] = {"Environment": [{"Name": "AWS_BATCH_X", "Value": "1"}]}
    assert aws.run(line(state)).error == "Batch.ClientException"


# ECS, versions, events


def test_tasks_of_ecs(aws: Aws) -> None:
    secret = aws.client("secretsmanager").create_secret(Name="word", SecretString="hush")["ARN"]
    program = "import os; print(os.environ['A'], os.environ['B'], os.environ['WORD']); raise SystemExit(int(os.environ['A']))"
    container = {"name": "main", "image": "python", "command": ["python3", "-c", program], "essential": True}
    container |= {"environment": [{"name": "A", "value": "0"}, {"name": "B", "value": "b"}]}
    container |= {"secrets": [{"name": "WORD", "valueFrom": secret}]}
    definition: dict[str, Any] = {"family": "says", "networkMode": "awsvpc", "containerDefinitions": [container]}
    definition |= {"cpu": "256", "memory": "512"}
    definition |= {"requiresCompatibilities": ["FARGATE"]}
    for code, status in (("0", "SUCCEEDED"), ("3", "FAILED")):
        overrides = {"ContainerOverrides": [{"Name": "main", "Environment": [{"Name": "A", "Value": code}]}]}
        state: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync"}
        state["Parameters"] = {
            "Cluster": aws.ecs_cluster,
            "TaskDefinition": "says",
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": aws.subnets[:1], "SecurityGroups": []}},
            "Overrides": overrides,
        }
        execution = aws.run(line(state), [definition])
        assert execution.status == status, execution.report()
        if code != "0":
            assert execution.error == "States.TaskFailed"
            assert json.loads(execution.cause)["Containers"][0]["ExitCode"] == 3


def test_a_stopped_execution_stops_its_tasks_of_ecs(aws: Aws) -> None:
    place = aws.folder()
    program = f"import time; open('{place}/on', 'w').close(); time.sleep(600)"
    container = {"name": "main", "image": "python", "command": ["python3", "-c", program], "memory": 100}
    state: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync"}
    state["Parameters"] = {"Cluster": aws.ecs_cluster, "TaskDefinition": "long", "LaunchType": "EC2"}
    arn = aws.start(line(state), [{"family": "long", "containerDefinitions": [container]}])
    while not (place / "on").exists():
        time.sleep(0.02)
    aws.client("stepfunctions").stop_execution(executionArn=arn)
    ecs = aws.client("ecs")
    while (
        task := ecs.describe_tasks(cluster=aws.ecs_cluster, tasks=ecs.list_tasks(cluster=aws.ecs_cluster)["taskArns"])["tasks"][
            -1
        ]
    )["lastStatus"] != "STOPPED":
        time.sleep(0.02)
    assert task["containers"][0]["exitCode"] == 143


def test_versions_and_aliases(aws: Aws) -> None:
    sfn = aws.client("stepfunctions")
    texts = [json.dumps(line({"Type": "Pass", "Result": number})) for number in (1, 2)]
    made = sfn.create_state_machine(name="versions", definition=texts[0], roleArn=aws.role, publish=True)
    machine, first = made["stateMachineArn"], made["stateMachineVersionArn"]
    with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
        sfn.create_state_machine(name="versions", definition=texts[1], roleArn=aws.role)
    assert sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"] == first
    routing = [{"stateMachineVersionArn": first, "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routing)["stateMachineAliasArn"]
    updated = sfn.update_state_machine(stateMachineArn=machine, definition=texts[1])
    assert sfn.describe_state_machine(stateMachineArn=machine)["revisionId"] == updated["revisionId"]
    with pytest.raises(ClientError, match="ConflictException"):
        sfn.publish_state_machine_version(stateMachineArn=machine, revisionId="another")
    second = sfn.publish_state_machine_version(stateMachineArn=machine, revisionId=updated["revisionId"])[
        "stateMachineVersionArn"
    ]

    def started(arn: str) -> dict[str, Any]:
        execution = aws.wait(sfn.start_execution(stateMachineArn=arn)["executionArn"])
        told: dict[str, Any] = sfn.describe_execution(executionArn=execution.arn)
        definition = sfn.describe_state_machine_for_execution(executionArn=execution.arn)["definition"]
        assert json.loads(definition)["States"]["s0"]["Result"] == execution.output
        return {**told, "output": execution.output}

    one = started(alias)
    assert (one["output"], one["stateMachineArn"]) == (1, machine)
    assert (one["stateMachineAliasArn"], one["stateMachineVersionArn"]) == (alias, first)
    sfn.update_state_machine_alias(
        stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}]
    )
    two, three, four = started(alias), started(first), started(machine)
    assert [each["output"] for each in (two, three, four)] == [2, 1, 2]
    assert (two["stateMachineVersionArn"], "stateMachineAliasArn" in three, "stateMachineVersionArn" in four) == (
        second,
        False,
        False,
    )
    listed = [each["name"] for each in sfn.list_executions(stateMachineArn=alias)["executions"]]
    assert listed == [two["name"], one["name"]]
    assert len(sfn.list_executions(stateMachineArn=machine)["executions"]) == 4
    versions = sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in versions] == [second, first]
    with pytest.raises(ClientError, match="ConflictException"):
        sfn.delete_state_machine_version(stateMachineVersionArn=second)
    sfn.delete_state_machine_version(stateMachineVersionArn=first)
    assert len(sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]) == 1


def test_an_execution_has_its_name_once(aws: Aws) -> None:
    sfn = aws.client("stepfunctions")
    text = json.dumps(line({"Type": "Wait", "Seconds": 600}))
    machine = sfn.create_state_machine(name="once", definition=text, roleArn=aws.role)["stateMachineArn"]
    first = sfn.start_execution(stateMachineArn=machine, name="run", input="{}")["executionArn"]
    assert sfn.start_execution(stateMachineArn=machine, name="run", input="{}")["executionArn"] == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        sfn.start_execution(stateMachineArn=machine, name="run", input="[]")
    sfn.stop_execution(executionArn=first)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        sfn.start_execution(stateMachineArn=machine, name="run", input="{}")


def test_schedules_and_rules_are_kept(aws: Aws) -> None:
    scheduler, events = aws.client("scheduler"), aws.client("events")
    target = {"Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m:live", "RoleArn": aws.role, "Input": "{}"}
    given: dict[str, Any] = {"ScheduleExpression": "cron(0 12 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin"}
    given |= {"State": "ENABLED"}
    given |= {"Description": "flowc", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    scheduler.create_schedule(Name="daily", **given)
    told = scheduler.get_schedule(Name="daily")
    assert {key: told[key] for key in given} | {"Target": target} == given
    pattern = json.dumps({"detail-type": ["data"], "source": ["mine"]})
    rule = events.put_rule(Name="on-data", EventPattern=pattern, Tags=[{"Key": "flowc:flow", "Value": "F"}])["RuleArn"]
    events.put_targets(Rule="on-data", Targets=[{"Id": "1", "Arn": target["Arn"], "RoleArn": aws.role}])
    assert events.describe_rule(Name="on-data")["EventPattern"] == pattern
    assert events.list_targets_by_rule(Rule="on-data")["Targets"][0]["Arn"] == target["Arn"]
    assert events.list_tags_for_resource(ResourceARN=rule)["Tags"] == [{"Key": "flowc:flow", "Value": "F"}]


def test_objects_are_new_once(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(f"s3://{aws.bucket()}/place")
    for key in map(str, range(20)):
        with ThreadPoolExecutor(16) as threads:
            won = list(threads.map(lambda number, key=key: store.put_new(key, b"%d" % number), range(16)))
        assert won.count(True) == 1
        assert store.get(key) == b"%d" % won.index(True)
