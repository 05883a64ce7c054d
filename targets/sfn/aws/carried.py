"""What a state machine needs before it runs: the package and the plan in the datastore, and the definitions of its jobs.

All of these are named by their content, and never changed: what is there already is as it should be.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...platform import Change, PlatformError, Upload
from ..jobs import FLOW_TAG
from .machine import number_of, shortened
from .session import AwsError, Session


def upload_changes(session: Session, bucket: str, prefix: str, upload: Upload) -> Iterator[Change]:
    """What must be uploaded.

    Args:
        prefix: What all keys of the datastore begin with: empty, or ends with "/".
    """
    for what, key, data in (
        ("package", upload.package_key, upload.package),
        ("plan", upload.plan_key, upload.plan.encode()),
    ):
        path = prefix + key
        if _size(session, bucket, path) != len(data):
            yield _upload(session, what, bucket, path, data)


def _size(session: Session, bucket: str, path: str) -> int | None:
    try:
        return int(session.ask("s3", "head_object", Bucket=bucket, Key=path)["ContentLength"])
    except AwsError as error:
        if error.missing:
            return None
        raise


def _upload(session: Session, what: str, bucket: str, path: str, data: bytes) -> Change:
    def make() -> None:
        # In parts where it is large, each repeated by itself.
        session.ask("s3", "upload_fileobj", Fileobj=io.BytesIO(data), Bucket=bucket, Key=path)

    name = shortened(f"s3://{bucket}/{path}")
    return Change(action="create", what=what, name=name, lines=(f"{len(data):,} bytes",), make=make)


def definition_changes(session: Session, requests: tuple[Mapping[str, Any], ...], *, ecs: bool) -> Iterator[Change]:
    """Which definitions of jobs must be registered.

    Args:
        requests: Those of `batch:RegisterJobDefinition`, or of `ecs:RegisterTaskDefinition`.
    """
    for request in requests:
        name = request["family" if ecs else "jobDefinitionName"]
        found = find_task_definitions(session, name) if ecs else find_job_definitions(session, name)
        newest = max(found, key=number_of, default=None)  # which is what the state machine runs
        if newest is None:
            yield _registration(session, name, request, (_summary(request),), ecs=ecs)
        elif FLOW_TAG not in found[newest]:
            if not any(FLOW_TAG in tags for tags in found.values()):
                kind = "ECS task" if ecs else "Batch job"
                raise PlatformError(
                    f"the {kind} definition {name} was not made by flowc (it has no tag {FLOW_TAG}): deregister it",
                    setup=True,
                )
            lines = (f"anew, for somebody else has registered revision {number_of(newest)}",)
            yield _registration(session, name, request, lines, ecs=ecs)


def _summary(request: Mapping[str, Any]) -> str:
    """What a job gets: `python:3.11, 2 CPUs, 8000 MB`."""
    properties = request.get("containerProperties") or request["containerDefinitions"][0]
    wanted = {one["type"]: one["value"] for one in properties.get("resourceRequirements", ())}
    cpu = wanted.get("VCPU") or f"{int(request.get('cpu') or properties.get('cpu') or 0) / 1024:g}"
    memory = wanted.get("MEMORY") or request.get("memory") or properties.get("memory")
    gpu = f", {wanted['GPU']} GPU" if "GPU" in wanted else ""
    return f"{properties['image']}, {cpu} CPU, {memory} MB{gpu}"


def _registration(session: Session, name: str, request: Mapping[str, Any], lines: tuple[str, ...], *, ecs: bool) -> Change:
    def make() -> None:
        if ecs:
            session.ask("ecs", "register_task_definition", **request)
        else:
            session.ask("batch", "register_job_definition", **request)

    return Change(action="create", what="task definition" if ecs else "job definition", name=name, lines=lines, make=make)


def find_job_definitions(session: Session, name: str) -> dict[str, Mapping[str, str]]:
    """The active revisions of a Batch job definition, by ARN, with their tags."""
    found = session.pages("batch", "describe_job_definitions", "jobDefinitions", jobDefinitionName=name, status="ACTIVE")
    return {one["jobDefinitionArn"]: one.get("tags") or {} for one in found}


def find_task_definitions(session: Session, family: str) -> dict[str, Mapping[str, str]]:
    """The active revisions of an ECS task definition, by ARN, with their tags."""
    listed = session.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
    arns = [one for one in listed if one.rpartition("/")[2].rpartition(":")[0] == family]
    found: dict[str, Mapping[str, str]] = {}
    for arn in arns:
        answer = session.ask("ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"])
        found[arn] = {one["key"]: one["value"] for one in answer.get("tags", ())}
    return found


_NAMES: Final = {"JobDefinition": "batch", "TaskDefinition": "ecs"}


def definitions_in(text: str) -> set[tuple[str, str]]:
    """The definitions of jobs that a state machine names: the service (`batch`, `ecs`) and the name of each."""
    found: set[tuple[str, str]] = set()

    def walk(data: Any) -> None:
        if isinstance(data, dict):
            parameters = data.get("Parameters")
            if data.get("Type") == "Task" and isinstance(parameters, dict):
                found.update((service, one) for key, service in _NAMES.items() if isinstance(one := parameters.get(key), str))
            for one in data.values():
                walk(one)
        elif isinstance(data, list):
            for one in data:
                walk(one)

    walk(json.loads(text))
    return found
