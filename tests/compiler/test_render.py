"""How diagnostics look: carets under the right characters, whatever these are."""

from __future__ import annotations

import unicodedata
from textwrap import dedent

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flowc.compiler.diagnostics.as_json import render_json
from flowc.compiler.diagnostics.model import Diagnostic, Label, Rule, Severity
from flowc.compiler.diagnostics.render import render_concise, render_full, summary
from flowc.compiler.diagnostics.terminal import cells, printable
from flowc.compiler.source import Source, Span

ERROR = Rule("FC999", "made-up", "An error.")
WARNING = Rule("FC998", "made-up-too", "A warning.", Severity.WARNING)

TEXT = """\
class Train(FlowSpec):

    @step
    def start(self):
        self.next(self.a, self.a)

    @step
    def end(self):
\tself.x = "日本" + self.y
"""


def span(line: int, column: int, end_column: int, end_line: int | None = None, path: str = "flow.py") -> Span:
    return Span(path=path, line=line, column=column, end_line=end_line or line, end_column=end_column)


def full(*diagnostics: Diagnostic, text: str = TEXT, color: bool = False) -> str:
    return render_full(diagnostics, {"flow.py": Source("flow.py", text)}, color=color)


def expect(shown: str, expected: str) -> None:
    assert shown == dedent(expected).lstrip("\n")


def test_one_place() -> None:
    one = Diagnostic(ERROR, "step `a` is not there", Label(span(5, 19, 25), "no such step"), help="did you mean `end`?")
    expect(
        full(one),
        """
        error[FC999]: step `a` is not there
         --> flow.py:5:19
          |
        5 |         self.next(self.a, self.a)
          |                   ^^^^^^ no such step
          |
          = help: did you mean `end`?

        1 error
        """,
    )


def test_labels_on_one_line_share_a_row() -> None:
    one = Diagnostic(ERROR, "twice", Label(span(5, 27, 33), "again"), (Label(span(5, 19, 25), "first here"),))
    expect(
        full(one),
        """
        error[FC999]: twice
         --> flow.py:5:27
          |
        5 |         self.next(self.a, self.a)
          |                   ------  ^^^^^^ again
          |                   |
          |                   first here

        1 error
        """,
    )


def test_three_labels_on_one_line() -> None:
    others = (Label(span(5, 9, 18), "this call"), Label(span(5, 27, 33), "last\nof two lines"))
    expect(
        full(Diagnostic(ERROR, "thrice", Label(span(5, 19, 25), "middle"), others)),
        """
        error[FC999]: thrice
         --> flow.py:5:19
          |
        5 |         self.next(self.a, self.a)
          |         --------- ^^^^^^  ------ last
          |                                  of two lines
          |         |         |
          |         |         middle
          |         this call

        1 error
        """,
    )


def test_overlapping_labels_have_rows_of_their_own() -> None:
    one = Diagnostic(ERROR, "inside", Label(span(5, 19, 25), "this"), (Label(span(5, 9, 34), "in this call"),))
    expect(
        full(one),
        """
        error[FC999]: inside
         --> flow.py:5:19
          |
        5 |         self.next(self.a, self.a)
          |                   ^^^^^^ this
          |         ------------------------- in this call

        1 error
        """,
    )


def test_other_lines_stand_in_order_with_dots_between_far_ones() -> None:
    others = (Label(span(8, 9, 12), "and this"), Label(span(1, 7, 12), "the flow"), Label(span(3, 5, 10)))
    expect(
        full(Diagnostic(WARNING, "many", Label(span(5, 9, 18), "here"), others, help="first\n    second line\n\nlast")),
        """
        warning[FC998]: many
         --> flow.py:5:9
          |
        1 | class Train(FlowSpec):
          |       ----- the flow
        2 |
        3 |     @step
          |     -----
        4 |     def start(self):
        5 |         self.next(self.a, self.a)
          |         ^^^^^^^^^ here
        ...
        8 |     def end(self):
          |         --- and this
          |
          = help: first
                      second line

                  last

        1 warning
        """,
    )


def test_other_files_have_headers() -> None:
    others = (Label(span(12, 3, 5, path="base.py"), "defined here"), Label(span(7, 1, 2, path="gone.py"), "and here"))
    one = Diagnostic(ERROR, "elsewhere", Label(span(1, 7, 12)), others)
    base = Source("base.py", "\n" * 11 + "  xy = 1")
    expect(
        render_full([one], {"flow.py": Source("flow.py", TEXT), "base.py": base}, False),
        """
        error[FC999]: elsewhere
          --> flow.py:1:7
           |
         1 | class Train(FlowSpec):
           |       ^^^^^
          ::: base.py:12:3
           |
        12 |   xy = 1
           |   -- defined here
          ::: gone.py:7:1
           | and here

        1 error
        """,
    )


def test_several_lines_are_marked_on_the_first() -> None:
    expect(
        full(Diagnostic(ERROR, "long", Label(span(4, 5, 20, end_line=5), "from here"))),
        """
        error[FC999]: long
         --> flow.py:4:5
          |
        4 |     def start(self):
          |     ^^^^^^^^^^^^^^^^ from here

        1 error
        """,
    )


def test_tabs_and_wide_characters() -> None:
    expect(
        full(Diagnostic(ERROR, "wide", Label(span(9, 18, 24), "this"), (Label(span(9, 11, 15), "text"),))),
        """
        error[FC999]: wide
         --> flow.py:9:18
          |
        9 |     self.x = "日本" + self.y
          |              ------   ^^^^^^ this
          |              |
          |              text

        1 error
        """,
    )


def test_end_of_file() -> None:
    text = "class A:"
    shown = full(Diagnostic(ERROR, "ends", Label(span(1, 9, 10), "here")), text=text)
    assert "1 | class A:\n  |         ^ here\n" in shown
    assert "9 |\n  | ^\n" in full(Diagnostic(ERROR, "ends", Label(span(9, 40, 41))), text=text)


@pytest.mark.parametrize("column", [1, 60, 119, 121, 300, 990])
def test_long_lines_are_cut_around_the_place(column: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(1000))
    shown = full(Diagnostic(ERROR, "long", Label(span(1, column, column + 5), "x")), text=text)
    code, carets = shown.splitlines()[3:5]
    assert cells(code) <= 4 + 120
    start = carets.index("^")
    assert code[start : start + 5] == text[column - 1 : column + 4]
    assert code.endswith("…") == (column < 900)


def test_long_line_with_labels_far_apart_keeps_the_fault() -> None:
    text = "x" * 400 + "HERE" + "x" * 400 + "FAR" + "日" * 100
    others = (Label(span(1, 805, 808), "far"), Label(span(1, 1, 3), "near"))
    one = Diagnostic(ERROR, "long", Label(span(1, 401, 405), "fault"), others)
    shown = full(one, text=text).splitlines()
    start = shown[4].index("^^^^")
    assert shown[3][start : start + 4] == "HERE"
    assert all(cells(line) <= 140 for line in shown)


def test_nothing_acts_on_the_terminal() -> None:
    text = 'x = "\x1b[31m\u202e\ud800"; y\r'
    one = Diagnostic(ERROR, "bad \x1b[2J", Label(span(1, 16, 17), "\x07"), help="\x9b")
    shown = full(one, text=text)
    assert all(char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"} for char in shown)
    shown.encode()
    assert "\x1b" not in render_concise([one], {}, False)
    render_json([one], {}, False).encode()


@given(st.text(st.characters(exclude_characters="\r\n"), max_size=300), st.data())
def test_carets_stand_under_their_characters(text: str, data: st.DataObject) -> None:
    """For any text: as many cells in front of the carets as in front of what is marked, and as many carets as it has cells."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    shown = printable(text.replace("\t", "    "))
    assume(cells(shown) <= 120)
    carets = full(Diagnostic(ERROR, "m", Label(span(1, start + 1, end + 1))), text=text).splitlines()[4][4:]
    before, marked = (cells(printable(part.replace("\t", "    "))) for part in (text[:start], text[start : max(end, start + 1)]))
    assert carets == " " * before + "^" * max(marked, 1)


def test_colors_change_nothing_else() -> None:
    import re

    one = Diagnostic(ERROR, "twice", Label(span(5, 27, 33), "again"), (Label(span(5, 19, 25), "first here"),), help="x")
    colored = full(one, color=True)
    assert "\033[1;31m" in colored
    assert re.sub(r"\033\[[0-9;]*m", "", colored) == full(one)


def test_concise() -> None:
    found = [Diagnostic(ERROR, "one", Label(span(5, 19, 25))), Diagnostic(WARNING, "two", Label(span(6, 1, 2)))]
    assert render_concise(found, {}, False) == "flow.py:5:19: error[FC999] one\nflow.py:6:1: warning[FC998] two\n"


def test_summary() -> None:
    error, warning = Diagnostic(ERROR, "", Label(span(1, 1, 2))), Diagnostic(WARNING, "", Label(span(1, 1, 2)))
    assert summary([error, warning, error]) == "2 errors, 1 warning"
    assert full() == ""
