"""The local run: a flow's tasks as forked processes of one parent that has the user's module loaded.

    result = run_locally(plan, Path("flow.py"), {"alpha": 0.5}, store=open_store())

In: a plan and parameters. Out: tasks committed to the store, lines on the terminal, a `RunResult`. `tree.Walk` says what may
start, `processes.Pool` runs it, `task.execute` is what runs; here is decided what a failure means: another attempt, or the end.

**Invariant:** this process never uses the store itself. It forks, and some clients of stores do not survive that.
"""

from __future__ import annotations

import heapq
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..children import call_in_child
from ..errors import FlowcError, OutputError, StoreError, TaskError
from ..failure import Failure
from ..language.card import note_of_cards
from ..language.current import user_name
from ..paths import TaskId, begins_run, parse
from ..plan import Plan
from ..records.manifest import Manifest, write_failure
from ..records.runs import claim_run, new_record
from ..store import Store, open_store
from ..tasks.loading import load_flow_class
from ..tasks.parameters import complete, typed
from ..tasks.policy import Policy, check_catch, policy_of
from ..tasks.task import execute
from .processes import Ended, Pool, Stopped
from .progress import Progress, stand_in_for_closed_streams
from .tree import Walk

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec

MAX_WORKERS = 16
MAX_NUM_SPLITS = 100


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        run_id: Its id.
        ok: Whether the flow has come to its end.
        exit_code: What the program should exit with: 0 done, 1 failed, 3 a bug of flowc's, 128 + n stopped by signal n; a
            Ctrl-C is signal 2.
    """

    run_id: str
    ok: bool
    exit_code: int


@dataclass(frozen=True, slots=True)
class _Attempt:
    task: TaskId
    number: int


def run_locally(
    plan: Plan,
    flow_file: Path,
    parameters: Mapping[str, object],
    *,
    store: Store | str | os.PathLike[str],
    max_workers: int = MAX_WORKERS,
    max_num_splits: int = MAX_NUM_SPLITS,
    out: TextIO | None = None,
    err: TextIO | None = None,
    color: bool | None = None,
) -> RunResult:
    """Run a flow to its end, or to its first task that fails for good.

    Args:
        parameters: Those given, by name, of their types or as text on a command line; defaults are added here.
        store: Where the run is kept, or what `open_store` takes.
        max_workers: How many tasks run at once.
        max_num_splits: How many items a foreach may have.
        out: Where the tasks' standard output goes, by default `sys.stdout`.
        err: Where everything else goes, by default `sys.stderr`.
        color: Whether lines are coloured; None: as NO_COLOR or FORCE_COLOR say, else where a terminal that can shows them.

    Raises:
        FlowcError: The run cannot begin, above all a `LoadError` or a `ParameterError`. What goes wrong later is printed.
    """
    if not hasattr(os, "fork"):
        raise TaskError("local runs fork processes, which this system cannot; flowc runs flows on Linux and macOS")
    stand_in_for_closed_streams()
    policies = {name: policy_of(step) for name, step in plan.steps.items()}
    given = typed(plan, parameters)
    flow_class = load_flow_class(flow_file, plan.flow, plan.configs, plan.absent)
    for step in plan.steps.values():
        check_catch(step, flow_class)
    values = complete(plan, flow_class, given, user_name(), flow_file.absolute().parent)
    place = open_store(store) if isinstance(store, str | os.PathLike) else store
    record = new_record(target="local", user=user_name())
    run_id = _in_child(lambda: claim_run(place, plan.flow, record))
    progress = Progress(out or sys.stdout, err or sys.stderr, color)
    return _LocalRun(plan, flow_class, place, run_id, values, policies, max_workers, max_num_splits, progress).run()


class _LocalRun:
    """One run, while it lasts."""

    def __init__(
        self,
        plan: Plan,
        flow_class: type[FlowSpec],
        store: Store,
        run_id: str,
        parameters: Mapping[str, object],
        policies: Mapping[str, Policy],
        max_workers: int,
        max_num_splits: int,
        progress: Progress,
    ) -> None:
        self._plan = plan
        self._flow_class = flow_class
        self._store = store
        self._run_id = run_id
        self._parameters = parameters
        self._policies = policies
        self._max_workers = max_workers
        self._max_num_splits = max_num_splits
        self._progress = progress
        self._walk = Walk(plan)
        self._started: dict[_Attempt, float] = {}
        self._delayed: list[tuple[float, int, _Attempt]] = []
        self._tasks_done = 0

    def run(self) -> RunResult:
        name = f"{self._plan.flow}/{self._run_id}"
        began = time.monotonic()
        stopped = 0
        with Pool(self._on_line) as pool:
            try:
                self._progress.say(f"flowc: run {name} starts, in {self._store.url}")
                if (note := note_of_cards(self._plan)) is not None:
                    self._progress.say(f"flowc: {note}")
                self._progress.flush()
                trouble, code = self._until_over(pool)
            except Stopped as stop:
                trouble, code = f"stopped by {signal.Signals(stop.signum).name}", 128 + stop.signum
            except FlowcError as error:
                trouble, code = str(error), 1
            stopped = len(pool)
            self._stop(pool)
        seconds = time.monotonic() - began
        rest = f"; {_count(stopped, 'running task')} stopped" if stopped else ""
        with suppress(OutputError):  # the exit code says it too
            if trouble is None:
                self._progress.say(f"flowc: run {name} is done: {_count(self._tasks_done, 'task')} in {seconds:.1f} s")
            else:
                self._progress.say(f"flowc: run {name} is not done: {trouble}{rest}")
        return RunResult(self._run_id, trouble is None, code)

    def _stop(self, pool: Pool) -> None:
        """End all tasks. Their last lines may find that a stream is gone, each stream once."""
        for _ in range(3):
            with suppress(OutputError):
                pool.stop_all()
                return

    def _until_over(self, pool: Pool) -> tuple[str | None, int]:
        """Run tasks until there are none; why the run cannot go on (None: it is done) and the exit code."""
        while True:
            self._fill(pool)
            if not pool and not self._delayed:
                break
            until = self._delayed[0][0] if self._delayed and len(pool) < self._max_workers else None
            for ended in pool.wait(until):
                trouble = self._after(ended)
                if trouble is not None:
                    return trouble
        if not self._walk.over:
            return "no task can start, though the flow is not at its end; this is a bug of flowc's", 3
        return None, 0

    def _fill(self, pool: Pool) -> None:
        while len(pool) < self._max_workers:
            if self._delayed and self._delayed[0][0] <= time.monotonic():
                attempt = heapq.heappop(self._delayed)[2]
            else:
                ready = self._walk.take()
                if ready is None:
                    return
                attempt = _Attempt(TaskId(self._run_id, *ready), 0)
            self._started[attempt] = time.time()
            self._progress.about(attempt.task, "starts" if attempt.number == 0 else f"starts, attempt {attempt.number + 1}")
            try:
                pool.start(attempt, partial(self._job, attempt), self._policies[attempt.task.step].timeout)
            except OSError as error:
                raise TaskError(f"the system cannot start another process ({error.strerror}): try fewer --max-workers") from error

    def _job(self, attempt: _Attempt) -> bytes:
        """What a child does; the answer is read by `_after`."""
        task = attempt.task
        first = begins_run(self._plan.steps[task.step], parse(task.path), self._plan.start)
        try:
            outcome = execute(
                self._plan, self._flow_class, self._store, task, attempt.number, parameters=self._parameters if first else None
            )
        except Exception:
            import traceback

            return json.dumps({"bug": traceback.format_exc()}).encode()
        if isinstance(outcome, Failure):
            return json.dumps({"failure": outcome.to_json()}).encode()
        return json.dumps(_answer(outcome)).encode()

    def _after(self, ended: Ended) -> tuple[str, int] | None:
        """Note that an attempt ended; why the run cannot go on, and the exit code, or None."""
        attempt = ended.name
        assert isinstance(attempt, _Attempt)
        started = self._started.pop(attempt)
        answer = _read_answer(ended.report)
        if "bug" in answer:
            self._progress.trouble(attempt.task, answer["bug"])
            return f"the task {attempt.task} met a bug of flowc's; please report it with the lines above", 3
        if "chose" in answer:
            return self._done(attempt, answer, time.time() - started)
        if "failure" in answer:
            failure = Failure.from_json(answer["failure"])
        else:
            failure = _failure_of(ended, self._policies[attempt.task.step])
            _in_child(lambda: self._record(attempt, failure, started))
        return self._failed(attempt, failure)

    def _done(self, attempt: _Attempt, answer: Mapping[str, Any], seconds: float) -> tuple[str, int] | None:
        task = attempt.task
        caught, cardinality = answer["caught"], answer["cardinality"]
        self._tasks_done += 1
        self._progress.about(task, f"failed, and is caught: {caught}" if caught else f"done in {seconds:.2f} s")
        if cardinality is not None and cardinality > self._max_num_splits:
            return (
                f"the foreach of step `{task.step}` has {cardinality} items, more than the {self._max_num_splits} allowed; "
                f"--max-num-splits {cardinality} allows them"
            ), 1
        self._walk.end((task.step, task.path), answer["chose"], cardinality)
        return None

    def _failed(self, attempt: _Attempt, failure: Failure) -> tuple[str, int] | None:
        task, number = attempt.task, attempt.number
        policy = self._policies[task.step]
        if policy.prints_exception:
            self._progress.trouble(task, failure.traceback or failure.message)
        if not policy.may_follow(number):
            tries = f" in its {policy.attempts} attempts" if policy.attempts > 1 else ""
            return f"the task {task} failed{tries}", 1
        following = _Attempt(task, number + 1)
        wait = 0.0 if policy.only_catches(following.number) else policy.delay
        if wait:
            self._progress.about(task, f"failed; attempt {following.number + 1} of {policy.attempts} in {wait:g} s")
        heapq.heappush(self._delayed, (time.monotonic() + wait, len(self._started) + self._tasks_done, following))
        return None

    def _record(self, attempt: _Attempt, failure: Failure, started: float) -> str:
        write_failure(self._store, self._plan.flow, attempt.task, attempt.number, failure, started, time.time())
        return ""

    def _on_line(self, attempt: object, is_error: bool, line: str) -> None:
        assert isinstance(attempt, _Attempt)
        self._progress.output(attempt.task, is_error, line)


def _answer(manifest: Manifest) -> dict[str, Any]:
    caught = None if manifest.caught is None else str(manifest.caught)
    return {"chose": manifest.chose, "cardinality": manifest.cardinality, "caught": caught}


def _read_answer(report: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(report)
    except ValueError:  # none, or half of one, of a child that was killed
        return {}
    return answer


def _failure_of(ended: Ended, policy: Policy) -> Failure:
    """Why a child came to nothing that did not say so itself."""
    if ended.timed_out:
        return Failure("TimeoutError", f"took longer than its @timeout of {policy.timeout:g} s, and was killed")
    if ended.status < 0:
        try:
            name = signal.Signals(-ended.status).name
        except ValueError:
            name = f"signal {-ended.status}"
        hint = " (the system does that when memory runs out)" if name == "SIGKILL" else ""
        return Failure("KilledError", f"was killed by {name}{hint}")
    return Failure("ExitError", f"its process ended inside the step, with exit code {ended.status}, as os._exit does")


def _in_child(function: Any) -> str:
    try:
        return call_in_child(function)
    except RuntimeError as error:
        raise StoreError(str(error)) from None


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
