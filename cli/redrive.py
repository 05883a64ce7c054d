"""`flowc redrive` and `flowc retry`: let the platform go on with a run that failed, from where it failed, with the code that it
began with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .changing import asked
from .datastore import datastore_option
from .flow_file import FlowFile
from .looking import one_run
from .output import Unusable, complain
from .platforms import Place, deployment_of, named, run_options
from .told import ENDED
from .trigger import datastore_of, wait_for, wait_option
from .verb import Verb, color_option

if TYPE_CHECKING:
    from ..targets.executions import Execution


def going_on_verb(name: str, other: str, platform: str) -> click.Command:
    """The verb that lets a run go on; the platforms have two words for one thing.

    Args:
        name: Its name.
        other: The other verb that does the same.
        platform: The target in the example.
    """

    @one_run
    @run_options
    @datastore_option
    @wait_option
    @color_option
    def command(flow: FlowFile | str, run: str, wait: bool, **where: Any) -> None:
        go_on(flow, run, Place(**where), wait=wait)

    return click.command(
        name,
        short_help="Let a platform go on with a run that failed.",
        cls=Verb,
        examples=(f"20261121-122322-a1b2c3 --target {platform} --wait",),
        help=_HELP.format(other=other),
    )(command)


def go_on(flow: FlowFile | str, run: str, place: Place, *, wait: bool) -> None:
    """Let the platform go on with a run of a flow."""
    deployment = deployment_of(flow, place)
    found = named(deployment, run)
    _demand(found)
    try:
        with asked():
            deployment.executions.redrive(found.run)
    except Unusable as error:
        resuming = deployment.resuming(found.run, datastore_of(deployment, flow, place))
        raise Unusable(f"{error.message}. {resuming} begins a new run from what it has done") from None
    with asked():
        now = deployment.executions.find(found.run) or found
    complain(f"flowc: the run {found.run} goes on where it {ENDED[found.state]}" + (f": {now.link}" if now.link else ""))
    if wait:
        wait_for(deployment, now, place, flow)


def _demand(found: Execution) -> None:
    if found.state == "running":
        raise Unusable(f"the run {found.run} still runs")
    if found.state == "done":
        raise Unusable(f"the run {found.run} came to its end: there is nothing to go on with")


_HELP = """Let the platform go on with a run that failed, was stopped or timed out, from where that happened.

It is the same run, with the code that it began with; RUN may be cut short to the beginning or the end of its id. To go on
with other code there is `flowc resume`, which begins a new run. `flowc {other}` is the same verb: AWS calls it a redrive, Argo
a retry.
"""

command = going_on_verb("redrive", "retry", "sfn")
