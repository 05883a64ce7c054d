"""A second engine, which shares nothing with the first: MiniStack, with an interpreter, a store and an ECS of its own.

    def test_it(ministack: Aws) -> None:
        execution = ministack.run(machine, jobs)

It is installed beside the tests' packages, not among them, for it wants a botocore of exactly one version. Where `containers`
says how, its ECS tasks are real containers; jobs of AWS Batch, which it has not got, are processes (`ministack_server`).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from containers import Network
from validators import tools

from engines.account import Aws, served

_PACKAGES = ("ministack==1.5.33", "docker==7.2.0")


@contextmanager
def second_engine(network: Network | None = None) -> Iterator[Aws]:
    """An account of its own, with a process of its own.

    Args:
        network: Where ECS tasks run as containers; None: nowhere.
    """
    environment = {"DOCKER_HOST": "unix:///nowhere"}
    if network is not None:
        environment = {name: value for name, value in network.environment.items() if name.startswith("DOCKER_")}
        environment |= {"FLOWC_TESTS_NETWORK": network.name, "FLOWC_TESTS_HOST": network.host}
    with served("engines.ministack_server", str(install()), environment) as account:
        yield account


@pytest.fixture(scope="session")
def ministack() -> Iterator[Aws]:
    """The session's second account; of pytest-xdist, each worker's."""
    tools.demand(missing())
    with second_engine() as account:
        yield account


@pytest.fixture(scope="module")
def ministack_containers(containers: Network) -> Iterator[Aws]:
    """Likewise, with real containers as ECS tasks."""
    tools.demand(missing())
    with second_engine(containers) as account:
        try:
            yield account
        finally:
            containers.clear()


def missing() -> str | None:
    """Why MiniStack cannot be had here, or None. It is installed if it was not before: some 10 s."""
    try:
        install()
    except RuntimeError as error:
        return f"MiniStack cannot be installed: {(str(error).strip().splitlines() or ['no reason given'])[-1]}"
    return None


def install() -> Path:
    """The folder of its packages."""
    folder = tools.cache_folder() / f"ministack-{tools.fingerprint(*_PACKAGES, sys.version)}"
    with tools.only_one("ministack"):
        if not folder.exists():
            aside = folder.with_suffix(".new")
            shutil.rmtree(aside, ignore_errors=True)
            # It says on stderr, and means nothing by it, that this botocore is not the tests' own.
            tools.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", aside, *_PACKAGES])
            aside.rename(folder)
    return folder
