"""Diagnostics as GitHub's workflow commands, which show them beside the lines of a pull request.

    ::error file=flow.py,line=9,col=19,endLine=9,endColumn=28,title=FC301 unknown-step::`Train` has no step `ende`

https://docs.github.com/actions/reference/workflow-commands-for-github-actions; what must be escaped stands in the runner's
`ActionCommand.cs` and in the toolkit's `command.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..source import Source
from .model import Diagnostic, Severity
from .terminal import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def render_github(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """One command each, on a line of its own."""
    return "".join(_command(one) for one in diagnostics)


def _command(one: Diagnostic) -> str:
    span = one.primary.span
    properties = {
        "file": span.path,
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "title": f"{one.rule.code} {one.rule.name}",
    }
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    text = f"{one.message}\nhelp: {one.help}" if one.help else one.message
    return f"::{_COMMANDS[one.rule.severity]} {given}::{_data(text)}\n"


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D")).replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
