"""A platform as the compute of runs that are started from here: what the verbs ask of it, beside `runtime.compute`.

A target's package knows how its platform runs a task; `load_compute` imports what asks AWS Batch or a Kubernetes cluster to do so.
One code path makes the settings of jobs, whoever starts them: these are the options, and the checks, of deployed flows.

    computing = load_compute("batch")(options)             # makes no connection
    computing.check(flow, steps, report)                    # what the platform does not have, at the user's lines
    prepare = partial(computing.prepare, work)              # a `runtime.compute.Prepare`

    tasks = tuple(computing.unfinished("BigSum", run="20261121-122322-a1b2c3"))
    refused = computing.end(tasks, "ended by `flowc batch kill`")

Whatever a platform refuses, or what it lacks, is a `ComputeError`, whose text is for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Protocol

from ..compiler.diagnostics.model import Report
from ..compiler.ir.nodes import Flow
from ..runtime.compute import Compute
from .options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The part of a run that a platform does.

    Attributes:
        flow: A sound flow, with the decorators that `--with` has added.
        steps: The names of the steps whose tasks run there.
        user: Whose run it is, or None.
        package_key: The key of the flow's package in the datastore, which tasks are handed.
        upload: Puts the package there, unless it is there already. Raises `ComputeError` or `PlatformError`.
    """

    flow: Flow = field(repr=False)
    steps: Collection[str]
    user: str | None
    package_key: str
    upload: Callable[[], None] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A task that waits or runs on a platform, of a run that was started so.

    Attributes:
        run: Its run.
        step: Its step.
        path: Its path, or None where that is not known.
        attempt: How many attempts of it there were before.
        user: Whose run it is, or None where that is not said.
        id: The platform's name for it.
        status: How far it is, in the platform's word: `RUNNABLE`.
        since: Since when it is so, in seconds since 1970, as far as the platform tells; or None.
        reason: What the platform says about that, or None.
        link: Where a browser shows it, or None.
    """

    run: str
    step: str
    path: str | None
    attempt: int
    user: str | None
    id: str
    status: str
    since: float | None = None
    reason: str | None = None
    link: str | None = None


class Computing(Protocol):
    """One platform, with the options of a command line. All methods but `check` ask the platform, and raise `ComputeError`.

    Attributes:
        name: What people call it: `AWS Batch`.
    """

    name: str

    def check(self, flow: Flow, steps: Collection[str], report: Report) -> None:
        """Report what the platform has not of what these steps ask for, and what has no effect on it. Touches nothing."""
        ...

    def prepare(self, work: Work, say: Callable[[str], None]) -> Compute:
        """See to it that all is there that these tasks need, upload the package, and make what starts them.

        Args:
            say: Says a line to the user.
        """
        ...

    def where(self) -> str:
        """Which part of the platform is asked, for messages: `AWS Batch in us-east-1, account 123456789012`."""
        ...

    def unfinished(self, flow: str, *, run: str | None = None, user: str | None = None) -> Iterator[Unfinished]:
        """The tasks of a flow that are not over: of one run or of all, of one person's or of anybody's. Never another flow's."""
        ...

    def end(self, tasks: Sequence[Unfinished], why: str) -> Mapping[str, str]:
        """End these tasks, and tell the platform why; by id what could not be ended, with the reason as a sentence.

        A task that is over by now is none of them.
        """
        ...


COMPUTES: Final = {"batch": ".sfn.aws.computing", "kubernetes": ".argo.cluster.computing"}
"""By the decorator that sends a step there: where the client of each platform is."""


def load_compute(name: str) -> Callable[[Options], Computing]:
    """What makes the compute of a platform, `batch` or `kubernetes`, of options. Only the one asked for is imported."""
    made: Callable[[Options], Computing] = import_module(COMPUTES[name], __package__).connect_compute
    return made
