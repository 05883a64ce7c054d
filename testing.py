"""For the tests of a flow's own steps: `from flowc.testing import run_step`."""

from __future__ import annotations

from .runtime.testing.step import StepResult, run_step

__all__ = ["StepResult", "run_step"]
