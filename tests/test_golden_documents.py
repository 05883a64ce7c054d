"""Every golden document passes what its platform would check it with: see `validators`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from conftest import CASES
from validators import argo, argo_dangling, asl, asl_dangling, service, tools


@pytest.fixture(scope="module")
def asl_problems() -> list[asl.Problem]:
    tools.demand(asl.missing())
    return asl.validate([case / "sfn.json" for case in CASES])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_argo_accepts_every_workflow_template(case: Path) -> None:
    tools.demand(argo.missing())
    assert argo.validate([case / "argo.yaml"]) == []  # alone: several cases compile flows of one name


def test_asl_validator_accepts_every_state_machine(asl_problems: list[asl.Problem]) -> None:
    assert asl_problems == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_name_in_a_workflow_template_resolves(case: Path) -> None:
    assert argo_dangling.dangling(yaml.safe_load((case / "argo.yaml").read_text())) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_name_in_a_state_machine_resolves(case: Path) -> None:
    assert asl_dangling.dangling(json.loads((case / "sfn.json").read_text())) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_aws_knows_every_parameter(case: Path) -> None:
    tools.demand(service.missing())
    assert service.problems(json.loads((case / "sfn.json").read_text())) == []
    assert service.job_definition_problems(json.loads((case / "job-definitions.json").read_text())) == []
