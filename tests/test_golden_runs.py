"""Every golden flow runs: locally, and task by task as Argo and Step Functions would, with the containers' own entrypoint.

What a run leaves in the store is compared with `golden/<case>/result.json`, artifact by artifact, for all three. The platforms
are stood in for by `evaluators`; the tasks are real processes with a real store.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from conftest import CASES, READ_BESIDE, compile_case, documents, modules_of, options_without
from evaluators import Job, Outcome, TaskFailed, argo, asl

from flowc.compiler.ir.nodes import Flow
from flowc.compiler.plan import plan_text
from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import Manifest, read_manifest
from flowc.runtime.store import LocalStore, Store

CANNOT_RUN = {
    "bigsum": "its matrix takes 51 GB of memory",
    "bigsum_batch": "its matrix takes 51 GB of memory",
    "aliases": "it imports a package that does not exist, which a compiler must not mind",
}
RUNS = [case for case in CASES if case.name not in CANNOT_RUN]
CHANGING = {"took", "failure"}
"""Artifacts that differ from run to run: a time, and a traceback with its paths."""
GAP = 10
"""On Step Functions the attempt that catches leaves room for as many as may have been refused."""


@pytest.fixture
def package(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder as a container finds it: the plan, the flow's file, and the modules that it imports."""
    case: Path = request.param
    flow = compile_case(case).flow
    assert flow is not None
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / contract.PLAN_FILE).write_text(plan_text(flow), encoding="utf-8")
    for name in (flow.file, *modules_of(case)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((case / name).read_bytes())
    return folder


def cases(argument: str = "package") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for every golden case that can run, with its package and its folder."""
    return pytest.mark.parametrize(
        (argument, "case"), [(case, case) for case in RUNS], indirect=[argument], ids=[case.name for case in RUNS]
    )


@cases()
def test_local_run(package: Path, case: Path, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    store = LocalStore(tmp_path / "store")
    for name in READ_BESIDE.get(case.name, ()):  # a container has the plan instead
        (package / name).write_bytes((case / name).read_bytes())
    options = options_without((case / "flow.py").read_bytes(), "batch", "kubernetes")
    command = [sys.executable, "-m", "flowc", "run", str(package / "flow.py"), "--datastore", str(store), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    golden(case / "result.json", kept(store, compiled(case).name, "1"))


@cases()
def test_argo_run(package: Path, case: Path, tmp_path: Path) -> None:
    flow = compiled(case)
    store = LocalStore(tmp_path / "store")
    manifest = yaml.safe_load(documents(flow, "argo")[0].text)
    parameters = manifest["spec"].get("arguments", {}).get("parameters", [])
    argo.run(manifest, pod(package, store, flow, json.dumps(parameters)))
    assert kept(store, flow.name, "1") == (case / "result.json").read_text(encoding="utf-8")


@cases()
def test_step_functions_run(package: Path, case: Path, tmp_path: Path) -> None:
    flow = compiled(case)
    store = LocalStore(tmp_path / "store")
    asl.run(json.loads(documents(flow, "sfn")[0].text), job(package, store, flow))
    assert kept(store, flow.name, "1", gap=GAP) == (case / "result.json").read_text(encoding="utf-8")


def compiled(case: Path) -> Flow:
    flow = compile_case(case).flow
    assert flow is not None
    return flow


def pod(package: Path, store: LocalStore, flow: Flow, parameters: str) -> Job:
    """Runs each pod as its container would: the entrypoint, in a process, with what the template says and no more."""

    def run(variables: Mapping[str, str]) -> Outcome | None:
        assert (variables[contract.RUN], variables[contract.CODE]) == ("run", contract.CODE_IN_IMAGE)
        if contract.HOOK in variables:
            container(package, store, {**variables, contract.RUN: "1"})
            return None
        step, path = variables[contract.STEP], variables[contract.PATH]
        outputs = package.parent / "outputs" / f"{step}-{path}-{variables[contract.ATTEMPT]}"
        outputs.mkdir(parents=True)
        given = {contract.RUN: "1", contract.OUTPUTS: str(outputs), contract.PARAMETERS: parameters}
        container(package, store, {**variables, **given})
        found = left(store, flow, step, path)
        # What a state machine reads from the store is what Argo reads from the task's files.
        assert (outputs / contract.OUTPUT_NEXT).read_text(encoding="utf-8") == (found.next or "")
        assert int((outputs / contract.OUTPUT_CARDINALITY).read_text()) == (found.cardinality or 0)
        return found

    return run


def job(package: Path, store: LocalStore, flow: Flow) -> Job:
    """Runs each job as its container would, with what the state machine says and no more."""
    store.put(f"{contract.run_key(flow.name, '1')}/{contract.INPUT_OBJECT}", b"{}")

    def run(variables: Mapping[str, str]) -> Outcome | None:
        assert (variables[contract.RUN], variables[contract.CODE]) == ("run", "${PackageKey}")
        container(package, store, {**variables, contract.RUN: "1"})
        if contract.HOOK in variables:
            return None
        return left(store, flow, variables[contract.STEP], variables[contract.PATH])

    return run


def container(package: Path, store: LocalStore, variables: Mapping[str, str]) -> None:
    """Run the entrypoint in a process, with nothing but these variables and those of the deployment."""
    environment = {
        "PATH": os.environ["PATH"],
        **variables,
        contract.DATASTORE: str(store),
        contract.PACKAGE: str(package),
    }
    command = [sys.executable, "-m", "flowc.runtime"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 1:
        raise TaskFailed(done.stderr)
    assert done.returncode == 0, done.stderr


def left(store: LocalStore, flow: Flow, step: str, path: str) -> Outcome:
    """What a finished task left for a state machine to read."""
    prefix = contract.task_key(flow.name, "1", step, path)
    items, following = (json.loads(store.get(f"{prefix}/{name}") or b"null") for name in (contract.ITEMS, contract.NEXT))
    return Outcome(following, None if items is None else len(items))


def kept(store: Store, flow: str, run: str, gap: int = 0) -> str:
    """All that a run's tasks left, as text: for each task its choice, its cardinality and its artifacts.

    Args:
        gap: How many numbers may be left out before that of an attempt.
    """
    tasks: dict[str, object] = {}
    for key in sorted(store.list(contract.run_key(flow, run))):
        if not key.endswith(contract.MANIFEST):
            continue
        _, _, step, path, _ = key.split("/")
        if step in contract.HOOK_STEPS.values():  # a local run runs no hooks
            continue
        manifest = read_manifest(store, flow, TaskId(run, step, path))
        assert manifest is not None
        tasks[f"{step}/{path}"] = _task(Artifacts(store, flow, run), manifest, gap)
    return json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"


def _task(artifacts: Artifacts, manifest: Manifest, gap: int) -> dict[str, object]:
    attempt = manifest.attempt - (gap if manifest.attempt > gap else 0)
    told: dict[str, object] = {"attempt": attempt} if attempt else {}
    if manifest.chose is not None:
        told["chose"] = manifest.chose
    if manifest.cardinality is not None:
        told["cardinality"] = manifest.cardinality
    told |= {
        name: repr(artifacts.load(name, entry)) for name, entry in sorted(manifest.artifacts.items()) if name not in CHANGING
    }
    return told


def test_every_case_is_run_or_excused() -> None:
    assert set(CANNOT_RUN) <= {case.name for case in CASES}
    assert [case.name for case in CASES if (case / "result.json").exists()] == [case.name for case in RUNS]
