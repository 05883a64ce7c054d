"""`flowc deploy` and `flowc undeploy`, against an account of AWS that the engine plays."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from terminals import Terminal

from .accounts import CHANGED, FLOW, PLAIN, PROJECT, Account


def test_a_deploy(account: Account) -> None:
    ended = account.deploy("--yes")
    assert (ended.code, ended.out) == (0, f"{account.machine()}:1\n"), ended.err
    starts = "  starts   cron(0 6 ? * MON-FRI *) Europe/Berlin\n           on the event sums.ready\n"
    assert f"flowc: new runs of Sums have version 1\n{starts}" in ended.err
    assert f"#/statemachines/view/{account.machine()}\n" in ended.err
    assert ended.err.endswith("  run it   flowc trigger sums.py\n")
    found = account.everything()
    (package,) = (key for key in found if key.endswith(".tar.gz"))
    assert package.startswith("flows/flowc-packages/Sums/")
    assert package.replace(".tar.gz", ".json") in found
    assert package.removeprefix("flows/") in found[account.machine()][0]
    assert found[f"{account.machine()} tags"].keys() == {"flowc:flow", "flowc:version", "flowc:sha256"}
    assert found["flowc-Sums"]["Target"]["Arn"] == f"{account.machine()}:live"
    ((definition, role, description),) = found[f"{account.machine()}:live"]
    assert (definition, role) == found[account.machine()]
    assert package.rpartition("/")[2].removesuffix(".tar.gz") in description
    plan = account.client("s3").get_object(Bucket=account.bucket, Key=package.replace(".tar.gz", ".json"))["Body"].read()
    assert json.loads(plan)["flow"] == "Sums"


def test_the_second_deploy_of_the_same_changes_nothing(account: Account) -> None:
    account.deploy("--yes")
    before, count = account.everything(), len(account.writes())
    ended = account.deploy()  # without a word, for there is nothing to ask
    assert (ended.code, ended.out) == (0, f"{account.machine()}:1\n")
    assert ended.err.startswith("flowc: Sums is deployed as it is: there is nothing to change\n")
    assert account.writes()[count:] == []
    assert account.everything() == before
    assert account.versions() == [1]


def test_what_will_change_is_shown_first(account: Account) -> None:
    first = account.deploy("--dry-run")
    assert first.code == 0
    assert first.out.startswith("Sums, AWS account 123456789012, us-east-1:\n+ package         s3://")
    assert re.search(r"\n\+ job definition  flowc-Sums-[0-9a-f]{12} \(python:3.11, 1 CPU, 4000 MB\)\n", first.out)
    assert [line[:18].rstrip() for line in first.out.splitlines()[1:]] == [
        "+ package",
        "+ plan",
        "+ job definition",
        "+ state machine",
        "+ alias",
        "+ schedule",
        "+ rule",
    ]
    account.deploy("--yes")
    count = len(account.writes())
    ended = account.deploy("--dry-run", text=CHANGED)
    assert (ended.code, ended.err) == (0, "")
    assert '    -    "code": "flowc-packages/Sums/' in ended.out
    assert '    +    "code": "flowc-packages/Sums/' in ended.out
    assert "~ alias          Sums:live (version 1 → version 2)\n" in ended.out
    assert "(ScheduleExpression: cron(0 6 ? * MON-FRI *) → cron(0 7 ? * MON-FRI *))\n" in ended.out
    assert '(EventPattern: {"detail-type": ["sums.ready"]} → {"detail-type": ["sums.steady"]})\n' in ended.out
    assert account.writes()[count:] == []


def test_nothing_is_written_before_anybody_agreed(account: Account) -> None:
    ended = account.deploy()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Sums, AWS account 123456789012, us-east-1:\n+ package")
    said = "flowc: nothing was changed, for there is no terminal to ask at: say --yes to make these changes\n"
    assert ended.err.endswith(said)
    assert account.writes() == []
    assert account.everything() == {}


def test_a_long_diff_is_cut(account: Account) -> None:
    account.deploy("--yes")
    more = "".join(
        f"\n    @step\n    def s{n}(self):\n        self.next(self.{f's{n + 1}' if n < 39 else 'end'})\n" for n in range(40)
    )
    text = FLOW.replace("self.next(self.end)", "self.next(self.s0)").replace(
        "\n    @step\n    def end", f"{more}\n    @step\n    def end"
    )
    ended = account.deploy(text=text)
    assert len(ended.err.splitlines()) < 60
    assert " more lines, which --dry-run shows\n" in ended.err
    assert len(account.deploy("--dry-run", text=text).out.splitlines()) > 500


def test_a_schedule_and_rules_that_are_no_longer_wanted_are_deleted(account: Account) -> None:
    account.deploy("--yes")
    ended = account.deploy("--yes", text=PLAIN)
    assert ended.code == 0, ended.err
    assert "- schedule       flowc-Sums (cron(0 6 ? * MON-FRI *) Europe/Berlin)\n- rule           flowc-Sums-event\n" in ended.err
    assert not {"flowc-Sums", "flowc-Sums-event"} & account.everything().keys()


def test_a_schedule_that_somebody_switched_off_is_switched_on_again_and_shown(account: Account) -> None:
    account.deploy("--yes")
    scheduler = account.client("scheduler")
    now = scheduler.get_schedule(Name="flowc-Sums")
    kept = {key: now[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target", "ScheduleExpressionTimezone")}
    scheduler.update_schedule(**kept, State="DISABLED", Description=now["Description"])
    ended = account.deploy("--yes")
    assert "~ schedule  flowc-Sums (State: DISABLED → ENABLED)\n" in ended.err
    assert scheduler.get_schedule(Name="flowc-Sums")["State"] == "ENABLED"


def test_rollback(account: Account) -> None:
    account.deploy("--yes")
    account.deploy("--yes", text=CHANGED)
    shown = account.deploy("--rollback", "--dry-run")
    assert shown.code == 0
    assert "\n~ alias  Sums:live\n    version 2 (flowc " in shown.out
    assert account.live().endswith(":2")
    ended = account.deploy("--rollback", "--yes")
    assert (ended.code, ended.out) == (0, f"{account.machine()}:1\n")
    assert account.live().endswith(":1")
    again = account.deploy("--rollback", "--yes")
    assert (again.code, again.out) == (2, "")
    assert again.err == "flowc: the state machine Sums has no version older than 1, which new runs have\n"
    other = account.deploy("--rollback", "7")
    assert (other.code, other.err) == (2, "flowc: the state machine Sums has no version 7: it has 2, 1\n")
    assert account.deploy("--rollback", "x").err == (
        "flowc: --rollback takes the number of a version, or nothing for the one before, and not 'x'\n"
    )
    forth = account.deploy("--rollback", "2", "--yes")
    assert forth.out == f"{account.machine()}:2\n"
    assert account.deploy("--rollback", "2").err.startswith("flowc: Sums is deployed as it is")
    assert account.versions() == [2, 1]


def test_a_deploy_after_a_rollback(account: Account) -> None:
    account.deploy("--yes")
    account.deploy("--yes", text=CHANGED)
    account.deploy("--rollback", "--yes")
    forth = account.deploy("--yes")  # of what version 2 is already
    assert forth.out == f"{account.machine()}:2\n"
    assert "~ alias  Sums:live (version 1 → version 2)\n" in forth.err
    account.deploy("--rollback", "--yes")
    assert account.deploy("--yes", text=FLOW.replace("0.5", "0.75")).out == f"{account.machine()}:3\n"
    assert account.versions() == [3, 2, 1]


def test_a_rollback_needs_no_file_that_compiles(account: Account) -> None:
    account.deploy("--yes")
    account.deploy("--yes", text=CHANGED)
    ended = account.deploy("--rollback", "--yes", text=FLOW.replace("self.end)", "self.ende)"))
    assert (ended.code, ended.out) == (1, "")
    assert "FC301" in ended.err
    assert ended.err.endswith(
        "flowc: the flow's name does instead of its file, which then need not compile: NAME, or PROJECT.BRANCH.NAME\n"
    )
    assert account.run("deploy", "Sums", "--rollback", "--yes").out == f"{account.machine()}:1\n"
    ended = account.run("deploy", "Sums")
    assert (ended.code, ended.err) == (2, "flowc: there is no file Sums: deploy takes the flow's file\n")


def test_it_asks_at_a_terminal(account: Account) -> None:
    for answer, code, count in (("n", 1, []), ("y", 0, [1])):
        terminal = Terminal([sys.executable, "-m", "flowc", "deploy", "sums.py", "--no-dependencies"], Path())
        terminal.read_until(lambda shown: "Make these changes? [y/N]: " in shown)
        terminal.type(f"{answer}\n")
        shown = terminal.read_to_end()
        assert terminal.code == code, shown
        assert ("flowc: nothing was changed" in shown) == (answer == "n")
        assert bool(account.writes()) == bool(count)
    assert account.versions() == [1]


def test_rollback_of_nothing(account: Account) -> None:
    ended = account.deploy("--rollback")
    assert (ended.code, ended.err) == (2, "flowc: there is no state machine Sums in us-east-1: nothing is deployed there\n")


def test_old_versions_are_not_kept_for_ever(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc.targets.sfn.aws import publishing

    monkeypatch.setattr(publishing, "KEPT_VERSIONS", 2)
    for number in range(4):
        assert account.deploy("--yes", text=FLOW.replace("0.5", f"{number}.5")).code == 0
    assert account.versions() == [4, 3]


# What is not ours


def test_a_machine_that_flowc_did_not_make(account: Account) -> None:
    account.sfn.create_state_machine(
        name="Sums", definition='{"StartAt": "x", "States": {"x": {"Type": "Succeed"}}}', roleArn=account.role
    )
    for ended in (account.deploy("--yes", "--overwrite"), account.undeploy("--yes")):
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            "flowc: the state machine Sums was not made by flowc (it has no tag flowc:flow) and is left as it is: give the flow "
            "another name, or delete that state machine\n"
        )
    assert account.writes() == []


def test_a_machine_of_another_flow(account: Account) -> None:
    account.deploy("--yes")
    account.sfn.tag_resource(resourceArn=account.machine(), tags=[{"key": "flowc:flow", "value": "Other"}])
    ended = account.deploy("--yes")
    assert ended.code == 2
    assert "belongs to something else (its tag flowc:flow is Other, and not Sums)" in ended.err


def test_a_machine_that_somebody_else_has_changed(account: Account) -> None:
    account.deploy("--yes")
    other = '{"StartAt": "x", "States": {"x": {"Type": "Succeed"}}}'
    account.sfn.update_state_machine(stateMachineArn=account.machine(), definition=other)
    ended = account.deploy("--yes", text=CHANGED)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "flowc: the state machine Sums was changed by somebody else since flowc deployed it (its Comment, StartAt; the states "
        "run.begin, run.input, start, end, x): `flowc deploy --dry-run --overwrite` shows what would be lost, and --overwrite "
        "replaces it\n"
    )
    shown = account.deploy("--dry-run", "--overwrite")
    assert '    - "StartAt": "x",\n' in shown.out
    assert account.deploy("--yes", "--overwrite").out == f"{account.machine()}:2\n"
    assert account.deploy().err.startswith("flowc: Sums is deployed as it is")


def test_another_layout_of_the_same_machine_is_no_change(account: Account) -> None:
    account.deploy("--yes")
    now = account.sfn.describe_state_machine(stateMachineArn=account.machine())
    account.sfn.update_state_machine(
        stateMachineArn=account.machine(), definition=json.dumps(json.loads(now["definition"]), indent=4)
    )
    assert account.deploy().err.startswith("flowc: Sums is deployed as it is")


def test_a_job_definition_that_somebody_else_has_revised(account: Account) -> None:
    """A state machine names no revision, and would run theirs."""
    account.deploy("--yes", text=PLAIN)
    (name,) = (one for one in account.everything() if one.startswith("flowc-Sums-"))
    batch = account.client("batch")
    properties = batch.describe_job_definitions(jobDefinitionName=name)["jobDefinitions"][0]["containerProperties"]
    properties["image"] = "evil"
    batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=properties)
    ended = account.deploy("--yes")
    assert ended.code == 0, ended.err
    assert f"+ job definition  {name} (anew, for somebody else has registered revision 2)\n" in ended.err
    newest = max(batch.describe_job_definitions(jobDefinitionName=name)["jobDefinitions"], key=lambda one: one["revision"])
    assert (newest["revision"], newest["containerProperties"]["image"]) == (3, "python:3.11")
    assert account.deploy().err.startswith("flowc: Sums is deployed as it is")


def test_a_bus_that_is_named_by_its_arn(account: Account) -> None:
    bus = account.client("events").create_event_bus(Name="mine")["EventBusArn"]
    assert account.deploy("--yes", "--event-bus", bus).code == 0
    assert account.deploy("--event-bus", bus).err.startswith("flowc: Sums is deployed as it is")
    ended = account.deploy("--yes")
    assert "- rule  flowc-Sums-event on mine\n" in ended.err
    assert ended.err.count("rule  flowc-Sums-event") == 2
    assert account.deploy().err.startswith("flowc: Sums is deployed as it is")


def test_things_that_flowc_did_not_make(account: Account) -> None:
    account.client("events").put_rule(Name="flowc-Sums-event", EventPattern='{"detail-type": ["x"]}')
    ended = account.deploy("--yes")
    assert ended.code == 2
    assert ended.err.startswith("flowc: the EventBridge rule flowc-Sums-event was not made by flowc")
    account.client("events").delete_rule(Name="flowc-Sums-event")
    account.client("scheduler").create_schedule(
        Name="flowc-Sums",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": account.machine("Other"), "RoleArn": account.role},
    )
    ended = account.deploy("--yes")
    assert ended.code == 2
    assert ended.err.startswith(f"flowc: the schedule flowc-Sums starts something else ({account.machine('Other')})")
    assert account.writes() == []


# Projects


def test_branches_are_deployments_of_their_own(account: Account) -> None:
    Path("sums.py").write_text(PROJECT)
    assert account.deploy("--yes").out == f"{account.machine('adds-user-Jo-Sums')}:1\n"
    assert account.deploy("--yes", "--branch", "x").out == f"{account.machine('adds-test-x-Sums')}:1\n"
    assert account.deploy("--yes", "--production").out == f"{account.machine('adds-prod-Sums')}:1\n"
    tags = account.everything()[f"{account.machine('adds-test-x-Sums')} tags"]
    assert (tags["flowc:flow"], tags["flowc:project"], tags["flowc:branch"]) == ("Sums", "adds", "test.x")
    before = account.everything()
    assert account.undeploy("--yes", "--branch", "x").code == 0
    after = account.everything()
    assert {one for one in before if "stateMachine" in one and "test-x" not in one} <= after.keys()
    assert not [one for one in after if "test-x" in one]
    ended = account.run("undeploy", "adds.prod.Sums", "--yes")  # without its file
    assert ended.code == 0, ended.err
    assert not [one for one in account.everything() if "adds-prod" in one]


def test_a_branch_of_no_project(account: Account) -> None:
    """Else the one deployment that there is would be changed, or deleted."""
    for verb in (account.deploy, account.undeploy):
        ended = verb("--yes", "--branch", "x")
        assert (ended.code, ended.err) == (
            2,
            "flowc: --branch is for flows with @project, which Sums has not: it has one deployment\n",
        )
    ended = account.run("undeploy", "Sums", "--production")
    assert ended.code == 2
    assert ended.err == "flowc: --production is for the flow's file: a name says its branch itself, as project.test.x.Sums\n"
    assert account.writes() == []


def test_job_definitions_that_another_branch_uses_are_kept(account: Account) -> None:
    """A branch that the flow names itself, and a queue for each: the definitions of jobs are then the same."""
    for branch in ("x", "y"):
        Path("sums.py").write_text(PROJECT.replace('name="adds"', f'name="adds", branch="{branch}"'))
        assert account.deploy("--yes").code == 0
    (definition,) = (one for one in account.everything() if one.startswith("flowc-Sums-"))
    ended = account.undeploy("--yes")
    assert definition not in ended.err
    assert definition in account.everything()
    Path("sums.py").write_text(PROJECT.replace('name="adds"', 'name="adds", branch="x"'))
    assert f"deleted job definition {definition}:1\n" in account.undeploy("--yes").err
    assert definition not in account.everything()


# Undeploy


def test_undeploy(account: Account) -> None:
    account.deploy("--yes")
    account.deploy("--yes", text=CHANGED)
    count = len(account.writes())
    shown = account.undeploy("--dry-run")
    assert [line[:18].rstrip() for line in shown.out.splitlines()[1:-1]] == [
        "- schedule",
        "- rule",
        "- alias",
        "- job definition",
        "- state machine",
    ]
    assert "  Sums (with its 2 versions)\n" in shown.out
    assert account.writes()[count:] == []
    ended = account.undeploy("--yes")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.endswith("flowc: Sums is no longer deployed\n")
    assert "the datastore is left as it is" in ended.err
    assert {one.rpartition(".")[2] for one in account.everything()} == {"gz", "json"}
    again = account.undeploy()
    assert (again.code, again.err) == (0, "flowc: Sums is not deployed: there is nothing to change\n")
    assert account.deploy("--yes").out == f"{account.machine()}:1\n"


def test_runs_that_are_under_way_are_not_ended_unasked(account: Account) -> None:
    account.deploy("--yes")
    waits = '{"StartAt": "x", "States": {"x": {"Type": "Wait", "Seconds": 600, "End": true}}}'
    account.sfn.update_state_machine(stateMachineArn=account.machine(), definition=waits)
    run = account.sfn.start_execution(stateMachineArn=account.machine(), name="one")["executionArn"]
    ended = account.undeploy("--yes")
    assert (ended.code, ended.err) == (
        2,
        "flowc: a run is under way of the state machine Sums, and would be ended with it: wait, or say --stop\n",
    )
    ended = account.undeploy("--yes", "--stop")
    assert ended.code == 0, ended.err
    assert "- run             one (is stopped)\n" in ended.err
    assert "StopExecution" in " ".join(account.writes())
    assert run


# What whoever deploys must be allowed

IAM = {
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject", "s3:ListBucket"),
    "s3:UploadFileobj": ("s3:PutObject",),
    "tagging:GetResources": ("tag:GetResources",),
    "sts:GetCallerIdentity": (),  # which everybody may
}
"""What is needed for a request, where that is not called as the operation is."""
MORE = {
    "states:CreateStateMachine": ("states:PublishStateMachineVersion", "states:TagResource", "iam:PassRole"),
    "states:UpdateStateMachine": ("states:PublishStateMachineVersion", "iam:PassRole"),
    "batch:RegisterJobDefinition": ("batch:TagResource", "iam:PassRole"),
    "ecs:RegisterTaskDefinition": ("ecs:TagResource", "iam:PassRole"),
    "events:PutRule": ("events:TagResource",),
    "events:PutTargets": ("iam:PassRole",),
    "scheduler:CreateSchedule": ("iam:PassRole",),
}
"""What AWS wants besides, for the fields that these requests have."""


def test_the_policy_in_the_docs_is_all_that_is_needed_and_no_more(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc.targets.sfn.aws import publishing
    from flowc.targets.sfn.aws.session import Session

    needed: set[str] = set()
    original = Session.ask

    def ask(self: Session, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        name = "".join(word.capitalize() for word in operation.split("_"))
        request = f"{self.client(service).meta.service_model.signing_name}:{name}"
        needed.update((*IAM.get(request, (request,)), *MORE.get(request, ())))
        return original(self, service, operation, **parameters)

    monkeypatch.setattr(Session, "ask", ask)
    monkeypatch.setattr(publishing, "KEPT_VERSIONS", 2)
    account.client("events").create_event_bus(Name="mine")
    assert account.deploy("--yes", "--event-bus", "mine").code == 0
    assert account.deploy("--yes", text=CHANGED).code == 0
    assert account.deploy("--yes", text=PLAIN).code == 0
    waits = '{"StartAt": "x", "States": {"x": {"Type": "Wait", "Seconds": 600, "End": true}}}'
    account.sfn.update_state_machine(stateMachineArn=account.machine(), definition=waits)
    account.sfn.start_execution(stateMachineArn=account.machine(), name="one")
    assert account.undeploy("--yes", "--stop").code == 0
    account.client("ecs").create_cluster(clusterName="flows")
    place = ("--compute", "ecs", "--ecs-cluster", "flows")
    assert account.deploy("--yes", *place).code == 0
    assert account.deploy("--dry-run", *place).code == 0
    assert account.undeploy("--yes").code == 0
    page = Path(__file__).parent.parent.parent.joinpath("docs", "step-functions.md").read_text(encoding="utf-8")
    policy = json.loads(page.partition("```json deployer\n")[2].partition("```")[0])
    allowed = [action for one in policy["Statement"] for action in one["Action"]]
    assert sorted(allowed) == sorted(needed)


# What is missing


def test_all_that_is_missing_is_said_at_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLOWC_DATASTORE", "FLOWC_SFN_ROLE", "FLOWC_BATCH_QUEUE"):
        monkeypatch.delenv(name)
    ended = account.deploy("--yes")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "flowc: --datastore is not given: where runs keep their objects, as s3://bucket/prefix (FLOWC_DATASTORE, or datastore in "
        "flowc.toml)",
        "flowc: --sfn-role is not given: the ARN of the IAM role that the state machine acts by (FLOWC_SFN_ROLE, or sfn-role in "
        "flowc.toml)",
        "flowc: --batch-queue is not given: the AWS Batch queue of steps that name none (FLOWC_BATCH_QUEUE, or batch-queue in "
        "flowc.toml)",
    ]


def test_things_that_are_not_there(account: Account) -> None:
    options = ("--datastore", "s3://no-such-bucket/x", "--batch-queue", "nope", "--sfn-role", "arn:aws:iam::210987654321:role/x")
    ended = account.deploy("--yes", *options, "--event-bus", "nobus")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "flowc: --sfn-role names a role of the account 210987654321; the credentials are of the account 123456789012",
        "flowc: there is no bucket no-such-bucket: create it in us-east-1, or correct --datastore",
        "flowc: there is no AWS Batch queue nope in us-east-1: create it, or name another one",
        "flowc: there is no EventBridge bus nobus in us-east-1: create it, or correct --event-bus",
    ]
    assert account.writes() == []


@pytest.mark.parametrize(
    ("zone", "help"),
    [
        ("Berlin", 'did you mean "Europe/Berlin"?'),
        ("Europe/Berln", 'did you mean "Europe/Berlin"?'),
        ("Mars/Base_1", 'zones are called as "Europe/Berlin" is, after an area and a city'),
    ],
)
def test_a_time_zone_that_is_not_there(account: Account, zone: str, help: str) -> None:
    ended = account.deploy("--yes", text=FLOW.replace("Europe/Berlin", zone))
    assert (ended.code, ended.out) == (1, "")
    assert f"error[FC609]: no time zone is called `{zone}`" in ended.err
    assert f"= help: {help}\n" in ended.err
    assert account.writes() == []


def test_a_role_that_is_a_name(account: Account) -> None:
    ended = account.deploy("--sfn-role", "flows")
    assert ended.code == 2
    assert ended.err == ("flowc: --sfn-role takes the ARN of a role, as \"arn:aws:iam::123456789012:role/name\", not 'flows'\n")


def test_a_queue_that_is_of_no_use(account: Account) -> None:
    batch = account.client("batch")
    batch.update_job_queue(jobQueue=account.queue, state="DISABLED")
    ended = account.deploy()
    assert (ended.code, ended.err) == (
        2,
        f"flowc: the AWS Batch queue {account.queue} is disabled: enable it, or name another one\n",
    )


def test_a_queue_of_another_kind(account: Account) -> None:
    ec2, batch = account.client("ec2"), account.client("batch")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    place = batch.create_compute_environment(
        computeEnvironmentName="far",
        type="MANAGED",
        serviceRole=account.role,
        computeResources={"type": "FARGATE", "maxvCpus": 4, "subnets": [subnet], "securityGroupIds": [group]},
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": place}]
    batch.create_job_queue(jobQueueName="far", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    ended = account.deploy("--batch-queue", "far")
    assert (ended.code, ended.err) == (
        2,
        "flowc: the AWS Batch queue far runs on Fargate, and --compute is batch: say --compute batch-fargate, or name another "
        "queue\n",
    )
    ended = account.deploy("--batch-queue", "far", "--compute", "batch-fargate")
    assert ended.code == 2
    assert "flowc: --job-role is not given" in ended.err
    assert "flowc: --execution-role is not given" in ended.err
    roles = ("--job-role", account.role, "--execution-role", account.role)
    ended = account.deploy("--batch-queue", "far", "--compute", "batch-fargate", *roles, "--yes")
    assert ended.code == 0, ended.err


def test_ecs(account: Account) -> None:
    options = ("--compute", "ecs-fargate", "--job-role", account.role, "--execution-role", account.role)
    ended = account.deploy(*options)
    assert ended.code == 2
    assert "flowc: --ecs-cluster is not given" in ended.err
    assert "flowc: --subnets is not given" in ended.err
    place = ("--ecs-cluster", "flows", "--subnets", "subnet-0123456789abcdef0")
    ended = account.deploy(*options, *place)
    assert (ended.code, ended.err) == (
        2,
        "flowc: there is no ECS cluster flows in us-east-1: create it, or correct --ecs-cluster\n",
    )
    account.client("ecs").create_cluster(clusterName="flows")
    ended = account.deploy(*options, *place, "--yes")
    assert ended.code == 0, ended.err
    assert "+ task definition  flowc-Sums-" in ended.err
    assert account.deploy(*options, *place).err.startswith("flowc: Sums is deployed as it is")
    assert account.undeploy("--yes").code == 0
    assert account.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"] == []


def test_faults_of_the_flow_stop_it(account: Account) -> None:
    ended = account.deploy("--yes", text=FLOW.replace("self.end)", "self.ende)"))
    assert (ended.code, ended.out) == (1, "")
    assert "FC301" in ended.err
    ended = account.deploy("--yes", text=FLOW.replace("0 6 * * 1-5", "0 6 1 * 1"))
    assert (ended.code, ended.out) == (1, "")
    assert "FC603" in ended.err
    assert account.proxy.requests == []


def test_what_a_template_has_made_is_left_to_it(account: Account) -> None:
    assert account.deploy("--yes").code == 0
    account.sfn.tag_resource(resourceArn=account.machine(), tags=[{"key": "flowc:maker", "value": "Terraform"}])
    before = account.everything()
    for ended in (account.deploy("--yes"), account.deploy("--rollback", "--yes"), account.undeploy("--yes")):
        said = "flowc: the state machine Sums is a part of what Terraform has applied, and is left as it is: change it there\n"
        assert (ended.code, ended.out, ended.err) == (2, "", said)
    assert account.everything() == before
    account.sfn.untag_resource(resourceArn=account.machine(), tagKeys=["flowc:maker"])
