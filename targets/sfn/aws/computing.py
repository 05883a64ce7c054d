"""AWS Batch as the compute of runs that are started from here: `targets.compute.Computing`, and `runtime.compute.Compute`.

The definitions of jobs are those of deployed flows (`targets/sfn/jobs.py`), so that a step runs alike whoever starts it. Whether
Fargate or EC2 runs the jobs of a queue decides which: one run may have both.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ....compiler.diagnostics.model import Report, Severity
from ....compiler.ir.nodes import Flow
from ....runtime.compute import Busy, ComputeError, Order, Seen, Started
from ...compute import Computing, Unfinished, Work
from ...options import Options
from ...platform import PlatformError
from .. import policies
from ..jobs import Jobs
from ..policies import Role
from ..symbols import BUCKET, QUEUE
from .carried import definition_changes
from .faults import explained, passes
from .listing import list_unfinished
from .looking import Looks
from .needs import placeholders_in, ungiven
from .queues import Queue, read_queues, unusable
from .roles import unusable_roles
from .session import AwsError, Session
from .submitting import Submissions
from .terminating import terminate
from .waits import explain

NAME = "AWS Batch"
_EC2, _FARGATE = "batch", "batch-fargate"
_PACE = 2.5
"""Seconds for which a request of a look keeps off the next look."""


class Batch:
    """AWS Batch in the account and region that the environment names.

    Attributes:
        options: What a command line decides.
    """

    name = NAME

    def __init__(self, options: Options) -> None:
        # A settings file may say `compute = "ecs"`, for state machines.
        self.options = options if options.compute == _FARGATE else replace(options, compute=_EC2)

    @cached_property
    def session(self) -> Session:
        """Clients that make requests again."""
        return Session()

    def check(self, flow: Flow, steps: Collection[str], report: Report) -> None:
        """Report what these steps ask for and AWS Batch does not have: whatever their queues are, unless `--compute` says it."""
        if self.options.compute == _FARGATE:
            Jobs(flow, self.options, report, steps)
            return
        ec2, fargate = Report(), Report()
        Jobs(flow, self.options, ec2, steps)
        Jobs(flow, replace(self.options, compute=_FARGATE), fargate, steps)
        report.diagnostics += [one for one in ec2.diagnostics if one in fargate.diagnostics]

    def prepare(self, work: Work, say: Callable[[str], None]) -> BatchJobs:
        """Look at queues and roles, upload the package, register the definitions that are missing.

        Raises:
            ComputeError: Something is missing, all of which is named; or AWS cannot be asked.
        """
        try:
            jobs, queues = self._jobs(work, say)
            work.upload()  # before AWS Batch is changed: the bucket may not be there
            requests = {one["jobDefinitionName"]: one for each in jobs.values() for one in each.definitions()}
            for change in definition_changes(self.session, tuple(requests.values()), ecs=False):
                change.make()
                say(f"the job definition {change.name} is new on AWS Batch: {', '.join(change.lines)}")
        except PlatformError as error:
            raise ComputeError(str(error)) from None
        return BatchJobs(Session(once=True), work, self.options.datastore_url, jobs, queues)

    def where(self) -> str:
        """Account and region.

        Raises:
            ComputeError: There are no credentials.
        """
        try:
            return f"{NAME} in {self.session.region}, account {self.session.account}"
        except PlatformError as error:
            raise ComputeError(str(error)) from None

    def unfinished(self, flow: str, *, run: str | None = None, user: str | None = None) -> Iterator[Unfinished]:
        """The jobs of runs of this flow that were started so, in all queues.

        Raises:
            ComputeError: They may not be listed.
        """
        try:
            yield from list_unfinished(self.session, flow, run=run, user=user, options=self.options)
        except PlatformError as error:
            raise ComputeError(str(error)) from None

    def end(self, tasks: Sequence[Unfinished], why: str) -> Mapping[str, str]:
        """Terminate their jobs.

        Raises:
            ComputeError: AWS cannot be asked.
        """
        try:
            return {id: str(error) for id, error in terminate(self.session, [one.id for one in tasks], why).items()}
        except PlatformError as error:
            raise ComputeError(str(error)) from None

    def _jobs(self, work: Work, say: Callable[[str], None]) -> tuple[dict[str, Jobs], dict[str, str]]:
        """What makes the jobs of each step, and the queue of each.

        Raises:
            PlatformError: AWS cannot be asked.
            ComputeError: Something is missing.
        """
        guessed = Jobs(work.flow, self.options, Report(), work.steps)
        queues = {step: guessed.queue_of(step) for step in work.steps}
        named = {name: step for step, name in queues.items() if name != str(QUEUE)}
        missing = list[str]()
        if (self.options.datastore or "").partition("://")[0] != "s3":
            place = self.options.datastore
            missing.append(
                f"tasks on AWS Batch keep what they make in S3, and the datastore is {place}: say --datastore s3://bucket/prefix"
                if place
                else next(ungiven({BUCKET.name}))
            )
        missing += ungiven({QUEUE.name} if str(QUEUE) in queues.values() else ())
        found: dict[str, Queue] = {}
        try:
            found = read_queues(self.session, named)
            for name in named:
                missing += self._refused(name, found.get(name))
            missing += unusable_roles(self.session, self._roles())
        except AwsError as error:
            if not missing and not error.denied:
                raise
            missing.append(str(error))
        computes = {step: self._compute(found.get(name)) for step, name in queues.items()}
        made = {
            compute: _Made.of(
                work.flow, replace(self.options, compute=compute), [one for one in computes if computes[one] == compute]
            )
            for compute in sorted({*computes.values()})
        }
        missing += ungiven(placeholders_in([one.jobs.definitions() for one in made.values()]))
        for one in made.values():
            missing += one.faults
        if missing:
            raise ComputeError("\n".join(dict.fromkeys(missing)))
        for one in made.values():
            for warning in one.warnings:
                say(warning)
        return {step: made[compute].jobs for step, compute in computes.items()}, queues

    def _refused(self, name: str, queue: Queue | None) -> Iterator[str]:
        """Why a queue runs no jobs of flowc's."""
        yield from unusable(self.session, name, queue)
        if queue is None:
            return
        if queue.type not in ("", "ECS", "ECS_FARGATE"):
            yield f"the AWS Batch queue {name} is of the type {queue.type}, where flowc's jobs cannot run: name another one"
        broken = [one.broken for one in queue.environments]
        if broken and all(broken):
            yield f"no compute environment of the AWS Batch queue {name} runs jobs: {', '.join(map(str, broken))}"
        if queue.fargate is False and self.options.compute == _FARGATE:
            said = f"compute is {_FARGATE} in flowc.toml: leave that out, or change it"
            yield f"the AWS Batch queue {name} runs on EC2 instances, and {said}"

    def _compute(self, queue: Queue | None) -> str:
        if queue is None or queue.fargate is None:
            return self.options.compute
        return _FARGATE if queue.fargate else _EC2

    def _roles(self) -> dict[str, Role | None]:
        given = {"--job-role": self.options.job_role, "--execution-role": self.options.execution_role}
        trust = policies.task_trust()
        return {flag: Role(arn=arn, trust=trust, policy=None) for flag, arn in given.items() if arn is not None}


@dataclass(frozen=True, slots=True)
class _Made:
    """The jobs of the steps that one kind of compute runs, and what it does not have of what they ask for."""

    jobs: Jobs
    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, flow: Flow, options: Options, steps: Collection[str]) -> _Made:
        report = Report()
        jobs = Jobs(flow, options, report, steps)
        where = "on Fargate" if options.compute == _FARGATE else "on EC2 instances"
        faults, warnings = list[str](), list[str]()
        for one in report.sorted():
            if one.rule.severity is Severity.ERROR:
                faults.append(f"{one.message} ({one.primary.span}; the step's queue runs {where})")
            elif one.rule.severity is Severity.WARNING:
                warnings.append(f"{one.message} ({one.primary.span})")
        return cls(jobs, tuple(faults), tuple(warnings))


class BatchJobs:
    """The jobs of one run.

    Args:
        session: Makes each request once.
        work: What is run.
        datastore: Where.
        jobs: What makes the jobs of each step.
        queues: The queue of each.
    """

    name = NAME
    again = ""

    def __init__(self, session: Session, work: Work, datastore: str, jobs: Mapping[str, Jobs], queues: Mapping[str, str]) -> None:
        self._session = session
        self._submissions = Submissions(session, work, datastore, jobs, queues)
        self._looks = Looks(session)
        self._looking = threading.Lock()
        names = [one.rpartition("/")[2] for one in dict.fromkeys(queues.values())]
        self.where = f"{NAME}, {'queue' if len(names) == 1 else 'queues'} {', '.join(names)}"

    @property
    def pause(self) -> float:
        """Seconds that keep to few requests: an account has so many a second for all that it does."""
        return _PACE * max(1, self._looks.requests)

    def start(self, orders: Sequence[Order]) -> Iterator[Started]:
        """Submit attempts of one step that have one number: one job, or an array of them."""
        return self._submissions.start(orders)

    def look(self, ids: Collection[str], patience: float) -> Iterator[Seen]:
        """Describe jobs, once."""
        with self._looking, explained(self._session):
            yield from self._looks.look(ids)

    def explain(self, ids: Collection[str]) -> Mapping[str, str]:
        """Why jobs wait."""
        with explained(self._session):
            return explain(self._session, ids) if ids else {}

    def end(self, ids: Collection[str], why: str) -> Collection[str]:
        """Terminate jobs, whole arrays at once; those that could not be. No more are submitted from now on."""
        self._submissions.stop()
        with explained(self._session):
            refused = terminate(self._session, ids, why)
        errors = [*refused.values()]
        if errors and len(refused) == len({*ids}):
            passing = next((one for one in errors if passes(one)), None)
            raise Busy(str(passing)) if passing is not None else ComputeError(str(errors[0]))
        return tuple(refused)

    def close(self) -> None:
        """End what AWS may have taken though it never said so, of which nobody knows."""
        ids = self._submissions.doubtful()
        if ids:
            self.end(ids, "the run is over that started it")


def connect_compute(options: Options) -> Computing:
    """AWS Batch, with these options. Makes no connection."""
    return Batch(options)
