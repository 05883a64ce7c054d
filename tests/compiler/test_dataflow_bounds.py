"""What the data-flow analysis makes of code that would be too much to follow, and of ways out that others are run for."""

from __future__ import annotations

import pytest

from flowc.compiler import Source, compile_source


@pytest.mark.parametrize(("count", "codes"), [(10, ["FC701"]), (1_100, [])])
def test_what_would_be_too_much_is_not_claimed(count: int, codes: list[str]) -> None:
    """A chain of methods that each set an artifact: every one of them hands on what all before it have set."""
    methods = "".join(
        f"    def m{number}(self):\n        self.v{number} = 1\n        self.m{max(number - 1, 0)}()\n" for number in range(count)
    )
    calls = "".join(f"        self.m{number}()\n" for number in range(count))
    text = (
        "from flowc import FlowSpec, step\nclass A(FlowSpec):\n    @step\n    def start(self):\n"
        f"{calls}        self.next(self.end)\n    @step\n    def end(self):\n        print(self.v0, self.v{count - 1}, self.w)\n"
    )
    assert [one.rule.code for one in compile_source(Source("flow.py", text + methods)).diagnostics] == codes


def test_what_a_finally_assigns_reaches_the_ways_that_it_is_run_for_only() -> None:
    text = """\
from flowc import FlowSpec, step
class A(FlowSpec):
    def load(self):
        try:
            try:
                return 1
            finally:
                self.inner = 1
                if self.inner:
                    return 2
        finally:
            self.outer = 1
    @step
    def start(self):
        self.load()
        self.next(self.end)
    @step
    def end(self):
        print(self.inner, self.outer)
"""
    assert compile_source(Source("flow.py", text)).diagnostics == ()
