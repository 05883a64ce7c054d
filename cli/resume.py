"""`flowc resume`: a new run that takes over what an older one has done, and runs the rest.

What is taken over is decided in `runtime/resume/`; here it is asked for, shown, and handed to the scheduler.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from ..compiler.pipeline import Compilation
from ..compiler.plan import plan_of
from .datastore import store_of
from .flow_file import FlowFile
from .given import given_options, tell_idle
from .looking import LATEST
from .output import Unusable, stop_at_faults, write
from .run import COMPILATION, Asked, RunVerb
from .running import How, run_to_its_end, running_options
from .verb import color_option, flow_argument, format_option

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..runtime.plan import Plan
    from ..runtime.resume.decide import Decision
    from ..runtime.resume.survey import Survey
    from ..runtime.store import Store


class ResumeVerb(RunVerb):
    """A verb that knows the flow's parameters, and says why it takes no values for them."""

    yielding = frozenset()

    def _options(self, parameters: Sequence[Asked]) -> list[click.Option]:
        own = {name for param in self.params if isinstance(param, click.Option) for name in param.opts} | {"--help"}
        options = []
        for number, one in enumerate(parameters):
            names = {f"--{one.name}", f"--{one.name.replace('_', '-')}", f"--{one.name.replace('-', '_')}"} - own
            if names:
                refuse = _refuse(one.name)
                options.append(
                    click.Option(
                        [f"parameter_{number}", *sorted(names)],
                        is_flag=False,
                        flag_value="",
                        hidden=True,
                        expose_value=False,
                        callback=refuse,
                    )
                )
        return options


def _refuse(name: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def refuse(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            raise Unusable(
                f"a run that is resumed keeps its parameters, `{name}` too, since what it reuses was made with them: "
                "leave the option out, or start a new run with `flowc run`"
            )

    return refuse


@click.command("resume", cls=ResumeVerb, examples=("", "7 --dry-run", "--from train"))
@flow_argument()
@click.argument("run", required=False)
@click.option("--from", "again_from", metavar="STEP", help="Run this step again, and all that comes after it.")
@click.option("--dry-run", is_flag=True, help="Show what would be reused and what would run, and run nothing.")
@running_options
@given_options
@format_option
@color_option
def command(
    flow: FlowFile,
    run: str | None,
    again_from: str | None,
    dry_run: bool,
    how: How,
    form: str,
    given: Given,
) -> None:
    """Go on from where an older run ended.

    A new run begins, which takes over what the tasks of RUN (the latest, if none is named) have done, and runs the rest with the
    flow as it is now. RUN may also be one that a platform has run. Its parameters stay as they were.
    """
    compilation: Compilation = click.get_current_context().meta[COMPILATION]
    stop_at_faults(compilation.diagnostics, compilation.sources, form)
    assert compilation.flow is not None, "no flow, and no error that says why"
    if not how.quiet:
        tell_idle([compilation])
    from ..runtime.plan import parse_plan
    from ..runtime.resume.begin import Resumption
    from ..runtime.resume.decide import decide, tell

    document = plan_of(compilation.flow)
    plan = parse_plan(document)
    if again_from is not None and again_from not in plan.steps:
        from .similar import did_you_mean

        raise Unusable(f"the flow {plan.flow} has no step '{again_from}'{did_you_mean(again_from, plan.steps)}")
    store = store_of(how.datastore, flow)
    run = None if run == LATEST else run
    found = _survey(store, plan, run)
    decision = decide(plan, found, again_from)
    if decision.over:
        which = f"run {found.run}" if run is not None else f"the latest run, {found.run},"
        raise Unusable(f"{which} came to its end, so that nothing is left to run: --from STEP runs it again from a step on")
    ended = bool(found.ok is not None or (again_from and decide(plan, found).over))
    text = _shown(plan, decision, ended, tell(plan, decision))
    if dry_run:
        write(text, sys.stdout)
        return
    if not how.quiet:
        write(text, sys.stderr)
    resumption = Resumption(decision.origin, decision.reused)
    run_to_its_end(flow, compilation, plan, document, store, how, {}, resumption, given=given, form=form)


def _survey(store: Store, plan: Plan, run: str | None) -> Survey:
    """What the older run has done, as a child process finds it: this one will fork, and must not use the store."""
    from ..runtime.children import call_in_child
    from ..runtime.errors import StoreError
    from ..runtime.resume.survey import from_text, survey

    try:
        store.prepare()
        return from_text(call_in_child(partial(_text_of, survey, store, plan.flow, run)))
    except (RuntimeError, StoreError) as error:
        raise Unusable(str(error)) from None


def _text_of(survey: Callable[[Store, str, str | None], Survey], store: Store, flow: str, run: str | None) -> str:
    return survey(store, flow, run).to_text()


def _shown(plan: Plan, decision: Decision, ended: bool, told: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in told)
    lines = [f"flowc: a new run of {plan.flow} goes on from run {decision.origin}:"]
    lines += [f"  {name:{width}}  {what}" for name, what in told]
    if not ended:
        lines.append(
            f"flowc: run {decision.origin} has not said how it ended: it was killed, or a platform ran it, or it still runs"
        )
    if decision.changed is None:
        lines.append(
            f"flowc: run {decision.origin} has left no plan that this flowc reads, so it cannot tell whose code has changed since"
        )
    elif decision.changed:
        names = ", ".join(f"`{name}`" for name in decision.changed)
        lines.append(f"flowc: warning: changed since, and reused: {names} (--from {decision.changed[0]} runs it again)")
    return "\n".join(lines) + "\n"
