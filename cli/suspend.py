"""`flowc suspend`: have a platform begin nothing more of a run, until `flowc resume-workflow`."""

from __future__ import annotations

from typing import Any

import click

from .changing import asked
from .flow_file import FlowFile
from .looking import one_run
from .output import Unusable, complain
from .platforms import Deployment, Place, deployment_of, named, run_options
from .told import ENDED
from .verb import Verb

SUSPENDED = "Suspended"
"""The status of a run that is."""


@click.command("suspend", short_help="Begin no more tasks of a run, for now.", cls=Verb, examples=("a1b2c3 --target argo",))
@one_run
@run_options
def command(flow: FlowFile | str, run: str, **where: Any) -> None:
    """Begin no more tasks of a run until `flowc resume-workflow`; those that are under way come to their end.

    RUN may be cut short to the beginning or the end of its id. A run that is suspended already is left as it is. Argo can do
    this, Step Functions cannot.
    """
    deployment = suspendable(flow, Place(**where, datastore=None))
    found = named(deployment, run)
    if found.over:
        raise Unusable(f"the run {found.run} {ENDED[found.state]} already")
    if found.status == SUSPENDED:
        complain(f"flowc: the run {found.run} is suspended already")
        return
    with asked():
        deployment.executions.suspend(found.run)
    complain(
        f"flowc: the run {found.run} begins no more tasks; {deployment.command('resume-workflow', found.run)} goes on with it"
    )


def suspendable(flow: FlowFile | str, place: Place) -> Deployment:
    """A deployment whose runs can be suspended.

    Raises:
        Unusable: They cannot on its platform.
    """
    deployment = deployment_of(flow, place)
    if (why := deployment.executions.cannot_suspend) is not None:
        raise Unusable(why)
    return deployment
