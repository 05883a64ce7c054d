"""What verbs that run a flow here have in common: the options that say how, and how the run ends the verb."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click
from click.core import ParameterSource

from .datastore import datastore_option
from .elsewhere import elsewhere_of
from .given import spelt
from .output import FAULTS, Unusable, complain
from .settings import read_settings, setting

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.pipeline import Compilation
    from ..runtime.errors import LoadError
    from ..runtime.plan import Plan
    from ..runtime.resume.begin import Resumption
    from ..runtime.store import Store
    from .flow_file import FlowFile
    from .verb import Decorated

MAX_WORKERS = 16
MAX_NUM_SPLITS = 100

_SETTINGS = (
    setting("service-account", "NAME", "@kubernetes: the service account of pods."),
    setting("namespace", "NAME", "@kubernetes: the namespace. [default: that of the context]"),
    setting("context", "NAME", "@kubernetes: the context of kubeconfig. [default: the current one]"),
    setting("execution-role", "ARN", "@batch: the IAM role that starts jobs' containers."),
    setting("job-role", "ARN", "@batch: the IAM role of jobs."),
    setting("batch-queue", "QUEUE", "@batch: the queue of steps that name none."),
    setting("image", "IMAGE", "The image of steps with @batch or @kubernetes that name none. [default: python:X.Y, as here]"),
)
"""What says how tasks run that do not run here: the settings of a deployment."""
PLACES = ("image", "batch_queue", "job_role", "execution_role", "context", "namespace", "service_account")

YIELDING = (
    *("--tag", "--run-id-file", "--in-process", "--no-retry-delay", "--quiet"),
    *(f"--{one.replace('_', '-')}" for one in PLACES),
)
"""Options that `run` does not have for a flow with a parameter of that name."""


@dataclass(frozen=True, slots=True)
class How:
    """How a flow is run, as the options say; what they leave out is None, or false."""

    max_workers: int | None = None
    max_num_splits: int | None = None
    datastore: str | None = None
    tags: tuple[str, ...] = ()
    run_id_file: Path | None = None
    in_process: bool = False
    no_retry_delay: bool = False
    quiet: bool = False
    image: str | None = None
    batch_queue: str | None = None
    job_role: str | None = None
    execution_role: str | None = None
    context: str | None = None
    namespace: str | None = None
    service_account: str | None = None


def running_options(function: Decorated) -> Decorated:
    """The options that say how a flow is run: the verb gets them all as `how`."""

    @functools.wraps(function)
    def verb(*args: Any, **given: Any) -> Any:
        how = How(**{one.name: given.pop(one.name) for one in fields(How) if one.name in given})
        return function(*args, how=how, **given)

    path = click.Path(path_type=Path)
    in_process = "Run all tasks in this process, one by one: for breakpoints and debuggers."
    for option in (
        *_SETTINGS,
        click.option("--quiet", "-q", is_flag=True, help="Show only what tasks print, and failures."),
        click.option("--no-retry-delay", is_flag=True, help="Let @retry try again at once, however long it says to wait."),
        click.option("--in-process", is_flag=True, help=in_process),
        click.option("--run-id-file", metavar="FILE", type=path, help="Write the run's id to a file as it begins."),
        click.option("--tag", "tags", metavar="TAG", multiple=True, help="Tag the run; may be given several times."),
        datastore_option,
        setting("max-num-splits", "N", f"How many items a foreach may have. [default: {MAX_NUM_SPLITS}]"),
        setting("max-workers", "N", f"How many tasks run at a time. [default: {MAX_WORKERS}]"),
    ):
        verb = option(verb)
    return cast("Decorated", verb)


def run_to_its_end(
    flow: FlowFile,
    compilation: Compilation,
    plan: Plan,
    document: Mapping[str, Any],
    store: Store | str,
    how: How,
    parameters: Mapping[str, object],
    resumption: Resumption | None = None,
    *,
    given: Given,
    form: str,
) -> NoReturn:
    """Run a flow, and end the verb with the exit code that follows.

    Args:
        compilation: What the flow's file has become.
        plan: The same for the runtime.
        document: The plan as the compiler wrote it.
        parameters: Those given, by name.
        resumption: What the run takes over from another.
        given: What was compiled in: a run that goes on from this one wants it again.
        form: How faults are shown.

    Raises:
        Unusable: The run cannot begin as it was asked for.
    """
    settings = read_settings(Path(flow.path).parent)
    from ..runtime.compute import ComputeError
    from ..runtime.errors import FlowcError, LoadError, ParameterError, StoreError
    from ..runtime.local.scheduler import run_locally
    from ..runtime.records.tags import TagError

    place = store if isinstance(store, str) else store.url
    told = {one: getattr(how, one) for one in PLACES}
    elsewhere = elsewhere_of(flow, compilation, place, told, form, quiet=how.quiet)
    if not how.quiet:
        _tell_what_is_lacking(plan, elsewhere.steps if elsewhere else ())
    try:
        result = run_locally(
            plan,
            Path(flow.path),
            parameters,
            store=store,
            max_workers=how.max_workers or int(settings.get("max-workers", MAX_WORKERS)),
            max_num_splits=how.max_num_splits or int(settings.get("max-num-splits", MAX_NUM_SPLITS)),
            color=click.get_current_context().color,  # None: decided for each stream
            document=document,
            tags=how.tags,
            resumption=resumption,
            elsewhere=elsewhere,
            method="inline" if how.in_process else None,
            waits=not how.no_retry_delay,
            on_begin=None if how.run_id_file is None else partial(_write_id, how.run_id_file),
            again=_again(flow, how.datastore),
            wants=" ".join(filter(None, [spelt(given), _places(how)])),
            quiet=how.quiet,
        )
    except (ComputeError, ParameterError, StoreError, TagError) as error:
        raise Unusable(str(error)) from None
    except LoadError as error:
        stop_at_loading(error)
    except FlowcError as error:
        complain(f"flowc: {error}")
        raise click.exceptions.Exit(FAULTS) from None
    raise click.exceptions.Exit(result.exit_code)


def stop_at_loading(error: LoadError) -> NoReturn:
    """Say why the flow's module cannot be imported, with the user's lines, and end with exit code 1."""
    if error.traceback:
        complain(error.traceback.rstrip())
    complain(f"flowc: {error}")
    raise click.exceptions.Exit(FAULTS) from None


def _tell_what_is_lacking(plan: Plan, elsewhere: Collection[str]) -> None:
    from .capacity import lacking, this_machine

    here = [name for name in plan.steps if name not in elsewhere]
    if (sentence := lacking(plan, here, this_machine())) is not None:
        complain(f"flowc: {sentence}")


def _write_id(file: Path, run: str) -> None:
    from ..runtime.errors import OutputError

    try:
        file.write_text(run, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the run's id to {file}: {error.strerror or error}") from None


def _places(how: How) -> str:
    """The options of the command line that say how tasks run elsewhere, as one types them. Variables say it the next time too."""
    context = click.get_current_context()
    typed = [one for one in PLACES if context.get_parameter_source(one) is ParameterSource.COMMANDLINE]
    return shlex.join(word for one in typed for word in (f"--{one.replace('_', '-')}", str(getattr(how, one))))


def _again(flow: FlowFile, datastore: str | None) -> str:
    """What other verbs want so as to find the run: FILE[:CLASS], and the store if it was named here."""
    words = [str(flow)]
    return shlex.join(words if datastore is None else [*words, "--datastore", datastore])
