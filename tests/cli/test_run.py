"""`flowc run`: a flow's parameters as options."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import FLOW, Run


def printed(flowc: Run, *arguments: str) -> str:
    ended = flowc("run", *arguments)
    assert ended.code == 0, ended.err
    (line,) = [line for line in (ended.out + ended.err).splitlines() if "sum " in line]
    return line[line.index("sum ") :]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "sum 3 alpha 0.5 loud False"),
        (["--alpha", "1"], "sum 3 alpha 1.0 loud False"),
        (["--alpha=-1e3"], "sum 3 alpha -1000.0 loud False"),
        (["--alpha", "-2"], "sum 3 alpha -2.0 loud False"),
        (["--my-count", "4"], "sum 6 alpha 0.5 loud False"),
        (["--my_count=5"], "sum 10 alpha 0.5 loud False"),
        (["--loud"], "sum 3 alpha 0.5 loud True"),
        (["--loud", "--alpha", "2"], "sum 3 alpha 2.0 loud True"),
        (["--loud", "no"], "sum 3 alpha 0.5 loud False"),
    ],
)
def test_parameters(flowc_process: Run, arguments: list[str], expected: str) -> None:
    assert printed(flowc_process, "flow.py", *arguments) == expected


def test_file_after_options(flowc_process: Run) -> None:
    assert (
        printed(flowc_process, "--alpha", "2", "--max-workers=1", "flow.py:Sums", "--my-count", "1")
        == "sum 0 alpha 2.0 loud False"
    )


def test_keeps_the_run_in_the_folder_named(flowc_process: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    printed(flowc_process, "flow.py")
    assert sorted(path.name for path in Path().iterdir()) == [".flowc", "flow.py"] or Path(".flowc/Sums").is_dir()
    printed(flowc_process, "flow.py", "--datastore", "store")
    assert Path("store/Sums").is_dir()
    monkeypatch.setenv("FLOWC_DATASTORE", "other")
    printed(flowc_process, "flow.py")
    assert Path("other/Sums").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--alpha", "x"], "`alpha` takes a number, not 'x'"),
        (["--my-count", "1.5"], "`my-count` takes a whole number"),
        (["--loud", "perhaps"], "`loud` takes true or false"),
        (["--alhpa", "1"], "No such option"),
        (["--alhpa", "1"], "--alpha"),
        (["--alpha"], "requires an argument"),
        (["extra"], "unexpected extra argument"),
        (["--max-workers", "0"], "not in the range"),
        (["--datastore", "ftp://host/x"], "the datastore ftp://host/x begins with ftp://, which flowc does not know"),
    ],
)
def test_refused(flowc: Run, arguments: list[str], message: str) -> None:
    ended = flowc("run", "flow.py", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not Path(".flowc").exists()


def test_required(flowc_process: Run) -> None:
    Path("flow.py").write_text(FLOW.replace("default=0.5", "required=True, type=float"), encoding="utf-8")
    ended = flowc_process("run", "flow.py")
    assert ended.code == 2
    assert "Missing option '--alpha'" in ended.err
    assert printed(flowc_process, "flow.py", "--alpha", "3").endswith("alpha 3.0 loud False")


def test_help_lists_parameters(flowc: Run) -> None:
    ended = flowc("run", "flow.py", "--help")
    assert ended.code == 0
    assert "--alpha FLOAT" in ended.out
    assert "The share to take [default: 0.5]" in ended.out
    assert "--my-count, --my_count INT" in ended.out
    assert flowc("run", "gone.py", "--help").code == 0


def test_a_parameter_named_like_an_option(flowc: Run) -> None:
    Path("flow.py").write_text(FLOW.replace('"alpha"', '"max_workers"'), encoding="utf-8")
    ended = flowc("run", "flow.py")
    assert ended.code in (1, 2)
    assert "max_workers" in ended.err


def test_faults_are_shown_before_anything_runs(flowc: Run) -> None:
    Path("flow.py").write_text(FLOW.replace("self.end)", "self.ende)"), encoding="utf-8")
    ended = flowc("run", "flow.py", "--some-parameter", "1")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error[FC301]")
    assert [path.name for path in Path().iterdir()] == ["flow.py"]


def test_a_run_that_fails(flowc_process: Run) -> None:
    Path("flow.py").write_text(FLOW.replace("        print(", "        1 / 0\n        print("), encoding="utf-8")
    ended = flowc_process("run", "flow.py")
    assert ended.code == 1
    assert "ZeroDivisionError" in ended.err
    assert "cli/" not in ended.err
