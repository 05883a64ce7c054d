"""`flowc redrive`: let the platform go on with a run that failed, from where it failed, with the code that it began with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .datastore import datastore_option
from .flow_file import FlowFile
from .looking import flow_or_name
from .output import Unusable, complain
from .platforms import Place, asked, deployment_of, named, platform_options
from .told import ENDED
from .trigger import datastore_of, wait_for, wait_option
from .verb import Verb, color_option

if TYPE_CHECKING:
    from ..targets.executions import Execution


@click.command(
    "redrive",
    short_help="Let a platform go on with a run that failed.",
    cls=Verb,
    examples=("20261121-122322-a1b2c3 --target sfn --wait",),
)
@flow_or_name
@click.argument("run")
@platform_options
@datastore_option
@wait_option
@color_option
def command(
    flow: FlowFile | str | None,
    run: str,
    target: str | None,
    branch: str | None,
    production: bool | None,
    datastore: str | None,
    wait: bool,
) -> None:
    """Let the platform go on with a run that failed, was stopped or timed out, from where that happened.

    It is the same run, with the code that it began with; RUN may be cut short to the beginning or the end of its id. To go on
    with other code there is `flowc resume`, which begins a new run.
    """
    assert flow is not None, "click asks for FLOW, since RUN must be given"
    place = Place(target, branch, production, datastore)
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
        now = deployment.executions.find(found.run)
    complain(f"flowc: the run {found.run} goes on where it {ENDED[found.state]}: {now.link if now else found.link}")
    if wait:
        wait_for(deployment, now or found, place, flow)


def _demand(found: Execution) -> None:
    if found.state == "running":
        raise Unusable(f"the run {found.run} still runs")
    if found.state == "done":
        raise Unusable(f"the run {found.run} came to its end: there is nothing to go on with")
