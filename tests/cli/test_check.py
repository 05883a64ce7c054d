"""`flowc check`."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flowc.cli.output import Unusable
from flowc.cli.writing import replace_file

from .conftest import FLOW, Run

BROKEN = FLOW.replace("self.end)", "self.ende)")
WARNED = FLOW.replace("class Sums", "@pypi_base(python='3.11')\nclass Sums").replace("FlowSpec,", "FlowSpec, pypi_base,", 1)


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts text into standard input."""

    def put(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put


def test_sound(flowc: Run) -> None:
    assert flowc("check", "flow.py") == (0, "flow.py: Sums is sound, 2 steps\n", "")
    assert flowc("check", "flow.py:Sums", "--format", "concise") == (0, "", "")
    assert flowc("check", "flow.py", "--format", "json") == (0, "[]\n", "")


def test_what_a_platform_refuses(flowc: Run) -> None:
    text = FLOW.replace("class Sums", '@schedule(cron="0 0 L * ? *")\nclass Sums').replace("FlowSpec,", "FlowSpec, schedule,", 1)
    Path("timed.py").write_text(text, encoding="utf-8")
    assert flowc("check", "timed.py") == (0, "timed.py: Sums is sound, 2 steps\n", "")
    assert flowc("check", "timed.py", "--target", "sfn").code == 0
    ended = flowc("check", "timed.py", "flow.py", "--target", "argo")
    assert ended.code == 1
    assert "error[FC603]: Argo cannot start a flow by `0 0 L * ? *`" in ended.out
    assert "flow.py: Sums is sound" in ended.out
    assert "timed.py: Sums is sound" not in ended.out
    Path("flowc.toml").write_text('target = "argo"\n', encoding="utf-8")
    assert flowc("check", "timed.py").out == flowc("check", "timed.py", "--target", "argo").out


def test_faults_are_results(flowc: Run) -> None:
    Path("bad.py").write_text(BROKEN, encoding="utf-8")
    ended = flowc("check", "bad.py", "flow.py")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith("error[FC301]: ")
    assert " --> bad.py:15:" in ended.out
    assert "^^^^" in ended.out
    assert "flow.py: Sums is sound" in ended.out


def test_formats(flowc: Run) -> None:
    Path("bad.py").write_text(BROKEN, encoding="utf-8")
    (line,) = flowc("check", "bad.py", "--format", "concise").out.splitlines()
    (record,) = json.loads(flowc("check", "bad.py", "bad.py", "--format", "json").out)
    assert line == f"bad.py:{record['line']}:{record['column']}: error[{record['code']}] {record['message']}"


def test_a_class_that_is_not_there(flowc: Run) -> None:
    ended = flowc("check", "flow.py:Summs", "--format", "concise")
    assert ended.code == 1
    assert "FC105" in ended.out


def test_what_is_no_python_is_a_fault_of_the_flow(flowc: Run) -> None:
    for content in (b"def", b"\xff\xfe", b"x = '\0'", b"", b"# -*- coding: nonsense -*-"):
        Path("odd.py").write_bytes(content)
        ended = flowc("check", "odd.py")
        assert (ended.code, ended.err) == (1, ""), content
        assert ended.out.startswith("error[FC1")


def test_line_ends_and_byte_order_mark(flowc: Run) -> None:
    Path("bad.py").write_text(BROKEN, encoding="utf-8")
    plain = flowc("check", "bad.py").out
    Path("bad.py").write_bytes(BROKEN.replace("\n", "\r\n").encode("utf-8-sig"))
    assert flowc("check", "bad.py").out == plain


def test_other_packages_are_never_imported(flowc: Run) -> None:
    Path("other.py").write_text("import no_such_package, also.not_there\nraise SystemExit(9)\n" + FLOW, encoding="utf-8")
    assert flowc("check", "other.py").code == 0


def test_stats_of_every_target(flowc: Run) -> None:
    plain = flowc("check", "flow.py")
    ended = flowc("check", "--stats", "flow.py")
    assert (ended.code, ended.out) == (0, plain.out)
    assert [row for row in ended.err.splitlines()[1:] if not row.startswith("  ")] == ["Sums", "argo", "sfn"]
    assert ended.err == flowc("check", "--stats", "flow.py").err


def test_no_stats_of_a_faulty_flow(flowc: Run) -> None:
    Path("flow.py").write_text(FLOW.replace("self.end)", "self.ende)"), encoding="utf-8")
    ended = flowc("check", "--stats", "flow.py")
    assert (ended.code, ended.err) == (1, "")


def test_a_fault_in_a_module_is_shown_in_that_module(flowc: Run) -> None:
    Path("flows").mkdir()
    Path("flows/flow.py").write_text("from base import Base\n\n\nclass Sums(Base):\n    pass\n", encoding="utf-8")
    Path("flows/base.py").write_text(
        FLOW.replace("self.end)", "self.ende)").replace("class Sums", "class Base"), encoding="utf-8"
    )
    ended = flowc("check", "flows/flow.py")
    assert ended.code == 1
    assert "--> flows/base.py:15:19" in ended.out
    assert "15 |         self.next(self.ende)" in ended.out


def test_fix(flowc: Run) -> None:
    Path("bad.py").write_bytes(BROKEN.replace("\n", "\r\n").encode())
    Path("bad.py").chmod(0o751)
    shown = flowc("check", "bad.py")
    assert shown.out.endswith("\n1 error (1 fixable with check --fix)\n")
    assert flowc("check", "--fix", "bad.py", "flow.py") == (
        0,
        "bad.py: Sums is sound, 2 steps\nflow.py: Sums is sound, 2 steps\n",
        "fixed bad.py: 1 fault\n",
    )
    assert Path("bad.py").read_bytes() == FLOW.replace("\n", "\r\n").encode()
    assert Path("bad.py").stat().st_mode & 0o7777 == 0o751
    assert sorted(path.name for path in Path().iterdir()) == ["bad.py", "flow.py"]


def test_fix_shows_what_remains(flowc: Run) -> None:
    Path("bad.py").write_text(
        BROKEN.replace("@step\n    def end", "@retry(timse=1, x=2)\n    @step\n    def end"), encoding="utf-8"
    )
    ended = flowc("check", "--fix", "--format", "concise", "bad.py")
    assert ended.code == 1
    assert ended.err == "fixed bad.py: 3 faults\n"
    (line,) = ended.out.splitlines()
    assert line.startswith("bad.py:17:21: error[FC503] `@retry` has no argument `x`")
    again = flowc("check", "--fix", "--format", "concise", "bad.py")
    assert again == (1, ended.out, "")


def test_fix_of_a_file_with_two_flows(flowc: Run) -> None:
    text = BROKEN.replace('\n\nif __name__ == "__main__":\n    Sums()\n', "")
    second = text[text.index("class") :].replace("Sums", "More")
    Path("bad.py").write_text(f"{text}\n\n{second}", encoding="utf-8")
    ended = flowc("check", "--fix", "bad.py:Sums", "./bad.py:More", "bad.py:More")
    assert ended.code == 0, ended
    assert ended.out.count("is sound") == 3
    assert "ende" not in Path("bad.py").read_text(encoding="utf-8")


def test_fix_writes_only_what_changed(flowc: Run) -> None:
    before = Path("flow.py").stat()
    assert flowc("check", "--fix", "flow.py").err == ""
    after = Path("flow.py").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_fix_writes_through_a_link(flowc: Run) -> None:
    Path("real.py").write_text(BROKEN, encoding="utf-8")
    Path("bad.py").symlink_to("real.py")
    assert flowc("check", "--fix", "bad.py").code == 0
    assert Path("bad.py").is_symlink()
    assert Path("real.py").read_text(encoding="utf-8") == FLOW


def test_fix_leaves_a_file_alone_that_was_changed_meanwhile(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bad.py").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(Unusable, match="changed meanwhile"):
        replace_file("bad.py", b"what was read", b"new")
    assert Path("bad.py").read_text(encoding="utf-8") == BROKEN
    monkeypatch.setattr(os, "access", lambda *_: False)
    ended = flowc("check", "--fix", "bad.py")
    assert (ended.code, ended.err) == (2, "flowc: cannot write bad.py: it is read-only\n")
    assert sorted(path.name for path in Path().iterdir()) == ["bad.py", "flow.py"]


def test_diff(flowc: Run) -> None:
    data = BROKEN.rstrip("\n").replace("Sums()", "Sums()  # é").replace("\n", "\r\n").encode("latin-1")
    data = b"# -*- coding: latin-1 -*-\r\n" + data.replace(b"    def end(self)", b"    def end()")
    Path("bad.py").write_bytes(data)
    ended = flowc("check", "--diff", "bad.py", "flow.py")
    assert (ended.code, ended.err) == (1, "would fix bad.py: 2 faults\n")
    lines = ended.out.split("\n")
    assert lines[:2] == ["--- bad.py", "+++ bad.py"]
    assert [line for line in lines if line[:1] in "+-" and line[:3] not in ("---", "+++")] == [
        "-        self.next(self.ende)",
        "+        self.next(self.end)",
        "-    def end():",
        "+    def end(self):",
    ] or "\r" in ended.out
    assert Path("bad.py").read_bytes() == data
    assert flowc("check", "--diff", "flow.py") == (0, "", "")


def test_diff_can_be_applied(flowc: Run) -> None:
    if shutil.which("patch") is None:
        pytest.skip("there is no `patch`")
    Path("bad.py").write_text(BROKEN.rstrip("\n").replace("Sums()", "Sumss()"), encoding="utf-8")
    Path("bad.diff").write_text(flowc("check", "--diff", "bad.py").out, encoding="utf-8")
    subprocess.run(["patch", "-s", "bad.py", "bad.diff"], check=True)
    assert Path("bad.py").read_text(encoding="utf-8") == FLOW.rstrip("\n").replace("Sums()", "Sumss()")


def test_diff_counts_what_remains(flowc: Run) -> None:
    """Exit code 1 where --fix would leave faults, though there is nothing to show."""
    Path("bad.py").write_text(FLOW.replace("self.end)", "self.elsewhere)"), encoding="utf-8")
    assert flowc("check", "--diff", "bad.py") == (1, "", "")


def test_standard_input(flowc: Run, standard_input: Callable[[str], None]) -> None:
    Path("flow.py").unlink()  # what is checked is what comes in
    standard_input(BROKEN)
    (line,) = flowc("check", "--stdin", "--stdin-filename", "deep/flow.py", "--format", "concise").out.splitlines()
    assert line.startswith("deep/flow.py:15:19: error[FC301]")
    standard_input(FLOW)
    assert flowc("check", "--stdin").out == "<stdin>: Sums is sound, 2 steps\n"
    standard_input(FLOW)
    assert flowc("check", "-").out == "<stdin>: Sums is sound, 2 steps\n"
    standard_input(FLOW)
    assert "no flow `Summs`" in flowc("check", "-", "--stdin-filename", "flow.py:Summs").out
    standard_input(BROKEN)
    ended = flowc("check", "--diff", "-", "--stdin-filename", "flow.py:Sums")
    assert ended.out.startswith("--- flow.py\n+++ flow.py\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'FILE[:CLASS]...'."),
        (["--stdin", "flow.py"], "--stdin takes the place of FILE"),
        (["-", "-"], "standard input can be read once only"),
        (["flow.py", "--stdin-filename", "x.py"], "--stdin-filename goes with --stdin"),
        (["--fix", "--diff", "flow.py"], "--fix or --diff, not both: --diff changes nothing"),
        (["--fix", "-"], "--fix has no file to write: --diff shows what it would change"),
    ],
)
def test_usage(flowc: Run, standard_input: Callable[[str], None], arguments: list[str], message: str) -> None:
    standard_input(FLOW)
    assert flowc("check", *arguments) == (2, "", f"flowc check: {message}\nTry 'flowc check --help'.\n")


def test_standard_input_under_an_unusable_name(flowc: Run, standard_input: Callable[[str], None]) -> None:
    standard_input(FLOW)
    assert flowc("check", "-", "--stdin-filename", "random.py").code == 2


def test_a_warning_counts_when_one_says_so(flowc: Run) -> None:
    text = FLOW.replace("self.numbers = list", "self.numbers = list  # flowc: ignore[FC602, FC111]\n        self.numbers = list")
    Path("odd.py").write_text(text, encoding="utf-8")
    ended = flowc("check", "odd.py", "--format", "concise")
    assert ended.code == 0
    assert ended.out.startswith("odd.py:14:53: warning[FC111]")
    assert flowc("check", "odd.py", "--strict").code == 1
    assert flowc("check", "odd.py", "--strict", "--diff").code == 1
    assert flowc("check", "odd.py", "--strict", "--fix").code == 0


def test_a_target_s_warning_can_be_ignored(flowc: Run) -> None:
    Path("odd.py").write_text(WARNED, encoding="utf-8")
    arguments = ("compile", "odd.py", "--target", "argo", "--image", "i", "--datastore", "s3://bucket/p")
    ended = flowc(*arguments)
    assert (ended.code, "warning[FC602]" in ended.err) == (0, True)
    assert flowc(*arguments, "--strict").code == 1
    Path("odd.py").write_text(WARNED.replace("(python='3.11')", "(python='3.11')  # flowc: ignore[FC602]"), encoding="utf-8")
    ignored = flowc(*arguments, "--strict")
    assert (ignored.code, ignored.err) == (0, "")
    assert ignored.out == ended.out
    assert flowc("check", "odd.py", "--strict").code == 0


def test_hints_are_shown_to_who_asks(flowc: Run) -> None:
    Path("kept.py").write_text(
        FLOW.replace("self.next(self.end)", "self.kept = 1\n        self.next(self.end)"), encoding="utf-8"
    )
    assert flowc("check", "kept.py", "--strict").out == "kept.py: Sums is sound, 2 steps\n"
    ended = flowc("check", "kept.py", "--hints", "--strict")
    assert ended.code == 0
    assert ended.out.startswith("hint[FC720]: no step reads `self.kept`\n  --> kept.py:15:9\n")
    assert "\n1 hint\n" in ended.out
    assert flowc("check", "kept.py", "--hints", "--format", "github").out.startswith("::notice file=kept.py,")


def test_explain_says_what_can_be_done(flowc: Run) -> None:
    assert "`flowc check --fix` mends it" in flowc("explain", "FC301").out
    assert "ignore" not in flowc("explain", "FC301").out
    assert "`# flowc: ignore[FC602]`" in flowc("explain", "FC602").out
