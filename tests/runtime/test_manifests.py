"""Manifests: damaged ones, those of other versions, and what their entries say."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import time
from typing import Any

import pytest

import flowc
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.errors import StoreError
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import (
    FORMAT,
    Blob,
    Inline,
    Manifest,
    commit_manifest,
    manifest_bytes,
    manifest_key,
    parse_manifest,
    read_manifest,
)
from flowc.runtime.records.runs import read_result
from flowc.runtime.store import LocalStore

TASK = TaskId("1", "start", "-")
KEY = manifest_key("Flow", TASK)


def manifest(artifacts):
    return Manifest(attempt=0, started=1.5, ended=2.5, chose=None, cardinality=3, artifacts=artifacts)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


ENTRIES: dict[str, Any] = {
    "a": Inline("gARLAS4=", "int"),
    "b": Inline("gARLAS4=", "int", "mine"),
    "c": Blob("a" * 64, 5000, 5000, (), "list", None, None, 5000),
    "ä": Blob("b" * 64, 3 << 30, 121, (1 << 30, 2 << 30), "numpy.ndarray", "arrow", "zstd", 77),
}


def test_what_is_written_is_read(store):
    assert commit_manifest(store, "Flow", TASK, manifest(ENTRIES))
    found = read_manifest(store, "Flow", TASK)
    assert found is not None
    for name, entry in ENTRIES.items():
        other = found.artifacts[name]
        assert dataclasses.astuple(other) == dataclasses.astuple(entry)
    assert (found.cardinality, found.started) == (3, 1.5)


def test_its_bytes():
    """As docs/store.md says: JSON, whose first member is the hash of what follows it."""
    data = manifest_bytes(manifest(ENTRIES))
    document = json.loads(data)
    beginning = b'{"sha256":"' + document["sha256"].encode() + b'",'
    assert data.startswith(beginning)
    assert hashlib.sha256(data[len(beginning) :]).hexdigest() == document["sha256"]
    assert (document["format"], document["flowc"]) == (FORMAT, flowc.__version__)
    assert document["artifacts"]["a"] == {"inline": "gARLAS4=", "type": "int"}
    assert document["artifacts"]["c"] == {"sha256": "a" * 64, "size": 5000, "pickle": 5000, "type": "list"}


@pytest.mark.parametrize("value", [0, "x", b"xy", b"xyz", list(range(100))])
def test_the_size_of_what_stands_inline(store, value):
    import pickle

    entry = Artifacts(store, "Flow", "1").save("x", value, "start")
    assert entry.size == len(pickle.dumps(value, 5))
    assert entry.type == type(value).__name__


def test_any_damage_is_found():
    data = manifest_bytes(manifest(ENTRIES))
    chance = random.Random(0)
    for place in range(len(data)):
        damaged = data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]
        with pytest.raises(StoreError, match=rf"the object {KEY} is damaged"):
            parse_manifest(KEY, damaged)
        with pytest.raises(StoreError, match=rf"the object {KEY} is damaged"):
            parse_manifest(KEY, data[:place])
    for other in (data + b" ", b"", b"{}", b"[]", b"null", b"[" * 100_000, b"\xff" * 100, json.dumps(json.loads(data)).encode()):
        with pytest.raises(StoreError, match=rf"the object {KEY} is damaged"):
            parse_manifest(KEY, other)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_newer_one(sealed):
    rest = json.dumps({"format": FORMAT + 1, "flowc": "9.1.0", "things": []}).encode()[1:]
    data = b'{"sha256":"' + hashlib.sha256(rest).hexdigest().encode() + b'",' + rest if sealed else b"{" + rest
    with pytest.raises(StoreError) as caught:
        parse_manifest(KEY, data)
    assert str(caught.value) == (
        f"the object {KEY} has format {FORMAT + 1}, and this flowc, {flowc.__version__}, reads format {FORMAT}: "
        "use the one that wrote it, flowc 9.1.0"
    )


def test_a_thousand_small_artifacts_are_quick(store):
    """Generous: what is quadratic, or costs an object for each, takes longer than this many times over."""
    artifacts: Any = Artifacts(store, "Flow", "1")
    values = {f"x{n}": {"n": n, "name": str(n)} for n in range(1000)}
    began = time.process_time()
    entries = artifacts.save_all(values, "start", {})
    commit_manifest(store, "Flow", TASK, manifest(entries))
    found = read_manifest(store, "Flow", TASK)
    assert found is not None
    assert {name: artifacts.load(name, entry) for name, entry in found.artifacts.items()} == values
    assert time.process_time() - began < 1
    assert list(store.list("")) == [KEY]


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', '{"format": 1, "ok": true, "ended": 1, "more": 2}'])
def test_a_damaged_result(store, text):
    store.put("Flow/1/result.json", text.encode())
    with pytest.raises(StoreError, match=r"the object Flow/1/result\.json is damaged"):
        read_result(store, "Flow", "1")
