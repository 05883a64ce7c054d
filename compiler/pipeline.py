"""The pipeline: what runs, in which order, on one file.

    bytes → Source → ast → Module → Definition ──GRAPH_CHECKS──▶ structure ──▶ Flow ──FLOW_CHECKS──▶ Compilation

A stage runs only where the ones before it left something to work on, so that one mistake is reported once.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from .diagnostics.model import Diagnostic, Report
from .diagnostics.rules import file as rules
from .files import NO_FILES, Files
from .frontend.config_values import Configs
from .frontend.context import Context
from .frontend.definition import Definition
from .frontend.flow import read_flow
from .frontend.module import read_module
from .given import NOTHING, Given
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
        configs: The names of its configs; None where the flow could not be read.
    """

    source: Source
    flow: Flow | None
    diagnostics: tuple[Diagnostic, ...]
    configs: tuple[str, ...] | None = None


def compile_bytes(
    path: str, data: bytes, class_name: str | None = None, files: Files = NO_FILES, given: Given = NOTHING
) -> Compilation:
    """Compile a file as it is on disk; see `compile_source`."""
    try:
        return compile_source(Source.decode(path, data), class_name, files, given)
    except (UnicodeDecodeError, SyntaxError) as error:
        source = Source(path, data.decode("latin-1"))
        report = Report()
        line = data.count(b"\n", 0, error.start) + 1 if isinstance(error, UnicodeDecodeError) else 1
        report.add(
            rules.UNDECODABLE, "the file is not text in its encoding", source.at(line, 1), str(error), help="save it as UTF-8"
        )
        return Compilation(source, None, report.sorted())


def compile_source(source: Source, class_name: str | None = None, files: Files = NO_FILES, given: Given = NOTHING) -> Compilation:
    """Compile the flow of a file, or the one of this name where it has several.

    Args:
        files: What may be read beside it.
        given: What its configs are given.
    """
    report = Report()
    definition = flow = None
    try:
        definition = _read(source, class_name, files, given, report)
        flow = None if definition is None else _structured(definition, report)
    except RecursionError:
        report.add(rules.TOO_DEEP, "the file is nested too deeply", source.at(1, 1), help="give inner parts names of their own")
    configs = None if definition is None else tuple(one.name for one in definition.configs)
    return Compilation(source, None if report.failed else flow, report.sorted(), configs)


def _read(source: Source, class_name: str | None, files: Files, given: Given, report: Report) -> Definition | None:
    tree = _parse(source, report)
    if tree is None:
        return None
    folder = source.path.replace("\\", "/").rpartition("/")[0] or ("/" if source.path.startswith("/") else "")
    configs = Configs(folder=folder, given=given)
    return read_flow(Context(source, read_module(tree), files, report, configs), class_name)


def _structured(definition: Definition, report: Report) -> Flow | None:
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
