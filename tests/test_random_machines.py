"""Random graphs with random decorators: AWS's own models and npm's asl-validator take what they are compiled to."""

from __future__ import annotations

import json
import random
from pathlib import Path

from graphs import Shape, shapes, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sfnflows import with_all
from validators import asl, service, tools
from validators.asl_dangling import dangling

from flowc.compiler import Source, compile_source
from flowc.compiler.diagnostics.model import Report
from flowc.targets.options import COMPUTE
from flowc.targets.sfn.deployment import Deployment, deployment_of
from flowc.targets.sfn.symbols import fill

DECORATORS = (
    "@retry(times=4, minutes_between_retries=1)",
    "@catch(var='failure')",
    "@timeout(minutes=2)",
    "@environment(vars={'A': '$(B) {{c}} $.d'})",
    "@resources(cpu=2, memory=8192)",
)
many = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
chances = st.randoms(use_true_random=False)


def deployment(shape: list[Shape], chance: random.Random) -> Deployment:
    """A flow of that shape, whose steps have decorators here and there, on one of the kinds of compute."""
    head, *steps = source(shape).split("    @step\n")
    text = "".join(f"{_decorators(body, chance)}    @step\n{body}" for body in steps)
    flow = compile_source(Source("flow.py", f"from flowc import *\n{head}{text}")).flow
    assert flow is not None
    report = Report()
    made = deployment_of(flow, with_all(chance.choice(COMPUTE)), report)
    assert not report.failed, report.sorted()
    return made


def _decorators(body: str, chance: random.Random) -> str:
    """Those of a step: one that chooses or fans out cannot be caught."""
    chooses = any(word in body for word in ("condition=", "foreach=", "if self"))
    given = [one for one in DECORATORS if not (chooses and "catch" in one)]
    return "".join(f"    {one}\n" for one in chance.sample(given, k=chance.choice([0, 0, 0, 1, 2])))


@many
@given(shapes, chances)
def test_aws_knows_every_parameter(shape: list[Shape], chance: random.Random) -> None:
    tools.demand(service.missing())
    made = deployment(shape, chance)
    assert service.problems(made.definition) == []
    assert dangling(made.definition) == []
    assert service.job_definition_problems(fill(made.jobs, {})) == []


def test_asl_validator_accepts_them(tmp_path: Path) -> None:
    tools.demand(asl.missing())
    written: list[Path] = []

    @settings(many, max_examples=60)
    @given(shapes, chances)
    def write(shape: list[Shape], chance: random.Random) -> None:
        made = deployment(shape, chance)
        assert json.loads(made.text) == made.definition
        written.append(tmp_path / f"{len(written)}.json")
        written[-1].write_text(made.text, encoding="utf-8")

    write()
    assert len(written) >= 60
    assert asl.validate(written) == []
