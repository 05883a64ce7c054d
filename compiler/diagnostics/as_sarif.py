"""Diagnostics as SARIF 2.1.0, the interchange format that code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. One run, with the rules of which it has results; places count
characters from 1, as ours do.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping, Sequence

from ..source import Source, Span
from .model import Diagnostic, Fix, Label, Rule, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}


def render_sarif(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """One log with one run."""
    rules = sorted({one.rule for one in diagnostics}, key=lambda rule: rule.code)
    indices = {rule.code: index for index, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "flowc", "rules": [_rule(one) for one in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, indices) for one in diagnostics],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    explanation = inspect.cleandoc(rule.explanation).rstrip()
    first = explanation.split("\n\n")[0].replace("\n", " ").removesuffix(":")
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": first},
        "help": {"text": explanation},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(one: Diagnostic, indices: Mapping[str, int]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": one.rule.code,
        "ruleIndex": indices[one.rule.code],
        "level": _LEVELS[one.rule.severity],
        "message": {"text": f"{one.message}\n\nhelp: {one.help}" if one.help else one.message},
        "locations": [_location(one.primary)],
    }
    if one.secondary:
        result["relatedLocations"] = [{"id": number, **_location(label)} for number, label in enumerate(one.secondary, 1)]
    if one.fix is not None:
        result["fixes"] = [_fix(one.fix)]
    return result


def _location(label: Label) -> dict[str, object]:
    place = {"physicalLocation": {"artifactLocation": {"uri": _uri(label.span.path)}, "region": _region(label.span)}}
    return {**place, "message": {"text": label.text}} if label.text else {**place}


def _region(span: Span) -> dict[str, object]:
    return {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def _fix(fix: Fix) -> dict[str, object]:
    paths = dict.fromkeys(edit.span.path for edit in fix.edits)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(path)},
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                    for edit in fix.edits
                    if edit.span.path == path
                ],
            }
            for path in paths
        ],
    }


def _uri(path: str) -> str:
    """A path as a reference: relative to where flowc was started, as code scanning wants it, or with its scheme."""
    from urllib.parse import quote

    drive = re.match(r"[A-Za-z]:[\\/]", path)
    quoted = quote(path.replace("\\", "/") if drive else path, safe="/:" if drive else "/", errors="surrogateescape")
    if drive:
        return f"file:///{quoted}"
    return f"file://{quoted}" if path.startswith("/") else quoted
