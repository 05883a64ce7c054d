"""What Step Functions cost: to compile flows of several lengths, beside Metaflow; and a foreach of 10,000.

Metaflow uploads its package and registers each step's job definition while it compiles, even where it only prints: it has a real
S3 server here, and Batch's answers from `its_aws`.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from servers import Server, s3_missing, s3_server
from wide import WIDTH, Wide, flow

from bench.flows import branching
from bench.its_aws import batch
from bench.measuring import Cost, beside, line, measure
from bench.rival import USER, Metaflow

STEPS = (5, 100, 500)
NEEDS_MIB = {500: 6000}
"""What Metaflow needs for that many steps, with something to spare."""


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """flowc's figures, beside Metaflow's of the same minute; then the wide foreach, alone."""
    with ExitStack() as stack:
        server, account = None, stack.enter_context(batch())
        if why := s3_missing():
            print(f"no S3 server: {why}")
        else:
            server = stack.enter_context(s3_server())
        for steps in STEPS:
            mine = _compile(folder, branching(steps))
            its: Cost | None = None
            if compares := metaflow is not None and server is not None and _enough_memory(steps):
                assert metaflow is not None
                assert server is not None
                (folder / "branching.py").write_text(branching(steps, "metaflow"), encoding="utf-8")
                command = [metaflow.python, "branching.py", "step-functions", "create", "--only-json"]
                environment = {**USER, **account, **_datastore(server)}
                its = measure(command, folder, times=1, environment=environment)
            beside(f"compile {steps} steps, sfn", mine, its, asked=compares, size=True)
        for width in (10, WIDTH):
            line(f"compile a foreach of {width:,}, sfn", _compile(folder, flow("range(self.width)", width)), size=True)
        if server is not None:
            _join(folder, server)


def _compile(folder: Path, text: str) -> Cost | None:
    (folder / "branching.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "flowc", "compile", "branching.py", "--target", "sfn"]
    return measure([*command, "--datastore", "s3://bucket/x", "--batch-queue", "q"], folder)


def _datastore(server: Server) -> dict[str, str]:
    return {
        **server.environment,
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DATASTORE_SYSROOT_S3": f"{server.root}/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": server.endpoint,
    }


def _enough_memory(steps: int) -> bool:
    """Whether this machine has the memory that Metaflow needs for that many steps; says so if not."""
    needs = NEEDS_MIB.get(steps, 0)
    try:
        free = int(Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0]) >> 10
    except (OSError, IndexError):  # not Linux: nobody tells
        return True
    if free < needs:
        print(f"no comparison with Metaflow at {steps} steps: it takes some {needs:,} MiB of memory, and {free:,} are free")
    return free >= needs


def _join(folder: Path, server: Server) -> None:
    """The join's own process, on S3, where all tasks of the foreach are done."""
    os.environ.update(server.environment)
    wide = Wide.write(folder, server.place(), server.environment)
    start = measure(wide.command, folder, times=1, environment=wide.variables("start"))
    line(f"split into {WIDTH:,} on S3", start)
    wide.fill()
    line(f"join {WIDTH:,}, one value of each, on S3", measure(wide.command, folder, times=1, environment=wide.variables("join")))
    assert wide.squares() == [index**2 for index in range(WIDTH)]
