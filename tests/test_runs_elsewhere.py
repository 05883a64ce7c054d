"""Every golden flow is run from here with all of its tasks on AWS Batch, and with those of every other step in Pods. What the
store then holds is what a run leaves whose tasks all run here.

Batch and the cluster are the tests' engines; jobs and Pods are processes of the real command, which fetch the package from S3.
"""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest
from conftest import READ_BESIDE, modules_of, options_without
from deployed import make_queues
from engines.account import Aws
from engines.argo.cluster import Argo
from laptop import Laptop, laptop_at_aws, laptop_at_cluster
from test_golden_runs import RUNS, compiled, kept

from flowc.runtime.store import open_store

QUEUES = ("large", "accelerated")
"""Those that golden flows name."""
_STEP = re.compile(r"^( +)@step$", re.M)
_IMPORT = re.compile(r"^(?:from|import) ", re.M)


@pytest.fixture
def batch(aws: Aws, tmp_path: Path) -> Laptop:
    make_queues(aws, QUEUES)
    return laptop_at_aws(aws, tmp_path)


@pytest.fixture
def kubernetes(argo: Argo, tmp_path: Path) -> Laptop:
    return laptop_at_cluster(argo, tmp_path)


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
@pytest.mark.parametrize(("platform", "all_steps"), [("batch", True), ("kubernetes", False)])
def test_golden_flow(
    platform: str, case: Path, all_steps: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop: Laptop = request.getfixturevalue(platform)
    source = case / "flow.py"
    for name in (*modules_of(case), *READ_BESIDE.get(case.name, ())):
        (laptop.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(case / name, laptop.folder / name)
    laptop.write("flow.py", source.read_text(encoding="utf-8") if all_steps else sent(source, platform))
    options = options_without(source.read_bytes(), {"batch": "kubernetes", "kubernetes": "batch"}[platform])
    if all_steps and not any(option.partition(":")[0] == platform for option in options):
        options += ["--with", platform]
    ended = laptop("flowc", "run", "flow.py", *options)
    assert ended.code == 0, ended.err
    assert "on AWS Batch" in ended.err if platform == "batch" else "on Kubernetes" in ended.err
    for name, value in laptop.environment.items():
        monkeypatch.setenv(name, value)
    assert kept(open_store(laptop.place), compiled(case).name, "1") == (case / "result.json").read_text(encoding="utf-8")


def sent(source: Path, platform: str) -> str:
    """A flow every other step of which has this decorator, or those that had it before."""
    text = source.read_text(encoding="utf-8")
    if f"@{platform}" in text:
        return text
    count = itertools.count()
    text = _STEP.sub(lambda found: (f"{found[1]}@{platform}\n" if next(count) % 2 else "") + found[0], text)
    return _IMPORT.sub(lambda found: f"from flowc import {platform}\n{found[0]}", text, count=1)
