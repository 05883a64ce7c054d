"""ECS in moto: a task is a process here, of its first container, and the machine has room for all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend, Task

from engines.mending import mend
from engines.processes import Runners, Running, secrets_of, terminate

_runners: Runners
_over: dict[str, threading.Event] = {}
"""By the ids of tasks: set when the task has stopped."""
_running: dict[str, Running] = {}


def install(runners: Runners) -> None:
    """Run tasks with these."""
    global _runners
    _runners = runners


def over(task_arn: str) -> threading.Event:
    """What is set when a task has stopped."""
    return _over.setdefault(task_arn.rpartition("/")[2], threading.Event())


@mend(EC2ContainerServiceBackend, "run_task")
def _run_task(
    original: Callable[..., list[Task]],
    self: Any,
    cluster_str: str,
    task_definition_str: str,
    count: int,
    overrides: dict[str, Any] | None,
    started_by: str,
    tags: list[dict[str, str]] | None,
    launch_type: str | None,
    *more: Any,
) -> list[Task]:
    """moto runs nothing, and wants instances for what is not Fargate's."""
    everywhere = "FARGATE" if launch_type == "EC2" else launch_type
    tasks = original(self, cluster_str, task_definition_str, count, overrides, started_by, tags, everywhere, *more)
    container = self.describe_task_definition(task_definition_str).container_definitions[0]
    for task in tasks:
        task.launch_type = launch_type or ""
        threading.Thread(target=_work, args=(self, task, container, overrides or {}), daemon=True).start()
    return tasks


@mend(EC2ContainerServiceBackend, "_calculate_task_resource_requirements")
def _requirements(_original: Callable[..., dict[str, Any]], _definition: Any) -> dict[str, Any]:
    """moto wants the memory of each container, where a definition may have that of all of them."""
    return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}


def _work(backend: Any, task: Any, container: dict[str, Any], overrides: dict[str, Any]) -> None:
    given: dict[str, Any] = next((one for one in overrides.get("containerOverrides", ()) if one["name"] == container["name"]), {})
    command = [*container.get("entryPoint", ()), *(given.get("command") or container.get("command", ()))]
    parts = (container, given)
    environment = {one["name"]: one["value"] for part in parts for one in part.get("environment", ())}
    environment = secrets_of(container, backend.account_id, backend.region_name) | environment
    task.started_at = datetime.now(UTC)
    running = _running[task.id] = _runners.start(command, environment, f"task-{task.id}")
    (shown,) = task.containers
    shown.last_status = "RUNNING"
    code = running.wait(None)
    _running.pop(task.id, None)
    shown.exitCode = shown.exit_code = code
    shown.last_status = "STOPPED"
    task.desired_status = "STOPPED"
    task.stopped_at = datetime.now(UTC)
    task.stopped_reason = task.stopped_reason or "Essential container in task exited"
    task.stop_code = "EssentialContainerExited"
    task.output = running.output()
    task.last_status = "STOPPED"
    over(task.id).set()


@mend(Task, "advance")
def _no_ticks(_original: Callable[..., None], _self: Task) -> None:
    """moto ends tasks by being asked how they are."""


@mend(EC2ContainerServiceBackend, "stop_task")
def _stop_task(_original: Callable[..., Task], self: Any, cluster_str: str, task_str: str, reason: str) -> Task:
    """moto ends a task at once; a process has time to react."""
    identity = task_str.rpartition("/")[2]
    (task,) = (one for tasks in self.tasks.values() for one in tasks.values() if one.id == identity)
    task.stopped_reason = reason
    if identity in _running:
        terminate(_running[identity])
    return task  # type: ignore[no-any-return]
