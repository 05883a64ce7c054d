"""Every golden flow goes to Step Functions as a user's does: `flowc deploy`, `flowc trigger --wait`. What the store then holds is
what a local run leaves.

The account is the engine's: its interpreter is moto's, mended; jobs are processes of the compiled command, which fetch the
package from the engine's S3 and keep their artifacts there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import options_in
from shipped import Ship, ship, shop  # noqa: F401
from test_golden_runs import RUNS

QUEUES = ("large", "accelerated")
"""Those that golden flows name."""


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_golden_flow(ship: Ship, case: Path) -> None:  # noqa: F811
    ran = ship(case / "flow.py", *options_in((case / "flow.py").read_bytes()), queues=QUEUES).run()
    assert ran.code == 0, ran.report()
    assert ran.execution().status == "SUCCEEDED"
    assert ran.kept() == (case / "result.json").read_text(encoding="utf-8")
