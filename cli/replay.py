"""`flowc replay`: one task of a run again, here and now, with its real inputs; nothing is written to the store."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.plan import plan_of
from .datastore import datastore_option, store_of
from .flow_file import FlowFile
from .given import given_options
from .looking import LATEST, choose
from .output import FAULTS, Unusable, complain, stop_at_faults, write
from .running import stop_at_loading
from .verb import Verb, color_option, flow_argument, format_option

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..runtime.tasks.replay import Replayed

_MARKS = {"equal": "=", "changed": "~", "new": "+", "gone": "-"}


@click.command("replay", cls=Verb, examples=("7/start", "7/train/3 --pdb", "Train/7/train/3"))
@flow_argument()
@click.argument("task", metavar="RUN/STEP[/PATH]")
@click.option("--attempt", metavar="N", type=click.IntRange(min=0), help="Which attempt it is for the code, from 0.")
@click.option("--pdb", "debug", is_flag=True, help="Run the step in Python's debugger, and stop where it fails.")
@datastore_option
@given_options
@format_option
@color_option
def command(
    flow: FlowFile,
    task: str,
    attempt: int | None,
    debug: bool,
    datastore: str | None,
    form: str,
    given: Given,
) -> None:
    """Run one task of a run again.

    It gets what it got in that run, which may be one of a platform's, and runs with the flow as it is now, in this process. What
    it leaves is compared with what the run has, and not kept. RUN may be `latest`, your newest run.
    """
    compilation, _ = flow.compile(given)
    stop_at_faults(compilation.diagnostics, compilation.sources, form)
    assert compilation.flow is not None, "no flow, and no error that says why"
    from ..runtime.errors import FlowcError, LoadError
    from ..runtime.plan import parse_plan
    from ..runtime.tasks.loading import load_flow_class
    from ..runtime.tasks.replay import find_task, replay
    from ..runtime.tasks.task import run_plainly

    plan = parse_plan(plan_of(compilation.flow))
    store = store_of(datastore, flow)
    run, step, path = _parts(task, plan.flow)
    if run == LATEST:
        run = choose(flow, None, datastore).run().id
    debugger = _Debugger() if debug else None
    try:
        if next(iter(store.list(f"{plan.flow}/{run}/")), None) is None:
            raise Unusable(f"there is no run {run} of {plan.flow} in {store.url}")
        meant = find_task(store, plan, run, step, path)
        flow_class = load_flow_class(Path(flow.path), plan.flow, plan.configs, plan.absent)
        done = replay(plan, flow_class, store, meant, attempt, debugger.call if debugger else run_plainly)
    except LoadError as error:
        stop_at_loading(error)
    except FlowcError as error:
        raise Unusable(str(error)) from None
    sys.stdout.flush()
    if debugger is not None and debugger.left:
        complain(f"flowc: the task {meant} of run {run} was left in the debugger")
        raise click.exceptions.Exit(FAULTS)
    if done.failure is not None:
        if debugger is None or not debugger.shown:
            complain((done.failure.traceback or f"flowc: {done.failure.message}").rstrip())
        complain(f"flowc: the task {meant} of run {run} failed" + (", which it did not in that run" if done.recorded else ""))
        raise click.exceptions.Exit(FAULTS)
    write(_shown(done, f"the task {meant} of run {run}"), sys.stdout)


def _parts(text: str, flow: str) -> tuple[str, str, str | None]:
    """`7/train/3.1`, or with the flow's name in front, as `current.pathspec` has it."""
    parts = text.split("/")
    if len(parts) > 2 and parts[0] == flow:
        parts = parts[1:]
    from ..runtime.paths import is_name

    if not 2 <= len(parts) <= 3 or not all(map(is_name, parts)):
        raise Unusable(f"not a task: '{text}'; write RUN/STEP, or RUN/STEP/PATH for one of many, as in 7/train/3")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else None


def _shown(done: Replayed, task: str) -> str:
    if not done.recorded:
        lines = [f"flowc: {task} is done now; in the run it is not. It would leave:"]
    elif any(one.kind != "equal" for one in done.differences) or done.ways[0] != done.ways[1]:
        lines = [f"flowc: {task} would leave something else now:"]
    else:
        lines = [f"flowc: {task} leaves what it left in the run"]
    equal = [one.name for one in done.differences if one.kind == "equal"]
    width = max((len(one.name) for one in done.differences if one.kind != "equal"), default=0)
    for one in done.differences:
        if one.kind != "equal":
            what = f"{one.before} → {one.now}" if one.kind == "changed" else f"{one.before or one.now}"
            lines.append(f"  {_MARKS[one.kind]} {one.name:{width}}  {what}{' (gone)' if one.kind == 'gone' else ''}")
    if equal:
        lines.append(f"  = {', '.join(equal)}")
    if not done.recorded:
        lines.append(f"  on to {done.ways[1]}")
    elif done.ways[0] != done.ways[1]:
        lines.append(f"  on to {done.ways[1]}, where the run went on to {done.ways[0]}")
    return "\n".join(lines) + "\n"


class _Debugger:
    """Python's debugger around a step.

    Attributes:
        left: Whether the person quit it before the step was over.
        shown: Whether it has shown why the step failed.
    """

    def __init__(self) -> None:
        self.left = False
        self.shown = False

    def call(self, function: Callable[..., object], *arguments: object) -> object:
        """Run a function from its first line on under the debugger, and show where it raises."""
        import pdb

        outer = self

        class Debugger(pdb.Pdb):
            def do_quit(self, arg: str) -> bool | None:
                """Note that the person has had enough."""
                outer.left = True
                return super().do_quit(arg)

            do_q = do_exit = do_quit
            do_EOF = do_quit

        try:
            return Debugger().runcall(function, *arguments)
        except Exception as error:
            from ..runtime.failure import trimmed_traceback

            place = error.__traceback__
            while (
                place is not None and place.tb_next is not None and place.tb_frame.f_globals.get("__name__") in (__name__, "bdb")
            ):
                place = place.tb_next
            complain(trimmed_traceback(error.with_traceback(place)).rstrip())
            debugger = Debugger()
            debugger.reset()
            debugger.interaction(None, place)
            self.left = False  # the step was over
            self.shown = True
            raise
