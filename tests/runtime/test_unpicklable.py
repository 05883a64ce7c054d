"""What is said of a value that cannot be kept: which part of it, and where it was assigned."""

from __future__ import annotations

import collections
import sys
import threading
from typing import Any

import numpy
import pytest

from flowc.runtime.artifacts import Artifacts, culprits
from flowc.runtime.errors import ArtifactError
from flowc.runtime.store import LocalStore


class Model:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner


class Exits:
    def __reduce__(self):
        raise SystemExit(0)


class Endless:
    def __reduce__(self):
        return Endless, (Endless(),)


class ExitsWhenRead:
    def __reduce__(self):
        return exits, ()


def exits():
    raise SystemExit(0)


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")


class FailsWithoutWords:
    def __reduce__(self):
        raise KeyError


def message(tmp_path, value):
    with pytest.raises(ArtifactError) as caught:
        Artifacts(LocalStore(tmp_path), "Flow", "1").save("it", value, "train")
    assert list(tmp_path.iterdir()) == []
    return str(caught.value)


HERE = __name__


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Model(hooks=[lambda: 0]), f"a {HERE}.Model: it cannot be pickled (self.it.hooks[0] is a function, "),
        (
            lambda: {"a": [1, (2, threading.Lock())]},
            "a dict of 1 item: it cannot be pickled (self.it['a'][1][1] is a _thread.lock: ",
        ),
        (lambda: Model(deep=Model(gen=(letter for letter in "x"))), "(self.it.deep.gen is a generator: "),
        (lambda: Slotted(Slotted(threading.Lock())), "(self.it.inner.inner is a _thread.lock: "),
        (lambda: {1, threading.Lock()}, "a set of 2 items: it cannot be pickled (self.it holds a "),
        (lambda: sys.__stdout__, "a _io.TextIOWrapper: it cannot be pickled (cannot pickle '_io.TextIOWrapper' object)"),
        (lambda: collections.OrderedDict(x=threading.Lock()), "(self.it['x'] is a _thread.lock: "),
        (lambda: collections.defaultdict(lambda: 0, x=1), "(self.it holds a function, "),
        (lambda: [numpy.zeros(1 << 18), numpy.array([threading.Lock()], dtype=object)], "(self.it[1] holds a _thread.lock: "),
        (lambda: type("Local", (), {})(), "it cannot be pickled ("),
        (Exits, "it cannot be pickled (SystemExit(0))"),
        (FailsWithoutWords, "it cannot be pickled (KeyError())"),
        (lambda: threading.Thread(), "(self.it."),
    ],
)
def test_the_part_that_cannot_be_pickled(tmp_path, make, words):
    told = message(tmp_path, make())
    assert told.startswith("step `train` cannot keep `self.it`, a ")
    assert words in told
    assert told.endswith("Use a local variable for what only this step needs.")


def test_what_is_nested_too_deeply(tmp_path):
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    told = message(tmp_path, value)
    assert "a list of 1 item: it cannot be pickled, for its parts hold one another hundreds of levels deep" in told
    assert "hundreds of levels deep" in message(tmp_path, Endless())


def test_the_size_of_an_array(tmp_path):
    value = numpy.empty(1 << 20, dtype=object)
    value[-1] = threading.Lock()
    assert "a numpy.ndarray of 8.0 MiB: it cannot be pickled" in message(tmp_path, value)


def test_a_search_that_takes_too_long_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(culprits, "_MOST", 100)
    assert "(cannot pickle '_thread.lock' object)" in message(tmp_path, [*range(1000), threading.Lock()])


@pytest.mark.parametrize("value", [ExitsWhenRead(), [ExitsWhenRead()] * 5000])
def test_a_value_that_ends_the_process_when_it_is_read(tmp_path, value):
    artifacts: Any = Artifacts(LocalStore(tmp_path), "Flow", "1")
    entry = artifacts.save("it", value, "train")
    with pytest.raises(ArtifactError, match="the artifact `it` cannot be unpickled: SystemExit: 0"):
        artifacts.load("it", entry)


def test_where_it_was_assigned(write):
    ran = write("""
        from flowc import *

        class Assigned(FlowSpec):
            @step
            def start(self):
                self.f = 1
                self.f = lambda: 0
                self.next(self.end)

            @step
            def end(self):
                pass
        """).failed("step `start` cannot keep `self.f`, a function: it cannot be pickled")
    assert f" It is assigned at {ran.flow.file}:8. Use a local" in ran.err.replace("\n[start] ", " ")
    assert "Traceback" not in ran.err


def test_where_a_method_or_a_target_assigned_it(write, load):
    flow = write("""
        from flowc import *

        def twice(function):
            return function

        class Elsewhere(FlowSpec):
            @twice
            @step
            def start(self):
                self.prepare()
                for self.each in []:
                    pass
                with open(__file__) as self.file, open(__file__) as (
                    self.other
                ): pass
                self.count: int = 1
                self.next(self.end)

            def prepare(self):
                self.lock = (
                    1)

            @step
            def end(self):
                pass
        """)
    names = load(flow)
    found = {name: culprits.assignment(names, "start", name) for name in ("each", "file", "other", "count", "lock", "nowhere")}
    lines = {"each": 12, "file": 14, "other": 15, "count": 17, "lock": 21}
    assert found == {**{name: f"{flow.file}:{line}" for name, line in lines.items()}, "nowhere": None}
