"""Artifacts in the store: inline or as blobs, carried by reference, checked when read."""

from __future__ import annotations

import tracemalloc

import numpy
import pytest

from flowc.runtime.artifacts import INLINE_LIMIT, Artifacts
from flowc.runtime.errors import ArtifactError, StoreError
from flowc.runtime.records.manifest import Blob, Inline
from flowc.runtime.store import LocalStore


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


@pytest.fixture
def artifacts(store):
    return Artifacts(store, "Flow", "1")


@pytest.mark.parametrize("value", [None, 0, "x" * 4000, [1, {"a": (2.5, b"3")}], {1, 2}])
def test_small_ones_stand_inline(artifacts, store, value):
    entry = artifacts.save("x", value, "start")
    assert isinstance(entry, Inline)
    assert artifacts.load("x", entry) == value
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    "value", ["x" * INLINE_LIMIT, bytearray(b"x" * 100_000), b"x" * 200_000, list(range(100_000)), [bytes(100)] * 2000]
)
def test_large_ones_are_blobs_named_by_their_hash(artifacts, store, value):
    entry = artifacts.save("x", value, "start")
    assert isinstance(entry, Blob)
    assert artifacts.load("x", entry) == value
    assert list(store.list("")) == [f"Flow/1/blobs/{entry.sha256}"]
    assert len(store.get(f"Flow/1/blobs/{entry.sha256}")) == entry.size
    assert artifacts.save("y", value, "start") == entry
    assert len(list(store.list(""))) == 1


def test_what_is_unchanged_keeps_its_reference_and_is_not_written(artifacts, store, tmp_path):
    value = list(range(10_000))
    entry = artifacts.save("x", value, "start")
    file = tmp_path / "Flow/1/blobs" / entry.sha256
    before = file.stat()
    assert artifacts.save("x", artifacts.load("x", entry), "next", known=entry) == entry
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    value[5] = 0
    assert artifacts.save("x", value, "next", known=entry) != entry


def test_an_artifact_that_is_not_loaded_is_not_read(write, tmp_path):
    ran = write("""
        import glob, os
        from flowc import *

        class Carried(FlowSpec):
            @step
            def start(self):
                self.big = list(range(10_000))
                self.mutated = {"a": list(range(10_000))}
                self.next(self.middle)

            @step
            def middle(self):
                self.mutated["a"].append(1)
                self.next(self.end)

            @step
            def end(self):
                self.length = len(self.mutated["a"])
        """).done()
    assert ran.manifest("end").artifacts["big"] == ran.manifest("start").artifacts["big"]
    assert ran.manifest("middle").artifacts["mutated"] != ran.manifest("start").artifacts["mutated"]
    assert ran.manifest("end").artifacts["mutated"] == ran.manifest("middle").artifacts["mutated"]
    assert ran.value("end", "length") == 10_001


def test_a_damaged_blob(artifacts, store):
    entry = artifacts.save("x", list(range(10_000)), "start")
    key = f"Flow/1/blobs/{entry.sha256}"
    whole = store.get(key)
    for damaged in (whole[:-100], b"\x00" + whole[1:], whole[:500] + b"\xff" + whole[501:], whole + b"more", b""):
        store.put(key, damaged)
        with pytest.raises(StoreError, match=rf"the artifact `x` cannot be read: the object {key} is damaged"):
            artifacts.load("x", entry)


def test_a_lost_blob(artifacts, tmp_path):
    entry = artifacts.save("x", "x" * 10_000, "start")
    (tmp_path / "Flow/1/blobs" / entry.sha256).unlink()
    with pytest.raises(StoreError, match=rf"has lost the object Flow/1/blobs/{entry.sha256}"):
        artifacts.load("x", entry)


@pytest.mark.parametrize("size", [0, 100_000])
def test_what_cannot_be_pickled_leaves_nothing(artifacts, tmp_path, size):
    with pytest.raises(ArtifactError, match=r"step `train` cannot keep `self.f`, a tuple of 2 items: it cannot be pickled"):
        artifacts.save("f", (b"x" * size, lambda: 0), "train")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_large_array_is_in_memory_once(artifacts):
    array = numpy.arange(4_000_000)  # 32 MB
    tracemalloc.start()
    try:
        entry = artifacts.save("array", array, "start")
        _, peak = tracemalloc.get_traced_memory()
        assert peak < 0.1 * array.nbytes
        tracemalloc.reset_peak()
        loaded = artifacts.load("array", entry)
        _, peak = tracemalloc.get_traced_memory()
        assert peak < 1.1 * array.nbytes
    finally:
        tracemalloc.stop()
    assert (loaded == array).all()
