"""`flowc compile --check FILE`: what is in git is what the flow compiles to, or the difference is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flowc.cli.compile import command

FLOW = """\
from flowc import FlowSpec, schedule, step


@schedule(daily=True)
class Sum(FlowSpec):
    @step(start=True, end=True)
    def only(self):
        pass
"""


def compiled(folder: Path, *more: str) -> Result:
    flow = folder / "flow.py"
    flow.write_text(FLOW, encoding="utf-8")
    options = ("--target", "argo", "--image", "sums:1", "--datastore", "s3://bucket/flows")
    return CliRunner().invoke(command, [str(flow), *options, *more])


def test_a_stream_of_all_objects(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    assert done.exit_code == 0, done.output
    kinds = [line for line in done.stdout.splitlines() if line.startswith("kind:")]
    assert kinds == ["kind: WorkflowTemplate", "kind: CronWorkflow"]
    assert done.stdout.count("\n---\n") == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_equal(tmp_path: Path, end: str) -> None:
    kept = tmp_path / "sums.yaml"
    kept.write_bytes(compiled(tmp_path).stdout.replace("\n", end).encode())
    done = compiled(tmp_path, "--check", str(kept))
    assert (done.exit_code, done.stdout) == (0, "")


def test_different(tmp_path: Path) -> None:
    kept = tmp_path / "sums.yaml"
    kept.write_text(compiled(tmp_path).stdout, encoding="utf-8")
    done = compiled(tmp_path, "--check", str(kept), "--with-rbac")
    assert done.exit_code == 1
    assert done.stdout.startswith(f"--- {kept}\n+++ compiled\n@@ ")
    assert "+kind: ServiceAccount\n" in done.stdout
    assert f"{kept} is not what the flow compiles to" in done.stderr


def test_no_such_file(tmp_path: Path) -> None:
    done = compiled(tmp_path, "--check", str(tmp_path / "none.yaml"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "none.yaml to compare with" in done.stderr
    assert "--check writes nothing" in compiled(tmp_path, "--check", "x", "-o", str(tmp_path / "out")).stderr


def test_each_object_has_its_file(tmp_path: Path) -> None:
    assert compiled(tmp_path, "-o", str(tmp_path / "out"), "--with-rbac").exit_code == 0
    files = {one.name for one in (tmp_path / "out").glob("*.yaml")}
    assert files == {"workflow-template.yaml", "cron-workflow.yaml", "service-account.yaml", "role.yaml", "role-binding.yaml"}


@pytest.mark.parametrize("file", ["", " ", "."])
def test_what_is_no_file(tmp_path: Path, file: str) -> None:
    done = compiled(tmp_path, "--check", file)
    assert (done.exit_code, done.stdout) == (2, "")
    said = "takes a file, and this is a folder: ." if file == "." else "is empty: name the file to compare with"
    assert done.stderr.endswith(f": --check {said}\n")
