"""What a task costs whoever starts it that runs elsewhere: a foreach of 1,000 on an emulator of AWS Batch.

The jobs are processes of the emulator's; what is measured is the scheduler, and the helper that starts and watches them.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

from engines.account import Aws, engine
from engines.calls import JOB, ROUTE
from laptop import laptop_at_aws

from bench.measuring import Cost, line, measure
from bench.rival import Metaflow

WIDE, NARROW = 1000, 10
WORKERS = 200
FLOW = """
from flowc import FlowSpec, batch, Parameter, step


class Wide(FlowSpec):
    width = Parameter("width", default=1)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.work, foreach="items")

    @batch
    @step
    def work(self):
        self.square = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sum = sum(one.square for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.sum)
"""


def bench(folder: Path, _metaflow: Metaflow | None) -> None:
    """flowc's figures, alone: Metaflow has one process for each such task."""
    with engine({"FLOWC_ENGINE_CALLS": "1"}) as aws:
        few, some_calls = _run(folder, aws, NARROW)
        many, calls = _run(folder, aws, WIDE)
    if few is None or many is None:
        return
    more = WIDE - NARROW
    print(f"each further task: {1000 * (many.cpu - few.cpu) / more:.1f} CPU ms, {(calls - some_calls) / more:.2f} API calls")


def _run(folder: Path, aws: Aws, width: int) -> tuple[Cost | None, int]:
    """A run with so many tasks on AWS Batch: what it costs, and how many requests were made of Batch."""
    laptop = laptop_at_aws(aws, folder)
    laptop.write("wide.py", FLOW)
    _calls(aws)
    limits = ["--max-workers", str(WORKERS), "--max-num-splits", str(WIDE)]
    command = [sys.executable, "-m", "flowc", "run", "wide.py", "--width", str(width), *limits]
    cost = measure(command, folder, times=1, environment=laptop.environment)
    calls = _calls(aws)
    line(f"a foreach of {width:,} on AWS Batch, {WORKERS} at once", cost, note=f"{calls} API calls")
    return cost, calls


def _calls(aws: Aws) -> int:
    """How many requests were made of AWS Batch since this was last asked, but by jobs."""
    with urllib.request.urlopen(aws.endpoint + ROUTE) as answer:
        return sum(one["service"] == "batch" and one["who"] != JOB for one in json.load(answer))
