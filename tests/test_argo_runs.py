"""Every golden flow goes to Argo as a user's does: `flowc deploy`, `flowc trigger --wait`. What the store then holds is what a
local run leaves.

The cluster is the engine's (`engines.argo`), a stand-in: `tests/e2e` does the same on a real one. Pods are processes of the
compiled command, which fetch the package from S3 and keep their artifacts there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from clustered import Moor, berth, moor  # noqa: F401
from conftest import options_in
from test_golden_runs import RUNS


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_golden_flow(moor: Moor, case: Path) -> None:  # noqa: F811
    ran = moor(case / "flow.py", *options_in((case / "flow.py").read_bytes())).run()
    assert (ran.code, ran.phase) == (0, "Succeeded"), ran.report()
    assert ran.kept() == (case / "result.json").read_text(encoding="utf-8")
