"""A foreach of 10,000: the documents do not grow with it, and its join finds all of its inputs. One of 300 runs as a whole, in
another interpreter of state machines."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import documents
from deployed import environment, in_image
from engines import Aws
from servers import Server
from wide import RUN, WIDTH, Wide, flow

from flowc.compiler.diagnostics.model import Report
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text
from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_manifest
from flowc.runtime.store import open_store
from flowc.targets.options import Options
from flowc.targets.sfn.deployment import deployment_of


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


NESTED = """\
from flowc import FlowSpec, current, step


class Nested(FlowSpec):
    @step
    def start(self):
        self.rows = list(range(20))
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = [self.input * 100 + number for number in range(15)]
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.square = self.input**2
        self.next(self.row_in)

    @step
    def row_in(self, inputs):
        self.squares = [one.square for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [square for one in inputs for square in one.squares]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_300_splits_run(aws: Aws, tmp_path: Path) -> None:
    assert squares(aws, flow("range(300)"), tmp_path) == [number**2 for number in range(300)]


def test_300_splits_of_20_splits_run(aws: Aws, tmp_path: Path) -> None:
    assert squares(aws, NESTED, tmp_path) == [(100 * row + cell) ** 2 for row in range(20) for cell in range(15)]


def squares(aws: Aws, source: str, folder: Path) -> object:
    """What the last task of a run by the engine has under that name."""
    compiled = compile_bytes("flow.py", source.encode()).flow
    assert compiled is not None
    (folder / "flow.py").write_text(source, encoding="utf-8")
    (folder / contract.PLAN_FILE).write_text(plan_text(compiled), encoding="utf-8")
    report = Report()
    options = Options(datastore=f"s3://{aws.bucket()}/flows", batch_queue=aws.batch_queue)
    made = deployment_of(compiled, options, report)
    assert not report.failed, report.sorted()
    execution = aws.run(made.definition, in_image(made.jobs, folder), {})
    assert execution.status == "SUCCEEDED", execution.report()
    with environment(aws.environment):
        store = open_store(options.datastore)
        done = read_manifest(store, compiled.name, TaskId(execution.name, "end", contract.ROOT_PATH))
        assert done is not None
        return Artifacts(store, compiled.name, execution.name).load("squares", done.artifacts["squares"])
