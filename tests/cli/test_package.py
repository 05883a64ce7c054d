"""`flowc package`: what is in it and why, that the same files give the same bytes, and what is refused."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from flowc.cli import packaging
from flowc.cli.flow_file import FlowFile
from flowc.cli.output import Unusable
from flowc.cli.packaging import Package, build_package
from flowc.cli.wheels import Wheel, cache_folder, contents, wheels_for

from .conftest import Run

FLOW = """\
from flowc import FlowSpec, step
from team.steps import Base
import json


class Sums(Base):
    @step
    def start(self):
        from words import HELLO
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Sums()
"""
FILES = {
    "flow.py": FLOW,
    "words.py": "HELLO = 1\n",
    "unrelated.py": "",
    "team/__init__.py": "",
    "team/steps.py": "from flowc import FlowSpec\nfrom . import inner\n\nclass Base(FlowSpec):\n    pass\n",
    "team/inner/__init__.py": "",
    "data/a.csv": "1",
    "data/b.csv": "2",
    "data/.hidden.csv": "3",
    "data/deep/c.csv": "4",
    "data/deep/d.txt": "5",
    "data/__pycache__/x.pyc": "6",
    "data/venv/pyvenv.cfg": "",
    "data/venv/lib.py": "",
}


@pytest.fixture
def folder(tmp_path: Path, flowc: Run) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def pack(path: str = "flow.py", *includes: str) -> Package:
    file = FlowFile(path)
    compilation, data = file.compile()
    return build_package(compilation, file, data, includes=includes, dependencies=False)


def own(package: Package) -> dict[str, str]:
    return {one.name: one.why for one in package.members if not one.name.startswith("flowc/")}


def test_what_is_in_it_and_why(folder: Path) -> None:
    assert own(pack("flow.py", "data/*.csv", "data/deep")) == {
        "data/a.csv": "--include data/*.csv",
        "data/b.csv": "--include data/*.csv",
        "data/deep/c.csv": "--include data/deep",
        "data/deep/d.txt": "--include data/deep",
        "flow.py": "the flow",
        "plan.json": "the compiled flow",
        "team/__init__.py": "imported by flow.py:2",
        "team/inner/__init__.py": "imported by team/steps.py:2",
        "team/steps.py": "imported by flow.py:2",
        "words.py": "imported by flow.py:9",
    }


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("data", ["data/a.csv", "data/b.csv", "data/deep/c.csv", "data/deep/d.txt"]),
        ("data/", ["data/a.csv", "data/b.csv", "data/deep/c.csv", "data/deep/d.txt"]),
        ("./data/**/*.csv", ["data/a.csv", "data/b.csv", "data/deep/c.csv"]),
        ("data/.hidden.csv", ["data/.hidden.csv"]),
        ("data/[ab].csv", ["data/a.csv", "data/b.csv"]),
    ],
)
def test_patterns(folder: Path, pattern: str, names: list[str]) -> None:
    assert [name for name, why in own(pack("flow.py", pattern)).items() if why == f"--include {pattern}"] == names


def test_the_same_files_give_the_same_bytes(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("another place")
    for name in reversed(FILES):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, other / name)
        (other / name).chmod(0o600)
        os.utime(other / name, (0, 0))
    first = pack("flow.py", "data")
    second = pack(str(other / "flow.py"), "data")
    assert first.data == second.data
    (other / "data/a.csv").chmod(0o700)  # a file that may be run is another one
    assert pack(str(other / "flow.py"), "data").data != first.data


def test_nothing_of_this_machine_is_in_it(folder: Path) -> None:
    (folder / f"data/{'long' * 40}é.txt").write_text("long")
    (folder / "data/a.csv").chmod(0o755)
    package = pack("flow.py", "data")
    assert package.data[4:8] == bytes(4)  # gzip's time
    assert package.key == f"flowc-packages/Sums/{package.sha256}.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(package.data)) as archive:
        members = archive.getmembers()
        assert [one.name for one in members] == sorted(one.name for one in package.members)
        assert {(one.mtime, one.uid, one.gid, one.uname, one.gname, one.type) for one in members} == {
            (0, 0, 0, "", "", tarfile.REGTYPE)
        }
        assert {one.name: one.mode for one in members if one.mode != 0o644} == {"data/a.csv": 0o755}
        for one in members:
            content = archive.extractfile(one)
            assert content is not None
            assert str(folder).encode() not in content.read()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nothing/*.csv", "--include nothing/*.csv matches no file in ."),
        ("empty", "--include empty matches no file in ."),
        ("../*.csv", "--include ../*.csv: patterns start in the flow's folder, and stay in it"),
        ("data/../../x", "--include data/../../x: patterns start in the flow's folder, and stay in it"),
        ("/etc/passwd", "--include /etc/passwd: patterns start in the flow's folder, and stay in it"),
        ("~/x", "--include ~/x: patterns start in the flow's folder, and stay in it"),
        ("", "--include '': patterns start in the flow's folder, and stay in it"),
        ("out", "--include out: out is a link that leads out of the flow's folder: put a copy there"),
        ("links", "--include links: links/passwd is a link that leads out of the flow's folder: put a copy there"),
        ("dangling", "--include dangling: cannot read dangling: No such file or directory"),
        ("circle", "--include circle: cannot read circle: "),
        ("pipe", "--include pipe: pipe is not a file"),
        (".git/config", "--include .git/config: .git is not part of a package"),
        (".env", "--include .env: .env is a place of secrets"),
        (".env.*", "--include .env.*: .env.local is a place of secrets"),
        ("flowc", "flowc/x (--include flowc) has a name that flowc keeps for itself in a package: rename it"),
        ("plan.json", "plan.json (--include plan.json) has a name that flowc keeps for itself in a package: rename it"),
    ],
)
def test_what_is_refused(folder: Path, flowc: Run, pattern: str, message: str) -> None:
    for name in ("empty", ".git", "links", "flowc"):
        (folder / name).mkdir()
    for name in (".git/config", ".env", ".env.local", "flowc/x", "plan.json"):
        (folder / name).write_text("secret")
    (folder / "out").symlink_to("/etc")
    (folder / "links/passwd").symlink_to("/etc/passwd")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    ended = flowc("package", "list", "flow.py", "--no-dependencies", "--include", pattern)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"flowc: {message}")
    assert ended.err.count("\n") == 1


def test_links_within_the_folder_are_what_they_lead_to(folder: Path) -> None:
    (folder / "data/link.csv").symlink_to("a.csv")
    (folder / "data/again").symlink_to(".")
    package = pack("flow.py", "data")
    content = {one.name: one.data for one in package.members}
    assert content["data/link.csv"] == b"1"
    assert "data/again/a.csv" not in content


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read(folder: Path, flowc: Run) -> None:
    (folder / "data/a.csv").chmod(0)
    ended = flowc("package", "list", "flow.py", "--no-dependencies", "--include", "data/a.csv")
    assert (ended.code, ended.err) == (2, "flowc: cannot read data/a.csv: Permission denied\n")


def test_a_large_package_says_so(folder: Path, flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaging, "LARGE", 3 << 20)
    (folder / "data/large.bin").write_bytes(bytes(3 << 20))
    ended = flowc("package", "list", "flow.py", "--no-dependencies", "--include", "data/large.bin")
    assert ended.code == 0
    assert "which every task fetches before it starts; the largest files are data/large.bin (3 MiB), " in ended.err


def test_list(folder: Path, flowc: Run) -> None:
    options = ("flow.py", "--no-dependencies", "--include", "data/deep/*")
    ended = flowc("package", "list", *options)
    assert (ended.code, ended.err) == (0, "")
    assert "           1  data/deep/c.csv         --include data/deep/*\n" in ended.out
    assert "          10  words.py                imported by flow.py:9\n" in ended.out
    document = json.loads(flowc("package", "list", *options, "--format", "json").out)
    assert ended.out.endswith(f"{document['key']}\n")
    names = [one["name"] for one in document["members"]]
    assert names == sorted(names)
    assert {"flow.py", "flowc/__init__.py", "flowc/runtime/__main__.py", "plan.json"} < set(names)
    assert not [name for name in names if name.startswith("flowc/") and not name.endswith(".py")]
    assert document["members"][names.index("words.py")] == {
        "name": "words.py",
        "size": 10,
        "why": "imported by flow.py:9",
        "executable": False,
    }


def test_save(folder: Path, flowc: Run) -> None:
    ended = flowc("package", "save", "flow.py", "--no-dependencies", "-o", "new/p.tar.gz")
    assert (ended.code, ended.out, ended.err) == (0, f"{Path('new/p.tar.gz')} {pack().sha256}\n", "")
    assert Path("new/p.tar.gz").read_bytes() == pack().data
    assert flowc("package", "save", "flow.py", "--no-dependencies").out.startswith("Sums.tar.gz ")
    ended = flowc("package", "save", "flow.py", "--no-dependencies", "-o", "data")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "flowc package save: -o takes a file, and this is a folder: data")


def test_includes_of_the_settings(folder: Path, flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "flowc.toml").write_text('include = ["data/*.csv"]\n')
    assert "data/a.csv" in flowc("package", "list", "flow.py", "--no-dependencies").out
    assert "data/a.csv" not in flowc("package", "list", "flow.py", "--no-dependencies", "--include", "data/deep").out
    monkeypatch.setenv("FLOWC_INCLUDE", "data/b.csv data/deep")
    listed = flowc("package", "list", "flow.py", "--no-dependencies").out
    assert "data/a.csv" not in listed
    assert "data/b.csv" in listed
    assert "data/deep/c.csv" in listed
    (folder / "flowc.toml").write_text('include = "data/*.csv"\n')
    assert "'include' must be a list of strings" in flowc("package", "list", "flow.py").err


def test_faults_of_the_flow_are_shown(folder: Path, flowc: Run) -> None:
    (folder / "flow.py").write_text(FLOW.replace("self.end)", "self.ende)"))
    for verb in ("list", "save"):
        ended = flowc("package", verb, "flow.py")
        assert ended.code == 1
        assert "FC301" in ended.out + ended.err
    assert not Path("Sums.tar.gz").exists()


def test_a_flow_as_a_program(folder: Path) -> None:
    command = [sys.executable, "flow.py", "package", "list", "--no-dependencies"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "imported by flow.py:2" in done.stdout
    done = subprocess.run([sys.executable, "flow.py", "package", "-h"], capture_output=True, text=True, check=True)
    assert "\n  python flow.py package save\n" in done.stdout


# Wheels


def put_wheels(folder: Path, *, platform: str = "x86_64") -> None:
    (folder / "wheels").mkdir(parents=True)
    for wheel in wheels_for("linux/amd64"):
        name, tag = wheel.name.replace(".", "_"), "cp311-abi3" if wheel.folder == "any" else f"{wheel.folder}-{wheel.folder}"
        path = folder / "wheels" / f"{name}-{wheel.version}-{tag}-manylinux_2_17_{platform}.manylinux2014_{platform}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for inner in ("__init__.py", "__init__.pyi", f"{tag}.so"):
                archive.writestr(f"{wheel.name.replace('.', '/')}/{inner}", inner)
            archive.writestr(f"{name}-{wheel.version}.dist-info/sboms/x.json", "")


def test_wheels_of_the_cache(folder: Path, flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_CACHE", str(folder / "cache"))
    put_wheels(folder / "cache")
    document = json.loads(flowc("package", "list", "flow.py", "--format", "json").out)
    version = wheels_for("linux/amd64")[0].version
    found = {one["name"]: one["why"] for one in document["members"] if one["name"].startswith(".flowc/")}
    assert found.keys() == {
        ".flowc/linux-amd64/any/obstore/__init__.py",
        ".flowc/linux-amd64/any/obstore/cp311-abi3.so",
        *(f".flowc/linux-amd64/{tag}/backports/zstd/__init__.py" for tag in ("cp311", "cp312", "cp313")),
        *(f".flowc/linux-amd64/{tag}/backports/zstd/{tag}-{tag}.so" for tag in ("cp311", "cp312", "cp313")),
    }
    assert found[".flowc/linux-amd64/any/obstore/__init__.py"] == f"obstore {version} for linux/amd64"
    assert found[".flowc/linux-amd64/cp312/backports/zstd/__init__.py"].endswith(" for linux/amd64, Python 3.12")
    listed = flowc("package", "list", "flow.py").out
    assert f"obstore {version} for linux/amd64, 2 files" in listed


def test_no_index(folder: Path, flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wheels of another platform are of no use, and what pip says is said."""
    monkeypatch.setenv("FLOWC_CACHE", str(folder / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    put_wheels(folder / "cache", platform="aarch64")
    ended = flowc("package", "list", "flow.py")
    version = wheels_for("linux/amd64")[0].version
    assert ended.code == 2
    said = ended.err.splitlines()
    assert said[0] == f"fetching obstore {version} for linux/amd64"
    assert said[1].startswith(f"flowc: pip cannot fetch obstore {version} for linux/amd64: ")
    assert "obstore" in said[1].split(": ", 2)[2]
    assert said[2].startswith("flowc: Where pip reaches an index, `pip download --only-binary=:all: --no-deps ")
    assert said[2].endswith(f"put it into {cache_folder()}.")
    assert said[3].endswith("say --no-dependencies.")
    assert os.listdir(folder / "cache" / "wheels")
    assert not [name for name in os.listdir(folder / "cache" / "wheels") if not name.endswith(".whl")]


def test_a_damaged_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_CACHE", str(folder / "cache"))
    put_wheels(folder / "cache")
    for path in cache_folder().iterdir():
        path.write_bytes(b"PK cut off")
    with pytest.raises(Unusable, match=r"obstore-.*whl is damaged \(.*\): delete it, and it is fetched again"):
        list(contents(wheels_for("linux/amd64")[0]))


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"FLOWC_CACHE": "/a"}, "/a/wheels"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/flowc/wheels"),
        ({"HOME": "/c"}, "/c/.cache/flowc/wheels"),
    ],
)
def test_where_wheels_are_kept(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], folder: str) -> None:
    for name in ("FLOWC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(folder)


def test_wheels_are_named_for_people() -> None:
    assert str(Wheel("obstore", "1", "linux/amd64", "3.11", "any")) == "obstore 1 for linux/amd64"
    assert str(Wheel("backports.zstd", "1", "linux/arm64", "3.12", "cp312")) == "backports.zstd 1 for linux/arm64, Python 3.12"
