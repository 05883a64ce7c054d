"""The fingerprint of a step's code changes with what the code does, and with nothing else."""

from __future__ import annotations

import ast
import textwrap

import pytest

from flowc.compiler import Source, compile_source
from flowc.compiler.frontend.fingerprint import fingerprint

CODE = '''
    def train(self, inputs):
        """Train it."""
        self.x = [one.y for one in inputs if one.y is not None]
        self.text = f"{self.x!r:>{self.width}} of"
        if self.x:
            self.next(self.a)
        else:
            self.next({1: self.a, True: self.b, "1": self.c}, condition="x")
'''


def of(code: str) -> str:
    (function,) = ast.parse(textwrap.dedent(code)).body
    assert isinstance(function, ast.FunctionDef)
    return fingerprint(function)


def test_it_is_the_same_in_all_versions_of_python() -> None:
    assert of(CODE) == "162371779f5a8e30c9988d038878a71a"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Train it.", "Something else"),
        ('        """Train it."""\n', ""),
        ("    def train", "    @step\n    @retry(times=3)\n    def train"),
        ("self.next(self.a)\n", "self.next( self.a )  # there\n\n"),
        ("inputs):", "inputs: list) -> None:"),
        ('"x")', "'x',)"),
    ],
)
def test_what_does_not_count(old: str, new: str) -> None:
    assert CODE.count(old) == 1
    assert of(CODE.replace(old, new)) == of(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.next(self.a)\n", "self.next(self.b)\n"),
        ("{1: self.a, True:", "{True: self.a, 1:"),
        ('"1": self.c', "1: self.c"),
        ("is not None", "is not False"),
        ("!r:", "!s:"),
        (" of", " of "),
        ("inputs):", "inputs, more=1):"),
        ("if self.x:", "if not self.x:"),
    ],
)
def test_what_counts(old: str, new: str) -> None:
    assert CODE.count(old) == 1
    assert of(CODE.replace(old, new)) != of(CODE)


def test_nothing_runs_into_something_else() -> None:
    """Neighbours cannot make up for each other, in however odd a text."""
    bodies = [
        "x('a', 'b')",
        "x('a' 'b')",
        "x('a')('b')",
        "x(('a', 'b'))",
        "x(['a', 'b'])",
        "x([['a'], 'b'])",
        "x(a='b')",
        "x('a;str:b')",
        "x(a, b)",
    ]
    bodies += [
        "x(None)",
        "x()",
        "x(...)",
        "x(b'a')",
        "x('a')",
        "x(1)",
        "x(1.0)",
        "x(True)",
        "x(-1)",
        "global a, b",
        "nonlocal a",
        "del a, b",
    ]
    assert len({of(f"def f(self):\n    {one}") for one in bodies}) == len(bodies)


def test_a_deep_expression() -> None:
    assert len(of("def f(self):\n    return " + "+".join(["1"] * 2_000))) == 32


def test_it_is_in_the_flow() -> None:
    text = (
        "from flowc import *\nclass F(FlowSpec):\n    @step\n    def start(self):\n        VALUE\n        self.next(self.end)\n"
    )
    text += "    @step\n    def end(self):\n        pass\n"
    codes = []
    for value in ("self.x = 1", "self.x = 2", "self.x = 1  # one"):
        flow = compile_source(Source("flow.py", text.replace("VALUE", value))).flow
        assert flow is not None
        codes.append([one.code for one in flow.steps])
    assert codes[0] == codes[2]
    assert codes[0][0] != codes[1][0]
    assert codes[0][1] == codes[1][1]
