"""What a foreach of 10,000 costs: its documents, whose size does not depend on that; and its split and join on S3."""

from __future__ import annotations

import os
from pathlib import Path

from servers import Server, s3_missing, s3_server
from wide import WIDTH, Wide, flow

from bench.compiling import compile_flow
from bench.measuring import line, measure
from bench.rival import Metaflow


def bench(folder: Path, _metaflow: Metaflow | None) -> None:
    """flowc's figures, alone."""
    for target in ("argo", "sfn"):
        for width in (10, WIDTH):
            cost = compile_flow(folder, flow("range(self.width)", width), target)
            line(f"compile a foreach of {width:,}, {target}", cost, size=True)
    if why := s3_missing():
        print(f"no S3 server: {why}")
        return
    with s3_server() as server:
        _join(folder, server)


def _join(folder: Path, server: Server) -> None:
    """The join's own process, on S3, where all tasks of the foreach are done."""
    os.environ.update(server.environment)
    wide = Wide.write(folder, server.place(), server.environment)
    start = measure(wide.command, folder, times=1, environment=wide.variables("start"))
    line(f"split into {WIDTH:,} on S3", start)
    wide.fill()
    line(f"join {WIDTH:,}, one value of each, on S3", measure(wide.command, folder, times=1, environment=wide.variables("join")))
    assert wide.squares() == [index**2 for index in range(WIDTH)]
