"""The command as a process: start-up, pipes, signals, and `python flow.py VERB`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowc.runtime import contract

from .conftest import FLOW

MAIN = [sys.executable, "-m", "flowc"]
HEAVY = (
    "libcst",
    "boto3",
    "botocore",
    "kubernetes",
    "obstore",
    "rich",
    "jinja2",
    "numpy",
    "importlib.metadata",
    "tomllib",
    "asyncio",
    "pygls",
    "lsprotocol",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    return tmp_path


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWC_", "FORCE_COLOR"))}
    return subprocess.run(
        command, cwd=folder, env=environment | more, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", "flow.py", "--target", "argo"],
        ["compile", "flow.py", "--target", "sfn"],
        ["check", "flow.py"],
        ["show", "flow.py"],
        ["run", "flow.py", "--help"],
    ],
)
def test_nothing_heavy_is_imported(folder: Path, arguments: list[str]) -> None:
    program = (
        "import sys\nfrom flowc.cli.program import execute\n"
        f"code = execute({arguments!r})\nprint('\\nmodules', *sys.modules)\nsys.exit(code)"
    )
    ended = run(folder, sys.executable, "-c", program)
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert loaded.isdisjoint(HEAVY)
    assert "flowc.runtime.local.scheduler" not in loaded
    other = "flowc.targets.sfn" if "argo" in arguments else "flowc.targets.argo"
    assert "compile" not in arguments or other not in loaded


def test_help_needs_no_target_and_no_runtime(folder: Path) -> None:
    ended = run(folder, sys.executable, "-X", "importtime", "-m", "flowc", "--help")
    loaded = {line.split("|")[-1].strip() for line in ended.stderr.splitlines()}
    assert loaded.isdisjoint({*HEAVY, "yaml", "flowc.targets.argo", "flowc.targets.sfn", "flowc.runtime.tasks.task"})


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_goes_away(folder: Path) -> None:
    command = f"{shlex.join(MAIN)} explain | head -n 1"
    ended = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (ended.stdout.count("\n"), ended.stderr) == (1, "")
    assert ended.returncode in (0, 141)
    closed = (
        f"{shlex.join(MAIN)} compile flow.py --target argo --datastore s3://bucket/x --image x | true; exit ${{PIPESTATUS[0]}}"
    )
    ended = subprocess.run(["bash", "-c", closed], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("", "")
    assert ended.returncode in (0, 141)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c(folder: Path) -> None:
    (folder / "flow.py").write_text(FLOW.replace("self.numbers =", "import time\n        time.sleep(60)\n        self.numbers ="))
    process = subprocess.Popen(
        [*MAIN, "run", "flow.py"], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "start" in line and "Sums/" not in line:
            break
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "bug in flowc" not in err


def test_output_that_is_not_utf8(folder: Path) -> None:
    (folder / "flow.py").write_text(FLOW.replace("self.end)", "self.énd)"), encoding="utf-8")
    ended = run(folder, *MAIN, "check", "flow.py", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ended.returncode == 1
    assert "\\xe9nd" in ended.stdout


VERBS = {
    "": "Usage: python flow.py",
    "--help": "Usage: python flow.py",
    "--version": "flowc ",
    "check": "flow.py: Sums is sound",
    "check --help": "Usage: python flow.py check [OPTIONS]\n",
    "show": "Sums (flow.py)",
    "explain FC301": "FC301 unknown-step",
    "compile --target argo": "kind: WorkflowTemplate",
    "compile --target sfn": '"StartAt"',
    "run --my_count 4": "sum 6",
    "run --help": "--my-count, --my_count INT",
}


@pytest.mark.parametrize("arguments", VERBS)
def test_flow_as_a_program(folder: Path, arguments: str) -> None:
    ended = run(folder, sys.executable, "flow.py", *arguments.split())
    assert ended.returncode == 0, ended.stderr
    assert VERBS[arguments] in ended.stdout + (ended.stderr if arguments.startswith("run") else "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["frob"], 2, "python flow.py: no such verb: frob"),
        (["check", "flow.py"], 2, "unexpected extra argument"),
        (["run", "--alhpa", "1"], 2, "--alhpa"),
        (["compile"], 2, "which platform?"),
        (["run", "--my-count", "x"], 2, "takes a whole number"),
    ],
)
def test_flow_as_a_program_refuses(folder: Path, arguments: list[str], code: int, message: str) -> None:
    ended = run(folder, sys.executable, "flow.py", *arguments)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_flow_as_a_program_with_faults(folder: Path) -> None:
    (folder / "flow.py").write_text(FLOW.replace("self.end)", "self.ende)"), encoding="utf-8")
    ended = run(folder, sys.executable, "flow.py", "run")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "error[FC301]" in ended.stderr
    assert " --> flow.py:15:" in ended.stderr


def test_the_class_that_is_called_is_the_one_meant(folder: Path) -> None:
    head, body = FLOW.split("\n\n\n", 1)
    body, tail = body.split("\n\n\n")
    text = "\n\n\n".join([head, body, body.replace("Sums", "Other"), tail.replace("Sums", "Other")])
    (folder / "flow.py").write_text(text, encoding="utf-8")
    ended = run(folder, sys.executable, "flow.py", "check")
    assert ended.stdout == "flow.py: Other is sound, 2 steps\n", ended.stderr


def test_from_another_folder(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "flow.py").write_text(FLOW, encoding="utf-8")
    ended = run(folder, sys.executable, "inner/flow.py", "check")
    assert ended.stdout == f"{Path('inner', 'flow.py')}: Sums is sound, 2 steps\n"


def test_the_docker_context_holds_what_a_task_reads(folder: Path) -> None:
    """What `compile -o` writes is what the runtime's entrypoint takes: the start task runs from that folder alone."""
    assert run(folder, *MAIN, "compile", "flow.py", "--target", "argo", "-o", "out").returncode == 0
    told = {contract.PACKAGE: str(folder / "out"), contract.RUN: "r1", contract.STEP: "start", contract.PATH: "-"}
    told |= {contract.ATTEMPT: "0", contract.DATASTORE: str(folder / "store")}
    (folder / "empty").mkdir()
    ended = run(folder / "empty", sys.executable, "-m", "flowc.runtime", **told)
    assert ended.returncode == 0, ended.stderr
    assert (folder / "store" / contract.task_key("Sums", "r1", "start", "-")).is_dir()
