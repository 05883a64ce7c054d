"""`flowc lsp`, over standard input and output of a process, as an editor talks to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.compiler.pipeline import compile_source
from flowc.compiler.source import Source

from .editor import Editor, edit, place, text_at

FLOW = '''\
from flowc import FlowSpec, Parameter, catch, resources, step


class Numbers(FlowSpec):
    """Adds up."""

    size = Parameter("size", default=3, help="How many")

    @step
    def start(self):
        """Make the numbers."""
        self.items = list(range(self.size))
        self.next(self.work, foreach="items")

    @resources(memory=8000)
    @step
    def work(self):
        self.result = self.double(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.result for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)

    def double(self, number):
        self.seen = number
        return 2 * self.seen


if __name__ == "__main__":
    Numbers()
'''


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    one = Editor(tmp_path)
    yield one
    code, errors = one.stop()
    assert (code, errors) == (0, "")
    assert one.logged == []


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return (tmp_path / "numbers_flow.py").as_uri()


def codes(diagnostics: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in diagnostics]


def test_faults_come_and_go(editor: Editor, uri: str) -> None:
    faulty = FLOW.replace("self.next(self.join)", "self.next(self.joint)")
    editor.open(uri, faulty)
    (one,) = editor.diagnostics(uri)
    assert (one["code"], one["severity"], one["source"]) == ("FC301", 1, "flowc")
    assert one["message"] == "`Numbers` has no step `joint`\nhelp: did you mean `join`?"
    assert text_at(faulty, one["range"]) == "self.joint"
    editor.change(uri, FLOW, 2)
    assert editor.diagnostics(uri, 2) == []
    editor.change(uri, faulty, 3)
    assert codes(editor.diagnostics(uri, 3)) == ["FC301"]
    editor.close(uri)
    assert editor.after_change(uri) == []


def test_of_many_changes_the_newest_counts(editor: Editor, uri: str) -> None:
    editor.open(uri, FLOW)
    assert editor.diagnostics(uri, 1) == []
    for version in range(2, 30):
        editor.change(uri, FLOW.replace("self.next(self.join)", f"self.next(self.gone{version})"), version)
    (one,) = editor.diagnostics(uri, 29)
    assert "gone29" in one["message"]


def test_an_answer_is_about_the_newest_text(editor: Editor, uri: str) -> None:
    """What is asked right after a change, before the pause in which it is checked, is answered for that change."""
    editor.open(uri, FLOW)
    moved = "\n\n\n" + FLOW
    editor.change(uri, moved, 2)
    (found,) = editor.at("definition", uri, place(moved, "self.next(self.wo|rk"))
    assert found["range"]["start"] == place(moved, "def |work")


def test_second_labels_are_related_places(editor: Editor, uri: str) -> None:
    twice = FLOW.replace("    def double(self, number):", "    @step\n    def work(self):")
    editor.open(uri, twice)
    one = next(one for one in editor.diagnostics(uri) if one["code"] == "FC203")
    (related,) = one["relatedInformation"]
    assert related["location"]["uri"] == uri
    assert text_at(twice, related["location"]["range"]) == "work"
    assert related["message"] == "first defined here"


def test_hints_are_faint(editor: Editor, uri: str) -> None:
    unused = FLOW.replace("self.seen = number", "self.seen = number\n        self.forgotten = 1")
    editor.open(uri, unused)
    (one,) = editor.diagnostics(uri)
    assert (one["code"], one["severity"], one["tags"]) == ("FC720", 4, [1])
    assert text_at(unused, one["range"]) == "self.forgotten"


def actions(editor: Editor, uri: str, span: dict[str, Any], *only: str) -> list[dict[str, Any]]:
    context: dict[str, Any] = {"diagnostics": []} | ({"only": list(only)} if only else {})
    found: list[dict[str, Any]] = editor.ask(
        "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": span, "context": context}
    )
    return found


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_quick_fix_mends(editor: Editor, uri: str, line_end: str) -> None:
    faulty = FLOW.replace("self.next(self.join)", "self.next(self.joint)").replace("\n", line_end)
    editor.open(uri, faulty)
    (one,) = editor.diagnostics(uri)
    (action,) = actions(editor, uri, one["range"], "quickfix")
    assert (action["kind"], action["isPreferred"], action["diagnostics"]) == ("quickfix", True, [one])
    assert edit(faulty, action["edit"]["changes"][uri]) == FLOW.replace("\n", line_end)
    assert actions(editor, uri, {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 4}}) == []


def test_an_inserted_line_ends_as_the_others_do(editor: Editor, uri: str) -> None:
    faulty = FLOW.replace("        self.next(self.end)\n", "").replace("\n", "\r\n")
    editor.open(uri, faulty)
    (one,) = editor.diagnostics(uri)
    (action,) = actions(editor, uri, one["range"], "quickfix")
    assert edit(faulty, action["edit"]["changes"][uri]) == FLOW.replace("\n", "\r\n")


def test_fix_all(editor: Editor, uri: str) -> None:
    faulty = FLOW.replace("self.next(self.join)", "self.next(self.joint)").replace("@resources", "@resource")
    faulty = faulty.replace("catch, resources", "catch, resources as resource").replace("self.end)", "self.ende)")
    editor.open(uri, faulty)
    assert len(editor.diagnostics(uri)) >= 2
    nowhere = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    (action,) = actions(editor, uri, nowhere, "source.fixAll")
    assert action["kind"] == "source.fixAll.flowc"
    mended = edit(faulty, action["edit"]["changes"][uri])
    assert compile_source(Source("flow.py", mended)).diagnostics == ()
    assert actions(editor, uri, nowhere, "refactor") == []


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("self.next(self.wo|rk", ["def |work"]),
        ("self.next(|self.work", []),
        ("self.|next(self.work", []),
        ("range(self.|size)", ["    |size = Parameter"]),
        ("self.double|(self.input)", ["def |double"]),
        ('foreach="it|ems"', ["self.|items = list"]),
        ("print(self.to|tal)", ["self.|total = sum"]),
        ("one.res|ult for", ["self.|result = "]),
        ("def wo|rk", ["def |work"]),
    ],
)
def test_definition(editor: Editor, uri: str, marked: str, expected: list[str]) -> None:
    editor.open(uri, FLOW)
    found = editor.at("definition", uri, place(FLOW, marked))
    assert [(one["uri"], one["range"]["start"]) for one in found] == [(uri, place(FLOW, one)) for one in expected]


def test_an_artifact_leads_to_all_assignments(editor: Editor, uri: str) -> None:
    twice = FLOW.replace("        print(self.total)", "        self.total += 1\n        print(self.total)")
    editor.open(uri, twice)
    found = editor.at("definition", uri, place(twice, "print(self.to|tal)"))
    assert [one["range"]["start"] for one in found] == [place(twice, "self.|total = "), place(twice, "self.|total += ")]


def test_references_and_highlights(editor: Editor, uri: str) -> None:
    editor.open(uri, FLOW)
    expected = [place(FLOW, "self.|result = "), place(FLOW, "one.|result for")]
    found = editor.at("references", uri, expected[1], context={"includeDeclaration": True})
    assert [one["range"]["start"] for one in found] == expected
    found = editor.at("references", uri, expected[1], context={"includeDeclaration": False})
    assert [one["range"]["start"] for one in found] == expected[1:]
    found = editor.at("documentHighlight", uri, expected[0])
    assert [(one["range"]["start"], one["kind"]) for one in found] == [(expected[0], 3), (expected[1], 2)]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("self.|items = ", ["(artifact) items", "set in `start` (line 12, a list)", "read by `start`"]),
        ("one.res|ult", ["(artifact) result", "set in `work` (line 18)", "read by `join`"]),
        ("self.se|en", ["set in `double` (line 31), which `work` calls", "read by `work`"]),
        ("self.next(self.wo|rk", ["(step) work", "→ join", "after `start`", "`@resources(memory=8000)`"]),
        ("def st|art", ["(step) start  # start", "Make the numbers.", "→ work for each of self.items"]),
        ("def jo|in", ["(step) join  # joins"]),
        ("self.si|ze", ["(parameter) size", "`--size INT  [default 3]  How many`", "read by `start`"]),
    ],
)
def test_hover(editor: Editor, uri: str, marked: str, expected: list[str]) -> None:
    editor.open(uri, FLOW)
    found = editor.at("hover", uri, place(FLOW, marked))["contents"]
    assert found["kind"] == "markdown"
    for one in expected:
        assert one in found["value"]


def test_hover_explains_a_fault(editor: Editor, uri: str) -> None:
    faulty = FLOW.replace("self.next(self.join)", "self.next(self.joint)")
    editor.open(uri, faulty)
    found = editor.at("hover", uri, place(faulty, "self.jo|int"))["contents"]["value"]
    assert found.startswith("**FC301** unknown-step\n\n")
    assert editor.at("hover", uri, place(faulty, "ran|ge(")) is None


def test_symbols_are_the_graph(editor: Editor, uri: str) -> None:
    head, start, work, join, end = FLOW.partition("\n\n\nif __name__")[0].split("\n\n    @", 4)
    shuffled = "\n\n    @".join([head, end, join, work, start]) + "\n"
    editor.open(uri, shuffled)
    assert editor.diagnostics(uri) == []
    (flow,) = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert (flow["name"], flow["detail"]) == ("Numbers", "Adds up.")
    assert [(one["name"], one["detail"]) for one in flow["children"]] == [
        ("size", "--size INT  [default 3]  How many"),
        ("start", "→ work for each of self.items"),
        ("work", "→ join"),
        ("join", "→ end"),
        ("end", "ends here"),
    ]
    for one in flow["children"][1:]:
        assert text_at(shuffled, one["selectionRange"]) == one["name"]
        assert text_at(shuffled, one["range"]).startswith("@")
        assert f"def {one['name']}" in text_at(shuffled, one["range"])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("self.next(self.|", ["work", "join", "end"]),
        ("self.next(self.work, self.jo|", ["work", "join", "end"]),
        ('self.next(self.work, foreach="|', ["items", "result", "seen", "size", "total"]),
        ("self.next(|", []),
        ("print(self.|", []),
        ("self.next(self.work)\n        self.|", []),
        ("self.next(\n            {'a': self.work,\n             'b': self.|", ["work", "join", "end"]),
    ],
)
def test_completion_while_typing(editor: Editor, uri: str, written: str, expected: list[str]) -> None:
    editor.open(uri, FLOW)
    editor.diagnostics(uri)
    typed = FLOW.replace('self.next(self.work, foreach="items")', written.replace("|", ""))
    editor.change(uri, typed, 2)
    found = editor.at("completion", uri, place(typed, written))
    assert sorted(one["label"] for one in found) == sorted(expected)


def test_completion_of_decorators(editor: Editor, uri: str) -> None:
    editor.open(uri, FLOW)
    typed = FLOW.replace("    @resources(memory=8000)", "    @re").replace("class Numbers", "@\nclass Numbers")
    editor.change(uri, typed, 2)
    assert {"step", "retry", "resources"} <= {one["label"] for one in editor.at("completion", uri, place(typed, "    @re|"))}
    assert {"schedule", "project"} <= {one["label"] for one in editor.at("completion", uri, place(typed, "@|\nclass"))}


def test_what_does_not_parse_is_known_from_before(editor: Editor, uri: str) -> None:
    editor.open(uri, FLOW)
    broken = FLOW.replace("        self.result = ", "        for in\n        self.result = ")
    editor.change(uri, broken, 2)
    (one,) = editor.diagnostics(uri, 2)
    assert one["code"] == "FC101"
    (found,) = editor.at("definition", uri, place(broken, "self.next(self.jo|in"))
    assert found["range"]["start"] == place(broken, "def |join")
    (flow,) = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [one["name"] for one in flow["children"]] == ["size", "start", "work", "join", "end"]
    for one in flow["children"][1:]:
        assert text_at(broken, one["selectionRange"]) == one["name"]


BASE = """\
from flowc import FlowSpec, step


class Base(FlowSpec):
    @step
    def start(self):
        self.data = 1
        self.next(self.middle)

    @step
    def end(self):
        print(self.data)
"""

DERIVED = """\
from flowc import step
from shared import Base


class Derived(Base):
    @step
    def middle(self):
        self.data += 1
        self.next(self.end)
"""


def test_a_base_class_in_another_file(editor: Editor, tmp_path: Path) -> None:
    base, flow = (tmp_path / "shared.py"), (tmp_path / "with space é.py").as_uri()
    base.write_text(BASE, encoding="utf-8")
    editor.open(flow, DERIVED)
    assert editor.diagnostics(flow) == []
    (found,) = editor.at("definition", flow, place(DERIVED, "self.next(self.en|d)"))
    assert (found["uri"], found["range"]["start"]) == (base.as_uri(), place(BASE, "def |end"))
    places = editor.at("references", flow, place(DERIVED, "self.da|ta"), context={"includeDeclaration": True})
    assert [(one["uri"], one["range"]["start"]) for one in places] == [
        (base.as_uri(), place(BASE, "self.|data = 1")),
        (base.as_uri(), place(BASE, "print(self.|data")),
        (flow, place(DERIVED, "self.|data += 1")),
    ]
    about = editor.at("hover", flow, place(DERIVED, "self.da|ta"))["contents"]["value"]
    assert "set in `start` (shared.py line 7, `1`) and `middle` (line 8)\n\nread by `end` and `middle`" in about


def test_hover_says_in_which_folder_a_file_is(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/__init__.py").touch()
    (tmp_path / "lib/shared.py").write_text(BASE, encoding="utf-8")
    flow, text = (tmp_path / "flow.py").as_uri(), DERIVED.replace("from shared", "from lib.shared")
    editor.open(flow, text)
    about = editor.at("hover", flow, place(text, "self.da|ta"))["contents"]["value"]
    assert "`start` (lib/shared.py line 7, `1`)" in about


def test_unsaved_edits_of_another_file_count(editor: Editor, tmp_path: Path) -> None:
    base, flow = (tmp_path / "shared.py"), (tmp_path / "flow.py").as_uri()
    base.write_text(BASE, encoding="utf-8")
    editor.open(flow, DERIVED)
    assert editor.diagnostics(flow, 1) == []
    editor.open(base.as_uri(), BASE)
    assert editor.diagnostics(base.as_uri(), 1) == [], "that `middle` is missing is no fault of a base"
    renamed = BASE.replace("def end", "@property\n    def end").replace("self.next(self.middle)", "self.next(self.midle)")
    editor.change(base.as_uri(), renamed, 2)
    found = editor.diagnostics(base.as_uri(), 2)
    assert "FC301" in codes(found)
    assert any(text_at(renamed, one["range"]) == "self.midle" for one in found)
    editor.change(base.as_uri(), BASE, 3)
    assert editor.diagnostics(base.as_uri(), 3) == []
    (found,) = editor.at("definition", base.as_uri(), place(BASE, "self.next(self.mid|dle)"))
    assert (found["uri"], found["range"]["start"]) == (flow, place(DERIVED, "def |middle"))
    empty = "\n".join(["", "", BASE])
    editor.change(base.as_uri(), empty, 4)
    (found,) = editor.at("definition", flow, place(DERIVED, "self.next(self.en|d)"))
    assert found["range"]["start"] == place(empty, "def |end")
    editor.close(base.as_uri())
    (found,) = editor.at("definition", flow, place(DERIVED, "self.next(self.en|d)"))
    assert found["range"]["start"] == place(BASE, "def |end"), "what is closed is as it is on the disk"


def test_a_module_that_breaks_is_shown_there(editor: Editor, tmp_path: Path) -> None:
    base, flow = (tmp_path / "shared.py"), (tmp_path / "flow.py").as_uri()
    base.write_text(BASE + "\n(\n", encoding="utf-8")
    editor.open(flow, DERIVED)
    assert codes(editor.diagnostics(base.as_uri())) == ["FC101"]
    base.write_text(BASE, encoding="utf-8")
    editor.tell("textDocument/didSave", {"textDocument": {"uri": flow}})
    assert editor.after_change(base.as_uri()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "import os\n",
        "def f(:\n",
        "# about FlowSpec\nprint(1)\n",
        "from flowc import FlowSpec\n\n\nclass Mixin(FlowSpec):\n    def helper(self):\n        return 1\n",
    ],
)
def test_files_without_a_flow_are_left_alone(editor: Editor, uri: str, text: str) -> None:
    editor.open(uri, text)
    assert editor.diagnostics(uri) == []
    assert editor.at("hover", uri, {"line": 0, "character": 0}) is None
    assert editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}}) in ([], None) or "Mixin" in text


def test_a_class_that_should_be_a_flow_is_not_left_alone(editor: Editor, uri: str) -> None:
    editor.open(uri, "def build():\n    from flowc import FlowSpec\n\n    class Inner(FlowSpec):\n        pass\n")
    assert codes(editor.diagnostics(uri)) == ["FC103"]


def test_several_flows_of_a_file_are_all_checked(editor: Editor, uri: str) -> None:
    body = FLOW.partition('if __name__ == "__main__"')[0]
    two = body + body.partition("\n\n\n")[2].replace("Numbers", "Other").replace("self.next(self.end)", "self.next(self.ende)")
    editor.open(uri, two)
    (one,) = editor.diagnostics(uri)
    assert one["message"].startswith("`Other` has no step `ende`")
    flows = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [one["name"] for one in flows] == ["Numbers", "Other"]
    (action,) = actions(editor, uri, one["range"], "source.fixAll.flowc")
    assert edit(two, action["edit"]["changes"][uri]) == two.replace("ende", "end")
    (found,) = editor.at("definition", uri, place(two, "self.next(self.wo|rk", nth=1))
    assert found["range"]["start"] == place(two, "def |work", nth=1)


@pytest.mark.parametrize(
    ("encodings", "units"),
    [(None, "utf-16-le"), (["utf-32", "utf-16"], "utf-32-le"), (["utf-8"], "utf-8"), (["latin-1"], "utf-16-le")],
)
def test_characters_are_counted_as_the_editor_does(tmp_path: Path, uri: str, encodings: list[str] | None, units: str) -> None:
    editor = Editor(tmp_path, encodings)
    assert editor.capabilities["positionEncoding"] == units.removesuffix("-le")
    text = FLOW.replace("self.next(self.work,", "'𝒳é𝒳'; self.next(self.work,").replace("self.end)", "self.ende)  # 𝒳")
    text = text.replace("print(self.total)", "x = '𝒳', self.total").replace("    ", "\t")
    editor.open(uri, text)
    (one,) = editor.diagnostics(uri)
    assert text_at(text, one["range"], units=units) == "self.ende"
    (found,) = editor.at("definition", uri, place(text, "self.next(self.wo|rk", units=units))
    assert text_at(text, found["range"], units=units) == "work"
    (found,) = editor.at("definition", uri, place(text, "'𝒳', self.to|tal", units=units))
    assert text_at(text, found["range"], units=units) == "total"
    (action,) = actions(editor, uri, one["range"], "quickfix")
    assert edit(text, action["edit"]["changes"][uri], units=units) == text.replace("ende", "end")
    assert editor.stop() == (0, "")


@pytest.mark.parametrize(
    "name",
    ["untitled:Untitled-1", "file:///c%3A/Users/me/flow.py", "file:///C:/Users/me/flow.py", "file://share/flows/a%23b%3Bc.py"],
)
def test_names_of_documents(editor: Editor, name: str) -> None:
    faulty = FLOW.replace("self.next(self.join)", "self.next(self.joint)")
    editor.open(name, faulty)
    (one,) = editor.diagnostics(name)
    (action,) = actions(editor, name, one["range"], "quickfix")
    assert list(action["edit"]["changes"]) == [name]
    (found,) = editor.at("definition", name, place(faulty, "self.next(self.wo|rk"))
    assert found["uri"] == name


def test_old_versions_and_cells_are_left_alone(editor: Editor, uri: str) -> None:
    faulty = FLOW.replace("self.next(self.join)", "self.next(self.joint)")
    for name in ("git:/home/me/flow.py?%7B%7D", "vscode-notebook-cell:/home/me/a.ipynb#X1"):
        editor.open(name, faulty)
        assert editor.diagnostics(name) == []


def test_an_unsaved_document_has_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text(BASE, encoding="utf-8")
    editor = Editor(tmp_path)
    editor.open("untitled:Untitled-1", "from flowc import FlowSpec\n" + DERIVED)
    assert codes(editor.diagnostics("untitled:Untitled-1")) == ["FC207"]
    assert editor.stop() == (0, "")


def test_what_it_does_not_know(editor: Editor, uri: str) -> None:
    assert editor.answer("textDocument/frobnicate", {})["error"]["code"] == -32601
    editor.tell("$/frobnicate", {})
    editor.tell("$/cancelRequest", {"id": 99})
    assert editor.at("hover", uri, {"line": 3, "character": 3}) is None
    assert editor.at("definition", uri, {"line": 3, "character": 3}) == []
    editor.open(uri, FLOW)
    assert editor.at("hover", uri, {"line": 3000, "character": 3000}) is None
    assert editor.at("hover", uri, {"line": 3, "character": 3000}) is None
    editor.close(uri)
    editor.close(uri)


def test_text_that_cannot_be_saved(editor: Editor, uri: str) -> None:
    editor.open(uri, FLOW.replace("Adds up", "\ud800"))
    assert codes(editor.diagnostics(uri)) == ["FC102"]
    assert actions(editor, uri, editor.diagnostics(uri)[0]["range"], "source.fixAll") == []


def test_a_bug_of_ours_ends_nothing(tmp_path: Path, uri: str) -> None:
    program = """if True:
        import sys
        from flowc.cli.language_server import hover, workspace
        from flowc.cli.program import execute
        sound = workspace.compile_source
        def compile_source(source, *args, **options):
            if "Boom" in source.text:
                raise RuntimeError("boom")
            return sound(source, *args, **options)
        workspace.compile_source = compile_source
        hover.describe = None
        sys.exit(execute(["lsp"]))
    """
    editor = Editor(tmp_path, command=("-c", program))
    editor.open(uri, FLOW)
    assert editor.diagnostics(uri, 1) == []
    editor.change(uri, FLOW + "# Boom\n", 2)
    assert editor.diagnostics(uri, 2) == []
    assert ["RuntimeError: boom" in one for one in editor.logged] == [True], "told once"
    assert "error" in editor.answer("textDocument/hover", {"textDocument": {"uri": uri}, "position": place(FLOW, "def st|art")})
    editor.tell(
        "textDocument/didChange", {"textDocument": {"uri": "file:///never/opened.py", "version": 2}, "contentChanges": []}
    )
    editor.send_bytes(b"[]")
    editor.send_bytes(b"{]")
    editor.change(uri, FLOW.replace("self.next(self.join)", "self.next(self.joint)"), 3)
    assert codes(editor.diagnostics(uri, 3)) == ["FC301"]
    code, errors = editor.stop()
    assert code == 0
    assert "Traceback" in errors
    assert "boom" in errors


@pytest.mark.parametrize("shutdown", [True, False])
def test_exit(tmp_path: Path, shutdown: bool) -> None:
    assert Editor(tmp_path).stop(shutdown=shutdown) == (0 if shutdown else 1, "")


def test_an_editor_that_goes_away(tmp_path: Path, uri: str) -> None:
    editor = Editor(tmp_path)
    editor.open(uri, FLOW)
    assert editor.hang_up() == (1, "")


def test_without_pygls(tmp_path: Path) -> None:
    program = "import sys\nsys.modules['pygls'] = None\nfrom flowc.cli.program import execute\nsys.exit(execute(['lsp']))"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "flowc: `flowc lsp` needs pygls: pip install 'flowc[lsp]', or '.[lsp]' in flowc's own folder\n"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_by_hand(tmp_path: Path) -> None:
    import pty

    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "flowc", "lsp"]
    ended = subprocess.run(command, cwd=tmp_path, stdin=terminal, capture_output=True, text=True, timeout=60)
    os.close(main)
    os.close(terminal)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "an editor starts `flowc lsp`" in ended.stderr
    assert ended.stderr.count("\n") == 1
