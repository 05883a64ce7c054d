"""Sound code next to each fault: what must *not* be reported."""

from __future__ import annotations

import textwrap

import pytest

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.nodes import Loop
from flowc.compiler.ir.walk import walk_stages

HEAD = "from flowc import FlowSpec, JSONType, Parameter, catch, environment, resources, retry, step\n\n"
END = "\n@step\ndef end(self):\n    pass\n"

ACCEPTED = {
    "next in all arms of an if": """
        @step
        def start(self):
            if self.a:
                self.next(self.end)
            elif self.b:
                self.next(self.end)
            else:
                raise ValueError
    """,
    "an early return after next": """
        @step
        def start(self):
            if self.a:
                self.next(self.end)
                return
            self.next(self.end)
    """,
    "return self.next()": """
        @step
        def start(self):
            return self.next(self.end)
    """,
    "a path that ends the process": """
        @step
        def start(self):
            import sys
            if self.a:
                sys.exit("no")
            self.next(self.end)
    """,
    "match with a wildcard": """
        @step
        def start(self):
            match self.a:
                case 1:
                    self.next(self.end)
                case _:
                    self.next(self.end)
    """,
    "try and except both go on": """
        @step
        def start(self):
            try:
                work()
                self.next(self.end)
            except ValueError:
                self.next(self.end)
    """,
    "finally cleans up after next": """
        @step
        def start(self):
            try:
                self.next(self.end)
            finally:
                print("over")
    """,
    "next in a with block": """
        @step
        def start(self):
            with open("x") as file:
                self.text = file.read()
                self.next(self.end)
    """,
    "an endless loop left by return": """
        @step
        def start(self):
            while True:
                if work():
                    break
            self.next(self.end)
    """,
    "a loop before next": """
        @step
        def start(self):
            for item in range(3):
                if item:
                    continue
            self.next(self.end)
    """,
    "another object's next": """
        @step
        def start(self):
            rows = iter([])
            first = next(rows, None)
            self.cursor.next(first)
            [row.next() for row in self.rows]
            self.next(self.end)
    """,
    "end may return early": """
        @step
        def start(self):
            self.next(self.stop)

        @step
        def stop(self):
            self.next(self.end)
    """,
    "another name for self": """
        @step
        def start(this):
            this.next(this.end)
    """,
    "helpers and properties": """
        def helper(self, a, b=2, *rest):
            return lambda: a

        @property
        def size(self):
            yield 1

        @staticmethod
        def make(x):
            return x.next()

        @step
        def start(self):
            self.next(self.end)
    """,
    "a generator inside a step": """
        @step
        def start(self):
            def rows():
                yield 1
            self.rows = list(rows())
            self.next(self.end)
    """,
    "someone else's decorator": """
        @somebody.else_.timed(seconds=limit())
        @mine
        @step
        def start(self):
            self.next(self.end)
    """,
    "stacked in any order": """
        @step
        @retry(times=3)
        @catch(var="failure")
        def start(self):
            self.next(self.end)
    """,
    "constant expressions": """
        @environment(vars={"A": f"{NAME}-{SIZE:>4}", **MORE})
        @resources(memory=SIZE * 2 if SIZE > 1 else 1, cpu="2", gpu=None)
        @step
        def start(self):
            self.next(self.end)
    """,
    "parameters of every kind": """
        a = Parameter("a")
        b = Parameter("b-c", type=int, default=3, help="x")
        d = Parameter("d", default=lambda context: 3, type=int)
        e = Parameter("e", default=compute(), required=False)
        f = Parameter("f", type=JSONType, default='{"x": 1}')
        g = Parameter(name="g", default=None, type=str, separator=",")

        @step
        def start(self):
            self.next(self.end)
    """,
    "a switch of every kind of value": """
        @step
        def start(self):
            self.next({"a": self.one, 1: self.one, None: self.end, NAME: self.end, -2.5: self.end}, condition="kind")

        @step
        def one(self):
            self.next(self.end)
    """,
    "end joins": """
        @step
        def start(self):
            self.next(self.left, self.right)

        @step
        def left(self):
            self.next(self.join)

        @step
        def right(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)
    """,
    "two splits of one step meet in one join": """
        @step
        def start(self):
            if self.many:
                self.next(self.a, self.b)
            else:
                self.next(self.c, self.d)

        @step
        def a(self):
            self.next(self.join)

        @step
        def b(self):
            self.next(self.join)

        @step
        def c(self):
            self.next(self.join)

        @step
        def d(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)
    """,
    "hundreds of elif": (
        "@step\ndef start(self):\n    if self.x == 0:\n        self.next(self.end)\n"
        + "".join(f"    elif self.x == {n}:\n        self.next(self.end)\n" for n in range(1, 600))
        + "    else:\n        self.next(self.end)\n"
    ),
    "a loop in a loop": """
        @step
        def start(self):
            self.next(self.outer)

        @step
        def outer(self):
            self.next(self.inner)

        @step
        def inner(self):
            self.next({1: self.inner, 2: self.close}, condition="k")

        @step
        def close(self):
            self.next({1: self.outer, 2: self.end}, condition="k", max_iterations=10)
    """,
    "a loop that starts at start": """
        @step
        def start(self):
            if self.again:
                self.next(self.start)
            else:
                self.next(self.end)
    """,
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(body: str) -> None:
    text = HEAD + 'NAME = "n"\nSIZE = 2\nMORE = {"B": "2"}\n'
    text += "\n\nclass Sound(FlowSpec):\n" + textwrap.indent(textwrap.dedent(body) + END, "    ")
    done = compile_source(Source("flow.py", text))
    assert done.diagnostics == ()
    assert done.flow is not None


def test_a_later_import_takes_the_place_of_flowcs_name() -> None:
    text = HEAD + "from tenacity import retry\nclass Sound(FlowSpec):\n    @retry(stop=3)\n    @step\n    def start(self):\n"
    done = compile_source(Source("flow.py", text + "        self.next(self.end)\n" + textwrap.indent(END, "    ")))
    assert done.diagnostics == ()


def test_constants_of_the_class_hide_those_of_the_module() -> None:
    text = HEAD + "MB = 1\nclass Sound(FlowSpec):\n    MB = 2\n    p = Parameter('p', default=MB)\n    @resources(memory=MB)\n"
    text += "    @step\n    def start(self):\n        self.next(self.end)\n" + textwrap.indent(END, "    ")
    flow = compile_source(Source("flow.py", text)).flow
    assert flow is not None
    assert flow.parameters[0].default == 2
    assert flow.steps[0].decorators[0].arguments == (("memory", 2),)


def test_one_step_may_bound_two_loops() -> None:
    text = HEAD + "class Sound(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.outer)\n"
    text += "    @step\n    def outer(self):\n        self.next(self.inner)\n    @step\n    def inner(self):\n"
    text += "        self.next({1: self.inner, 2: self.outer, 3: self.end}, condition='k', max_iterations=3)\n"
    flow = compile_source(Source("flow.py", text + textwrap.indent(END, "    "))).flow
    assert flow is not None
    assert [stage.limit for stage in walk_stages(flow.body) if isinstance(stage, Loop)] == [3, 3]


@pytest.mark.parametrize(
    "imports",
    [
        "from flowc import FlowSpec, step",
        "from metaflow import FlowSpec, step",
        "from flowc import *",
        "import numpy, flowc\nFlowSpec, step = 1, 2\nfrom metaflow import FlowSpec, step",
        "try:\n    from flowc import FlowSpec, step\nexcept ImportError:\n    from metaflow import FlowSpec, step",
        "import metaflow as mf\nFlowSpec = mf.FlowSpec\nstep = mf.step",
        "from metaflow import FlowSpec as Base, step as task\nFlowSpec = Base\nstep = task",
    ],
)
def test_imports_read_the_same(imports: str) -> None:
    text = imports + "\nclass Sound(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n"
    done = compile_source(Source("flow.py", text + "    @step\n    def end(self):\n        pass\n"))
    assert done.diagnostics == ()
    assert [step.name for step in done.flow.steps] == ["start", "end"] if done.flow else False
