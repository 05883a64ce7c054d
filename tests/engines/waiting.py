"""How executions wait and stop in moto: for jobs, between attempts, for branches, and for whoever stops them.

moto polls for jobs, and does not interrupt what it waits for: a stopped execution would end with its last job, and be reported by
whatever its states make of that. Here everything that waits looks whether its execution still runs; what finds that it does not
ends its job, and leaves by `Abandoned`, which no state's `Retry` or `Catch` sees.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from moto.batch.models import batch_backends
from moto.ecs.models import ecs_backends
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import JitterStrategy
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import StateTaskServiceBatch
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import StateTaskServiceEcs
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from engines import batch, ecs, redriving
from engines.mending import mend
from engines.services import client_for

DELAYS = float(os.environ.get("FLOWC_ENGINE_DELAYS", "0.01"))
"""What the seconds between attempts are multiplied by, so that tests of retries do not wait."""
_STOPPED = "The execution of the state machine was stopped"
_LOOK = 0.1
"""How often, in seconds, what waits looks whether its execution still runs."""


class Abandoned(BaseException):
    """The execution, branch or item that this thread works for is over."""


def pause(env: Environment, seconds: float) -> None:
    """Sleep, unless the execution ends before."""
    until = time.monotonic() + seconds
    while env.is_running() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK))


def stop_below(env: Environment) -> None:
    """Stop the branches or items that run below this state."""
    for frame in list(env._frames):
        frame.set_stop(stop_date=datetime.now(UTC), cause=None, error=None)


def _wait_until(over: threading.Event, env: Environment, stop: Callable[[], object]) -> None:
    while not over.wait(_LOOK):
        if not env.is_running():
            stop()
            raise RuntimeError("stopped")


@mend(StateTaskServiceBatch, "_eval_integration_pattern")
def _wait_for_job(original: Callable[..., None], self: Any, env: Environment, resource_runtime_part: Any, **named: Any) -> None:
    """moto asks twice a second, times out at once in a second attempt, and lets the jobs of stopped executions run."""
    if self.resource.condition != ResourceCondition.Sync:
        original(self, env=env, resource_runtime_part=resource_runtime_part, **named)
        return
    job_id = env.stack.pop()["JobId"]
    backend = batch_backends[resource_runtime_part.account][resource_runtime_part.region]
    _wait_until(batch.over(job_id), env, lambda: backend.terminate_job(job_id, _STOPPED))
    described = {"jobs": backend.describe_jobs([job_id])}
    self._normalise_response(described, service_action_name="describe_jobs")
    (job,) = described["Jobs"]
    if job["Status"] != "SUCCEEDED":
        raise _task_failed(self, env, job)
    env.stack.append(job)


@mend(StateTaskServiceEcs, "_eval_integration_pattern")
def _wait_for_task(original: Callable[..., None], self: Any, env: Environment, resource_runtime_part: Any, **named: Any) -> None:
    """Likewise; and moto takes every task that stops for one that succeeded."""
    if self.resource.condition != ResourceCondition.Sync:
        original(self, env=env, resource_runtime_part=resource_runtime_part, **named)
        return
    submitted = env.stack.pop()["Tasks"][0]
    arn, cluster = submitted["TaskArn"], submitted["ClusterArn"]
    backend = ecs_backends[resource_runtime_part.account][resource_runtime_part.region]
    _wait_until(ecs.over(arn), env, lambda: backend.stop_task(cluster, arn, _STOPPED))
    client: Any = client_for(resource_runtime_part.region, "ecs")
    described = client.describe_tasks(cluster=cluster, tasks=[arn])
    self._normalise_response(described, service_action_name="describe_tasks")
    (task,) = described["Tasks"]
    if any(one.get("ExitCode") for one in task["Containers"]):
        raise _task_failed(self, env, task)
    env.stack.append(task)


def _task_failed(self: Any, env: Environment, described: object) -> FailureEventException:
    return failure(
        env,
        StatesErrorNameType.StatesTaskFailed,
        to_json_str(described),
        HistoryEventType.TaskFailed,
        "taskFailedEventDetails",
        resource=self._get_sfn_resource(),
        resourceType=self._get_sfn_resource_type(),
    )


def failure(
    env: Environment, name: StatesErrorNameType, cause: str, event: HistoryEventType, details: str, **more: object
) -> FailureEventException:
    """What a state raises to fail: of that name, with an event whose details have that key."""
    said = cast(EventDetails, {details: {"error": name.to_name(), "cause": cause, **more}})
    return FailureEventException(
        FailureEvent(env=env, error_name=StatesErrorName(typ=name), event_type=event, event_details=said)
    )


def _without_token(original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto gives every state that waits for a job a token, for which it would take an answer, too."""
    if self.resource.condition != ResourceCondition.Sync:
        original(self, env)
    else:
        super(StateTaskServiceCallback, self)._eval_body(env)


mend(StateTaskServiceBatch, "_eval_body")(_without_token)
mend(StateTaskServiceEcs, "_eval_body")(_without_token)


@mend(ExecutionState, "_evaluate_with_timeout")
def _abandon(original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto takes a state that was stopped for one that failed, tries it again, or catches that."""
    state = env.states.context_object.context_object_data["State"]
    if state is not None and state["RetryCount"]:
        cast(Any, env).journal.again()
    try:
        original(self, env)
    except Exception:
        if env.is_running():
            raise
    if not env.is_running():
        raise Abandoned


@mend(CommonStateField, "_eval_body")
def _leave(original: Callable[..., None], self: Any, env: Environment) -> None:
    """As far up as the states around it: what interprets them sees that they do not run."""
    with suppress(Abandoned):
        original(self, env)


@mend(Program, "eval")
def _evaluate(_original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto needs a thread for each branch and item of its own beside the one it runs in, and after a time-out does not wait until
    what runs has been stopped."""
    journal = redriving.begin(env, self.start_at.start_at_name)
    if journal is None:
        return

    if self.timeout_seconds is None:
        EvalComponent.eval(self, env)
    else:
        thread = threading.Thread(target=EvalComponent.eval, args=(self, env), daemon=True)
        thread.start()
        thread.join(self.timeout_seconds.timeout_seconds)
        if thread.is_alive():
            env.set_timed_out()
            thread.join()
    redriving.end(env, journal)


@mend(Environment, "set_timed_out")
def _set_timed_out(original: Callable[..., None], self: Environment) -> None:
    """moto lets a time-out overwrite that the execution ended just now."""
    if self.is_running():
        original(self)


@mend(Environment, "set_error")
def _set_error(original: Callable[..., None], self: Environment, error: Any) -> None:
    """moto lets what fails because it was stopped overwrite that it was."""
    if self.is_running() or self._program_state is None:
        original(self, error)


@mend(RetrierDecl, "_eval_body")
def _retry(_original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto sleeps for the whole delay, whatever happens to the execution."""
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    self.interval_seconds.eval(env=env)
    self.backoff_rate.eval(env=env)
    self.max_delay_seconds.eval(env=env)
    seconds = env.stack.pop()
    if self.jitter_strategy.jitter_strategy == JitterStrategy.FULL:
        seconds = random.uniform(0, seconds)
    pause(env, seconds * DELAYS)
    env.stack.append(RetrierOutcome.Executed)


@mend(WaitFunction, "_wait_interval")
def _wait(_original: Callable[..., None], _self: Any, env: Environment, wait_seconds: float) -> None:
    """moto misses that it is stopped when this happens between two looks."""
    pause(env, wait_seconds)
