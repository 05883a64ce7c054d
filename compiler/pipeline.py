"""The pipeline: what runs, in which order, on one file.

    bytes → Source → ast → Module → Definition ──GRAPH_CHECKS──▶ structure ──▶ Flow ──FLOW_CHECKS──▶ Compilation

A stage runs only where the ones before it left something to work on, so that one mistake is reported once.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from .diagnostics.model import IGNORE, Diagnostic, Report, has_errors
from .diagnostics.rules import file as rules
from .files import NO_FILES, Files
from .frontend.context import Context
from .frontend.flow import read_flow
from .frontend.module import read_module
from .ir.nodes import Flow
from .passes import FLOW_CHECKS, GRAPH_CHECKS
from .passes.structure import structure
from .source import Source


@dataclass(frozen=True, slots=True)
class Compilation:
    """What became of one file.

    Attributes:
        source: The file, as far as it could be decoded.
        flow: The flow, where no error was found.
        diagnostics: All faults, by place.
    """

    source: Source
    flow: Flow | None
    diagnostics: tuple[Diagnostic, ...]


def compile_bytes(path: str, data: bytes, class_name: str | None = None, files: Files = NO_FILES) -> Compilation:
    """Compile a file as it is on disk; see `compile_source`."""
    try:
        return compile_source(Source.decode(path, data), class_name, files)
    except (UnicodeDecodeError, SyntaxError) as error:
        source = Source(path, data.decode("latin-1"))
        report = Report()
        line = data.count(b"\n", 0, error.start) + 1 if isinstance(error, UnicodeDecodeError) else 1
        report.add(
            rules.UNDECODABLE, "the file is not text in its encoding", source.at(line, 1), str(error), help="save it as UTF-8"
        )
        return Compilation(source, None, report.sorted())


def compile_source(source: Source, class_name: str | None = None, files: Files = NO_FILES) -> Compilation:
    """Compile the flow of a file, or the one of this name where it has several.

    Args:
        files: What may be read beside it.
    """
    report = Report()
    flow = None
    try:
        flow = _compile(source, class_name, files, report)
    except RecursionError:
        report.add(rules.TOO_DEEP, "the file is nested too deeply", source.at(1, 1), help="give inner parts names of their own")
    sources = {source.path: source}
    found = _finished(report, sources)
    return Compilation(source, None if has_errors(found) else flow, found)


def _finished(report: Report, sources: Mapping[str, Source]) -> tuple[Diagnostic, ...]:
    """All faults by place, with their remedies, without those that comments overrule. A sound file does without the imports."""
    found = report.sorted()
    if found:
        from .frontend.remedies import add_remedies

        found = add_remedies(found, sources)
    if any(IGNORE in source.text for source in sources.values()):
        from .diagnostics.ignores import silence_and_judge

        found = silence_and_judge(found, sources)
    return found


def _compile(source: Source, class_name: str | None, files: Files, report: Report) -> Flow | None:
    tree = _parse(source, report)
    if tree is None:
        return None
    definition = read_flow(Context(source, read_module(tree), files, report), class_name)
    if definition is None:
        return None
    known = len(report.diagnostics)
    for check in GRAPH_CHECKS:
        check(definition, report)
    if not definition.complete or len(report.diagnostics) > known:
        return None
    flow = structure(definition, report)
    if flow is not None:
        for check_flow in FLOW_CHECKS:
            check_flow(flow, report)
    return flow


def _parse(source: Source, report: Report) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes and the like are a linter's business
            tree = ast.parse(source.text, source.path)
            # The parser lets pass what only the compiler refuses, such as `return` outside of a function. Nothing is run.
            compile(tree, source.path, "exec", dont_inherit=True)
            return tree
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(source.lines))
        column = max(error.offset or 1, 1)
        width = (error.end_offset or 0) - column if error.end_lineno == error.lineno else 1
        message = re.sub(r" \(<?[^()]*, line \d+\)$", "", error.msg)
        report.add(rules.SYNTAX_ERROR, f"the file does not parse: {message}", source.at(line, column, max(width, 1)))
    except ValueError:
        line = source.text[: source.text.find("\0")].count("\n") + 1
        report.add(rules.UNDECODABLE, "the file holds a NUL character", source.at(line, 1), help="save it as plain text")
    except MemoryError:  # how CPython's parser says that its stack is exhausted
        report.add(rules.TOO_DEEP, "the file is nested too deeply", source.at(1, 1), help="give inner parts names of their own")
    return None
