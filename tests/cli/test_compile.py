"""`flowc compile`: documents on standard output, or a folder that is a whole build context."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from flowc.cli.build_context import OBJECT_STORES, copy_source
from flowc.cli.settings import KEYS, variable
from flowc.targets import TARGETS
from flowc.targets.options import Options

from .conftest import FLOW, Run

WARNED = FLOW.replace("class Sums", "@conda_base(python='3.11')\nclass Sums").replace("FlowSpec,", "FlowSpec, conda_base,", 1)

_ALL = ("--datastore", "s3://bucket/prefix", "--image", "sums:1")
PLACES = {"argo": _ALL, "sfn": (*_ALL, "--batch-queue", "cpu")}
OPEN = {
    "argo": "",
    "sfn": "flowc: ${PackageKey} stands in the document for where tasks find the flow: `image`, if their image holds it, or the "
    "key of a package in the datastore\n",
}
"""What is said of what no option gives."""


def test_argo_on_standard_output(flowc: Run) -> None:
    ended = flowc("compile", "flow.py", "--target", "argo", "--namespace", "flows", *PLACES["argo"])
    assert (ended.code, ended.err) == (0, "")
    document = yaml.safe_load(ended.out)
    assert document["kind"] == "WorkflowTemplate"
    assert document["metadata"]["namespace"] == "flows"


def test_sfn_on_standard_output(flowc: Run) -> None:
    ended = flowc("compile", "flow.py", "--target", "sfn", *PLACES["sfn"])
    assert (ended.code, ended.err) == (0, OPEN["sfn"])
    assert "start" in json.loads(ended.out)["States"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_branch_is_of_a_project(flowc: Run, target: str) -> None:
    ended = flowc("compile", "flow.py", "--target", target, "--branch", "x", *PLACES[target])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "flowc: --branch is for flows with @project, which Sums has not: it has one deployment\n"
    flow = FLOW.replace("class Sums", "@project(name='shop')\nclass Sums").replace("FlowSpec,", "FlowSpec, project,", 1)
    Path("flow.py").write_text(flow, encoding="utf-8")
    ended = flowc("compile", "flow.py", "--target", target, *PLACES[target])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("nothing says for which: say --branch NAME or --production\n")
    assert flowc("compile", "flow.py", "--target", target, "--branch", "x", *PLACES[target]).code == 0


@pytest.mark.parametrize("target", TARGETS)
def test_stats_follow_the_documents(flowc: Run, target: str) -> None:
    plain = flowc("compile", "flow.py", "--target", target, *PLACES[target])
    ended = flowc("compile", "flow.py", "--target", target, "--stats", *PLACES[target])
    assert (ended.code, ended.out) == (0, plain.out)
    assert ended.err.startswith(OPEN[target])
    table = ended.err.removeprefix(OPEN[target])
    rows = table.splitlines()
    assert rows[0].split() == ["what", "used", "/", "limit", "percent", "where"]
    assert [row for row in rows[1:] if not row.startswith("  ")] == ["Sums", target]
    assert len({row.index("/") for row in rows if " / " in row}) == 1
    size = f"{len(plain.out.encode()):,} / 1,000,000"
    assert any(row.lstrip().startswith("bytes of a") and size in row for row in rows)
    folder = flowc("compile", "flow.py", "--target", target, "--stats", "-o", "out", *PLACES[target])
    assert folder.err.endswith(table)


def test_faults_go_to_standard_error(flowc: Run) -> None:
    Path("flow.py").write_text(FLOW.replace("self.end)", "self.ende)"), encoding="utf-8")
    ended = flowc("compile", "flow.py", "--target", "argo", "-o", "out")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error[FC301]")
    assert not Path("out").exists()


def test_warnings_stop_nothing(flowc: Run) -> None:
    Path("flow.py").write_text(WARNED, encoding="utf-8")
    ended = flowc("compile", "flow.py", "--target", "argo", "--format", "concise")
    assert ended.code == 0
    assert "warning[FC602]" in ended.err
    assert yaml.safe_load(ended.out)


BATCH = "@batch(cpu=8, memory=60000, image='a:1')"
KUBERNETES = "@kubernetes(image='b:1')"
RESOURCES = "@resources(cpu=2, memory=9)"


@pytest.mark.parametrize(
    ("target", "decorators", "message"),
    [
        ("argo", (BATCH,), "`@batch` says nothing to Argo: its `cpu`, `memory` and `image` are left out"),
        ("argo", (BATCH, RESOURCES), "`@batch` says nothing to Argo: its `image` is left out"),
        ("argo", (BATCH, KUBERNETES), ""),
        ("argo", (KUBERNETES,), ""),
        ("argo", ("@batch",), ""),
        ("argo", ("@batch(cpu=2)", "@resources(cpu=2)"), ""),
        ("sfn", (KUBERNETES,), "`@kubernetes` says nothing to Step Functions: its `image` is left out"),
        ("sfn", (KUBERNETES, BATCH), ""),
        ("sfn", (BATCH,), ""),
    ],
)
def test_settings_for_another_platform(flowc: Run, target: str, decorators: tuple[str, ...], message: str) -> None:
    names = ", ".join(sorted({one[1:].partition("(")[0] for one in decorators}))
    steps = "".join(f"    {one}\n" for one in decorators)
    text = FLOW.replace("    @step\n", f"{steps}    @step\n", 1).replace("FlowSpec,", f"FlowSpec, {names},", 1)
    Path("flow.py").write_text(text, encoding="utf-8")
    ended = flowc("compile", "flow.py", "--target", target, "--format", "concise", *PLACES[target])
    assert ended.code == 0
    if message:
        line = text[: text.index(decorators[0])].count("\n") + 1
        assert ended.err.startswith(f"flow.py:{line}:6: warning[FC602] {message}")
        assert ended.err.count("FC602") == 1
    else:
        assert "FC602" not in ended.err


def test_images_of_steps_must_hold_the_flow(flowc: Run) -> None:
    text = FLOW.replace("    @step\n", '    @kubernetes(image="loader:2")\n    @step\n').replace(
        "FlowSpec,", "FlowSpec, kubernetes,", 1
    )
    Path("flow.py").write_text(text, encoding="utf-8")
    ended = flowc("compile", "flow.py", "--target", "argo", *PLACES["argo"])
    said = "runs in loader:2, which must hold the flow and flowc too; `flowc deploy` needs no such image\n"
    assert (ended.code, ended.err) == (0, f"flowc: step `start` {said}")
    assert flowc("compile", "flow.py", "--target", "argo", "--image", "A::b").err.startswith(
        "flowc: --image takes the name of an image"
    )


def test_options_of_another_platform(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = flowc("compile", "flow.py", "--target", "argo", "--sfn-role", "runner", *PLACES["argo"])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "flowc: --sfn-role is for --target sfn, and means nothing to argo: leave it out\n"
    monkeypatch.setenv("FLOWC_SFN_ROLE", "runner")
    assert flowc("compile", "flow.py", "--target", "argo", *PLACES["argo"]).code == 0


@pytest.mark.parametrize("target", TARGETS)
def test_folder(flowc: Run, target: str) -> None:
    ended = flowc("compile", "flow.py", "--target", target, "-o", "a/b/", "--base-image", "python:3.12", *PLACES[target])
    assert (ended.code, ended.out) == (0, "")
    names = {str(path.relative_to("a/b")) for path in Path("a/b").rglob("*") if path.is_file()}
    assert ended.err.startswith(OPEN[target])
    assert set(ended.err.removeprefix(OPEN[target]).splitlines()) == {f"wrote {Path('a/b', name)}" for name in names}
    assert {"Dockerfile", "flow.py", "plan.json"} < names
    assert Path("a/b/flow.py").read_bytes() == Path("flow.py").read_bytes()
    assert json.loads(Path("a/b/plan.json").read_text(encoding="utf-8"))["flow"] == "Sums"
    first = flowc("compile", "flow.py", "--target", target, *PLACES[target]).out
    assert first.encode() in [path.read_bytes() for path in Path("a/b").glob("*.*")]
    lines = Path("a/b/Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "FROM python:3.12" in lines
    assert 'COPY ["flow.py", "plan.json", "flowc.zip", "/flowc/"]' in lines
    assert "ENV FLOWC_PACKAGE=/flowc PYTHONPATH=/flowc/flowc.zip" in lines


def test_the_image_has_what_its_datastore_needs(flowc: Run) -> None:
    """Of an object store, what flowc itself asks for; of a folder, nothing."""
    installs = 'RUN ["python3", "-m", "pip", "install", "--no-cache-dir", '
    for number, (datastore, installed) in enumerate([("s3://bucket/p", True), ("/flows", False), (None, True)]):
        more = ("--datastore", datastore) if datastore else ()
        assert flowc("compile", "flow.py", "--target", "argo", "-o", f"to{number}", *more).code == 0
        lines = Path(f"to{number}/Dockerfile").read_text(encoding="utf-8").splitlines()
        assert [line.startswith(installs) for line in lines].count(True) == installed
        if installed:
            (line,) = (line for line in lines if line.startswith(installs))
            assert tuple(json.loads(line.removeprefix("RUN "))[5:]) == OBJECT_STORES
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(OBJECT_STORES) <= set(project["dependencies"])


def test_folder_runs_on_a_python_with_nothing_installed(flowc: Run) -> None:
    """What the Dockerfile copies is all that a vanilla image needs; the first task runs, and says what it left."""
    flowc("compile", "flow.py", "--target", "argo", "-o", "image", *PLACES["argo"])
    python = getattr(sys, "_base_executable", sys.executable)  # not that of a virtual environment, where flowc is installed
    environment = {
        "PYTHONPATH": str(Path("image/flowc.zip").resolve()),
        "FLOWC_PACKAGE": str(Path("image").resolve()),
        "FLOWC_DATASTORE": str(Path("store").resolve()),
        **{"FLOWC_RUN": "1", "FLOWC_STEP": "start", "FLOWC_PATH": "-", "FLOWC_ATTEMPT": "0"},
    }
    done = subprocess.run([python, "-I", "-c", "import flowc"], capture_output=True, check=False)
    assert done.returncode != 0, "this Python has a flowc of its own, so that nothing would be shown"
    subprocess.run([python, "-m", "flowc.runtime"], env=environment, check=True)
    assert Path("store/Sums/1/start/-/manifest.json").exists()


def test_folder_again_and_onto_itself(flowc: Run) -> None:
    for _ in range(2):
        assert flowc("compile", "flow.py", "--target", "argo", "-o", ".").code == 0
    assert Path("flow.py").read_text(encoding="utf-8") == FLOW
    assert not [path for path in Path().iterdir() if path.suffix == ".new"]


def test_documents_that_a_flow_no_longer_has_are_named(flowc: Run) -> None:
    text = "from flowc import FlowSpec, schedule, step\n\n\n@schedule(daily=True)\nclass Sole(FlowSpec):\n"
    text += "    @step(start=True, end=True)\n    def only(self):\n        pass\n"
    Path("sole.py").write_text(text)
    ended = flowc("compile", "sole.py", "--target", "sfn", "-o", "out")
    assert (ended.code, "not of this compile" in ended.err) == (0, False), ended.err
    Path("sole.py").write_text(text.replace("@schedule(daily=True)\n", "").replace(", schedule", ""))
    ended = flowc("compile", "sole.py", "--target", "sfn", "-o", "out")
    said = [line.partition(" is not of this compile")[0] for line in ended.err.splitlines() if "not of this compile" in line]
    names = ("schedule.json", "iam/events-policy.json", "iam/events-trust.json")
    assert said == [f"flowc: {Path('out', name)}" for name in names]
    documents = {path: path.read_bytes() for path in Path("out").rglob("*.json")}
    assert flowc("compile", "sole.py", "--target", "sfn", "-o", "out").code == 0
    assert {path: path.read_bytes() for path in Path("out").rglob("*.json")} == documents


def test_names_as_docker_reads_them() -> None:
    assert copy_source("my flow.py") == "my flow.py"
    assert copy_source("a[1]$x*.py") == "a[[]1]\\$x[*].py"


@pytest.mark.parametrize(
    ("output", "message"),
    [("flow.py", "-o takes a folder, and this is a file"), ("machine.json", "-o takes a folder"), ("flow.py/x", "cannot write")],
)
def test_output_that_is_no_folder(flowc: Run, output: str, message: str) -> None:
    ended = flowc("compile", "flow.py", "--target", "argo", "-o", output)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_failed_write_changes_nothing(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    flowc("compile", "flow.py", "--target", "argo", "-o", "out")
    before = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    whole = Path.write_bytes

    def full_disk(path: Path, data: bytes) -> int:
        if "Dockerfile" in path.name:
            raise OSError(28, "No space left on device", str(path))
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    ended = flowc("compile", "flow.py", "--target", "argo", "--image", "other:1", "-o", "out")
    assert ended.code == 2
    assert "No space left" in ended.err
    assert {path.name: path.read_bytes() for path in Path("out").iterdir()} == before


def test_what_is_not_given_is_said(flowc: Run) -> None:
    ended = flowc("compile", "flow.py", "--target", "sfn")
    assert ended.code == 0
    assert "flowc: --datastore is not given: ${DatastoreBucket} stands for it in the document\n" in ended.err
    assert flowc("compile", "flow.py", "--target", "sfn", "--datastore", "bucket").code == 2


def test_a_flow_called_like_what_is_written(flowc: Run) -> None:
    Path("plan.json").write_text(FLOW, encoding="utf-8")
    ended = flowc("compile", "plan.json", "--target", "argo", "-o", "out")
    assert ended.code == 2
    assert "rename" in ended.err


def test_flag_then_variable_then_file(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def image(*flags: str) -> str:
        return flowc("compile", "flow.py", "--target", "argo", *flags).out

    Path("pyproject.toml").write_text('[tool.flowc]\nimage = "from-file:1"\ntarget = "sfn"\n', encoding="utf-8")
    assert "from-file:1" in image()
    assert json.loads(flowc("compile", "flow.py").out)["States"]
    monkeypatch.setenv("FLOWC_IMAGE", "from-variable:1")
    assert "from-variable:1" in image()
    assert "from-flag:1" in image("--image", "from-flag:1")


def test_a_folder_as_datastore_is_warned_of(flowc: Run) -> None:
    given = ("compile", "flow.py", "--target", "argo", "--image", "sums:1", "--datastore")
    ended = flowc(*given, "/mnt/flows")
    message = "flowc: --datastore is a path: pods reach /mnt/flows only where a volume they share is mounted there\n"
    assert (ended.code, ended.err) == (0, message)
    assert "/mnt/flows" in ended.out
    assert flowc(*given, "gs://bucket/flows").err == ""


def test_settings_are_searched_upward(flowc: Run) -> None:
    inner = Path("a/b")
    inner.mkdir(parents=True)
    (inner / "flow.py").write_text(FLOW, encoding="utf-8")
    Path("flowc.toml").write_text('image = "outer:1"\n', encoding="utf-8")
    Path("a/pyproject.toml").write_text('[project]\nname = "not-flowc"\n', encoding="utf-8")
    assert "outer:1" in flowc("compile", "a/b/flow.py", "--target", "argo").out
    Path("a/flowc.toml").write_text('image = "inner:1"\n', encoding="utf-8")
    assert "inner:1" in flowc("compile", "a/b/flow.py", "--target", "argo").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('imgae = "x"', "unknown setting 'imgae' (did you mean image?)"),
        ('[tool.flowc]\nimage = "x"', "flowc.toml: the settings stand at the top of flowc.toml: leave out the line [tool.flowc]"),
        ("image = 3", "'image' must be a string"),
        ("max-workers = true", "'max-workers' must be a whole number"),
        ("max_workers = 0", "'max_workers' must be 1 or more"),
        ("image = ", "is no TOML"),
        ('target = "cron"', "the settings' target is 'cron'"),
        ('image = "a b"', "--image is empty or has blanks in it"),
        ('batch_queue = " "', "flowc.toml: 'batch_queue' is empty: leave it out"),
    ],
)
def test_settings_that_mean_nothing(flowc: Run, text: str, message: str) -> None:
    Path("flowc.toml").write_text(text, encoding="utf-8")
    ended = flowc("compile", "flow.py", *([] if "target" in text else ["--target", "argo"]))
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_every_option_of_the_targets_can_be_given() -> None:
    known_later = {"code", "user"}  # by `deploy`
    assert {field.replace("_", "-") for field in Options.__dataclass_fields__} - known_later <= set(KEYS)
    assert variable("batch-queue") == "FLOWC_BATCH_QUEUE"


MODULES = {
    "flow.py": "from team.base import Base\n\n\nclass Sums(Base):\n    pass\n",
    "team/__init__.py": "",
    "team/base.py": FLOW.replace("class Sums", "import settings\nfrom . import words\n\n\nclass Base").partition("if __name__")[
        0
    ],
    "team/words.py": "HELLO = 1\n",
    "settings.py": "MB = 1\n",
    "unrelated.py": "",
}


def write_modules(folder: str = ".") -> None:
    for name, text in MODULES.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_folder_holds_the_modules_that_the_flow_imports(flowc: Run) -> None:
    write_modules("flows")
    ended = flowc("compile", "flows/flow.py", "--target", "argo", "-o", "image", *PLACES["argo"])
    assert (ended.code, ended.out) == (0, "")
    for name, text in MODULES.items():
        path = Path("image", name)
        assert path.exists() is (name != "unrelated.py")
        assert name == "unrelated.py" or path.read_text(encoding="utf-8") == text
        assert f"wrote {path}" in ended.err or name == "unrelated.py"
    lines = Path("image/Dockerfile").read_text(encoding="utf-8").splitlines()
    assert 'COPY ["flow.py", "plan.json", "flowc.zip", "settings.py", "/flowc/"]' in lines
    assert 'COPY ["team/__init__.py", "team/base.py", "team/words.py", "/flowc/team/"]' in lines
    assert sum("sha256" in line for line in lines) == 5
    python = getattr(sys, "_base_executable", sys.executable)
    environment = {
        "PYTHONPATH": str(Path("image/flowc.zip").resolve()),
        "FLOWC_PACKAGE": str(Path("image").resolve()),
        "FLOWC_DATASTORE": str(Path("store").resolve()),
        **{"FLOWC_RUN": "1", "FLOWC_STEP": "start", "FLOWC_PATH": "-", "FLOWC_ATTEMPT": "0"},
    }
    subprocess.run([python, "-m", "flowc.runtime"], env=environment, check=True)
    assert Path("store/Sums/1/start/-/manifest.json").exists()


def test_a_module_that_flowc_did_not_write_is_left_alone(flowc: Run) -> None:
    write_modules("flows")
    there = Path("image/team/words.py")
    there.parent.mkdir(parents=True)
    there.write_text("MINE = 1\n", encoding="utf-8")
    ended = flowc("compile", "flows/flow.py", "--target", "argo", "-o", "image", *PLACES["argo"])
    assert ended.code == 2
    assert f"{there} is not what flowc wrote" in ended.err
    assert [path.name for path in Path("image").rglob("*") if path.is_file()] == ["words.py"]
    there.unlink()
    assert flowc("compile", "flows/flow.py", "--target", "argo", "-o", "image", *PLACES["argo"]).code == 0
    Path("flows/team/words.py").write_text("HELLO = 2\n", encoding="utf-8")
    assert flowc("compile", "flows/flow.py", "--target", "argo", "-o", "image", *PLACES["argo"]).code == 0
    assert there.read_text(encoding="utf-8") == "HELLO = 2\n"
    there.write_text("MINE = 1\n", encoding="utf-8")
    assert flowc("compile", "flows/flow.py", "--target", "argo", "-o", "image", *PLACES["argo"]).code == 2
    assert there.read_text(encoding="utf-8") == "MINE = 1\n"


def test_modules_stay_where_they_are_when_the_folder_is_the_flows_own(flowc: Run) -> None:
    write_modules()
    for _ in range(2):
        assert flowc("compile", "flow.py", "--target", "argo", "-o", ".", *PLACES["argo"]).code == 0
        assert {name: Path(name).read_text(encoding="utf-8") for name in MODULES} == MODULES
        assert "sha256" not in Path("Dockerfile").read_text(encoding="utf-8")
    Path("settings.py").write_text("MB = 2\n", encoding="utf-8")
    assert flowc("compile", "flow.py", "--target", "argo", "-o", ".", *PLACES["argo"]).code == 0
    assert Path("settings.py").read_text(encoding="utf-8") == "MB = 2\n"
