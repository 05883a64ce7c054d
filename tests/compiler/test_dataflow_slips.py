"""Slips that people make with artifacts: where each is found, and what to write instead; and their sound neighbours."""

from __future__ import annotations

import textwrap

import pytest
from marked import HEAD, assert_found_where_marked

from flowc.compiler.pipeline import compile_bytes

END = "@step\ndef end(self):\n    pass\n"
SPLIT = """\
@step
def start(self):
    self.next(self.a, self.b)

@step
def a(self):
    self.x = 1
    self.next(self.join)

@step
def b(self):
    self.{other} = 2
    self.next(self.join)

@step
def join(self, inputs):
    {join}
    self.next(self.end)
"""
EACH = """\
{head}
@step
def start(self):
    {start}
    self.next(self.work, foreach="{name}")

@step
def work(self):
    self.result = self.input
    self.next(self.join)

@step
def join(self, inputs):
    {join}
    self.next(self.end)
"""


def split(join: str, other: str = "x") -> str:
    return SPLIT.format(join=join, other=other) + END


def each(start: str, head: str = "", name: str = "items", join: str = "pass", end: str = END) -> str:
    return EACH.format(head=head, start=start, name=name, join=join) + end


def line(start: str, end: str = "pass") -> str:
    start = textwrap.indent(textwrap.dedent(start).strip("\n"), "    ")
    return f"@step\ndef start(self):\n{start}\n    self.next(self.end)\n\n@step\ndef end(self):\n    {end}\n"


SLIPS = {
    "a list that is no artifact": (each("items = [1]"), "FC701", "keep it as an artifact: `self.items = …`"),
    "a value that is no artifact": (line("rows = [1]", "print(self.rows)"), "FC701", "keep it as an artifact: `self.rows = …`"),
    "a method that there is not": (line("self.load()"), "FC701", "define it: `def load(self, …):`"),
    "a misspelt method": (line("self.lod()") + "def load(self):\n    pass\n", "FC701", "did you mean `load`?"),
    "a misspelt merge": (split("self.merge_artifact(inputs)", "y"), "FC701", "did you mean `merge_artifacts`?"),
    "a parameter by its other name": (
        'alpha = Parameter("learning-rate", default=1)\n' + line("print(self.learning_rate)"),
        "FC701",
        "in the flow it is called `self.alpha`",
    ),
    "deleted too early": (
        "@step\ndef start(self):\n    self.big = 1\n    self.next(self.a)\n"
        "@step\ndef a(self):\n    del self.big\n    self.next(self.end)\n"
        "@step\ndef end(self):\n    print(self.big)\n",
        "FC701",
        "delete it later",
    ),
    "each of the results": (
        each("self.items = [1]", join="self.all = self.result"),
        "FC703",
        "read it from each of the inputs: `[one.result for one in inputs]`",
    ),
    "what a merge of all would not do": (
        each("self.items = [1]; self.base = 2", end="@step\ndef end(self):\n    print(self.base)\n"),
        "FC703",
        'call `self.merge_artifacts(inputs, include=["base"])` in `join`, or assign `self.base` there',
    ),
    "a sum of what one branch has": (
        split("self.t = sum(one.x for one in inputs)", "y"),
        "FC702",
        "set `self.x` in every branch",
    ),
    "a merge of nothing": (split("self.merge_artifacts()", "y"), "FC710", "hand them on: `self.merge_artifacts(inputs)`"),
    "a merge with a misspelt argument": (
        split("self.merge_artifacts(inputs, excludes=['x'])"),
        "FC710",
        "did you mean `exclude`?",
    ),
    "a merge that excludes a misspelt name": (
        each("self.items = [1]", join="self.merge_artifacts(inputs, exclude=['reslut'])"),
        "FC704",
        "no input has the excluded `reslut`: did you mean `result`?",
    ),
    "a merge where nothing is split": (line("self.merge_artifacts(1)"), "FC710", "take it away"),
    "a third input of two": (split("self.t = inputs[2].x"), "FC709", "its last is `inputs[1]`"),
    "three names for two inputs": (split("one, two, three = inputs"), "FC709", "as many names as there are branches"),
    "an artifact of all inputs at once": (
        split("self.t = inputs.x"),
        "FC709",
        "write `inputs.a.x`, or `[one.x for one in inputs]`",
    ),
    "a number of times": (
        each("pass", 'times = Parameter("times", default=3)', "times"),
        "FC706",
        "self.items = list(range(self.times))",
    ),
    "a method that returns the items": (
        each("pass", "def rows(self):\n    return [1]\n", "rows"),
        "FC706",
        'assign what it returns, and name that: `self.found = self.rows()`, `foreach="found"`',
    ),
    "what sorts in place": (each("self.items = [3, 1].sort()"), "FC706", "assign a list to `self.items` before"),
    "what shuffles in place": (
        each("import random; rows = [3, 1]; self.items = random.shuffle(rows)"),
        "FC706",
        "assign a list to `self.items` before",
    ),
    "a view of a dictionary": (each("rows = {1: 2}; self.items = rows.keys()"), "FC706", "make it a list"),
    "a generator of items is one mistake": (each("self.items = (n for n in [1])"), "FC706", "make it a list"),
    "a module": (line("self.threads = threading"), "FC708", "import it in each step that uses it"),
    "a list of lambdas": (line("self.keys = [lambda: 1]"), "FC708", "a plain variable"),
    "a table of lambdas": (line("self.keys = {'a': (1, lambda: 1)}"), "FC708", "a plain variable"),
    "a dictionary with a lambda for what is missing": (
        line("from collections import defaultdict\nself.counts = defaultdict(lambda: 0)"),
        "FC708",
        "a plain variable",
    ),
    "an object of a class of the step": (line("class Point:\n    pass\nself.point = Point()"), "FC708", "a plain variable"),
    "the environment": (line("import os\nself.variables = os.environ"), "FC708", "keep a copy: `dict(os.environ)`"),
    "truth as text": (
        "@step\ndef start(self):\n    self.good = 3 > 2\n"
        "    self.next({'True': self.a, 'False': self.end}, condition='good')\n"
        "@step\ndef a(self):\n    self.next(self.end)\n" + END,
        "FC707",
        "write the cases without quotes: `True` and `False`",
    ),
    "a number as text": (
        "@step\ndef start(self):\n    self.kind = 1\n    self.next({'1': self.a, '2': self.end}, condition='kind')\n"
        "@step\ndef a(self):\n    self.next(self.end)\n" + END,
        "FC707",
        "write the case as `1`",
    ),
    "a constant that is a default": (
        "best = None\n" + line("self.best = 3"),
        "FC705",
        "set it in a step instead of in the class",
    ),
    "the item of a foreach": (line("self.input = 3"), "FC705", "give the artifact a name of its own"),
}


@pytest.mark.parametrize(("body", "code", "help"), SLIPS.values(), ids=SLIPS)
def test_says_what_to_write(body: str, code: str, help: str) -> None:
    [found] = compile_bytes("flow.py", (HEAD + textwrap.indent(body, "    ")).encode()).diagnostics
    assert found.rule.code == code
    assert help in (found.help or "")


SOUND = {
    "set where it was missing": line("if not hasattr(self, 'n'):\n    self.n = 0", "print(self.n)"),
    "set where it was None or missing": line("if getattr(self, 'n', None) is None:\n    self.n = 0", "print(self.n)"),
    "set where reading failed": line("try:\n    self.n\nexcept AttributeError:\n    self.n = 0", "print(self.n)"),
    "set by a method where it was missing": line("self.ensure()", "print(self.n)")
    + "def ensure(self):\n    if not hasattr(self, 'n'):\n        self.n = 0\n",
    "an artifact that can be called": line("self.shout = str.upper", "print(self.shout('x'))"),
    "a lambda in a plain list": line("keys = [lambda: 1]\nself.all = [key() for key in keys]", "print(self.all)"),
    "a dictionary with a type for what is missing": line(
        "from collections import defaultdict\nself.counts = defaultdict(int)", "print(self.counts)"
    ),
    "a function of a module": line("import os.path as p\nfrom os import path\nself.x = p.join('a')\nself.y = path.join('a')"),
    "a copy of the environment": line("import os\nself.variables = dict(os.environ)\nself.home = os.environ.get('HOME')"),
    "a class that says how it is pickled": line(
        "class Point:\n    def __reduce__(self):\n        return int, ()\nself.point = Point()"
    ),
    "a class of the file": line("global Point\nclass Point:\n    pass\nself.point = Point()"),
    "sorted in place, then kept": each("rows = [3, 1]; rows.sort(); self.items = rows"),
    "a list of keys": each("rows = {1: 2}; self.items = list(rows.keys())"),
    "a property that gives the items": each("pass", "@property\ndef rows(self):\n    return [1]\n", "rows"),
    "truth as it is": "@step\ndef start(self):\n    self.good = 3 > 2\n"
    "    self.next({True: self.a, False: self.end}, condition='good')\n@step\ndef a(self):\n    self.next(self.end)\n" + END,
    "truth as numbers": "@step\ndef start(self):\n    self.good = 3 in [2]\n"
    "    self.next({1: self.a, 0: self.end}, condition='good')\n@step\ndef a(self):\n    self.next(self.end)\n" + END,
    "positions that are there": split("self.t = inputs[-2].x + inputs[1].x; one, *rest = inputs; one, two = inputs"),
    "a position that is asked for": split("if len(inputs) > 2:\n        print(inputs[2].x)"),
    "a position that is tried": split("try:\n        print(inputs[2].x)\n    except IndexError:\n        pass"),
    "a sum of those that have it": split("self.t = sum(one.x for one in inputs if hasattr(one, 'x'))", "y"),
    "a merge with arguments from elsewhere": split("self.merge_artifacts(inputs, **{'exclude': ['x']})"),
    "a merge by name": split("self.merge_artifacts(inputs=inputs)", "y"),
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_claims_nothing(body: str) -> None:
    assert_found_where_marked(body)
