"""Runs from this machine whose tasks are Pods of the cluster, `flowc run --with kubernetes`: they leave what local runs leave."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import options_without
from deployed import failures, run_here
from mishaps import BRANCHES, FAIL, GO_ON
from test_golden_runs import RUNS, compiled, kept
from wide import flow as wide_flow

from e2e.argo.conftest import CREDENTIALS
from e2e.argo.settings import Settings
from e2e.argo.shell import Shell, mark, wait_for
from e2e.argo.test_mishaps import flow_name
from e2e.argo.test_shapes import NEED_MORE
from e2e.argo.test_values import TEXTS, write
from flowc.runtime.store import open_store


class Here:
    """A shell in which runs have all of their tasks in Pods."""

    def __init__(self, shell: Shell, settings: Settings) -> None:
        self.shell = shell
        self._with = ["--with", f"kubernetes:secrets={CREDENTIALS},image={settings.image}"]

    @contextmanager
    def start(self, file: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
        """A run that goes on."""
        command = [sys.executable, "-m", "flowc", "run", str(file), *self._with, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def __call__(self, file: Path, flow: str, *options: str) -> tuple[int, str]:
        """A run to its end: its exit code, and what it printed."""
        began = time.monotonic()
        with self.start(file, *options) as process:
            said, _ = process.communicate()
        pods = len(json.loads(kept(open_store(self.shell.place), flow, "1")))
        status = "done" if process.returncode == 0 else "failed"
        told = {"flow": flow, "status": status, "pods": pods, "seconds": time.monotonic() - began}
        self.shell.told({**told, **self.shell.cluster.versions("none")})
        return process.returncode, said

    def pods(self, flow: str) -> list[str]:
        """The Pods of a flow that are not over."""
        wanted = f"flowc/flow={flow}"
        found = self.shell.cluster.core().list_namespaced_pod(self.shell.cluster.namespace, label_selector=wanted).items
        return [pod.metadata.name for pod in found if pod.status.phase in ("Pending", "Running")]

    def left(self, flow: str) -> list[str]:
        """Those that go on though their run is over. What is deleted has half a minute to end."""
        until = time.monotonic() + 60
        while (left := self.pods(flow)) and time.monotonic() < until:
            time.sleep(0.5)
        return left


@pytest.fixture
def here(shell: Shell, settings: Settings) -> Here:
    return Here(shell, settings)


@pytest.mark.parametrize("case", RUNS, ids=lambda case: case.name)
def test_shape_from_here(here: Here, settings: Settings, case: Path) -> None:
    if settings.plain_image and case.name in NEED_MORE:
        pytest.skip(NEED_MORE[case.name])
    flow = compiled(case).name
    options = options_without((case / "flow.py").read_bytes(), "batch", "kubernetes", "resources")
    code, said = here(case / "flow.py", flow, *options)
    assert code == 0, said
    assert kept(open_store(here.shell.place), flow, "1") == (case / "result.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", FAIL)
def test_what_fails_a_run_from_here(here: Here, what: str, tmp_path: Path) -> None:
    flow = flow_name("Fails", what)
    file = FAIL[what].write(tmp_path, flow)
    expected = run_here(file, flow)
    code, said = here(file, flow)
    assert (code, expected.code) == (1, 1), said
    found = failures(open_store(here.shell.place), flow, "1")
    assert set(found.items()) & set(expected.failures.items()), said
    assert not here.left(flow)


@pytest.mark.parametrize("what", GO_ON)
def test_what_a_run_from_here_gets_over(here: Here, what: str, tmp_path: Path) -> None:
    flow = flow_name("GoesOn", what)
    file = GO_ON[what].write(tmp_path, flow)
    expected = run_here(file, flow)
    code, said = here(file, flow, "--no-retry-delay")
    assert (code, expected.code) == (0, 0), said
    assert kept(open_store(here.shell.place), flow, "1") == expected.kept


def test_a_deleted_pod_of_a_run_from_here(here: Here, tmp_path: Path) -> None:
    body = f"import time; current.retry_count or ({mark('running')}, time.sleep(900))"
    case = BRANCHES._replace(decorators=("@retry(times=1, minutes_between_retries=0)",), body=body)
    with here.start(case.write(tmp_path, "DeletedHere")) as process:
        wait_for(open_store(here.shell.place), "running")
        (pod,) = [name for name in here.pods("DeletedHere") if "bad" in name]
        here.shell.cluster.delete_pod(pod)
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert json.loads(kept(open_store(here.shell.place), "DeletedHere", "1"))["bad/-"]["attempt"] == 1


def test_ctrl_c_ends_the_pods(here: Here, tmp_path: Path) -> None:
    body = f"import time; {mark('running')}; time.sleep(900)"
    with here.start(BRANCHES._replace(body=body).write(tmp_path, "StoppedHere")) as process:
        wait_for(open_store(here.shell.place), "running")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    assert process.returncode == 130, said
    assert not here.left("StoppedHere")


def test_ctrl_c_at_any_moment(here: Here, tmp_path: Path) -> None:
    chance = random.Random(7)
    file = tmp_path / "flow.py"
    text = wide_flow("range(self.width)").replace("class Wide(", "class AnyMoment(")
    file.write_text(text.replace("        self.square", "        import time; time.sleep(3)\n        self.square"))
    for _ in range(6):
        with here.start(file, "--width", "6") as process:
            time.sleep(chance.uniform(0.5, 12.0))
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate()
        assert process.returncode in (0, 130), said
        assert "Traceback" not in said, said
        assert "may go on" not in said, said
        assert not here.left("AnyMoment")


def test_100_items_from_here(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "flow.py"
    file.write_text(wide_flow("range(self.width)").replace("class Wide(", "class WideHere("))
    code, said = here(file, "WideHere", "--width", "100", "--max-workers", "12")
    assert code == 0, said
    found = json.loads(kept(open_store(here.shell.place), "WideHere", "1"))
    assert found["join/-"]["squares"] == repr([index**2 for index in range(100)])


def test_strange_values_arrive_from_here(here: Here, tmp_path: Path) -> None:
    file = write(tmp_path, [TEXTS[number] for number in range(0, len(TEXTS), 6)])
    options = [f"--given-{number}={text}" for number, text in enumerate(TEXTS[::-1])]
    expected = run_here(file, "Strange", *options)
    code, said = here(file, "Strange", *options)
    assert (code, expected.code) == (0, 0), said
    assert kept(open_store(here.shell.place), "Strange", "1") == expected.kept
