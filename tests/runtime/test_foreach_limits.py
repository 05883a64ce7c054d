"""`@foreach(max_concurrency=…)` in a local run: how many items of a foreach are in progress at once."""

from __future__ import annotations

import pytest

from flowc.runtime.local.tree import Walk

FLOW = """
    import time
    from flowc import *

    class Limited(FlowSpec):
        DECORATOR
        @step
        def start(self):
            self.items = list(range(8))
            self.next(self.first, foreach="items")

        @retry(times=1, minutes_between_retries=0)
        @step
        def first(self):
            self.began = getattr(self, "began", time.time())
            assert current.retry_count or self.input != 3
            time.sleep(0.1)
            self.parts = [0, 1]
            self.next(self.part, foreach="parts")

        @step
        def part(self):
            time.sleep(0.1)
            self.next(self.last)

        @step
        def last(self, inputs):
            self.times = inputs[0].began, time.time()
            self.next(self.join)

        @step
        def join(self, inputs):
            self.times = [task.times for task in inputs]
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def in_progress(times):
    """How many items were between their first task's beginning and their last task's end, at the most."""
    return max(sum(began <= moment < ended for began, ended in times) for moment, _ in times)


@pytest.mark.parametrize(
    ("decorator", "least", "most"),
    [
        ("@foreach(max_concurrency=2)", 2, 2),
        ("@foreach(max_concurrency='1', mode='distributed')", 1, 1),
        ("@foreach(mode='inline')", 4, 8),
        ("@retry(times=1)", 4, 8),
    ],
)
def test_items_in_progress(write, decorator, least, most):
    ran = write(FLOW.replace("DECORATOR", decorator)).done(max_workers=16)
    assert least <= in_progress(ran.value("join", "times")) <= most


def test_an_item_is_over_with_its_last_task(write):
    walk = Walk(write(FLOW.replace("DECORATOR", "@foreach(max_concurrency=2)")).plan)
    assert walk.take() == ("start", "-")
    walk.end(("start", "-"), None, 3)
    assert [walk.take(), walk.take(), walk.take()] == [("first", "0"), ("first", "1"), None]
    walk.end(("first", "0"), None, 2)
    assert [walk.take(), walk.take(), walk.take()] == [("part", "0.0"), ("part", "0.1"), None]
    walk.end(("part", "0.1"), None, None)
    walk.end(("part", "0.0"), None, None)
    assert [walk.take(), walk.take()] == [("last", "0"), None]
    walk.end(("last", "0"), None, None)
    assert [walk.take(), walk.take()] == [("first", "2"), None]
    for task in (("first", "1"), ("first", "2")):
        walk.end(task, None, 0)
    assert {walk.take(), walk.take()} == {("last", "1"), ("last", "2")}
    for task in (("last", "1"), ("last", "2")):
        walk.end(task, None, None)
    assert [walk.take(), walk.take()] == [("join", "-"), None]
