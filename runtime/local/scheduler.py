"""The local run: a flow's tasks as forked processes of one parent that has the user's module loaded.

    result = run_locally(plan, Path("flow.py"), {"alpha": 0.5}, store=open_store())

In: a plan and parameters. Out: tasks committed to the store, lines on the terminal, a `RunResult`. `tree.Walk` says what may
start, a pool of `processes` runs it, `attempts` is what runs; here is decided what a failure means: another attempt, or the end.

**Invariant:** a process that forks tasks never uses the store itself, since some clients of stores do not survive that. What is
to be kept of a run beside its tasks' own objects it tells its `keeper`.
"""

from __future__ import annotations

import heapq
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeAlias

from ..compute import ComputeError
from ..errors import FlowcError, OutputError, StoreError, TaskError
from ..failure import Failure
from ..language.card import note_of_cards
from ..language.current import user_name
from ..paths import TaskId
from ..plan import Plan
from ..records.tags import checked_tags
from ..store import Store, open_store
from ..tasks.loading import load_flow_class
from ..tasks.parameters import complete, keep_parameters, typed
from ..tasks.policy import Policy, check_catch, policy_of
from .attempts import Attempt, Work, failure_of, read_answer
from .direct import Beginning, DirectKeeper, Name
from .keeper import PATIENCE, ForkedKeeper
from .processes import Ended, Outlet, Pool, Stopped
from .progress import Progress, stand_in_for_closed_streams
from .tree import Walk
from .words import count, how_it_failed, what_may_go_on, what_to_do

if TYPE_CHECKING:
    from ..compute import Elsewhere
    from ..remote.link import Left
    from ..resume.begin import Resumption
    from .elsewhere import Away
    from .inline import InlinePool
    from .spawning import SpawnPool

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


Method: TypeAlias = Literal["fork", "spawn", "inline"]
"""How tasks are run: as forks of this process, as processes that start from nothing, or in this process."""


def run_locally(
    plan: Plan,
    flow_file: Path,
    parameters: Mapping[str, object],
    *,
    store: Store | str | os.PathLike[str],
    max_workers: int = MAX_WORKERS,
    max_num_splits: int = MAX_NUM_SPLITS,
    document: Mapping[str, Any] | None = None,
    tags: Sequence[str] = (),
    resumption: Resumption | None = None,
    elsewhere: Elsewhere | None = None,
    method: Method | None = None,
    waits: bool = True,
    on_begin: Callable[[str], None] | None = None,
    again: str | None = None,
    wants: str = "",
    out: TextIO | None = None,
    err: TextIO | None = None,
    color: bool | None = None,
    quiet: bool = False,
) -> RunResult:
    """Run a flow to its end, or to its first task that fails for good.

    Args:
        parameters: Those given, by name, of their types or as text on a command line; defaults are added here.
        store: Where the run is kept, or what `open_store` takes.
        max_workers: How many tasks run at once, here and elsewhere.
        max_num_splits: How many items a foreach may have.
        document: The plan as the compiler wrote it, which is kept with the run.
        tags: What the run is marked with.
        resumption: What the run takes over from another, whose parameters it has too.
        elsewhere: Which steps' tasks do not run here, and where they do; the store must be one that they reach.
        method: How tasks are run; None: as FLOWC_START_METHOD says, else by forks where the system has them.
        waits: Whether `@retry` waits between attempts as long as it says.
        on_begin: Called with the run's id before its first task starts.
        again: What names the flow on a command line, for what is said after a failure; None: that is left out.
        wants: The options without which a run that goes on from this one would be of another flow.
        out: Where the tasks' standard output goes, by default `sys.stdout`.
        err: Where everything else goes, by default `sys.stderr`.
        color: Whether lines are coloured; None: as NO_COLOR or FORCE_COLOR say, else where a terminal that can shows them.
        quiet: Whether only what tasks print and what goes wrong is shown.

    Raises:
        FlowcError: The run cannot begin, above all a `LoadError`, a `ParameterError`, or a `ComputeError` of what is missing
            elsewhere. What goes wrong later is printed.
    """
    method = method or _method()
    if elsewhere is not None and not elsewhere.steps:
        elsewhere = None
    if elsewhere is not None and method == "inline":
        name, word = next(iter(elsewhere.steps.items()))
        raise ComputeError(
            f"--in-process runs all tasks in this process, and those of step `{name}` are to run elsewhere: --without {word} has "
            "them run here too"
        )
    stand_in_for_closed_streams()
    checked_tags(tags)
    policies = {name: policy_of(step) for name, step in plan.steps.items()}
    given = typed(plan, parameters)
    place = open_store(store) if isinstance(store, str | os.PathLike) else store
    place.prepare()
    flow_class = load_flow_class(flow_file, plan.flow, plan.configs, plan.absent)
    for step in plan.steps.values():
        check_catch(step, flow_class)
    folder = flow_file.absolute().parent
    values = None if resumption else complete(plan, flow_class, given, user_name(), folder)
    keeps = elsewhere is not None and plan.start in elsewhere.steps  # the first task finds the parameters in the store

    def fill(place: Store, run: str) -> None:
        if resumption is not None:
            from ..resume.begin import fill

            fill(place, plan, flow_class, run, resumption, folder)
        elif keeps and values:
            keep_parameters(place, plan, run, values)

    origin = resumption.origin if resumption else None
    beginning = Beginning(flow=plan.flow, tags=tuple(tags), origin=origin, document=document, fill=fill)
    with ExitStack() as stack:
        keeper = stack.enter_context(ForkedKeeper(place, beginning)) if method == "fork" else DirectKeeper(place, beginning)
        progress = _progress(out or sys.stdout, err or sys.stderr, plan, color, quiet, method)
        away = None
        if elsewhere is not None:
            from ..remote.link import Remote
            from .elsewhere import Away

            inherited = (keeper.fileno(),) if isinstance(keeper, ForkedKeeper) else ()
            remote = stack.enter_context(Remote(place, plan.flow, elsewhere, forks=method == "fork", inherited=inherited))
            away = Away(remote, policies, progress)
        run = _LocalRun(
            work=Work(plan, flow_file, place, None if keeps else values, flow_class),
            policies=policies,
            keeper=keeper,
            away=away,
            progress=progress,
            resumption=resumption,
            method=method,
            max_workers=1 if method == "inline" else max_workers,
            max_num_splits=max_num_splits,
            waits=waits,
            on_begin=on_begin,
            again=again,
            wants=wants,
        )
        return run.run()


class _LocalRun:
    """One run, while it lasts."""

    def __init__(
        self,
        *,
        work: Work,
        policies: Mapping[str, Policy],
        keeper: ForkedKeeper | DirectKeeper,
        away: Away | None,
        progress: Progress,
        resumption: Resumption | None,
        method: Method,
        max_workers: int,
        max_num_splits: int,
        waits: bool,
        on_begin: Callable[[str], None] | None,
        again: str | None,
        wants: str,
    ) -> None:
        self._work = work
        self._plan = work.plan
        self._policies = policies
        self._keeper = keeper
        self._away = away
        self._progress = progress
        self._resumption = resumption
        self._method = method
        self._max_workers = max_workers
        self._max_num_splits = max_num_splits
        self._waits = waits
        self._on_begin = on_begin
        self._again = again
        self._run_id = ""
        self._walk = Walk(work.plan)
        self._started: dict[Attempt, float] = {}
        self._delayed: list[tuple[float, int, Attempt]] = []
        self._numbers = itertools.count()
        self._unrecorded: dict[Name, tuple[Attempt, Failure]] = {}
        self._failed_task: TaskId | None = None
        self._wants = f" {wants}" if wants else ""  # options without which a resumed run would not be this one, or end as it
        self._tasks_done = 0
        self._warned = False

    def run(self) -> RunResult:
        began = time.monotonic()
        refused: ComputeError | None = None
        with self._pool() as pool:
            try:
                trouble, code = self._begin(pool) or self._until_over(pool)
            except Stopped as stop:
                trouble, code = f"stopped by {signal.Signals(stop.signum).name}", 128 + stop.signum
            except FlowcError as error:
                trouble, code = str(error), 1
                refused = error if isinstance(error, ComputeError) else None
            stopped = self._running(pool)
            left = self._stop(pool, trouble)
            lost = self._finish(pool, trouble)
            with suppress(OutputError):
                self._pass_on_warning()
        if not self._run_id and refused is not None:
            raise refused
        if not self._run_id and lost is not None:
            raise StoreError(lost)
        if lost is not None and trouble is None:
            trouble, code = lost, 3 if self._keeper.bug else 1
        elif self._keeper.came_to_its_end:  # what stopped it came too late
            trouble, code = None, 0
        self._say_how_it_ended(trouble, stopped, left, time.monotonic() - began)
        return RunResult(self._run_id, trouble is None, code)

    def _pool(self) -> Pool | SpawnPool | InlinePool:
        outlets: list[Outlet] = [self._keeper] if isinstance(self._keeper, ForkedKeeper) else []
        if self._away is not None:
            outlets.append(self._away.outlet)
        if self._method == "inline":
            from .inline import InlinePool

            return InlinePool(self._keep_line)
        if self._method == "spawn":
            from .spawning import SpawnPool

            return SpawnPool(self._on_line, self._work, self._progress, outlets)
        return Pool(self._on_line, outlets, self._progress)

    def _begin(self, pool: Pool | SpawnPool | InlinePool) -> tuple[str, int] | None:
        """Get the run's id, and say that it begins; what keeps it from that, and an exit code, or None."""
        if self._away is not None:
            self._away.prepare(pool)
            if self._away.trouble is not None:
                return self._without_helper(self._away.trouble, bug=self._away.bug)
        self._keeper.begin()
        while (run := self._keeper.run) is None:
            if self._keeper.trouble is not None:
                return self._keeper.trouble, 1
            pool.wait(None)
        self._run_id = run
        if self._on_begin is not None:
            self._on_begin(run)
        kept = self._resumption
        how = f"resumes run {kept.origin} and reuses {count(len(kept.reused), 'task')} of it" if kept else "starts"
        self._progress.begins(f"{self._plan.flow}/{run}", how, self._work.store.url)
        if self._away is not None:
            self._away.begin(run)
        if (note := note_of_cards(self._plan)) is not None:
            self._progress.say(f"flowc: {note}")
        if self._method == "inline" and any(policy.timeout for policy in self._policies.values()):
            self._progress.say("flowc: with --in-process nothing enforces @timeout")
        self._progress.flush()
        return None

    def _running(self, pool: Pool | SpawnPool | InlinePool) -> int:
        """How many attempts run, here and elsewhere."""
        return len(pool) + (0 if self._away is None else len(self._away))

    def _stop(self, pool: Pool | SpawnPool | InlinePool, trouble: str | None) -> list[Left]:
        """End all tasks; those elsewhere that could not be ended. Their last lines may find that a stream is gone, each once."""
        signals = pool.stop_signals
        if self._away is not None:
            with suppress(OutputError):
                self._away.end(trouble or "the run is done")
        for _ in range(3):
            with suppress(OutputError):
                pool.stop_all()
                break
        with suppress(OutputError):  # from here on there are plain lines, which are seen at once
            self._progress.close()
        if self._away is None:
            return []
        left = self._away.finish(lambda: pool.stop_signals > signals)
        with suppress(OutputError):  # now: the datastore, which is asked next, may not answer either
            for line in what_may_go_on(left, self._again, self._run_id):
                self._progress.say(line)
        return left

    def _finish(self, pool: Pool | SpawnPool | InlinePool, trouble: str | None) -> str | None:
        """Have all kept that is left; what went wrong with that, or None. A run that is stopped does not wait for long."""
        signals = pool.stop_signals
        end = None if trouble is None else time.monotonic() + PATIENCE

        def hurried() -> bool:
            return pool.stop_signals > signals or (end is not None and time.monotonic() > end)

        return self._keeper.finish(trouble is None, trouble, hurried)

    def _say_how_it_ended(self, trouble: str | None, stopped: int, left: Sequence[Left], seconds: float) -> None:
        name = f"{self._plan.flow}/{self._run_id}"
        with suppress(OutputError):  # the exit code says it too
            if not self._run_id and trouble is not None:
                self._progress.say(f"flowc: no run of {self._plan.flow} has begun: {trouble}")
                return
            if trouble is None:
                self._progress.note(f"flowc: run {name} is done: {count(self._tasks_done, 'task')} in {seconds:.1f} s")
                return
            self._progress.say(how_it_failed(name, trouble, stopped - sum(one.jobs for one in left)))
            if self._again is not None:
                for line in what_to_do(self._again, self._run_id, self._failed_task, self._wants):
                    self._progress.say(line)

    def _until_over(self, pool: Pool | SpawnPool | InlinePool) -> tuple[str | None, int]:
        """Run tasks until there are none; why the run cannot go on (None: it is done) and the exit code."""
        while True:
            self._fill(pool)
            if not self._running(pool) and not self._delayed and not self._unrecorded:
                break
            until = self._delayed[0][0] if self._delayed and self._running(pool) < self._max_workers else None
            if self._away is not None and self._away.trouble is not None:  # of which `wait` might never hear
                until = 0.0
            for ended in pool.wait(until):
                trouble = self._after(ended)
                if trouble is not None:
                    return trouble
            for name in self._keeper.take_kept():
                trouble = self._failed(*self._unrecorded.pop(name))
                if trouble is not None:
                    return trouble
            if self._away is not None:
                for attempt, answer in self._away.take_ended():
                    trouble = self._after_away(attempt, answer)
                    if trouble is not None:
                        return trouble
                if self._away.trouble is not None:
                    return self._without_helper(self._away.trouble, bug=self._away.bug)
            self._pass_on_warning()
            if self._keeper.trouble is not None:
                return self._without_helper(self._keeper.trouble, bug=self._keeper.bug)
        if not self._walk.over:
            return "no task can start, though the flow is not at its end; this is a bug of flowc's", 3
        return None, 0

    def _pass_on_warning(self) -> None:
        if self._keeper.warning is not None and not self._warned:
            self._warned = True
            self._progress.say(f"flowc: {self._keeper.warning}")

    def _without_helper(self, trouble: str, *, bug: bool) -> tuple[str, int]:
        if not bug:
            return trouble, 1
        self._progress.say(trouble)
        return "a helper process of flowc's met a bug of its own; please report it with the lines above", 3

    def _fill(self, pool: Pool | SpawnPool | InlinePool) -> None:
        while self._running(pool) < self._max_workers:
            if self._delayed and self._delayed[0][0] <= time.monotonic():
                attempt = heapq.heappop(self._delayed)[2]
            else:
                ready = self._walk.take()
                if ready is None:
                    return
                if self._resumption is not None and (taken := self._resumption.reused.get(ready)) is not None:
                    self._walk.end(ready, *taken)
                    continue
                attempt = Attempt(TaskId(self._run_id, *ready), 0)
            if self._away is not None and self._away.takes(attempt):
                self._away.start(attempt)
                continue
            self._started[attempt] = time.time()
            policy = self._policies[attempt.task.step]
            self._progress.starts(attempt.task, None if policy.only_catches(attempt.number) else attempt.number)
            do = self._work.do if self._method == "inline" else self._work.do_without_terminal
            timeout = None if policy.only_catches(attempt.number) else policy.timeout
            self._work.store.prepare()  # credentials for the child: they may have expired since the last
            try:
                pool.start(attempt, partial(do, attempt.task, attempt.number), timeout)
            except OSError as error:
                raise TaskError(f"the system cannot start another process ({error.strerror}): try fewer --max-workers") from error

    def _after(self, ended: Ended) -> tuple[str, int] | None:
        """Note that an attempt ended; why the run cannot go on, and the exit code, or None."""
        attempt = ended.name
        assert isinstance(attempt, Attempt)
        started = self._started.pop(attempt)
        answer = read_answer(ended.report)
        if "bug" in answer:
            self._failed_task = attempt.task
            self._progress.failed(attempt.task, answer["bug"], None)
            return f"the task {attempt.task} met a bug of flowc's; please report it with the lines above", 3
        name = attempt.name
        if "chose" in answer:
            self._keeper.close(name)
            return self._done(attempt, answer, time.time() - started)
        answered = "failure" in answer
        policy = self._policies[attempt.task.step]
        failure = Failure.from_json(answer["failure"]) if answered else failure_of(ended.status, ended.timed_out, policy)
        for line in (failure.traceback or f"flowc: {failure.message}").rstrip("\n").split("\n"):
            self._keeper.line(name, True, line)
        self._keeper.close(name)
        if answered:
            return self._failed(attempt, failure)
        self._unrecorded[name] = (attempt, failure)  # whose next attempt may want to read the record
        self._keeper.record(name, failure, started, time.time())
        return None

    def _after_away(self, attempt: Attempt, answer: Mapping[str, Any]) -> tuple[str, int] | None:
        """The same of an attempt elsewhere, whose lines and whose record are kept by now."""
        if "failure" not in answer:
            return self._done(attempt, answer, answer["seconds"])
        return self._failed(attempt, Failure.from_json(answer["failure"]), told=answer["told"], link=answer["link"])

    def _done(self, attempt: Attempt, answer: Mapping[str, Any], seconds: float) -> tuple[str, int] | None:
        task, cardinality = attempt.task, answer["cardinality"]
        self._tasks_done += 1
        self._progress.done(task, seconds, answer["caught"], cardinality)
        if cardinality is not None and cardinality > self._max_num_splits:
            self._wants += f" --max-num-splits {cardinality}"
            return (
                f"the foreach of step `{task.step}` has {cardinality} items, more than the {self._max_num_splits} allowed; "
                f"--max-num-splits {cardinality} allows them"
            ), 1
        self._walk.end((task.step, task.path), answer["chose"], cardinality)
        return None

    def _failed(
        self, attempt: Attempt, failure: Failure, *, told: bool = False, link: str | None = None
    ) -> tuple[str, int] | None:
        task, number = attempt.task, attempt.number
        policy = self._policies[task.step]
        text = (failure.traceback or failure.message) if policy.prints_exception and not told else None
        if text and link:
            text = f"{text}\nflowc: more of it: {link}"
        left_debugger = failure.type == "BdbQuit"
        if left_debugger and self._method != "inline":
            text = f"{text}\nflowc: the debugger found no terminal: tasks have one with --in-process"
        if not policy.may_follow(number) or (left_debugger and self._method == "inline"):
            self._failed_task = task
            if left_debugger and self._method == "inline":
                self._progress.failed(task, None, None)  # the person knows where it was
                return f"its debugger was left in the task {task}", 1
            self._progress.failed(task, text, None)
            tries = f" in its {policy.attempts} attempts" if policy.attempts > 1 else ""
            return f"the task {task} failed{tries}", 1
        following = Attempt(task, number + 1)
        wait = self._wait(policy, number) if not policy.only_catches(following.number) else 0.0
        again = f"failed; retry {following.number} of {policy.attempts - 1} in {wait:g} s" if wait else None
        self._progress.failed(task, text, again or "")
        heapq.heappush(self._delayed, (time.monotonic() + wait, next(self._numbers), following))
        return None

    def _wait(self, policy: Policy, retry: int) -> float:
        """Seconds before a retry."""
        wait = policy.wait(retry) if self._waits else 0.0
        if not (wait and policy.jitter):
            return wait
        import random

        return round(random.uniform(0, wait), 1)

    def _keep_line(self, attempt: object, is_error: bool, line: str) -> None:
        assert isinstance(attempt, Attempt)
        self._keeper.line(attempt.name, is_error, line)

    def _on_line(self, attempt: object, is_error: bool, line: str) -> None:
        assert isinstance(attempt, Attempt)
        self._keeper.line(attempt.name, is_error, line)
        self._progress.output(attempt.task, is_error, line)


def _method() -> Method:
    asked = os.environ.get("FLOWC_START_METHOD")
    match asked:
        case "fork" | "spawn" if asked == "spawn" or hasattr(os, "fork"):
            return asked
        case None | "":
            return "fork" if hasattr(os, "fork") else "spawn"
        case "fork":
            raise TaskError("FLOWC_START_METHOD is fork, which this system cannot do: unset it")
        case _:
            raise TaskError(f"FLOWC_START_METHOD is {asked!r}, and may be fork or spawn")


def _progress(out: TextIO, err: TextIO, plan: Plan, color: bool | None, quiet: bool, method: Method) -> Progress:
    if not quiet and method != "inline":
        from .progress import is_terminal

        if is_terminal(err):
            from .live import LiveProgress, can_live

            if can_live(err):
                return LiveProgress(out, err, plan, color)
    return Progress(out, err, color, quiet=quiet)
