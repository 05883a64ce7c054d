"""`S3`: Metaflow's client for objects, in a bucket of a real server, and in a directory."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowc import S3
from flowc.runtime.language import exceptions
from flowc.runtime.s3 import places
from flowc.runtime.s3.objects import S3GetObject, S3PutObject
from flowc.runtime.store import open_store


class Bound:
    """What `S3(run=self)` needs of a flow object."""

    def __init__(self, place: str) -> None:
        class Task:
            run = "7"

        class Plan:
            flow = "Flow"

        self._flowc = type("Binding", (), {"plan": Plan, "task": Task, "_store": open_store(place)})


@pytest.fixture(params=["directory", "bucket"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Bound:
    place = request.getfixturevalue("s3_place") if request.param == "bucket" else str(tmp_path / "store")
    return Bound(place)


def test_put_and_get(run: Bound) -> None:
    with S3(run=run) as s3:
        url = s3.put("a/text", "käse", content_type="text/x", metadata={"who": "ada"})
        assert url.endswith("/Flow/7/s3-data/a/text")
        found = s3.get("a/text")
        assert (found.text, found.blob, found.size, found.key, found.url) == ("käse", "käse".encode(), 5, "a/text", url)
        assert (found.exists, found.downloaded, found.content_type, found.metadata) == (True, True, "text/x", {"who": "ada"})
        assert found.last_modified is not None
        assert Path(str(found.path)).is_file()
        assert s3.put("a/text", b"other", overwrite=False) == url
        assert s3.get("a/text").text == "käse"
        s3.put("a/text", io.BytesIO(b"other"))
        known = s3.info("a/text")
        assert (known.size, known.downloaded, known.metadata, known.exists) == (5, False, None, True)
    assert not Path(str(found.path)).exists()
    with S3() as s3:
        assert s3.get(url).text == "other"
        assert s3.get(url).key == url


def test_many(run: Bound, tmp_path: Path) -> None:
    with S3(run=run) as s3:
        done = s3.put_many([(f"n/{i}", str(i)) for i in range(40)] + [S3PutObject("n/x", value="x", metadata={"a": "b"})])
        assert [key for key, _ in done] == [*(f"n/{i}" for i in range(40)), "n/x"]
        assert [one.text for one in s3.get_many([f"n/{i}" for i in (7, 3, 20)])] == ["7", "3", "20"]
        assert [one.exists for one in s3.get_many(["n/1", "n/no"], return_missing=True)] == [True, False]
        assert [one.metadata for one in s3.info_many(["n/x", "n/1"])] == [{"a": "b"}, None]
        (tmp_path / "file").write_bytes(b"file")
        assert s3.put_files([("f/one", str(tmp_path / "file")), ("n/1", str(tmp_path / "file"))], overwrite=False) == [
            ("f/one", s3.info("f/one").url)
        ]
        assert len(s3.get_all()) == 42
        assert {one.key: one.text for one in s3.get_recursive(["f"])} == {"f/one": "file"}
        assert [(one.key, one.exists) for one in s3.list_paths()] == [("f", False), ("n", False)]
        assert [(one.key, one.exists) for one in s3.list_paths(["f"])] == [("f/one", True)]
        assert len(s3.list_recursive(["n", "f"])) == 42


def test_parts(run: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_PART", 1000)
    data = bytes(range(256)) * 40
    with S3(run=run) as s3:
        s3.put("big", data)
        assert s3.get("big").blob == data
        for offset, length, part in ((10, 5000, data[10:5010]), (10_000, None, data[10_000:]), (None, -3, data[-3:])):
            found = s3.get(S3GetObject("big", offset, length))
            assert found.blob == part
            assert found.range_info is not None
            assert found.range_info.total_size == len(data)
            assert found.range_info.request_length == len(part)
        with pytest.raises(exceptions.MetaflowS3InvalidRange, match="has 10240 bytes"):
            s3.get(S3GetObject("big", 20_000, 5))


def test_what_is_not_there(run: Bound) -> None:
    with S3(run=run) as s3:
        for ask in (s3.get, s3.info):
            with pytest.raises(exceptions.MetaflowS3NotFound, match="s3-data/no"):
                ask("no")
            assert not ask("no", return_missing=True).exists
        assert s3.list_paths(["no"]) == []
        with pytest.raises(exceptions.MetaflowS3InvalidObject, match="is a int"):
            s3.put("a", 3)
        with pytest.raises(exceptions.MetaflowS3URLException, match="give a key below"):
            s3.get("s3://bucket/key")


def wrong(act: Callable[[], object], words: str) -> None:
    with pytest.raises(exceptions.MetaflowS3URLException, match=words):
        act()


def test_addresses() -> None:
    wrong(lambda: S3(s3root="/tmp"), "must be an address that begins with s3://")
    wrong(lambda: S3().get("key"), "'key' is no whole address such as s3://bucket/key")
    wrong(lambda: S3(run=3), "takes `self` in a step, or a Run")
    wrong(lambda: S3().get_all(), "get_all needs")
    closed = S3(s3root="s3://b/")
    closed.close()
    wrong(lambda: closed.get("x"), "is closed")


def test_a_bucket_that_is_not_there(s3_place: str) -> None:
    with S3(s3root="s3://nosuchbucketatall/x") as s3, pytest.raises(exceptions.MetaflowException):
        s3.get("a")


SOURCE = """
    from metaflow import FlowSpec, S3, parallel_map, step

    class Kept(FlowSpec):
        @step
        def start(self):
            self.big = b"x" * 100_000
            with S3(run=self) as s3:
                self.url = s3.put("part", "text")
            self.next(self.end)

        @step
        def end(self):
            def get(n):
                with S3() as s3:
                    return s3.get(self.url).text, len(self.big)

            with S3(run=self) as s3:
                self.found = s3.get("part").text
            self.all = parallel_map(get, range(3))
    """


def test_in_a_run_on_a_directory(write: Any) -> None:
    written = write(SOURCE)
    ran = written.done()
    assert ran.value("end", "all") == [("text", 100_000)] * 3
    assert (Path(written.store.root) / "Kept" / ran.run_id / "s3-data" / "part").read_text() == "text"


def test_in_a_run_on_a_bucket_also_in_processes_of_parallel_map(write: Any, s3_place: str) -> None:
    written = write(SOURCE)
    written.store = open_store(s3_place)
    ran = written.done()
    assert ran.value("end", "found") == "text"
    assert ran.value("end", "all") == [("text", 100_000)] * 3
