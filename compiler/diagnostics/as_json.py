"""Diagnostics as one JSON array, for programs: an object each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..source import Source, Span
from .model import Diagnostic, Label


def render_json(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """Lines and columns count from 1, in characters; the end is the column after the last one."""
    return json.dumps([_record(one) for one in diagnostics], indent=2) + "\n"


def _record(one: Diagnostic) -> dict[str, object]:
    return {
        "code": one.rule.code,
        "name": one.rule.name,
        "severity": one.rule.severity.value,
        "message": one.message,
        **_label(one.primary),
        "labels": [_label(label) for label in one.secondary],
        "help": one.help,
        "fix": None
        if one.fix is None
        else {
            "title": one.fix.title,
            "edits": [{**_place(edit.span), "text": edit.text} for edit in one.fix.edits],
        },
    }


def _label(label: Label) -> dict[str, object]:
    return {**_place(label.span), "label": label.text}


def _place(span: Span) -> dict[str, object]:
    return {
        "file": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
