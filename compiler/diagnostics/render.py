"""Diagnostics as text: for people (`full`), for editors and `grep` (`concise`); modules of their own write what programs read.

Pure: diagnostics and the sources that they point into go in, text comes out. `full` looks like this:

    error[FC301]: there is no step called `ende`
     --> flow.py:9:24
      |
    4 | class Train(FlowSpec):
      |       ----- the flow
    ...
    9 |         self.next(self.ende)
      |                        ^^^^ not a step
      |
      = help: did you mean `end`?

    1 error (1 fixable with check --fix)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from ..source import Source, Span
from .excerpt import Mark, draw_line
from .model import Diagnostic, Label, Severity
from .terminal import Style, printable

Render: TypeAlias = Callable[[Sequence[Diagnostic], Mapping[str, Source], bool], str]


def render_full(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """Each diagnostic with the lines that it is about, then how many there are.

    Args:
        diagnostics: In the order in which to show them.
        sources: By path. A place in a file that is not among them is shown without its line.
        color: Whether to use a terminal's codes for colours.
    """
    style = Style(color)
    blocks = ["\n".join(_block(one, sources, style)) + "\n\n" for one in diagnostics]
    return "".join(blocks) + (f"{summary(diagnostics)}\n" if diagnostics else "")


def render_concise(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """One line each: `flow.py:9:24: error[FC301] message`."""
    style = Style(color)
    lines = []
    for one in diagnostics:
        severity = one.rule.severity
        head = style.severity(severity, f"{severity.value}[{one.rule.code}]")
        lines.append(f"{printable(str(one.primary.span))}: {head} {printable(one.message)}\n")
    return "".join(lines)


FORMATS = ("full", "concise", "json", "sarif", "github")
"""What `--format` names."""


def renderer(form: str) -> Render:
    """The function for a format's name; those for programs are imported when they are asked for."""
    match form:
        case "json":
            from .as_json import render_json as render
        case "sarif":
            from .as_sarif import render_sarif as render
        case "github":
            from .as_github import render_github as render
        case _:
            return {"full": render_full, "concise": render_concise}[form]
    return render


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """How many there are: `2 errors, 1 warning (1 fixable with check --fix)`."""
    parts = []
    for severity in Severity:
        count = sum(one.rule.severity is severity for one in diagnostics)
        if count:
            parts.append(f"{count} {severity.value}{'s' * (count != 1)}")
    fixable = sum(one.fix is not None for one in diagnostics)
    return ", ".join(parts) + (f" ({fixable} fixable with check --fix)" if fixable else "")


def _block(one: Diagnostic, sources: Mapping[str, Source], style: Style) -> list[str]:
    severity = one.rule.severity
    title = style.severity(severity, f"{severity.value}[{one.rule.code}]")
    lines = [title + style.strong(f": {printable(one.message)}")]
    labels = (one.primary, *one.secondary)
    margin = len(str(max(label.span.line for label in labels)))
    bar = style.gutter(" " * margin + " |")
    for path in dict.fromkeys(label.span.path for label in labels):
        here = [label for label in labels if label.span.path == path]
        first = min(here, key=lambda label: (label is not one.primary, label.span.line, label.span.column))
        arrow = "-->" if first is one.primary else ":::"
        lines.append(style.gutter(" " * margin + arrow) + f" {printable(str(first.span))}")
        source = sources.get(path)
        if source is None:
            lines += [f"{bar} {style.note(printable(label.text))}" for label in here if label.text]
        else:
            lines += [bar, *_lines(source, here, one.primary, severity, margin, style)]
    if one.help:
        head, *rest = printable(one.help).splitlines()
        lines += [bar, f"{style.gutter(' ' * margin + ' =')} {style.strong('help')}: {head}"]
        lines += [f"{' ' * margin}         {text}".rstrip() for text in rest]
    return lines


def _lines(source: Source, labels: Sequence[Label], primary: Label, severity: Severity, margin: int, style: Style) -> list[str]:
    """The lines of one file that have labels, with `...` for those left out."""
    bar = style.gutter(" " * margin + " |")
    drawn: list[str] = []
    last: int | None = None
    for number in sorted({label.span.line for label in labels}):
        if last is not None and number == last + 2:
            # One line takes no more room than the dots that would stand for it.
            drawn.append(_numbered(last + 1, draw_line(_text(source, last + 1), (), severity, style)[0], margin, style))
        elif last is not None and number > last + 1:
            drawn.append(style.gutter("..."))
        text = _text(source, number)
        marks = [_mark(label.span, text, label.text, label is primary) for label in labels if label.span.line == number]
        code, *below = draw_line(text, marks, severity, style)
        drawn += [_numbered(number, code, margin, style), *(f"{bar} {row}" for row in below)]
        last = number
    return drawn


def _numbered(number: int, code: str, margin: int, style: Style) -> str:
    return (style.gutter(f"{number:>{margin}} |") + f" {code}").rstrip()


def _text(source: Source, number: int) -> str:
    return source.lines[number - 1] if 0 < number <= len(source.lines) else ""


def _mark(span: Span, text: str, label: str, primary: bool) -> Mark:
    """A span on its first line: one that goes on below is marked up to the line's end."""
    start = min(span.column - 1, len(text))
    end = min(span.end_column - 1, len(text)) if span.end_line == span.line else len(text.rstrip())
    return Mark(start, max(end, start + 1), printable(label), primary)
