"""`--overlay`, its variable and its setting: which file is read, and how its faults are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from .conftest import Run

ARGO = ("--target", "argo", "--datastore", "s3://bucket/prefix", "--image", "sums:1")
PATCH = "kind: WorkflowTemplate\nspec:\n  priority: 7\n"


def priority(out: str) -> object:
    return next(yaml.safe_load_all(out))["spec"].get("priority")


def test_by_option_variable_and_setting(flowc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "my patch.yaml").write_text(PATCH)
    assert priority(flowc("compile", "flow.py", *ARGO).out) is None
    assert priority(flowc("compile", "flow.py", *ARGO, "--overlay", "team/my patch.yaml").out) == 7
    monkeypatch.setenv("FLOWC_OVERLAY", "team/my patch.yaml")
    assert priority(flowc("compile", "flow.py", *ARGO).out) == 7
    monkeypatch.delenv("FLOWC_OVERLAY")
    (tmp_path / "flowc.toml").write_text('overlay = "team/my patch.yaml"\n')
    assert priority(flowc("compile", "flow.py", *ARGO).out) == 7
    monkeypatch.chdir(tmp_path / "team")
    assert priority(flowc("compile", "../flow.py", *ARGO).out) == 7


def test_no_other_target_reads_it(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = flowc("compile", "flow.py", "--target", "sfn", "--overlay", "gone.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "flowc: --overlay is for --target argo, and means nothing to sfn: leave it out\n"
    monkeypatch.setenv("FLOWC_OVERLAY", "gone.yaml")  # which may be meant for other command lines
    assert flowc("compile", "flow.py", "--target", "sfn").code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "flowc: no such file: patch.yaml\n"),
        (b"\xff\xfe", "flowc: patch.yaml: an overlay is text in UTF-8\n"),
    ],
)
def test_files_that_are_none(flowc: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "patch.yaml").write_bytes(content)
    ended = flowc("compile", "flow.py", *ARGO, "--overlay", "patch.yaml")
    assert (ended.code, ended.out, ended.err) == (2, "", said)


def test_a_fault_is_shown_with_its_line(flowc: Run, tmp_path: Path) -> None:
    (tmp_path / "patch.yaml").write_text(PATCH + "  entrypoint: other\n")
    ended = flowc("compile", "flow.py", *ARGO, "--overlay", "patch.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert " --> patch.yaml:4:3\n  |\n4 |   entrypoint: other\n  |   ^^^^^^^^^^\n" in ended.err
    ended = flowc("compile", "flow.py", *ARGO, "--overlay", "patch.yaml", "--format", "concise")
    assert ended.err.startswith("patch.yaml:4:3: error[FC607] ")
