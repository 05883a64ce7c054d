"""Runs of which every process is killed at any moment: what the store holds then is whole, and another run goes on from there to
the values of a run that nobody killed.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from flowc.runtime.artifacts import Artifacts
from flowc.runtime.client.run import Run
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import Blob, Manifest, read_manifest
from flowc.runtime.records.parameters import read_parameters
from flowc.runtime.records.runs import begin_run, new_record, read_plan, read_result, read_run
from flowc.runtime.resume.survey import latest_first
from flowc.runtime.store import Store, open_store

FLOW = """
from flowc import *

class Killed(FlowSpec):
    width = Parameter("width", default=1)

    @step
    def start(self):
        self.items = [f"item {number} " * 1000 for number in range(self.width)]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        print("work", self.index)
        self.mine = self.input.upper() + str(self.width)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.parts = [one.mine for one in inputs]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "".join(self.parts)
        self.next(self.meet)

    @step
    def right(self):
        self.side = "".join(reversed(self.parts))
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.sides = [inputs.left.side, inputs.right.side]
        self.turns = 0
        self.next(self.turn)

    @step
    def turn(self):
        self.turns += 1
        self.turned = [side[self.turns:] for side in self.sides]
        self.state = "again" if self.turns < 3 else "done"
        self.next({"again": self.turn, "done": self.end}, condition="state", max_iterations=5)

    @step
    def end(self):
        self.total = sum(map(len, self.turned))
"""
WIDTH = 6
TASKS = 1 + WIDTH + 1 + 2 + 1 + 3 + 1
AT_ONCE = 4

NO_RUN = "there is no run of Killed in"
NO_PARAMETERS = "has not kept the values of its parameters, since it ended before its first task began: start a new run with"
NOTHING_TAKEN = "was to go on from run 1, and ended before it had taken anything over: resume run 1"
NOTHING_LEFT = "came to its end, so that nothing is left to run"

Task: TypeAlias = tuple[str, str]
Values: TypeAlias = Mapping[Task, Mapping[str, Any]]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which processes come from a run")


def session(leader: int) -> Iterator[int]:
    """The processes that have come from a run, however far: none of them begins a session of its own."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, *numbers = file.read_text().rpartition(")")[2].split()
            if state not in "ZX" and int(numbers[2]) == leader:
                yield int(file.parent.name)


def send(leader: int, signum: int, until: Callable[[set[int]], bool]) -> None:
    """Send a signal to all of a run's processes, and to those that they start meanwhile."""
    while not until(found := set(session(leader))):
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signum)


def kill_all(leader: int, at_once: bool) -> None:
    """Kill a run's processes: so that none sees another's end, as where the machine fails, or one after the other."""
    if at_once:
        known: set[int] = set()

        def are_known(found: set[int]) -> bool:
            nonlocal known
            before, known = known, found
            return found <= before

        send(leader, signal.SIGSTOP, are_known)
    send(leader, signal.SIGKILL, lambda found: not found)


@dataclass(frozen=True, slots=True)
class Kill:
    """When a run is killed, and how.

    Attributes:
        after: Seconds after its start.
        working: Or after it has got an id; up to then most of the time goes by, and nothing happens in the store.
        at_once: As for `kill_all`.
    """

    after: float
    working: bool
    at_once: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """What has become of a command line: its exit code, what it said, and how long it took, in all and once it had an id."""

    code: int
    said: str
    seconds: float
    working: float


@dataclass(slots=True)
class Runs:
    """Runs of one flow, each story of them in a place of its own.

    Attributes:
        usual: Seconds that a run takes.
        working: Seconds that it takes once it has an id.
        right: What a run leaves.
    """

    folder: Path
    place: str
    usual: float = 0.0
    working: float = 0.0
    right: Values = field(default_factory=dict)

    def flowc(self, place: str, *arguments: str, kill: Kill | None = None) -> Ended:
        """Run a command line, perhaps to be killed."""
        name = place.rpartition("/")[2]
        file = self.folder / f"{name}.id"
        file.unlink(missing_ok=True)
        began, working = time.monotonic(), None
        with (self.folder / f"{name}.txt").open("w+") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "flowc", *arguments, "--datastore", place, "--run-id-file", str(file)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            while process.poll() is None:
                if working is None and file.exists():
                    working = time.monotonic()
                since = began if kill is None or not kill.working else working
                if kill is not None and since is not None and time.monotonic() - since >= kill.after:
                    kill_all(process.pid, kill.at_once)
                    break
                time.sleep(0.002)
            code = process.wait()
            assert list(session(process.pid)) == []
            said.seek(0)
            now = time.monotonic()
            return Ended(code, said.read(), now - began, now - (working or now))

    def measure(self) -> None:
        """Let runs come to their end, as many at a time as there will be."""

        def whole(number: int) -> tuple[Ended, Values]:
            place = f"{self.place}/whole-{number}"
            ended = self.flowc(place, "run", "flow.py", "--width", str(WIDTH))
            assert ended.code == 0, ended.said
            return ended, self.values(place, "1")

        _, self.right = whole(AT_ONCE)  # a server's first is slower than all others
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(whole, range(AT_ONCE)))
        self.usual = statistics.median(ended.seconds for ended, _ in found)
        self.working = statistics.median(ended.working for ended, _ in found)
        assert all(values == self.right for _, values in found)
        assert len(self.right) == TASKS

    def values(self, place: str, run: str) -> Values:
        """What a run that is over has left; each value is loaded, and its hash checked."""
        store = open_store(place)
        result = read_result(store, "Killed", run)
        assert result is None or result.ok
        return {task: loaded(store, run, manifest) for task, manifest in manifests(store, run).items()}

    def check(self, place: str, run: str) -> set[Task]:
        """That what a run has left which was killed is whole, and what a run would leave; the tasks that are done."""
        store = open_store(place)
        read_plan(store, "Killed", run)
        result = read_result(store, "Killed", run)
        done = manifests(store, run)
        assert result is None or not result.ok or len(done) == TASKS
        for task, manifest in done.items():
            assert loaded(store, run, manifest) == self.right[task]
        kept = read_parameters(store, "Killed", run)
        assert kept is not None or not done
        if kept is not None:
            assert {name: Artifacts(store, "Killed", run).load(name, entry) for name, entry in kept.items()} == {"width": WIDTH}
        return set(done)

    def kill(self, moment: float, choose: random.Random) -> Kill:
        """At a part of the time that a run takes, or more often of the time that it works."""
        working = choose.random() < 0.75
        return Kill(moment * (self.working if working else self.usual), working, choose.random() < 0.5)

    def story(self, numbered: tuple[int, float, random.Random]) -> Sequence[str]:
        """Kill a run at a moment, perhaps the one that resumes it, too, then go on to the end; what happened."""
        number, moment, choose = numbered
        place = f"{self.place}/{number}"
        start = ("run", "flow.py", "--width", str(WIDTH))
        ended = self.flowc(place, *start, kill=self.kill(moment, choose))
        assert ended.code in (0, -signal.SIGKILL), ended.said
        if ended.code == 0:
            assert self.values(place, "1") == self.right
            return ["missed"]
        told = ["killed"]
        if latest(place) is not None and choose.random() < 0.4:
            self.check(place, "1")
            ended = self.flowc(place, "resume", "flow.py", kill=self.kill(choose.random(), choose))
            told += ["killed again"] * (ended.code == -signal.SIGKILL)
        run = latest(place)
        done = set() if run is None else self.check(place, run)
        ended = self.flowc(place, "resume", "flow.py")
        if ended.code == 0:
            told.append("resumed")
        else:
            assert "Traceback" not in ended.said
            assert ended.code == 2, ended.said
            if run is not None and NOTHING_LEFT in ended.said:
                assert self.values(place, run) == self.right
                assert Run(f"Killed/{run}", datastore=place, _namespace_check=False).successful
                return [*told, "over"]
            assert not done
            if NOTHING_TAKEN in ended.said:
                run, done = "1", self.check(place, "1")
                ended = self.flowc(place, "resume", "flow.py", "1")
                told.append("resumed by id")
            if ended.code != 0:
                assert (NO_RUN if run is None else NO_PARAMETERS) in ended.said
                assert not done
                ended = self.flowc(place, *start)
                told.append("refused")
        assert ended.code == 0, ended.said
        last = latest(place)
        assert last is not None
        assert last != run
        assert self.values(place, last) == self.right
        reused = {task for task, manifest in manifests(open_store(place), last).items() if manifest.origin is not None}
        assert reused == done
        return told


def latest(place: str) -> str | None:
    """The run that `flowc resume` goes on from; its record can be read."""
    store = open_store(place)
    run = next(latest_first(store, "Killed"), None)
    assert run is None or read_run(store, "Killed", run) is not None
    return run


def manifests(store: Store, run: str) -> dict[Task, Manifest]:
    """The manifests of a run, by step and path; each can be read."""
    found = {}
    for key in store.list(f"Killed/{run}/"):
        if key.endswith("/manifest.json"):
            _, _, step, path, _ = key.split("/")
            manifest = read_manifest(store, "Killed", TaskId(run, step, path))
            assert manifest is not None
            assert any(isinstance(entry, Blob) for entry in manifest.artifacts.values())
            found[step, path] = manifest
    return found


def loaded(store: Store, run: str, manifest: Manifest) -> dict[str, Any]:
    """The values of a task's artifacts; each blob is there, and its content has the hash that the manifest says."""
    artifacts = Artifacts(store, "Killed", run)
    return {name: artifacts.load(name, entry) for name, entry in manifest.artifacts.items()}


def kill_many(folder: Path, place: str, wanted: int, seed: int) -> None:
    """Kill runs at moments that lie evenly over the time that one takes, until so many kills have found one."""
    (folder / "flow.py").write_text(FLOW, encoding="utf-8")
    runs, counts, choose, number = Runs(folder, place), Counter[str](), random.Random(seed), 0
    began = time.monotonic()
    try:
        runs.measure()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while (left := wanted - counts["killed"] - counts["killed again"]) > 0:
                moments = [(one + choose.random()) / left for one in range(left)]
                stories = [(number + one, moment, random.Random(choose.random())) for one, moment in enumerate(moments)]
                number += left
                for told in pool.map(runs.story, stories):
                    counts.update(told)
        assert counts["resumed"] >= wanted // 4
    finally:
        took = f"{runs.usual:.2f} s, of which {runs.working:.2f} s with an id"
        print(f"seed {seed}: {dict(counts)}; runs of {took}; {time.monotonic() - began:.0f} s")


def test_killed_runs_on_the_local_store(tmp_path):
    kill_many(tmp_path, str(tmp_path / "store"), 40, random.randrange(10**6))


def test_killed_runs_on_s3(tmp_path, s3_place):
    kill_many(tmp_path, s3_place, 10, random.randrange(10**6))


def test_a_resumed_run_that_took_nothing_over(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
    place = str(tmp_path / "store")
    runs = Runs(tmp_path, place)
    assert runs.flowc(place, "run", "flow.py").code == 0
    store = open_store(place)
    assert begin_run(store, "Killed", "2", new_record(target="local", user=None, origin="1"))
    ended = runs.flowc(place, "resume", "flow.py")
    assert ended.code == 2
    assert NOTHING_TAKEN in ended.said
