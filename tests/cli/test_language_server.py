"""The parts of the language server that talk no protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from flowc.cli.language_server.completion import complete
from flowc.cli.language_server.documents import Documents, encode_text, path_of, uri_of
from flowc.cli.language_server.faults import published
from flowc.cli.language_server.outline import Outline, Role, outline_of
from flowc.cli.language_server.positions import ENCODINGS, line_and_column, place_of, range_of, units
from flowc.cli.language_server.shift import shift_between
from flowc.cli.language_server.workspace import Workspace
from flowc.compiler.pipeline import compile_source
from flowc.compiler.source import Source, Span

TEXTS = st.text(alphabet="a\t\u00e9\u20ac\U0001d4b3\U0001f600\ud800", max_size=12)


@pytest.mark.parametrize(("encoding", "length"), [("utf-32", 4), ("utf-16", 5), ("utf-8", 10)])
def test_lengths(encoding: str, length: int) -> None:
    assert units("aé€\U0001d4b3", encoding) == length


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(ENCODINGS), st.data())
def test_places_there_and_back(lines: list[str], encoding: str, data: st.DataObject) -> None:
    line = data.draw(st.integers(1, len(lines)))
    column = data.draw(st.integers(1, len(lines[line - 1]) + 1))
    there = place_of(lines, line, column, encoding)
    assert line_and_column(lines, there, encoding) == (line, column)
    assert there.character == units(lines[line - 1][: column - 1], encoding)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.integers(0, 9), st.integers(0, 99), st.sampled_from(ENCODINGS))
def test_any_place_is_one_of_the_text(lines: list[str], line: int, character: int, encoding: str) -> None:
    there = line_and_column(lines, types.Position(line, character), encoding)
    assert 1 <= there[0] <= len(lines)
    assert 1 <= there[1] <= len(lines[there[0] - 1]) + 1


def test_within_a_character_is_before_it() -> None:
    assert line_and_column(["\U0001d4b3x"], types.Position(0, 1), "utf-16") == (1, 1)
    assert line_and_column(["\U0001d4b3x"], types.Position(0, 3), "utf-8") == (1, 1)


def test_a_range_past_the_end_is_the_end() -> None:
    span = Span(path="f", line=2, column=1, end_line=3, end_column=1)
    assert range_of(span, ["a", "bc"], "utf-16") == types.Range(types.Position(1, 0), types.Position(1, 2))


def test_a_file_of_two_names_is_shown_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    workspace = Workspace()
    base = (tmp_path / "real" / "shared.py").as_uri()
    text = "from flowc import FlowSpec, step\n\n\nclass Base(FlowSpec):\n    @step\n    def end(self, a, b):\n        pass\n"
    workspace.documents.put(base, text, 1)
    flow = "from flowc import step\nfrom shared import Base\n\n\nclass A(Base):\n    @step\n    def start(self):\n"
    uri = (tmp_path / "link" / "flow.py").as_uri()
    workspace.documents.put(uri, f"{flow}        self.next(self.end)\n", 1)
    found = published(workspace, "utf-16")
    assert found.keys() == {base, uri}
    assert "FC201" in [one.code for one in found[base]]


LINES = st.lists(st.sampled_from("abc"), max_size=8)


@given(LINES, LINES)
def test_what_did_not_change_is_found_again(before: list[str], after: list[str]) -> None:
    old, new = Source("f", "\n".join(before)), Source("f", "\n".join(after))
    shift = shift_between(old, new)
    found = {}
    for number, text in enumerate(old.lines, 1):
        there = shift.forth(old.at(number, 1))
        if there is not None:
            assert new.lines[there.line - 1] == text
            assert shift.back(there.line) == number
            found[there.line] = number
    assert len(found) == shift.head + shift.tail == sum(shift.back(line) is not None for line in range(1, len(new.lines) + 1))
    if before == after:
        assert len(found) == len(old.lines)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/flow.py", "/home/me/flow.py"),
        ("file:///home/me/a%20b%23%3F%25%C3%A9;c.py", "/home/me/a b#?%é;c.py"),
        ("file://localhost/flow.py", "/flow.py"),
        ("file:///c%3A/me/flow.py", "c:/me/flow.py"),
        ("file:///C:/me/flow.py", "C:/me/flow.py"),
        ("file://share/me/flow.py", "//share/me/flow.py"),
        ("untitled:Untitled-1", "untitled:Untitled-1"),
    ],
)
def test_paths(uri: str, path: str) -> None:
    assert path_of(uri) == path
    if uri.startswith("file:"):
        assert path_of(uri_of(path)) == path


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("é", "é".encode()),
        ("# coding: latin-1\né", "# coding: latin-1\né".encode("latin-1")),
        ("# coding: latin-1\n€", "# coding: latin-1\n€".encode()),
        ("# coding: frob\né", "# coding: frob\né".encode()),
    ],
)
def test_bytes_as_they_would_be_saved(text: str, data: bytes) -> None:
    assert encode_text(text) == data


def test_open_text_comes_before_the_disk(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "a.py").write_text("disk")
    documents, uri = Documents(), (tmp_path / "real" / "a.py").as_uri()
    inside = str(tmp_path / "link" / "a.py")
    assert documents.read(inside) == b"disk"
    documents.put(uri, "\ufeffopen", 1)
    assert documents.read(inside) == b"open"
    assert documents.uri_of(inside) == uri
    documents.drop(uri)
    assert documents.read(inside) == b"disk"
    assert documents.read(str(tmp_path / "none\0.py")) is None


def test_each_text_is_compiled_once(tmp_path: Path) -> None:
    workspace = Workspace()
    (tmp_path / "shared.py").write_text("from flowc import FlowSpec\n\n\nclass Base(FlowSpec):\n    pass\n")
    text = "from flowc import step\nfrom shared import Base\n\n\nclass A(Base):\n    @step\n    def start(self):\n        pass\n"
    uri = (tmp_path / "flow.py").as_uri()
    (first,) = [workspace.analysis(workspace.documents.put(uri, text, 1)), *workspace.analyses()][:1]
    assert workspace.analyses() == [first]
    assert workspace.analyses()[0] is first
    (tmp_path / "other.py").write_text("1")
    assert workspace.analyses()[0] is first
    (tmp_path / "shared.py").write_text("from flowc import FlowSpec\n\n\nclass Base(FlowSpec):\n    x = 1\n")
    assert workspace.analyses()[0] is not first


def outline(body: str) -> Outline:
    text = "from flowc import FlowSpec, step, catch\n\n\nclass F(FlowSpec):\n" + body
    definition = compile_source(Source("f.py", text)).definition
    assert definition is not None
    return outline_of(definition)


def mentions(body: str, name: str) -> list[tuple[Role, str, int]]:
    return [(one.role, one.method, one.span.line) for one in outline(body).by_name.get(name, ())]


def test_mentions() -> None:
    body = """\
    @catch(var="failed")
    @step
    def start(me):
        me.a, (me.b, *me.rest) = 1, (2, 3)
        for me.i in me.a: pass
        with me.a as me.w: pass
        me.a += 1
        del me.b
        me.next(me.end, foreach='a')
    @step
    def end(self, inputs):
        self.merge_artifacts(inputs, include=["a", "b"], exclude=["rest"])
        other.a = inputs.start.a + inputs[0].a + sum(x.a for x in inputs)
        for task in inputs:
            print(task.a, [self.helper for y in inputs])
        def inner():
            return self.a
    @property
    def helper(self):
        return self.failed
"""
    write, read = Role.WRITE, Role.READ
    assert mentions(body, "a") == [
        *[(write, "start", 8), (read, "start", 9), (read, "start", 10), (Role.UPDATE, "start", 11), (read, "start", 13)],
        *[(read, "end", 16), (read, "end", 17), (read, "end", 17), (read, "end", 17), (read, "end", 19), (read, "end", 21)],
    ]
    assert mentions(body, "i") == [(write, "start", 9)]
    assert mentions(body, "w") == [(write, "start", 10)]
    assert mentions(body, "rest") == [(write, "start", 8), (read, "end", 16)]
    assert mentions(body, "failed") == [(write, "start", 5), (read, "helper", 24)]
    assert mentions(body, "start") == [(Role.DEFINE, "", 7), (read, "end", 17)]
    found = outline(body)
    (use,) = [one for one in found.by_name["failed"] if one.role is read]
    assert found.steps_of(use) == ["end"]


@pytest.mark.parametrize("text", ["", "self.next(self.", "\u00e9" * 5, "self.next(')", "self.next((((self.", "@"])
def test_completion_takes_any_text(text: str) -> None:
    found = outline("    @step\n    def start(self):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n")
    for column in range(1, len(text) + 2):
        complete([found], [text], 1, column)
    assert complete([found], [text], 5, 1) == []
    assert complete([], [text], 1, 1) == []
