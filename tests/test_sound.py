"""Near misses: beside each fault of `golden/errors/` stands code that is as close to it as can be and has nothing wrong.

`golden/errors/<code>_<name>/sound*.py` are flows that must compile for every target without a word, and that run to their end.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ERRORS, Beside, given_in, is_hint, options_of

from flowc.compiler import Compilation
from flowc.compiler.diagnostics.model import Report
from flowc.compiler.diagnostics.render import render_full
from flowc.compiler.diagnostics.rules.targets import NOT_EMITTED
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_of
from flowc.runtime.local.scheduler import run_locally
from flowc.runtime.plan import parse_plan
from flowc.runtime.store import LocalStore
from flowc.targets import TARGETS, load

SOUND = [path for folder in ERRORS for path in sorted(folder.glob("sound*.py"))]
sound_flows = pytest.mark.parametrize("file", SOUND, ids=lambda file: f"{file.parent.name.split('_')[0]}-{file.stem}")


def test_every_error_case_has_a_near_miss() -> None:
    assert {folder.name for folder in ERRORS} == {file.parent.name for file in SOUND}


@sound_flows
def test_nothing_is_reported(file: Path) -> None:
    done = compiled(file)
    diagnostics = list(done.diagnostics)
    if done.flow is not None:
        for target in TARGETS:
            report = Report()
            load(target)(done.flow, options_of(file.parent), report)
            diagnostics += report.sorted()
    if not file.parent.name.startswith(NOT_EMITTED.code):
        # What a target leaves out for now says nothing against the flow.
        diagnostics = [one for one in diagnostics if one.rule is not NOT_EMITTED]
    assert not diagnostics, render_full(diagnostics, done.sources, color=False)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # of forks beside threads, which pytest-xdist has
@sound_flows
def test_it_runs(file: Path, tmp_path: Path, isolated: None) -> None:
    flow = compiled(file).flow
    assert flow is not None
    shutil.copytree(file.parent, tmp_path / "case")
    plan = parse_plan(json.loads(json.dumps(plan_of(flow))))
    err = io.StringIO()
    result = run_locally(
        plan, tmp_path / "case" / file.name, {}, store=LocalStore(tmp_path / "store"), out=io.StringIO(), err=err
    )
    assert result.ok, err.getvalue()


@pytest.fixture
def isolated(tmp_path: Path) -> Iterator[None]:
    """Forgets the modules that a test imported from its own folder: others have modules of the same names."""
    before = list(sys.path)
    yield
    sys.path[:] = before
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def compiled(file: Path) -> Compilation:
    """Compile a flow, the one that its first line names (`# flowc check sound.py:Train`) where it has several."""
    data = file.read_bytes()
    named = re.match(rb"# flowc check \w+\.py:(\w+)", data)
    name = named[1].decode() if named else None
    return compile_bytes(file.name, data, name, Beside(file.parent), given_in(data), hints=is_hint(file.parent))
