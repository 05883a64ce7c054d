"""The tree itself: which room may import which, what is installed, and how files look."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import flowc

ROOT = Path(__file__).parent.parent
ROOMS = ("cli", "compiler", "runtime", "targets", "templates")
SHIM = ROOT / "runtime" / "shim"

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "__init__": ("runtime",),
    "__main__": ("cli",),
    "testing": ("runtime",),
    "cli": ("", *ROOMS),
    "compiler": (),
    "targets": ("compiler", "templates", "runtime.contract", "runtime.compute"),
    "templates": (),
    "runtime": (),
}
"""What of flowc a room may import beside itself. `FlowSpec` starts the command line without importing it statically: a flow's
file is a program, and that one hand-over stands in runtime/language/flowspec.py."""

STANDARD_LIBRARY_ONLY = ("compiler", "runtime", "__init__")
"""Rooms that run where nothing else may be installed. The command line and the targets use what pyproject.toml lists."""

LATE = ("obstore", "backports", "compression", "boto3", "botocore", "rich", "numpy", "pandas", "pyarrow")
"""What the runtime may import within a function, when it is needed."""

MODULES = sorted(
    [
        ROOT / "__init__.py",
        ROOT / "__main__.py",
        ROOT / "testing.py",
        *(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if SHIM not in path.parents),
    ]
)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """`cli.program` for cli/program.py, `cli` for cli/__init__.py, `__init__` for the root's."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """What a module imports: the line, and the name within flowc (`flowc.`…) or of another package."""
    package = ["flowc", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1])
            whole = f"{base}.{node.module}" if node.module else base
            for alias in node.names:
                # `from .x import y` is about x, unless y is a module in it.
                inner = f"{whole}.{alias.name}".removeprefix("flowc.")
                yield node.lineno, f"flowc.{inner}" if inner in NAMES or whole == "flowc" else whole


NAMES = {name_of(path) for path in MODULES}


def within(name: str, allowed: str) -> bool:
    return name == allowed or name.startswith(f"{allowed}.")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_rooms_import_only_what_they_may(path: Path) -> None:
    name = name_of(path)
    room = name.split(".")[0]
    for line, imported in imports_of(path):
        top, _, inner = imported.partition(".")
        if top != "flowc":
            standard = top in sys.stdlib_module_names
            exempt = top == "libcst" and within(name, "compiler.migrate")  # it changes a user's text, and compiles nothing
            late = room == "runtime" and top in LATE and path.read_text(encoding="utf-8").splitlines()[line - 1].startswith(" ")
            assert standard or exempt or late or room not in STANDARD_LIBRARY_ONLY, (
                f"{path}:{line}: {room} uses the standard library only, not {top}"
            )
            continue
        if inner.split(".")[0] not in ROOMS:
            inner = ""  # a name of the face: `from .. import __version__`
        allowed = (room, *MAY_IMPORT[room])
        assert any(within(inner, one) for one in allowed), f"{path}:{line}: {room} may not import {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_flowc_imports_itself_relatively(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            assert not any(within(alias.name, "flowc") for alias in node.names), f"{path}:{node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert not within(node.module or "", "flowc"), f"{path}:{node.lineno}"


def test_targets_never_import_each_other() -> None:
    for path in MODULES:
        parts = name_of(path).split(".")
        if parts[0] == "targets" and (ROOT / "targets" / parts[-1]).is_dir() | (len(parts) > 2):
            for line, imported in imports_of(path):
                other = imported.split(".")[1:3]
                if other[:1] == ["targets"] and len(other) > 1 and (ROOT / "targets" / other[1]).is_dir():
                    assert other[1] == parts[1], f"{path}:{line}"


def test_the_check_sees_imports() -> None:
    """The tests above would pass on nothing: here is what they read in modules that are known to import something."""
    assert (ROOT / "compiler" / "source.py") in MODULES
    seen = {imported for _, imported in imports_of(ROOT / "cli" / "compile.py")}
    assert {"flowc.targets", "flowc.targets.options", "flowc.cli.build_context", "click"} <= seen
    assert "flowc.compiler.source" in {imported for _, imported in imports_of(ROOT / "compiler" / "diagnostics" / "model.py")}


@pytest.mark.parametrize("path", sorted([*MODULES, *SHIM.glob("*.py"), *(ROOT / "tests").rglob("*.py")]), ids=str)
def test_files_are_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 600
    assert ast.get_docstring(ast.parse(text)), "no docstring"


PACKAGES = [path for path in MODULES if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] in ("compiler", "cli")]


@pytest.mark.parametrize("path", PACKAGES, ids=name_of)
def test_packages_say_what_is_in_them(path: Path) -> None:
    """In their docstring or, where that is code, in the list that they make of it: no module is left for a reader to guess at."""
    inside = {one.stem for one in path.parent.glob("*.py")} | {one.parent.name for one in path.parent.glob("*/__init__.py")}
    assert inside - {"__init__"} <= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))


def test_flowc_is_the_installed_one() -> None:
    """The root is a package too: pytest must not import it under any name instead of what is installed."""
    assert Path(flowc.__file__).parent != ROOT


def test_every_package_is_listed() -> None:
    packages = {f"flowc.{'.'.join(path.parent.relative_to(ROOT).parts)}".rstrip(".") for path in MODULES}
    assert sorted(packages) == sorted(PROJECT["tool"]["setuptools"]["packages"])


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_is_installed(path: Path) -> None:
    name = "flowc" if path.parent == ROOT and path.stem == "__init__" else f"flowc.{name_of(path)}"
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} is not installed: a new module wants `pip install -e .` again, as `make test` does"
    assert spec.origin is not None
    assert Path(spec.origin).read_bytes() == path.read_bytes(), f"{name} is another one than {path}: install again"


def test_nothing_is_installed_that_is_gone() -> None:
    installed = Path(flowc.__file__).parent
    if installed.resolve() == ROOT:
        pytest.skip("flowc is not installed, but found through a link to the root")
    here = {path.relative_to(ROOT) for path in MODULES}
    gone = {path.relative_to(installed) for path in installed.rglob("*.py")} - here
    assert not gone, "deleted or renamed modules are still installed: install again"


def test_version_has_one_source() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    try:
        assert metadata.version("flowc") == flowc.__version__
    except metadata.PackageNotFoundError:
        pytest.skip("flowc is not installed")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, so that building leaves nothing behind here, and in a folder with an odd name."""
    if int(metadata.version("setuptools").split(".")[0]) < 77:
        pytest.skip("needs setuptools 77")
    copy = tmp_path_factory.mktemp("clone") / "a folder of-any name"
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "node_modules")
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    return copy


def python(*arguments: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_an_install_leaves(clone: Path, tmp_path: Path) -> None:
    target = tmp_path / "site-packages"
    quiet = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--no-compile")
    python("-m", "pip", "install", *quiet, "--target", str(target), str(clone), cwd=tmp_path)
    names = {path.name for path in target.iterdir()} - {"bin"}
    assert names == {"flowc", "metaflow.py", f"flowc-{flowc.__version__}.dist-info"}
    files = {str(path.relative_to(target / "flowc")) for path in (target / "flowc").rglob("*") if path.is_file()}
    data = {"py.typed", *(str(path.relative_to(ROOT)) for path in (ROOT / "templates").glob("*.j[2s]*"))}
    assert files == {str(path.relative_to(ROOT)) for path in MODULES} | data

    program = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import flowc, metaflow, flowc.templates\n"
        "assert metaflow.FlowSpec is flowc.FlowSpec\n"
        "print(flowc.__file__, flowc.templates.__file__)"
    )
    printed = python("-c", program, cwd=tmp_path)
    assert printed.split()[0] == str(target / "flowc" / "__init__.py")


def test_source_distribution_builds_the_same_wheel(clone: Path, tmp_path: Path) -> None:
    build = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    wheel = python("-c", build, "build_wheel", str(tmp_path), cwd=clone).splitlines()[-1]
    archive = python("-c", build, "build_sdist", str(tmp_path), cwd=clone).splitlines()[-1]
    shutil.unpack_archive(tmp_path / archive, tmp_path, filter="data")
    shutil.move(tmp_path / wheel, tmp_path / "from-tree.whl")
    unpacked = tmp_path / archive.removesuffix(".tar.gz")
    python("-c", build, "build_wheel", str(tmp_path), cwd=unpacked)
    assert names_in(tmp_path / wheel) == names_in(tmp_path / "from-tree.whl")


def names_in(wheel: Path) -> list[str]:
    import zipfile

    with zipfile.ZipFile(wheel) as file:
        return sorted(file.namelist())
