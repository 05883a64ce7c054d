"""`flowc check`: find what is wrong with flows, without importing or running them."""

from __future__ import annotations

import sys

import click

from ..compiler.diagnostics.model import Diagnostic
from ..compiler.pipeline import compile_bytes
from ..compiler.source import Source
from .configs import config_options, given_of, refuse_unknown
from .flow_file import Disk, FlowFile
from .output import FAULTS, failed, write, write_diagnostics
from .verb import Verb, color_option, flow_argument, format_option


@click.command("check", cls=Verb, examples=("", "--format concise", "--format json | jq '.[].message'"))
@flow_argument(many=True)
@config_options
@format_option
@color_option
def command(
    flows: tuple[FlowFile, ...], form: str, configs: tuple[tuple[str, str], ...], config_values: tuple[tuple[str, str], ...]
) -> None:
    """Check flows and show every fault, at its line.

    The files are read, never imported: what they import need not be installed.
    """
    read = [(flow, flow.read()) for flow in flows]  # A missing file is said before anything else.
    found: list[Diagnostic] = []
    sound: list[str] = []
    sources: dict[str, Source] = {}
    given = given_of(configs, config_values)
    compilations = [compile_bytes(flow.path, data, flow.class_name, Disk(), given) for flow, data in read]
    refuse_unknown(given, compilations)
    for (flow, _), compilation in zip(read, compilations, strict=True):
        sources.update(compilation.sources)
        found += compilation.diagnostics
        if compilation.flow is not None:
            steps = len(compilation.flow.steps)
            sound.append(f"{flow.path}: {compilation.flow.name} is sound, {steps} step{'s' * (steps != 1)}\n")
    # One file named twice, or two classes of one file, may have the same faults.
    diagnostics = sorted(dict.fromkeys(found), key=lambda one: one.place)
    write_diagnostics(diagnostics, sources, form, sys.stdout)
    if form == "full":
        write("".join(sound), sys.stdout)
    if failed(diagnostics):
        raise click.exceptions.Exit(FAULTS)
