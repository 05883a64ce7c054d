"""`flowc kubernetes`: the tasks of a flow that wait or run on a cluster, of runs that were started from somebody's machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .datastore import datastore_option, place_of
from .flow_file import FlowFile
from .looking import flow_or_name
from .output import Unusable
from .remote_tasks import end_tasks, list_tasks, whose, whose_options
from .settings import setting
from .targeting import settings_of
from .verb import Decorated, Family, Verb, data_format_option

if TYPE_CHECKING:
    from ..targets.compute import Computing

_EXAMPLES = ("", "--my-runs", "--run-id 456", "--user willsmith")


@click.group("kubernetes", short_help="List or end a flow's tasks on a Kubernetes cluster.", cls=Family)
def command() -> None:
    """List or end a flow's tasks on a Kubernetes cluster.

    These are the tasks of runs that `flowc run` has sent there, by @kubernetes or --with kubernetes, each of which is a Pod. A
    run ends its own tasks when it is over, or interrupted; what is left of one that was killed is found here, by its labels. Pods
    of other flows are never touched, nor those of Argo Workflows.
    """


def _options(function: Decorated) -> Decorated:
    """What both verbs take."""
    namespace = setting("namespace", "NAME", "The Kubernetes namespace. [default: what the flow says, or that of the context]")
    context = setting("context", "NAME", "The context of kubeconfig. [default: the current one]")
    return flow_or_name(whose_options(datastore_option(namespace(context(function)))))


@command.command("list", short_help="List the tasks that wait or run.", cls=Verb, examples=_EXAMPLES)
@_options
@data_format_option
def list_them(
    flow: FlowFile | str | None, datastore: str | None, namespace: str | None, context: str | None, form: str, **given: Any
) -> None:
    """List the unfinished tasks of your latest run, with their state, since when it is so, and what they wait for.

    FLOW is the flow's file or its name. Your latest run is that of the datastore.
    """
    meant = whose(flow, datastore, **given)
    list_tasks(_cluster(flow, datastore, namespace, context), meant, form)


@command.command("kill", short_help="End the tasks that wait or run.", cls=Verb, examples=_EXAMPLES)
@_options
def kill(flow: FlowFile | str | None, datastore: str | None, namespace: str | None, context: str | None, **given: Any) -> None:
    """End the unfinished tasks of your latest run.

    FLOW is the flow's file or its name. What tasks have done stays in the datastore, and `flowc resume` can go on from it. A
    run that goes on tries tasks with @retry again: Ctrl-C ends that run itself. The exit code is 1 if a task could not be ended.
    """
    meant = whose(flow, datastore, **given)
    end_tasks(_cluster(flow, datastore, namespace, context), meant, "`flowc kubernetes kill`")


def _cluster(flow: FlowFile | str | None, datastore: str | None, namespace: str | None, context: str | None) -> Computing:
    """The namespace that is meant.

    Raises:
        Unusable: There is none of that name.
    """
    from ..targets.compute import load_compute
    from ..targets.options import Options

    file = flow if isinstance(flow, FlowFile) else None
    settings = settings_of(file, {"namespace": namespace, "context": context})
    options = Options(
        datastore=place_of(datastore, file),
        namespace=settings.get("namespace") or (_namespace_in(file) if file else None),
        context=settings.get("context"),
    )
    if (why := options.unusable_place()) is not None:
        raise Unusable(why)
    return load_compute("kubernetes")(options)


def _namespace_in(file: FlowFile) -> str | None:
    """The namespace that the flow's steps ask for; None: they do not, or nobody can say what the file means."""
    from ..targets.argo.run_pods import namespace_of
    from ..targets.options import Options

    flow = file.compile()[0].flow
    return namespace_of(flow, [step.name for step in flow.steps], Options()) if flow is not None else None
