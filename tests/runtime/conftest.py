"""What the runtime's tests share: flows written to files, compiled, and run with real processes."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from flowc.compiler import pipeline
from flowc.compiler.diagnostics.model import has_errors
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.plan import plan_of, plan_text
from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.language.current import Current, current
from flowc.runtime.local.scheduler import RunResult, run_locally
from flowc.runtime.local.tree import Walk
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import Plan, parse_plan
from flowc.runtime.records.manifest import Manifest, read_failure, read_manifest
from flowc.runtime.store import LocalStore
from flowc.runtime.tasks.loading import load_flow_class

_numbers = itertools.count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # Python 3.12 and later warn of forks beside threads, which pytest-xdist has; flowc's own process has none.
            item.add_marker(pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"))


@dataclass
class Ran:
    """A run that has ended, and what it left."""

    flow: WrittenFlow
    run_id: str
    result: RunResult | None = None
    out: str = ""
    err: str = ""
    codes: dict[tuple[str, str], int] = field(default_factory=dict)

    def task(self, step: str, path: str = "-") -> TaskId:
        return TaskId(self.run_id, step, path)

    def manifest(self, step: str, path: str = "-") -> Manifest:
        manifest = read_manifest(self.flow.store, self.flow.plan.flow, self.task(step, path))
        assert manifest is not None, f"{step}/{path} is not done\n{self.err}"
        return manifest

    def value(self, step: str, name: str, path: str = "-") -> Any:
        artifacts = Artifacts(self.flow.store, self.flow.plan.flow, self.run_id)
        return artifacts.load(name, self.manifest(step, path).artifacts[name])

    def values(self, step: str, path: str = "-") -> dict[str, Any]:
        return {name: self.value(step, name, path) for name in self.manifest(step, path).artifacts}

    def failure(self, step: str, path: str = "-", attempt: int = 0) -> Any:
        return read_failure(self.flow.store, self.flow.plan.flow, self.task(step, path), attempt)

    def tasks(self) -> set[tuple[str, str]]:
        keys = (key.split("/") for key in self.flow.store.list(f"{self.flow.plan.flow}/{self.run_id}/"))
        return {(key[2], key[3]) for key in keys if key[-1] == contract.MANIFEST}


@dataclass
class WrittenFlow:
    """A flow in a file."""

    file: Path
    plan: Plan
    store: LocalStore
    document: Mapping[str, Any]

    def run(
        self, parameters: Mapping[str, object] | None = None, store_of: Callable[[LocalStore], Any] | None = None, **settings: Any
    ) -> Ran:
        """Run it locally; the store may be another one that is made of this flow's."""
        out, err = io.StringIO(), io.StringIO()
        settings = {"document": self.document, **settings}
        store = store_of(self.store) if store_of else self.store
        result = run_locally(self.plan, self.file, parameters or {}, store=store, out=out, err=err, **settings)
        return Ran(self, result.run_id, result, out.getvalue(), err.getvalue())

    def done(self, parameters: Mapping[str, object] | None = None, **settings: Any) -> Ran:
        """Run it locally to its end."""
        ran = self.run(parameters, **settings)
        assert ran.result is not None
        assert ran.result.ok, ran.err
        assert ran.result.exit_code == 0
        return ran

    def failed(self, *words: str, **settings: Any) -> Ran:
        """Run it locally; it must fail, and say these words."""
        ran = self.run(**settings)
        assert ran.result is not None
        assert not ran.result.ok, ran.err
        assert ran.result.exit_code == 1
        for word in words:
            assert word in ran.err, ran.err
        return ran

    def container(self, run: str, step: str, path: str = "-", attempt: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one task as a container would."""
        command, settings = self.container_command(run, step, path, attempt, **more)
        return subprocess.run(command, **settings, capture_output=True, text=True, check=False)

    def container_command(self, run: str, step: str, path: str = "-", attempt: int = 0, **more: str) -> tuple[list[str], Any]:
        """How `subprocess` runs one task as a container would."""
        (self.file.parent / contract.PLAN_FILE).write_text(self.plan_text)
        outputs = self.file.parent / "outputs" / step / path
        environment = {
            **os.environ,
            contract.RUN: run,
            contract.STEP: step,
            contract.PATH: path,
            contract.ATTEMPT: str(attempt),
            contract.DATASTORE: self.store.root,
            contract.PACKAGE: str(self.file.parent),
            contract.OUTPUTS: str(outputs),
            **more,
        }
        return [sys.executable, "-m", "flowc.runtime"], {"env": environment, "cwd": self.file.parent}

    def ran(self, run: str) -> Ran:
        """What is in the store of a run, however it came there."""
        return Ran(self, run)

    def orchestrated(self, run: str, attempts: int = 1, **more: str) -> Ran:
        """Run all tasks as containers, with an orchestrator that knows what they put into their outputs and nothing else."""
        walk, ran = Walk(self.plan), Ran(self, run)
        while (ready := walk.take()) is not None:
            for attempt in range(attempts):
                done = self.container(run, *ready, attempt, **more)
                ran.out, ran.err = ran.out + done.stdout, ran.err + done.stderr
                ran.codes[ready] = done.returncode
                if done.returncode == 0:
                    break
            else:
                return ran
            outputs = self.file.parent / "outputs" / ready[0] / ready[1]
            chose = (outputs / contract.OUTPUT_NEXT).read_text()
            walk.end(ready, chose or None, int((outputs / contract.OUTPUT_CARDINALITY).read_text()))
        assert walk.over
        return ran

    @property
    def plan_text(self) -> str:
        return plan_text(compiled(self.file))


def compiled(file: Path) -> Flow:
    """Compile a flow, whatever is judged of its artifacts: what the compiler finds first, a run must say too."""
    with mock.patch.object(pipeline, "has_errors", lambda found: has_errors(one for one in found if not one.rule.judgement)):
        done = pipeline.compile_bytes(file.name, file.read_bytes())
    assert done.flow is not None, done.diagnostics
    return done.flow


@pytest.fixture(autouse=True)
def no_current_task() -> Iterator[None]:
    """Tests that run a task in this process leave no trace of it to others; a task's own process ends with it."""
    yield
    vars(current).update(vars(Current()))


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[[str], WrittenFlow]]:
    """Writes a flow's source to a file of its own name, and compiles it."""
    before = list(sys.path)

    def write(source: str) -> WrittenFlow:
        text = textwrap.dedent(source)
        if "import" not in text.split("class", 1)[0]:
            text = "from flowc import *\n" + text
        file = tmp_path / f"flow_{next(_numbers)}_{os.getpid()}.py"
        file.write_text(text)
        document = json.loads(json.dumps(plan_of(compiled(file))))
        return WrittenFlow(file, parse_plan(document), LocalStore(tmp_path / "store"), document)

    yield write
    sys.path[:] = before


@pytest.fixture
def load(write: Callable[[str], WrittenFlow]) -> Callable[[WrittenFlow], type[Any]]:
    """Imports a written flow's class into this process."""
    return lambda flow: load_flow_class(flow.file, flow.plan.flow)
