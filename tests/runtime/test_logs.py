"""Logs in the store: what is written of what was printed, and how it is read while it grows."""

from __future__ import annotations

import random
import time

import pytest

from flowc.runtime.errors import StoreError
from flowc.runtime.lines import Lines
from flowc.runtime.paths import TaskId
from flowc.runtime.records import logs
from flowc.runtime.records.logs import LogReader, LogWriter, attempts_with_logs, read_lines
from flowc.runtime.store import LocalStore

TASK = TaskId("7", "train", "3.~1")


@pytest.fixture
def store(tmp_path):
    return Faulty(tmp_path)


class Faulty(LocalStore):
    """Counts what is written and read, and fails while it is told to."""

    def __init__(self, root):
        super().__init__(root)
        self.puts, self.fails, self.read = [], False, 0

    def get(self, key, start=0):
        found = super().get(key, start)
        self.read += len(found or b"")
        return found

    def put(self, key, data):
        if self.fails:
            raise StoreError(f"the datastore cannot write {key}: no reason")
        self.puts.append((key, len(data)))
        super().put(key, data)


def writer(store, attempt=0, **more):
    return LogWriter(store, "Flow", TASK, attempt, **more)


def texts(store, attempt=0):
    return [line.text for line in read_lines(store, "Flow", TASK, attempt)]


def test_a_short_log_is_one_object(store):
    log = writer(store)
    began = time.time()
    log.line(False, "one")
    log.line(True, "two", 1700000000.1234)
    log.line(False, "")
    log.close()
    assert [key for key, _ in store.puts] == ["Flow/7/train/3.~1/log-0/000000"]
    first, second, third = store.get("Flow/7/train/3.~1/log-0/000000").decode().split("\n")[:-1]
    assert second == "1700000000.123 e two"
    assert first.endswith(" o one")
    assert third.endswith(" o ")
    lines = list(read_lines(store, "Flow", TASK, 0))
    assert [(line.is_error, line.text) for line in lines] == [(False, "one"), (True, "two"), (False, "")]
    assert began - 0.01 <= lines[0].time <= time.time() + 0.01  # written with three decimals


def test_who_prints_nothing_leaves_nothing(store):
    log = writer(store)
    assert log.due is None
    log.flush()
    log.close()
    assert store.puts == []
    assert texts(store) == []
    assert attempts_with_logs(store, "Flow", TASK) == ()


def test_when_it_is_due(store, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    log = writer(store)
    log.line(False, "a")
    log.line(False, "b")
    assert log.due == 101
    log.flush()
    assert log.due is None
    log.flush()
    assert len(store.puts) == 1
    for age, wait in [(50, 5), (1000, 10)]:
        now[0] = 100 + age
        log.line(False, "c")
        assert log.due == now[0] + wait
        log.flush()


def test_parts(store):
    log = writer(store)
    expected = []
    for number in range(3000):
        expected.append(f"{number} " + "x" * 1000)
        log.line(number % 2 == 1, expected[-1])
    log.close()
    sizes = {}
    for key, size in store.puts:
        sizes[key[-6:]] = size
    assert list(sizes) == ["000000", "000001", "000002"]
    assert all(logs.PART <= sizes[part] < logs.PART + 2000 for part in ("000000", "000001"))
    assert len(store.puts) == 3
    lines = list(read_lines(store, "Flow", TASK, 0))
    assert [line.text for line in lines] == expected
    assert [line.is_error for line in lines[:4]] == [False, True, False, True]


def test_attempts(store):
    for attempt in (0, 2, 10):
        log = writer(store, attempt)
        log.line(False, f"attempt {attempt}")
        log.close()
    store.put("Flow/7/train/3.~1/manifest.json", b"{}")
    assert attempts_with_logs(store, "Flow", TASK) == (0, 2, 10)
    assert texts(store, 2) == ["attempt 2"]
    assert texts(store, 1) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b", "a\x00b"),
        ("10%\r20%\r30%", "30%"),
        ("done\r", "done"),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f", "a\x0bb\x0cc\x1cd\x85e\u2028f"),
        ("\ud800 half", "\\ud800 half"),
        ("🦀 ünï", "🦀 ünï"),
        ("\x1b[31mred", "\x1b[31mred"),
        ("1700000000.123 e not a head", "1700000000.123 e not a head"),
    ],
)
def test_any_text(store, text, kept):
    log = writer(store)
    log.line(False, "before")
    log.line(True, text)
    log.line(False, "after")
    log.close()
    assert texts(store) == ["before", kept, "after"]


def test_lines_within_a_line_and_long_ones(store):
    log = writer(store)
    log.line(False, "one\ntwo\n")
    log.line(True, "é" * (3 << 20))
    log.line(False, "end")
    log.close()
    found = texts(store)
    assert found[:3] == ["one", "two", ""]
    assert found[-1] == "end"
    assert "".join(found[3:-1]) == "é" * (3 << 20)
    assert len(found) == 7


def test_a_million_lines(store):
    log = writer(store)
    began = time.process_time()
    for number in range(1_000_000):
        log.line(False, f"line {number}")
    log.close()
    wrote = time.process_time() - began
    count = sum(1 for line in read_lines(store, "Flow", TASK, 0) if line.text.startswith("line "))
    read = time.process_time() - began - wrote
    assert count == 1_000_000
    print(f"{wrote:.1f} s to write, {read:.1f} s to read")
    assert len(store.puts) < 40  # each part about once: it is not written again for every line


def test_a_store_that_fails_for_a_while(store, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    warned: list[str] = []
    log = writer(store, warn=warned.append)
    log.line(False, "before")
    log.flush()
    store.fails = True
    log.line(False, "meanwhile")
    now[0] += 5
    log.flush()
    log.flush()
    assert log.due == now[0] + 10  # not at once again
    for number in range(2000):
        log.line(False, f"{number} " + "x" * 1000)
    assert warned == [
        "the output of the task train/3.~1 cannot be kept for now: "
        "the datastore cannot write Flow/7/train/3.~1/log-0/000000: no reason"
    ]
    store.fails = False
    log.line(False, "after")
    log.close()
    assert log.due is None
    found = texts(store)
    assert found[:2] == ["before", "meanwhile"]
    assert found[-1] == "after"
    assert len(found) == 2003
    assert len(warned) == 1


def test_a_store_that_fails_for_long_costs_no_memory(store):
    log = writer(store, warn=lambda text: None)
    log.line(False, "first")
    log.flush()
    store.fails = True
    for number in range(40_000):
        log.line(False, f"{number} " + "x" * 1000)
    assert sum(map(len, log._full)) + len(log._part) < 11 * logs.PART
    store.fails = False
    log.line(False, "last")
    log.close()
    found = texts(store)
    lost = [line for line in found if line.startswith("flowc: ")]
    assert len(lost) == 1
    number = int(lost[0].split()[1])
    assert lost[0] == f"flowc: {number} lines are lost here, since the datastore failed"
    assert number + len(found) - 1 == 40_002
    assert (found[0], found[-2][:6], found[-1]) == ("first", "39999 ", "last")


def test_who_is_not_told_where_to_warn_prints(store, capsys):
    store.fails = True
    log = writer(store)
    log.line(False, "x")
    log.flush()
    log.close()
    assert capsys.readouterr().err.count("flowc: the output of the task train/3.~1 cannot be kept for now") == 1


def test_reading_while_it_grows(store):
    log, reader = writer(store), LogReader(store, "Flow", TASK, 0)
    random.seed(5)
    written, seen = [], []
    for number in range(5000):
        written.append(f"{number} " + "x" * random.choice((0, 10, 2000)))
        log.line(False, written[-1])
        if random.random() < 0.02:
            log.flush()
        if random.random() < 0.02:
            seen += [line.text for line in reader.new()]
    log.close()
    seen += [line.text for line in reader.new()]
    assert seen == written
    assert list(reader.new()) == []


def test_no_more_is_read_than_is_new(store):
    log, reader = writer(store), LogReader(store, "Flow", TASK, 0)
    for number in range(200):
        log.line(False, f"{number} " + "x" * 1000)
        log.flush()
        assert [line.text.partition(" ")[0] for line in reader.new()] == [str(number)]
    assert store.read < 250_000


def test_so_many_parts_of_a_log(store):
    log, reader = writer(store), LogReader(store, "Flow", TASK, 0)
    for number in range(5000):
        log.line(False, f"{number} " + "x" * 1000)
    log.close()
    first = [int(line.text.partition(" ")[0]) for line in reader.new(2)]
    assert reader.parts == 2
    assert reader.skip(1) == 2
    last = [int(line.text.partition(" ")[0]) for line in reader.new()]
    assert first == list(range(len(first)))
    assert last == list(range(last[0], 5000))
    assert last[0] > first[-1] + 1000
    assert reader.skip(1) == 0
    assert list(reader.new()) == []


def test_a_line_at_the_end(store):
    logs.add_line(store, "Flow", TASK, 0, "nobody wrote before")
    assert texts(store) == ["nobody wrote before"]
    logs.add_line(store, "Flow", TASK, 0, "é\udcff")
    assert texts(store) == ["nobody wrote before", "é\\udcff"]
    log = writer(store, 1)
    for _ in range(3000):
        log.line(False, "x" * 1000)
    log.close()
    logs.add_line(store, "Flow", TASK, 1, "last")
    assert len(texts(store, 1)) == 3001
    assert texts(store, 1)[-1] == "last"


def test_a_part_that_was_written_anew(store):
    """Two containers of one attempt write the same object: nothing is left out, and nothing fails."""
    reader = LogReader(store, "Flow", TASK, 0)
    for words in (["a", "b", "c"], ["d"]):
        log = writer(store)
        for word in words:
            log.line(False, word)
        log.close()
        assert [line.text for line in reader.new()] == words


@pytest.mark.parametrize("data", [b"\xff\xfe\n", b"x", b"1.0 o", b"1.0 o a\n\n", b"abc o text\n", b"nan e x\n"])
def test_damaged_parts(store, data):
    store.put("Flow/7/train/3.~1/log-0/000000", data)
    assert len(texts(store)) == data.removesuffix(b"\n").count(b"\n") + 1


def cut(*chunks, step=0.0):
    clock = [0.0]
    lines = Lines(lambda: clock[0])
    found = []
    for chunk in chunks:
        clock[0] += step
        found += lines.feed(chunk)
    return [*found, *lines.rest()]


def test_lines_of_bytes():
    assert cut(b"one\ntw", b"o\nthree") == ["one", "two", "three"]
    assert cut(b"a\r\nb\r", b"\nc\n") == ["a", "b", "c"]
    assert cut("é".encode()[:1], "é".encode()[1:], b"\n") == ["é"]
    assert cut(b"\xff\xfe\n") == ["\ufffd\ufffd"]
    assert cut() == cut(b"") == []
    assert cut(b"\n\n") == ["", ""]


def test_a_line_without_an_end():
    piece = "aé€🦀".encode() * 1000
    text = piece * 1000
    found = cut(*(text[start : start + 65521] for start in range(0, len(text), 65521)))
    assert "".join(found) == text.decode()
    assert max(map(len, found)) < 2 << 20
    began = time.process_time()
    cut(*[b"x"] * 1_000_000)
    assert time.process_time() - began < 30  # not in the square of its length


def test_progress_bars():
    bars = [b"\r%d%%" % number for number in range(101)]
    assert cut(*bars, b"\n") == ["100%"]
    assert cut(*bars, b"\n", step=0.5) == ["18%", "38%", "58%", "78%", "98%", "100%"]
    trailing = [b"%d%%\r" % number for number in range(101)]
    assert cut(*trailing, b"\n") == ["100%"]
    assert cut(*[b"\r"] * 1000) == []
