"""What a deployment needs before anything is made: settings, and things in the account that flowc does not create.

All that is missing is said at once, a sentence each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...options import Options
from ..deployment import Deployment
from ..symbols import EVENTS_ROLE, EXECUTION_ROLE, JOB_ROLE, MACHINE_ROLE, QUEUE, Symbol, symbols_in
from .roles import unusable_roles
from .session import AwsError, Session

_SETTINGS: Final = {
    "DatastoreBucket": ("datastore", "where runs keep their objects, as s3://bucket/prefix"),
    MACHINE_ROLE.name: ("sfn-role", "the ARN of the IAM role that the state machine acts by"),
    QUEUE.name: ("batch-queue", "the AWS Batch queue of steps that name none"),
    JOB_ROLE.name: ("job-role", "the ARN of the IAM role that tasks act by"),
    EXECUTION_ROLE.name: ("execution-role", "the ARN of the IAM role that starts the tasks' containers"),
    EVENTS_ROLE.name: ("events-role", "the ARN of the IAM role by which schedules and events start the state machine"),
    "EcsCluster": ("ecs-cluster", "the ECS cluster that runs tasks"),
    "Subnets": ("subnets", "the subnets of ECS tasks"),
}
"""By symbol: the setting that takes its place, and what that is."""
_USERS: Final = ("environment", "Environment", "tags", "Tags")
"""Fields that hold text of the user's, which only looks like a symbol."""
_FARGATE: Final = ("FARGATE", "FARGATE_SPOT")
_AT_ONCE: Final = 100
"""How many things AWS describes in one request."""


def missing_settings(deployment: Deployment, options: Options) -> Iterator[str]:
    """The settings that are not given."""
    wanted = symbols_in([deployment.machine, deployment.schedule, deployment.queues, *deployment.jobs])
    wanted |= symbols_in([[one.target, one.role] for one in deployment.rules])
    wanted |= set(_placeholders([deployment.definition, *deployment.jobs]))
    if options.datastore is None:
        wanted.add("DatastoreBucket")
    if MACHINE_ROLE.name in wanted:
        wanted.discard(EVENTS_ROLE.name)  # which is the same role where it is not given
    for symbol, (key, what) in _SETTINGS.items():
        if symbol in wanted:
            yield f"--{key} is not given: {what} ({_elsewhere(key)})"


def missing_things(session: Session, deployment: Deployment, options: Options) -> Iterator[str]:
    """What the settings name and the account lacks.

    Raises:
        AwsError: AWS cannot be asked at all.
    """
    checks = [unusable_roles(session, deployment), *([_bucket(session, options.place[0])] if options.datastore else ())]
    checks.append(_cluster(session, options) if deployment.ecs else _queues(session, deployment, options))
    checks.append(_buses(session, {one.bus for one in deployment.rules if one.bus}))
    for check in checks:
        try:
            yield from check
        except AwsError as error:
            if not error.denied:
                raise
            yield str(error)


def _elsewhere(key: str) -> str:
    return f"FLOWC_{key.upper().replace('-', '_')}, or {key} in flowc.toml"


def _placeholders(data: Any) -> Iterator[str]:
    """The names of placeholders that stand in documents as text."""
    if isinstance(data, str) and data.startswith("${") and data.endswith("}"):
        yield data[2:-1]
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key not in _USERS:
                yield from _placeholders(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _placeholders(value)


def _bucket(session: Session, bucket: str) -> Iterator[str]:
    try:
        region = session.ask("s3", "head_bucket", Bucket=bucket).get("BucketRegion")
    except AwsError as error:
        if error.missing:
            yield f"there is no bucket {bucket}: create it in {session.region}, or correct --datastore"
            return
        if error.code in ("301", "PermanentRedirect"):
            yield f"the bucket {bucket} is in another region than {session.region}, where a state machine cannot read it"
            return
        if error.denied:
            yield (
                f"the bucket {bucket} cannot be looked at: it is somebody else's, or the credentials need s3:ListBucket, "
                "s3:GetObject and s3:PutObject for it"
            )
            return
        raise
    if region and region != session.region:
        yield f"the bucket {bucket} is in {region} and the state machine in {session.region}, where it cannot read the bucket"


def _queues(session: Session, deployment: Deployment, options: Options) -> Iterator[str]:
    names = [one for one in deployment.queues if not isinstance(one, Symbol)]
    found = {}
    for one in _described(session, "batch", "describe_job_queues", "jobQueues", names):
        found[one["jobQueueName"]] = found[one["jobQueueArn"]] = one
    environments = {
        one["computeEnvironmentArn"]: one
        for one in _described(
            session,
            "batch",
            "describe_compute_environments",
            "computeEnvironments",
            [each["computeEnvironment"] for queue in found.values() for each in queue.get("computeEnvironmentOrder", ())],
        )
    }
    for name in names:
        queue = found.get(name)
        if queue is None:
            yield f"there is no AWS Batch queue {name} in {session.region}: create it, or name another one"
            continue
        if queue["state"] != "ENABLED":
            yield f"the AWS Batch queue {name} is disabled: enable it, or name another one"
        if queue.get("status", "VALID") not in ("VALID", "UPDATING", "CREATING"):
            yield f"the AWS Batch queue {name} is {queue['status']} ({queue.get('statusReason') or 'AWS does not say why'})"
        order = [environments.get(one["computeEnvironment"]) for one in queue.get("computeEnvironmentOrder", ())]
        yield from _compute(name, [one for one in order if one], options.compute)


def _compute(name: str, environments: list[Mapping[str, Any]], compute: str) -> Iterator[str]:
    """Whether a queue's jobs run as `--compute` says."""
    kinds = {str(one["computeResources"]["type"]) for one in environments if "computeResources" in one}
    if not kinds:  # not managed by Batch, or none is left of them: nothing is known
        return
    is_fargate = bool(kinds & set(_FARGATE))
    if is_fargate != compute.endswith("fargate"):
        runs, say = ("Fargate", "batch-fargate") if is_fargate else ("EC2 instances", "batch")
        yield f"the AWS Batch queue {name} runs on {runs}, and --compute is {compute}: say --compute {say}, or name another queue"


def _cluster(session: Session, options: Options) -> Iterator[str]:
    cluster = options.ecs_cluster
    if cluster is None:
        return
    try:
        answer = session.ask("ecs", "describe_clusters", clusters=[cluster])
    except AwsError as error:
        if error.code != "ClusterNotFoundException":
            raise
        answer = {}
    state = next((one.get("status") for one in answer.get("clusters", ())), None)
    if state is None:
        yield f"there is no ECS cluster {cluster} in {session.region}: create it, or correct --ecs-cluster"
    elif state != "ACTIVE":
        yield f"the ECS cluster {cluster} is {state}: name another one"


def _buses(session: Session, buses: Iterable[str]) -> Iterator[str]:
    for bus in sorted(buses):
        try:
            session.ask("events", "describe_event_bus", Name=bus)
        except AwsError as error:
            if not error.missing:
                raise
            yield f"there is no EventBridge bus {bus} in {session.region}: create it, or correct --event-bus"


def _described(session: Session, service: str, operation: str, items: str, names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """What AWS says of some things by name, some at a time; of those that are not there it says nothing."""
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), _AT_ONCE):
        yield from session.pages(service, operation, items, **{items: wanted[start : start + _AT_ONCE]})
