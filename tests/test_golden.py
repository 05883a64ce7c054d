"""Golden files: `golden/<case>/` holds a flow and what each stage makes of it, `golden/errors/<code>_<name>/` a fault and
its message.

`pytest --update-golden` rewrites them. A file that is missing, or that nothing makes, fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conftest import CASES, ERRORS, READ_BESIDE, Beside, compile_case, documents, given_in, is_hint, modules_of, options_of

from flowc.compiler import Compilation
from flowc.compiler.diagnostics.render import render_full
from flowc.compiler.diagnostics.rules import RULES
from flowc.compiler.ir.printer import print_flow
from flowc.compiler.ir.verify import verify
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text
from flowc.targets import printed
from flowc.targets.options import Options

STAGES: Mapping[str, Callable[[Compilation], str]] = {
    "flow.ir": lambda done: print_flow(_flow(done)),
    "plan.json": lambda done: plan_text(_flow(done)),
    "argo.yaml": lambda done: printed(documents(_flow(done), "argo")),
    "sfn.json": lambda done: documents(_flow(done), "sfn")[0].text,
    "job-definitions.json": lambda done: documents(_flow(done), "sfn")[1].text,
}
"""What a case's folder holds beside the flow, and how it is made. `result.json` is made by a run: tests/test_golden_runs.py."""


def _flow(done: Compilation):  # type: ignore[no-untyped-def]
    assert done.flow is not None, render_full(done.diagnostics, done.sources, color=False)
    return done.flow


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("name", STAGES)
def test_stage(case: Path, name: str, golden: Callable[[Path, str], None]) -> None:
    golden(case / name, STAGES[name](compile_case(case)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tree_is_sound(case: Path) -> None:
    assert verify(_flow(compile_case(case))) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_orphaned(case: Path) -> None:
    expected = {"flow.py", "result.json", *STAGES, *modules_of(case), *READ_BESIDE.get(case.name, ())}
    assert set(files_in(case)) <= expected


@pytest.mark.parametrize("folder", ERRORS, ids=lambda folder: folder.name)
def test_error(folder: Path, golden: Callable[[Path, str], None]) -> None:
    """A flow with one fault gives one diagnostic, of the code in its folder's name, at the right place."""
    data = (folder / "flow.py").read_bytes()
    named = re.search(rb"flow\.py:(\w+)", data)
    name = named[1].decode() if named else None
    done = compile_bytes("flow.py", data, name, Beside(folder), given_in(data), hints=is_hint(folder))
    diagnostics, options = list(done.diagnostics), options_of(folder)
    if done.flow is not None:
        for target in ("argo", "sfn"):
            diagnostics += [one for one in documents_report(done, target, options) if one not in diagnostics]
    golden(folder / "message.txt", render_full(tuple(diagnostics), {**done.sources, **options.sources()}, color=False))
    assert {one.rule.code for one in diagnostics} == {folder.name.split("_")[0]}
    sound = {path.name for path in folder.glob("sound*.py")}
    beside = {"overlay.yaml"} if options.overlay else set()
    assert set(files_in(folder)) - sound == {"flow.py", "message.txt", *modules_of(folder), *beside}


def files_in(folder: Path) -> list[str]:
    """Paths from the folder, without what running the flow leaves."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [path.as_posix() for path in files if "__pycache__" not in path.parts]


def documents_report(done: Compilation, target: str, options: Options):  # type: ignore[no-untyped-def]
    from flowc.compiler.diagnostics.model import Report
    from flowc.targets import load

    report = Report()
    load(target)(_flow(done), options, report)
    return report.sorted()


def test_every_rule_has_an_error_case() -> None:
    assert sorted(f"{rule.code}_{rule.name}" for rule in RULES) == sorted(folder.name for folder in ERRORS)


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES) == len({rule.name for rule in RULES})


def test_same_input_same_bytes() -> None:
    for case in CASES:
        first, second = (compile_case(case), compile_case(case))
        for make in STAGES.values():
            assert make(first) == make(second)
