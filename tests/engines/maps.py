"""Map states in moto: as many items at once as the definition says, and a Map that fails as AWS's does."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as children,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded
from moto.stepfunctions.parser.asl.eval.states import ExecutionData

from engines.mending import mend
from engines.waiting import failure, stop_below

_MOST_INLINE = 40
_MOST_DISTRIBUTED = 10_000
"""How many items AWS works on at once where `MaxConcurrency` sets no other limit."""


def _work(self: Any, env: Environment, eval_input: Any, items: list[Any], at_once: int) -> list[Any]:
    pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
    for _ in range(min(len(items), at_once)):
        self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
    pool.await_jobs()
    error = pool.get_worker_exception()
    if error is not None:
        stop_below(env)
        raise error
    return [closed.job_output for closed in pool.get_closed_jobs()]


@mend(InlineIterationComponent, "_eval_body")
def _inline(_original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto starts `MaxConcurrency` threads however many items there are, and lets those of a failed Map run on."""
    eval_input = env.stack.pop()
    at_once = min(eval_input.max_concurrency or _MOST_INLINE, _MOST_INLINE)
    env.stack.append(_work(self, env, eval_input, eval_input.input_items, at_once))


@mend(DistributedIterationComponent, "_map_run")
def _distributed(_original: Callable[..., None], self: Any, env: Environment, eval_input: Any) -> None:
    """Likewise."""
    at_once = min(eval_input.map_run_record.max_concurrency or _MOST_DISTRIBUTED, _MOST_DISTRIBUTED)
    env.stack.append(_work(self, env, eval_input, env.stack.pop(), at_once))


@mend(IterationWorker, "_eval_pool")
def _one_by_one(_original: Callable[..., None], self: Any, job: Any, worker_frame: Environment) -> None:
    """moto calls itself for each further item, a few hundred of which exceed Python's stack."""
    _take_items(self, job, worker_frame, worker_frame.close_frame, self._env.close_frame)


@mend(children.DistributedItemProcessorWorker, "_eval_pool")
def _child_by_child(_original: Callable[..., None], self: Any, job: Any, worker_frame: Environment) -> None:
    """Likewise. A child's history is its own, so that its frame leaves nothing."""
    _take_items(self, job, worker_frame, worker_frame.delete_frame, self._env.delete_frame)


def _take_items(
    self: Any,
    job: Any,
    worker_frame: Environment,
    close_item: Callable[[Environment], None],
    close_worker: Callable[[Environment], None],
) -> None:
    if job is None:
        close_worker(worker_frame)
    while job is not None:
        frame = worker_frame.open_inner_frame()
        self._eval_job(env=frame, job=job)
        close_item(frame)
        failed = isinstance(job.job_output, Exception) or self.stopped()
        following = None if failed else self._job_pool.next_job()
        if following is None:  # the frame is closed before the job: the Map goes on when the last job is closed
            if not failed and close_worker == self._env.close_frame:
                worker_frame.event_history_context.source_event_id = frame.event_history_context.last_published_event_id
            close_worker(worker_frame)
        self._job_pool.close_job(job)
        job = following


@mend(children.DistributedItemProcessorWorker, "_eval_input")
def _child_context(original: Callable[..., None], self: Any, env_frame: Environment) -> None:
    """A child of a distributed Map is an execution of its own; moto shows it its parent's context."""
    original(self, env_frame)
    context = env_frame.states.context_object.context_object_data
    parent = context["Execution"]
    name, record = str(uuid.uuid4()), self._map_run_record
    context["Execution"] = ExecutionData(
        Id=record.map_state_machine_arn.replace(":stateMachine:", ":execution:") + f":{name}",
        Input=env_frame.states.get_input(),
        Name=name,
        RoleArn=parent["RoleArn"],
        StartTime=datetime.now(UTC).isoformat(),
    )
    context["Map"] = None


@mend(children.DistributedItemProcessorWorker, "_eval_job")
def _count_failures(original: Callable[..., None], self: Any, env: Environment, job: Any) -> None:
    """moto counts failed children, and ends such a Map with SUCCEEDED."""
    original(self, env, job)
    record = self._map_run_record
    if not isinstance(env.program_state(), ProgramEnded):
        record.execution_counter.running.offset(-1)
    counts = record.execution_counter.describe()
    failed = counts["failed"] + counts["timedOut"] + counts["aborted"]
    total = self._job_pool._jobs_number
    if failed > (record.tolerated_failure_count or 0) and 100 * failed > (record.tolerated_failure_percentage or 0) * total:
        name = StatesErrorNameType.StatesExceedToleratedFailureThreshold
        cause = "The specified tolerated failure threshold was exceeded"
        job.job_output = failure(env, name, cause, HistoryEventType.MapRunFailed, "mapRunFailedEventDetails")


@mend(ItemReader, "_eval_body")
def _read_items(original: Callable[..., None], self: Any, env: Environment) -> None:
    """moto turns items that cannot be read into States.Runtime, which cannot be tried again."""
    try:
        original(self, env)
    except (ClientError, BotoCoreError, ValueError) as error:
        name = StatesErrorNameType.StatesItemReaderFailed
        raise failure(env, name, str(error), HistoryEventType.MapRunFailed, "mapRunFailedEventDetails") from error
