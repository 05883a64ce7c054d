"""What people do to a command line without meaning to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import FLOW, Run


@pytest.fixture(autouse=True)
def flow_file(flowc: Run) -> None:
    Path("flow.py").write_text(FLOW, encoding="utf-8")


@pytest.mark.parametrize(("output", "message"), [("", "-o is empty"), ("-", "without -o the document goes to standard output")])
def test_output_that_was_not_meant(flowc: Run, output: str, message: str) -> None:
    before = sorted(Path().iterdir())
    ended = flowc("compile", "flow.py", "--target", "argo", "-o", output)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("name", ["Dockerfile", "plan.json", "flow.py"])
def test_files_of_others_are_not_replaced(flowc: Run, name: str) -> None:
    Path("out").mkdir()
    Path("out", name).write_text("mine")
    ended = flowc("compile", "flow.py", "--target", "argo", "-o", "out")
    assert (ended.code, ended.out) == (2, "")
    assert f"{Path('out', name)} is not what flowc wrote" in ended.err
    assert [path.read_text() for path in Path("out").iterdir()] == ["mine"]


def test_an_edited_flow_compiles_into_the_same_folder_again(flowc: Run) -> None:
    assert flowc("compile", "flow.py", "--target", "argo", "-o", "out").code == 0
    Path("flow.py").write_text(FLOW + "# edited\n", encoding="utf-8")
    assert flowc("compile", "flow.py", "--target", "argo", "-o", "out").code == 0
    Path("out/flow.py").write_text("mine")
    assert flowc("compile", "flow.py", "--target", "argo", "-o", "out").code == 2
    assert Path("out/flow.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["random.py", "json.py", "click.py", "flowc.py", "flow.txt", "flow"])
@pytest.mark.parametrize("verb", ["check", "show", "run"])
def test_files_that_python_would_not_import(flowc: Run, verb: str, name: str) -> None:
    Path(name).write_text(FLOW, encoding="utf-8")
    ended = flowc(verb, name)
    assert ended.code == 2
    assert name in ended.err
    assert "rename" in ended.err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--datastore", "", "empty"),
        ("--datastore", "s3://b/p", "3 to 63"),
        ("--datastore", "s3://bucket/{}", "datastore"),
        ("--datastore", "s3://bucket/../x", "`..`"),
        ("--datastore", "s3://bucket/a//b", "empty"),
        ("--namespace", "UPPER", "--namespace"),
        ("--service-account", "a_b", "--service-account"),
        ("--image", "", "--image"),
    ],
)
def test_options_that_make_no_sense(flowc: Run, option: str, value: str, message: str) -> None:
    ended = flowc("compile", "flow.py", "--target", "argo", option, value)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


@pytest.mark.parametrize("verb", ["check", "show", "explain"])
@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_nobody(tmp_path: Path, verb: str, redirection: str) -> None:
    file = "" if verb == "explain" else "flow.py"
    command = f"exec {sys.executable} -m flowc {verb} {file} {redirection}"
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("arguments", ["check flow.py", "show flow.py", "explain", "compile flow.py --target argo"])
def test_a_full_disk_is_said_once(tmp_path: Path, arguments: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    command = f"exec {sys.executable} -m flowc {arguments} > /dev/full"
    ended = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].endswith("cannot write to standard output: No space left on device")
    assert "Traceback" not in ended.stderr


def test_colours_are_as_asked(tmp_path: Path) -> None:
    def run(*more: str) -> str:
        command = [sys.executable, "-m", "flowc", "run", "flow.py", *more]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return ended.stdout + ended.stderr

    assert "\033[" not in run()
    assert "\033[" not in run("--color", "never")
    assert "\033[" in run("--color", "always")
