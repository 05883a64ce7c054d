"""A run's part on the stand-in cluster, without a run: orders, and what is seen of them. Containers do what their step is called.

there = harbour.prepare("@kubernetes(cpu=2)")
(id,) = there.start("sleep")
there.until(id, "running")
"""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from engines.argo.cluster import Argo
from reading import compile_files, flow_of

from flowc.compiler.ir.nodes import Flow
from flowc.runtime.compute import Busy, Order, Seen, Started
from flowc.targets.argo import run_pods
from flowc.targets.argo.cluster.computing import Kubernetes, connect_compute
from flowc.targets.argo.cluster.pod_compute import PodCompute
from flowc.targets.compute import Work
from flowc.targets.options import Options

RUN = "20261121-122322-a1b2c3"
STEPS = ("done", "fail", "sleep", "stubborn")
_DOES = {
    "done": "print('worked')",
    "fail": "print('tried', flush=True); sys.exit('flowc: no such bucket')",
    "sleep": "time.sleep(120)",
    "stubborn": "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)",
}
_PROGRAM = f"import os, signal, sys, time; exec({_DOES!r}[os.environ['FLOWC_STEP']])"
_LONG = 30.0


def flow_with(decorators: str) -> Flow:
    """A flow whose steps are called as what their containers do, each with these decorators."""
    names = ["start", *STEPS, "end"]
    text = "from flowc import *\n\nclass Sample(FlowSpec):\n"
    for name, after in zip(names, [*names[1:], None], strict=True):
        goes = f"self.next(self.{after})" if after else "pass"
        marks = f"{decorators}\n" if name in STEPS else ""
        text += textwrap.indent(f"{marks}@step\ndef {name}(self):\n    {goes}\n\n", "    ")
    return flow_of(compile_files(text))


@dataclass
class There:
    """What a run has in hand."""

    compute: PodCompute
    open: dict[str, Order] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def orders(self, step: str, count: int = 1, attempt: int = 0, run: str = RUN) -> list[Order]:
        """Orders for items of a step."""
        return [Order(run=run, step=step, path=str(number), attempt=attempt) for number in range(count)]

    def start(self, step: str, count: int = 1, attempt: int = 0) -> list[str]:
        """Start them; their ids in the order of their paths."""
        started = sorted(self.compute.start(self.orders(step, count, attempt)), key=lambda one: int(one.order.path))
        return self.note(started)

    def note(self, started: list[Started]) -> list[str]:
        """Remember what was started."""
        self.open |= {one.id: one.order for one in started}
        return [one.id for one in started]

    def look(self, patience: float = 0.5) -> list[Seen]:
        """Look once."""
        news = list(self.compute.look(self.open.keys(), patience))
        self.seen += news
        for one in news:
            if one.phase == "over":
                del self.open[one.id]
        return news

    def until(self, id: str, phase: str) -> Seen:
        """Look until a job is so far. What keeps the cluster from being asked is waited for."""
        until = time.monotonic() + _LONG
        while time.monotonic() < until:
            for one in self.seen:
                if (one.id, one.phase) == (id, phase):
                    return one
            try:
                self.look()
            except Busy:
                time.sleep(0.05)
        raise AssertionError(f"{id} is not {phase}: {[one for one in self.seen if one.id == id]}")

    def over(self, *ids: str) -> list[Seen]:
        """Look until these are over: how they ended."""
        return [self.until(id, "over") for id in ids]


@dataclass
class Harbour:
    """A cluster, and what a command line says about it."""

    argo: Argo
    made: list[PodCompute] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    uploads: int = 0

    def options(self, **changes: Any) -> Options:
        """The options of a command line."""
        return Options(**{"datastore": self.argo.place, "image": "python:3.11", **changes})

    def computing(self, **options: Any) -> Kubernetes:
        """The platform."""
        return connect_compute(self.options(**options))

    def prepare(self, decorators: str = "@kubernetes", user: str | None = "ann", **options: Any) -> There:
        """Make ready what a run of a flow with these decorators needs."""
        flow = flow_with(decorators)

        def upload() -> None:
            self.uploads += 1

        work = Work(flow=flow, steps=STEPS, user=user, package_key="flowc-packages/Sample/0.tar.gz", upload=upload)
        self.made.append(self.computing(**options).prepare(work, self.said.append))
        return There(self.made[-1])

    def pods(self) -> list[str]:
        """The names of the pods that are there."""
        return [one["metadata"]["name"] for one in self.argo.all("pods")]

    def wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        until = time.monotonic() + _LONG
        while not holds():
            assert time.monotonic() < until, self.argo.all("pods")
            time.sleep(0.05)


@pytest.fixture
def harbour(argo: Argo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harbour]:
    """A cluster whose containers do what steps are called."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FLOWC_"))]:
        monkeypatch.delenv(name)
    for name, value in argo.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(run_pods, "bootstrap_command", lambda _: ("python3", "-c", _PROGRAM))
    made = Harbour(argo)
    yield made
    for one in made.made:
        one.close()
