"""Constant expressions give what Python gives, or are refused."""

from __future__ import annotations

import pytest
from reading import codes, flow_of, read

HEAD = """
import os
SIZES = {"small": [1, 2], "large": [3], 4: "four"}
NAMES = ("a", "b", "c")
LIST = ["x", "y"]
MB = 1024
TEXT = "Some-Text"
"""

SAME_AS_PYTHON = [
    "SIZES['small'][0]",
    "SIZES['small'][-1] * MB",
    "SIZES[4]",
    "SIZES.get('none')",
    "SIZES.get('none', 7)",
    "SIZES.get('large')[0]",
    "NAMES[1]",
    "NAMES[1:]",
    "LIST[::-1]",
    "TEXT[0:4]",
    "LIST + ['z']",
    "NAMES + ('z',)",
    "LIST * 2",
    "2 * NAMES",
    "[*LIST, 'z']",
    "1 < 2 <= 2 < 3",
    "1 < 2 > 5",
    "'a' in NAMES",
    "'z' not in LIST",
    "'small' in SIZES",
    "'ome' in TEXT",
    "MB is not None",
    "int('12') + int(3.7)",
    "int('ff', 16)",
    "float('1.5')",
    "str(MB)",
    "bool(LIST)",
    "len(SIZES) + len(NAMES) + len(TEXT)",
    "min(3, 1, 2)",
    "max([1, 5, 2])",
    "sum([1, 2, 3])",
    "abs(-3)",
    "round(2.567, 1)",
    "round(2.5)",
    "sorted([3, 1, 2])",
    "tuple(LIST)",
    "list(NAMES)",
    "dict(a=1, b=LIST)",
    "dict(SIZES, x=1)",
    "SIZES | {'small': 0}",
    "TEXT.lower().replace('-', '_')",
    "','.join(LIST)",
    "TEXT.split('-')",
    "TEXT.startswith('Some')",
    "f'{MB / 3:.2f} {TEXT!r:>12}'",
    "MB if 'a' in NAMES else 0",
    "NAMES[0] or 'z'",
]  # fmt: skip


def value_of(expression: str, head: str = HEAD):  # type: ignore[no-untyped-def]
    return read(f"p = Parameter('p', type=JSONType, default=[{expression}])", head=head)


@pytest.mark.parametrize("expression", SAME_AS_PYTHON)
def test_the_same_as_python(expression: str) -> None:
    from flowc.compiler.plan import plain

    names: dict[str, object] = {}
    exec(HEAD, names)
    default = flow_of(value_of(expression)).parameters[0].default
    expected = eval(expression, names)
    as_json = {str(key): one for key, one in expected.items()} if isinstance(expected, dict) else expected
    assert plain(default) == [list(as_json) if isinstance(as_json, tuple) else as_json]


REFUSED = [
    "LIST + NAMES",
    "LIST + 1",
    "-LIST",
    "SIZES['none']",
    "SIZES.small",
    "NAMES[7]",
    "NAMES['a']",
    "MB[0]",
    "1 in MB",
    "{1, 2}",
    "{*LIST}",
    "[x for x in LIST]",
    "lambda: 1",
    "os.environ['A']",
    "open('x')",
    "'%s' % 1",
    "int('x')",
    "LIST * 10**9",
    "'a' * 10**9",
    "10 ** 10 ** 10",
    "round(5, -10**9)",
    "TEXT.replace('', 'x' * 90_000)",
    "('x' * 1000).join(['y'] * 1000)",
    "TEXT.encode()",
    "TEXT.format(1)",
    "str(LIST)",
    "f'{LIST}'",
    "min()",
    "min(1, 'a')",
    "len(3)",
    "MB is 1024",
    "config_expr('nothing')",
    "config_expr(3)",
    "config_expr('(')",
    "float('inf')",
    "dict(LIST)",
]


@pytest.mark.parametrize("expression", REFUSED)
def test_refused(expression: str) -> None:
    """As an argument of a decorator, which has to be a constant."""
    done = read("", head=HEAD, on_step=f"@environment(vars={{'x': {expression}}})")
    assert codes(done) == ["FC501"]


@pytest.mark.parametrize("binding", ["def int(x): return 9", "from os import path as int", "int = 3", "from json import *"])
def test_a_builtin_that_the_file_binds_is_another(binding: str) -> None:
    assert codes(read("", head=binding, on_step="@resources(memory=int(5))")) == ["FC501"]


def test_it_ends_soon() -> None:
    head = "A = [0] * 1000\n" + "\n".join(f"A{n} = [*A{n - 1 if n else ''}, *A{n - 1 if n else ''}]" for n in range(40))
    assert codes(read("", head=head, on_step="@resources(memory=A39[0])")) == ["FC501"]
