"""What a platform knows of the runs that it schedules, as data, and what the verbs that watch and steer them ask of it.

The datastore says what tasks have left; here is the rest: that a run was started before any of its tasks could say so, how it
ended, and what failed without a word in the store, such as an image that cannot be pulled.

    runs = load_platform("sfn")(options).executions("Sums")
    execution = runs.start("20261121-122322-a1b2c3", '{"alpha": 0.5}')
    runs.find(execution.run).state           # "running"

Whatever the platform refuses is a `PlatformError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

State: TypeAlias = Literal["running", "done", "failed", "timed out", "stopped"]
"""`stopped`: somebody ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A run as its platform has it. Times are in seconds since 1970.

    Attributes:
        run: Its id, which is its name on the platform.
        state: What has become of it.
        status: The same in the platform's own word.
        started: When it was started.
        ended: When it was over, or None.
        error: What it ended with, in the platform's words, or None.
        cause: More of that, or None.
        link: Where a browser shows it; empty where that is not known.
    """

    run: str
    state: State
    status: str
    started: float
    ended: float | None = None
    error: str | None = None
    cause: str | None = field(default=None, repr=False)
    link: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.state != "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a run was started with, beside its parameters.

    Attributes:
        user: Who started it, or None where that is not said.
        tags: What it was marked with.
    """

    user: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page about something. `what` says of what."""

    what: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A task's job that is under way.

    Attributes:
        step: Its step, or where that is not known what the platform calls the place.
        path: Its path, or None where that is not known.
        id: The platform's name for it.
        status: The platform's word for how far it is: `RUNNABLE`.
        waits: Whether it has not begun yet.
        reason: What the platform says about that, or None.
        since: When it was submitted, in seconds since 1970, or None.
        of_item: Whether it belongs to an item of a foreach of which only some jobs are told.
        links: Pages about it.
    """

    step: str
    path: str | None
    id: str
    status: str
    waits: bool
    reason: str | None = None
    since: float | None = None
    of_item: bool = False
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """The items of one foreach, as far as the platform is with them.

    Attributes:
        id: The platform's own id of it.
        name: The platform's name of it.
        total: How many there are. The others are parts of that.
    """

    id: str
    name: str
    total: int
    done: int
    running: int
    failed: int
    stopped: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What failed, as the platform says it.

    Attributes:
        step: The step, or where there is none the platform's name of the place; None where that is not known.
        path: The task's path, or None where that is not known.
        attempt: Which attempt of the task, or None where that is not known.
        error: The platform's word for it.
        cause: What it says about it, for reading.
        follows: Whether something else had to fail for it, as an item for its foreach.
        job: The job's id, or None.
        links: Pages about it.
    """

    step: str | None
    path: str | None = None
    attempt: int | None = None
    error: str
    cause: str
    follows: bool = False
    job: str | None = None
    links: tuple[Link, ...] = ()


class Executions(Protocol):
    """The runs of one deployment. Every method raises `PlatformError`."""

    @property
    def where(self) -> str:
        """What runs them, for messages: `the state machine Sums in eu-west-1`."""
        ...

    @property
    def link(self) -> str:
        """Where a browser shows all of them; empty where that is not known."""
        ...

    @property
    def cannot_suspend(self) -> str | None:
        """Why runs cannot be suspended there, as a sentence; None: they can."""
        ...

    @property
    def input_limit(self) -> int:
        """How many bytes a run's input may take, as `input_size` counts them."""
        ...

    def input_size(self, text: str) -> int:
        """How many bytes this input takes where the platform counts the most."""
        ...

    def package(self) -> str | None:
        """The key of the package that new runs use; None: the image holds the flow."""
        ...

    def datastore(self) -> str | None:
        """Where new runs keep their objects; None where that cannot be found out."""
        ...

    def start(self, run: str, text: str) -> Execution:
        """Start a run of this name with this input."""
        ...

    def find(self, run: str) -> Execution | None:
        """The run of this name, or None."""
        ...

    def recent(self) -> Iterator[Execution]:
        """All runs, the newest first; what each ended with is left out, and may be when it did and that it was ended."""
        ...

    def started_with(self, run: str) -> Start:
        """What the run was started with."""
        ...

    def stop(self, run: str, why: str) -> None:
        """End the run, with all that it has under way."""
        ...

    def suspend(self, run: str) -> None:
        """Begin nothing more of the run until it is resumed."""
        ...

    def resume(self, run: str) -> None:
        """Go on with a run that is suspended."""
        ...

    def redrive(self, run: str) -> None:
        """Go on with a run that failed, from where it failed. AWS calls that a redrive, Argo a retry."""
        ...

    def jobs(self, run: str, fans: tuple[Fan, ...]) -> tuple[Job, ...]:
        """The jobs that are under way, of the items of these foreaches only some."""
        ...

    def fans(self, run: str) -> tuple[Fan, ...]:
        """Its foreaches that have begun, but for those within items of others."""
        ...

    def troubles(self, run: str) -> tuple[Trouble, ...]:
        """What the run failed for, as far as the platform knows; of many failures only some."""
        ...

    def hook_troubles(self, run: str) -> tuple[Trouble, ...]:
        """What the exit hook of a run that is over failed for, if it did: the run ended as if it had not."""
        ...

    def output(self, job: str) -> str | None:
        """The last that a job has printed, where the platform itself still has that."""
        ...
