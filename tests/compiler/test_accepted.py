"""Sound code, and what it is read as. What is close to one fault stands beside that fault: tests/test_sound.py."""

from __future__ import annotations

import textwrap

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.nodes import Loop
from flowc.compiler.ir.walk import walk_stages

HEAD = "from flowc import FlowSpec, Parameter, resources, step\n\n"
END = "\n@step\ndef end(self):\n    pass\n"


def test_hundreds_of_elif() -> None:
    lines = ["class Sound(FlowSpec):", "    x = 0", "    @step", "    def start(self):"]
    for n in range(600):
        lines += [f"        {'elif' if n else 'if'} self.x == {n}:", "            self.next(self.end)"]
    lines += ["        else:", "            self.next(self.end)"]
    done = compile_source(Source("flow.py", HEAD + "\n".join(lines) + textwrap.indent(END, "    ")))
    assert done.diagnostics == ()
    assert done.flow is not None


def test_constants_of_the_class_hide_those_of_the_module() -> None:
    text = HEAD + "MB = 1\nclass Sound(FlowSpec):\n    MB = 2\n    p = Parameter('p', default=MB)\n    @resources(memory=MB)\n"
    text += "    @step\n    def start(self):\n        self.next(self.end)\n" + textwrap.indent(END, "    ")
    flow = compile_source(Source("flow.py", text)).flow
    assert flow is not None
    assert flow.parameters[0].default == 2
    assert flow.steps[0].decorators[0].arguments == (("memory", 2),)


def test_one_step_may_bound_two_loops() -> None:
    text = HEAD + "class Sound(FlowSpec):\n    k = 1\n    @step\n    def start(self):\n        self.next(self.outer)\n"
    text += "    @step\n    def outer(self):\n        self.next(self.inner)\n    @step\n    def inner(self):\n"
    text += "        self.next({1: self.inner, 2: self.outer, 3: self.end}, condition='k', max_iterations=3)\n"
    flow = compile_source(Source("flow.py", text + textwrap.indent(END, "    "))).flow
    assert flow is not None
    assert [stage.limit for stage in walk_stages(flow.body) if isinstance(stage, Loop)] == [3, 3]
