"""Flows in which comments say what the data-flow analysis must find: `# FC7xx` on each line at which that fault is expected."""

from __future__ import annotations

import re
import textwrap

from flowc.compiler.pipeline import compile_bytes

HEAD = """\
from contextlib import suppress
import threading
from functools import cached_property

from flowc import FlowSpec, Parameter, catch, current, parallel_map, step


class Case(FlowSpec):
"""


def assert_found_where_marked(body: str) -> None:
    """Hold what is found in a flow to the comments in its body: no comment, no fault."""
    text = HEAD + textwrap.indent(textwrap.dedent(body).lstrip("\n"), "    ")
    expected = {(number, code) for number, line in enumerate(text.splitlines(), 1) for code in re.findall(r"# (FC7\d\d)", line)}
    found = compile_bytes("flow.py", text.encode()).diagnostics
    assert {(one.primary.span.line, one.rule.code) for one in found} == expected, [
        f"{one.primary.span}: {one.rule.code} {one.message}" for one in found
    ]
