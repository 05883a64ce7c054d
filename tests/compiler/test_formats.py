"""What other programs read: JSON, SARIF and GitHub's workflow commands."""

from __future__ import annotations

import json

import pytest
from conftest import ERRORS
from validators import sarif, tools

from flowc.cli.verb import FORMATS as CLI_FORMATS
from flowc.compiler import Diagnostic, Source, Span
from flowc.compiler.diagnostics.as_github import render_github
from flowc.compiler.diagnostics.as_json import render_json
from flowc.compiler.diagnostics.as_sarif import render_sarif
from flowc.compiler.diagnostics.model import Edit, Fix, Label, Rule, Severity
from flowc.compiler.diagnostics.render import FORMATS
from flowc.compiler.pipeline import compile_bytes

ERROR = Rule("FC999", "made-up", "Why it is wrong:\n\n    an example\n\nAnd so on.\n")
WARNING = Rule("FC998", "made-up-too", "Why it is odd. And so on.\n", Severity.WARNING)
HINT = Rule("FC997", "a-hint", "What one could do.\n", Severity.HINT)


def span(line: int, column: int, end: int, path: str = "flow.py") -> Span:
    return Span(path=path, line=line, column=column, end_line=line, end_column=end)


FIXED = Diagnostic(
    ERROR,
    "no step `a%b`",
    Label(span(5, 19, 25), "here"),
    (Label(span(1, 1, 2, "the base.py"), "there"), Label(span(2, 1, 2))),
    "first\nsecond",
    Fix("Write `b`", (Edit(span(5, 19, 25), "b"), Edit(span(7, 1, 1), "c\n"))),
)


def all_golden() -> list[Diagnostic]:
    return [
        one
        for folder in ERRORS
        for one in compile_bytes(f"golden/{folder.name}/flow.py", (folder / "flow.py").read_bytes()).diagnostics
    ]


def test_cli_knows_all_formats() -> None:
    assert tuple(FORMATS) == CLI_FORMATS


def test_json_holds_everything() -> None:
    one = Diagnostic(WARNING, "é", Label(span(5, 19, 25), "here"), (Label(span(1, 1, 2), "there"),), "do this")
    place = {"file": "flow.py", "line": 5, "column": 19, "end_line": 5, "end_column": 25, "label": "here"}
    other = {"file": "flow.py", "line": 1, "column": 1, "end_line": 1, "end_column": 2, "label": "there"}
    head = {"code": "FC998", "name": "made-up-too", "severity": "warning", "message": "é"}
    assert json.loads(render_json([one], {}, True)) == [{**head, **place, "labels": [other], "help": "do this", "fix": None}]
    assert json.loads(render_json([], {}, False)) == []


def test_json_has_the_fix() -> None:
    (record,) = json.loads(render_json([FIXED], {}, False))
    assert record["fix"] == {
        "title": "Write `b`",
        "edits": [
            {"file": "flow.py", "line": 5, "column": 19, "end_line": 5, "end_column": 25, "text": "b"},
            {"file": "flow.py", "line": 7, "column": 1, "end_line": 7, "end_column": 1, "text": "c\n"},
        ],
    }


def test_github() -> None:
    assert render_github([FIXED], {}, False) == (
        "::error file=flow.py,line=5,col=19,endLine=5,endColumn=25,title=FC999 made-up::no step `a%25b`%0Ahelp: first%0Asecond\n"
    )
    warning = Diagnostic(WARNING, "a: b, c", Label(span(1, 2, 3, "a:b,c%.py")))
    assert render_github([warning], {}, False) == (
        "::warning file=a%3Ab%2Cc%25.py,line=1,col=2,endLine=1,endColumn=3,title=FC998 made-up-too::a: b, c\n"
    )
    assert render_github([Diagnostic(HINT, "x", warning.primary)], {}, True).startswith("::notice ")


def test_github_writes_a_line_for_each_and_nothing_that_acts_on_a_terminal() -> None:
    odd = Diagnostic(ERROR, "a\r\nb\x1b[31m\ud800", Label(span(1, 1, 2, "\udcff\n::error::x")), help="\x1b")
    shown = render_github([odd, odd], {}, False)
    assert shown.count("\n") == 2
    assert "\x1b" not in shown
    shown.encode()
    assert all(line.startswith("::error file=") for line in shown.splitlines())


def test_sarif() -> None:
    log = json.loads(render_sarif([FIXED, Diagnostic(HINT, "x", Label(span(1, 1, 2, "/a b/c.py")))], {}, False))
    (run,) = log["runs"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in run["tool"]["driver"]["rules"]] == [
        ("FC997", "note"),
        ("FC999", "error"),
    ]
    assert run["tool"]["driver"]["rules"][1]["help"]["text"] == "Why it is wrong:\n\n    an example\n\nAnd so on."
    first, second = run["results"]
    region = {"startLine": 5, "startColumn": 19, "endLine": 5, "endColumn": 25}
    (place,) = first["locations"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("FC999", 1, "error")
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "flow.py"}, "region": region}
    assert [one["physicalLocation"]["artifactLocation"]["uri"] for one in first["relatedLocations"]] == [
        "the%20base.py",
        "flow.py",
    ]
    (fix,) = first["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["replacements"][0] == {"deletedRegion": region, "insertedContent": {"text": "b"}}
    assert second["level"] == "note"
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///a%20b/c.py"


@pytest.mark.parametrize("found", [[], [FIXED], all_golden()], ids=["none", "one", "golden"])
def test_sarif_is_what_the_specification_asks_for(found: list[Diagnostic]) -> None:
    """Beyond its schema: results name their rules by id and index, ids of places differ, and each region holds a place."""
    (run,) = json.loads(render_sarif(found, {}, False))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(found)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        related = [one["id"] for one in result.get("relatedLocations", ())]
        assert len(set(related)) == len(related)
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            region = location["physicalLocation"]["region"]
            start, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
            assert (1, 1) <= start <= end


@pytest.mark.parametrize("found", [[], [FIXED], all_golden()], ids=["none", "one", "golden"])
def test_sarif_keeps_to_its_schema(found: list[Diagnostic]) -> None:
    tools.demand(sarif.missing())
    assert sarif.validate(render_sarif(found, {}, False)) == []


def test_the_schema_would_refuse_something() -> None:
    tools.demand(sarif.missing())
    broken = (
        render_sarif([FIXED], {}, False).replace('"startLine": 5', '"startLine": 0').replace('"level": "error"', '"level": "bad"')
    )
    assert len(sarif.validate(broken)) >= 2


def test_every_golden_case_can_be_written_in_every_format() -> None:
    source = Source("flow.py", "")
    for render in (render_json, render_github, render_sarif):
        render(all_golden(), {"flow.py": source}, False).encode()
