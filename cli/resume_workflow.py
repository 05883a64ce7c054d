"""`flowc resume-workflow`: go on with a run that `flowc suspend` has suspended."""

from __future__ import annotations

from typing import Any

import click

from .changing import asked
from .flow_file import FlowFile
from .looking import one_run
from .output import Unusable, complain
from .platforms import Place, named, run_options
from .suspend import SUSPENDED, suspendable
from .told import ENDED
from .verb import Verb


@click.command("resume-workflow", short_help="Go on with a run that is suspended.", cls=Verb, examples=("a1b2c3 --target argo",))
@one_run
@run_options
def command(flow: FlowFile | str, run: str, **where: Any) -> None:
    """Go on with a run that `flowc suspend` has suspended, or Argo's own pages.

    RUN may be cut short to the beginning or the end of its id. A run that is not suspended is left as it is. `flowc resume` is
    something else: it begins a new run here, from what a run has done.
    """
    deployment = suspendable(flow, Place(**where, datastore=None))
    found = named(deployment, run)
    if found.over:
        again = f": {deployment.command(deployment.going_on, found.run)} is for those" if found.state != "done" else ""
        raise Unusable(f"the run {found.run} {ENDED[found.state]} already{again}")
    if found.status != SUSPENDED:
        complain(f"flowc: the run {found.run} is not suspended")
        return
    with asked():
        deployment.executions.resume(found.run)
    complain(f"flowc: the run {found.run} goes on")
