"""Foreaches over much data: a task reads its item, and not all of them."""

from __future__ import annotations

import os
from typing import Any

import pytest
from remote_store import RemoteStore

from flowc.runtime.artifacts import Artifacts
from flowc.runtime.artifacts.pages import LARGE, blobs_of_pages, load_item, save_pages
from flowc.runtime.records.manifest import blob_key
from flowc.runtime.resume.survey import survey
from flowc.runtime.store import LocalStore

from .test_resume import resumed, rewritten

WIDE = """
    class Paged(FlowSpec):
        @step
        def start(self):
            self.items = ITEMS
            self.next(self.work, foreach="items")

        @step
        def work(self):
            self.rows = [b"small", self.input[:1] * 3_000_000, b"x", b"y"]
            self.next(self.inner, foreach="rows")

        @step
        def inner(self):
            self.seen = [(one.index, one.num_splits, one.value[:2], len(one.value)) for one in self.foreach_stack()]
            self.same = self.input is self.input and self.index == self.foreach_stack()[1].index
            BODY
            self.next(self.gather)

        @step
        def gather(self, inputs):
            self.seen = [one.seen for one in inputs]
            self.same = all(one.same for one in inputs)
            self.next(self.join)

        @step
        def join(self, inputs):
            self.seen = [one.seen for one in inputs]
            self.same = all(one.same for one in inputs)
            self.next(self.end)

        @step
        def end(self):
            pass
    """
FIVE = "[bytes([65 + n]) * (1_000_000 + n) for n in range(5)]"
INNER = [(b"sm", 5), (None, 3_000_000), (b"x", 1), (b"y", 1)]


def seen() -> list[list[list[tuple[int, int, bytes, int]]]]:
    return [
        [
            [(n, 5, bytes([65 + n]) * 2, 1_000_000 + n), (m, 4, bytes([65 + n]) * 2 if begin is None else begin, length)]
            for m, (begin, length) in enumerate(INNER)
        ]
        for n in range(5)
    ]


def test_items_and_foreach_stacks(write: Any) -> None:
    flow = write(WIDE.replace("ITEMS", FIVE).replace("BODY", "pass"))
    here = flow.done()
    assert here.value("join", "seen") == seen()
    assert here.value("join", "same") is True
    assert here.manifest("start").pages.every == 1
    assert here.manifest("work", "3").pages.every == 1
    assert here.manifest("inner", "3.1").pages is None
    there = flow.orchestrated("c")
    assert there.value("join", "seen") == seen()


def test_no_more_than_the_item_is_read(write: Any) -> None:
    flow = write(WIDE.replace("ITEMS", FIVE).replace("BODY", "pass"))
    ran = flow.done()
    for task in ("start/-", *(f"work/{n}" for n in range(5))):
        manifest = ran.manifest(*task.split("/"))
        entry = manifest.artifacts["items" if task == "start/-" else "rows"]
        with open(flow.store.file(blob_key("Paged", ran.run_id, entry.sha256)), "r+b") as file:
            file.write(b"?")  # whoever reads it is told that it is damaged
    for path in ("0.1", "3.2", "4.0"):
        assert flow.container(ran.run_id, "inner", path, attempt=0).returncode == 0


def test_a_resumed_run_has_its_own(write: Any) -> None:
    text = WIDE.replace("ITEMS", FIVE).replace("BODY", "self.broken = 1 / (self.foreach_stack()[0].index != 2)")
    flow = write(text)
    failed = flow.failed("ZeroDivisionError")
    done, decision = resumed(rewritten(flow, write, ("1 / (self.foreach_stack()[0].index != 2)", "1")))
    assert done.value("join", "seen") == seen()
    assert ("start", "-") in decision.reused
    artifacts = Artifacts(flow.store, "Paged", done.run_id)
    pages = done.manifest("start").pages
    assert pages is not None
    assert pages == failed.manifest("start").pages
    names = blobs_of_pages(artifacts, "items", pages, None)
    assert len(names) == 5  # and an index so short that it stands in the manifest
    assert all(flow.store.get(blob_key("Paged", done.run_id, name)) for name in names)


def test_a_lost_page_makes_a_resumed_run_split_again(write: Any, tmp_path: Any) -> None:
    flow = write(WIDE.replace("ITEMS", FIVE).replace("BODY", "self.broken = 1 / (self.foreach_stack()[0].index != 2)"))
    failed = flow.failed("ZeroDivisionError")
    pages = failed.manifest("start").pages
    assert pages is not None
    names = blobs_of_pages(Artifacts(flow.store, "Paged", failed.run_id), "items", pages, None)
    os.unlink(flow.store.file(blob_key("Paged", failed.run_id, min(names))))
    assert survey(flow.store, "Paged", failed.run_id).damaged == {("start", "-"): "the items of its foreach are lost"}


def items_of(kind: str) -> Any:
    numpy = pytest.importorskip("numpy")
    shared = bytes(2 * LARGE)
    return {
        "list": [bytes([n]) * 300_000 for n in range(20)],
        "tuple": tuple([n, str(n) * 50_000] for n in range(100)),
        "small": [{"n": n, "text": f"{n:060}"} for n in range(50_000)],
        "uneven": [b"x" * n for n in (0, 1, 5_000_000, 2, 3, 4_000_000, *range(50))],
        "array": numpy.arange(2_000_000, dtype="f8").reshape(500, 4000),
        "one": [shared] * 8,
        "parts": [(shared, n) for n in range(8)],
        "views": list(numpy.arange(1_000_000, dtype="i8").reshape(10, -1)),
        "few": [bytes(LARGE)] * 3,
        "range": range(10_000_000),
        "text": "x" * 3_000_000,
    }[kind]


@pytest.mark.parametrize("remote", [False, True], ids=["files", "objects"])
@pytest.mark.parametrize(
    ("kind", "paged"),
    [
        *(("list", True), ("tuple", True), ("small", True), ("uneven", True), ("array", True), ("views", True)),
        *(("one", False), ("parts", False), ("few", False), ("range", False), ("text", False)),
    ],
)
def test_an_item_is_what_it_was(tmp_path: Any, kind: str, paged: bool, remote: bool) -> None:
    store = RemoteStore(tmp_path) if remote else LocalStore(tmp_path)
    artifacts, items = Artifacts(store, "F", "1"), items_of(kind)
    entry = artifacts.save("items", items, "start")
    pages = save_pages(artifacts, "items", items, entry, "start")
    assert (pages is not None) == paged
    if pages is None:
        return
    for index in {0, 1, 2, len(items) // 2, len(items) - 1}:
        item: Any = load_item(artifacts, "items", pages, index, None)
        assert type(item) is type(items[index])
        same = item == items[index]
        assert same if isinstance(same, bool) else same.all()
    assert len(blobs_of_pages(artifacts, "items", pages, None)) <= len(items) + 1


def test_a_body_asks_the_store_for_little(tmp_path: Any) -> None:
    store = RemoteStore(tmp_path)
    artifacts, items = Artifacts(store, "F", "1"), [bytes([n]) * LARGE for n in range(100)]
    pages = save_pages(artifacts, "items", items, artifacts.save("items", items, "start"), "start")
    assert pages is not None
    store.asked.clear()
    assert load_item(artifacts, "items", pages, 42, None) == items[42]
    assert store.asked.total() <= 2


class Whole(list[bytes]):
    """What can only be kept as a whole."""


class Once:
    """Something that is pickled once."""

    def __init__(self) -> None:
        self.pickled = False

    def __reduce__(self) -> Any:
        if self.pickled:
            raise TypeError("once is enough")
        self.pickled = True
        return Once, ()


def test_what_cannot_be_cut_stays_whole(tmp_path: Any) -> None:
    artifacts = Artifacts(LocalStore(tmp_path), "F", "1")
    for items in (Whole([bytes(LARGE)] * 5), [bytes(LARGE), bytes(LARGE), Once(), 1]):
        assert save_pages(artifacts, "items", items, artifacts.save("items", items, "start"), "start") is None
