"""Tasks in real containers that hold Python and its standard library, with no network but the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from containers import Network, containers, forwarded  # noqa: F401
from servers import Server, s3  # noqa: F401
from test_golden_runs import kept

from flowc.cli.flow_file import FlowFile
from flowc.cli.packaging import build_package
from flowc.runtime import contract
from flowc.runtime.store import open_store
from flowc.templates import bootstrap_command

FLOW = """\
import os
from flowc import FlowSpec, Parameter, current, step
from helpers.words import WORD


class Sums(FlowSpec):
    count = Parameter("count", default=3)

    @step
    def start(self):
        self.numbers = list(range(self.count))
        self.large = bytes(200_000)
        self.next(self.body, foreach="numbers")

    @step
    def body(self):
        self.square = self.input**2
        print("this is body", self.index)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.square for one in inputs)
        self.merge_artifacts(inputs, include=["large"])
        self.next(self.end)

    @step
    def end(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "data", "word.txt")) as file:
            self.said = f"{file.read()} {WORD} {self.total} {len(self.large)}"
"""
TASKS = [("start", "-"), ("body", "0"), ("body", "1"), ("body", "2"), ("join", "-"), ("end", "-")]


def test_tasks_run_in_containers_of_nothing_but_python(
    containers: Network,  # noqa: F811
    s3: Server,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in {"flow.py": FLOW, "helpers/words.py": "WORD = 'and'\n", "data/word.txt": "a file"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    local = [sys.executable, "-m", "flowc", "run", "flow.py", "--datastore", "local"]
    subprocess.run(local, cwd=tmp_path, capture_output=True, check=True)
    here = open_store(tmp_path / "local")
    (run,) = os.listdir(tmp_path / "local" / "Sums")

    file = FlowFile(str(tmp_path / "flow.py"))
    compilation, data = file.compile()
    package = build_package(compilation, file, data, includes=["data/*.txt"])
    place = s3.place()
    with forwarded(containers.host, s3.endpoint) as endpoint:
        environment = {**s3.environment, "AWS_ENDPOINT_URL_S3": endpoint}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        there = open_store(place)
        there.put(package.key, package.data)
        for step, path in TASKS:
            task = {contract.RUN: run, contract.STEP: step, contract.PATH: path, contract.ATTEMPT: "0"}
            common = {contract.DATASTORE: place, contract.CODE: package.key}
            done = containers.run(bootstrap_command(place), environment | common | task)
            assert done.returncode == 0, f"{step}/{path}: {done.stderr}"
            assert ("this is body" in done.stdout) == (step == "body")
        assert kept(there, "Sums", run) == kept(here, "Sums", run)
    assert json.loads(kept(here, "Sums", run))["end/-"]["said"] == "'a file and 5 200000'"


def test_a_container_says_why_it_cannot_start(containers: Network) -> None:  # noqa: F811
    done = containers.run(bootstrap_command("s3://bucket"), {contract.DATASTORE: "/nowhere", contract.CODE: "x/y.tar.gz"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("flowc: cannot start: there is no package x/y.tar.gz in /nowhere: ")
    done = containers.run(["python3", "-c", "import flowc"], {})
    assert "No module named 'flowc'" in done.stderr
