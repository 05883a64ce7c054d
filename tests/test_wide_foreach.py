"""A foreach of 10,000: the documents do not grow with it, and its join finds all of its inputs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import documents
from servers import Server
from wide import RUN, WIDTH, Wide, flow

from flowc.compiler.ir.nodes import Flow
from flowc.compiler.pipeline import compile_bytes
from flowc.runtime import contract
from flowc.runtime.store import open_store


@pytest.mark.parametrize("target", ["sfn", "argo"])
def test_documents_do_not_grow_with_a_foreach(target: str) -> None:
    by_parameter = [texts(flow("range(self.width)", width), target) for width in (10, WIDTH)]
    if target == "argo":  # whose document has the parameter's default
        assert len(by_parameter[1]) - len(by_parameter[0]) == len(str(WIDTH)) - len("10")
    else:
        assert by_parameter[0] == by_parameter[1]
    assert texts(flow(f"range({WIDTH})"), target) == texts(flow(f"range({100 * WIDTH})"), target)


def texts(source: str, target: str) -> str:
    compiled: Flow | None = compile_bytes("flow.py", source.encode()).flow
    assert compiled is not None
    return "".join(one.text for one in documents(compiled, target))


def test_a_join_finds_its_inputs(s3_place: str, s3: Server, tmp_path: Path) -> None:
    wide = Wide.write(tmp_path, s3_place, s3.environment)
    run(wide, "start")
    items = open_store(s3_place).get(f"{contract.task_key('Wide', RUN, 'start', contract.ROOT_PATH)}/{contract.ITEMS}")
    assert items is not None
    assert json.loads(items) == list(range(WIDTH))
    wide.fill()
    run(wide, "join")
    assert wide.squares() == [index**2 for index in range(WIDTH)]


def run(wide: Wide, step: str) -> None:
    done = subprocess.run(wide.command, env=wide.variables(step), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
