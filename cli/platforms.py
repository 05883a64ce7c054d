"""Which deployment a verb is about, and its runs: as its platform has them and as the datastore has them.

FLOW is a file, whose flow says what its deployment is called, or the flow's name; of a project's flow that is
`project.branch.Flow`. Where nobody names a datastore, it is the one that the deployment names.

The platform is asked where `--target` names it, where a variable or the settings file does, too. Verbs that can do without look
only into the datastore then if the platform cannot be asked, and say so.
"""

from __future__ import annotations

import os
import shlex
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from .changing import asked, demand_name, refuse_branch
from .datastore import store_of
from .flow_file import FlowFile, parse_flow_file
from .looking import LATEST, Chosen, choose, class_of, explained
from .output import Unusable, complain
from .settings import setting
from .targeting import argo_url_option, cluster_options, settings_of, target_of, target_option, whereabouts

if TYPE_CHECKING:
    from ..runtime.client.flow import Flow
    from ..runtime.client.run import Run
    from ..runtime.records.runs import RunRecord
    from ..targets.executions import Execution, Executions
    from .verb import Decorated

_WITHOUT_DATASTORE = ("stop", "suspend", "resume-workflow")
"""Verbs that only ask the platform."""
_NEAR = 100
"""Of how many runs an id may be cut short."""


class Place(NamedTuple):
    """What says which deployment is meant, and where its pages are; None for what is left open."""

    target: str | None
    branch: str | None
    production: bool | None
    datastore: str | None
    context: str | None = None
    namespace: str | None = None
    argo_url: str | None = None


class Deployment(NamedTuple):
    """A deployment whose runs a verb is about.

    Attributes:
        flow: The flow's name in the datastore.
        name: What it is called on the platform.
        target: Which platform that is.
        executions: Its runs.
        subject: The word by which a command line names the flow.
        options: What it says besides, so that verbs find this deployment.
    """

    flow: str
    name: str
    target: str
    executions: Executions
    subject: str
    options: tuple[str, ...]

    @property
    def going_on(self) -> str:
        """The verb that lets a run go on which failed: the platforms have two words for it."""
        return "retry" if self.target == "argo" else "redrive"

    def command(self, verb: str, run: str, *options: str) -> str:
        """The command line of a verb about a run of it, for messages."""
        given = self.options
        if verb in _WITHOUT_DATASTORE and "--datastore" in given:
            place = given.index("--datastore")
            given = (*given[:place], *given[place + 2 :])
        return f"`{shlex.join(['flowc', verb, self.subject, run, *given, *options])}`"

    def resuming(self, run: str, datastore: str) -> str:
        """The command line that resumes a run of it here, which looks for it in the datastore alone."""
        file = parse_flow_file(self.subject) if self.subject.partition(":")[0].endswith(".py") else None
        words = ["flowc", "resume", self.subject if file else "FILE", run]
        if store_of(datastore, file).url != store_of(os.environ.get("FLOWC_DATASTORE") or None, file).url:
            words += ["--datastore", datastore]
        return f"`{shlex.join(words)}`"


def platform_options(function: Decorated) -> Decorated:
    """`--target`, `--branch`, `--production`: which deployment. The verb gets them by name."""
    function = setting("production", "", "The deployment of the production branch of @project.")(function)
    function = setting("branch", "NAME", "The deployment of this branch of @project.")(function)
    return target_option(function)


def run_options(function: Decorated) -> Decorated:
    """The same, and where on a cluster it is: for verbs about runs. The verb gets them by name, for a `Place`."""
    return platform_options(cluster_options(argo_url_option(function)))


def deployment_of(flow: FlowFile | str, place: Place) -> Deployment:
    """The deployment that is meant, of which the platform was not asked yet.

    Raises:
        Unusable: No platform is named, or flowc has none of that name yet.
    """
    settings = settings_of(flow if isinstance(flow, FlowFile) else None, place._asdict())
    with asked():
        return _deployment(flow, settings, target_of(settings), place)


def _deployment(flow: FlowFile | str, settings: dict[str, Any], target: str, place: Place) -> Deployment:
    from ..targets.platform import load_platform

    platform = load_platform(target)(whereabouts(settings))
    if isinstance(flow, str):
        demand_name(flow)
        refuse_branch(flow)
        name, found = flow.rpartition(".")[2], platform.spell(flow)
    else:
        compilation = flow.compile()[0]
        if compilation.flow is not None:
            refuse_branch(compilation.flow)
            name, found = compilation.flow.name, platform.name_of(compilation.flow)
        else:  # its faults matter only to those who want it compiled
            name = class_of(flow)
            found = platform.spell(name)
    return Deployment(name, found, target, platform.executions(found), str(flow), said(place))


def said(place: Place) -> tuple[str, ...]:
    """The options of a place that the command line itself gives; variables and settings hold for the next one, too."""
    context = click.get_current_context()
    given = {one: getattr(place, one) for one in Place._fields}
    there = [one for one in given if given[one] and context.get_parameter_source(one) is ParameterSource.COMMANDLINE]
    flags = {one: f"--{one.replace('_', '-')}" for one in there}
    return tuple(word for one in there for word in ([flags[one]] if given[one] is True else [flags[one], given[one]]))


class Runs:
    """The runs that a verb looks at: in the datastore, and on the platform where it is to be asked.

    Attributes:
        chosen: What was named, in the datastore.
        deployment: The same on the platform; None: it is not asked.
    """

    def __init__(self, chosen: Chosen, deployment: Deployment | None) -> None:
        self.chosen = chosen
        self.deployment = deployment

    @property
    def executions(self) -> Executions | None:
        """The runs as the platform has them, if it is asked."""
        return self.deployment.executions if self.deployment else None

    def forgotten(self, run: Run, execution: Execution | None) -> str | None:
        """Why only the datastore tells of a run that the platform that is asked has scheduled; None: it is not so."""
        if self.deployment is None or execution is not None:
            return None
        record = run._recorded()
        if record is not None and record.target != self.deployment.target:
            return None
        return (
            f"{self.deployment.executions.where} does not know of the run {run.id}, which is of another deployment, or too long "
            "ago: this is what the datastore has"
        )

    def execution(self) -> Execution | None:
        """The run that is named as its platform has it, of which the datastore may have nothing yet; by an id that is written
        out in full, or by the beginning or the end of one. None: the platform has none of the name.

        What was named in `chosen` is then the full id.
        """
        if self.deployment is None:
            return None
        named = self.chosen.parts[0] if self.chosen.parts else LATEST
        kept = None
        with explained(), asked():
            if named == LATEST:
                kept = self._kept()
                found = self._newest(kept)
            else:
                found = find(self.deployment, named)
        run = found.run if found is not None else kept.id if kept is not None else named
        self.chosen = self.chosen._replace(parts=(run, *self.chosen.parts[1:]))
        return found

    def run(self, execution: Execution | None) -> Run:
        """The run as the datastore has it, which has nothing yet of one that has only been started.

        Raises:
            Unusable: Neither has one of that name.
        """
        if execution is None:
            return self.chosen.run()
        from ..runtime.client.run import Run

        found = Run._below(self.chosen.flow, execution.run)
        found._namespace = None
        return found

    def _kept(self) -> Run | None:
        """The latest run that the datastore has, which has those of all branches of a project: one that the platform has
        scheduled must be of this deployment."""
        assert self.deployment is not None
        if self.deployment.name == self.deployment.flow:
            return self.chosen.flow.latest_run
        for run in islice(self.chosen.flow, _NEAR):
            record = run._recorded()
            if record is None or record.target != self.deployment.target or self.deployment.executions.find(run.id) is not None:
                return run
        return None

    def _newest(self, newest: Run | None) -> Execution | None:
        """The latest execution that is the user's, if it is newer than this one, which the datastore has."""
        assert self.deployment is not None
        executions, flow = self.deployment.executions, self.chosen.flow
        began = (newest._began() if newest else None) or 0.0
        for number, one in enumerate(executions.recent()):
            if newest is not None and one.run == newest.id:
                return executions.find(one.run)
            if number >= _NEAR or one.started < began:
                break
            if _record(flow, one.run) is None and is_of(flow._namespace, executions.started_with(one.run).user):
                return executions.find(one.run)
        return executions.find(newest.id) if newest else None


def is_of(namespace: str | None, user: str | None) -> bool:
    """Whether a run that this person started is seen in a namespace; one that nobody did always is."""
    return namespace is None or user is None or namespace == f"user:{user}"


def find(deployment: Deployment, named: str) -> Execution | None:
    """The run of this id, or the only one of the latest whose id begins or ends so.

    Raises:
        Unusable: There are several.
    """
    found = deployment.executions.find(named)
    if found is not None or len(named) < 3:
        return found
    near = []
    for number, one in enumerate(deployment.executions.recent()):
        if number >= _NEAR:
            break
        if one.run.startswith(named) or one.run.endswith(named):
            near.append(one.run)
    if len(near) > 1:
        raise Unusable(f"{named} may be {len(near)} runs of {deployment.flow}: {', '.join(near[:5])}{', …' if near[5:] else ''}")
    return deployment.executions.find(near[0]) if near else None


def named(deployment: Deployment, which: str) -> Execution:
    """The run of this id, for a verb that changes it.

    Raises:
        Unusable: There is none, or there are several whose ids begin or end so.
    """
    with asked():
        run = which.removeprefix(f"{deployment.flow}/")
        vague = run in ("", LATEST)
        found = None if vague else find(deployment, run)
        if found is None:
            last = [one.run for _, one in zip(range(3), deployment.executions.recent(), strict=False)]
            known = f" (the last {'is' if len(last) == 1 else 'are'} {', '.join(last)})" if last else ""
            if vague:  # the latest may be another one by now than the one that was looked at
                raise Unusable(f"which run? Only verbs that change nothing take `{LATEST}`{known}")
            raise Unusable(f"{deployment.executions.where} has no run {run if run.isprintable() else repr(run)}{known}")
        return found


def runs_of(flow: FlowFile | str | None, which: str | None, place: Place, *, most: int = 3) -> Runs:
    """What a verb looks at that can do without the platform.

    Raises:
        Unusable: There is no such flow; or the command line names a platform that cannot be asked.
    """
    from ..targets.platform import PlatformError

    file = flow if isinstance(flow, FlowFile) else None
    settings = settings_of(file, place._asdict())
    explicit = click.get_current_context().get_parameter_source("target") is ParameterSource.COMMANDLINE
    given = "/".join(filter(None, (flow if isinstance(flow, str) else None, which)))
    first, _, rest = given.partition("/") if file is None else ("", "", given)
    if "target" not in settings:
        return Runs(choose(flow, which, place.datastore, most=most), None)
    if file is None and (first in ("", LATEST) or not all(part.isidentifier() for part in first.split("."))):
        if explicit:
            form = "Squares" if most == 0 else f"Squares/{LATEST}"
            raise Unusable(f"which flow? With --target its file or its name comes first, as in {form}")
        return Runs(choose(flow, which, place.datastore, most=most), None)
    try:
        deployment = _deployment(file or first, settings, target_of(settings), place)
        parts = rest.removeprefix(f"{deployment.flow}/") if file else rest
        if not explicit and (local := _elsewhere(deployment, file, parts, place, most)) is not None:
            return local
        deployment.executions.package()  # so that what cannot be asked is known now
        datastore = settings.get("datastore") or deployed_datastore(deployment.executions)
    except PlatformError as error:
        if explicit:
            with asked():
                raise
        complain(f"flowc: {error}; what follows is what the datastore has")
        return Runs(choose(flow, which, place.datastore, most=most), None)
    return Runs(choose(file or deployment.flow, parts or None, datastore, most=most, must=False), deployment)


def deployed_datastore(executions: Executions) -> str:
    """Where the runs of a deployment keep their objects, as it says itself.

    Raises:
        PlatformError: It does not say so to everybody.
    """
    from ..targets.platform import PlatformError

    found = executions.datastore()
    if found is None:
        raise PlatformError(f"where {executions.where} keeps its runs cannot be seen: say --datastore", setup=True)
    return found


def _elsewhere(deployment: Deployment, file: FlowFile | None, parts: str, place: Place, most: int) -> Runs | None:
    """A run that is named, and that something else has scheduled than the platform of the settings."""
    if not parts or parts.startswith(LATEST) or most == 0:
        return None
    chosen = choose(file or deployment.flow, parts, place.datastore, most=most, must=False)
    record = _record(chosen.flow, chosen.parts[0])
    return Runs(chosen, None) if record is not None and record.target != deployment.target else None


def _record(flow: Flow, run: str) -> RunRecord | None:
    from ..runtime.records.runs import read_run

    with explained():
        return read_run(flow._store, flow.id, run)
