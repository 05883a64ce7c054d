"""The entrypoint against a real S3 server: how often it asks, and what it says when the server fails it."""

from __future__ import annotations

import pytest
from faults import lose_answer, proxy_to, slow_down, status

from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import read_lines
from flowc.runtime.records.manifest import read_failure, read_manifest
from flowc.runtime.store import open_store

FLOW = """
    from flowc import *

    class Counted(FlowSpec):
        @step
        def start(self):
            self.items = [1, 2, 3]
            self.next(self.body, foreach="items")

        @step
        def body(self):
            print("here")
            self.big = list(range(10_000))
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs, include=["items"])
            self.next(self.plain)

        @step
        def plain(self):
            print("hello")
            self.small = 1
            self.next(self.end)

        @step
        def end(self):
            pass
    """


@pytest.fixture
def proxy(s3):
    with proxy_to(s3) as proxy:
        yield proxy


class Tasks:
    """Tasks of one run, which ask the server by way of the proxy."""

    def __init__(self, flow, place, proxy):
        self.flow, self.place, self.proxy, self.store = flow, place, proxy, open_store(place)

    def run(self, step, path="-", attempt=0):
        del self.proxy.requests[:]
        return self.flow.container("r", step, path, attempt, FLOWC_DATASTORE=self.place, **self.proxy.environment)

    def requests(self):
        return [f"{one.method} {one.path.split('/r/')[1]}" for one in self.proxy.requests]

    def manifest(self, step, path="-"):
        return read_manifest(self.store, "Counted", TaskId("r", step, path))

    def failure(self, step, path="-", attempt=0):
        return read_failure(self.store, "Counted", TaskId("r", step, path), attempt)

    def log(self, step, path="-", attempt=0):
        return [line.text for line in read_lines(self.store, "Counted", TaskId("r", step, path), attempt)]


@pytest.fixture
def tasks(write, s3_place, proxy):
    tasks = Tasks(write(FLOW), s3_place, proxy)
    done = tasks.run("start")
    assert (done.returncode, done.stderr) == (0, "")
    return tasks


def test_how_often_it_asks(tasks):
    begins = ["PUT plan.json", "PUT run.json", "PUT start/-/items.json", "PUT start/-/manifest.json"]
    assert tasks.requests() == begins
    for path in "012":
        tasks.run("body", path)
    assert tasks.run("join").returncode == 0
    done = tasks.run("plain")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    assert tasks.requests() == ["GET join/-/manifest.json", "PUT plain/-/manifest.json", "PUT plain/-/log-0/000000"]
    assert tasks.log("plain") == ["hello"]
    assert tasks.run("end").returncode == 0
    assert tasks.requests() == ["GET plain/-/manifest.json", "PUT end/-/manifest.json"]


@pytest.mark.parametrize("where", ["/blobs/", "/manifest.json"])
def test_a_store_that_refuses_writes(tasks, where):
    tasks.proxy.fail(status(403, "AccessDenied", "Access Denied"), times=1000, method="PUT", path=where)
    refused = tasks.run("body", "1")
    assert refused.returncode == 1
    assert f"the datastore {tasks.place} cannot write" in refused.stderr
    assert where.strip("/") in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stderr.splitlines()[-1] == "flowc: attempt 0 of the task body/1 failed"
    assert tasks.manifest("body", "1") is None
    assert tasks.failure("body", "1").type == "StoreError"
    assert tasks.log("body", "1")[-1] == refused.stderr.splitlines()[-1]
    assert tasks.flow.container("r", "body", "1", 1, FLOWC_DATASTORE=tasks.place).returncode == 0
    assert tasks.manifest("body", "1").attempt == 1


def test_a_log_that_cannot_be_kept(tasks):
    tasks.proxy.fail(status(403, "AccessDenied", "Access Denied"), times=1000, method="PUT", path="/log-0/")
    done = tasks.run("body", "0")
    assert (done.returncode, done.stdout) == (0, "here\n")
    assert done.stderr.startswith("flowc: the output of the task body/0 cannot be kept for now: the datastore")
    assert done.stderr.count("\n") == 1
    assert tasks.manifest("body", "0") is not None


def test_an_answer_that_is_lost(tasks):
    """The manifest is there, but the task does not hear of it: it asks again, and finds its own."""
    tasks.proxy.fail(lose_answer, method="PUT", path="/manifest.json")
    done = tasks.run("body", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")
    assert tasks.manifest("body", "2").attempt == 0


def test_a_server_that_is_busy(tasks):
    tasks.proxy.fail(slow_down, times=3)
    done = tasks.run("body", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")
