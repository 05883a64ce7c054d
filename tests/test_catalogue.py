"""`docs/diagnostics.md`: every rule, from the text that `flowc explain` prints and from its golden case.

Like every golden file it is rewritten by `make golden`, or alone by `make docs`, and fails when it is stale.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from conftest import ERRORS, ROOT

from flowc.cli.explain import remedies
from flowc.compiler.diagnostics import rules
from flowc.compiler.diagnostics.model import Rule
from flowc.compiler.diagnostics.rules import RULES
from flowc.compiler.pipeline import compile_bytes

PAGE = ROOT / "docs" / "diagnostics.md"

HEAD = """\
# Diagnostics

What `flowc` can find fault with, by code. `flowc explain CODE` prints the same text. Written by `make docs`: edit
`compiler/diagnostics/rules/` and `golden/errors/` instead.

"fix" says that `flowc check --fix` mends it where there is one safe answer, "ignore" that `# flowc: ignore[CODE]` on its line
silences it.

| code | name | severity | fix | ignore |
|---|---|---|---|---|
"""

LONGEST = 30
"""Lines. A longer example says less than the explanation."""


def page() -> str:
    cases = {folder.name.split("_")[0]: folder for folder in ERRORS}
    rows = "".join(
        f"| [{rule.code}](#{rule.code.lower()}-{rule.name}) | {rule.name} | {rule.severity.value} "
        f"| {'yes' if rule.fixable else ''} | {'yes' if rule.ignorable else ''} |\n"
        for rule in RULES
    )
    return HEAD + rows + "".join("".join(section(rule, cases[rule.code])) for rule in RULES)


def section(rule: Rule, case: Path) -> Iterator[str]:
    yield f"\n## {rule.code} {rule.name}\n\n"
    yield f"{rule.severity.value.capitalize()}.\n\n{inspect.cleandoc(rule.explanation).rstrip()}\n{remedies(rule)}"
    message = (case / "message.txt").read_text(encoding="utf-8")
    try:
        text = (case / "flow.py").read_text(encoding="utf-8").rstrip()
    except UnicodeDecodeError:
        text = ""
    shown = text and text.isprintable() | text.replace("\n", "").isprintable()
    if shown and "```" not in text and max(text.count("\n"), message.count("\n")) < LONGEST:
        yield f"\nFor example:\n\n```python\n{text}\n```\n\n```text\n{message.rstrip()}\n```\n"


def test_the_page_is_up_to_date(golden: Callable[[Path, str], None]) -> None:
    golden(PAGE, page())


def test_the_page_says_which_hundred_is_which() -> None:
    """Each rule's code belongs to a hundred that the table of rules names."""
    named = set(re.findall(r"FC(\d)xx", rules.__doc__ or ""))
    assert {rule.code[2] for rule in RULES} == named


def test_no_case_has_a_fix_that_its_rule_does_not_know_of() -> None:
    """That every rule which promises fixes has some is tested in tests/compiler/test_fixes.py."""
    for folder in ERRORS:
        for one in compile_bytes("flow.py", (folder / "flow.py").read_bytes(), hints=True).diagnostics:
            assert one.rule.fixable or one.fix is None, folder.name
