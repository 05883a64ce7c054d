"""`flowc check`."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import FLOW, Run

BROKEN = FLOW.replace("self.end)", "self.ende)")
WARNED = FLOW.replace("class Sums", "@project(name='x')\nclass Sums").replace("FlowSpec,", "FlowSpec, project,", 1)


def test_sound(flowc: Run) -> None:
    assert flowc("check", "flow.py") == (0, "flow.py: Sums is sound, 2 steps\n", "")
    assert flowc("check", "flow.py:Sums", "--format", "concise") == (0, "", "")
    assert flowc("check", "flow.py", "--format", "json") == (0, "[]\n", "")


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
