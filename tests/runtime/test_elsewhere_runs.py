"""Hybrid runs leave what local ones do: golden flows, flows that fail, random ones, with all or some of their steps elsewhere."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from compared import failed_alike
from conftest import READ_BESIDE
from deployed import failures, run_here
from failing import disagreements, faults_of, flows
from farm import Farm, Process, quicken
from mishaps import FAIL, GO_ON
from test_golden_runs import RUNS, kept
from test_golden_runs import compiled as compiled_case
from test_random_runs import draw, result
from test_random_runs import run_here as run_one_here
from test_random_runs import runners as started_runners

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.plan import plan_of, plan_text
from flowc.runtime import contract
from flowc.runtime.local.scheduler import run_locally
from flowc.runtime.plan import parse_plan
from flowc.runtime.store import LocalStore

COUNT = int(os.environ.get("FLOWC_RANDOM_GRAPHS") or 200) // 8


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    Process.warm()
    quicken(monkeypatch)


@dataclass
class Ran:
    """A hybrid run that is over."""

    flow: str
    store: LocalStore
    farm: Farm
    code: int
    told: str
    id: str = "1"

    def kept(self) -> str:
        """What its tasks left."""
        return kept(self.store, self.flow, self.id)

    def failures(self) -> dict[str, str]:
        """Why attempts failed."""
        return failures(self.store, self.flow, self.id)


def run(flow: Flow, here: Path, folder: Path, steps: Iterable[str], tells: bool = False) -> Ran:
    """Run a flow, of which `here` has the files, with some steps elsewhere; in a fork, for all are called `flow.py`."""
    package, beside = folder / "package", set[str]().union(*READ_BESIDE.values())
    shutil.copytree(here, package, ignore=shutil.ignore_patterns("store", *beside))
    (package / contract.PLAN_FILE).write_text(plan_text(flow), encoding="utf-8")
    (folder / "farm").mkdir()
    store = LocalStore(folder / "hybrid")
    farm = Farm(folder / "farm", package, store.root, tells=tells)
    document = json.loads(json.dumps(plan_of(flow)))
    pid = os.fork()
    if pid == 0:
        code = 99
        said = (folder / "said").open("w", encoding="utf-8")
        try:
            os.chdir(folder)
            elsewhere = farm.elsewhere(*steps)
            done = run_locally(
                parse_plan(document), here / "flow.py", {}, store=store, document=document, elsewhere=elsewhere,
                max_workers=4, out=io.StringIO(), err=said,
            )  # fmt: skip
            code = done.exit_code
        except BaseException:
            traceback.print_exc(file=said)
        finally:
            said.close()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Ran(flow.name, store, farm, code, (folder / "said").read_text(encoding="utf-8"))


SOME: dict[str, Callable[[list[str]], list[str]]] = {
    "all": lambda names: names,
    "odd": lambda names: names[1::2],
    "even": lambda names: names[::2],
}


@pytest.mark.parametrize("some", SOME)
@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_golden_flows(case: Path, some: str, tmp_path: Path) -> None:
    flow = compiled_case(case)
    shutil.copytree(case, tmp_path / "here")
    steps = SOME[some]([step.name for step in flow.steps])
    if not steps:
        return
    ran = run(flow, tmp_path / "here", tmp_path, steps, tells=some == "odd")
    assert ran.code == 0, ran.told
    assert ran.kept() == (case / "result.json").read_text(encoding="utf-8")
    ran_there = {one["step"] for one in ran.farm.calls("start")}
    assert ran_there <= set(steps)
    assert ran_there or some != "all"
    assert ran.farm.calls("end") == []


def mishap(text: Path) -> Flow:
    done = compile_source(Source("flow.py", text.read_text(encoding="utf-8")))
    assert done.flow is not None, done.diagnostics
    return done.flow


@pytest.mark.parametrize("some", SOME)
@pytest.mark.parametrize("what", FAIL)
def test_what_fails_a_run(what: str, some: str, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    file = FAIL[what].write(tmp_path / "here")
    here = run_here(file, "Fails")
    assert here.code == 1
    flow = mishap(file)
    ran = run(flow, tmp_path / "here", tmp_path, SOME[some]([step.name for step in flow.steps]))
    assert ran.code == 1, ran.told
    failed_alike(ran, here)
    ran.farm.wait_until_none_is_alive()


@pytest.mark.parametrize("some", SOME)
@pytest.mark.parametrize("what", GO_ON)
def test_what_a_run_gets_over(what: str, some: str, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    file = GO_ON[what].write(tmp_path / "here")
    here = run_here(file, "Fails")
    assert here.code == 0
    flow = mishap(file)
    ran = run(flow, tmp_path / "here", tmp_path, SOME[some]([step.name for step in flow.steps]))
    assert ran.code == 0, ran.told
    assert ran.failures() == here.failures
    assert ran.kept() == here.kept


def test_random_flows(tmp_path: Path) -> None:
    """Each with some steps elsewhere."""
    chance, wrong = random.Random(5), []
    with started_runners(tmp_path) as runners:
        here = run_one_here(runners)
        for number, flow in enumerate(draw(COUNT, flows())):
            folder = tmp_path / str(number)
            place = folder / f"here-{number}"
            place.mkdir(parents=True)
            (place / "flow.py").write_text(flow.text, encoding="utf-8")
            one = here(flow, place)
            names = [step.name for step in flow.flow.steps]
            steps = [name for name in names if chance.random() < 0.5] or names
            ran = run(flow.flow, place, folder, steps, tells=chance.random() < 0.5)
            assert ran.code in (0, 1), (ran.told, flow.text)
            other = result(ran.store, ran.code == 0, ran.told)
            said = [f"hybrid: {fault}" for fault in faults_of(flow, other)] or list(disagreements(flow, one, other))
            if said:
                wrong.append("\n".join([str(steps), *said, flow.text]))
    assert not wrong, f"{len(wrong)} of {COUNT} disagree\n" + "\n\n".join(wrong[:5])
