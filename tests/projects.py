# ruff: noqa: E501  # what a part may be reads best on a line of its own
"""Random flows whose steps are full of data flow, in several files: for what is read only where a flow's graph is sound.

`write_project` makes a flow whose steps lead to each other as they should, so that all checks run. What its steps do with `self`
and with a join's inputs is random, and so are its helper methods, the modules that it takes names from, and the files that its
configs read.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final

from programs import GRAMMAR, write
from programs import PLAIN as PLAIN_SYNTAX

_HEAD: Final = "import json, threading, flowc as mf\nfrom flowc import *\nSIZE = $literal\n"

FLOWS: Final[Mapping[str, Sequence[str]]] = {
    "flow.py": (
        *[f"$link\n{_HEAD}$link\n@$outer\nclass Flow($parents):\n    $setting\n    $helper\n    $helper\n    $graph\n    $helper"]
        * 3,
        f"$link\n{_HEAD}class Flow($parents):\n    $helper\n    $inherited",
        *[f"{_HEAD}class Flow(FlowSpec):\n    $called\n    $graph\n    $called"] * 6,
    ),
    "link": (
        *["from base import Base", "import base", "from team.base import *", "from team import Base as Base, other"],
        *[
            "import team.base as base, sys",
            "from .base import Base",
            "try:\n    from nowhere import Base\nexcept ImportError:\n    Base = FlowSpec",
        ],
        *[
            "from ring import Base, a",
            "from flow import Flow as Base",
            "if SIZE:\n    from base import Base\nelse:\n    Base = object",
            "x = 1",
        ],
        *["from .. import a", "import team, team.a, team.base.b.c", "from base import SIZE, deco, Base"],
    ),
    "outer": (
        "step",
        "project(name=Flow)",
        "schedule(cron='* * * * *')",
        "deco",
        "project(name=config_expr('conf').name)",
        "base.deco(1)",
    ),
    "parents": (
        *["FlowSpec"] * 6,
        *["Base"] * 4,
        "base.Base",
        "Base, FlowSpec",
        "object, Base",
        "team.base.Base",
        "FlowSpec, Base",
        "Base, Base",
    ),
    "setting": (
        *[
            "conf = Config('conf', default='conf.json')",
            "conf = Config('c-d', default='conf.toml', parser='tomllib.loads', required=True)",
        ],
        "conf = Config('conf', default_value='{\"rows\": [1, {\"a\": null}]}')\nrows = Parameter('rows', default=conf.$art, type=$type)",
        *[
            "conf = Config('conf', default='notes.txt', parser=base.deco)",
            "notes = IncludeFile('notes', default='notes.txt', is_text=$literal)",
        ],
        *[
            "conf = Config('x', default='../conf.json')\nconf = Config('X', default='/dev/zero')",
            "x = Parameter('x', default=lambda context: 1)",
        ],
        *[
            "y = Parameter('y', default=SIZE, separator=',')",
            "z = $literal",
            "items: list = [SIZE, *$literal]",
            "total = conf = SIZE",
        ],
        "__slots__ = ('x', 'y')\n__x = 1",
    ),
    "helper": (
        *["def $method(self$taken):\n    $data\n    return $value"] * 4,
        *["@property\ndef prop(self):\n    $data\n    return $value\n@prop.setter\ndef prop(self, value):\n    $data"] * 2,
        "@$wrapper\ndef $method(self, *args):\n    $data",
        "async def $method(self):\n    $data\n    yield $value",
        *[
            "@staticmethod\ndef $method(self):\n    $data",
            "@classmethod\ndef $method(cls):\n    $data",
            "def $method():\n    $data",
        ],
        *[
            "$method = lambda self: $value",
            "$setting",
            "if SIZE:\n    def $method(self):\n        $data",
            "def __init__(self):\n    $data",
        ],
        "@step\ndef $name($signature):\n    $data\n    $turn",
    ),
    "called": (
        *["def load(self$taken):\n    $data\ndef work(self, *x):\n    $data\n    return $value"] * 2,
        "@property\ndef prop(self):\n    $data\n    return $value\n@prop.setter\ndef prop(self, value):\n    $data",
        "def fit(self):\n    return self.load() or self.work(self.prop)\ndef load(self):\n    $data\n    self.fit()",
        "conf = Config('conf', default_value='{\"rows\": [1, {\"a\": null}]}')\ny = $literal\nz = Parameter('z', default=1)",
    ),
    "method": ("load", "work", "fit", "__hide", "_inner", "prop", "a"),
    "taken": (*[""] * 4, ", x=self", ", *inputs", ", x, /, *, y=SIZE"),
    "wrapper": ("deco", "base.deco", "cached_property", "contextmanager", "functools.wraps(x)", "property", "step", "retry"),
    "graph": (
        "@step\ndef start(self):\n    $first\n    $data\n    self.next(self.a)\n@step\ndef a(self):\n    $data\n    $data\n    self.next(self.end)\n$last",
        *[
            "@step\ndef start(self):\n    $first\n    self.next(self.a, self.b)\n@$above\n@step\ndef a(self):\n    $data\n    self.next(self.join)\n"
            "@step\ndef b(self):\n    $data\n    self.next(self.join)\n@step\ndef join(self, inputs):\n    $merge\n    $data\n    self.next(self.end)\n$last"
        ]
        * 2,
        *[
            "@step\ndef start(self):\n    $first\n    self.next(self.a, foreach='items')\n@$above\n@step\ndef a(self):\n    self.x = self.input\n    $data\n"
            "    self.next(self.join)\n@step\ndef join(self, inputs):\n    $merge\n    $data\n    self.next(self.end)\n$last"
        ]
        * 2,
        "@step\ndef start(self):\n    $first\n    self.next(self.a)\n@step\ndef a(self):\n    $data\n"
        "    self.next({$literal: self.a, $literal: self.end, 2: self.b}, condition='x')\n@step\ndef b(self):\n    $data\n    self.next(self.end)\n$last",
        "@step\ndef start(self):\n    $first\n    if $value:\n        $data\n        self.next(self.a)\n    elif $value:\n        self.next(self.a, self.b)\n"
        "    else:\n        self.next(self.b, foreach='items')\n@step\ndef a(self):\n    $data\n    self.next(self.join)\n@step\ndef b(self):\n    $data\n"
        "    self.next(self.join)\n@step\ndef join(self, inputs):\n    $merge\n    self.next(self.end)\n$last",
        "@step\ndef start(self):\n    $data\n    self.next(self.end)\n$last\n$inherited",
    ),
    "inherited": (
        "@step\ndef start(self):\n    super().start()\n    $data\n    self.next(self.end)",
        "@step\ndef a(self):\n    Base.a(self)\n    $data\n    self.next(self.end)",
        "start = Base.start",
    ),
    "last": ("@step\ndef end(self):\n    $data", "@step\ndef end(self):\n    print($value, $value)"),
    "first": (
        "self.items, self.x = [1, 2], $value",
        "self.x = self.y = self.items = $value",
        "self.load()",
        "self.prop = $value",
    ),
    "above": (
        "retry(times=SIZE)",
        "catch(var='$art')",
        "catch(var='failure')",
        "resources(memory=conf.rows)",
        "deco",
        "timeout(seconds=config_expr('conf.a'))",
    ),
    "merge": (
        *[
            "self.merge_artifacts(inputs)",
            "self.merge_artifacts(inputs, exclude=['$art', 'y'])",
            "self.merge_artifacts(inputs, include=['$art'])",
        ],
        *[
            "self.x = inputs.a.$art",
            "self.x, self.y = inputs[0].x, inputs[-1].$art",
            "self.x = [one.$art for one in inputs if one.x]",
        ],
        *[
            "first, *rest = inputs\nself.x = first.$art + rest[0].y",
            "for n, one in enumerate(inputs):\n    self.x = one.$art",
            "pass",
        ],
        *[
            "if $value:\n    self.merge_artifacts(inputs)\nself.x = getattr(inputs[0], '$art', 1)",
            "self.merge_artifacts(inputs[1:], include=[self.x])",
        ],
        *[
            "self.merge_artifacts([inputs.b, inputs.a])",
            "try:\n    self.merge_artifacts(inputs)\nexcept Exception:\n    self.x = inputs",
            "del inputs",
        ],
        "one = max(inputs, key=lambda one: one.$art)\nself.x = one.x\nself.y = next(iter(inputs)).y\nsorted(inputs)[0].z",
    ),
    "art": (*["x", "y", "items"] * 2, "z", "total", "prop", "conf", "__x", "größe"),
    "value": (
        *["self.$art"] * 12,
        *["$literal", "x", "SIZE", "self.input", "self.$method()", "self.$method(self, $value)", "super().$method()"],
        *[
            "[self.$art for _ in self.items if self.$art]",
            "{n: self.$art for n, self.x in self.items}",
            "(self.$art for self in $value)",
        ],
        *[
            "(lambda self: self.$art)(self)",
            "(lambda: self.$art)",
            "(y := self.$art)",
            "[(x := self.$art) for _ in 'ab']",
            "f'{self.$art!r:{self.x}}'",
        ],
        *[
            "getattr(self, '$art', None)",
            "getattr(self, 'x' + 'y')",
            "hasattr(self, '$art') and self.$art",
            "map(self.$method, self.items)",
        ],
        *[
            "set(self.items)",
            "open('x')",
            "threading.Lock()",
            "iter(self.$art)",
            "max(*self.items, **self.x)",
            "(self.x, *self.y)",
            "self",
        ],
        *[
            "self.x[self.y:self.z]",
            "self.x.y.$art",
            "(self.$art if self.$art else self.x)",
            "self.conf.rows",
            "super(Flow, self).prop",
            "not self.x",
        ],
        *[
            "vars(self)",
            "self.__dict__['$art']",
            "Base.$method(self)",
            "type(self).$art",
            "(self.x < self.y < self.z)",
            "self.x + self.y or self.z",
        ],
    ),
    "touch": (
        *["self.$art = $value"] * 6,
        *[
            "self.$art += $value",
            "self.$art: int = $value",
            "self.$art: int",
            "self.x, (self.y, *self.items) = $value, $value",
            "print($value)",
        ],
        *[
            "del self.$art",
            "del self.x, (self.y, [self.z])",
            "self.$method()",
            "self.prop = $value",
            "self.x[self.y] = self.z[0].x = $value",
        ],
        *[
            "setattr(self, '$art', $value)",
            "setattr(self, $value, 1)",
            "delattr(self, '$art')",
            "self.__dict__.update(x=1)",
            "x = self.$art",
        ],
        *["me = self\nme.x = 1", "self = $value", "raise self.$art from self.x", "assert self.x, self.y"],
        *["import self", "from os import path as self", "super().$method()", "super().__init__()"],
        *["self.$art = self.$art = lambda: self.x", "for self.x in self.items: self.y = self.x", "exit()", "pass"],
    ),
    "data": (
        *["$touch"] * 10,
        *["$data\n$data"] * 3,
        "if $value:\n    $data\nelif $value:\n    $data",
        "if $value:\n    $data\nelse:\n    $data",
        "for self.$art, x in $value:\n    $data\n    if $value:\n        break\n    $data\nelse:\n    $data",
        "for one in $value:\n    $data\n    continue",
        "while $value:\n    $data\n    if $value: continue\n    $data",
        "while True:\n    $data\n    break",
        "try:\n    $data\nexcept ($value, AttributeError) as x:\n    $data\nelse:\n    $data\nfinally:\n    $data",
        "try:\n    $data\nexcept Exception:\n    $data\n    raise",
        "try:\n    $data\nexcept* self.$art:\n    self.$art = $value",
        "with open(self.$art) as self.x, contextlib.suppress(AttributeError):\n    $data",
        "match $value:\n    case self.x | {'a': self.y, 'b': 1}:\n        $data\n    case [Base(x=self.z), *_] if $value:\n        $data\n    case _:\n        $data",
        "def inner(x=self.$art):\n    nonlocal self\n    $data\n    return inner",
        "class Inner(self.$art):\n    x = self.y\n    def f(self):\n        $data",
        "if $value:\n    $data\n    raise $value",
        "if $value:\n    return $value",
        "async def inner(self):\n    await ($value)\n    async with self.x as self.y:\n        async for self.z in self.items:\n            $data",
    ),
    "module": (
        *[
            f"$link\n{_HEAD}def deco(function):\n    return function\nclass Base($parents):\n    $setting\n    $helper\n    @step\n    def start(self):\n"
            "        $data\n    $inherited\nother = Base\n"
        ]
        * 3,
        f"{_HEAD}$link\nclass Base(FlowSpec):\n    $helper\n    $graph\n__all__ = ['Base', $literal]\n",
        "from flow import *\nclass Base(Flow): pass\n",
        *[
            "class Base(:\n",
            "",
            "\0",
            "Base = other = a = $expression\n",
            "from ring import Base\nfrom team import *\n",
            "def __getattr__(name):\n    $data\n",
        ],
    ),
    "conf": (
        *['{"rows": $number, "a": {"x": [1, $number]}, "größe": "ä"}'] * 3,
        *[
            "",
            "{",
            "[1, 2",
            "null",
            "NaN",
            '{"a": 1e999, "a": 2}',
            '"text"',
            "[[[[[]]]]]",
            "rows = $number\n[a]\nx = 1979-05-27\n",
            '{"a": "\\ud800"}',
            "\ufeff{}",
        ],
    ),
    "number": ("1", "-0.5", "1e9", "true", "null", '"1"', "123456789012345678901234567890"),
}
"""What each part may be, as in `programs.GRAMMAR`."""

PLAIN: Final = {**PLAIN_SYNTAX, "data": "touch", "value": "leaf", "helper": "setting"}

FILES: Final = ("base.py", "team/__init__.py", "team/base.py", "ring.py", "team/a.py")
DATA: Final = ("conf.json", "conf.toml", "notes.txt")


def write_project(chance: random.Random) -> dict[str, bytes]:
    """A flow in `flow.py`, and the files beside it by their paths; some of them are missing."""
    grammar = {**GRAMMAR, **FLOWS}
    found = {"flow.py": write(chance, "flow.py", grammar=grammar, plain=PLAIN)}
    found |= {path: write(chance, "module", grammar=grammar, plain=PLAIN) for path in FILES if chance.random() < 0.8}
    found |= {path: write(chance, "conf", grammar=grammar, plain=PLAIN) for path in DATA if chance.random() < 0.8}
    return {path: text.encode(errors="surrogatepass") for path, text in found.items()}
