"""Whatever the input, there is a flow or there are diagnostics: no exception, no hang, no nonsense in what is said.

Random files from a grammar, golden flows with wounds, and the Python files of this machine. FLOWC_FUZZ=1 reads every file of the
standard library and of site-packages, and a hundred times as many random ones.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from conftest import CASES, ERRORS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import as_flow, mutate, write

from flowc.compiler import Compilation
from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.compiler.diagnostics.render import FORMATS
from flowc.compiler.ir.printer import print_flow
from flowc.compiler.ir.verify import verify
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text
from flowc.compiler.source import Source
from flowc.targets import TARGETS, load
from flowc.targets.options import Options

EVERYTHING = bool(os.environ.get("FLOWC_FUZZ"))
PATIENCE = 60
"""Seconds after which a file counts as one that the compiler hangs on."""

SEEDS = [
    data
    for path in sorted([*(case / "flow.py" for case in CASES), *(file for folder in ERRORS for file in folder.glob("*.py"))])
    if len(data := path.read_bytes()) < 20_000
]

fuzzed = partial(settings, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def survive(data: bytes, class_name: str | None = None) -> Compilation:
    """Compile something, for all targets too; all that must hold of any input holds."""
    with patience():
        done = compile_bytes("flow.py", data, class_name)
        assert done.flow is not None or done.diagnostics
        check(done.diagnostics, done.source)
        if done.flow is not None:
            assert verify(done.flow) == []
            plan_text(done.flow).encode()
            for target in TARGETS:
                report = Report()
                for document in load(target)(done.flow, Options(), report):
                    document.text.encode()
                check(report.sorted(), done.source)
        again = compile_bytes("flow.py", data, class_name)
        assert again.diagnostics == done.diagnostics
        assert (again.flow and print_flow(again.flow)) == (done.flow and print_flow(done.flow))
    return done


def check(told: Sequence[Diagnostic], source: Source) -> None:
    """Diagnostics can be read: on one line, at places that exist, in every format."""
    assert len(set(told)) == len(told), "said twice"
    for one in told:
        assert one.message == " ".join(one.message.split("\n")), "a message of several lines"
        for label in (one.primary, *one.secondary):
            span = label.span
            assert "\n" not in label.text
            assert 1 <= span.line <= span.end_line <= len(source.lines), span
            assert 1 <= span.column <= len(source.lines[span.line - 1]) + 1, span
            # One character more than there is: where something is missing at the end of a line, a mark stands behind it.
            assert 1 <= span.end_column <= len(source.lines[span.end_line - 1]) + 2, span
            assert (span.line, span.column) <= (span.end_line, span.end_column), span
    for render in FORMATS.values():
        for color in (False, True):
            render(told, {source.path: source}, color).encode()


@contextmanager
def patience() -> Iterator[None]:
    def give_up(signum: int, frame: object) -> None:
        raise TimeoutError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@fuzzed(max_examples=80_000 if EVERYTHING else 800)
@given(st.randoms(use_true_random=False))
def test_files_from_a_grammar(chance: random.Random) -> None:
    survive(write(chance).encode())


@fuzzed(max_examples=200_000 if EVERYTHING else 2_000)
@given(st.sampled_from(SEEDS), st.integers(1, 3), st.randoms(use_true_random=False))
def test_wounded_flows(data: bytes, wounds: int, chance: random.Random) -> None:
    for _ in range(wounds):
        data = mutate(data, SEEDS, chance)
    survive(data)


@fuzzed(max_examples=30_000 if EVERYTHING else 300)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass"))))
def test_any_bytes(data: bytes) -> None:
    survive(data)
    survive(
        b"from flowc import FlowSpec, step\nclass A(FlowSpec):\n    x = '" + data + b"'\n    @step\n    def start(self): pass\n"
    )


def test_the_grammar_is_not_only_noise() -> None:
    """Of files from the grammar some are sound flows, and those that are not are refused for many reasons."""
    codes: Counter[str] = Counter()
    for seed in range(300):
        done = compile_bytes("flow.py", write(random.Random(seed)).encode())
        codes.update({one.rule.code for one in done.diagnostics} if done.diagnostics else {"sound"})
    assert codes["sound"] >= 5, codes
    assert codes["FC101"] <= 150, codes
    assert len(codes) >= 25, codes


def python_files() -> list[Path]:
    """The Python files of this machine, in a stable order; some of them unless all are asked for."""
    found: list[Path] = []
    for place, share in (("stdlib", 40), ("purelib", 20)):
        folder = Path(sysconfig.get_path(place))
        files = [file for file in sorted(folder.rglob("*.py")) if place == "purelib" or "site-packages" not in file.parts]
        found += files if EVERYTHING else files[:: max(1, len(files) // share)]
    return found


@pytest.mark.parametrize("file", python_files(), ids=lambda file: "/".join(file.parts[-3:]))
def test_files_of_this_machine(file: Path) -> None:
    data = file.read_bytes()
    survive(data)
    flow = as_flow(data)
    for name in re.findall(rb"^class (\w+)\(FlowSpec\)", flow, re.MULTILINE)[: None if EVERYTHING else 3]:
        survive(flow, name.decode(errors="replace"))
