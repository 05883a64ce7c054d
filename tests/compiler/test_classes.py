"""What a flow inherits: steps, parameters, constants and decorators; which class of a file is the flow."""

from __future__ import annotations

import ast
import textwrap

import pytest
from reading import BASE, codes, compile_files, said

from flowc.compiler import Source
from flowc.compiler.diagnostics.model import Report
from flowc.compiler.files import NO_FILES
from flowc.compiler.frontend.classes import ClassReader
from flowc.compiler.frontend.members import ClassModel
from flowc.compiler.frontend.program import Program
from flowc.compiler.ir.nodes import Goto

HEAD = "from flowc import FlowSpec, Parameter, project, resources, retry, schedule, step\n"
ENDS = """
class Ends(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def model_of(text: str, name: str) -> ClassModel:
    report = Report()
    source = Source("flow.py", HEAD + ENDS + textwrap.dedent(text))
    program = Program(source, ast.parse(source.text), NO_FILES, report, {})
    model = ClassReader().model(program.main, program.main.module.classes[name])
    assert report.diagnostics == []
    return model


def test_members_are_the_first_in_the_lineage() -> None:
    model = model_of(
        """
        class Left(Ends):
            unit = "rows"
            @property
            def size(self): return 1
            @step
            def start(self): self.next(self.end)
        class Right(Ends):
            unit = "columns"
            count: int
            def size(self): return 2
            for other in range(3): pass
        class Both(Left, Right):
            def size(self): return super().size
        """,
        "Both",
    )
    assert [one.name for one in model.lineage] == ["Both", "Left", "Right", "Ends"]
    kinds = {name: (member.kind, member.owner.name) for name, member in model.members.items()}
    assert kinds == {
        "start": ("step", "Left"),
        "end": ("step", "Ends"),
        "unit": ("constant", "Left"),
        "size": ("method", "Both"),
        "other": ("other", "Right"),
    }
    both, left, right, ends = (one.node for one in model.lineage)
    after = [(owner.name, found.owner.name if (found := model.after(owner, "size")) else None) for owner in (both, left, right)]
    assert after == [("Both", "Left"), ("Left", "Right"), ("Right", None)]
    found = model.after(both, "size")
    assert found is not None
    assert found.kind == "property"
    assert model.after(ends, "start") is None
    assert model.find("size") is model.members["size"]
    assert model.find("count") is None
    assert not model.open


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("from abc import ABC\nclass Flow(Ends, ABC): pass", False),
        ("import abc\nclass Flow(Ends, metaclass=abc.ABCMeta): pass", False),
        ("from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Flow(Ends, Generic[T]): pass", False),
        ("from typing import Protocol\nclass P(Protocol):\n    x: int\nclass Flow(Ends, P): pass", False),
        ("class Flow(Ends, object): pass", False),
        ("@schedule(daily=True)\nclass Flow(Ends): pass", False),
        ("import threading\nclass Flow(Ends, threading.Thread): pass", True),
        ("class Flow(Ends, dict): pass", True),
        ("from elsewhere import mark\n@mark\nclass Flow(Ends): pass", True),
        ("class Meta(type): pass\nclass Flow(Ends, metaclass=Meta): pass", True),
    ],
)
def test_open_says_whether_there_may_be_more(text: str, is_open: bool) -> None:
    assert model_of(text, "Flow").open is is_open


def test_a_step_is_overridden_and_the_rest_inherited() -> None:
    done = compile_files(
        """
        from base import Base
        from flowc import resources, step

        class Flow(Base):
            beta = 2

            @resources(memory=beta * 1000)
            @step
            def start(self):
                self.next(self.middle)

            @step
            def middle(self):
                self.next(self.end)
        """,
        base=BASE,
    )
    assert said(done) == []
    assert done.flow is not None
    assert [step.name for step in done.flow.steps] == ["start", "middle", "end"]
    assert [one.name for one in done.flow.parameters] == ["alpha"]
    start = done.flow.steps[0]
    assert start.decorators[0].arguments == (("memory", 2000),)
    assert [arm.target for arm in start.arms if isinstance(arm, Goto)] == ["middle"]
    assert done.flow.steps[2].span.path == "base.py"
    assert sorted(done.sources) == ["base.py", "flow.py"]


def test_decorators_of_base_flows_count_and_the_nearest_wins() -> None:
    text = HEAD + ENDS.replace("class Ends", "@project(name='old')\n@schedule(hourly=True)\nclass Ends")
    done = compile_files(text + "@project(name='new')\nclass Flow(Ends):\n    pass\n")
    assert said(done) == []
    assert done.flow is not None
    assert [(one.name, one.arguments) for one in done.flow.decorators] == [
        ("project", (("name", "new"),)),
        ("schedule", (("hourly", True),)),
    ]


def test_names_of_a_class_body_are_seen_in_that_body_alone() -> None:
    text = HEAD + "MB = 1\n" + ENDS.replace("class Ends(FlowSpec):", "class Ends(FlowSpec):\n    MB = 2\n    ROWS = 'rows'")
    flow = text + "class Flow(Ends):\n    @resources(memory=MB)\n    @step\n    def end(self):\n        pass\n"
    done = compile_files(flow)
    assert done.flow is not None
    assert done.flow.steps[1].decorators[0].arguments == (("memory", 1),)
    assert [code for code, _, _ in said(compile_files(flow.replace("memory=MB", "memory=ROWS")))] == ["FC501"]
    in_method = text.replace("self.next(self.end)", "self.next(self.end, foreach=ROWS)")
    assert "FC308" in [code for code, _, _ in said(compile_files(in_method))]


FLOWS = {
    "the last of those that derive from each other": ("class Middle(Ends): pass\nclass Last(Middle): pass", "Last"),
    "the one that is called": ("class A(Ends): pass\nclass B(Ends): pass\nif __name__ == '__main__':\n    B()", "B"),
    "the one that is called, in whatever order": (
        "class A(Ends): pass\nclass B(Ends): pass\nif '__main__' == __name__:\n    A()",
        "A",
    ),
    "the one whose base is conditional": (
        "try:\n    from nowhere import Base\nexcept ImportError:\n    Base = Ends\nclass Flow(Base): pass",
        "Flow",
    ),
    "the one whose base has its own name": ("Flow = Ends\nclass Flow(Flow): pass", "Flow"),
    "the one in an if": ("if True:\n    class Flow(Ends): pass\nelse:\n    Flow = None", "Flow"),
}


@pytest.mark.parametrize(("text", "name"), FLOWS.values(), ids=FLOWS.keys())
def test_which_class_is_the_flow(text: str, name: str) -> None:
    done = compile_files(HEAD + ENDS + text)
    assert said(done) == []
    assert done.flow is not None
    assert done.flow.name == name


def test_a_base_may_be_named() -> None:
    done = compile_files(HEAD + ENDS + "class Last(Ends): pass\n", "Ends")
    assert done.flow is not None
    assert done.flow.name == "Ends"


FAULTS = {
    "two that are called": ("class A(Ends): pass\nclass B(Ends): pass\nif __name__ == '__main__':\n    A()\n    B()", ["FC104"]),
    "none that is called": ("class A(Ends): pass\nclass B(Ends): pass", ["FC104"]),
    "a base twice": ("class Flow(Ends, Ends): pass", ["FC210"]),
    "the general before the special": ("class Flow(FlowSpec, Ends): pass", ["FC210"]),
    "a base that is computed": ("class Flow(make(Ends), FlowSpec): pass", ["FC207"]),
    "bases that are unpacked": ("class Flow(*bases, Ends): pass", ["FC207"]),
    "a base that is not there": ("class Flow(Endds, FlowSpec): pass", ["FC109"]),
    "a base of a package": ("import pandas as pd\nclass Flow(pd.Flow, FlowSpec):\n    @step\n    def start(self):\n"
                            "        self.next(self.theirs)", ["FC207"]),
    "a step that a constant hides": ("class Flow(Ends):\n    end = 3", ["FC211"]),
    "a step that a parameter hides": ("class Flow(Ends):\n    end = Parameter('end')", ["FC211"]),
    "a step that a loop's variable hides": ("class Flow(Ends):\n    for end in range(3): pass", ["FC211"]),
    "a step that is called and goes on": (
        "class Flow(Ends):\n    @step\n    def start(self):\n        super().start()", ["FC212"]),
    "a step that is called by its class": (
        "class Flow(Ends):\n    @step\n    def start(self):\n        Ends.start(self)", ["FC212"]),
    "a step that is called from afar": (
        "class Middle(Ends):\n    @step\n    def start(self):\n        super(Middle, self).start()\n"
        "class Flow(Middle):\n    @step\n    def start(self):\n        super().start()\n        self.next(self.end)", ["FC212"]),
    "a parameter of one name in two classes": (
        "class Base(Ends):\n    a = Parameter('x')\nclass Flow(Base):\n    b = Parameter('x')", ["FC507"]),
    "next in a method of a base": (
        "class Base(Ends):\n    def go(self):\n        self.next(self.end)\nclass Flow(Base): pass", ["FC306"]),
    "a name of FlowSpec's in a base": ("class Base(Ends):\n    def input(self): pass\nclass Flow(Base): pass", ["FC208"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_said_once(text: str, expected: list[str]) -> None:
    done = compile_files(HEAD + ENDS + text, "Flow" if "class Flow" in text else None)
    assert codes(done) == expected
    assert done.flow is None


ACCEPTED = {
    "a method that a step overrides": (
        "class Base(FlowSpec):\n    def start(self): raise NotImplementedError\n    @step\n    def end(self): pass\n"
        "class Flow(Base):\n    @step\n    def start(self): self.next(self.end)"
    ),
    "a base that goes on to a step of the flow": (
        "class Base(FlowSpec):\n    @step\n    def start(self): self.next(self.work)\n    @step\n    def end(self): pass\n"
        "class Flow(Base):\n    @step\n    def work(self): self.next(self.end)"
    ),
    "a call of a step that does not go on": "class Flow(Ends):\n    @step\n    def end(self): super().end()",
    "a call of a method of a base": (
        "class Base(Ends):\n    def work(self): pass\n"
        "class Flow(Base):\n    @step\n    def start(self):\n        super().work()\n        self.next(self.end)"
    ),
    "a parameter that a constant overrides": "class Base(Ends):\n    a = Parameter('a')\nclass Flow(Base):\n    a = 3",
    "a private method": "class Flow(Ends):\n    def __help(self): pass",
    "a mixin that is no flow": "class Mixin:\n    unit = 'rows'\nclass Flow(Mixin, Ends): pass",
    "a nested class as a base": "class Outer:\n    pass\nclass Flow(Ends, Outer): pass",
    "decorators of the user's": (
        "def mine(**kwargs): return lambda f: f\ndef both(f): return retry(times=2)(f)\n"
        "class Flow(Ends):\n    @mine(x=[print()])\n    @both\n    @step\n    def start(self): self.next(self.end)"
    ),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(text: str) -> None:
    done = compile_files(HEAD + ENDS + text + "\n", "Flow")
    assert said(done) == []
    assert done.flow is not None


def test_a_thousand_classes_in_a_line() -> None:
    chain = "".join(f"class C{n}({f'C{n - 1}' if n else 'Ends'}):\n    x{n} = {n}\n" for n in range(1000))
    done = compile_files(HEAD + ENDS + chain)
    assert done.flow is not None
    assert done.flow.name == "C999"
