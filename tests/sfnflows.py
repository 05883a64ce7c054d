"""A flow with all that starts a deployment on AWS, and with text in it that somebody's templates expand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowc.compiler import Source, compile_source
from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.compiler.ir.nodes import Flow
from flowc.targets.options import Options
from flowc.targets.sfn import emit
from flowc.targets.sfn.deployment import Deployment, deployment_of

HOSTILE = "${x} ${} ${ ${!y} $${z} $$${a} %{b} %%{c} %%%{d} $ % {{w}} {{=1+1}} $.q $$.e $(id) `id` 'ü' \"☃\" \\n \n\t${JobRole}"
"""Nothing of it may be expanded by anyone."""

TEXT = """\
from flowc import FlowSpec, Parameter, environment, project, schedule, secrets, step, trigger, trigger_on_finish

HOSTILE = {hostile!r}

{above}
class Sum(FlowSpec):
    alpha = Parameter("alpha", default=1.0)

    @secrets(
        sources=[
            "aws-secrets-manager.db/pass",
            {{"type": "aws-secrets-manager", "id": "b*d", "options": {{"region": "eu-west-1"}}}},
        ]
    )
    @environment(vars={{"HOSTILE": HOSTILE}})
    @step
    def start(self):
        self.items = list(range(int(self.alpha)))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if self.input:
            self.next(self.one)
        else:
            self.next(self.two)

    @step
    def one(self):
        self.next(self.end_item)

    @step
    def two(self):
        self.next(self.end_item)

    @step
    def end_item(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
STARTED = """\
@schedule(cron="0 6 * * 1-5", timezone="Europe/Berlin")
@trigger(event=HOSTILE)
@trigger_on_finish(flow="Load")
"""
GIVEN: dict[str, Any] = {
    "datastore": "s3://objects/some/flows",
    "batch_queue": "cpu",
    "sfn_role": "arn:aws:iam::123456789012:role/machine",
    "events_role": "arn:aws:iam::123456789012:role/events",
    "job_role": "arn:aws:iam::123456789012:role/job",
    "execution_role": "arn:aws:iam::123456789012:role/start",
    "ecs_cluster": "cluster",
    "subnets": ("subnet-01234567", "subnet-89abcdef"),
    "code": "image",
}
"""Settings that leave nothing open."""


def flow_of(above: str = STARTED, text: str = TEXT) -> Flow:
    """The flow with these decorators."""
    done = compile_source(Source("flow.py", text.format(above=above.strip(), hostile=HOSTILE)))
    assert done.flow is not None, done.diagnostics
    return done.flow


def reported(above: str, text: str = TEXT, **options: Any) -> list[Diagnostic]:
    """What is said of the flow with these decorators."""
    report = Report()
    emit(flow_of(above, text), Options(**options), report)
    return list(report.sorted())


def deployed(above: str = STARTED, **options: Any) -> Deployment:
    """Its deployment, about which there is nothing to say."""
    report = Report()
    made = deployment_of(flow_of(above), Options(**options), report)
    assert not report.diagnostics
    return made


def with_all(compute: str) -> Options:
    """Options that leave nothing open."""
    return replace(Options(**GIVEN), compute=compute)
