"""Flows compiled from a few lines, with files beside them that are on no disk, and what is said of them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from flowc.compiler import Compilation, Source, compile_source
from flowc.compiler.given import Given
from flowc.compiler.ir.nodes import Flow

STEPS = "@step\ndef start(self):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n"


BASE = """
    from flowc import FlowSpec, Parameter, resources, step

    class Base(FlowSpec):
        alpha = Parameter("alpha", default=1)

        @step
        def start(self):
            self.next(self.end)

        @step
        def end(self):
            pass
"""
"""A module with a flow to derive from."""


class Memory:
    """Files by path; remembers which were asked for."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = files
        self.asked: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        data = self.files.get(path)
        return textwrap.dedent(data).encode() if isinstance(data, str) else data


def read(
    body: str,
    *,
    head: str = "",
    above: str = "",
    on_step: str = "",
    files: Mapping[str, bytes | str] = {},
    given: Given | None = None,
    path: str = "flow.py",
) -> Compilation:
    """Compile `class Sample(FlowSpec)` with these lines in its body."""
    steps = f"{on_step}\n{STEPS}" if on_step else STEPS
    text = "from flowc import *\n" + textwrap.dedent(head) + f"\n{above}\nclass Sample(FlowSpec):\n"
    text += textwrap.indent(textwrap.dedent(body) + "\n" + steps, "    ")
    return compile_source(Source(path, text), files=Memory(files), given=given or Given())


def compile_files(flow: str, class_name: str | None = None, path: str = "flow.py", **files: str | bytes) -> Compilation:
    """Compile a flow that stands beside modules, given by name: `team__base="…"` is team/base.py."""
    folder = path.rpartition("/")[0]
    named = {f"{folder}/{name.replace('__', '/')}.py".lstrip("/"): text for name, text in files.items()}
    named = {name.replace("/init.py", "/__init__.py"): text for name, text in named.items()}
    return compile_source(Source(path, textwrap.dedent(flow)), class_name, Memory(named))


def flow_of(done: Compilation) -> Flow:
    """The flow, of which nothing may be said."""
    assert done.diagnostics == (), [one.message for one in done.diagnostics]
    assert done.flow is not None
    return done.flow


def codes(done: Compilation) -> list[str]:
    """The codes of all that is said."""
    return [one.rule.code for one in done.diagnostics]


def said(done: Compilation) -> list[tuple[str, str, int]]:
    """Each fault as its code, its file and its line."""
    return [(one.rule.code, one.primary.span.path, one.primary.span.line) for one in done.diagnostics]
