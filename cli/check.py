"""`flowc check`: find what is wrong with flows, without importing or running them, and mend what has one safe answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..compiler.diagnostics.model import Diagnostic, Report, has_errors
from ..compiler.files import Files
from ..compiler.pipeline import Compilation, compile_bytes
from .flow_file import Disk, FlowFile, parse_flow_file
from .given import given_options, refuse_unknown, tell_idle
from .output import FAULTS, failed, write, write_diagnostics
from .stats import stats_option, write_stats_of_all
from .targeting import target_option
from .verb import Verb, color_option, flow_argument, format_option, strict_option

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.source import Source
    from .repairing import Change

STDIN = "-"
"""The FILE that stands for standard input."""


@click.command(
    "check",
    cls=Verb,
    examples=("", "--fix", "--format sarif > faults.sarif", "--format json | jq '.[].message'"),
)
@flow_argument(many=True)
@click.option("--fix", is_flag=True, help="Mend what has one safe answer, and show what remains.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--hints", is_flag=True, help="Show hints too; they never fail.")
@strict_option
@target_option
@click.option("--stdin", is_flag=True, help="Check what comes from standard input, as does - for FILE.")
@click.option("--stdin-filename", metavar="FILE[:CLASS]", help="What to call it, and where to look for other files.")
@given_options
@stats_option
@format_option
@color_option
def command(
    flows: tuple[FlowFile, ...],
    fix: bool,
    diff: bool,
    hints: bool,
    strict: bool,
    target: str | None,
    stdin: bool,
    stdin_filename: str | None,
    stats: bool,
    form: str,
    given: Given,
) -> None:
    """Check flows and show every fault, at its line.

    The files are read, never imported: what they import need not be installed. With --target, what the platform would refuse is
    shown too.
    """
    if fix and diff:
        raise click.UsageError("--fix or --diff, not both: --diff changes nothing", click.get_current_context())
    read = _read(_flows(flows, stdin, stdin_filename), stdin_filename)
    files: Files = Disk()
    changes: dict[str, Change] = {}
    if fix or diff:
        from .repairing import Repaired, repair_files, write_changes

        if fix and any(flow.path == STDIN for flow in flows) | stdin:
            raise click.UsageError("--fix has no file to write: --diff shows what it would change", click.get_current_context())
        changes = repair_files(read, given, hints=hints)
        files = Repaired(changes)
        read = [(flow, files.read(flow.path) or b"") for flow, _ in read]
        if fix:
            write_changes(changes)
    compilations = [compile_bytes(flow.path, data, flow.class_name, files, given, hints=hints) for flow, data in read]
    refuse_unknown(given, compilations)
    tell_idle(compilations)
    sources = {path: source for one in compilations for path, source in one.sources.items()}
    found = [
        (*one.diagnostics, *_of_platform(flow, one, target, sources)) for (flow, _), one in zip(read, compilations, strict=True)
    ]
    # One file named twice, or two classes of one file, may have the same faults.
    diagnostics = sorted(dict.fromkeys(fault for faults in found for fault in faults), key=lambda one: one.place)
    faulty = failed(diagnostics, strict=strict)
    if diff:
        from .repairing import show_changes

        faulty = show_changes(changes) or faulty
    else:
        write_diagnostics(diagnostics, sources, form, sys.stdout)
        if form == "full":
            sound = [each for each in zip(read, compilations, found, strict=True) if not has_errors(each[2])]
            write("".join(_sound(flow, one) for (flow, _), one, _ in sound), sys.stdout)
    if stats:
        write_stats_of_all(one.flow for one in compilations if one.flow is not None)
    if faulty:
        raise click.exceptions.Exit(FAULTS)


def _of_platform(
    flow: FlowFile, compilation: Compilation, target: str | None, sources: dict[str, Source]
) -> tuple[Diagnostic, ...]:
    """What a flow's platform says of it, where one is named; the files in which that is are added to the sources."""
    from .targeting import options_of, settings_of, target_of

    settings = settings_of(flow, {"target": target})
    if compilation.flow is None or "target" not in settings:
        return ()
    from ..compiler.diagnostics.ignores import silence
    from ..targets import load

    name, report = target_of(settings), Report()
    options = options_of(settings, name)
    load(name)(compilation.flow, options, report)
    sources.update(options.sources())
    return silence(report.sorted(), sources)


def _sound(file: FlowFile, compilation: Compilation) -> str:
    """The line that says of a flow without errors that it is one."""
    flow = compilation.flow
    if flow is None:
        return ""
    return f"{file.path}: {flow.name} is sound, {len(flow.steps)} step{'s' * (len(flow.steps) != 1)}\n"


def _flows(flows: tuple[FlowFile, ...], stdin: bool, name: str | None) -> tuple[FlowFile, ...]:
    """What to check: the FILEs, or standard input in their place."""
    problem = None
    if stdin and flows:
        problem = "--stdin takes the place of FILE"
    elif not stdin and not flows:
        problem = "Missing argument 'FILE[:CLASS]...'."
    named = (FlowFile(STDIN),) if stdin else flows
    standard = sum(one.path == STDIN for one in named)
    if standard > 1:
        problem = "standard input can be read once only"
    elif name is not None and not standard and problem is None:
        problem = "--stdin-filename goes with --stdin"
    if problem is not None:
        raise click.UsageError(problem, click.get_current_context())
    return named


def _read(flows: tuple[FlowFile, ...], name: str | None) -> list[tuple[FlowFile, bytes]]:
    """The flows and their files' bytes. A file that is missing is said before anything else."""
    read = [(flow, b"" if flow.path == STDIN else flow.read()) for flow in flows]
    for number, (flow, _) in enumerate(read):
        if flow.path == STDIN:
            named = parse_flow_file(name) if name is not None else FlowFile("<stdin>")
            named = FlowFile(named.path, named.class_name or flow.class_name)
            data = sys.stdin.buffer.read()
            read[number] = (named, data if name is None else named.accept(data))
    return read
