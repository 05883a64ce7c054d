"""Every graph shape: what a run on the cluster leaves is what a local one leaves, artifact by artifact."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import options_in
from test_golden_runs import RUNS

from e2e.argo.conftest import Ship
from e2e.argo.settings import Settings

NEED_MORE = {"bigsum_small": "it needs numpy, which FLOWC_E2E_IMAGE may name an image with"}
"""What an image of nothing but Python cannot run."""


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_shape(ship: Ship, settings: Settings, case: Path) -> None:
    if settings.plain_image and case.name in NEED_MORE:
        pytest.skip(NEED_MORE[case.name])
    ran = ship(case / "flow.py", *options_in((case / "flow.py").read_bytes())).run()
    assert (ran.code, ran.status) == (0, "Succeeded"), ran.report()
    assert ran.kept() == (case / "result.json").read_text(encoding="utf-8")
