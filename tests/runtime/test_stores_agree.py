"""The golden flows leave in S3 and in Azure what they leave in a folder: the same tasks, choices, artifacts and failures.

`tests/test_golden_runs.py` holds the folder to the same results. Each run is a process of its own: one that has used an
object store cannot fork.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import READ_BESIDE, compile_case, modules_of, options_without
from test_golden_runs import RUNS, compiled, kept

from flowc.runtime.store import Store, open_store

CHANGING = {"started", "ended", "created", "traceback"}
PLACES = ["s3_place", "azure_place"]

FAILING = """
    from flowc import FlowSpec, step, retry, catch, timeout, current

    class Failing(FlowSpec):
        @step
        def start(self):
            self.items = "abc"
            self.large = list(range(50_000))
            self.next(self.each, foreach="items")

        @retry(times=1, minutes_between_retries=0)
        @catch(var="fault", print_exception=False)
        @step
        def each(self):
            self.mine = self.input
            if self.input == "b":
                raise ValueError("never b")
            if self.input == "c" and current.retry_count == 0:
                raise KeyError("not at once")
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs, include=["large"])
            self.faults = [bool(one.fault) for one in inputs]
            self.next(self.slow)

        @catch(var="late", print_exception=False)
        @timeout(seconds=1)
        @step
        def slow(self):
            import time

            time.sleep(60)
            self.next(self.last)

        @retry(times=2, minutes_between_retries=0)
        @step
        def last(self):
            raise RuntimeError(f"attempt {current.retry_count}")
            self.next(self.end)

        @step
        def end(self):
            pass
"""


def run(file: Path, place: str, code: int = 0, options: Sequence[str] = ()) -> str:
    command = [sys.executable, "-m", "flowc", "run", str(file), "--datastore", place, *options]
    done = subprocess.run(command, cwd=file.parent, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stderr


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_golden_runs(case: Path, place: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(place)
    flow = compile_case(case).flow
    assert flow is not None
    for name in (flow.file, *modules_of(case), *READ_BESIDE.get(case.name, ())):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((case / name).read_bytes())
    run(tmp_path / "flow.py", url, options=options_without((case / "flow.py").read_bytes(), "batch", "kubernetes"))
    assert kept(open_store(url), compiled(case).name, "1") == (case / "result.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [*PLACES, "google_place"])
def test_a_run_that_fails(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(place)
    (tmp_path / "flow.py").write_text(textwrap.dedent(FAILING))
    assert "attempt 2" in run(tmp_path / "flow.py", str(tmp_path / "folder"), 1)
    assert "attempt 2" in run(tmp_path / "flow.py", url, 1)
    expected = objects(open_store(tmp_path / "folder"))
    assert objects(open_store(url)) == expected
    assert sum(key.endswith("attempt-0.json") for key in expected) == 4  # of b, c, slow and last


def objects(store: Store) -> dict[str, Any]:
    """All that a run left, by key, without what differs between two runs."""
    found: dict[str, Any] = {}
    for key in store.list("Failing/1/"):
        data = store.get(key)
        assert data is not None
        if "/blobs/" in key:  # its name says what is in it; object stores may compress it
            found[key] = None
        else:
            found[key] = len(data) if "/log-" in key else without_times(json.loads(data))
    return found


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        hidden = {"started", "ended", "created", "traceback", "codec", "stored"}
        if "format" in value:
            hidden.add("sha256")  # of a manifest's own bytes, times and all
        return {name: without_times(one) for name, one in value.items() if name not in hidden}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    return value
