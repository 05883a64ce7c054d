"""A flow whose steps run on the tests' AWS Batch, asked for as the runtime and the verbs do.

batch = Offloaded(aws, tmp_path, monkeypatch)
jobs = batch.prepare()
started = list(jobs.start(batch.orders("fit", "0", "1")))
"""

from __future__ import annotations

import itertools
import textwrap
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import pytest
from engines import Aws

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.nodes import Flow
from flowc.runtime.compute import Order, Seen
from flowc.targets.compute import Computing, Work, load_compute
from flowc.targets.options import Options
from flowc.targets.sfn.aws.session import Session

PACKAGE = "flowc-packages/Sums/0123.tar.gz"
FIT = '@batch(executable="{program}")'
FLOW = """
    from flowc import FlowSpec, batch, environment, resources, step

    class Sums(FlowSpec):
        @step
        def start(self):
            self.items = [1, 2, 3]
            self.next(self.fit, foreach="items")

        {fit}
        @step
        def fit(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
"""
_RUNS = itertools.count(1)


class Offloaded:
    """A flow whose step `fit` runs on AWS Batch.

    Attributes:
        flow: The flow.
        run: The id of its run, which no other test has.
        said: What the user was told.
        uploads: How often the package was asked for.
        asked: What AWS was asked, by boto3's names of the operations.
    """

    def __init__(
        self,
        aws: Aws,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        program: str = "true",
        fit: str = FIT,
        steps: Collection[str] = ("fit",),
        **options: Any,
    ) -> None:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        self.aws = aws
        self.folder = folder
        self.run = f"r{next(_RUNS)}"
        self.steps = steps
        self.said: list[str] = []
        self.uploads = 0
        self.asked: list[str] = []
        self.flow = self._flow(fit, program)
        given = {"datastore": "s3://bucket/flows", "batch_queue": aws.batch_queue, **options}
        self.options = Options(**given)
        original = Session.ask

        def ask(session: Session, service: str, operation: str, **parameters: Any) -> Any:
            self.asked.append(operation)
            return original(session, service, operation, **parameters)

        monkeypatch.setattr(Session, "ask", ask)

    def _flow(self, fit: str, program: str) -> Flow:
        path = self.folder / "program"
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
        text = textwrap.dedent(FLOW).replace(
            "{fit}", textwrap.dedent(fit).replace("\n", "\n    ").replace("{program}", str(path))
        )
        done = compile_source(Source("sums.py", text))
        assert done.flow is not None, done.diagnostics
        return done.flow

    @property
    def computing(self) -> Computing:
        """AWS Batch with the options."""
        return load_compute("batch")(self.options)

    def prepare(self, upload: Callable[[], None] | None = None, user: str | None = "ann") -> Any:
        """What starts the tasks of the run."""

        def count() -> None:
            self.uploads += 1

        work = Work(flow=self.flow, steps=self.steps, user=user, package_key=PACKAGE, upload=upload or count)
        return self.computing.prepare(work, self.said.append)

    def orders(self, *paths: str, step: str = "fit", attempt: int = 0) -> list[Order]:
        """Attempts of tasks."""
        return [Order(self.run, step, path, attempt) for path in paths]

    def jobs(self, queue: str | None = None) -> list[dict[str, Any]]:
        """The jobs of the run, as AWS describes them, arrays as one."""
        return [one for one in self.aws.jobs(queue) if one["tags"].get("flowc:run") == self.run]

    def names(self) -> str:
        """A pattern that fits the names of the run's jobs, and of nobody's else."""
        return f"flowc-Sums-{self.run}-*"


def see(jobs: Any, ids: Iterable[str], until: Callable[[dict[str, Seen]], bool]) -> dict[str, Seen]:
    """Look until what was last seen of jobs is so; by id."""
    left, found = set(ids), dict[str, Seen]()
    end = time.monotonic() + 20
    while not until(found):
        assert time.monotonic() < end, found
        for seen in jobs.look(left, 1.0):
            found[seen.id] = seen
            if seen.phase == "over":
                left.discard(seen.id)
        time.sleep(0.02)
    return found


def end_of(jobs: Any, ids: Iterable[str]) -> dict[str, Seen]:
    """How jobs end."""
    wanted = list(ids)
    return see(jobs, wanted, lambda found: all(id in found and found[id].phase == "over" for id in wanted))
