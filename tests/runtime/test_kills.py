"""Tasks that are killed at any moment, two at a time, or whose store refuses to write: the store then holds a whole manifest or
none, and another attempt comes to the right result.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import time
from pathlib import Path

import pytest
from starts import Starter

from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import Blob, read_failure, read_manifest
from flowc.runtime.store import open_store

FLOW = """
    import os
    from flowc import *

    class Killed(FlowSpec):
        @step
        def start(self):
            print("here")
            self.token = os.urandom(8).hex()
            self.big = [self.token] * 20_000 + [os.urandom(1 << 16)]
            self.small = {"token": self.token}
            self.items = list(range(5))
            self.next(self.work, foreach="items")

        @step
        def work(self):
            self.mine = self.big[0] + str(self.input)
            self.more = self.mine * 10_000
            self.next(self.join)

        @step
        def join(self, inputs):
            self.found = [one.mine for one in inputs]
            self.next(self.end)

        @step
        def end(self):
            pass
    """
TASKS = (("start", "-"), ("work", "3"))


class Tasks:
    """Tasks of one flow in one store."""

    def __init__(self, flow, place):
        (flow.file.parent / contract.PLAN_FILE).write_text(flow.plan_text)
        self.flow, self.place, self.store = flow, place, open_store(place)

    def environment(self, run, step, path="-", attempt=0):
        return {
            contract.RUN: run,
            contract.STEP: step,
            contract.PATH: path,
            contract.ATTEMPT: str(attempt),
            contract.DATASTORE: self.place,
            contract.PACKAGE: str(self.flow.file.parent),
            contract.OUTPUTS: str(self.flow.file.parent / "outputs" / run / step),
        }

    def values(self, run, step, path="-"):
        """What a task left, each value loaded and checked; None if it is not done."""
        manifest = read_manifest(self.store, "Killed", TaskId(run, step, path))
        if manifest is None:
            return None
        artifacts = Artifacts(self.store, "Killed", run)
        assert any(isinstance(entry, Blob) for entry in manifest.artifacts.values())
        return {name: artifacts.load(name, entry) for name, entry in manifest.artifacts.items()}

    def check(self, run, step, path):
        """That a task is done whole, or not at all; whether it is done."""
        values = self.values(run, step, path)
        if values is None:
            return False
        token = self.values(run, "start")["token"]
        assert (values["token"], values["small"], values["items"]) == (token, {"token": token}, list(range(5)))
        assert values["big"][:-1] == [token] * 20_000
        if step == "work":
            assert values["mine"] == token + "3"
            assert values["more"] == values["mine"] * 10_000
        else:
            folder = f"Killed/{run}/start/-"
            assert json.loads(self.store.get(f"{folder}/{contract.ITEMS}")) == list(range(5))
            assert self.store.get(f"Killed/{run}/run.json")
            assert self.store.get(f"Killed/{run}/plan.json")
        return True

    def duration(self, starter):
        """How long each step takes when nobody kills it."""
        seconds = {}
        for step, path in TASKS:
            found = []
            for number in range(5):
                ended = starter.run(self.environment(f"m{number}", step, path))
                assert ended.code == 0, ended.err
                assert self.check(f"m{number}", step, path)
                found.append(ended.seconds)
            seconds[step] = statistics.median(found)
        return seconds


def kill_many(tasks, wanted, seed):
    """Kill tasks until so many kills have found one; each is then started again, killed or not, until it is done."""
    choose, hits, run, done_when_killed = random.Random(seed), 0, 0, 0
    began = time.monotonic()
    with Starter() as starter:
        seconds = tasks.duration(starter)
        while hits < wanted:
            run += 1
            for step, path in TASKS:
                attempt, done = 0, False
                while not done:
                    environment = tasks.environment(f"k{run}", step, path, attempt)
                    kill = choose.choice(("all", "parent", "child")) if attempt < 4 else ""
                    ended = starter.run(environment, kill=kill, after=choose.uniform(0, 1.1 * seconds[step]))
                    done = tasks.check(f"k{run}", step, path)
                    hits += ended.hit
                    done_when_killed += done and ended.hit
                    if ended.code == 0 or not kill:
                        assert (ended.code, done) == (0, True), ended.err
                    elif ended.code > 0:  # the parent was there to say why
                        assert (ended.code, kill) == (137, "child"), ended.err
                        assert not done
                        failure = read_failure(tasks.store, "Killed", TaskId(f"k{run}", step, path), attempt)
                        assert failure is not None
                        assert failure.type == "KilledError"
                    attempt += 1
    print(seconds, f"seed {seed}: {hits} kills in {run} runs, {done_when_killed} of tasks that were done; {time.monotonic() - began:.0f} s")


def test_kills_on_the_local_store(write, tmp_path):
    kill_many(Tasks(write(FLOW), str(tmp_path / "store")), 320, random.randrange(10**6))


def run_copies(tasks, times):
    """Start each task twice at once: both are content, and what is kept is all of one of them."""
    both = 0
    with Starter() as starter:
        for run in range(times):
            for step, path in TASKS:
                ended = starter.run_many([tasks.environment(f"c{run}", step, path, attempt) for attempt in (0, 1)])
                assert [one.code for one in ended] == [0, 0], [one.err for one in ended]
                assert tasks.check(f"c{run}", step, path)
                both += not any(one.err for one in ended)
    assert both == times * len(TASKS)


def test_copies_on_the_local_store(write, tmp_path):
    run_copies(Tasks(write(FLOW), str(tmp_path / "store")), 60)


def fails_once(tasks, starter, words, **settings):
    """A task whose store fails says so, leaves no manifest, and is well when the store is."""
    ended = starter.run(tasks.environment("f", "start"), **settings)
    assert ended.code == 1, ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not tasks.check("f", "start", "-")
    again = starter.run(tasks.environment("f", "start", attempt=1))
    assert again.code == 0, again.err
    assert tasks.check("f", "start", "-")


def test_a_file_that_may_not_grow(write, tmp_path):
    tasks = Tasks(write(FLOW), str(tmp_path / "store"))
    with Starter() as starter:
        fails_once(tasks, starter, "File too large", fsize=1 << 15)
    failure = read_failure(tasks.store, "Killed", TaskId("f", "start", "-"), 0)
    assert failure is not None
    assert failure.type == "StoreError"


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount a file system here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk(write, tiny_disk):
    tasks = Tasks(write(FLOW), str(tiny_disk / "store"))
    ballast = tiny_disk / "ballast"
    with Starter() as starter:
        for free in (100, 48, 12, 4):  # KiB: the artifact does not fit, then not even what is written before it
            room = os.statvfs(tiny_disk)
            ballast.write_bytes(b"x" * (room.f_bavail * room.f_frsize - 1024 * free))
            ended = starter.run(tasks.environment("f", "start"))
            assert ended.code == 1, ended.err
            assert "the disk is full" in ended.err
            assert "Traceback" not in ended.err
            ballast.unlink()
            assert not tasks.check("f", "start", "-")
            assert not [path for path in tiny_disk.rglob("*") if path.name.startswith(".tmp")]
        assert starter.run(tasks.environment("f", "start", attempt=1)).code == 0
    assert tasks.check("f", "start", "-")
