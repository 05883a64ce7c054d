"""`flowc show` and the drawing behind it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

from flowc.cli.drawing import draw
from flowc.cli.show import step_docs
from flowc.compiler import Source, compile_source
from flowc.compiler.diagnostics.rules import RULES

from .conftest import Run

EVERYTHING = '''\
from flowc import FlowSpec, Parameter, project, retry, step


@project(name="shapes")
class Shapes(FlowSpec):
    """Every shape.

    More words."""

    alpha = Parameter("alpha", default=0.5, help="The share")
    label = Parameter("label", type=str, required=True)

    @step
    def start(self):
        """Begin here."""
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @retry(times=3)
    @step
    def work(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.meet)

    @step
    def right(self):
        self.next(self.try_it)

    @step
    def try_it(self):
        if self.input:
            self.next(self.meet)
        else:
            self.next(self.right)

    @step
    def meet(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.kind = "x"
        self.next({"x": self.good, "y": self.end}, condition="kind")

    @step
    def good(self):
        self.next(self.end)

    @step
    def end(self):
        """The end."""
'''

DRAWN = """
Shapes (flow.py)
Every shape.
@project(name='shapes')

--alpha FLOAT  [default 0.5]  The share
--label STR  [required]

start → work for each of self.items
    Begin here.
  ┌ for each of self.items
  │ work → left and right
  │     @retry(times=3)
  │   ┌ at once
  │   │ left → meet
  │   ├
  │   │   ┌ again and again, 90 turns at the most
  │   │   │ right → try_it
  │   │   │ try_it
  │   │   │     → meet
  │   │   │     → right again
  │   │   └
  │   └
  │ meet (joins) → join
  └
join (joins)
    → good if self.kind is 'x'
    → end if self.kind is 'y'
good → end
end
    The end.
"""


def test_every_shape(flowc: Run) -> None:
    Path("flow.py").write_text(EVERYTHING, encoding="utf-8")
    ended = flowc("show", "flow.py")
    assert ended.code == 0
    assert ended.out == DRAWN.lstrip("\n")


def test_colors_change_nothing_else() -> None:
    compilation = compile_source(Source("flow.py", EVERYTHING))
    assert compilation.flow is not None
    docs = step_docs(compilation.flow, compilation.sources)
    assert docs == {"start": "Begin here.", "end": "The end."}
    colored = draw(compilation.flow, docs, color=True)
    assert colored != draw(compilation.flow, docs, color=False)
    assert re.sub(r"\033\[\d*m", "", colored) == draw(compilation.flow, docs, color=False)


def test_explain(flowc: Run) -> None:
    listed = flowc("explain")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == [rule.code for rule in RULES]
    for rule in RULES:
        by_code, by_name = flowc("explain", rule.code.lower()), flowc("explain", rule.name)
        assert by_code == by_name
        assert by_code.code == 0
        assert dedent(rule.explanation).split()[0] in by_code.out
