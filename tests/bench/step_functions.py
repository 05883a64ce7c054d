"""What Step Functions cost: to compile flows of several lengths, beside Metaflow.

Metaflow registers each step's job definition while it compiles: it has Batch's answers from `its_aws`.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from servers import s3_missing, s3_server

from bench.compiling import STEPS, compile_flow, compile_its, has_memory
from bench.flows import branching
from bench.its_aws import batch
from bench.measuring import beside
from bench.rival import Metaflow

_VERB = "step-functions"


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """flowc's figures, beside Metaflow's of the same minute."""
    with ExitStack() as stack:
        server, account = None, stack.enter_context(batch())
        if why := s3_missing():
            print(f"no S3 server: {why}")
        else:
            server = stack.enter_context(s3_server())
        for steps in STEPS:
            mine, others = compile_flow(folder, branching(steps), "sfn"), {}
            if metaflow is not None and server is not None and has_memory(steps, _VERB):
                others["Metaflow"] = compile_its(folder, steps, _VERB, metaflow, server, account)
            beside(f"compile {steps} steps, sfn", mine, others, size=True)
