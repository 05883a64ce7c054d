"""Runs from here whose tasks AWS Batch runs in real containers, of an image that holds Python and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import IMAGE, Network, containers  # noqa: F401
from deployed import environment, failures, run_here
from engines.account import Aws, engine
from laptop import Laptop, laptop_at_aws
from mishaps import BRANCHES
from test_ecs_containers import WHOLE
from test_golden_runs import kept

from flowc.runtime.store import open_store


@pytest.fixture(scope="module")
def account(containers: Network) -> Iterator[Aws]:  # noqa: F811
    """An account whose jobs are containers in that network."""
    told = {name: value for name, value in containers.environment.items() if name == "DOCKER_HOST"}
    with engine(
        {**told, "FLOWC_ENGINE_HOST": containers.host, "FLOWC_ENGINE_NETWORK": containers.name, "FLOWC_ENGINE_IMAGE": IMAGE}
    ) as aws:
        yield aws


@pytest.fixture
def laptop(account: Aws, tmp_path: Path) -> Laptop:
    return laptop_at_aws(account, tmp_path)


def running(containers: Network) -> list[str]:  # noqa: F811
    """The containers that there are."""
    command = ["docker", "ps", "--quiet", "--filter", f"network={containers.name}"]
    return subprocess.run(command, env=containers.environment, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("fails", [False, True])
def test_a_whole_flow(account: Aws, laptop: Laptop, fails: bool) -> None:
    """Loops, branches, a switch, a foreach with an item that is tried again and then caught; and a branch that fails."""
    file = laptop.write("flow.py", WHOLE)
    here = run_here(file, "Whole", "--fails", str(fails))
    ended = laptop("flowc", "run", "flow.py", "--with", "batch", "--fails", str(fails))
    assert (ended.code, here.code) == (fails, fails), ended.err
    assert ("KeyError: 'left'" in ended.err + ended.out) == fails
    with environment(account.environment):
        store = open_store(laptop.place)
        assert failures(store, "Whole", "1") == here.failures
        assert fails or kept(store, "Whole", "1") == here.kept


def test_ctrl_c_ends_containers(laptop: Laptop, containers: Network) -> None:  # noqa: F811
    laptop.write("flow.py", BRANCHES.write(laptop.folder).read_text(encoding="utf-8"))
    with laptop.start("flowc", "run", "flow.py", "--with", "batch") as run:
        run.says("[bad] runs")
        assert running(containers)
        run.interrupt()
        assert run.ended().code == 130
    until_none(containers)


def until_none(containers: Network) -> None:  # noqa: F811
    """Wait until no container is left: one that is ended has a while to say so."""
    for name in running(containers):
        subprocess.run(["docker", "wait", name], env=containers.environment, capture_output=True, check=False)
    assert not running(containers)
