"""`flowc check`: find what is wrong with flows, without importing or running them."""

from __future__ import annotations

import sys

import click

from ..compiler.diagnostics.model import Diagnostic
from ..compiler.ir.nodes import Flow
from ..compiler.pipeline import compile_bytes
from ..compiler.source import Source
from .flow_file import Disk, FlowFile
from .output import FAULTS, failed, write, write_diagnostics
from .stats import stats_option, write_stats_of_all
from .verb import Verb, color_option, flow_argument, format_option


@click.command("check", cls=Verb, examples=("", "--format concise", "--format json | jq '.[].message'"))
@flow_argument(many=True)
@stats_option
@format_option
@color_option
def command(flows: tuple[FlowFile, ...], stats: bool, form: str) -> None:
    """Check flows and show every fault, at its line.

    The files are read, never imported: what they import need not be installed.
    """
    read = [(flow, flow.read()) for flow in flows]  # A missing file is said before anything else.
    found: list[Diagnostic] = []
    sound: list[str] = []
    whole: list[Flow] = []
    sources: dict[str, Source] = {}
    for flow, data in read:
        compilation = compile_bytes(flow.path, data, flow.class_name, Disk())
        sources.update(compilation.sources)
        found += compilation.diagnostics
        if compilation.flow is not None:
            whole.append(compilation.flow)
            steps = len(compilation.flow.steps)
            sound.append(f"{flow.path}: {compilation.flow.name} is sound, {steps} step{'s' * (steps != 1)}\n")
    # One file named twice, or two classes of one file, may have the same faults.
    diagnostics = sorted(dict.fromkeys(found), key=lambda one: one.place)
    write_diagnostics(diagnostics, sources, form, sys.stdout)
    if form == "full":
        write("".join(sound), sys.stdout)
    if stats:
        write_stats_of_all(whole)
    if failed(diagnostics):
        raise click.exceptions.Exit(FAULTS)
