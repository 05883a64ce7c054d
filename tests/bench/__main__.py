"""`make bench`: what flowc costs, beside Metaflow in the same session, as whole processes.

Each figure is the best of several runs: CPU seconds (of the process and all that it starts), wall seconds, peak memory. Metaflow
is installed into an environment of its own below `build/`, or is that of the Python that METAFLOW_PYTHON names; where it cannot
be had, flowc's figures stand alone. So it is with Hera, beside which Argo's documents are measured.

    python -m bench [growth] [compile] [argo] [sfn] [foreach] [elsewhere] [run] [task] [artifacts]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import argo_workflows, artifacts, compiling, container, elsewhere, foreach, growth, running, step_functions
from bench.rival import Metaflow, find_metaflow

PARTS: dict[str, Callable[[Path, Metaflow | None], None]] = {
    "growth": growth.bench,
    "compile": compiling.bench,
    "argo": argo_workflows.bench,
    "sfn": step_functions.bench,
    "foreach": foreach.bench,
    "elsewhere": elsewhere.bench,
    "run": running.bench,
    "task": container.bench,
    "artifacts": artifacts.bench,
}


def main(asked: list[str]) -> int:
    """Print the figures of some parts, or of all."""
    unknown = [one for one in asked if one not in PARTS]
    if unknown:
        print(f"no part {', '.join(unknown)}: there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    metaflow, why = find_metaflow()
    print(f"flowc beside {metaflow}" if metaflow else f"no comparison with Metaflow: {why}")
    for name in asked or PARTS:
        print(f"\n== {name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder), metaflow)
    return 0


sys.exit(main(sys.argv[1:]))
