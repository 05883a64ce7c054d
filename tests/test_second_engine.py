"""The golden flows on MiniStack: an interpreter, an S3 and an ECS that share nothing with the engine of the other tests.

Jobs are processes; `test_ecs_containers` has real containers.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import given_in
from deployed import deploy, run_here
from engines import Aws
from engines.ministack import ministack  # noqa: F401
from mishaps import FAIL, GO_ON, without_ended
from test_golden_runs import RUNS


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_golden_flow(ministack: Aws, case: Path) -> None:  # noqa: F811
    ran = deploy(ministack, case / "flow.py", added=given_in((case / "flow.py").read_bytes())).run()
    assert ran.execution.status == "SUCCEEDED", ran.execution.report()
    assert ran.kept() == (case / "result.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", [*FAIL, *GO_ON])
def test_failures(ministack: Aws, what: str, tmp_path: Path) -> None:  # noqa: F811
    file = (FAIL | GO_ON)[what].write(tmp_path)
    here = run_here(file, "Fails")
    ran = deploy(ministack, file).run()
    assert ran.execution.status == ("FAILED" if what in FAIL else "SUCCEEDED"), ran.execution.report()
    assert here.failures
    assert without_ended(ran.failures()) == here.failures
    if what in GO_ON:
        assert ran.kept() == here.kept
