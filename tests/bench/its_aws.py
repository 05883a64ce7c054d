"""The five requests that Metaflow sends to AWS while it compiles a flow for Step Functions, answered from this process.

It asks whether the machine exists; then, for each step, what kind of machines its queue has, and whether it has registered the
job definition before. The answers are those of an account with one queue, on EC2, where the flow is new.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

QUEUE = "queue"
_DEFINITION = {
    "jobDefinitionName": "definition",
    "jobDefinitionArn": "arn:aws:batch:us-east-1:123456789012:job-definition/definition:1",
    "revision": 1,
}
_ANSWERS = {
    "/": {"stateMachines": []},
    "/v1/describejobqueues": {
        "jobQueues": [{"jobQueueName": QUEUE, "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "machines"}]}]
    },
    "/v1/describecomputeenvironments": {
        "computeEnvironments": [{"computeEnvironmentName": "machines", "computeResources": {"type": "EC2"}}]
    },
    "/v1/describejobdefinitions": {"jobDefinitions": []},
    "/v1/registerjobdefinition": _DEFINITION,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: in two, each would take 40 ms

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = _ANSWERS.get(self.path)
        data = json.dumps(answer).encode()
        self.send_response(400 if answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed between the figures."""


@contextmanager
def batch() -> Iterator[dict[str, str]]:
    """The environment in which Metaflow finds these answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_DEFAULT_REGION": "us-east-1",
                "METAFLOW_BATCH_JOB_QUEUE": QUEUE,
                "METAFLOW_SFN_IAM_ROLE": "arn:aws:iam::123456789012:role/machine",
                "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": "arn:aws:iam::123456789012:role/job",
                "METAFLOW_SFN_DYNAMO_DB_TABLE": "table",
            }
        finally:
            server.shutdown()
