"""Starts attempts of tasks as jobs of AWS Batch: several of one step as one array job, each with its own number in it.

An array's jobs are told all their paths (`contract.PATHS`), and take the one of their own number. What a submission says
beside its definition may have 8,192 characters, so that paths that do not go on with each other may want several arrays.

**Invariant:** no attempt is submitted twice. A request whose answer was lost may have been heard: before such an attempt is
submitted again, its job is looked for by its name, which holds run, paths and attempt.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ....compiler.limits import BATCH_NAME, BATCH_OVERRIDES
from ....runtime import contract
from ....runtime.compute import Busy, Order, Started
from ...compute import Work
from ...names import Names
from ..jobs import FLOW_TAG, Jobs, tag_value
from .console import job_links
from .faults import explained
from .session import AwsError, Session

RUN_TAG: Final = "flowc:run"
STEP_TAG: Final = "flowc:step"
USER_TAG: Final = "flowc:user"

MOST: Final = 10_000
"""Jobs of an array (Batch, `arrayProperties.size`)."""
SETTLED: Final = 10.0
"""Seconds after which a job is listed, if there is one."""
_FLOW, _RUN, _STEP, _DIGEST = 40, 24, 32, 12
"""Characters of the parts of a job's name."""
assert len("flowc-") + _FLOW + _RUN + _STEP + _DIGEST + 3 <= BATCH_NAME


@dataclass(frozen=True, slots=True)
class _Submission:
    """A request for some attempts.

    Attributes:
        orders: The attempts; of an array, in the order of their numbers.
        queue: Where it goes.
        request: It.
    """

    orders: tuple[Order, ...]
    queue: str
    request: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of its job."""
        return str(self.request["jobName"])


class Submissions:
    """Starts the tasks of a run.

    Args:
        session: Makes each request once.
        work: What is run.
        datastore: Where.
        jobs: What makes the jobs of each step.
        queues: The queue of each.
    """

    def __init__(self, session: Session, work: Work, datastore: str, jobs: Mapping[str, Jobs], queues: Mapping[str, str]) -> None:
        self._session = session
        self._work = work
        self._datastore = datastore
        self._jobs = jobs
        self._queues = queues
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._doubtful: dict[str, tuple[_Submission, float]] = {}
        self._found: dict[Order, Started] = {}

    def start(self, orders: Sequence[Order]) -> Iterator[Started]:
        """Submit attempts of one step that have one number.

        Raises:
            ComputeError: What was not yielded is not started, as far as is known.
        """
        self._settle({*orders})
        left = []
        for order in orders:
            known = self._found.pop(order, None)
            if known is None:
                left.append(order)
            else:
                yield known
        while left and not self._stopped.is_set():
            submission = self._submission(left)
            del left[: len(submission.orders)]
            yield from self._started(submission, self._submit(submission))

    def stop(self) -> None:
        """Submit no more."""
        self._stopped.set()

    def doubtful(self) -> list[str]:
        """The jobs that nobody was told of, for the answer was lost. They are forgotten then.

        Raises:
            ComputeError: They cannot be looked for.
        """
        with self._lock:
            ids = {started.id.partition(":")[0] for started in self._found.values()}
            for submission, since in self._doubtful.values():
                time.sleep(max(0.0, since + SETTLED - time.monotonic()))
                with explained(self._session):
                    id = find_job(self._session, submission.queue, submission.name)
                ids.update(() if id is None else (id,))
            self._doubtful.clear()
            self._found.clear()
        return sorted(ids)

    def _settle(self, orders: set[Order]) -> None:
        """Find out what has become of earlier requests for these attempts."""
        with self._lock:
            for name, (submission, since) in [*self._doubtful.items()]:
                if orders.isdisjoint(submission.orders):
                    continue
                with explained(self._session):
                    id = find_job(self._session, submission.queue, name)
                if id is None and time.monotonic() < since + SETTLED:
                    raise Busy(f"AWS did not answer whether it has taken the job {name}, and has not listed it yet")
                if id is not None:
                    self._found.update({one.order: one for one in self._started(submission, id)})
                del self._doubtful[name]

    def _submit(self, submission: _Submission) -> str:
        with explained(self._session):
            try:
                return str(self._session.ask("batch", "submit_job", **submission.request)["jobId"])
            except AwsError as error:
                if error.unknown:
                    with self._lock:
                        self._doubtful[submission.name] = submission, time.monotonic()
                raise

    def _started(self, submission: _Submission, id: str) -> Iterator[Started]:
        several = len(submission.orders) > 1
        for index, order in enumerate(submission.orders):
            own = f"{id}:{index}" if several else id
            yield Started(order, own, job_links(self._session, own, None)[0].url)

    def _submission(self, orders: Sequence[Order]) -> _Submission:
        """The request for as many of these attempts as go into one."""
        count = min(len(orders), MOST)
        while True:
            made = self._made(tuple(orders[:count]))
            overrides = json.dumps(made.request["containerOverrides"], ensure_ascii=False)
            if len(overrides.encode()) <= BATCH_OVERRIDES.most or count == 1:
                return made
            count = max(1, count * 3 // 4)

    def _made(self, orders: tuple[Order, ...]) -> _Submission:
        first, flow = orders[0], self._work.flow.name
        paths = contract.spell_paths(one.path for one in orders)
        environment = {
            contract.RUN: first.run,
            contract.STEP: first.step,
            contract.PATH if len(orders) == 1 else contract.PATHS: paths,
            contract.ATTEMPT: str(first.attempt),
            contract.CODE: self._work.package_key,
            contract.BEGUN: "1",
        }
        tags = {FLOW_TAG: flow, RUN_TAG: first.run, STEP_TAG: first.step}
        if self._work.user:
            environment[contract.USER] = self._work.user
            tags[USER_TAG] = self._work.user
        queue = self._queues[first.step]
        request = self._jobs[first.step].request(
            first.step,
            queue=queue,
            job_name=f"{names_of(flow, first.run)}{_part(first.step, _STEP)}-{self._digest(first, paths)}",
            environment=environment,
            tags={key: tag_value(value) for key, value in tags.items()},
            size=len(orders),
        )
        return _Submission(orders, queue, request)

    def _digest(self, order: Order, paths: str) -> str:
        said = [self._datastore, self._work.flow.name, order.run, order.step, paths, order.attempt]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:_DIGEST]


def names_of(flow: str, run: str | None) -> str:
    """What the names of the jobs of a flow, or of one of its runs, begin with. They may also be others'."""
    start = f"flowc-{_part(flow, _FLOW)}-"
    return start if run is None else f"{start}{_part(run, _RUN)}-"


def find_job(session: Session, queue: str, name: str) -> str | None:
    """The id of the job of this name, or None. There is but one, for its name holds a hash of what it does.

    Raises:
        AwsError: AWS does not tell.
    """
    named = [{"name": "JOB_NAME", "values": [name]}]
    listed = session.pages("batch", "list_jobs", "jobSummaryList", jobQueue=queue, filters=named)
    return next((str(one["jobId"]) for one in listed if one["jobName"] == name), None)


def _part(text: str, longest: int) -> str:
    return Names(longest, _spell).of(text)


def _spell(name: str) -> str | None:
    return name if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) else None
