"""`flowc show`: a flow's graph as text."""

from __future__ import annotations

import ast
import sys

import click

from ..compiler.ir.nodes import Flow
from .configs import config_options, given_of
from .drawing import draw
from .flow_file import FlowFile
from .output import stop_at_faults, wants_color, write
from .verb import Verb, color_option, flow_argument, format_option


@click.command("show", cls=Verb, examples=("", "--color always | less -R"))
@flow_argument()
@config_options
@format_option
@color_option
def command(flow: FlowFile, form: str, configs: tuple[tuple[str, str], ...], config_values: tuple[tuple[str, str], ...]) -> None:
    """Show a flow's graph: its steps, where each leads, its decorators and the first line of its docstring."""
    compilation, _ = flow.compile(given_of(configs, config_values))
    stop_at_faults(compilation.diagnostics, {flow.path: compilation.source}, form)
    assert compilation.flow is not None, "no flow, and no error that says why"
    write(draw(compilation.flow, step_docs(compilation.flow, compilation.source.text), color=wants_color(sys.stdout)), sys.stdout)


def step_docs(flow: Flow, text: str) -> dict[str, str]:
    """The first line of each step's docstring, by the step's name. The IR does not hold them, since no target needs them."""
    lines = {step.span.line: step.name for step in flow.steps}
    docs: dict[str, str] = {}
    for node in ast.walk(ast.parse(text)):
        # A step's span is somewhere in its head: its name, or a decorator's line.
        if isinstance(node, ast.FunctionDef) and node.body:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            here = any(lines.get(line) == node.name for line in range(first, node.body[0].lineno + 1))
            doc = ast.get_docstring(node)
            if here and doc:
                docs[node.name] = doc.splitlines()[0]
    return docs
