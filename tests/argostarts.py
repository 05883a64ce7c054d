"""Flows that a schedule or an event starts, and what they become on Argo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowc.compiler import Source, compile_source
from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.targets.argo.deployment import Deployment, deployment_of
from flowc.targets.argo.serialise import to_yaml
from flowc.targets.options import Options

TEXT = """\
from flowc import FlowSpec, Parameter, project, schedule, step, trigger, trigger_on_finish

{above}
class Sum(FlowSpec):
    rows = Parameter("rows", {parameter})

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
OPTIONS = Options(image="sums:1", datastore="s3://bucket/flows", namespace="flows", with_rbac=True)


def reported(above: str, parameter: str = "default=1", **options: Any) -> tuple[Deployment, tuple[Diagnostic, ...]]:
    """What a flow with these lines above it becomes, and what is said of it."""
    compilation = compile_source(Source("flow.py", TEXT.format(above=above, parameter=parameter)))
    assert compilation.flow is not None, compilation.diagnostics
    report = Report()
    made = deployment_of(compilation.flow, replace(OPTIONS, **options), report)
    return made, tuple(report.sorted())


def deployed(above: str, **options: Any) -> Deployment:
    """The same of a flow of which nothing is said."""
    made, said = reported(above, **options)
    assert said == ()
    return made


def stream(made: Deployment) -> str:
    """All its objects."""
    return "---\n".join(map(to_yaml, made.manifests()))
