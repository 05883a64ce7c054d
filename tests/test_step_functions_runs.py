"""Every golden flow, deployed to the engine and run there: what the store then holds is what a local run leaves.

The machine's interpreter is moto's, mended; jobs are processes of the compiled command, which fetch the package from the engine's
S3 and keep their artifacts there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from deployed import deploy
from engines import Aws
from test_golden_runs import RUNS


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_golden_flow(aws: Aws, case: Path) -> None:
    ran = deploy(aws, case / "flow.py").run()
    assert ran.execution.status == "SUCCEEDED", ran.execution.report()
    assert ran.kept() == (case / "result.json").read_text(encoding="utf-8")
