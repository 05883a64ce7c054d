"""The pipeline: what runs, in which order, on one file.

    bytes → Source → ast → Program → Definition ──GRAPH_CHECKS──▶ structure ──▶ Flow ──FLOW_CHECKS──▶ Compilation

A stage runs only where the ones before it left something to work on, so that one mistake is reported once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .collecting import without_collecting
from .diagnostics.model import IGNORE, Diagnostic, Report, Severity, has_errors
from .files import NO_FILES, Files
from .frontend.alterations import OPTIONS
from .frontend.classes import ClassReader
from .frontend.config_values import Configs
from .frontend.definition import Definition
from .frontend.find import flows_of
from .frontend.flow import read_flow
from .frontend.parse import decode, parse, report_too_deep
from .frontend.program import Program
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
        sources: All files that were read, by path, and the texts of `--with` and `--without`: what diagnostics point into.
        flow: The flow, where no error was found.
        diagnostics: All faults, by place.
        configs: The names of its configs; None where the flow could not be read.
        definition: The flow as written, with its faults; None where there is none, or the file does not parse.
    """

    source: Source
    sources: Mapping[str, Source]
    flow: Flow | None
    diagnostics: tuple[Diagnostic, ...]
    configs: tuple[str, ...] | None = None
    definition: Definition | None = None


def compile_bytes(
    path: str,
    data: bytes,
    class_name: str | None = None,
    files: Files = NO_FILES,
    given: Given = NOTHING,
    *,
    hints: bool = False,
) -> Compilation:
    """Compile a file as it is on disk; see `compile_source`."""
    report = Report()
    source = decode(path, data, report)
    if source is not None:
        return compile_source(source, class_name, files, given, hints=hints)
    source = Source(path, data.decode("latin-1"))
    return Compilation(source, {path: source}, None, report.sorted())


@without_collecting
def compile_source(
    source: Source, class_name: str | None = None, files: Files = NO_FILES, given: Given = NOTHING, *, hints: bool = False
) -> Compilation:
    """Compile the flow of a file, or the one of this name where it has several.

    Args:
        files: What may be read beside it.
        given: What the command line gives its configs, and adds to its steps.
        hints: Give hints too.
    """
    report = Report()
    sources = {source.path: source}
    definition = flow = None
    try:
        definition = _read(source, class_name, files, given, report, sources)
        flow = None if definition is None else _structured(definition, report)
    except RecursionError:
        report_too_deep(source, report)
    found = _finished(report, sources, given, hints=hints)
    configs = None if definition is None else tuple(one.name for one in definition.configs)
    return Compilation(source, sources, None if has_errors(found) else flow, found, configs, definition)


def _finished(report: Report, sources: Mapping[str, Source], given: Given, *, hints: bool) -> tuple[Diagnostic, ...]:
    """All faults by place, with their remedies, without those that comments overrule. A sound file does without the imports."""
    found = report.sorted()
    files = {path: source for path, source in sources.items() if path not in OPTIONS}
    if any(one.rule.severity is not Severity.HINT for one in found):
        from .frontend.remedies import add_remedies

        found = add_remedies(found, files)
    if any(IGNORE in source.text for source in files.values()):
        from .diagnostics.ignores import silence, silence_and_judge

        # Whether a comment is of use is judged of the flow as it is written.
        found = (silence if given.added or given.removed else silence_and_judge)(found, files)
    return found if hints else tuple(one for one in found if one.rule.severity is not Severity.HINT)


def flow_names(source: Source, files: Files = NO_FILES) -> tuple[str, ...]:
    """The names of the flows in a file; of those that derive from each other, of the last."""
    report = Report()
    tree = parse(source, report)
    if tree is None:
        return ()
    program = Program(source, tree, files, report, {})
    return tuple(node.name for node in flows_of(program.main, ClassReader()))


def _read(
    source: Source, class_name: str | None, files: Files, given: Given, report: Report, sources: dict[str, Source]
) -> Definition | None:
    tree = parse(source, report)
    if tree is None:
        return None
    program = Program(source, tree, files, report, sources)
    program.configs = Configs(folder=program.folder, given=given)
    return read_flow(program, class_name)


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
