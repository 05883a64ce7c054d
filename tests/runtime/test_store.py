"""The local store: atomic writes, listing, runs claimed once, errors that name the object."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowc.runtime.errors import StoreError
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_failure, read_manifest
from flowc.runtime.records.runs import claim_run, new_record
from flowc.runtime.store import LocalStore, open_store


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "root")


def test_put_and_get(store):
    assert store.get("a/b/c") is None
    store.put("a/b/c", b"1")
    store.put("a/b/c", b"2")
    assert store.get("a/b/c") == b"2"
    assert store.get("a/b") is None
    assert store.get("a/b/c/d") is None


def test_put_new_happens_once(store):
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda n: store.put_new("a/manifest.json", b"%d" % n), range(64)))
    assert won.count(True) == 1
    assert store.get("a/manifest.json") == b"%d" % won.index(True)
    assert [file.name for file in Path(store.root, "a").iterdir()] == ["manifest.json"]  # nothing written aside is left


def test_list(store):
    for key in ("F/1/s/3.~0/m", "F/1/s/3.~1/m", "F/1/s/3.~1/n", "F/1/s/31.~0/m", "F/1/t/-/m"):
        store.put(key, b"")
    assert sorted(store.list("F/1/s/3.")) == ["F/1/s/3.~0/m", "F/1/s/3.~1/m", "F/1/s/3.~1/n"]
    assert sorted(store.list("F/1/s/")) == ["F/1/s/3.~0/m", "F/1/s/3.~1/m", "F/1/s/3.~1/n", "F/1/s/31.~0/m"]
    assert list(store.list("nowhere/at/all")) == []


def test_runs_are_claimed_once(store):
    with ThreadPoolExecutor(8) as threads:
        runs = list(threads.map(lambda _: claim_run(store, "Flow", new_record(target="local", user=None)), range(32)))
    assert sorted(map(int, runs)) == list(range(1, 33))


def test_an_upload_that_is_not_committed_leaves_nothing(store):
    upload = store.create("F/blobs")
    upload.write(b"half")
    assert list(store.list("F/")) == []
    upload.discard()
    assert list(Path(store.root, "F/blobs").iterdir()) == []


def test_a_full_disk(store):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    upload = store.create("F")
    upload._file.close()
    upload._file = open("/dev/full", "wb")  # noqa: SIM115
    with pytest.raises(StoreError, match=r"the datastore cannot write F: the disk is full"):
        upload.write(b"x" * 10_000_000)
    upload.discard()


def test_a_place_that_is_no_directory(tmp_path):
    (tmp_path / "file").write_text("")
    store = LocalStore(tmp_path / "file")
    with pytest.raises(StoreError, match="the datastore cannot write Flow/1"):
        store.put("Flow/1/x", b"")


def test_no_permission(tmp_path):
    if os.getuid() == 0:
        pytest.skip("root may do anything")
    (tmp_path / "root").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="no permission"):
        LocalStore(tmp_path / "root").put("Flow/1/x", b"")


@pytest.mark.parametrize("place", ["s3://bucket/x", "az://container", "gs://bucket"])
def test_object_stores_are_not_there_yet(place):
    with pytest.raises(
        StoreError, match=f"the datastore {place} is an object store; this version of flowc keeps runs in a local"
    ):
        open_store(place)


def test_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(open_store()) == str(tmp_path / ".flowc")
    assert str(open_store(tmp_path / "x")) == str(open_store(f"file://{tmp_path}/x")) == str(tmp_path / "x")


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"format": 1}', b'{"format": 2}', b"\xff"])
def test_a_damaged_manifest(store, data):
    store.put("F/1/s/-/manifest.json", data)
    store.put("F/1/s/-/attempt-0.json", data)
    with pytest.raises(StoreError, match=r"the object F/1/s/-/manifest.json (is damaged|has format 2)"):
        read_manifest(store, "F", TaskId("1", "s", "-"))
    with pytest.raises(StoreError, match=r"the object F/1/s/-/attempt-0.json is damaged"):
        read_failure(store, "F", TaskId("1", "s", "-"), 0)
