"""What the tests share: the golden cases, and how a golden file is compared."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from engines.account import aws
from engines.argo.cluster import argo, argo_cluster
from google_store import google_place
from servers import azure, azure_place, s3, s3_place

from flowc.cli.given import scan
from flowc.compiler import Compilation, Source
from flowc.compiler.diagnostics.model import Report, Severity
from flowc.compiler.diagnostics.rules import RULES
from flowc.compiler.frontend.closure import first_party
from flowc.compiler.given import Given
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.pipeline import compile_bytes
from flowc.targets import Document, load
from flowc.targets.options import Options, Overlay

__all__ = ["argo", "argo_cluster", "aws", "azure", "azure_place", "google_place", "s3", "s3_place"]  # fixtures, for everybody

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "golden"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir() and path.name != "errors")
ERRORS = sorted(path for path in (GOLDEN / "errors").iterdir() if path.is_dir())

READ_BESIDE = {
    "config": {"config.json", "limits.toml"},
    "include_file": {"notes.txt", "weights.bin", "table.csv"},
}
"""What a case's flow names beside itself."""


def compile_case(case: Path) -> Compilation:
    """Compile the flow of a golden case, as its first line says."""
    data = (case / "flow.py").read_bytes()
    return compile_bytes("flow.py", data, files=Beside(case), given=given_in(data))


def options_in(data: bytes) -> list[str]:
    """The options in the first line of a flow that says how it is compiled: `# flowc run flow.py --with retry`."""
    line = re.match(rb"# flowc \w+ \w+\.py\S* (--.*)\n", data)
    return shlex.split(line[1].decode()) if line else []


def options_without(data: bytes, *names: str) -> list[str]:
    """These options, where no step shall have decorators of these names, such as those that send its tasks away."""
    words = options_in(data)
    added = [at for at, word in enumerate(words) if word == "--with" and words[at + 1].partition(":")[0] in names]
    kept = [word for at, word in enumerate(words) if at not in added and at - 1 not in added]
    for name in names:
        if ["--without", name] not in [kept[at : at + 2] for at in range(len(kept))]:
            kept += ["--without", name]
    return kept


def given_in(data: bytes) -> Given:
    """What these options give a compile."""
    return scan(options_in(data))


class Beside:
    """The files in a folder, as the compiler asks for them: by paths from the flow's own. One is as large as no plan may hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        if path == "large.bin":
            return bytes(3 * 1024 * 1024)
        file = self.folder / path
        return file.read_bytes() if file.is_file() else None


def is_hint(folder: Path) -> bool:
    """Whether an error case is about a hint, which is given only where it is asked for."""
    return any(folder.name.startswith(rule.code) and rule.severity is Severity.HINT for rule in RULES)


def modules_of(case: Path, flow: str = "flow.py") -> tuple[str, ...]:
    """The modules that a flow of a case imports from its own folder, as paths from there."""
    try:
        return first_party(Source.decode(flow, (case / flow).read_bytes()), Beside(case))
    except UnicodeDecodeError:
        return ()


def options_of(folder: Path) -> Options:
    """What an error case is compiled with: the overlay beside its flow, where there is one."""
    file = folder / "overlay.yaml"
    return Options(overlay=Overlay(file.name, file.read_text(encoding="utf-8")) if file.is_file() else None)


def documents(flow: Flow, target: str, options: Options | None = None) -> tuple[Document, ...]:
    """A target's documents for a flow, which must have no error."""
    report = Report()
    made = load(target)(flow, options or Options(), report)
    assert not report.failed, report.sorted()
    return made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the files under golden/ instead of comparing them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares text with a golden file, or writes it with --update-golden."""
    update = request.config.getoption("--update-golden")

    def check(path: Path, text: str) -> None:
        if update:
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        assert path.exists(), f"{path.relative_to(ROOT)} is missing: `make golden` writes it"
        expected = path.read_text(encoding="utf-8")
        if text != expected:
            name = str(path.relative_to(ROOT))
            diff = difflib.unified_diff(expected.splitlines(), text.splitlines(), name, "now", lineterm="")
            pytest.fail("\n".join(["`make golden` accepts this:", *diff]), pytrace=False)

    return check
