"""`flowc undeploy`: take a flow from its platform again."""

from __future__ import annotations

from typing import Any

import click

from .changing import asked, carry_out, changing_options, name_of
from .flow_file import FlowFile
from .looking import flow_or_name
from .output import complain
from .platforms import platform_options
from .targeting import cluster_options, settings_of, target_of, whereabouts
from .verb import Verb, color_option


@click.command(
    "undeploy",
    short_help="Take a flow from its platform.",
    cls=Verb,
    examples=("--target argo --dry-run", "--target sfn --yes", "--target argo --branch x --stop --yes"),
)
@flow_or_name
@platform_options
@cluster_options
@click.option("--stop", is_flag=True, help="Stop the runs that are under way. Else there must be none.")
@changing_options
@color_option
def command(flow: FlowFile | str | None, stop: bool, dry_run: bool, yes: bool, **given: Any) -> None:
    """Take a flow from its platform: what starts it, what runs it, and all of its versions.

    FLOW is the flow's file, or its name, where there is no file any more; of a flow in a @project that is project.branch.Flow.
    What its runs have left in the datastore stays, and so do the packages there; so do Workflows, on Argo. What is gone already
    is passed over.
    """
    if flow is None:
        raise click.UsageError("which flow? Name its file, or the flow", click.get_current_context())
    settings = settings_of(flow if isinstance(flow, FlowFile) else None, given)
    target = target_of(settings)
    with asked():
        from ..targets.platform import load_platform

        platform = load_platform(target)(whereabouts(settings))
        name = name_of(platform, flow)
        proposal = platform.propose_undeploy(name, stop=stop)
    carry_out(proposal, dry_run=dry_run, yes=yes)
    if proposal.changes:
        complain(f"flowc: {name} is no longer deployed")
    else:
        complain(f"flowc: {name} is not deployed: there is nothing to change")
