"""`flowc show`: a flow's graph as text."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping

import click

from ..compiler.given import Given
from ..compiler.ir.nodes import Flow
from ..compiler.source import Source
from .drawing import draw, first_paragraph
from .flow_file import FlowFile
from .given import given_options
from .output import stop_at_faults, wants_color, write
from .verb import Verb, color_option, flow_argument, format_option


@click.command("show", short_help="Draw a flow's graph as text.", cls=Verb, examples=("", "--color always | less -R"))
@flow_argument()
@given_options
@format_option
@color_option
def command(flow: FlowFile, form: str, given: Given) -> None:
    """Show a flow's graph: its steps, where each leads, its decorators and how its docstring begins."""
    compilation, _ = flow.compile(given)
    stop_at_faults(compilation.diagnostics, compilation.sources, form)
    assert compilation.flow is not None, "no flow, and no error that says why"
    docs = step_docs(compilation.flow, compilation.sources)
    write(draw(compilation.flow, docs, color=wants_color(sys.stdout)), sys.stdout)


def step_docs(flow: Flow, sources: Mapping[str, Source]) -> dict[str, str]:
    """The first paragraph of each step's docstring, by the step's name. The IR does not hold them, since no target needs them."""
    lines = {(step.span.path, step.span.line): step.name for step in flow.steps}
    docs: dict[str, str] = {}
    paths = dict.fromkeys(step.span.path for step in flow.steps)
    nodes = ((path, node) for path in paths for node in ast.walk(ast.parse(sources[path].text)))
    for where, node in nodes:
        # A step's span is somewhere in its head: its name, or a decorator's line.
        if isinstance(node, ast.FunctionDef) and node.body:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            here = any(lines.get((where, line)) == node.name for line in range(first, node.body[0].lineno + 1))
            doc = ast.get_docstring(node)
            if here and doc:
                docs[node.name] = first_paragraph(doc)
    return docs
