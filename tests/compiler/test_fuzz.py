"""Whatever the input, there is a flow or there are diagnostics: no exception, no hang, no nonsense in what is said.

Random files from a grammar, flows of several files, golden flows with wounds, their repairs, and the Python files of this
machine. FLOWC_FUZZ=1 reads every file of the standard library and of site-packages, and a hundred times as many random ones.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from conftest import CASES, ERRORS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import as_flow, mutate, write
from projects import write_project
from reading import Memory

from flowc.compiler import Compilation
from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.compiler.diagnostics.render import FORMATS, renderer
from flowc.compiler.files import NO_FILES, Files
from flowc.compiler.ir.printer import print_flow
from flowc.compiler.ir.verify import verify
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text
from flowc.compiler.repair import repair_bytes
from flowc.compiler.source import Source
from flowc.targets import TARGETS, load
from flowc.targets.options import Options

EVERYTHING = bool(os.environ.get("FLOWC_FUZZ"))
PATIENCE = 60
"""CPU seconds after which a file counts as one that the compiler hangs on."""

SEEDS = [
    data
    for path in sorted([*(case / "flow.py" for case in CASES), *(file for folder in ERRORS for file in folder.glob("*.py"))])
    if len(data := path.read_bytes()) < 20_000
]

fuzzed = partial(settings, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def survive(data: bytes, class_name: str | None = None, files: Files = NO_FILES) -> Compilation:
    """Compile something, for all targets too; all that must hold of any input holds."""
    with patience():
        done = compile_bytes("flow.py", data, class_name, files, hints=True)
        assert done.flow is not None or done.diagnostics
        check(done.diagnostics, done.sources)
        if done.flow is not None:
            assert verify(done.flow) == []
            plan_text(done.flow).encode()
            for target in TARGETS:
                report = Report()
                for document in load(target)(done.flow, Options(), report):
                    document.text.encode()
                check(report.sorted(), done.sources)
        again = compile_bytes("flow.py", data, class_name, files, hints=True)
        assert again.diagnostics == done.diagnostics
        assert (again.flow and print_flow(again.flow)) == (done.flow and print_flow(done.flow))
    return done


def check(told: Sequence[Diagnostic], sources: Mapping[str, Source]) -> None:
    """Diagnostics can be read: on one line, at places that exist, in every format."""
    assert len(set(told)) == len(told), "said twice"
    for one in told:
        assert one.message == " ".join(one.message.split("\n")), "a message of several lines"
        for label in (one.primary, *one.secondary):
            span = label.span
            source = sources[span.path]
            assert "\n" not in label.text
            assert 1 <= span.line <= span.end_line <= len(source.lines), span
            assert 1 <= span.column <= len(source.lines[span.line - 1]) + 1, span
            # One character more than there is: where something is missing at the end of a line, a mark stands behind it.
            assert 1 <= span.end_column <= len(source.lines[span.end_line - 1]) + 2, span
            assert (span.line, span.column) <= (span.end_line, span.end_column), span
    for render in map(renderer, FORMATS):
        for color in (False, True):
            render(told, sources, color).encode()


@contextmanager
def patience() -> Iterator[None]:
    def give_up(signum: int, frame: object) -> None:
        raise TimeoutError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@fuzzed(max_examples=80_000 if EVERYTHING else 600)
@given(st.randoms(use_true_random=False))
def test_files_from_a_grammar(chance: random.Random) -> None:
    survive(write(chance).encode())


@fuzzed(max_examples=200_000 if EVERYTHING else 1_500)
@given(st.sampled_from(SEEDS), st.integers(1, 3), st.randoms(use_true_random=False))
def test_wounded_flows(data: bytes, wounds: int, chance: random.Random) -> None:
    for _ in range(wounds):
        data = mutate(data, SEEDS, chance)
    survive(data)


@fuzzed(max_examples=40_000 if EVERYTHING else 80)
@given(st.integers(0, 2**32))
def test_flows_of_several_files(seed: int) -> None:
    chance = random.Random(seed)
    files = write_project(chance)
    survive(files["flow.py"], files=Memory(files))


@fuzzed(max_examples=40_000 if EVERYTHING else 80)
@given(st.integers(0, 2**32))
def test_several_files_with_wounds(seed: int) -> None:
    chance = random.Random(seed)
    files = write_project(chance)
    for _ in range(chance.randrange(1, 3)):
        path = chance.choice(sorted(files))
        files[path] = mutate(files[path], SEEDS, chance)
    survive(files["flow.py"], files=Memory(files))


@fuzzed(max_examples=20_000 if EVERYTHING else 150)
@given(st.sampled_from(SEEDS), st.integers(1, 3), st.randoms(use_true_random=False))
def test_repairs_of_wounded_flows(data: bytes, wounds: int, chance: random.Random) -> None:
    """A repaired file parses, and there is nothing left in it to repair."""
    for _ in range(wounds):
        data = mutate(data, SEEDS, chance)
    with patience():
        repair = repair_bytes("flow.py", data, hints=True)
        assert bool(repair.fixed) == (repair.data != data)
        if repair.fixed:
            done = compile_bytes("flow.py", repair.data, hints=True)
            assert not {"FC101", "FC102"} & {one.rule.code for one in done.diagnostics}
            assert repair_bytes("flow.py", repair.data, hints=True).data == repair.data


@fuzzed(max_examples=30_000 if EVERYTHING else 300)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass"))))
def test_any_bytes(data: bytes) -> None:
    survive(data)
    survive(
        b"from flowc import FlowSpec, step\nclass A(FlowSpec):\n    x = '" + data + b"'\n    @step\n    def start(self): pass\n"
    )


HEAD = "from flowc import FlowSpec, Parameter, retry, step\n"
FLOW = "class A(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n    @step\n    def end(self):\n        "
USED = FLOW + "pass\n    p = Parameter('p', default=X)\n"

EXTREMES: dict[str, str | bytes] = {
    "empty": "",
    "a NUL": "\0",
    "a byte-order mark": b"\xef\xbb\xbf" + (HEAD + FLOW + "pass").encode(),
    "UTF-16": (HEAD + FLOW + "pass").encode("utf-16"),
    "an unknown encoding": "# -*- coding: klingon -*-\n",
    "an encoding that is none of text": "# -*- coding: zip -*-\n",
    "an encoding that is a cipher": "# coding: rot13\n",
    "an encoding of host names": b"# coding: idna\n" + b"x" * 100 + b"..\n",
    "old line ends": (HEAD + FLOW + "pass\n").replace("\n", "\r"),
    "open brackets": "x=" + "(" * 10_000,
    "signs": "x=" + "-" * 100_000 + "1",
    "not": HEAD + FLOW + "not " * 5_000 + "x",
    "attributes": HEAD + FLOW + "x = " + "a." * 20_000 + "b",
    "calls": HEAD + FLOW + "x = a" + "()" * 3_000,
    "elif": HEAD + FLOW + "if a: pass\n" + "        elif a: pass\n" * 3_000,
    "nested if": HEAD + FLOW + "".join(" " * (8 * bool(n) + n) + "if a:\n" for n in range(90)) + " " * 99 + "pass",
    "a sum": HEAD + "X = " + "1+" * 50_000 + "1\n" + USED,
    "constants that double": HEAD
    + "A0 = 1\n"
    + "".join(f"A{n} = A{n - 1} + A{n - 1}\n" for n in range(1, 60))
    + "X = A59\n"
    + USED,
    "constants in a circle": HEAD + "X = Y\nY = Z\nZ = X\n" + USED,
    "a constant of itself": HEAD + "X = X + 1\n" + USED,
    "a tower of powers": HEAD + "X = 9**9**9\n" + USED,
    "a shift": HEAD + "X = 1 << 10**12\n" + USED,
    "a wide format": HEAD + "X = f'{1:>{10**9}}'\n" + USED,
    "a percentage": HEAD + "X = '%1000000000d' % 1\n" + USED,
    "a long list": HEAD + "Y = [0] * 10**9\nX = [Y, Y]\n" + USED,
    "text that multiplies": HEAD + "A = 'x' * 90_000\nB = [A] * 1000\nX = [B] * 1000\n" + USED,
    "a number too large": HEAD + "X = 1e400\n" + USED,
    "digits": HEAD + "X = " + "9" * 5_000 + "\n" + USED,
    "half a character": HEAD + "X = '\\ud800'\n" + USED,
    "decorators": HEAD + "class A(FlowSpec):\n" + "    @retry\n" * 1_000 + "    @step\n    def start(self): pass\n",
    "classes": HEAD + "".join(f"class A{n}(FlowSpec): pass\n" for n in range(1_000)),
    "bases": HEAD + "class A0(FlowSpec): pass\n" + "".join(f"class A{n}(A{n - 1}): pass\n" for n in range(1, 2_000)),
    "bases in a circle": HEAD + "class A(B): pass\nclass B(A, FlowSpec): pass\n",
    "a long line": HEAD + FLOW + "x = '" + "ä" * 1_000_000 + "'",
    "faults": HEAD
    + "class A(FlowSpec):\n"
    + "".join(f"    @step\n    def a{n}(self): self.next(self.b{n})\n" for n in range(100)),
}


@pytest.mark.parametrize("data", EXTREMES.values(), ids=EXTREMES.keys())
def test_extremes(data: str | bytes) -> None:
    survive(data.encode() if isinstance(data, str) else data)


LONG: dict[str, Callable[[int], str]] = {
    "statements": lambda n: HEAD + FLOW + "self.x = [y for y in self.z if y]\n        " * n + "pass\n",
    "methods": lambda n: HEAD + FLOW + "pass\n" + "".join(f"    def m{k}(self): return self.m{k - 1}()\n" for k in range(n)),
    "constants": lambda n: HEAD + "X = 1\n" + "".join(f"A{k} = X + {k}\n" for k in range(n)) + USED,
    "parameters": lambda n: HEAD + FLOW + "pass\n" + "".join(f"    p{k} = Parameter('p{k}', default={k})\n" for k in range(n)),
    "steps": lambda n: (
        HEAD
        + "class A(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.s0)\n    @step\n    def end(self): pass\n"
        "".join(
            f"    @step\n    def s{k}(self):\n        self.next(self.{f's{k + 1}' if k < n - 1 else 'end'})\n" for k in range(n)
        )
    ),
}


@pytest.mark.parametrize("make", LONG.values(), ids=LONG.keys())
def test_time_is_linear(make: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        data = make(size).encode()
        compile_bytes("flow.py", data)
        taken = []
        for _ in range(3):
            before = time.process_time()
            compile_bytes("flow.py", data)
            taken.append(time.process_time() - before)
        return min(taken)

    assert seconds(1_600) < 10 * seconds(400)  # 4 times as much; 16 times, were it quadratic


def test_the_grammar_is_not_only_noise() -> None:
    """Of files from the grammar some are sound flows, and those that are not are refused for many reasons."""
    codes: Counter[str] = Counter()
    for seed in range(300):
        done = compile_bytes("flow.py", write(random.Random(seed)).encode())
        codes.update({one.rule.code for one in done.diagnostics} if done.diagnostics else {"sound"})
    assert codes["sound"] >= 5, codes
    assert codes["FC101"] <= 150, codes
    assert len(codes) >= 25, codes


def test_flows_of_several_files_are_read_to_the_end() -> None:
    """Of many of them the graph is sound, so that what their steps do with artifacts is looked at."""
    codes: Counter[str] = Counter()
    for seed in range(120):
        files = write_project(random.Random(seed))
        codes.update({one.rule.code for one in compile_bytes("flow.py", files["flow.py"], None, Memory(files)).diagnostics})
    assert sum(codes[f"FC70{number}"] > 0 for number in range(1, 10)) >= 6, codes
    assert codes["FC101"] <= 45, codes
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
