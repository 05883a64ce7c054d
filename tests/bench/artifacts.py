"""What artifacts cost: a large array and many small values, saved and loaded, beside a plain file; and a wide join.

Each figure is the best of several turns in a process of its own,
in which the plain file takes turns with flowc's. Nothing is synced to the disk by either, so that the write of a plain file is a
copy into the system's cache. Memory is the most that the process has, in sizes of the array.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench.rival import Metaflow
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import Manifest, commit_manifest, read_manifest
from flowc.runtime.store import open_store

MIB = 512
SMALL = 1000
WIDE = 10_000
TIMES = 5


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """Print all figures."""
    its = _metaflow(folder, metaflow) if metaflow else {}
    print(f"{'best of ' + str(TIMES):<44} {'seconds':>9} {'beside a plain file':>22} {'memory':>8}  Metaflow")
    with ExitStack() as stack:
        places: dict[str, tuple[str, dict[str, str]]] = {"local": (str(folder / "artifacts"), {})}
        s3 = _s3(stack)
        if s3 is not None:
            places["S3"] = s3
        for name, (place, environment) in places.items():
            for case in CASES:
                if case is join and name != "local":
                    continue
                command = [sys.executable, __file__, case.__name__, place, str(folder)]
                done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
                if done.returncode:
                    print(f"{name}: {case.__name__} failed: {done.stderr.strip().splitlines()[-1]}")
                    continue
                for what, seconds, plain, memory in json.loads(done.stdout):
                    ratio = f"{seconds / plain:.2f} x {plain:.3f} s" if plain else ""
                    other = its.get(what, "") if name == "local" else ""
                    if isinstance(other, tuple):
                        other = (
                            f"{other[0]:.3f} s, {other[0] / seconds:.0f} times as long{', memory ' * bool(other[1])}{other[1]}"
                        )
                    print(f"{name + ': ' + what:<44} {seconds:9.3f} {ratio:>22} {memory or '':>8}  {other}", flush=True)
        if s3 is None:
            print("S3: no server here")


def _metaflow(folder: Path, metaflow: Metaflow) -> dict[str, tuple[float, str]]:
    script = str(Path(__file__).with_name("its_artifacts.py"))
    command = [metaflow.python, script, str(folder / "its"), str(MIB), str(SMALL)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"Metaflow failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return {}
    return {what: (seconds, memory) for what, seconds, memory in json.loads(done.stdout.splitlines()[-1])}


Figures = list[tuple[str, float, float, str]]


def array(place: str, folder: Path) -> Figures:
    """A float array, random, so that it cannot be compressed."""
    import numpy

    value = numpy.random.default_rng(0).random(MIB << 17)
    artifacts, plain = Artifacts(open_store(place), "Bench", "1"), folder / "plain"
    save, load, write, read, unchanged = [], [], [], [], []
    before, peaks = _peak(), []
    entry: Any = None
    for _ in range(TIMES):
        if entry is not None and "://" not in place:
            (Path(place) / "Bench/1/blobs" / entry.sha256).unlink()
        seconds, entry = _timed(lambda: artifacts.save("x", value, "start"))
        save.append(seconds)
        peaks.append(_peak())
        write.append(_timed(lambda: value.tofile(plain))[0])
        plain.unlink()
    for _ in range(TIMES):
        value.tofile(plain)
        seconds, loaded = _timed(lambda: artifacts.load("x", entry))
        load.append(seconds)
        assert loaded[12345] == value[12345]
        unchanged.append(_timed(partial(artifacts.save, "x", loaded, "next", entry))[0])
        del loaded
        read.append(_timed(plain.read_bytes)[0])
        plain.unlink()
    size = MIB << 20
    told = f"{1 + (max(peaks) - before) / size:.2f} x"
    return [
        (f"save {MIB} MiB of floats", min(save), min(write), told),
        (f"load {MIB} MiB of floats", min(load), min(read), ""),
        ("know them unchanged", min(unchanged), 0, ""),
    ]


def small(place: str, folder: Path) -> Figures:
    """Values that stand in the manifest."""
    return _many(place, folder, "small artifacts", [{"n": n, "name": f"number {n}"} for n in range(SMALL)])


def middling(place: str, folder: Path) -> Figures:
    """Values that are objects of their own."""
    return _many(place, folder, "of 20 KB", [os.urandom(20_000) for _ in range(SMALL)])


def _many(place: str, folder: Path, what: str, given: list[Any]) -> Figures:
    from flowc.runtime.artifacts.ahead import Ahead

    values = {f"x{n}": value for n, value in enumerate(given)}
    store = open_store(place)
    artifacts = Artifacts(store, "Bench", "1")
    save, load, write, read = [], [], [], []
    import pickle

    plain = folder / "plain"
    for turn in range(TIMES):
        task = TaskId("1", what.replace(" ", "_"), f"{turn}")

        def commit(task: TaskId = task) -> None:
            entries = artifacts.save_all(values, "start", {})
            done = Manifest(attempt=0, started=0, ended=0, chose=None, cardinality=None, artifacts=entries)
            commit_manifest(store, "Bench", task, done)

        def fetch(task: TaskId = task) -> None:
            found = read_manifest(store, "Bench", task)
            assert found is not None
            ahead = Ahead(artifacts)
            for name, entry in found.artifacts.items():
                ahead.fetch(name, entry, task)
            for name, entry in found.artifacts.items():
                assert artifacts.unpickle(name, entry, ahead.take(name, entry, task)) == values[name]
            ahead.close()

        save.append(_timed(commit)[0])
        load.append(_timed(fetch)[0])
        write.append(_timed(lambda: plain.write_bytes(pickle.dumps(values)))[0])
        read.append(_timed(lambda: pickle.loads(plain.read_bytes()))[0])
    return [(f"save {SMALL:,} {what}", min(save), min(write), ""), (f"load {SMALL:,} {what}", min(load), min(read), "")]


def join(place: str, folder: Path) -> Figures:
    """One value of each of the inputs of a join."""
    from unittest import mock

    from flowc.runtime.language.flowspec import FlowSpec
    from flowc.runtime.language.inputs import Inputs
    from flowc.runtime.plan import Joined, Origin
    from flowc.runtime.tasks.lineage import Done, Junction, Lineage

    store = open_store(place)
    artifacts = Artifacts(store, "Bench", "1")
    for n in range(WIDE):
        entries = {f"x{k}": artifacts.save("x", n * k, "work") for k in range(10)}
        done = Manifest(attempt=0, started=0, ended=0, chose=None, cardinality=None, artifacts=entries)
        commit_manifest(store, "Bench", TaskId("1", "work", str(n)), done)
    step = mock.Mock(takes=("x1",), scopes=())
    plan: Any = mock.Mock(flow="Bench", steps={"join": step, "work": mock.Mock(scopes=())})
    lineage = Lineage(plan, store, TaskId("1", "join", "-"))
    lineage._may_end = lambda joined, position: iter(  # type: ignore[method-assign]
        [(Origin("work", None), TaskId("1", "work", str(position)))]
    )
    junction = Junction(Joined("foreach", "start", None, ((Origin("work", None),),)), mock.Mock(spec=Done), WIDE)

    def total() -> int:
        inputs: Inputs[Any] = Inputs(FlowSpec, plan, store, lineage, junction)
        return sum(one.x1 for one in inputs)

    before = _peak()
    seconds, found = _timed(total)
    assert found == WIDE * (WIDE - 1) // 2
    return [(f"join {WIDE:,}, one value of each", seconds, 0, f"{(_peak() - before) >> 20} MiB")]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _s3(stack: ExitStack) -> tuple[str, dict[str, str]] | None:
    """An S3 server of this machine's."""
    import servers

    if servers.s3_missing() is not None:
        return None
    server = stack.enter_context(servers.s3_server())
    return server.place(), server.environment


CASES = (array, small, middling, join)


if __name__ == "__main__":
    named = {one.__name__: one for one in CASES}
    print(json.dumps(named[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))))
