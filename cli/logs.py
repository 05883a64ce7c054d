"""`flowc logs`: what the tasks of a run have printed, and with `--follow` what they print."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..runtime.contract import HOOK_STEPS, ROOT_PATH
from ..targets import TARGETS
from .changing import asked
from .flow_file import FlowFile
from .looking import Chosen, explained, which_arguments
from .output import complain, wants_color, write
from .platforms import Place, Runs, run_options, runs_of
from .told import ENDED
from .verb import Verb, color_option

if TYPE_CHECKING:
    from ..runtime.client.run import Run
    from ..runtime.paths import TaskId
    from ..runtime.records.logs import LogLine, LogReader
    from ..runtime.records.traces import Trace
    from ..targets.executions import Execution

SOONEST, LATEST = 0.5, 5.0
"""Seconds between two looks at a run: soon while something happens, later while nothing does."""
SETTLE = 1.5
"""Seconds from the end of what is followed to the last look: lines may come a moment after a manifest."""


@click.command(
    "logs",
    short_help="Show what the tasks of a run have printed.",
    cls=Verb,
    examples=("", "7/train --follow", "7/train/3 --attempt 0 --timestamps", "7 --target argo --follow"),
)
@which_arguments(steps=True)
@run_options
@click.option("--follow", "-f", is_flag=True, help="Go on with what is printed, until the run or the task is over.")
@click.option("--stdout", "only_out", is_flag=True, help="Only what went to standard output.")
@click.option("--stderr", "only_err", is_flag=True, help="Only what went to standard error.")
@click.option("--attempt", metavar="N", type=click.IntRange(min=0), help="Which attempt, from 0. [default: the latest]")
@click.option("--timestamps", is_flag=True, help="Put the time before each line.")
@color_option
def command(
    flow: FlowFile | str | None,
    which: str | None,
    follow: bool,
    only_out: bool,
    only_err: bool,
    attempt: int | None,
    timestamps: bool,
    **where: Any,
) -> None:
    """Show what the tasks of a run have printed, task by task: both streams, in the order of their lines.

    FLOW is the flow's file, or its name, as in `flowc logs Squares/7/train/3`. RUN is by default the latest of yours. Where there
    may be more tasks than one, each line says whose it is. With --target the platform says whether a run goes on, so that
    --follow ends with it, whatever it ended with; and on Argo what a pod printed that failed before the datastore had any of it.
    """
    if only_out and only_err:
        raise click.UsageError("--stdout and --stderr exclude each other; without them both are shown")
    runs = runs_of(flow, which, Place(**where))
    execution = runs.execution()
    run = runs.run(execution)
    chosen = runs.chosen
    is_over = None if execution is None else _Over(runs, execution)
    forgotten = runs.forgotten(run, execution)
    with explained(), asked():
        if is_over is None or chosen.parts[1:]:
            _demand(chosen, run, wait=follow and (is_over is None or not is_over()))
        watch = _Watch(run, chosen.parts[1:], attempt, is_over)
        printer = _Printer(plain=watch.alone, is_error=None if only_out == only_err else only_err, timestamps=timestamps)
        watch.look()
        printer.put(watch.new())
        if follow and not watch.over and forgotten is None:
            _follow(watch, printer)
        if is_over is not None and is_over.execution.state == "failed" and not only_out and attempt is None:
            printer.put_texts(_left_elsewhere(runs, watch, run.id, chosen.parts[1:]))
    for origin, count in watch.gone.items():
        tasks = "a task" if count == 1 else f"{count} tasks"
        complain(f"flowc: run {origin}, which did the work of {tasks} of run {run.id}, is gone, and what was printed with it")
    if not printer.lines:
        complain("flowc: nothing was printed" + ("" if watch.over else " so far"))
    if is_over is not None and runs.deployment is not None and (last := is_over.execution).state not in ("running", "done"):
        complain(f"flowc: the run {last.run} {ENDED[last.state]}; {runs.deployment.command('status', last.run)} says why")
    elif follow and not watch.over and forgotten is not None:
        complain(f"flowc: {forgotten}")
    elif follow and is_over is None and runs.deployment is None and (record := run._recorded()) and record.target in TARGETS:
        complain(f"flowc: --target {record.target} also asks the platform, which alone knows whether the run is over")


def _left_elsewhere(runs: Runs, watch: _Watch, run: str, parts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What jobs printed that failed, and of whose attempts the datastore has nothing: by task, where the platform has that."""
    executions = runs.executions
    assert executions is not None
    for trouble in executions.troubles(run):
        place = (trouble.step, trouble.path)
        if trouble.job is None or place[: len(parts)] != parts or watch.has(*place, trouble.attempt):
            continue
        if (text := executions.output(trouble.job)) is not None:
            yield "/".join(filter(None, (run, *place))), text


class _Over:
    """Asks the platform whether a run is over, until it is."""

    def __init__(self, runs: Runs, execution: Execution) -> None:
        self._runs = runs
        self.execution = execution

    def __call__(self) -> bool:
        executions = self._runs.executions
        if not self.execution.over and executions is not None:
            self.execution = executions.find(self.execution.run) or self.execution
        return self.execution.over


def _demand(chosen: Chosen, run: Run, *, wait: bool) -> None:
    """Make sure that the step and the task are there, or that it makes sense to wait for them."""
    plan = run._plan
    if wait and chosen.parts[1:2] and run.status == "running" and (chosen.parts[1] in plan.steps if plan else not run._exists()):
        return
    chosen.task()


def _follow(watch: _Watch, printer: _Printer) -> None:
    """Look again and again, for as long as something may come, and once more a moment later."""
    pause = SOONEST
    while not watch.over:
        time.sleep(pause)
        before = printer.lines
        watch.look()
        printer.put(watch.new())
        pause = SOONEST if printer.lines > before else min(pause * 1.5, LATEST)
    time.sleep(SETTLE)
    watch.look()
    printer.put(watch.new())


class _Log:
    """What one attempt prints, and since when that is known to be over."""

    def __init__(self, name: str, reader: LogReader) -> None:
        self.name = name
        self.reader = reader
        self.over_since: float | None = None
        self.closed = False


class _Watch:
    """The logs that are looked at.

    Args:
        parts: The step and the path, as far as they are given.
        attempt: Which attempt; None: the latest, and those that follow while it is looked at.
        is_over: Says whether the run is over; None: the datastore does.

    Attributes:
        alone: Whether there is only one task that they can be of.
        over: Whether nothing more can come but the last lines of what just ended.
        gone: Runs that did the work of tasks which this one took over, and that are gone with their logs: how many tasks.
    """

    def __init__(self, run: Run, parts: tuple[str, ...], attempt: int | None, is_over: Callable[[], bool] | None = None) -> None:
        self._run = run
        self._is_over = is_over
        self._step = parts[0] if parts else None
        self._path = parts[1] if len(parts) > 1 else None
        self._attempt = attempt
        self._logs: dict[tuple[str, str, int], _Log] = {}
        self._done_in: dict[TaskId, int | None] = {}
        self._elsewhere: dict[str, dict[str, tuple[str, Trace]]] = {}
        self.gone: dict[str, int] = {}
        plan = run._plan
        if self._path is None and self._step and plan and self._step in plan.steps and not plan.steps[self._step].scopes:
            self._path = ROOT_PATH
        if self._step in HOOK_STEPS.values():
            self._path = ROOT_PATH
        self.alone = self._path is not None
        self.over = False

    def look(self) -> None:
        """Find out which logs there are, and what is over."""
        from ..runtime.client.states import state_of
        from ..runtime.records.traces import traces

        run, plan = self._run, self._run._plan
        run_over = (
            self._is_over() if self._is_over else run.status != "running"
        )  # asked first: all that came before the end is then listed
        task_over = False
        for step in [self._step] if self._step else [*run._steps_in_order(), *run._hooks()]:
            for path, trace in traces(run._store, run.parent.id, run.id, step, self._path).items():
                over = run_over or state_of(trace, step, plan, run._target, run_is_over=False) != "running"
                task_over = task_over or (over and self.alone)
                reused = self._reused(step).get(path)
                self._note(step, path, *(reused or (run.id, trace)), over)
        self.over = run_over or task_over

    def new(self) -> Iterator[tuple[str, LogLine]]:
        """What came since the last time, task by task. What has been over for a while is not read again."""
        for log in self._logs.values():
            if not log.closed:
                log.closed = log.over_since is not None and time.monotonic() - log.over_since >= SETTLE
                for line in log.reader.new():
                    yield log.name, line

    def has(self, step: str | None, path: str | None, attempt: int | None) -> bool:
        """Whether an attempt has left something that it printed."""
        return (step, path, attempt) in self._logs

    def _reused(self, step: str) -> dict[str, tuple[str, Trace]]:
        """Of the tasks that the run took over when it began: which run did the work, and what they left there."""
        if step in self._elsewhere:
            return self._elsewhere[step]
        from ..runtime.client.step import Step
        from ..runtime.client.task import Task
        from ..runtime.records.traces import traces

        found = self._elsewhere[step] = {}
        run = self._run
        record = run._recorded()
        if record is None or record.origin is None:
            return found
        there: dict[str, dict[str, Trace]] = {}
        above = Step._below(run, step)
        for task in [Task._below(above, self._path)] if self._path else above:
            if (manifest := task._manifest) is None or (origin := manifest.origin) is None:
                continue
            if origin not in there:
                there[origin] = traces(run._store, run.parent.id, origin, step, self._path)
            if task.id in there[origin]:
                found[task.id] = origin, there[origin][task.id]
            else:
                self.gone[origin] = self.gone.get(origin, 0) + 1
        return found

    def _note(self, step: str, path: str, run: str, trace: Trace, over: bool) -> None:
        from ..runtime.paths import TaskId
        from ..runtime.records.logs import LogReader
        from ..runtime.records.manifest import read_manifest

        task = TaskId(run, step, path)
        attempt = self._attempt if self._attempt is not None else max(trace.printed, default=None)
        if self._attempt is None and trace.done and len(trace.printed) > 1:
            # Another may have run beside the one that was the first to be done, where the platform lost sight of that.
            if task not in self._done_in:
                manifest = read_manifest(self._run._store, self._run.parent.id, task)
                self._done_in[task] = manifest.attempt if manifest is not None else attempt
            attempt = self._done_in[task]
        if attempt is None or attempt not in trace.printed:
            return
        log = self._logs.get((step, path, attempt))
        if log is None:
            reader = LogReader(self._run._store, self._run.parent.id, task, attempt)
            log = self._logs[step, path, attempt] = _Log(str(task), reader)
        if over and log.over_since is None:
            log.over_since = time.monotonic()


class _Printer:
    """Writes lines.

    Args:
        plain: Without saying whose they are.
        is_error: Those of which stream; None: of both.

    Attributes:
        lines: How many there were.
    """

    def __init__(self, *, plain: bool, is_error: bool | None, timestamps: bool) -> None:
        self._plain = plain
        self._is_error = is_error
        self._timestamps = timestamps
        self._color = wants_color(sys.stdout)
        self.lines = 0

    def put(self, lines: Iterable[tuple[str, LogLine]]) -> None:
        """Write lines, some at a time."""
        texts = (self._text(name, line) for name, line in lines if self._is_error in (None, line.is_error))
        while some := list(islice(texts, 1000)):
            self.lines += len(some)
            write("".join(some), sys.stdout)
        sys.stdout.flush()

    def put_texts(self, texts: Iterable[tuple[str, str]]) -> None:
        """Write what came from elsewhere, of which no times are known."""
        for name, text in texts:
            head = "" if self._plain else f"[{name}] "
            head = click.style(head, dim=True) if head and self._color else head
            lines = text.splitlines()
            self.lines += len(lines)
            write("".join(f"{head}{line}\n" for line in lines), sys.stdout)

    def _text(self, name: str, line: LogLine) -> str:
        head = ""
        if self._timestamps:
            moment = datetime.fromtimestamp(line.time).isoformat(" ", "milliseconds")
            head += f"{moment} "
        if not self._plain:
            head += f"[{name}] "
        return f"{click.style(head, dim=True) if head and self._color else head}{line.text}\n"
