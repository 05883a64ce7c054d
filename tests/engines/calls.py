"""Who called what: an engine with FLOWC_ENGINE_CALLS keeps all requests, which `/engine/calls` gives and forgets.

A call is what IAM sees of a request: an action, the resources that it is about, and the context in which conditions are judged.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

ROUTE = "/engine/calls"
MACHINE = "machine"
JOB = "job"
"""The access keys of state machines, and of jobs."""


class Calls:
    """A WSGI application in front of another.

    Args:
        application: That one.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._requests: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == ROUTE:
            with self._lock:
                kept, self._requests = self._requests, []
            body = json.dumps(kept).encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        signed = re.search(r"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if signed:
            request = {
                "who": signed[1],
                "service": signed[2],
                "method": environ["REQUEST_METHOD"],
                "path": environ["PATH_INFO"],
                "query": environ.get("QUERY_STRING", ""),
                "target": environ.get("HTTP_X_AMZ_TARGET", ""),
                "source": environ.get("HTTP_X_AMZ_COPY_SOURCE", ""),
                "body": "" if signed[2] == "s3" else environ["wsgi.input"].getvalue().decode(),
            }
            with self._lock:
                self._requests.append(request)
        return self._application(environ, start_response)


@dataclass(frozen=True)
class Call:
    """What somebody did.

    Attributes:
        who: The access key.
        action: As policies name it: `s3:GetObject`.
        resource: The ARN of what it was done to, or `*`.
        context: What conditions ask for.
    """

    who: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)


def calls_of(endpoint: str, place: str = "us-east-1:123456789012") -> list[Call]:
    """What machines and jobs called since this was asked last, each once.

    Args:
        endpoint: The engine.
        place: Region and account, of what requests name without them.
    """
    with urllib.request.urlopen(endpoint + ROUTE) as answer:
        requests = json.load(answer)
    return list(dict.fromkeys(call for one in requests if one["who"] in (MACHINE, JOB) for call in _calls(one, place)))


def _calls(request: Mapping[str, str], place: str) -> Iterator[Call]:
    who, service = request["who"], request["service"]
    if service == "s3":
        yield from _of_s3(request)
        return
    operation = request["target"].rpartition(".")[2] or _operations(service)[request["method"], request["path"]]
    given = json.loads(request["body"] or "{}")
    match service, operation:
        case "batch", "SubmitJob":
            for kind, key in (("job-definition", "jobDefinition"), ("job-queue", "jobQueue")):
                yield Call(who, "batch:SubmitJob", _arn("batch", place, f"{kind}/", given[key]))
            if given.get("tags"):
                yield Call(who, "batch:TagResource", f"arn:aws:batch:{place}:job/1")
        case "batch", "TerminateJob":
            yield Call(who, "batch:TerminateJob", f"arn:aws:batch:{place}:job/{given['jobId']}")
        case "ecs", "RunTask":
            cluster = _arn("ecs", place, "cluster/", given["cluster"])
            definition = _arn("ecs", place, "task-definition/", given["taskDefinition"])
            yield Call(who, "ecs:RunTask", definition, {"ecs:cluster": cluster})
            if given.get("tags") or given.get("propagateTags"):
                yield Call(who, "ecs:TagResource", f"{cluster.replace(':cluster/', ':task/')}/1")
        case "ecs", "DescribeTasks" | "StopTask":
            for task in given.get("tasks") or [given["task"]]:
                yield Call(who, f"ecs:{operation}", task)
        case "secretsmanager", "GetSecretValue":
            # Of a name, IAM sees the ARN, which ends in six characters more.
            secret = _arn("secretsmanager", place, "secret:", given["SecretId"])
            yield Call(who, "secretsmanager:GetSecretValue", secret if secret == given["SecretId"] else f"{secret}-a1B2c3")
        case _:
            yield Call(who, f"{service}:{operation}", "*")


def _of_s3(request: Mapping[str, str]) -> Iterator[Call]:
    who, method = request["who"], request["method"]
    bucket, _, key = urllib.parse.unquote(request["path"]).lstrip("/").partition("/")
    query = dict(urllib.parse.parse_qsl(request["query"], keep_blank_values=True))
    if not key and method == "GET":
        yield Call(who, "s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": query.get("prefix", "")})
        return
    actions = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject", "DELETE": "DeleteObject"}
    action = "AbortMultipartUpload" if method == "DELETE" and "uploadId" in query else actions[method]
    yield Call(who, f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")
    if method in ("GET", "HEAD"):  # which may be missing
        yield Call(who, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    if request["source"]:
        yield Call(who, "s3:GetObject", f"arn:aws:s3:::{urllib.parse.unquote(request['source']).lstrip('/')}")


def _arn(service: str, place: str, kind: str, name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:{service}:{place}:{kind}{name}"


@lru_cache
def _operations(service: str) -> dict[tuple[str, str], str]:
    """The operations of a service by method and path."""
    import botocore.session

    model = botocore.session.get_session().get_service_model(service)
    ways = {name: model.operation_model(name).http for name in model.operation_names}
    return {(way["method"], way["requestUri"]): name for name, way in ways.items()}
