"""What it costs to compile: linear flows of several lengths, to both targets.

Metaflow's compilers for Argo and Step Functions also want an S3 that they can reach (METAFLOW_DATASTORE_SYSROOT_S3 and
credentials), and are said to have failed without one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.flows import linear
from bench.measuring import Cost, beside, line, measure
from bench.rival import USER, Metaflow

STEPS = (5, 100, 500)
VERBS = {"argo": "argo-workflows", "sfn": "step-functions"}


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """flowc's figures, beside what the same Python needs for nothing at all, and beside Metaflow's."""
    python = sys.executable
    line("python -c pass", measure([python, "-c", "pass"], folder))
    line("python -c 'import click, yaml'", measure([python, "-c", "import click, yaml"], folder))
    for steps in STEPS:
        for target in ("argo", "sfn"):
            (folder / "linear.py").write_text(linear(steps), encoding="utf-8")
            command = [python, "-m", "flowc", "compile", "linear.py", "--target", target]
            mine = measure([*command, "--datastore", "s3://bucket/x", "--batch-queue", "q"], folder)
            its: Cost | None = None
            if metaflow and steps < STEPS[-1]:  # 500 steps take it minutes
                (folder / "linear.py").write_text(linear(steps, "metaflow"), encoding="utf-8")
                command = [metaflow.python, "linear.py", "--datastore", "s3", VERBS[target], "create", "--only-json"]
                its = measure(command, folder, times=1, environment=USER)
            beside(f"compile {steps} steps, {target}", mine, its, asked=metaflow is not None and steps < STEPS[-1], size=True)
