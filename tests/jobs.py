"""One step with decorators, as the definition of its jobs: what the tests of AWS Batch and of ECS share."""

from __future__ import annotations

from typing import Any

from reading import flow_of, read

from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.targets.options import Options
from flowc.targets.sfn.jobs import Jobs

Document = dict[str, Any]

ROLE = "arn:aws:iam::123456789012:role/jobs"
OTHER = "arn:aws:iam::123456789012:role/path/starts"


def made(decorators: str, **options: Any) -> tuple[Document, Document, list[Diagnostic]]:
    """The definition of the start step's jobs, the fields of the state that runs one, and what is said."""
    report = Report()
    jobs = Jobs(flow_of(read("", on_step=decorators)), Options(**options), report)
    definition = next(one for step, one in jobs.first_uses() if step == "start")
    return definition, jobs.submission("start", "Sample-start", [{"Name": "A", "Value.$": "$.a"}]), list(report.sorted())


def said(decorators: str, **options: Any) -> list[tuple[str, str, str]]:
    """What is reported: each code, message, and the text of the first line at the place."""
    compilation = read("", on_step=decorators)
    lines = compilation.sources["flow.py"].text.splitlines()
    _, _, found = made(decorators, **options)
    spans = [(one, one.primary.span) for one in found]
    ends = [span.end_column - 1 if span.end_line == span.line else None for _, span in spans]
    return [
        (one.rule.code, one.message, lines[span.line - 1][span.column - 1 : end])
        for (one, span), end in zip(spans, ends, strict=True)
    ]


def words_of(definition: Document) -> list[str]:
    """All texts in a definition, keys too."""
    found: list[str] = []
    pending: list[object] = [definition]
    while pending:
        match pending.pop():
            case dict() as table:
                found += table
                pending += table.values()
            case list() as listed:
                pending += listed
            case str(text):
                found.append(text)
    return found
