"""What a local run asks of a platform that runs some of its tasks: AWS Batch, a Kubernetes cluster.

`runtime/remote/` is the one side, which starts and watches tasks for the scheduler; the other is a target's package, which knows
the platform. Neither knows of the other but what stands here.

    compute = prepare(say)                         # uploads the package, sees to it that all is there that tasks need
    for started in compute.start(orders): …        # several at once, in as few requests as the platform takes
    for seen in compute.look(ids, 10.0): …
    compute.end(ids)

All of this happens in a process of its own, so that it may take its time, and use threads. A platform that cannot be reached, or
that asks to be left alone for a while, raises `Busy`, and is asked again; whatever else is wrong raises `ComputeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from .errors import FlowcError


class ComputeError(FlowcError):
    """What a platform refuses or lacks: sentences for the user, one a line."""


class Busy(ComputeError):
    """It cannot be reached or is throttled: what was asked may succeed when it is asked again."""


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt of a task, to be run elsewhere.

    Attributes:
        run: The run's id.
        step: The task's step.
        path: Its path.
        attempt: How many attempts of it there were before.
    """

    run: str
    step: str
    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Started:
    """An order that the platform has taken.

    Attributes:
        id: What the platform calls it, as people can look it up there.
        link: Where a browser shows it, or None.
    """

    order: Order
    id: str
    link: str | None = None


Phase: TypeAlias = Literal["waiting", "starting", "running", "over"]
"""How far a job is: it has no machine yet, its container is made, its container runs, it has ended however that came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a platform says of a job.

    Attributes:
        id: The job's.
        phase: How far it is.
        error: Of a job that is over, for what reason of the platform's own it came to nothing, in one word such as `OutOfMemory`;
            None: the platform knows of none, whatever the exit code.
        message: What that means, as the end of a sentence that begins with the task: `was killed, since …`.
        exit_code: Of its container, where it has ended and that is known.
    """

    id: str
    phase: Phase
    error: str | None = None
    message: str = ""
    exit_code: int | None = None


class Compute(Protocol):
    """A platform, for the tasks of one run. Its methods may be called from several threads at once.

    Every method raises `ComputeError`.

    Attributes:
        name: What people call it: `AWS Batch`.
        where: Which part of it: `AWS Batch, queue cpu`.
        again: The options by which a command line finds its jobs there, beside the run's: `--namespace flows`.
    """

    name: str
    where: str
    again: str

    @property
    def pause(self) -> float:
        """Seconds for which it is to be left alone after the last look, by what that cost; 0: `look` waits for news itself."""
        ...

    def start(self, orders: Sequence[Order]) -> Iterator[Started]:
        """Start attempts of one step that have one number, each of which is yielded when the platform has taken it.

        Raises:
            Busy: Those that were not yielded are not started, or it is not known; they may be ordered again, and are then found
                if they are there.
        """
        ...

    def look(self, ids: Collection[str], patience: float) -> Iterator[Seen]:
        """What has changed about jobs since the last look, or more than that. Called in one thread only.

        Args:
            ids: The jobs that are not over, as far as the caller knows. A view: while this goes on, jobs that were started since
                join it, and those that are over leave it.
            patience: Seconds that it may take.
        """
        ...

    def explain(self, ids: Collection[str]) -> Mapping[str, str]:
        """Why jobs wait for so long, by their ids, a sentence or several: what is missing, and where to look. May ask more."""
        ...

    def end(self, ids: Collection[str], why: str) -> Collection[str]:
        """End jobs that are not over, which is told to the platform with a reason; those that it could not end.

        Called when the run ends, if need be several times. A `start` that goes on meanwhile yields what it has started, and
        starts no more. Of which orders it is not known whether they were taken (`Busy`), that is found out: those are ended too.
        """
        ...

    def close(self) -> None:
        """Nothing more is asked: what is left is tidied up. Called once, and waited for within bounds."""


Prepare: TypeAlias = Callable[[Callable[[str], None]], Compute]
"""Makes ready what the tasks of a run need on a platform; is given what says a line to the user, which gets `flowc: ` before it.
Raises `ComputeError`."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the tasks of a run's steps run, but for those that run here.

    Attributes:
        platforms: What makes a platform ready, by the word for it on the command line: `batch`, `kubernetes`.
        steps: By step the word for its platform.
    """

    platforms: Mapping[str, Prepare]
    steps: Mapping[str, str]
