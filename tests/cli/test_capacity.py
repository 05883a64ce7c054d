"""What a run says where `@resources` asks for more than the machine has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowc.cli.capacity import REMEDY, Machine, lacking, this_machine
from flowc.compiler import Source, compile_source
from flowc.compiler.plan import plan_of
from flowc.runtime.plan import parse_plan

from .conftest import FLOW, Run

LAPTOP = Machine(cpu=8, memory=16_000, gpu=0)


def said(*asked: str, here: tuple[str, ...] = ("start", "s1", "s2", "end"), machine: Machine = LAPTOP) -> str | None:
    """What is said of a chain of steps that ask for this."""
    names = ("start", *(f"s{number}" for number in range(1, len(asked) - 1)), "end")
    lines = ["from flowc import *", "class Sample(FlowSpec):"]
    for number, (name, resources) in enumerate(zip(names, asked, strict=True), 1):
        lines += [f"    @resources({resources})"] if resources else []
        lines += [
            "    @step",
            f"    def {name}(self):",
            f"        self.next(self.{names[number]})" if name != "end" else "        pass",
        ]
    flow = compile_source(Source("flow.py", "\n".join(lines) + "\n")).flow
    assert flow is not None
    sentence = lacking(parse_plan(plan_of(flow)), here, machine)
    assert sentence is None or sentence.endswith(f": {REMEDY}")
    return sentence and sentence.removesuffix(f": {REMEDY}")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", None),
        ("cpu=8, memory=16000", None),
        ("cpu=None, memory='16000', gpu=0", None),
        ("disk=10**9, shared_memory=10**9", None),
        ("cpu=8.5", "`end` asks for 8.5 CPUs, and this machine has 8 CPUs"),
        ("cpu='64'", "`end` asks for 64 CPUs, and this machine has 8 CPUs"),
        ("memory=64000", "`end` asks for 64,000 MB of memory, and this machine has 16,000 MB of memory"),
        ("gpu=1", "`end` asks for 1 GPU, and this machine has no GPU"),
        (
            "gpu=2, cpu=1, memory='5e5'",
            "`end` asks for 500,000 MB of memory and 2 GPUs, and this machine has 16,000 MB of memory and no GPU",
        ),
    ],
)
def test_one_step(asked: str, expected: str | None) -> None:
    assert said("", asked) == expected


def test_the_step_that_asks_for_most() -> None:
    assert str(said("cpu=10", "memory=100000", "cpu=9", "")).startswith("`s1` asks for 100,000 MB")
    assert str(said("cpu=100", "memory=100000", "cpu=9", "")).startswith("`start` asks for 100 CPUs")
    assert str(said("cpu=100", "memory=100000", "gpu=1", "")).startswith("`s2` asks for 1 GPU")
    assert str(said("cpu=100", "memory=100000", "gpu=1", "", here=("s1",))).startswith("`s1` asks for")
    assert said("cpu=100", "memory=100000", "gpu=1", "", here=()) is None


def test_what_is_not_known_is_enough() -> None:
    assert said("", "cpu=100, memory=1e9, gpu=8", machine=Machine(cpu=None, memory=None, gpu=None)) is None
    assert str(said("", "cpu=100, gpu=8", machine=Machine(cpu=1, memory=None, gpu=1))) == (
        "`end` asks for 100 CPUs and 8 GPUs, and this machine has 1 CPU and 1 GPU"
    )


def test_this_machine() -> None:
    machine = this_machine()
    assert machine.cpu == os.cpu_count()
    assert machine.memory is not None
    assert 100 < machine.memory < 10**9
    assert machine.gpu is None or machine.gpu >= 0


def test_a_run_says_it_once_and_goes_on(flowc_process: Run) -> None:
    above = "    @resources(memory=10**12)\n    @step"
    text = FLOW.replace("    @step", above).replace("import FlowSpec", "import FlowSpec, resources")
    Path("flow.py").write_text(text, encoding="utf-8")
    ended = flowc_process("run", "flow.py")
    assert ended.code == 0
    told = [line for line in ended.err.splitlines() if "asks for" in line]
    assert len(told) == 1
    assert told[0].startswith("flowc: `start` asks for 1,000,000,000,000 MB of memory, and this machine has ")
    assert "asks for" not in flowc_process("run", "flow.py", "--quiet").err
