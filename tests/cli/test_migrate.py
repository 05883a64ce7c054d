"""`flowc migrate` on real files: in place, previewed, and on odd ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import Run

THEIRS = "from metaflow import FlowSpec, step\n"
OURS = "from flowc import FlowSpec, step\n"


def put(name: str, text: str = THEIRS) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_changed_in_place(flowc: Run) -> None:
    flow = put("a.py", Path("flow.py").read_text(encoding="utf-8").replace("flowc", "metaflow") + "# python a.py run\n")
    flow.chmod(0o750)
    ended = flowc("migrate", "a.py")
    assert ended == (0, "migrated a.py: 1 import, 1 command line\n", "")
    assert flow.read_text(encoding="utf-8") == Path("flow.py").read_text(encoding="utf-8") + "# flowc run a.py\n"
    assert flow.stat().st_mode & 0o777 == 0o750
    assert sorted(os.listdir()) == ["a.py", "flow.py"]
    assert flowc("migrate", "a.py") == (0, "", "flowc: nothing of Metaflow's in 1 file\n")


def test_what_is_left_is_listed(flowc: Run) -> None:
    put("a.py", "from metaflow import FlowSpec, Runner\n")
    put("b.sh", "python a.py resume\n")
    ended = flowc("migrate", "a.py", "b.sh")
    assert ended.code == 1
    migrated, left, other = ended.out.splitlines()
    assert migrated == "migrated a.py: 1 import"
    assert left == "a.py:2:22: left: flowc has no `Runner`; start `flowc run FILE` as a process instead"
    assert other.startswith("b.sh:1:1: left: `a.py resume` has no equivalent")


def test_faults_of_a_flow_are_counted(flowc: Run) -> None:
    put("a.py", THEIRS + "class A(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.ende)\n")
    ended = flowc("migrate", "a.py")
    assert ended.code == 0
    assert "`flowc check` finds" in ended.out


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_diff_changes_nothing_and_can_be_applied(flowc: Run) -> None:
    text = "x = 1\r\nfrom metaflow import step, Runner\r\ny = 2"
    before = Path("a.py")
    before.write_bytes(text.encode())
    ended = flowc("migrate", "--diff", "a.py")
    assert ended.code == 1
    assert "left:" in ended.err
    assert before.read_bytes() == text.encode()
    subprocess.run(["patch", "--binary", "-s", "a.py"], input=ended.out.encode(), check=True, timeout=20)
    assert before.read_bytes() == b"x = 1\r\nfrom flowc import step\r\nfrom metaflow import Runner\r\ny = 2"


def test_folders_mean_the_users_own_python_files(flowc: Run) -> None:
    put("src/a.py")
    put("src/deep/b.py")
    put("src/notes.md", "python a.py run\n")
    others = [put(f"src/{name}/c.py") for name in (".git", "node_modules", "env/lib", "__pycache__")]
    put("src/env/pyvenv.cfg", "")
    ended = flowc("migrate", "src", "src/a.py")
    assert ended == (0, "migrated src/a.py: 1 import\nmigrated src/deep/b.py: 1 import\n", "")
    assert all(path.read_text(encoding="utf-8") == THEIRS for path in others)


def test_a_link_stays_one(flowc: Run) -> None:
    put("real.py")
    Path("link.py").symlink_to("real.py")
    assert flowc("migrate", "link.py", "real.py").code == 0
    assert Path("link.py").is_symlink()
    assert Path("real.py").read_text(encoding="utf-8") == OURS


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        ("no.py", None, 2, "no such file: no.py"),
        ("bad.py", b"import metaflow\n(", 1, "bad.py:1:1: left: the file does not parse"),
        ("bin.txt", b"\0\1", 1, "not text"),
        ("zip.py", b"# coding: zip\n", 1, "not text in its encoding"),
        ("a.ipynb", b"{}", 1, "a notebook"),
    ],
)
def test_odd_files_do_not_stop_the_others(flowc: Run, name: str, data: bytes | None, code: int, says: str) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    put("good.py")
    ended = flowc("migrate", name, "good.py")
    assert ended.code == code
    assert says in ended.out + ended.err
    assert Path("good.py").read_text(encoding="utf-8") == OURS
    if data is not None:
        assert Path(name).read_bytes() == data


def test_read_only_files_are_left_alone(flowc: Run) -> None:
    put("a.py").chmod(0o444)
    ended = flowc("migrate", "a.py")
    assert ended == (2, "", "flowc: cannot write a.py: it is read-only\n")
    assert Path("a.py").read_text(encoding="utf-8") == THEIRS


def test_usage(flowc: Run) -> None:
    assert flowc("migrate").code == 2
    assert flowc("migrate", "--nonsense", "a.py").code == 2
