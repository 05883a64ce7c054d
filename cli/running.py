"""What verbs that run a flow here have in common: the options that say how, and how the run ends the verb."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from .datastore import datastore_option
from .output import FAULTS, Unusable, complain
from .settings import read_settings, setting

if TYPE_CHECKING:
    from ..runtime.errors import LoadError
    from ..runtime.plan import Plan
    from ..runtime.resume.begin import Resumption
    from ..runtime.store import Store
    from .flow_file import FlowFile
    from .verb import Decorated

MAX_WORKERS = 16
MAX_NUM_SPLITS = 100

YIELDING = ("--tag", "--run-id-file", "--in-process", "--no-retry-delay", "--quiet")
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


def running_options(function: Decorated) -> Decorated:
    """The options that say how a flow is run: the verb gets them all as `how`."""

    @functools.wraps(function)
    def verb(*args: Any, **given: Any) -> Any:
        how = How(**{one.name: given.pop(one.name) for one in fields(How) if one.name in given})
        return function(*args, how=how, **given)

    path = click.Path(path_type=Path)
    in_process = "Run all tasks in this process, one by one: for breakpoints and debuggers."
    for option in (
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
    plan: Plan,
    document: Mapping[str, Any],
    store: Store | str,
    how: How,
    parameters: Mapping[str, object],
    resumption: Resumption | None = None,
) -> NoReturn:
    """Run a flow, and end the verb with the exit code that follows.

    Args:
        document: The plan as the compiler wrote it.
        parameters: Those given, by name.
        resumption: What the run takes over from another.

    Raises:
        Unusable: The run cannot begin as it was asked for.
    """
    settings = read_settings(Path(flow.path).parent)
    from ..runtime.compute import ComputeError
    from ..runtime.errors import FlowcError, LoadError, ParameterError, StoreError
    from ..runtime.local.scheduler import run_locally
    from ..runtime.records.tags import TagError

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
            method="inline" if how.in_process else None,
            waits=not how.no_retry_delay,
            on_begin=None if how.run_id_file is None else partial(_write_id, how.run_id_file),
            again=_again(flow, how.datastore),
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


def _write_id(file: Path, run: str) -> None:
    from ..runtime.errors import OutputError

    try:
        file.write_text(run, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the run's id to {file}: {error.strerror or error}") from None


def _again(flow: FlowFile, datastore: str | None) -> str:
    """What other verbs want so as to find the run: FILE[:CLASS], and the store if it was named here."""
    words = [str(flow)]
    return shlex.join(words if datastore is None else [*words, "--datastore", datastore])
