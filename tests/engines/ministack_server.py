"""MiniStack's process, mended where it would run something else than AWS does, or nothing.

python -m engines.ministack_server FOLDER      # prints its port, and ends when its standard input does

Its packages come first on PYTHONPATH. What is mended: it reads and writes no objects for states (`aws-sdk:s3:getObject` and
`putObject`); it has no jobs of AWS Batch, which are processes here; it takes an ECS task that exited with 1 for a success; the
branches of a Parallel share one context object, so that each sees the others' `RetryCount`; it knows no `RedriveCount`. How
states follow one another, paths, intrinsic functions, Choice, Map, Retry and Catch are its own.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NETWORK, _HOST = os.environ.get("FLOWC_TESTS_NETWORK"), os.environ.get("FLOWC_TESTS_HOST")
_SOCKET = socket.create_server(("127.0.0.1", 0))
_PORT = _SOCKET.getsockname()[1]
os.environ |= {
    "GATEWAY_PORT": str(_PORT),
    "LOG_LEVEL": "WARNING",
    "SFN_WAIT_SCALE": "0.01",  # what the seconds between attempts are multiplied by
    "SFTP_ENABLED": "0",
    "IOT_MTLS_ENABLED": "0",
    "HOSTNAME": "",  # it is in no container
}

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack import app  # noqa: E402
from ministack.services import batch, ecs, s3  # noqa: E402
from ministack.services import stepfunctions as states  # noqa: E402

from engines.mending import mend  # noqa: E402
from engines.processes import Runners, aws_environment  # noqa: E402

_RUNNERS: list[Runners] = []
_OUTPUTS: dict[str, bytes] = {}


@mend(states, "_dispatch_aws_sdk_rest_xml")
def _objects(original: Callable[..., Any], service: Any, name: str, action: str, given: dict[str, Any]) -> Any:
    if name != "s3" or action not in ("getObject", "putObject"):
        return original(service, name, action, given)
    bucket, key = given["Bucket"], given["Key"]
    if action == "putObject":
        body = given["Body"] if isinstance(given["Body"], str) else json.dumps(given["Body"])
        status, headers, said = s3._put_object(bucket, key, body.encode(), {})
    else:
        status, headers, said = s3._get_object(bucket, key, {}, {})
    if status >= 400:
        error = "S3.NoSuchKeyException" if status == 404 else "S3.S3Exception"
        raise states._ExecutionError(error, f"{action} of {key}: {said!r}")
    return {"Body": said.decode()} if action == "getObject" else {"ETag": headers.get("ETag", "")}


def _job(resource: str, given: dict[str, Any]) -> Any:
    """`batch:submitJob.sync`: the job definition's container with the overrides of the state, as a process."""
    assert resource == "arn:aws:states:::batch:submitJob.sync", resource
    name = given["JobDefinition"].rpartition("job-definition/")[2].partition(":")[0]
    revisions = batch._job_definitions.get(name)
    if not revisions:
        raise states._ExecutionError("Batch.ClientException", f"JobDefinition does not exist: {name}")
    properties, overrides = revisions[-1]["containerProperties"], given.get("ContainerOverrides", {})
    environment = {one["name"]: one["value"] for one in properties.get("environment", ())}
    environment |= {one["Name"]: one["Value"] for one in overrides.get("Environment", ())}
    submitted = batch._submit_job({"jobName": given["JobName"], "jobQueue": given["JobQueue"], "jobDefinition": name})
    job = batch._jobs[json.loads(submitted[2])["jobId"]]
    job["status"] = "RUNNING"
    running = _RUNNERS[0].start(overrides.get("Command") or properties["command"], environment, f"job-{job['jobId']}")
    code = running.wait(None)
    job |= {"status": "FAILED" if code else "SUCCEEDED", "statusReason": running.output()[-2000:] if code else ""}
    job["container"]["exitCode"] = code
    if code:
        raise states._ExecutionError("States.TaskFailed", json.dumps(job))
    return {"JobId": job["jobId"], "Status": "SUCCEEDED"}


states._SERVICE_DISPATCH["arn:aws:states:::batch:submitJob"] = _job


@mend(states, "_poll_ecs_tasks")
def _ended_well(_original: Callable[..., Any], cluster: str, arns: list[str]) -> Any:
    while True:
        time.sleep(0.05)
        said = json.loads(ecs._describe_tasks({"cluster": cluster, "tasks": arns})[2])
        if all(task["lastStatus"] == "STOPPED" for task in said["tasks"]):
            break
    for task in said["tasks"]:
        if task["stopCode"] == "TaskFailedToStart" or any(one.get("exitCode") for one in task["containers"]):
            task = {"output": _OUTPUTS.get(task["taskArn"].rpartition("/")[2], b"").decode(errors="replace")[-2000:]} | task
            raise states._ExecutionError("States.TaskFailed", json.dumps(task))
    return said


@mend(ecs, "_start_awslogs_forwarder")
def _keep_output(_original: Callable[..., Any], container: Any, _definition: Any, task: str) -> None:
    """So that the cause of a failure tells what the container said, which is removed when it ends."""

    def keep() -> None:
        for part in container.logs(stream=True, follow=True):
            _OUTPUTS[task] = _OUTPUTS.get(task, b"") + part

    threading.Thread(target=keep, daemon=True).start()


@mend(states, "_run_sub_machine")
def _with_own_context(original: Callable[..., Any], below: Any, start: str, given: Any, execution: Any, context: Any) -> Any:
    return original(below, start, given, execution, copy.deepcopy(context))


@mend(states, "_resolve_ctx_path")
def _never_redriven(original: Callable[..., Any], path: str, context: dict[str, Any]) -> Any:
    """It redrives nothing, so that the count, which is always there, is 0."""
    context["Execution"].setdefault("RedriveCount", 0)
    return original(path, context)


@mend(ecs, "_build_run_kwargs")
def _inside(original: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Containers run in a network from which only this machine is reached. They have keys, for their role's would come by a URI
    that is not ECS's own, with a token that obstore does not send."""
    made = original(*arguments, **named)
    made["network"], made["extra_hosts"] = _NETWORK, {"host.docker.internal": _HOST}
    told = made["environment"] | aws_environment(made["environment"]["AWS_ENDPOINT_URL"])
    made["environment"] = {name: value for name, value in told.items() if not name.startswith("AWS_CONTAINER_")}
    return made


@mend(app, "_stop_docker_containers")
def _stop_own(original: Callable[..., Any], others_too: bool = False) -> None:
    """When it starts it would end what others of its kind may have left, on a daemon that may be a person's own."""
    if not others_too:
        original()


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    _RUNNERS.append(Runners(folder, f"http://127.0.0.1:{_PORT}"))
    config = Config()
    config.bind = [f"fd://{_SOCKET.detach()}", *([f"{_HOST}:{_PORT}"] if _HOST else [])]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75
    threading.Thread(target=_end_with_input, daemon=True).start()
    print(_PORT, flush=True)
    asyncio.run(serve(app.app, config))  # type: ignore[arg-type, unused-ignore]


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGKILL)  # the warm server ends when its orders do, and its jobs with it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
