"""`flowc stop`: end a run on its platform."""

from __future__ import annotations

import time
from typing import Any

import click

from ..runtime.language.current import user_name
from .changing import asked
from .flow_file import FlowFile
from .looking import one_run
from .output import complain
from .platforms import Deployment, Place, deployment_of, named, run_options
from .told import ENDED
from .verb import Verb

_PAUSE = 0.5


@click.command("stop", short_help="End a run on its platform.", cls=Verb, examples=("20261121-122322-a1b2c3 --target argo",))
@one_run
@run_options
def command(flow: FlowFile | str, run: str, **where: Any) -> None:
    """End a run on its platform, with all that it has under way, and wait until it is over.

    RUN may be cut short to the beginning or the end of its id. What its tasks have done stays in the datastore, and `flowc
    resume` can go on from it. A run that is over already is left as it is, with exit code 0.
    """
    deployment = deployment_of(flow, Place(**where, datastore=None))
    found = named(deployment, run)
    if found.over:
        complain(f"flowc: the run {found.run} {ENDED[found.state]} already, {_ago(found.ended)}")
        return
    stop_run(deployment, found.run)


def stop_run(deployment: Deployment, run: str) -> None:
    """End a run that goes on, and wait until it is over."""
    from ..targets.platform import PlatformError

    executions = deployment.executions
    try:
        jobs, fans = executions.jobs(run, ()), executions.fans(run)
    except PlatformError:  # they are only told of, which must not keep the run from being stopped
        jobs, fans = (), ()
    with asked():
        executions.stop(run, f"by {user_name() or 'somebody'}, with flowc stop")
    what = [f"the job of {job.step}" + (f"/{job.path}" if job.path not in (None, "-") else "") for job in jobs]
    what += [f"{fan.running} items of the foreach {fan.name}" for fan in fans if fan.running]
    complain(f"flowc: stopping the run {run}" + (f", and with it {', '.join(what)}" if what else ""))
    while True:
        with asked():
            found = executions.find(run)
        if found is None or found.over:
            break
        time.sleep(_PAUSE)
    state = found.state if found is not None else "stopped"
    complain(f"flowc: the run {run} {ENDED[state]}" + ("" if state == "stopped" else " before it could be stopped"))


def _ago(moment: float | None) -> str:
    if moment is None:
        return "some time ago"
    from .looking import duration

    return f"{duration(time.time() - moment)} ago"
