"""What every store does: atomic writes, listing, large objects, runs claimed once, errors that name the object."""

from __future__ import annotations

import array
import errno
import os
import random
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowc.runtime.errors import StoreError
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_failure, read_manifest
from flowc.runtime.records.runs import claim_run, new_record
from flowc.runtime.store import LocalStore, open_store


@pytest.fixture(params=["local", "s3", "azure", "google"])
def store(request, tmp_path):
    if request.param == "local":
        return LocalStore(tmp_path / "root")
    return open_store(request.getfixturevalue(f"{request.param}_place"))


@pytest.fixture
def folder(tmp_path):
    return LocalStore(tmp_path / "root")


def test_put_and_get(store):
    assert store.get("a/b/c") is None
    store.put("a/b/c", b"1")
    store.put("a/b/c", b"2")
    assert store.get("a/b/c") == b"2"
    assert store.get("a/b") is None
    assert store.get("a/b/c/d") is None


def test_an_object_from_a_byte_on(store):
    store.put("a/b/c", b"0123456789")
    assert [store.get("a/b/c", start) for start in (0, 1, 9, 10, 11, 1000)] == [b"0123456789", b"123456789", b"9", b"", b"", b""]
    assert store.get("a/b/d", 3) is None


def test_put_new_happens_once(store):
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda n: store.put_new("a/manifest.json", b"%d" % n), range(64)))
    assert won.count(True) == 1
    assert store.get("a/manifest.json") == b"%d" % won.index(True)
    if isinstance(store, LocalStore):  # nothing written aside is left
        assert [file.name for file in Path(store.root, "a").iterdir()] == ["manifest.json"]


def test_of_32_at_once_one_is_new(store):
    start = threading.Barrier(32)

    def write(number):
        start.wait()
        return store.put_new("F/1/s/-/manifest.json", b"%d" % number)

    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(write, range(32))).count(True) == 1


def test_get_many(store):
    for number in range(0, 200, 2):
        store.put(f"F/{number}", b"%d" % number)
    expected = [None if number % 2 else b"%d" % number for number in range(200)]
    assert list(store.get_many(f"F/{number}" for number in range(200))) == expected
    assert next(store.get_many(f"F/{number}" for number in range(200))) == b"0"  # and the rest is never asked for
    assert list(store.get_many([])) == []


def test_an_empty_object(store):
    store.put("F/empty", b"")
    assert store.get("F/empty") == b""
    with store.open("F/empty") as file:
        assert file.read() == b""
    store.read_into("F/empty", memoryview(bytearray()))


@pytest.mark.parametrize("size", [1, 100_000, 16 * 1024 * 1024, 40 * 1024 * 1024 + 1])
def test_a_large_object(store, size):
    content = random.Random(size).randbytes(size)
    upload = store.create("F/blobs")
    upload.write(content[: size // 3])
    upload.write(memoryview(content)[size // 3 : size // 2])
    upload.write(bytearray(content[size // 2 :]))
    upload.commit("F/blobs/large")
    upload.discard()
    with store.open("F/blobs/large") as file:
        assert file.read(10) == content[:10]
        assert file.read() == content[10:]
    buffer = bytearray(size - size // 7)
    store.read_into("F/blobs/large", memoryview(buffer), size // 7)
    assert buffer == content[size // 7 :]
    assert store.get("F/blobs/large") == content
    assert list(store.list("F/")) == ["F/blobs/large"]
    store.copy("F/blobs/large", "G/copy")
    assert store.get("G/copy") == content


def test_an_object_of_numbers(store):
    numbers = memoryview(array.array("d", range(1000)))
    upload = store.create("F/blobs")
    upload.write(numbers)
    upload.commit("F/blobs/numbers")
    copy = memoryview(array.array("d", bytes(8000)))
    store.read_into("F/blobs/numbers", copy)
    assert copy == numbers


@pytest.mark.parametrize("offset", [0, 5, 20])
def test_an_object_that_is_too_short(store, offset):
    store.put("F/blobs/short", b"0123456789")
    with pytest.raises(StoreError, match="the object F/blobs/short is damaged: it ends"):
        store.read_into("F/blobs/short", memoryview(bytearray(20)), offset)


def test_an_object_that_is_lost(store):
    for read in (store.open, lambda key: store.read_into(key, memoryview(bytearray(1))), lambda key: store.copy(key, "F/copy")):
        with pytest.raises(StoreError, match="has lost the object F/blobs/gone"):
            read("F/blobs/gone")
    assert list(store.list("F/")) == []


def test_folders(store):
    for key in ("F/1/run.json", "F/2/s/-/manifest.json", "F/2/t/-/manifest.json", "F/name", "G/1/run.json"):
        store.put(key, b"{}")
    assert sorted(store.folders("F/")) == ["1", "2"]
    assert sorted(store.folders("F/2/")) == ["s", "t"]
    assert sorted(store.folders("")) == ["F", "G"]
    assert list(store.folders("H/")) == []


def test_keys_of_odd_letters(store):
    keys = ["F/1/größe/~3.~0/manifest.json", "F/1/s/a b+c%20=&.json", "F/1/s/'(!)'"]
    for key in keys:
        assert store.put_new(key, key.encode())
    assert sorted(store.list("F/1/")) == sorted(keys)
    assert list(store.get_many(keys)) == [key.encode() for key in keys]


def test_a_store_names_itself(store):
    assert str(store) == store.url
    store.prepare()
    store.prepare()
    store.put("F/x", b"1")
    assert open_store(store.url).get("F/x") == b"1"


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
    if isinstance(store, LocalStore):
        assert list(Path(store.root, "F/blobs").iterdir()) == []


def test_a_full_disk(folder):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    upload = folder.create("F")
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


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links(folder, monkeypatch, number):
    def link(source, target):
        raise OSError(number, os.strerror(number), source, None, target)

    monkeypatch.setattr(os, "link", link)
    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(lambda n: folder.put_new("a/b/manifest.json", b"%d" % n), range(64)))
    assert won.count(True) == 1
    assert folder.get("a/b/manifest.json") == b"%d" % won.index(True)
    folder.put("a/b/other", b"1")
    assert not folder.put_new("a/b/other", b"2")
    folder.copy("a/b/other", "c/copy")
    assert folder.get("c/copy") == b"1"
    assert sorted(folder.list("")) == ["a/b/manifest.json", "a/b/other", "c/copy"]
    assert sorted(file.name for file in Path(folder.root, "a/b").iterdir()) == [".tmp-lock", "manifest.json", "other"]


WITHOUT_LINKS = """
import os, sys
from flowc.runtime.store import LocalStore
def link(source, target):
    raise PermissionError(1, "Operation not permitted")
os.link = link
store = LocalStore(sys.argv[1])
print(sum(store.put_new(f"F/{number}", b"%d" % os.getpid()) for number in range(300)))
"""


def test_processes_on_a_file_system_without_links(folder):
    command = [sys.executable, "-c", WITHOUT_LINKS, folder.root]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert sum(int(racer.communicate()[0]) for racer in racers) == 300


def test_no_permission(tmp_path):
    if os.getuid() == 0:
        pytest.skip("root may do anything")
    (tmp_path / "root").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="no permission"):
        LocalStore(tmp_path / "root").put("Flow/1/x", b"")


def test_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(open_store()) == str(tmp_path / ".flowc")
    assert str(open_store(tmp_path / "x")) == str(open_store(f"file://{tmp_path}/x")) == str(tmp_path / "x")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a//b/", "s3://bucket/a/b"),
        ("azure://container/a", "az://container/a"),
        ("gs://bucket/a", "gs://bucket/a"),
        ("abfss://files@account.dfs.core.windows.net/a", "abfss://files@account.dfs.core.windows.net/a"),
    ],
)
def test_urls(url, same):
    assert open_store(url).url == same
    assert open_store(same).url == same


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://", "the datastore s3:// names no bucket: write s3://BUCKET/PREFIX"),
        ("az:///a", "the datastore az:///a names no container: write az://CONTAINER/PREFIX"),
        ("ftp://host/x", "begins with ftp://, which flowc does not know: it may be s3://BUCKET/PREFIX, az://"),
        ("s3://a bucket/x", "names the bucket 'a bucket', and no bucket can be called that"),
        ("s3://bucket/../x", "has a prefix that is none"),
    ],
)
def test_urls_that_are_none(url, message):
    with pytest.raises(StoreError, match=re.escape(message)):
        open_store(url)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"format": 1}', b'{"format": 2}', b"\xff"])
def test_a_damaged_manifest(store, data):
    store.put("F/1/s/-/manifest.json", data)
    store.put("F/1/s/-/attempt-0.json", data)
    with pytest.raises(StoreError, match=r"the object F/1/s/-/manifest.json (is damaged|has format 2)"):
        read_manifest(store, "F", TaskId("1", "s", "-"))
    with pytest.raises(StoreError, match=r"the object F/1/s/-/attempt-0.json (is damaged|has format 2)"):
        read_failure(store, "F", TaskId("1", "s", "-"), 0)
