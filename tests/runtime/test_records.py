"""What stands in a store may be damaged in any way, or written by a later flowc: each record is refused by its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from flowc.runtime.errors import FlowcError
from flowc.runtime.failure import Failure
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import read_failure, write_failure
from flowc.runtime.records.runs import ResultRecord, begin_run, new_record, read_plan, read_result, read_run, write_result
from flowc.runtime.records.tags import change_tags, read_tags
from flowc.runtime.records.traces import read_attempt
from flowc.runtime.store import LocalStore

TASK = TaskId("1", "s", "-")
READERS: dict[str, Callable[[LocalStore], Any]] = {
    "F/1/run.json": lambda store: read_run(store, "F", "1"),
    "F/1/result.json": lambda store: read_result(store, "F", "1"),
    "F/1/tags.json": lambda store: read_tags(store, "F", "1", None),
    "F/1/plan.json": lambda store: read_plan(store, "F", "1"),
    "F/1/s/-/attempt-0.json": lambda store: (read_attempt(store, "F", TASK, 0), read_failure(store, "F", TASK, 0)),
}
VALUES: tuple[Any, ...] = (None, "x", -1, 10**30, 1.5, float("inf"), True, [], [1], {}, {"a": 1})


@pytest.fixture
def store(tmp_path):
    store = LocalStore(tmp_path / "store")
    begin_run(store, "F", "1", new_record(target="local", user="ann", tags=("a",)))
    write_result(store, "F", "1", ResultRecord(ok=True, ended=1.0))
    change_tags(store, "F", "1", None, add=["b"])
    write_failure(store, "F", TASK, 0, Failure("E", "m"), 1.0, 2.0)
    return store


@pytest.mark.parametrize("key", READERS)
@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b"3", b"[]", b'"format"', b"{}", b"\xff\0", b"[" * 100_000, b'{"format": 1}']
)
def test_what_is_no_record(store, key, data):
    store.put(key, data)
    with pytest.raises(FlowcError, match=rf"the object {key} is damaged|the plan has format|the plan is damaged"):
        READERS[key](store)


@pytest.mark.parametrize("key", [key for key in READERS if "plan" not in key])
def test_members_of_other_types(store, key):
    whole = json.loads(store.get(key))
    read = READERS[key]
    assert read(store) is not None
    for name, value in ((name, value) for name in whole for value in VALUES):
        store.put(key, json.dumps({**whole, name: value}).encode())
        try:
            record = read(store)
        except FlowcError as error:
            refused = str(error)
            assert refused.startswith(f"the object {key} ")  # some values are of the right kind
        else:
            assert record is not None
            assert type(value) is type(whole[name]) or name not in ("format", "tags", "target", "flowc", "python", "ok")
    for name in whole:
        store.put(key, json.dumps({other: value for other, value in whole.items() if other != name}).encode())
        if (key, name) != ("F/1/s/-/attempt-0.json", "attempt"):
            with pytest.raises(FlowcError, match=rf"the object {key} is damaged"):
                read(store)


@pytest.mark.parametrize("key", [key for key in READERS if "plan" not in key])
def test_records_of_a_later_version(store, key):
    store.put(key, json.dumps(json.loads(store.get(key)) | {"format": 2}).encode())
    with pytest.raises(FlowcError, match=rf"the object {key} has format 2, and this flowc reads format 1"):
        READERS[key](store)
