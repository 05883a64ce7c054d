"""Names of Metaflow's that flowc does not have: what is said of those that are used, and what becomes of the others."""

from __future__ import annotations

import textwrap

import pytest
from reading import BASE, compile_files, said

from flowc.compiler.diagnostics.model import Diagnostic
from flowc.compiler.pipeline import Compilation
from flowc.compiler.plan import plan_of

FLOW = """
from metaflow import FlowSpec, step
class Flow(FlowSpec):
    @step
    def start(self):
        {}
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def compiled(imports: str, code: str = "pass", **files: str) -> Compilation:
    return compile_files(imports + FLOW.format(code), **files)


def only(done: Compilation) -> Diagnostic:
    (one,) = done.diagnostics
    assert one.rule.code == "FC107"
    return one


UNUSED = {
    "one": ("from metaflow import Runner", "pass", ["Runner"]),
    "several, in order": ("from metaflow import parallel, Runner, FlowMutator", "pass", ["FlowMutator", "Runner", "parallel"]),
    "from flowc": ("from flowc import Runner", "pass", ["Runner"]),
    "under another name": ("from metaflow import Runner as Store", "Runner = 3", ["Runner"]),
    "in a step": ("", "from metaflow import Runner", ["Runner"]),
    "under a condition": ("if 1:\n    from metaflow import Runner", "pass", ["Runner"]),
    "assigned later": ("from metaflow import Runner\nS3 = None", "pass", ["Runner"]),
    "a word in a text": (
        "from metaflow import Runner",
        "print('Runner', self.Runner) if hasattr(self, 'Runner') else None",
        ["Runner"],
    ),
    "beside one that is provided for": (
        "from metaflow import Runner\ntry:\n    from metaflow import NBRunner\nexcept ImportError:\n    NBRunner = 0",
        "NBRunner",
        ["Runner"],
    ),
}


@pytest.mark.parametrize(("imports", "code", "names"), UNUSED.values(), ids=UNUSED.keys())
def test_what_nothing_uses_may_be_imported(imports: str, code: str, names: list[str]) -> None:
    done = compiled(imports, code)
    assert [one for one in said(done) if one[0] != "FC701"] == []
    if done.flow is not None:
        assert plan_of(done.flow)["absent"] == names


def test_a_plan_says_when_there_is_none() -> None:
    done = compiled("from metaflow import *")
    assert done.flow is not None
    assert plan_of(done.flow)["absent"] == []


USED = {
    "in a step": ("from metaflow import Runner", "Runner()", 6),
    "under another name": ("from metaflow import Runner as s", "s.get()", 6),
    "before other uses": ("from metaflow import Runner\nx = Runner\ny = Runner", "Runner()", 2),
    "as a base": ("from metaflow import StepMutator\nclass M(StepMutator): ...", "pass", 2),
    "as a decorator": ("from metaflow import FlowMutator\n@FlowMutator\ndef f(): ...", "pass", 2),
    "for others": ("from metaflow import Runner\n__all__ = ['Runner']", "pass", 2),
    "before it is imported": ("def f(): return Runner\nfrom metaflow import Runner", "pass", 1),
}


@pytest.mark.parametrize(("imports", "code", "line"), USED.values(), ids=USED.keys())
def test_what_is_used_is_pointed_at(imports: str, code: str, line: int) -> None:
    one = only(compiled(imports, code))
    (use,) = one.secondary
    assert (use.text, use.span.line) == ("used here", line)


SHELTERED = {
    "a class": "class C:\n    from metaflow import Runner",
    "a try": "try:\n    from metaflow import Runner\nexcept ValueError:\n    pass",
    "a function within a try": "try:\n    def f():\n        from metaflow import Runner\nexcept ImportError:\n    pass",
    "a with": "with open('x'):\n    from metaflow import Runner",
}


@pytest.mark.parametrize("imports", SHELTERED.values(), ids=SHELTERED.keys())
def test_where_the_import_may_be_meant_to_fail_it_does(imports: str) -> None:
    assert only(compiled(imports)).secondary == ()


ACROSS = {
    "a base whose file uses it": ("from base import Base", "from metaflow import Runner\nx = Runner\n", "base.py"),
    "taken by name": ("from base import Base, Runner", "from metaflow import Runner\n", "flow.py"),
    "taken under another name": ("from base import Base, Store as S", "from metaflow import Runner as Store\n", "flow.py"),
    "taken as an attribute": ("import base\nfrom base import Base\nx = base.Runner", "from metaflow import Runner\n", "flow.py"),
    "taken by a star": ("from base import *\nx = Runner", "from metaflow import Runner\n", "flow.py"),
}


@pytest.mark.parametrize(("imports", "start", "where"), ACROSS.values(), ids=ACROSS.keys())
def test_uses_in_another_file(imports: str, start: str, where: str) -> None:
    one = only(compile_files(imports + "\nclass Flow(Base):\n    pass\n", base=start + textwrap.dedent(BASE)))
    assert one.primary.span.path == "base.py"
    assert [use.span.path for use in one.secondary] == [where]


ALONE = {
    "nothing": "from base import Base",
    "another name": "from base import Base, S\nx = S",
    "an attribute of something else": "import os\nfrom base import Base\nx = os.Runner",
    "a name of its own": "from base import *\nRunner = 1\nx = Runner",
}


@pytest.mark.parametrize("imports", ALONE.values(), ids=ALONE.keys())
def test_what_no_other_file_uses_may_be_imported_in_one(imports: str) -> None:
    base = "from metaflow import Runner\nS = 1\n" + textwrap.dedent(BASE)
    done = compile_files(imports + "\nclass Flow(Base):\n    pass\n", base=base)
    assert said(done) == []
    assert done.flow is not None
    assert done.flow.absent == ("Runner",)


GANG = """
from metaflow import FlowSpec, step, parallel
import metaflow
class Flow(FlowSpec):
    @step
    def start(self):
        self.next(self.train{})
    @{}
    @step
    def train(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("decorator", ["parallel", "metaflow.parallel", "metaflow.pytorch_parallel(master_port=3)"])
def test_a_gang_is_said_once(decorator: str) -> None:
    (one,) = compile_files(GANG.format(", num_parallel=2", decorator)).diagnostics
    assert one.rule.code == "FC310"
    assert ("take `@parallel` away" in one.help) == (decorator == "parallel")
    assert only(compile_files(GANG.format("", decorator))).message.startswith("flowc does not have Metaflow's `")
