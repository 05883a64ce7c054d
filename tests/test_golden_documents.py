"""Every golden document passes what its platform would check it with: see `validators`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CASES, compile_case
from sfnflows import with_all
from validators import argo, argo_dangling, asl, asl_dangling, objects, service, tools

from flowc.compiler.diagnostics.model import Report
from flowc.targets.argo.serialise import to_yaml
from flowc.targets.options import COMPUTE
from flowc.targets.sfn.deployment import deployment_of
from flowc.targets.sfn.symbols import fill

LARGE = {"batch_settings", "bigsum", "bigsum_small", "decorators"}
"""They want what Fargate has not got, and are told so."""


@pytest.fixture(scope="module")
def asl_problems() -> list[asl.Problem]:
    tools.demand(asl.missing())
    return asl.validate([case / "sfn.json" for case in CASES])


@pytest.mark.parametrize("version", argo.VERSIONS)
def test_argo_accepts_every_workflow(version: str, tmp_path: Path) -> None:
    tools.demand(argo.missing())
    files = []
    for case in CASES:
        kinds = yaml.safe_load_all((case / "argo.yaml").read_text(encoding="utf-8"))
        # Several cases compile flows of one name, which would be one WorkflowTemplate twice.
        texts = [to_yaml(renamed(one, case.name)) for one in kinds if one["kind"] in ("WorkflowTemplate", "CronWorkflow")]
        files.append(tmp_path / f"{case.name}.yaml")
        files[-1].write_text("---\n".join(texts), encoding="utf-8")
    assert argo.validate(files, version) == []


def renamed(manifest: dict[str, Any], case: str) -> dict[str, Any]:
    """The same under the name of its case."""
    name = case.replace("_", "-")
    manifest["metadata"]["name"] = name
    if manifest["kind"] == "CronWorkflow":
        manifest["spec"]["workflowSpec"]["workflowTemplateRef"]["name"] = name
    return manifest


def test_definitions_accept_every_object() -> None:
    tools.demand(objects.missing())
    assert objects.validate([case / "argo.yaml" for case in CASES]) == []


def test_asl_validator_accepts_every_state_machine(asl_problems: list[asl.Problem]) -> None:
    assert asl_problems == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_name_in_a_workflow_template_resolves(case: Path) -> None:
    for manifest in yaml.safe_load_all((case / "argo.yaml").read_text(encoding="utf-8")):
        if manifest["kind"] in ("WorkflowTemplate", "CronWorkflow"):
            assert argo_dangling.dangling(manifest) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_name_in_a_state_machine_resolves(case: Path) -> None:
    assert asl_dangling.dangling(json.loads((case / "sfn.json").read_text())) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_aws_knows_every_parameter(case: Path) -> None:
    tools.demand(service.missing())
    assert service.problems(json.loads((case / "sfn.json").read_text())) == []
    assert service.job_definition_problems(json.loads((case / "job-definitions.json").read_text())) == []


@pytest.mark.parametrize("compute", COMPUTE)
def test_aws_knows_what_any_compute_makes_of_them(compute: str, tmp_path: Path) -> None:
    """The golden documents are those of the first of these; the asl-validator has one process for all of another's."""
    tools.demand(service.missing() or asl.missing())
    written, refused = [], set()
    for case in CASES:
        report, flow = Report(), compile_case(case).flow
        assert flow is not None
        made = deployment_of(flow, with_all(compute), report)
        if report.failed:
            refused.add(case.name)
            continue
        assert service.job_definition_problems(fill(made.jobs, {})) == []
        assert service.problems(made.definition) == []
        assert asl_dangling.dangling(made.definition) == []
        written.append(tmp_path / f"{case.name}.json")
        written[-1].write_text(made.text, encoding="utf-8")
    assert asl.validate(written) == []
    assert refused == (LARGE if compute.endswith("fargate") else set())
