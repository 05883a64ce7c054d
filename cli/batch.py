"""`flowc batch`: the tasks of a flow that wait or run on AWS Batch, of runs that were started from somebody's machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .datastore import datastore_option, place_of
from .flow_file import FlowFile
from .looking import flow_or_name
from .remote_tasks import end_tasks, list_tasks, whose, whose_options
from .settings import setting
from .targeting import settings_of
from .verb import Decorated, Family, Verb, data_format_option

if TYPE_CHECKING:
    from ..targets.compute import Computing

_EXAMPLES = ("", "--my-runs", "--run-id 456", "--user willsmith")


@click.group("batch", short_help="List or end a flow's tasks on AWS Batch.", cls=Family)
def command() -> None:
    """List or end a flow's tasks on AWS Batch.

    These are the tasks of runs that `flowc run` has sent there, by @batch or --with batch. A run ends its own tasks when it is
    over, or interrupted; what is left of one that was killed is found here, by its tags. Jobs of other flows are never touched,
    nor those of state machines.
    """


def _options(function: Decorated) -> Decorated:
    """What both verbs take."""
    queue = setting("batch-queue", "QUEUE", "The AWS Batch queue to look into where not all may be listed.")
    return flow_or_name(whose_options(datastore_option(queue(function))))


@command.command("list", short_help="List the tasks that wait or run.", cls=Verb, examples=_EXAMPLES)
@_options
@data_format_option
def list_them(flow: FlowFile | str | None, datastore: str | None, batch_queue: str | None, form: str, **given: Any) -> None:
    """List the unfinished tasks of your latest run, with their state and since when it is so.

    FLOW is the flow's file or its name. Your latest run is that of the datastore. A task that waits is told with the time since
    it was submitted, one that runs with the time since it began.
    """
    meant = whose(flow, datastore, **given)
    list_tasks(_batch(flow, datastore, batch_queue), meant, form)


@command.command("kill", short_help="End the tasks that wait or run.", cls=Verb, examples=_EXAMPLES)
@_options
def kill(flow: FlowFile | str | None, datastore: str | None, batch_queue: str | None, **given: Any) -> None:
    """End the unfinished tasks of your latest run.

    FLOW is the flow's file or its name. What tasks have done stays in the datastore, and `flowc resume` can go on from it. A
    run that goes on tries tasks with @retry again: Ctrl-C ends that run itself. The exit code is 1 if a task could not be ended.
    """
    meant = whose(flow, datastore, **given)
    end_tasks(_batch(flow, datastore, batch_queue), meant, "`flowc batch kill`")


def _batch(flow: FlowFile | str | None, datastore: str | None, batch_queue: str | None) -> Computing:
    from ..targets.compute import load_compute
    from ..targets.options import Options

    file = flow if isinstance(flow, FlowFile) else None
    settings = settings_of(file, {"batch_queue": batch_queue})
    return load_compute("batch")(Options(datastore=place_of(datastore, file), batch_queue=settings.get("batch-queue")))
