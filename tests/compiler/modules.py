"""Several files for the compiler, without a disk."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from flowc.compiler import Compilation, Source, compile_source


class Memory:
    """Files by path; remembers which were asked for."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = files
        self.asked: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        data = self.files.get(path)
        return textwrap.dedent(data).encode() if isinstance(data, str) else data


def compile_files(flow: str, class_name: str | None = None, path: str = "flow.py", **files: str | bytes) -> Compilation:
    """Compile a flow that stands beside modules, given by name: `team__base="…"` is team/base.py."""
    folder = path.rpartition("/")[0]
    named = {f"{folder}/{name.replace('__', '/')}.py".lstrip("/"): text for name, text in files.items()}
    named = {name.replace("/init.py", "/__init__.py"): text for name, text in named.items()}
    return compile_source(Source(path, textwrap.dedent(flow)), class_name, Memory(named))


def said(done: Compilation) -> list[tuple[str, str, int]]:
    """Each fault as its code, its file and its line."""
    return [(one.rule.code, one.primary.span.path, one.primary.span.line) for one in done.diagnostics]


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
