"""One flow with six mistakes, all of which Metaflow's own check lets pass: each is found, at its place, in one run."""

from __future__ import annotations

from flowc.compiler.pipeline import compile_bytes

FLOW = """\
from metaflow import FlowSpec, Parameter, step


class Six(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        self.items = [1, 2, 3]
        self.alpha = 0.7
        self.key = lambda row: row[0]
        self.shared = 1
        self.next(self.work, foreach="itmes")

    @step
    def work(self):
        self.result = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [one.result for one in inputs]
        self.next(self.decide)

    @step
    def decide(self):
        print(self.shared)
        self.next({"a": self.left, "b": self.right}, condition="kind")

    @step
    def left(self):
        self.next(self.end)

    @step
    def right(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.report, self.results)
"""


def test_all_six_in_one_run() -> None:
    found = compile_bytes("six.py", FLOW.encode()).diagnostics
    assert [(one.rule.name, one.primary.span.line, one.primary.span.column) for one in found] == [
        ("assignment-to-constant", 10, 9),
        ("artifact-not-picklable", 11, 9),
        ("artifact-never-set", 13, 38),  # the misspelt foreach
        ("artifact-lost-at-join", 27, 15),
        ("artifact-never-set", 28, 64),  # the switch
        ("artifact-never-set", 40, 15),
    ]
    assert found[2].help == "did you mean `items`?"
