"""What a deployment needs before anything is made: settings, and things in the account that flowc does not create.

All that is missing is said at once, a sentence each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from ...options import Options
from ..deployment import Deployment
from ..symbols import EVENTS_ROLE, EXECUTION_ROLE, JOB_ROLE, MACHINE_ROLE, QUEUE, Symbol, symbols_in
from .queues import Queue, read_queues, unusable
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


def missing_settings(deployment: Deployment, options: Options) -> Iterator[str]:
    """The settings that are not given."""
    wanted = symbols_in([deployment.machine, deployment.schedule, deployment.queues, *deployment.jobs])
    wanted |= symbols_in([[one.target, one.role] for one in deployment.rules])
    wanted |= placeholders_in([deployment.definition, *deployment.jobs])
    if options.datastore is None:
        wanted.add("DatastoreBucket")
    if MACHINE_ROLE.name in wanted:
        wanted.discard(EVENTS_ROLE.name)  # which is the same role where it is not given
    yield from ungiven(wanted)


def ungiven(symbols: Collection[str]) -> Iterator[str]:
    """What must be given, so that something takes the places of these symbols."""
    for symbol, (key, what) in _SETTINGS.items():
        if symbol in symbols:
            yield f"--{key} is not given: {what} ({_elsewhere(key)})"


def missing_things(session: Session, deployment: Deployment, options: Options) -> Iterator[str]:
    """What the settings name and the account lacks.

    Raises:
        AwsError: AWS cannot be asked at all.
    """
    roles = {
        "--sfn-role": deployment.machine_role,
        "--events-role": deployment.events_role,
        "--job-role": deployment.job_role,
        "--execution-role": deployment.execution_role,
    }
    checks = [unusable_roles(session, roles), *([_bucket(session, options.place[0])] if options.datastore else ())]
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


def placeholders_in(data: Any) -> set[str]:
    """The names of placeholders that stand in documents as text."""
    return set(_placeholders(data))


def _placeholders(data: Any) -> Iterator[str]:
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
    found = read_queues(session, names)
    for name in names:
        yield from unusable(session, name, found.get(name))
        if name in found:
            yield from _other_compute(name, found[name], options.compute)


def _other_compute(name: str, queue: Queue, compute: str) -> Iterator[str]:
    """Whether a queue's jobs run as `--compute` says."""
    if queue.fargate is None or queue.fargate == compute.endswith("fargate"):
        return
    runs, say = ("Fargate", "batch-fargate") if queue.fargate else ("EC2 instances", "batch")
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
