"""A whole flow on MiniStack whose tasks of ECS are real containers, of an image that holds Python and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from containers import IMAGE, containers  # noqa: F401
from deployed import deploy, run_here
from engines import Aws
from engines.ministack import ministack_containers  # noqa: F401

WHOLE = """\
from flowc import FlowSpec, Parameter, step, retry, catch


class Whole(FlowSpec):
    count = Parameter("count", default=3)
    fails = Parameter("fails", default=False)

    @step
    def start(self):
        self.numbers = list(range(self.count))
        self.next(self.body, foreach="numbers")

    @catch(var="failure")
    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        if self.input == 1:
            raise ValueError("never one")
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.failed = [one.failure is not None for one in inputs]
        self.total = sum(getattr(one, "square", 0) for one in inputs)
        self.merge_artifacts(inputs, include=["fails"])
        self.size = "large" if self.total > 3 else "small"
        self.next({"large": self.large, "small": self.small}, condition="size")

    @step
    def large(self):
        self.total -= 2
        self.again = self.total > 1
        self.next({True: self.large, False: self.small}, condition="again", max_iterations=5)

    @step
    def small(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        if self.fails:
            raise KeyError("left")
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.totals = [one.total for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("compute", ["ecs", "ecs-fargate"])
def test_ecs_in_containers(ministack_containers: Aws, compute: str, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "flow.py"
    file.write_text(WHOLE, encoding="utf-8")
    given = {"count": 3} if compute == "ecs" else {"count": 2, "fails": True}
    here = run_here(file, "Whole", *(f"--{name}={json.dumps(value)}" for name, value in given.items()))
    deployed = deploy(ministack_containers, file, dependencies=True, compute=compute, ecs_cluster="tests", image=IMAGE)
    ran = deployed.run(given)
    assert ran.execution.status == ("FAILED" if "fails" in given else "SUCCEEDED"), ran.execution.report()
    assert ran.failures() == here.failures
    assert len(here.failures) == 2 + ("fails" in given)
    kept, kept_here = json.loads(ran.kept()), json.loads(here.kept)
    if "fails" in given:  # whether the other branch was done by then is anybody's
        kept, kept_here = ({**one, "right/-": None} for one in (kept, kept_here))
    assert kept == kept_here
