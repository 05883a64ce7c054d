"""What stands in for names of Metaflow's that a flow imports and never uses."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowc
from flowc.runtime import contract
from flowc.runtime.language.absent import Absent, answer, stand_in_for

FLOW = """
    from {face} import FlowMutator, FlowSpec, parallel, step
    from flowc import S3 as Store

    try:
        from {face} import S3
    except ImportError as error:
        S3 = str(error)

    class Unused{number}(FlowSpec):
        @step
        def start(self):
            from {face} import Runner
            self.missing = S3
            self.next(self.end)

        @step
        def end(self):
            try:
                from {face} import Deployer
            except ImportError:
                self.fallback = True
            try:
                globals()["parallel"](1)
            except ImportError as error:
                self.message = str(error)
    """


@pytest.mark.parametrize(("face", "number"), [("flowc", 1), ("metaflow", 2)])
def test_a_flow_runs_that_imports_more_than_it_uses(write: Any, face: str, number: int) -> None:
    flow = write(FLOW.format(face=face, number=number))
    assert flow.plan.absent == ("FlowMutator", "Runner", "S3", "parallel")
    ran = flow.done()
    assert ran.value("end", "missing") == "flowc does not have Metaflow's `S3` yet"
    assert ran.value("end", "fallback")
    assert ran.value("end", "message") == "flowc does not have Metaflow's `parallel` yet"


def test_a_container_knows_it_from_the_plan(write: Any) -> None:
    flow = write(FLOW.format(face="metaflow", number=3))
    done = flow.container("1", "start", **{contract.PARAMETERS: "{}"})
    assert done.returncode == 0, done.stderr


USES: dict[str, Callable[[Any], object]] = {
    "called": lambda it: it(),
    "asked for an attribute": lambda it: it.attribute,
    "given one": lambda it: setattr(it, "attribute", 1),
    "a base class": lambda it: types.new_class("C", (it,)),
    "a context": lambda it: it.__enter__(),
    "looped over": lambda it: list(it),
    "subscripted": lambda it: it[0],
    "a condition": lambda it: bool(it),
    "a type": lambda it: isinstance(1, it),
    "kept": lambda it: pickle.dumps(it),
    "in a type": lambda it: it | None,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_every_use_fails(use: Callable[[Any], object]) -> None:
    with pytest.raises(ImportError, match="flowc does not have Metaflow's `S3` yet"):
        use(Absent("S3"))


def test_it_can_be_looked_at() -> None:
    assert repr(Absent("S3")) == "<Metaflow's `S3`, which flowc does not have yet>"
    assert not hasattr(Absent("S3"), "__wrapped__")


def test_names_of_one_flow_are_not_those_of_the_next() -> None:
    stand_in_for(["S3", "nosuch"])
    found = flowc.S3
    stand_in_for([])
    assert isinstance(found, Absent)
    assert not hasattr(flowc, "nosuch")
    for name in ("S3", "Runner"):
        with pytest.raises(ImportError, match=f"`{name}`"):
            answer(name)


PROGRAM = """
    from flowc import FlowMutator, FlowSpec, step
    from metaflow import Runner, S3

    try:
        from metaflow import Deployer
        raise SystemExit("Deployer is there")
    except ImportError:
        Deployer = None

    class Programme(FlowSpec):
        @step
        def start(self):
            {}
            self.next(self.end)

        @step
        def end(self):
            print("done with", Deployer)

    if __name__ == "__main__":
        Programme()
    """
SHIM = Path(flowc.__file__).resolve().parent / "runtime" / "shim"


def run_program(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    file = folder / "programme.py"
    file.write_text(textwrap.dedent(PROGRAM.format(code)))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SHIM), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, file.name, "run"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_a_file_that_is_run_is_compiled_before_its_imports_are_judged(tmp_path: Path) -> None:
    done = run_program(tmp_path, "pass")
    assert done.returncode == 0, done.stderr
    assert "done with None" in done.stdout
    done = run_program(tmp_path, "S3()")
    assert done.returncode == 1
    assert "error[FC107]: flowc does not have Metaflow's `S3` yet" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_code_without_a_file_gets_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", "from flowc import S3"], capture_output=True, text=True, check=False)
    assert "ImportError: flowc does not have Metaflow's `S3` yet" in done.stderr
