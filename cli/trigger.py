"""`flowc trigger`: start a run of a deployed flow.

The options of its parameters are those of what is deployed: the plan that `deploy` has put beside the package. Where the
datastore cannot be read, or the image holds the flow, they are those of the flow's file. So the platform is asked while the
command line is being parsed: what this takes, `TriggerVerb` finds among the arguments first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import augment_usage_errors

from ..runtime.language.current import user_name
from .changing import asked, refuse_branch
from .datastore import datastore_option
from .flow_file import FlowFile
from .inputs import input_of, largest, new_run_id, text_of
from .looking import flow_or_name
from .output import FAULTS, Unusable, complain, write
from .platforms import Deployment, Place, Runs, deployed_datastore, deployment_of, run_options, said
from .run import OPTIONS, VALUES, Deployed, RunVerb
from .verb import color_option

if TYPE_CHECKING:
    from ..runtime.plan import ParameterSpec, Plan
    from ..runtime.store import Store
    from ..targets.executions import Execution
    from .verb import Decorated

_PLAN = f"{__name__}.plan"
_DEPLOYMENT = f"{__name__}.deployment"
_OF = f"{__name__}.of"
_YIELDING = frozenset(
    {"--tag", "--wait", "--run-id-file", "--target", "--branch", "--production", "--context", "--namespace", "--argo-url"}
)
"""Options that `trigger` does not have for a flow with a parameter of that name; of those that are settings, variables and the
settings file then speak."""


class TriggerVerb(RunVerb):
    """A verb with an option for each parameter of the deployed flow."""

    yielding = _YIELDING

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find out what is deployed, then parse the arguments with its parameters as options."""
        ctx.meta[OPTIONS] = []
        ctx.meta[VALUES] = {}
        helping = bool({"-h", "--help"} & set(args))
        flow = self.flow or self._subject(args)
        if flow is None and not helping:
            self._refuse_options_before_file(ctx, args)
        if flow is not None:
            place = self._place(ctx, args)
            try:
                deployment = ctx.meta[_DEPLOYMENT] = deployment_of(flow, place)
            except click.UsageError:  # it is not said where; perhaps for another mistake
                self._place(ctx, args, strictly=True)
                raise
            try:
                plan = ctx.meta[_PLAN] = deployed_plan(deployment, flow, place)
            except (Unusable, click.exceptions.Exit):
                if not helping:
                    raise
                found = flow.compile()[0].flow if isinstance(flow, FlowFile) else None
                if found is not None:  # what is deployed cannot be seen: the file says what it will be
                    ctx.meta[_OF], ctx.meta[OPTIONS] = f"{found.name}, as its file has it", self._options(found.parameters)
            else:
                ctx.meta[_OF], ctx.meta[OPTIONS] = plan.flow, self._options([_as_option(one) for one in plan.parameters])
        try:
            return super(RunVerb, self).parse_args(ctx, args)
        except click.NoSuchOption as error:
            if isinstance(flow, FlowFile) and error.option_name in _options_of_file(flow):
                message = f"{error.option_name} is a parameter of {flow.path}, not yet of what is deployed: `flowc deploy` first"
                raise click.UsageError(message, error.ctx) from None
            raise

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The verb's own options, and those of the flow's parameters, which come before some of them."""
        own, options = click.Command.get_params(self, ctx), list(ctx.meta.get(OPTIONS, ()))
        taken = {name for option in options for name in option.opts}
        return [_without_flag(one) if set(one.opts) & self.yielding & taken else one for one in own] + options

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The flow's parameters before all other options."""
        shown: list[click.Option] = ctx.meta.get(OPTIONS, [])
        records = [record for one in shown if (record := one.get_help_record(ctx))]
        if records:
            with formatter.section(f"Parameters of {ctx.meta[_OF]}"):
                formatter.write_dl(records)
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one not in shown]
        with formatter.section("Options"):
            formatter.write_dl([record for one in options if (record := one.get_help_record(ctx))])

    def _subject(self, args: Sequence[str]) -> FlowFile | str | None:
        """FLOW among the arguments, as the verb's argument reads it."""
        word = self._first_word(args)
        argument = next(one for one in self.params if one.name == "flow")
        return None if word is None else argument.type.convert(word, argument, None)

    def _place(self, ctx: click.Context, args: Sequence[str], *, strictly: bool = False) -> Place:
        """What the verb's own options say of where the flow is deployed; those of its parameters are not known yet.

        Args:
            strictly: Whether a mistake in these is said, and not passed over.
        """
        probe = click.Context(
            self, ctx.parent, ctx.info_name, resilient_parsing=not strictly, ignore_unknown_options=True, allow_extra_args=True
        )
        with probe, augment_usage_errors(ctx):
            click.Command.parse_args(self, probe, list(args))
            given = probe.params
        return Place(*(given.get(name) for name in Place._fields))


def _options_of_file(flow: FlowFile) -> set[str]:
    """The parameters of a flow as its file now has them, as options; none, where it does not compile."""
    found = flow.compile()[0].flow
    names = {one.name for one in found.parameters} if found else set()
    return {f"--{one}" for name in names for one in (name, name.replace("_", "-"), name.replace("-", "_"))}


def _as_option(spec: ParameterSpec) -> Deployed:
    default = spec.default if isinstance(spec.default, str | int | float | None) else json.dumps(spec.default)
    return Deployed(spec.name, spec.type, default, spec.deferred, spec.required, spec.help)


def _without_flag(option: click.Parameter) -> click.Parameter:
    """An option that only its variable can give."""
    import copy

    one = copy.copy(option)
    one.opts, one.secondary_opts = [], []
    if isinstance(one, click.Option):
        one.hidden = True
    return one


def wait_option(function: Decorated) -> Decorated:
    """`--wait`, the same for all verbs that let a run go on."""
    help = "Show how it goes on until it is over; exit with 1 if it failed."
    return click.option("--wait", is_flag=True, help=help)(function)


@click.command(
    "trigger",
    short_help="Start a run of a deployed flow.",
    cls=TriggerVerb,
    examples=("--target argo --alpha 0.5 --wait", "--target sfn --production --tag nightly", "--target argo --help"),
)
@flow_or_name
@run_options
@datastore_option
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Tag the run; may be given several times.")
@wait_option
@click.option("--run-id-file", metavar="FILE", type=click.Path(path_type=Path), help="Write the run's id to a file, too.")
@color_option
def command(
    flow: FlowFile | str | None,
    tags: tuple[str, ...],
    wait: bool,
    run_id_file: Path | None,
    **where: Any,
) -> None:
    """Start a run of a deployed flow, and print its id.

    FLOW is the flow's file or its name. Each parameter of what is deployed is an option: `flowc trigger FLOW --help` lists them.
    The id alone goes to standard output.
    """
    if flow is None:
        raise click.UsageError("Missing argument 'FLOW'.", click.get_current_context())
    meta = click.get_current_context().meta
    place = Place(**where)
    if place.branch or place.production:  # which the command line gives, and not only a parameter of that name
        refuse_branch(flow if isinstance(flow, str) else flow.compile()[0].flow)
    found: Deployment = meta[_DEPLOYMENT]
    deployment = found._replace(options=said(place))  # what that is was not known while the command line was parsed
    document = input_of(meta[_PLAN], meta[VALUES], user_name(), tags)
    text = text_of(document)
    executions = deployment.executions
    size = executions.input_size(text)
    if size > executions.input_limit:
        name, most = largest(document)
        raise Unusable(
            f"the parameters take {size:,} bytes on the platform, which takes {executions.input_limit:,}: `{name}` alone is "
            f"{most:,} bytes; put it where tasks can read it, and hand in its name"
        )
    if run_id_file is not None:
        _demand_writable(run_id_file)
    with asked():
        started = executions.start(new_run_id(), text)
    # Said first: standard output may take nothing, and the run is under way all the same.
    complain(f"flowc: run {deployment.flow}/{started.run} starts" + (f": {started.link}" if started.link else ""))
    if run_id_file is not None:
        try:
            run_id_file.write_text(started.run, encoding="utf-8")
        except OSError as error:
            complain(f"flowc: cannot write the run's id to {run_id_file}: {error.strerror or error}")
    write(f"{started.run}\n", sys.stdout)
    sys.stdout.flush()
    if wait:
        wait_for(deployment, started, place, flow)
    else:
        complain(f"flowc: {deployment.command('status', started.run, '--watch')} shows how far it is")


def _demand_writable(file: Path) -> None:
    """Make sure that a run's id can be written to a file before there is a run; the file stays as it is.

    Raises:
        Unusable: It cannot.
    """
    try:
        there = file.exists()
        if there and not (file.is_file() or file.is_dir()):
            return  # a pipe, which would take this for its end
        file.open("ab").close()
        if not there:
            file.unlink()
    except OSError as error:
        raise Unusable(f"cannot write the run's id to {file}: {error.strerror or error}") from None


def wait_for(deployment: Deployment, execution: Execution, place: Place, flow: FlowFile | str) -> None:
    """Watch a run to its end, show what is known of it on standard error, and end the verb with 1 unless it came to its end."""
    from .looking import choose
    from .status import show
    from .watching import watch

    datastore = datastore_of(deployment, flow, place)
    chosen = choose(deployment.flow, execution.run, datastore, must=False)
    runs = Runs(chosen, deployment)
    run = runs.run(execution)
    last = watch(run, runs, execution) or execution
    show(run, runs, last, "text", error=True)
    if last.state != "done":
        raise click.exceptions.Exit(FAULTS)


def datastore_of(deployment: Deployment, flow: FlowFile | str, place: Place) -> str:
    """Where the runs of a deployment keep their objects: as options and settings say, or else the deployment itself."""
    from .targeting import settings_of

    given = settings_of(flow if isinstance(flow, FlowFile) else None, place._asdict()).get("datastore")
    with asked():
        return given or deployed_datastore(deployment.executions)


def deployed_plan(deployment: Deployment, flow: FlowFile | str, place: Place) -> Plan:
    """The plan of what new runs run.

    Raises:
        Unusable: It cannot be read, and there is no file that says what it may be.
    """
    from ..runtime.contract import plan_key
    from ..runtime.errors import FlowcError
    from .datastore import store_of

    with asked():
        package = deployment.executions.package()
    why = f"the image of {deployment.executions.where} holds the flow, whose parameters only its file tells"
    if package is not None:
        try:
            store = store_of(datastore_of(deployment, flow, place), flow if isinstance(flow, FlowFile) else None)
            return _kept_plan(store, plan_key(package))
        except FlowcError as error:
            why = str(error)
        except Unusable as error:
            why = error.message
    if not isinstance(flow, FlowFile):
        raise Unusable(f"{why}: name the flow's file instead of {flow}" if package is None else why)
    return _plan_of_file(flow, why if package is not None else None)


def _kept_plan(store: Store, key: str) -> Plan:
    """The plan that `deploy` has put into the datastore.

    Raises:
        Unusable: It is gone, or damaged.
        FlowcError: It cannot be read, or this flowc does not read its version.
    """
    from ..runtime.plan import parse_plan

    data = store.get(key)
    what = "which says what the deployed flow takes (`flowc deploy` puts it there again)"
    if data is None:
        raise Unusable(f"the datastore {store.url} has no {key}, {what}")
    try:
        return parse_plan(json.loads(data))
    except (ValueError, RecursionError):
        raise Unusable(f"{key} in the datastore {store.url} is damaged, {what}") from None


def _plan_of_file(flow: FlowFile, why: str | None) -> Plan:
    from ..compiler.plan import plan_of
    from ..runtime.plan import parse_plan
    from .output import stop_at_faults

    compilation, _ = flow.compile()
    stop_at_faults(compilation.diagnostics, compilation.sources, "full")
    assert compilation.flow is not None, "no flow, and no error that says why"
    if why is not None:
        complain(f"flowc: {why}; parameters are checked against {flow.path}")
    return parse_plan(plan_of(compilation.flow))
