"""Flows of one class, compiled from a few lines: what the tests of values share."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from flowc.compiler import Compilation, Source, compile_source
from flowc.compiler.given import Given
from flowc.compiler.ir.nodes import Flow

STEPS = "@step\ndef start(self):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n"


class Dictionary:
    """Files by path."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self.files = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


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
    return compile_source(Source(path, text), files=Dictionary(files), given=given or Given())


def flow_of(done: Compilation) -> Flow:
    """The flow, of which nothing may be said."""
    assert done.diagnostics == (), [one.message for one in done.diagnostics]
    assert done.flow is not None
    return done.flow


def codes(done: Compilation) -> list[str]:
    """The codes of all that is said."""
    return [one.rule.code for one in done.diagnostics]
