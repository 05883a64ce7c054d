"""`flowc deploy` and `flowc undeploy` where AWS refuses something or does not answer: what is said, and what then mends it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from faults import Fault, forward, lose_answer, refusal, status

from .accounts import CHANGED, FLOW, Account
from .conftest import Ended

FIRST = (
    *(".tar.gz", ".json", "registerjobdefinition", "CreateStateMachine", "CreateStateMachineAlias"),
    *("/schedules/flowc-Sums", "PutRule", "PutTargets"),
)
SECOND = (
    *(".tar.gz", ".json", "UpdateStateMachine", "UpdateStateMachineAlias", "TagResource"),
    *("/schedules/flowc-Sums", "PutRule", "PutTargets"),
)
LAST = (
    *("/schedules/flowc-Sums", "RemoveTargets", "DeleteRule", "DeleteStateMachineAlias", "deregisterjobdefinition"),
    "DeleteStateMachine",
)


def which(path: str, names: tuple[str, ...]) -> str:
    """The name in a list of a request."""
    plain = path.partition("?")[0]
    return next(one for one in names if plain.endswith(one) or plain.endswith(f".{one}") or f"/{one}" in plain)


def denied(name: str) -> Fault:
    """Access is denied, as the service of this request says it."""
    if name in (".tar.gz", ".json"):
        return status(403, "AccessDenied", "Access Denied")
    return refusal(400, "AccessDeniedException", "User: jo is not authorized to perform: x:Y on resource: z because of reasons")


FAULTS: dict[str, Callable[[str], Fault]] = {"denied": denied, "lost": lambda _: lose_answer}


def broken(account: Account, phase: str, name: str, kind: str, act: Callable[[], Ended]) -> Ended:
    """What a verb says of whose writes this one fails."""
    if name == "DeleteStateMachine":
        account.proxy.fail(forward, path=".DeleteStateMachineAlias")
    method = {"first": "POST", "second": "PUT", "last": "DELETE"}[phase] if name.startswith("/") else ""
    method = "PUT" if name.startswith(".") else method
    account.proxy.fail(FAULTS[kind](name), path=name if name[0] in "./" or name.islower() else f".{name}", method=method)
    ended = act()
    assert ended.code == (2 if kind == "denied" else 1)
    assert "Traceback" not in ended.err
    *_, why, where = ended.err.splitlines()
    assert why.startswith("flowc: AWS denies " if kind == "denied" else "flowc: AWS cannot be reached at "), ended.err
    assert re.fullmatch(r"flowc: stopped at the .* after \d of \d changes: the same command goes on from there", where)
    return ended


@pytest.mark.parametrize("kind", FAULTS)
def test_a_first_deploy_goes_on_where_one_before_it_failed(account: Account, kind: str) -> None:
    """It fails at each of its writes in turn."""
    account.deploy("--yes")
    undisturbed = account.everything()
    assert [which(one, FIRST) for one in account.writes()] == list(FIRST)
    account.renew()
    for number, name in enumerate(FIRST):
        ended = broken(account, "first", name, kind, lambda: account.deploy("--yes"))
        # Of those before it the last one was denied, and is made now; if only its answer was lost, it is there.
        assert (ended.out, f" after {min(number, 1) if kind == 'denied' and name != 'PutTargets' else 0} of " in ended.err) == (
            "",
            True,
        )
    assert account.deploy("--yes").code == 0
    assert account.everything() == undisturbed
    assert account.deploy().err.startswith("flowc: Sums is deployed as it is")


@pytest.mark.parametrize("kind", FAULTS)
def test_a_later_deploy_goes_on_where_one_before_it_failed(account: Account, kind: str) -> None:
    account.deploy("--yes")
    old, count = account.everything(), len(account.writes())
    account.deploy("--yes", text=CHANGED)
    assert [which(one, SECOND) for one in account.writes()[count:]] == list(SECOND)
    undisturbed = account.everything()
    account.renew()
    account.deploy("--yes", text=FLOW)
    live = f"{account.machine()}:live"
    # Once a rule has its new pattern, its targets are as they should be.
    for name in SECOND if kind == "denied" else SECOND[:-1]:
        broken(account, "second", name, kind, lambda: account.deploy("--yes", text=CHANGED))
        assert account.everything()[live] in (old[live], undisturbed[live]), "new runs have one version or the other"
    if kind == "denied":
        assert account.deploy("--yes").code == 0
    assert account.everything() == undisturbed
    assert account.deploy().err.startswith("flowc: Sums is deployed as it is")


@pytest.mark.parametrize("kind", FAULTS)
def test_an_undeploy_goes_on_where_one_before_it_failed(account: Account, kind: str) -> None:
    account.deploy("--yes")
    count = len(account.writes())
    account.undeploy("--yes")
    assert [which(one, LAST) for one in account.writes()[count:]] == list(LAST)
    undisturbed = account.everything()
    account.deploy("--yes")
    for name in LAST:
        broken(account, "last", name, kind, lambda: account.undeploy("--yes"))
    assert account.undeploy("--yes").code == 0
    assert account.everything() == undisturbed


def test_what_failed_half_way_can_be_undeployed(account: Account) -> None:
    for name in FIRST:
        broken(account, "first", name, "denied", lambda: account.deploy("--yes"))
        assert account.undeploy("--yes").code == 0
        left = {one for one in account.everything() if not one.startswith("flows/")}
        # Without the machine nothing tells whose a job definition is: the next deploy uses it, and its undeploy deletes it.
        assert left <= ({one for one in left if one.startswith("flowc-Sums-")} if name == "CreateStateMachine" else set())


def test_an_answer_that_is_lost_is_asked_for_again(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    monkeypatch.setattr("time.sleep", lambda _: None)
    account.deploy("--yes")
    undisturbed = account.everything()
    account.renew()
    for name in FIRST:
        method = "PUT" if name.startswith(".") else "POST"
        account.proxy.fail(lose_answer, path=name if name[0] in "./" or name.islower() else f".{name}", method=method)
    ended = account.deploy("--yes")
    # The schedule is there the second time it is asked for, which nothing tells from somebody else's.
    assert ended.code in (0, 1), ended.err
    assert account.deploy("--yes").code == 0
    assert account.everything() == undisturbed


def test_a_role_that_is_not_known_everywhere_yet(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    states = "Neither the global service principal states.amazonaws.com, nor … is authorized to assume the provided role."
    scheduler = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    account.proxy.fail(refusal(400, "AccessDeniedException", states), path=".CreateStateMachine", times=2)
    account.proxy.fail(refusal(400, "ValidationException", scheduler), path="/schedules/flowc-Sums", method="POST", times=2)
    events = f"Provided role '{account.role}' cannot be assumed by principal 'events.amazonaws.com'."
    account.proxy.fail(refusal(400, "ValidationException", events), path=".PutTargets", times=1)
    ended = account.deploy("--yes")
    assert ended.code == 0, ended.err
    assert [one for one in pauses if one >= 1] == [1, 2, 1, 2, 1]
    account.renew()
    account.proxy.fail(refusal(400, "AccessDeniedException", states), path=".CreateStateMachine", times=9)
    ended = account.deploy("--yes")
    assert ended.code == 2
    said = (
        f"flowc: Step Functions cannot use the role {account.role}: it does not exist, or its trust policy does not let "
        "states.amazonaws.com take it on; correct that, or --sfn-role\n"
    )
    assert said in ended.err


def test_a_role_that_may_not_make_the_rule_of_step_functions(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    rule = refusal(400, "AccessDeniedException", f"'{account.role}' is not authorized to create managed-rule.")
    account.proxy.fail(rule, path=".CreateStateMachine", times=2)
    ended = account.deploy("--yes")
    assert ended.code == 0, ended.err
    account.renew()
    account.proxy.fail(rule, path=".CreateStateMachine", times=9)
    ended = account.deploy("--yes")
    assert ended.code == 2
    said = (
        f"flowc: the role {account.role} may not make the EventBridge rule by which Step Functions learns that jobs are over: it "
        "needs the policy that `flowc compile -o DIR` writes to DIR/iam/state-machine-policy.json\n"
    )
    assert said in ended.err
    assert "credentials" not in ended.err


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (
            refusal(400, "ExpiredTokenException", "The security token included in the request is expired"),
            2,
            "the AWS credentials have expired: renew them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)",
        ),
        (
            refusal(400, "UnrecognizedClientException", "The security token included in the request is invalid."),
            2,
            "AWS does not know the access key: correct the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "AWS_SESSION_TOKEN)",
        ),
        (
            refusal(
                400,
                "AccessDeniedException",
                "User: arn:aws:sts::1:assumed-role/dev/jo is not authorized to perform: states:DescribeStateMachine on resource: "
                "arn:aws:states:us-east-1:1:stateMachine:Sums because no identity-based policy allows it",
            ),
            2,
            "AWS denies states:DescribeStateMachine on arn:aws:states:us-east-1:1:stateMachine:Sums: the credentials need that "
            "permission",
        ),
        (
            refusal(
                400,
                "AccessDeniedException",
                "User: arn:aws:sts::1:assumed-role/dev/jo is not authorized to perform: iam:PassRole on resource: "
                "arn:aws:iam::1:role/flows because no identity-based policy allows the iam:PassRole action",
            ),
            2,
            "AWS denies iam:PassRole on arn:aws:iam::1:role/flows: the credentials need that permission",
        ),
        (
            refusal(
                400,
                "AccessDeniedException",
                "User: arn:aws:sts::1:assumed-role/dev/jo is not authorized to perform: states:DescribeStateMachine with an "
                "explicit deny in a service control policy",
            ),
            2,
            "AWS denies states:DescribeStateMachine: a service control policy (SCP) forbids it, which the administrators of the "
            "account can change",
        ),
        (
            refusal(
                400,
                "AccessDeniedException",
                "User: jo is not authorized to perform: states:DescribeStateMachine on resource: x because no permissions "
                "boundary allows the states:DescribeStateMachine action",
            ),
            2,
            "AWS denies states:DescribeStateMachine on x: a permissions boundary does not allow it, which the administrators of "
            "the account can change",
        ),
        (
            refusal(
                400,
                "AccessDeniedException",
                "User: jo is not authorized to perform: states:DescribeStateMachine on resource: x with an explicit deny in an "
                "identity-based policy",
            ),
            2,
            "AWS denies states:DescribeStateMachine on x: a policy of the credentials forbids it",
        ),
        (
            refusal(400, "ThrottlingException", "Rate exceeded"),
            1,
            "AWS has too many requests for states:DescribeStateMachine just now: try again in a minute",
        ),
        (
            refusal(400, "LimitExceededException", "The requested resource exceeds the maximum number allowed."),
            1,
            "AWS refuses states:DescribeStateMachine (LimitExceededException): The requested resource exceeds the maximum number "
            "allowed.",
        ),
        (
            refusal(500, "InternalError"),
            1,
            "AWS failed at states:DescribeStateMachine (500 InternalError): try again in a minute",
        ),
        (
            refusal(400, "InvalidArn", "Invalid Arn"),
            1,
            "AWS refuses states:DescribeStateMachine (InvalidArn): Invalid Arn",
        ),
        (
            refusal(400, "ConflictException", "busy"),
            1,
            "somebody else is changing the same thing at this moment (states:DescribeStateMachine): try again in a minute",
        ),
    ],
)
def test_what_aws_refuses_is_one_sentence(account: Account, fault: Fault, code: int, said: str) -> None:
    account.proxy.fail(fault, path=".DescribeStateMachine")
    ended = account.deploy("--yes")
    assert (ended.code, ended.out, ended.err) == (code, "", f"flowc: {said}\n")
    assert account.writes() == []


def test_throttled_requests_are_repeated(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    monkeypatch.setattr("time.sleep", lambda _: None)
    for name in ("registerjobdefinition", ".CreateStateMachine", ".CreateStateMachineAlias"):
        account.proxy.fail(refusal(400, "ThrottlingException", "Rate exceeded"), path=name, times=2)
    assert account.deploy("--yes").code == 0
    account.proxy.fail(refusal(400, "ThrottlingException", "Rate exceeded"), path=".DescribeStateMachine", times=99)
    ended = account.deploy()
    said = "flowc: AWS has too many requests for states:DescribeStateMachine just now (tried 6 times): try again in a minute\n"
    assert (ended.code, ended.err) == (1, said)


def test_nobody_is_there(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    ended = account.deploy("--yes")
    assert ended.code == 1
    assert ended.err == (
        "flowc: AWS cannot be reached at http://127.0.0.1:1/: no connection; see to the network, AWS_REGION and "
        "AWS_ENDPOINT_URL\n"
    )


def test_no_credentials_and_no_region(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    ended = account.deploy("--yes")
    said = "flowc: there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"
    assert (ended.code, ended.err) == (2, said)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    ended = account.deploy("--yes")
    assert (ended.code, ended.err) == (2, "flowc: there is no profile nobody in ~/.aws/config: correct AWS_PROFILE\n")
    monkeypatch.delenv("AWS_PROFILE")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    ended = account.deploy("--yes")
    said = "flowc: no AWS region is named: set AWS_REGION, or `region` of your profile in ~/.aws/config\n"
    assert (ended.code, ended.err) == (2, said)


def test_variables_that_make_no_sense(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    look = "(look into the variables AWS_… and ~/.aws/config)"
    said = {
        ("AWS_ENDPOINT_URL", "foo"): "AWS_ENDPOINT_URL is 'foo', and must begin with http:// or https://",
        ("AWS_MAX_ATTEMPTS", "often"): f"AWS cannot be asked: invalid literal for int() with base 10: 'often' {look}",
        ("AWS_REGION", "here!"): f"AWS cannot be asked: Provided region_name 'here!' doesn't match a supported format {look}",
    }
    for (name, value), why in said.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            ended = account.deploy("--yes")
        assert (ended.code, ended.err) == (2, f"flowc: {why}\n")


def test_a_bucket_of_somebody_else(account: Account) -> None:
    account.proxy.fail(status(403, "AccessDenied"), method="HEAD", path=account.bucket)
    ended = account.deploy("--yes")
    assert (ended.code, ended.err) == (
        2,
        f"flowc: the bucket {account.bucket} cannot be looked at: it is somebody else's, or the credentials need s3:ListBucket, "
        "s3:GetObject and s3:PutObject for it\n",
    )


def test_a_bucket_in_another_region(account: Account) -> None:
    far = {"LocationConstraint": "eu-central-1"}
    account.client("s3").create_bucket(Bucket="far-bucket", CreateBucketConfiguration=far)
    ended = account.deploy("--yes", "--datastore", "s3://far-bucket")
    assert (ended.code, ended.err) == (
        2,
        "flowc: the bucket far-bucket is in eu-central-1 and the state machine in us-east-1, where it cannot read the bucket\n",
    )


def test_a_queue_that_batch_could_not_make(account: Account) -> None:
    name = account.queue.rpartition("/")[2]
    queue = {"jobQueueName": name, "jobQueueArn": account.queue, "state": "ENABLED", "computeEnvironmentOrder": []}
    body = {"jobQueues": [{**queue, "status": "INVALID", "statusReason": "no such subnet"}]}

    def answer(handler: Any) -> None:
        handler.drain()
        handler.reply(200, json.dumps(body).encode())

    account.proxy.fail(answer, path="describejobqueues")
    ended = account.deploy("--yes")
    assert (ended.code, ended.err) == (2, f"flowc: the AWS Batch queue {account.queue} is INVALID (no such subnet)\n")


def test_roles(account: Account) -> None:
    """What is wrong with them is said before anything is made, where it can be seen."""
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "states.us-east-1.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    machine = iam.create_role(RoleName="machine", Path="/a/b/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    ended = account.deploy("--sfn-role", machine, "--job-role", "arn:aws:iam::123456789012:role/gone")
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "flowc: the trust policy of the role machine does not let scheduler.amazonaws.com and events.amazonaws.com take it on: "
        "add that, or name another role by --events-role",
        "flowc: there is no role gone: create it, or correct --job-role",
    ]
    ended = account.deploy("--sfn-role", machine, "--events-role", account.role, "--dry-run")
    assert ended.code == 0, ended.err
    assert account.writes() == []


def test_who_may_not_look_at_roles_may_deploy(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:1")
    ended = account.deploy("--yes", "--sfn-role", "arn:aws:iam::123456789012:role/gone")
    assert ended.code == 0, ended.err


def test_two_deploys_at_once(account: Account) -> None:
    """What the other one has done meanwhile is seen by AWS, which says so, or used."""
    account.deploy("--yes")
    account.proxy.fail(refusal(409, "ConflictException", "busy"), path=".UpdateStateMachine")
    ended = account.deploy("--yes", text=CHANGED)
    assert ended.code == 1
    assert "flowc: somebody else is changing the same thing at this moment (states:UpdateStateMachine)" in ended.err
    assert account.deploy("--yes").code == 0


def test_job_definitions_are_left_where_it_cannot_be_told_who_uses_them(account: Account) -> None:
    account.deploy("--yes")
    account.proxy.fail(refusal(400, "AccessDeniedException", "no"), path="GetResources")
    ended = account.undeploy("--yes")
    assert ended.code == 0, ended.err
    assert (
        "note: the job definitions are left, for it cannot be told whether others use them (AWS denies tag:GetResources"
        in ended.err
    )
    assert [one for one in account.everything() if one.startswith("flowc-Sums-")]
