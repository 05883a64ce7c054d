"""A platform's control plane: what `flowc deploy` and the verbs after it ask of a platform, whichever it is.

A target's package makes documents and touches nothing; beside it stands the client of its platform, which `load_platform`
imports for the one target that is asked for. What is to be changed is first *proposed*, as data that people read, and then
applied: a proposal is made by reading alone.

    platform = load_platform("sfn")(options)
    proposal = platform.propose_deploy(flow, upload)      # reads what is there
    for change in proposal.changes: …                     # shown
    apply(proposal, print)                                # made, in this order

Whatever a platform refuses, or what it lacks, is a `PlatformError`, whose text is for the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Literal, Protocol, TypeAlias

from ..compiler.ir.nodes import Flow
from .executions import Executions
from .options import Options

Action: TypeAlias = Literal["create", "change", "delete"]


class PlatformError(Exception):
    """What a platform refuses, or lacks: sentences for the user, one a line.

    Attributes:
        setup: Whether the user must set something up, or say something else; else something failed.
    """

    def __init__(self, message: str, *, setup: bool = False) -> None:
        super().__init__(message)
        self.setup = setup


class Datastore(Protocol):
    """Where a deployment's package goes. Both methods raise `PlatformError`."""

    @property
    def url(self) -> str:
        """The datastore, as `--datastore` names it."""
        ...

    def has(self, key: str) -> bool:
        """Whether there is an object of this key."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What a deployment takes along to its datastore.

    Attributes:
        flowc: The version of flowc that made it.
        package: The package's bytes.
        package_key: Their key, which tasks are handed.
        plan: The text of `plan.json`, which says later what the deployed flow takes.
        plan_key: Its key.
        datastore: The datastore, with the credentials that a run on this machine would have; None: none is named. What must
            use those of its platform (Step Functions) goes there by itself.
    """

    flowc: str
    package: bytes = field(repr=False)
    package_key: str
    plan: str = field(repr=False)
    plan_key: str
    datastore: Datastore | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is created, changed or deleted.

    Attributes:
        action: Which of these.
        what: The kind of thing, as people call it: `state machine`.
        name: Which one.
        lines: What changes about it, for reading: a diff, `role: x → y`.
        make: Does it. May be done again: a change that was made already is none.
    """

    action: Action
    what: str
    name: str
    lines: tuple[str, ...] = ()
    make: Callable[[], None] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployment as it is on its platform.

    Attributes:
        name: Its name there.
        version: What identifies the version that new runs have: on AWS an ARN.
        number: The same as people say it: `3`.
        starts: What it starts by itself on: `cron(0 6 ? * MON-FRI *) Europe/Berlin`, `the event data.ready`. Empty where that
            was not asked for.
        link: Where a browser shows it, or None.
    """

    name: str
    version: str
    number: str
    starts: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is about to be done.

    Attributes:
        name: The deployment's name on its platform.
        where: Where that is: `AWS account 123456789012, us-east-1`.
        changes: What will be done, in this order; none: all is as it should be.
        notes: What the user should know besides, a sentence each.
        outcome: What then is deployed, asked after the changes were made; None: nothing.
    """

    name: str
    where: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    outcome: Callable[[], Deployed | None] = field(repr=False, compare=False)


class Platform(Protocol):
    """The control plane of one platform, with the options of one deployment.

    Every method raises `PlatformError`. Those that propose write nothing.
    """

    def propose_deploy(self, flow: Flow, upload: Upload, *, overwrite: bool = False) -> Proposal:
        """What must be done for this flow to be deployed as it is now.

        Args:
            flow: A sound flow.
            upload: What its tasks will fetch.
            overwrite: Whether to replace what others have changed since the last deploy.
        """
        ...

    def propose_rollback(self, name: str, version: int | None) -> Proposal:
        """What must be done for new runs to have an older version; None: the one before."""
        ...

    def propose_undeploy(self, name: str, *, stop: bool = False) -> Proposal:
        """What must be done for nothing of a deployment to be left but its runs in the datastore.

        Args:
            name: The deployment's name, as `name_of` gives it.
            stop: Whether to stop runs that are under way; else they are a fault.
        """
        ...

    def name_of(self, flow: Flow) -> str:
        """What a flow's deployment is called on the platform, with these options."""
        ...

    def spell(self, name: str) -> str:
        """What the deployment of a flow of this name is called on the platform; of a project's flow, `project.branch.Flow`."""
        ...

    def executions(self, name: str) -> Executions:
        """The runs of the deployment of this name, as `name_of` and `spell` give it. Asks for nothing yet."""
        ...


def upload_changes(upload: Upload) -> Iterator[Change]:
    """What must be uploaded: objects are named by their content, so that one which is there is as it should be."""
    datastore = upload.datastore
    assert datastore is not None, "a deployment without a datastore is refused before"
    for what, key, data in (
        ("package", upload.package_key, upload.package),
        ("plan", upload.plan_key, upload.plan.encode()),
    ):
        if not datastore.has(key):
            name = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1…", f"{datastore.url}/{key}")
            lines = (f"{len(data):,} bytes",)
            yield Change(action="create", what=what, name=name, lines=lines, make=partial(datastore.put, key, data))


def apply(proposal: Proposal, made: Callable[[Change], None]) -> Deployed | None:
    """Make the changes of a proposal, one after the other, and say each one that is made; what then is deployed.

    Raises:
        PlatformError: One could not be made: those after it were not begun.
    """
    for change in proposal.changes:
        change.make()
        made(change)
    return proposal.outcome()


PLATFORMS = {"argo": ".argo.cluster.platform", "sfn": ".sfn.aws.platform"}
"""Where the control plane of each target is that has one."""


def load_platform(target: str) -> Callable[[Options], Platform]:
    """What makes the control plane of a target's platform, of options. Only the one asked for is imported.

    Raises:
        PlatformError: flowc has none for it yet.
    """
    module = PLATFORMS.get(target)
    if module is None:
        known = " or ".join(f"--target {one}" for one in PLATFORMS)
        raise PlatformError(f"flowc cannot deploy to {target} yet, nor look at what runs there: say {known}", setup=True)
    made: Callable[[Options], Platform] = import_module(module, __package__).connect
    return made
