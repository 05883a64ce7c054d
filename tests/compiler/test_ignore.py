"""`# flowc: ignore[CODE]`: what it silences, what it cannot, and what is said of one that is mistaken."""

from __future__ import annotations

import pytest

from flowc.compiler import Diagnostic, Source, compile_source
from flowc.compiler.diagnostics import ignores
from flowc.compiler.diagnostics.ignores import silence, silence_and_judge
from flowc.compiler.diagnostics.model import Label, Report, Rule, Severity
from flowc.compiler.diagnostics.rules import RULES
from flowc.compiler.repair import repair_bytes

JUDGEMENT = Rule("FC799", "a-judgement", "", judgement=True)
HINT = Rule("FC798", "a-hint", "", Severity.HINT)


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rules that can be ignored, beside those that there are."""
    monkeypatch.setattr(ignores, "_CODES", {rule.code: rule for rule in (*RULES, JUDGEMENT, HINT)})


def at(source: Source, line: int, rule: Rule = JUDGEMENT) -> Diagnostic:
    return Diagnostic(rule, f"wrong on line {line}", Label(source.at(line, 1)))


def left(text: str, *places: int, rule: Rule = JUDGEMENT) -> list[int]:
    """The lines of the judgements that comments leave."""
    source = Source("flow.py", text)
    found = silence([at(source, line, rule) for line in places], {"flow.py": source})
    return [one.primary.span.line for one in found]


def said(text: str, *found: Diagnostic) -> list[str]:
    source = Source("flow.py", text)
    judged = silence_and_judge(found, {"flow.py": source})
    return [f"{one.primary.span.line}:{one.primary.span.column} {one.message}" for one in judged if one.rule.code == "FC111"]


@pytest.mark.parametrize(
    "comment",
    [
        "# flowc: ignore[FC799]",
        "#flowc: ignore [ FC799 ]",
        "# flowc: ignore[FC602, FC799]",
        "# flowc: ignore[FC602,FC799,]",
        "# noqa  # flowc: ignore[FC799] since it is so",
        "# flowc: ignore[FC602] # flowc: ignore[FC799]",
    ],
)
def test_silenced(comment: str) -> None:
    assert left(f"a = 1\nb = 2  {comment}\n", 2) == []
    assert left(f"a = 1\nb = 2  {comment}\n", 1) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "b = 2  # flowc: ignore[FC602]\n",
        "b = 2  # flowc: ignore\n",
        "b = 2  # flowc: ignore[]\n",
        "b = 2  # ignore[FC799]\n",
        "b = 2  # flowc:ignore[FC799]\n",
        "b = '# flowc: ignore[FC799]'\n",
        "'''\n# flowc: ignore[FC799]'''\n",
        "b = 2\n# flowc: ignore[FC799]\n",
    ],
)
def test_not_silenced(text: str) -> None:
    assert left(text, 1) == [1]


def test_a_statement_of_several_lines() -> None:
    text = "f(  # flowc: ignore[FC799]\n    a,\n    b,\n)\nc\n"
    assert left(text, 1, 2, 3, 4, 5) == [5]
    assert left("f(\n    a,  # flowc: ignore[FC799]\n    b,\n)  # flowc: ignore[FC799]\n", 1, 2, 3, 4) == [1, 3]
    assert left("if a:  # flowc: ignore[FC799]\n    b\n", 1, 2) == [2]


def test_hints_and_warnings_too() -> None:
    assert left("b = 2  # flowc: ignore[FC798]\n", 1, rule=HINT) == []
    warning = next(rule for rule in RULES if rule.code == "FC602")
    assert left("b = 2  # flowc: ignore[FC602]\n", 1, rule=warning) == []


def test_errors_of_structure_stay() -> None:
    text = (
        "from flowc import FlowSpec, step\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
        "        self.next(self.ende)  # flowc: ignore[FC301]\n    @step\n    def end(self):\n        pass\n"
    )
    done = compile_source(Source("flow.py", text))
    assert [one.rule.code for one in done.diagnostics] == ["FC301", "FC111"]
    assert "FC301 (unknown-step) cannot be ignored" in done.diagnostics[1].message
    repair = repair_bytes("flow.py", text.encode())
    assert repair.data.decode() == text.replace("ende", "end").replace("  # flowc: ignore[FC301]", "")


def test_what_is_said_of_mistaken_ones() -> None:
    text = "a = 1  # flowc: ignore[FC799, FC1, fc602, FC301]\nb = 2  # flowc: ignore\n"
    source = Source("flow.py", text)
    assert said(text, at(source, 1)) == [
        "1:31 there is no code `FC1`",
        "1:36 there is no code `fc602`",
        "1:43 FC301 (unknown-step) cannot be ignored",
        "2:8 the comment does not say what to ignore",
    ]
    assert said("a = 1  # flowc: ignore[FC799]\n") == ["1:24 there is no fault FC799 (a-judgement) to ignore here"]
    assert said("a = 1  # flowc: ignore[FC799]\n", at(source, 1)) == []


def test_targets_speak_later() -> None:
    """What only a target says is not known to be useless when a flow is checked."""
    assert said("a = 1  # flowc: ignore[FC602]\n") == []


def test_useless_is_not_judged_before_all_is_checked() -> None:
    broken = Diagnostic(RULES[0], "broken", Label(Source("flow.py", "a").at(1, 1)))
    assert said("a = 1  # flowc: ignore[FC799]\n", broken) == []


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("a = 1  # flowc: ignore[FC799]", "a = 1"),
        ("a = 1  # flowc: ignore[FC602, FC799]", "a = 1  # flowc: ignore[FC602]"),
        ("a = 1  # noqa: E1  # flowc: ignore[FC799]", "a = 1  # noqa: E1"),
        ("a = 1  # flowc: ignore[FC799] # noqa", "a = 1  # noqa"),
        ("a = 1  # flowc: ignore[FC799] as it is", "a = 1  # as it is"),
    ],
)
def test_mended(line: str, mended: str) -> None:
    text = f"b = 0\n{line}\nc = 1\n"
    source = Source("flow.py", text)
    (one,) = silence_and_judge([], {"flow.py": source})
    from flowc.compiler.diagnostics.fixes import apply

    assert one.fix is not None
    assert apply(text, [one.fix]) == f"b = 0\n{mended}\nc = 1\n"


def test_a_comment_on_a_line_of_its_own_goes_with_it() -> None:
    from flowc.compiler.diagnostics.fixes import apply

    text = "b = 0\n    # flowc: ignore[FC799]\nc = 1\n"
    (one,) = silence_and_judge([], {"flow.py": Source("flow.py", text)})
    assert one.fix is not None
    assert apply(text, [one.fix]) == "b = 0\nc = 1\n"


def test_odd_files() -> None:
    for text in ("'''", "(", "\tif a:\n  b\n \tc", "a = 1\\", "\f# flowc: ignore[FC799]", "# flowc: ignore[FC799]"):
        list(ignores.read_ignores(Source("flow.py", f"# flowc: ignore[FC799]\n{text}")))
        compile_source(Source("flow.py", f"# flowc: ignore[FC799]\n{text}"))


def test_only_judgements_can_be_ignored() -> None:
    report = Report()
    report.add(JUDGEMENT, "", Source("flow.py", "").at(1, 1))
    assert report.failed
    assert all(rule.ignorable == (rule.severity is not Severity.ERROR or rule.judgement) for rule in RULES)
    assert not any(rule.judgement for rule in RULES if not rule.code.startswith("FC7"))
