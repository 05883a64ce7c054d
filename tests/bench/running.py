"""What a local run costs: a flow of 5 steps, and foreaches of 100 and 1,000 items."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.flows import fanout, linear
from bench.measuring import beside, measure
from bench.rival import USER, Metaflow

WIDTHS = (100, 1000)


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """flowc's figures, and Metaflow's once each: it takes its time."""
    cases = [("run 5 steps", "linear.py", 5, 0), *((f"run a foreach of {width:,}", "fanout.py", 0, width) for width in WIDTHS)]
    for what, file, steps, width in cases:
        options = ["--max-num-splits", str(width)] if width else []
        (folder / file).write_text(fanout(width) if width else linear(steps), encoding="utf-8")
        mine = measure([sys.executable, "-m", "flowc", "run", file, *options], folder, times=3 if width < 1000 else 1)
        others = {}
        if metaflow:
            package = "metaflow"
            (folder / file).write_text(fanout(width, package) if width else linear(steps, package), encoding="utf-8")
            others["Metaflow"] = measure([metaflow.python, file, "run", *options], folder, times=1, environment=USER)
        beside(what, mine, others)
