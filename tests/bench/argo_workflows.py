"""What Argo Workflows cost: to compile flows of several lengths, beside Metaflow and Hera.

Hera prints what a person has built with its classes: the same graph, each step a task of one DAG that calls one container
template with its name. That is the least that Hera can print for it, and says nothing of data, retries or what a step runs.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from servers import s3_missing, s3_server

from bench.compiling import STEPS, compile_flow, compile_its, has_memory
from bench.flows import branching, branching_for_hera
from bench.measuring import beside, measure
from bench.rival import Metaflow, find_hera

_VERB = "argo-workflows"


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """flowc's figures, beside those of the others of the same minute."""
    hera, why_no_hera = find_hera()
    print(f"and beside Hera {hera.version}" if hera else f"no comparison with Hera: {why_no_hera}")
    with ExitStack() as stack:
        server = None
        if why := s3_missing():
            print(f"no S3 server: {why}")
        else:
            server = stack.enter_context(s3_server())
        for steps in STEPS:
            mine, others = compile_flow(folder, branching(steps), "argo"), {}
            if metaflow is not None and server is not None and has_memory(steps, _VERB):
                others["Metaflow"] = compile_its(folder, steps, _VERB, metaflow, server, {})
            if hera is not None:
                (folder / "built.py").write_text(branching_for_hera(steps), encoding="utf-8")
                others["Hera"] = measure([hera.python, "built.py"], folder)
            beside(f"compile {steps} steps, argo", mine, others, size=True)
