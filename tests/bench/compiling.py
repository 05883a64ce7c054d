"""What it costs to compile: linear flows of several lengths, to both targets; and how a part for one platform measures it.

Metaflow's compilers upload its package while they compile, even where they only print: they want an S3, a real server here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from servers import Server

from bench.flows import branching, linear
from bench.measuring import Cost, line, measure
from bench.rival import USER, Metaflow

STEPS = (5, 100, 500)
_NEEDS_MIB = {("step-functions", 500): 6000}
"""What Metaflow needs for that many steps, with something to spare."""


def bench(folder: Path, _metaflow: Metaflow | None) -> None:
    """flowc's figures, beside what the same Python needs for nothing at all."""
    python = sys.executable
    line("python -c pass", measure([python, "-c", "pass"], folder))
    line("python -c 'import click, yaml'", measure([python, "-c", "import click, yaml"], folder))
    for steps in STEPS:
        for target in ("argo", "sfn"):
            line(f"compile {steps} steps, {target}", compile_flow(folder, linear(steps), target), size=True)


def compile_flow(folder: Path, text: str, target: str) -> Cost | None:
    """What `flowc compile` costs for a flow of this text."""
    (folder / "measured.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "flowc", "compile", "measured.py", "--target", target, "--datastore", "s3://bucket/x"]
    return measure([*command, *(("--batch-queue", "q") if target == "sfn" else ())], folder)


def compile_its(
    folder: Path, steps: int, verb: str, metaflow: Metaflow, server: Server, environment: Mapping[str, str]
) -> Cost | None:
    """What `VERB create --only-json` of Metaflow costs for a branching flow."""
    (folder / "branching.py").write_text(branching(steps, "metaflow"), encoding="utf-8")
    command = [metaflow.python, "branching.py", verb, "create", "--only-json"]
    return measure(command, folder, times=1, environment={**USER, **_datastore(server), **environment})


def has_memory(steps: int, verb: str) -> bool:
    """Whether this machine has the memory that Metaflow needs for that many steps; says so if not."""
    needs = _NEEDS_MIB.get((verb, steps), 0)
    try:
        free = int(Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0]) >> 10
    except (OSError, IndexError):  # not Linux: nobody tells
        return True
    if free < needs:
        print(f"no comparison with Metaflow at {steps} steps: it takes some {needs:,} MiB of memory, and {free:,} are free")
    return free >= needs


def _datastore(server: Server) -> dict[str, str]:
    return {
        **server.environment,
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DATASTORE_SYSROOT_S3": f"{server.root}/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": server.endpoint,
    }
