"""`parallel_map`: forked workers, results in order, failures that name their item."""

from __future__ import annotations

import os
import time

import pytest

from flowc import parallel_map


def test_results_in_order_from_other_processes():
    offset = 10

    def work(n):
        time.sleep(0.02 * (3 - n))
        return n + offset, os.getpid()

    results = parallel_map(work, range(4), max_parallel=2)
    assert [n for n, _ in results] == [10, 11, 12, 13]
    assert len({pid for _, pid in results} | {os.getpid()}) == 5
    assert parallel_map(len, []) == []


def test_a_large_result(tmp_path):
    (result,) = parallel_map(lambda _: b"x" * 10_000_000, [0], dir=str(tmp_path))
    assert len(result) == 10_000_000
    assert list(tmp_path.iterdir()) == []


def test_a_failure_names_its_item_and_ends_the_others(tmp_path):
    def work(n):
        if n == 1:
            raise KeyError("missing")
        time.sleep(20)
        (tmp_path / str(n)).touch()

    before = time.monotonic()
    with pytest.raises(KeyError, match="missing") as caught:
        parallel_map(work, [1, 2, 3], max_parallel=3)
    assert time.monotonic() - before < 5
    (note,) = caught.value.__notes__
    assert note.startswith("(in parallel_map, for item 0)\nTraceback")
    assert "in work" in note
    assert "runtime/parallel" not in note
    assert list(tmp_path.iterdir()) == []


class Stubborn(Exception):
    def __init__(self):
        super().__init__("cannot be pickled")
        self.lock = lambda: 0


def test_an_exception_that_cannot_be_pickled():
    def work(n):
        raise Stubborn

    with pytest.raises(RuntimeError, match=r"parallel_map: item 0 failed:\n(.|\n)*Stubborn: cannot be pickled"):
        parallel_map(work, [1])


def test_a_result_that_cannot_be_pickled():
    with pytest.raises(TypeError, match="the result cannot be pickled"):
        parallel_map(lambda n: lambda: n, [1])


@pytest.mark.parametrize(
    ("end", "words"), [(lambda: os._exit(4), "exit code 4"), (lambda: os.kill(os.getpid(), 9), "killed by signal 9")]
)
def test_a_child_that_is_gone(end, words):
    with pytest.raises(RuntimeError, match=f"the process for item 0 .*{words}"):
        parallel_map(lambda _: end(), [1])


def test_inside_a_task(write):
    ran = write("""
        class Inside(FlowSpec):
            @step
            def start(self):
                self.base = 5
                self.next(self.end)

            @step
            def end(self):
                self.found = parallel_map(lambda n: (print("item", n), n + self.base)[1], [1, 2, 3])
        """).done()
    assert ran.value("end", "found") == [6, 7, 8]
    assert sorted(ran.out.splitlines()) == ["[end] item 1", "[end] item 2", "[end] item 3"]
