"""IAM: who does what of a deployment, and no more than that.

What a state machine must be allowed is read off its definition, so that a state which calls something else is seen here. A flow's
job definitions are meant by a pattern of their names, which has all of one flow and of no other: those of the deployment before
it too, for its executions may be running still.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ...compiler.ir.nodes import Constant, Flow, Step, Table
from ...runtime import contract
from ..options import Options
from .symbols import ACCOUNT, BUCKET, CLUSTER, PARTITION, QUEUE, Symbol, Text, arn, text

Statement: TypeAlias = dict[str, Any]

_VERSION: Final = "2012-10-17"
_ECS_TASKS: Final = "ecs-tasks.amazonaws.com"
_EXECUTION_POLICY: Final = "service-role/AmazonECSTaskExecutionRolePolicy"
_RULES: Final = {
    "batch:submitJob.sync": "StepFunctionsGetEventsForBatchJobsRule",
    "ecs:runTask.sync": "StepFunctionsGetEventsForECSTaskRule",
}
"""The rules by which Step Functions hears that a job is over; it makes and owns them.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html, connect-ecs.html
"""
_DIGEST: Final = re.compile("-[0-9a-f]{12}$")
_SECRETS: Final = "aws-secrets-manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role that a deployment needs.

    Attributes:
        arn: The role that was given, or a symbol where none was.
        trust: Who may take it on: `AssumeRolePolicyDocument`.
        policy: What it must be allowed: a policy document. None: nothing but `managed`.
        managed: The names of AWS's own policies that it needs besides, below `arn:aws:iam::aws:policy/`.
    """

    arn: str | Symbol
    trust: dict[str, Any] = field(repr=False)
    policy: dict[str, Any] | None = field(repr=False)
    managed: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether a role was given."""
        return isinstance(self.arn, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a flow's objects are.

    Attributes:
        bucket: The bucket's name.
        prefix: What keys begin with: "", or a path that ends in a slash.
        flow: The flow's name, as a pattern.
    """

    bucket: str | Symbol
    prefix: str
    flow: str

    def objects(self, pattern: str) -> Text:
        """The objects whose keys, after the prefix, are so."""
        return text("arn:", PARTITION, ":s3:::", self.bucket, f"/{self.prefix}{pattern}")

    def listing(self, *patterns: str) -> Statement:
        """Listing them; without it S3 says of an object that is not there that access is denied.

        Asking for such an object is no listing with a prefix, and must be allowed all the same: hence `IfExists`.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        allowed = _allow("ListObjects", ["s3:ListBucket"], [text("arn:", PARTITION, ":s3:::", self.bucket)])
        return {**allowed, "Condition": {"StringLikeIfExists": {"s3:prefix": [self.prefix + pattern for pattern in patterns]}}}


def machine_policy(
    flow: Flow,
    definition: Mapping[str, Any],
    name: str,
    jobs: Sequence[Mapping[str, Any]],
    queues: Sequence[str | Symbol],
    roles: Sequence[str | Symbol],
    options: Options,
) -> dict[str, Any]:
    """What the state machine itself does.

    Args:
        flow: The flow.
        definition: Its state machine.
        name: The state machine's name.
        jobs: The requests that define its jobs.
        queues: The queues that they go to.
        roles: The roles that its tasks run with.
        options: The cluster and the datastore.
    """
    states = list(_states(definition))
    calls = {str(state["Resource"]).partition(":::")[2] for state in states if "Resource" in state}
    tagged = any(state.get("Parameters", {}).keys() & {"Tags", "PropagateTags"} for state in states)
    place = _place(flow, options)
    statements: list[Statement] = []
    if "batch:submitJob.sync" in calls:
        names = dict.fromkeys(_DIGEST.sub("-" + "?" * 12, job["jobDefinitionName"]) for job in jobs)
        definitions = [arn("batch", f"job-definition/{one}{revision}") for one in names for revision in ("", ":*")]
        statements.append(_allow("SubmitJobs", ["batch:SubmitJob"], [*definitions, *map(_queue, queues)]))
        # A job's id is not known before; and no resource can be named to DescribeJobs.
        ends = ["batch:TerminateJob", *(["batch:TagResource"] if tagged else [])]
        statements.append(_allow("EndJobs", ends, [arn("batch", "job/*")]))
        statements.append(_allow("WatchJobs", ["batch:DescribeJobs"], ["*"]))
    if "ecs:runTask.sync" in calls:
        statements += _ecs(jobs, roles, options, tagged=tagged)
    rules = [rule for call, rule in _RULES.items() if call in calls]
    if rules:
        hears = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
        statements.append(_allow("HearOfEnds", hears, [arn("events", f"rule/{rule}") for rule in rules]))
    keys = [state.get("ItemReader", state).get("Parameters", {}).get("Key.$", "") for state in states]
    read = [one for one in (contract.ITEMS, contract.NEXT) if any(f"/{one}'" in key for key in keys)]
    if read:
        objects = [f"{place.flow}/*/{one}" for one in read]
        statements.append(_allow("ReadControlObjects", ["s3:GetObject"], [place.objects(one) for one in objects]))
        statements.append(place.listing(*objects))
    statements.append(_allow("WriteInput", ["s3:PutObject"], [place.objects(f"{place.flow}/*/{contract.INPUT_OBJECT}")]))
    if any(state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED" for state in states):
        # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        statements.append(_allow("StartItems", ["states:StartExecution"], [arn("states", f"stateMachine:{name}")]))
        items = [arn("states", f"execution:{name}{what}") for what in (":*", "/*")]
        watch = ["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"]
        statements.append(_allow("WatchItems", watch, items))
    return _document(statements)


def job_policy(flow: Flow, options: Options) -> dict[str, Any]:
    """What the user's code and flowc's runtime do: the flow's own runs and packages, and the secrets that it names."""
    place = _place(flow, options)
    runs, packages = f"{place.flow}/*", contract.package_key(place.flow, "*").rpartition("/")[0] + "/*"
    statements = [
        _allow("KeepRuns", ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [place.objects(runs)]),
        _allow("ReadCode", ["s3:GetObject"], [place.objects(packages)]),
        place.listing(runs, packages),
    ]
    secrets, others = _secrets(flow)
    if secrets:
        statements.append(_allow("ReadSecrets", ["secretsmanager:GetSecretValue"], secrets))
    if others:
        statements.append(_allow("ReadSecretsAs", ["sts:AssumeRole"], others))
    return _document(statements)


def events_policy(machine: Text) -> dict[str, Any]:
    """What schedules and rules do."""
    return _document([_allow("StartRuns", ["states:StartExecution"], [machine])])


def machine_trust(name: str) -> dict[str, Any]:
    """The state machine takes its role on, and no other one."""
    return _trust(["states.amazonaws.com"], [arn("states", f"stateMachine:{name}{what}") for what in ("", ":*", "/*")])


def task_trust() -> dict[str, Any]:
    """Tasks of ECS take their role on; those of Batch are such too."""
    return _trust([_ECS_TASKS])


def events_trust(*, schedule: bool, rules: bool) -> dict[str, Any]:
    """EventBridge's Scheduler, its rules, or both take on the role that starts the machine."""
    services = ["scheduler.amazonaws.com"] if schedule else []
    return _trust([*services, *(["events.amazonaws.com"] if rules else [])])


EXECUTION_POLICIES: Final = (_EXECUTION_POLICY,)
"""AWS's own policies of what starts containers: it pulls images and writes logs."""


def _ecs(
    jobs: Sequence[Mapping[str, Any]], roles: Sequence[str | Symbol], options: Options, *, tagged: bool
) -> Iterator[Statement]:
    given = options.ecs_cluster
    cluster: str | Symbol = CLUSTER if given is None else given.rpartition("/")[2]
    whole = text(given) if given is not None and given.startswith("arn:") else arn("ecs", "cluster/", cluster)
    names = dict.fromkeys(_DIGEST.sub("-" + "?" * 12, job["family"]) for job in jobs)
    families = [arn("ecs", f"task-definition/{one}{revision}") for one in names for revision in ("", ":*")]
    yield {**_allow("RunTasks", ["ecs:RunTask"], families), "Condition": {"ArnEquals": {"ecs:cluster": whole}}}
    tasks = [arn("ecs", "task/", cluster, "/*")]
    yield _allow("WatchTasks", ["ecs:DescribeTasks", "ecs:StopTask", *(["ecs:TagResource"] if tagged else [])], tasks)
    passed = {"StringEquals": {"iam:PassedToService": _ECS_TASKS}}
    yield {**_allow("PassRoles", ["iam:PassRole"], list(roles)), "Condition": passed}


def _secrets(flow: Flow) -> tuple[list[str | Text], list[str]]:
    """The secrets of AWS Secrets Manager that the steps name; and the roles by which they want to read some."""
    secrets: dict[str | Text, None] = {}
    roles: dict[str, None] = {}
    for step in flow.steps:
        for source, role in _sources(step):
            kind, _, name = source.partition(".") if isinstance(source, str) else ("", "", "")
            region: Constant = None
            if isinstance(source, Table):
                given = dict(source.items)
                kind, name, role = str(given.get("type") or _SECRETS), str(given.get("id") or ""), given.get("role") or role
                options = given.get("options")
                region = dict(options.items).get("region") if isinstance(options, Table) else None
            elif not name:
                kind, name = _SECRETS, kind  # a bare name is of the type that a variable says, which is known only there
            if kind != _SECRETS or not name:
                continue
            if role:
                roles[str(role)] = None
                continue
            for one in _secret_arns(name, region):
                secrets[one] = None
    return list(secrets), list(roles)


def _sources(step: Step) -> Iterator[tuple[Constant, Constant]]:
    for decorator in step.decorators:
        if decorator.name == "secrets":
            said = dict(decorator.arguments)
            sources = said.get("sources")
            yield from ((one, said.get("role")) for one in (sources if isinstance(sources, tuple) else ()))


def _secret_arns(name: str, region: Constant) -> list[str | Text]:
    """A secret's name in a policy: Secrets Manager adds six characters to each, which one may leave out in a request."""
    if name.startswith("arn:"):
        return [_literal(name), _literal(name) + "-??????"]
    if region:
        return [text("arn:", PARTITION, f":secretsmanager:{region}:", ACCOUNT, f":secret:{_literal(name)}-??????")]
    return [arn("secretsmanager", f"secret:{_literal(name)}-??????")]


def _literal(name: str) -> str:
    """Text in which IAM sees no pattern and no variable.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return re.sub(r"[*?$]", lambda one: f"${{{one[0]}}}", name)


def _place(flow: Flow, options: Options) -> _Place:
    # A policy is written in Latin-1 at most: letters beyond ASCII are left open.
    name = re.sub(r"[^\x00-\x7f]+", "*", flow.name)
    if options.datastore is None:
        return _Place(bucket=BUCKET, prefix="", flow=name)
    bucket, prefix = options.place
    return _Place(bucket=bucket, prefix=prefix, flow=name)


def _queue(queue: str | Symbol) -> str | Text:
    if isinstance(queue, str) and queue.startswith("arn:"):
        return queue
    queue = QUEUE if queue == str(QUEUE) else queue
    return arn("batch", "job-queue/", queue)


def _states(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All states, those inside others too."""
    pending = [definition]
    while pending:
        for state in pending.pop()["States"].values():
            yield state
            pending += state.get("Branches", ())
            pending += [state["ItemProcessor"]] if "ItemProcessor" in state else []


def _allow(sid: str, actions: Sequence[str], resources: Sequence[object]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(statements: Sequence[Statement]) -> dict[str, Any]:
    return {"Version": _VERSION, "Statement": list(statements)}


def _trust(services: Sequence[str], sources: Sequence[Text] = ()) -> dict[str, Any]:
    """Only on behalf of this account: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"""
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    if sources:
        condition["ArnLike"] = {"aws:SourceArn": list(sources)}
    who = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole", "Condition": condition}
    return _document([who])
