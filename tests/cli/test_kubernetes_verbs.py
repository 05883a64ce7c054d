"""`flowc kubernetes list` and `flowc kubernetes kill`, against a cluster that the engine plays."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.argo.api import GUEST
from podruns import Harbour, harbour

from flowc.runtime.compute import Order

from .accounts import Ended, Run

__all__ = ["harbour"]

FLOW = """\
from flowc import FlowSpec, kubernetes, step


class Sample(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Sample()
"""


class Place:
    """A datastore in which ann has run the flow, and pods of runs of the flow.

    Attributes:
        flowc: Runs a command line.
    """

    def __init__(self, harbour: Harbour, flowc: Run, folder: Path) -> None:
        self.harbour, self.flowc, self.folder = harbour, flowc, folder
        (folder / "sample.py").write_text(FLOW)

    def finish(self) -> str:
        """Run the flow here; the run's id."""
        command = [sys.executable, "-m", "flowc", "run", "sample.py", "--quiet", "--run-id-file", "id"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "id").read_text()

    def pods(self, run: str, *paths: str, user: str = "ann", attempt: int = 0, step: str = "sleep", **options: Any) -> list[str]:
        """Start pods of a run; their ids."""
        there = self.harbour.prepare(options.pop("decorators", "@kubernetes"), user=user, **options)
        orders = [Order(run=run, step=step, path=path, attempt=attempt) for path in paths]
        started = {one.order.path: one.id for one in there.compute.start(orders)}
        there.note([])
        return [started[path] for path in paths]

    @property
    def where(self) -> str:
        return f"Kubernetes, namespace {self.harbour.argo.namespace}, context tests"

    @property
    def hint(self) -> str:
        """What is added where nothing is found, of a datastore without a run of the flow."""
        return f"; the datastore {os.environ['FLOWC_DATASTORE']} has no runs of a flow Sample"


@pytest.fixture
def place(harbour: Harbour, flowc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in {"FLOWC_USER": "ann", "FLOWC_DATASTORE": harbour.argo.place}.items():
        monkeypatch.setenv(name, value)
    yield Place(harbour, flowc, tmp_path)
    for name in harbour.pods():
        harbour.argo.ask("DELETE", f"{harbour.argo.path('pods', name)}?gracePeriodSeconds=0")


def rows(ended: Ended) -> list[list[str]]:
    """A table's rows, with the durations left out."""
    assert ended.code == 0, ended.err
    return [re.sub(r" \d+(\.\d+)? s ", " ", line).split() for line in ended.out.splitlines()]


def tasks(ended: Ended) -> list[str]:
    return [row[0] for row in rows(ended)[1:]]


def test_the_latest_run_of_ones_own(place: Place) -> None:
    place.finish()
    run = place.finish()
    place.pods("1", "-")
    ids = place.pods(run, "0", "1", "10", attempt=1)
    place.harbour.wait(lambda: all(one["status"]["phase"] == "Running" for one in place.harbour.argo.all("pods")))
    ended = place.flowc("kubernetes", "list", "sample.py")
    assert rows(ended) == [
        ["TASK", "ATTEMPT", "STATUS", "SINCE", "USER", "ID"],
        *([f"2/sleep/{path}", "1", "Running", "ann", id] for path, id in zip(("0", "1", "10"), ids, strict=True)),
    ]
    assert ended.err == ""
    killed = place.flowc("kubernetes", "kill", "sample.py")
    assert (killed.code, killed.out) == (0, "")
    assert killed.err == "".join(
        f"flowc: ended 2/sleep/{path}, which was Running ({id})\n" for path, id in zip(("0", "1", "10"), ids, strict=True)
    )
    place.harbour.wait(lambda: len(place.harbour.pods()) == 1)  # of the first run
    for verb in ("list", "kill"):
        none = (0, "", f"flowc: no task of Sample/2 waits or runs on {place.where}\n")
        assert place.flowc("kubernetes", verb, "sample.py") == none


def test_of_a_run_of_a_person_and_of_mine(place: Place) -> None:
    place.pods("456", "3")
    place.pods("7", "-")
    place.pods("8", "-", user="willsmith")
    place.harbour.wait(lambda: "Pending" not in place.flowc("kubernetes", "list", "Sample", "--user", "willsmith").out)
    assert tasks(place.flowc("kubernetes", "list", "sample.py", "--my-runs")) == ["7/sleep/-", "456/sleep/3"]
    assert tasks(place.flowc("kubernetes", "list", "Sample", "--run-id", "8")) == ["8/sleep/-"]
    assert tasks(place.flowc("kubernetes", "list", "Sample", "--user", "willsmith")) == ["8/sleep/-"]
    for arguments, task in (
        (("--run-id", "456"), "456/sleep/3"),
        (("--user", "willsmith"), "8/sleep/-"),
        (("--my-runs",), "7/sleep/-"),
    ):
        ended = place.flowc("kubernetes", "kill", "sample.py", *arguments)
        assert re.fullmatch(rf"flowc: ended {task}, which was \w+ \([a-z0-9-]+\)\n", ended.err), ended.err
    place.harbour.wait(lambda: place.harbour.pods() == [])
    ended = place.flowc("kubernetes", "kill", "sample.py", "--user", "willsmith")
    none = f"flowc: no task of all runs of Sample that are willsmith's waits or runs on {place.where}{place.hint}\n"
    assert ended == (0, "", none)


def test_as_a_program(place: Place) -> None:
    (id,) = place.pods("456", "3")
    command = [sys.executable, "sample.py", "kubernetes", "list", "--run-id", "456"]
    ended = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ended.returncode == 0, ended.stderr
    assert id in ended.stdout


def test_no_other_flow_no_other_datastore_and_no_pod_of_argo_is_touched(place: Place) -> None:
    place.pods("456", "3", datastore="s3://elsewhere/flows")
    (mine,) = place.pods("7", "-")
    pod = place.harbour.argo.get("pods", mine)
    for name, changes in (
        ("other-flow", {"flowc/flow": "sample"}),
        ("argos", {"app.kubernetes.io/managed-by": "argo"}),
    ):
        metadata = {
            "name": name,
            "labels": {**pod["metadata"]["labels"], **changes},
            "annotations": {
                **pod["metadata"]["annotations"],
                **{key: value for key, value in changes.items() if "flowc/" in key},
            },
        }
        spec = {"containers": [{"name": "main", "image": "x", "command": ["sleep", "60"]}]}
        place.harbour.argo.ask("POST", place.harbour.argo.path("pods"), {"metadata": metadata, "spec": spec})
    assert tasks(place.flowc("kubernetes", "list", "sample.py", "--my-runs")) == ["7/sleep/-", "456/sleep/3"]
    ended = place.flowc("kubernetes", "kill", "sample.py", "--run-id", "456")
    assert ended == (0, "", f"flowc: no task of Sample/456 waits or runs on {place.where}{place.hint}\n")
    assert (
        len(rows(place.flowc("kubernetes", "list", "sample.py", "--run-id", "456", "--datastore", "s3://elsewhere/flows/"))) == 2
    )
    assert place.flowc("kubernetes", "kill", "sample.py", "--my-runs").code == 0
    place.harbour.wait(lambda: sorted(place.harbour.pods()) == ["argos", "other-flow"])


def test_as_json(place: Place) -> None:
    (id,) = place.pods("456", "3.~1", attempt=2, step="done", decorators="@kubernetes(cpu=128)")
    place.harbour.wait(lambda: "Unschedulable" in place.flowc("kubernetes", "list", "sample.py", "--run-id", "456").out)
    (found,) = json.loads(place.flowc("kubernetes", "list", "sample.py", "--run-id", "456", "--format", "json").out)
    assert isinstance(found.pop("since"), float)
    assert found == {
        "flow": "Sample",
        "run": "456",
        "step": "done",
        "path": "3.~1",
        "attempt": 2,
        "user": "ann",
        "id": id,
        "status": "Unschedulable",
        "reason": "no node has room for it: the only node has too little CPU left; it asks for cpu 128, memory 4000M",
        "link": None,
    }
    assert json.loads(place.flowc("kubernetes", "list", "sample.py", "--run-id", "9", "--format", "json").out) == []


def test_the_namespace_is_what_the_flow_says(place: Place) -> None:
    place.pods("456", "3")
    namespace = place.harbour.argo.namespace
    elsewhere = str(place.harbour.argo.kubeconfig(namespace="default"))
    arguments = ("kubernetes", "list", "sample.py", "--run-id", "456")
    text = FLOW.replace("    @step\n    def start", f"    @kubernetes(namespace={namespace!r})\n    @step\n    def start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", elsewhere)
        nothing = f"flowc: no task of Sample/456 waits or runs on Kubernetes, namespace default, context tests{place.hint}\n"
        assert place.flowc(*arguments) == (0, "", nothing)
        assert tasks(place.flowc(*arguments, "--namespace", namespace)) == ["456/sleep/3"]
        (place.folder / "sample.py").write_text(text)
        assert tasks(place.flowc(*arguments)) == ["456/sleep/3"]


def test_what_cannot_be_asked_or_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = place.pods("456", "3", "4")
    place.harbour.argo.fail("DELETE", place.harbour.argo.path("pods", first), 403, "Forbidden", "no")
    ended = place.flowc("kubernetes", "kill", "sample.py", "--run-id", "456")
    assert ended.code == 1
    assert [re.sub(r"which (was|is) \w+", "which …", line) for line in ended.err.splitlines()] == [
        f"flowc: ended 456/sleep/4, which … ({second})",
        f"flowc: could not end 456/sleep/3, which … ({first}): the cluster does not allow flowc to delete pods: no",
    ]
    monkeypatch.setenv("KUBECONFIG", str(place.harbour.argo.kubeconfig(token=GUEST)))
    ended = place.flowc("kubernetes", "list", "sample.py", "--my-runs")
    assert ended.code == 2
    assert ended.err.startswith(f"flowc: guest may not list pods in the namespace {place.harbour.argo.namespace}: a Role with ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sample.py", "--my-runs", "--user", "x"), "--my-runs, --run-id and --user exclude each other"),
        ((), "which flow? Say its file or its name"),
    ],
)
@pytest.mark.parametrize("verb", ["list", "kill"])
def test_misuse(place: Place, verb: str, arguments: tuple[str, ...], said: str) -> None:
    ended = place.flowc("kubernetes", verb, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"flowc kubernetes {verb}: {said}\nTry 'flowc kubernetes {verb} --help'.\n"


def test_a_namespace_that_none_can_be_called(place: Place) -> None:
    ended = place.flowc("kubernetes", "list", "sample.py", "--my-runs", "--namespace", "No_Such")
    assert ended.code == 2
    assert "unlike --namespace 'No_Such'" in ended.err
