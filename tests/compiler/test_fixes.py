"""Fixes: what is mended and how it reads afterwards, what is left alone, and that nothing else in a file changes."""

from __future__ import annotations

import ast
import hashlib
import re
import textwrap
from dataclasses import replace
from itertools import pairwise

import pytest
from conftest import ERRORS, ROOT, Beside, given_in

from flowc.compiler import Diagnostic, Source, Span, compile_source
from flowc.compiler.diagnostics.fixes import apply, choose
from flowc.compiler.diagnostics.model import Edit, Fix
from flowc.compiler.diagnostics.rules import RULES
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.repair import Repair, repair_bytes

HEAD = "from flowc import FlowSpec, Parameter, card, catch, environment, resources, retry, step, timeout\n\n\n"


def flow(body: str, head: str = HEAD) -> str:
    return f"{head}class Train(FlowSpec):\n{textwrap.indent(textwrap.dedent(body), '    ')}"


def repaired(text: str) -> Repair:
    return repair_bytes("flow.py", text.encode())


KIND, ITEMS = "kind = 'x'\n", "items = [1]\n"
LETTERS = str.maketrans("0123456789", "ghijklmnop")
START = "@step\ndef start(self):\n    self.next(self.work)\n"
WORK = "@step\ndef work(self):\n    self.next(self.end)\n"
END = "@step\ndef end(self):\n    pass\n"
LINE = START + WORK + END
MARKED = (
    "@step(start=True)\ndef load(self):\n    self.next(self.work)\n"
    "@step\ndef work(self):\n    self.next(self.report)\n"
    "@step(end=True)\ndef report(self):\n    pass\n"
)
BRANCHES = (
    "@step\ndef start(self):\n    self.next(self.a, self.b)\n"
    "@step\ndef a(self):\n    self.next(self.join)\n"
    "@step\ndef b(self):\n    self.next(self.join)\n"
    "@step\ndef join(self, inputs):\n    self.next(self.end)\n" + END
)

FIXES: dict[str, tuple[str, str, str, str]] = {
    "a misspelt step": ("FC301", LINE, "self.work", "self.wrok"),
    "a step in upper case": ("FC301", LINE, "self.work", "self.Work"),
    "a misspelt step in a switch": (
        "FC301",
        KIND + LINE.replace("self.work)", '{"x": self.work}, condition="kind")', 1),
        '{"x": self.work}',
        '{"x": self.wrok}',
    ),
    "a step by its name as a string": ("FC308", LINE, "self.next(self.work)", 'self.next("work")'),
    "a step by a misspelt string": ("FC308", LINE, "self.next(self.work)", "self.next('wrok')"),
    "a step that is called": ("FC308", LINE, "self.next(self.work)", "self.next(self.work())"),
    "a step without self": ("FC308", LINE, "self.next(self.work)", "self.next(work)"),
    "steps in a list": ("FC308", BRANCHES, "self.next(self.a, self.b)", "self.next([self.a, self.b])"),
    "steps in a tuple": ("FC308", BRANCHES, "self.next(self.a, self.b)", "self.next((self.a, self.b,))"),
    "steps by strings in a list": ("FC308", BRANCHES, "self.next(self.a, self.b)", "self.next(['a', 'b'])"),
    "a foreach over a value": (
        "FC308",
        ITEMS + BRANCHES.replace("self.next(self.a, self.b)", 'self.next(self.a, foreach="items")').replace(
            "@step\ndef b(self):\n    self.next(self.join)\n", ""
        ),
        '"items"',
        "self.items",
    ),
    "a switch on a value": (
        "FC308",
        KIND + LINE.replace("self.next(self.work)", 'self.next({"x": self.work}, condition="kind")'),
        'condition="kind"',
        "condition=self.kind",
    ),
    "a misspelt keyword": (
        "FC308",
        KIND + LINE.replace("self.next(self.work)", 'self.next({"x": self.work}, condition="kind")'),
        "condition=",
        "conditon=",
    ),
    "a method without @step": ("FC301", LINE, "@step\ndef work", "def work"),
    "start without @step": ("FC204", LINE, "@step\ndef start", "def start"),
    "end without @step": ("FC205", LINE, "@step\ndef end", "def end"),
    "a step without self among its arguments": ("FC201", LINE, "def work(self)", "def work()"),
    "a start that joins": ("FC209", LINE, "def start(self)", "def start(self, inputs)"),
    "a join of nothing": ("FC404", LINE, "def work(self)", "def work(self, inputs)"),
    "a join that does not say so": ("FC405", BRANCHES, "def join(self, inputs)", "def join(self)"),
    "a misspelt next": ("FC302", LINE, "self.next(self.work)", "self.nxt(self.work)"),
    "no next before the one step that nothing leads to": ("FC302", LINE, "self.next(self.work)", "pass"),
    "no next where ends are marked": ("FC302", MARKED, "self.next(self.report)", "pass"),
    "no next after other statements": (
        "FC302",
        LINE.replace("    self.next(self.work)", "    if self.input:\n        print(1)  # one\n    self.next(self.work)"),
        "\n    self.next(self.work)",
        "",
    ),
    "no next in one branch of a split": ("FC302", BRANCHES, "def b(self):\n    self.next(self.join)", "def b(self):\n    pass"),
    "next before something else": (
        "FC304",
        LINE.replace("    self.next(self.work)\n", "    self.x = 1\n    self.next(self.work)  # go on\n    # nothing more\n"),
        "self.x = 1\n    self.next(self.work)  # go on",
        "self.next(self.work)  # go on\n    self.x = 1",
    ),
    "next before a return": (
        "FC304",
        LINE.replace("    self.next(self.work)\n", "    print(\n        1\n    )\n    self.next(self.work)\n    return\n"),
        "print(\n        1\n    )\n    self.next(self.work)",
        "self.next(self.work)\n    print(\n        1\n    )",
    ),
    "a misspelt argument": ("FC503", "@retry(times=3)\n" + LINE, "times=3", "tims=3"),
    "an argument by position": ("FC503", "@retry(times=3)\n" + LINE, "times=3", "3"),
    "a variable by position": ("FC503", "@catch(var='failed')\n" + LINE, "var='failed'", "'failed'"),
    "a misspelt argument of a parameter": ("FC506", "a = Parameter('a', default=3)\n" + LINE, "default", "defualt"),
}  # fmt: skip
"""What is wrong: the code, a sound flow's body, a piece of it, and the faulty text in its place."""

IMPORTS = {
    "in a sorted import": ("from flowc import FlowSpec, step\n", "from flowc import FlowSpec, retry, step\n"),
    "in an unsorted import": ("from flowc import step, FlowSpec\n", "from flowc import step, FlowSpec, retry\n"),
    "with an alias": ("from metaflow import FlowSpec, step as step\n", "from metaflow import FlowSpec, retry, step as step\n"),
    "in parentheses": (
        "from flowc import (\n    FlowSpec,\n    step,  # steps\n)\n",
        "from flowc import (\n    FlowSpec,\n    retry,\n    step,  # steps\n)\n",
    ),
    "at the end of parentheses": (
        "from flowc import (\n    step,\n    FlowSpec,  # the base\n)\n",
        "from flowc import (\n    step,\n    FlowSpec,  # the base\n    retry,\n)\n",
    ),
    "at the end without a comma": (
        "from flowc import (\n    step,\n    FlowSpec  # the base\n)\n",
        "from flowc import (\n    step,\n    FlowSpec,  # the base\n    retry\n)\n",
    ),
    "at the end before the parenthesis": (
        "from flowc import (\n    step,\n    FlowSpec)\n",
        "from flowc import (\n    step,\n    FlowSpec,\n    retry)\n",
    ),
}
"""How an import looks before and after `retry` is found missing."""

NEW_IMPORTS = {
    "after a docstring": ('"""Trains."""\n', '"""Trains."""\n\nfrom flowc import FlowSpec, step\n'),
    "after the future": (
        '"""Trains."""\nfrom __future__ import annotations\n',
        '"""Trains."""\nfrom __future__ import annotations\n\nfrom flowc import FlowSpec, step\n',
    ),
    "before other imports": (
        "#!/usr/bin/env python\nimport os\n",
        "#!/usr/bin/env python\nfrom flowc import FlowSpec, step\nimport os\n",
    ),
    "with nothing before it": ("", "from flowc import FlowSpec, step\n\n\n"),
    "before a comment on the class": (
        "# -*- coding: utf-8 -*-\n# The flow.\n",
        "# -*- coding: utf-8 -*-\nfrom flowc import FlowSpec, step\n\n\n# The flow.\n",
    ),
}

UNTOUCHED = {
    "two near steps": LINE.replace("self.work", "self.woork") + WORK.replace("work", "wook").replace("self.end", "self.work"),
    "a join that reads its inputs": LINE.replace("def work(self):", "def work(self, inputs):\n    print(inputs)"),
    "a time without a unit": "@timeout(30)\n" + LINE,
    "a number of what": "@resources(4)\n" + LINE,
    "next in one arm, more after it": LINE.replace(
        "    self.next(self.work)", "    if self.x:\n        self.next(self.work)\n    print(1)\n    self.next(self.work)"
    ),
    "next before a path that returns": LINE.replace(
        "    self.next(self.work)\n", "    self.next(self.work)\n    if self.x:\n        return\n    print(1)\n"
    ),
    "next on a line with more": LINE.replace("self.next(self.work)", "self.next(self.work); print(1)"),
    "no next, and no step left": LINE.replace("self.next(self.end)", "pass").replace(
        "self.next(self.work)", "self.next(self.end)"
    )
    + "@step\ndef more(self):\n    self.next(self.end)\n",
    "no next, and only where the flow starts is led to by none": KIND
    + MARKED.replace("self.next(self.work)", "self.next({'x': self.work, 'y': self.report}, condition='kind')").replace(
        "self.next(self.report)", "pass"
    ),
    "no next, but a return": LINE.replace("self.next(self.work)", "if self.x:\n        return\n    print(1)"),
    "an argument written otherwise": "@retry(**dict([('times', 3)]))\n" + LINE,
}


@pytest.mark.parametrize(("code", "sound", "right", "wrong"), FIXES.values(), ids=FIXES.keys())
def test_mended(code: str, sound: str, right: str, wrong: str) -> None:
    good = flow(sound)
    assert compile_source(Source("flow.py", good)).diagnostics == (), "the case itself is faulty"
    right, wrong = (
        textwrap.indent(one, "    ")[4:] if not one.startswith("\n") else textwrap.indent(one, "    ") for one in (right, wrong)
    )
    assert good.count(right) >= 1
    bad = good.replace(right, wrong, 1)
    first = compile_source(Source("flow.py", bad)).diagnostics
    assert code in {one.rule.code for one in first}
    repair = repaired(bad)
    assert repair.data.decode() == good
    assert code in {one.rule.code for one in repair.fixed}


def test_every_rule_that_promises_fixes_has_some() -> None:
    tested = {code for code, *_ in FIXES.values()} | {"FC510", "FC502", "FC107", "FC111"}
    assert tested == {rule.code for rule in RULES if rule.fixable}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS.keys())
def test_a_missing_import(before: str, after: str) -> None:
    repair = repaired(flow("@retry\n" + LINE, before))
    assert repair.data.decode() == flow("@retry\n" + LINE, after)


@pytest.mark.parametrize(("before", "after"), NEW_IMPORTS.values(), ids=NEW_IMPORTS.keys())
def test_a_file_without_imports(before: str, after: str) -> None:
    repair = repaired(flow(LINE, before))
    assert repair.data.decode() == flow(LINE, after)


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_no_safe_answer(body: str) -> None:
    text = flow(body)
    assert compile_source(Source("flow.py", text)).diagnostics
    assert repaired(text) == Repair(text.encode(), ())


def test_a_misspelt_decorator_everywhere() -> None:
    body = "@retyr(times=3)\n" + START + "@retyr\n" + WORK + END
    text = flow(body, "from flowc import FlowSpec, retyr, step\n")
    assert repaired(text).data.decode() == text.replace("retyr", "retry")
    module = flow(body.replace("@", "@flowc."), "import flowc\n").replace("(FlowSpec)", "(flowc.FlowSpec)")
    assert repaired(module).data.decode() == module.replace("retyr", "retry")
    alias = flow(body.replace("retyr", "again"), "from flowc import FlowSpec, retyr as again, step\n")
    assert repaired(alias).data.decode() == alias.replace("retyr", "retry")


def test_many_at_once() -> None:
    """Each of 300 faults on lines of their own, in one round."""
    names = ["work", *(hashlib.sha256(bytes([n])).hexdigest().translate(LETTERS)[:12] for n in range(200)), "end"]
    body = START + "".join(f"@step\ndef {one}(self):\n    self.next(self.{two})\n" for one, two in pairwise(names)) + END
    wrong = re.sub(r"next\(self.(\w{5})(\w)(\w)", r"next(self.\1\3\2", body)
    repair = repaired(flow(wrong))
    assert repair.data.decode() == flow(body)
    assert len(repair.fixed) > 150


LAYOUTS = {
    "windows": lambda text: text.replace("\n", "\r\n").encode(),
    "old mac": lambda text: text.replace("\n", "\r").encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "a byte-order mark": lambda text: text.encode("utf-8-sig"),
    "latin-1": lambda text: ("# -*- coding: latin-1 -*-\n# caf\u00e9\n" + text).encode("latin-1"),
    "wide characters": lambda text: text.replace("self.x = 1", "self.x = '\U0001f600 \u5b57'; self.y = 2").encode(),
    "form feeds": lambda text: text.replace("class", "\f\nclass").encode(),
    "no newline at the end": lambda text: text.rstrip("\n").encode(),
    "trailing blanks": lambda text: re.sub(r"(self.x = 1|# *)$", r"\1  ", text, flags=re.MULTILINE).encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_rest_stays_byte_for_byte(layout) -> None:  # type: ignore[no-untyped-def]
    body = LINE.replace("    self.next(self.work)\n", "    self.x = 1\n    self.next(self.work)  # \n").replace(
        "    pass\n", "    print(3)\n"
    )
    good = layout(flow(body))
    swapped = body.replace("    self.x = 1\n    self.next(self.work)  # \n", "    self.next(self.work)  # \n    self.x = 1\n")
    bad = layout(flow(swapped.replace("self.end", "self.ende").replace("@step\ndef end", "def end")))
    assert bad != good
    assert repair_bytes("flow.py", bad).data == good


def test_a_next_after_the_last_line_without_a_line_end() -> None:
    """The line that is added ends as the lines of the file do, and the file still without one."""
    text = flow(START.replace("self.next(self.work)", "print(1)") + END).replace("\n", "\r\n")
    text = text.replace("@step\r\n    def end(self):\r\n        pass\r\n", "")
    moved = flow(END + START.replace("self.next(self.work)", "print(1)")).replace("\n", "\r\n").removesuffix("\r\n")
    assert repaired(moved).data.decode() == moved + "\r\n        self.next(self.end)"


def test_nothing_is_made_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fix whose result does not parse, or that mends nothing, is taken back; the others are made."""
    text = flow(LINE.replace("self.work", "self.wrok").replace("self.end", "self.ende"))

    def compile_with_bad_fixes(path: str, data: bytes, *rest: object, hints: bool):  # type: ignore[no-untyped-def]
        done = compile_bytes(path, data)
        return replace(done, diagnostics=tuple(map(spoil, done.diagnostics)))

    def spoil(one: Diagnostic) -> Diagnostic:
        new = {"`wrok`": "(", "`ende`": "self.ende "}.get(one.message.split()[-1])
        return one if new is None else replace(one, fix=Fix("Spoil it", (Edit(one.primary.span, new),)))

    monkeypatch.setattr("flowc.compiler.repair.compile_bytes", compile_with_bad_fixes)
    repair = repaired(text.replace("def work(self)", "def work()"))
    assert repair.data.decode() == text
    assert [one.rule.code for one in repair.fixed] == ["FC201"]


@pytest.mark.parametrize("folder", ERRORS, ids=lambda folder: folder.name)
def test_fixes_of_the_golden_cases(folder) -> None:  # type: ignore[no-untyped-def]
    """What can be fixed is, nothing becomes unreadable, and a second repair finds nothing more to do."""
    data = (folder / "flow.py").read_bytes()
    beside, given = Beside(folder), given_in(data)
    repair = repair_bytes("flow.py", data, files=beside, given=given)
    after = compile_bytes("flow.py", repair.data, files=beside, given=given)
    assert not repair.fixed or repair.data != data
    assert {one.rule.code for one in after.diagnostics} <= {folder.name.split("_")[0]} or after.diagnostics == ()
    assert repair_bytes("flow.py", repair.data, files=beside, given=given).fixed == ()


def test_sound_flows_are_left_alone() -> None:
    for path in sorted((ROOT / "golden").glob("*/flow.py")):
        data = path.read_bytes()
        assert repair_bytes("flow.py", data, files=Beside(path.parent)) == Repair(data, ())


def span(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(path="flow.py", line=line, column=column, end_line=end_line, end_column=end_column)


def edit(line: int, column: int, end_line: int, end_column: int, text: str) -> Fix:
    return Fix(text, (Edit(span(line, column, end_line, end_column), text),))


def test_overlaps_are_left_out() -> None:
    first, second, third = edit(1, 1, 1, 4, "X"), edit(1, 3, 1, 5, "Y"), edit(1, 5, 1, 6, "Z")
    for order in ([first, second, third], [third, second, first], [second, first, third]):
        assert apply("abcdef", order) == "XdZf"
    assert choose("abcdef", [first, first]) == (first,)
    assert apply("abcdef", [edit(1, 1, 1, 3, "X"), edit(1, 3, 1, 5, "Y")]) == "XYef"
    assert apply("abcdef", [edit(1, 3, 1, 3, "+"), edit(1, 3, 1, 3, "-")]) == "ab+cdef"
    assert apply("abcdef", [edit(1, 1, 1, 3, "X"), edit(1, 3, 1, 3, "-")]) == "Xcdef"


def test_a_fix_is_made_as_a_whole() -> None:
    both = Fix("both", (Edit(span(1, 1, 1, 2), "X"), Edit(span(2, 1, 2, 2), "Y")))
    assert apply("a\nb\n", [edit(2, 1, 2, 2, "Z"), both]) == "X\nY\n"
    assert apply("a\nb\n", [edit(1, 1, 1, 2, "A"), both]) == "A\nb\n"


def test_places_past_the_end() -> None:
    assert apply("a", [edit(1, 99, 1, 99, "\nb")]) == "a\nb"
    assert apply("a\r\nc", [edit(1, 99, 1, 99, "\nb")]) == "a\r\nb\r\nc"
    assert apply("a\r\nc", [edit(9, 1, 9, 1, "\nd")]) == "a\r\nc\r\nd"
    assert apply("", [edit(1, 1, 1, 1, "a\n")]) == "a\n"
    assert apply("a\rb\nc", [edit(1, 2, 1, 2, "\n"), edit(2, 2, 2, 2, "\n")]) == "a\r\rb\n\nc"


def test_fixes_have_edits_in_their_own_file_that_do_not_overlap() -> None:
    """What an editor applies without looking."""
    for _, sound, right, wrong in FIXES.values():
        bad = flow(sound.replace(right, wrong, 1))
        for one in compile_source(Source("flow.py", bad)).diagnostics:
            assert one.fix is None or applies(bad, one)


def applies(text: str, one: Diagnostic) -> bool:
    assert one.fix is not None
    places = sorted((e.span.line, e.span.column, e.span.end_line, e.span.end_column) for e in one.fix.edits)
    assert all(first[2:] <= second[:2] for first, second in pairwise(places))
    assert {e.span.path for e in one.fix.edits} == {"flow.py"}
    ast.parse(apply(text, [one.fix]))
    return True
