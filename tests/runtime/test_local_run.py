"""Shapes of flows, run locally with real processes: what runs, on which paths, with which artifacts."""

from __future__ import annotations

import json


def test_linear(write):
    ran = write("""
        class Linear(FlowSpec):
            FACTOR = 3

            @step
            def start(self):
                self.x = 1
                self.untouched = "kept"
                self.next(self.middle)

            @step
            def middle(self):
                self.x += self.FACTOR
                del self.untouched
                self.next(self.end)

            @step
            def end(self):
                print("x is", self.x, hasattr(self, "untouched"))
        """).done()
    assert ran.values("end") == {"x": 4}
    assert ran.value("start", "untouched") == "kept"
    assert ran.out == "[end] x is 4 False\n"
    assert ran.err.splitlines()[0].startswith("flowc: run Linear/1 starts")
    assert ran.err.splitlines()[-1].startswith("flowc: run Linear/1 is done: 3 tasks in ")


def test_runs_are_numbered(write):
    flow = write("""
        class Twice(FlowSpec):
            @step
            def start(self):
                self.run = current.run_id
                self.next(self.end)

            @step
            def end(self):
                pass
        """)
    assert [flow.done().value("end", "run") for _ in range(3)] == ["1", "2", "3"]


def test_split_and_join_in_the_order_written(write):
    ran = write("""
        class Split(FlowSpec):
            @step
            def start(self):
                self.next(self.zebra, self.ant)

            @step
            def zebra(self):
                self.x = "z"
                self.next(self.join)

            @step
            def ant(self):
                self.x = "a"
                self.next(self.join)

            @step
            def join(self, inputs):
                self.order = [task.x for task in inputs]
                self.named = (inputs.ant.x, inputs.zebra.x, inputs[-1].x, len(inputs), [one.x for one in inputs[:1]])
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "order") == ["z", "a"]
    assert ran.value("end", "named") == ("a", "z", "a", 2, ["z"])


def test_nested_foreach(write):
    ran = write("""
        class Nested(FlowSpec):
            @step
            def start(self):
                self.rows = ["ab", "c", ""]
                self.next(self.row, foreach="rows")

            @step
            def row(self):
                self.letters = self.input
                self.row_index = self.index
                self.next(self.letter, foreach="letters")

            @step
            def letter(self):
                self.found = (self.input, self.index, [tuple(frame) for frame in self.foreach_stack()], current.task_id)
                self.next(self.gather)

            @step
            def gather(self, inputs):
                self.found = [task.found for task in inputs]
                self.again = (self.index, self.input, [task.index for task in inputs])
                self.next(self.join)

            @step
            def join(self, inputs):
                self.all = [task.found for task in inputs]
                self.again = [task.again for task in inputs]
                self.outside = (self.index, self.input, self.foreach_stack())
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "all") == [
        [("a", 0, [(0, 3, "ab"), (0, 2, "a")], "0.0"), ("b", 1, [(0, 3, "ab"), (1, 2, "b")], "0.1")],
        [("c", 0, [(1, 3, "c"), (0, 1, "c")], "1.0")],
        [],
    ]
    assert ran.value("end", "again") == [(0, "ab", [0, 1]), (1, "c", [0]), (2, "", [])]
    assert ran.value("end", "outside") == (None, None, [])
    assert ran.manifest("start").cardinality == 3
    assert ran.flow.store.get("Nested/1/start/-/items.json") == b"[0, 1, 2]"


def test_empty_foreach(write):
    ran = write("""
        class Empty(FlowSpec):
            alpha = Parameter("alpha", default=2)

            @step
            def start(self):
                self.items = []
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.next(self.join)

            @step
            def join(self, inputs):
                self.count = len(inputs), list(inputs), self.alpha
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "count") == (0, [], 2)
    assert ran.tasks() == {("start", "-"), ("join", "-"), ("end", "-")}


def test_foreach_over_an_array_of_numpy(write):
    ran = write("""
        import numpy
        from flowc import *

        class Array(FlowSpec):
            @step
            def start(self):
                self.items = numpy.arange(3)
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.square = int(self.input) ** 2
                self.next(self.join)

            @step
            def join(self, inputs):
                self.squares = [task.square for task in inputs]
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "squares") == [0, 1, 4]


SWITCH = """
    class Switch(FlowSpec):
        kind = Parameter("kind", default="left")

        @step
        def start(self):
            self.way = {"left": "left", "right": 2, "none": None}[self.kind]
            self.next({"left": self.a, 2: self.b, None: self.b}, condition="way")

        @step
        def a(self):
            self.was = "a"
            self.next(self.end)

        @step
        def b(self):
            self.was = "b"
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def test_switch(write):
    flow = write(SWITCH)
    assert [flow.done({"kind": kind}).value("end", "was") for kind in ("left", "right", "none")] == ["a", "b", "b"]
    assert json.loads(flow.store.get("Switch/2/start/-/next.json") or "") == "b"


def test_arms_of_if_and_else(write):
    flow = write("""
        class Arms(FlowSpec):
            n = Parameter("n", default=0)

            @step
            def start(self):
                self.items = list(range(self.n))
                if self.n > 2:
                    self.next(self.each, foreach="items")
                elif self.n:
                    self.next(self.one, self.other)
                else:
                    self.next(self.end)

            @step
            def each(self):
                self.x = self.input
                self.next(self.join)

            @step
            def join(self, inputs):
                self.was = [task.x for task in inputs]
                self.next(self.end)

            @step
            def one(self):
                self.next(self.meet)

            @step
            def other(self):
                self.next(self.meet)

            @step
            def meet(self, inputs):
                self.was = [type(task).__name__ for task in inputs]
                self.next(self.end)

            @step
            def end(self):
                self.seen = getattr(self, "was", "nothing")
        """)
    assert [flow.done({"n": n}).value("end", "seen") for n in (0, 1, 3)] == ["nothing", ["Arms", "Arms"], [0, 1, 2]]


LOOP = """
    class Loop(FlowSpec):
        turns = Parameter("turns", default=3)

        @step
        def start(self):
            self.trail = []
            self.next(self.draft)

        @step
        def draft(self):
            self.trail.append(("draft", current.task_id))
            self.next(self.review)

        @step
        def review(self):
            self.trail.append(("review", current.task_id))
            self.enough = len(self.trail) >= 2 * self.turns
            self.next({True: self.end, False: self.draft}, condition="enough", max_iterations=4)

        @step
        def end(self):
            pass
    """


def test_loop_over_several_steps(write):
    ran = write(LOOP).done()
    assert ran.value("end", "trail") == [(name, f"~{turn}") for turn in range(3) for name in ("draft", "review")]


def test_loop_reaches_its_limit(write):
    flow = write(LOOP)
    assert flow.done({"turns": 4}).value("end", "trail")[-1] == ("review", "~3")
    ran = flow.run({"turns": 5})
    assert not ran.result.ok
    assert "the loop over `draft` reached its limit of 4 turns in step `review`" in ran.err
    assert "max_iterations=N" in ran.err


def test_loop_of_one_step_inside_a_foreach_straight_into_its_join(write):
    ran = write("""
        class Inside(FlowSpec):
            @step
            def start(self):
                self.items = [3, 1, 0]
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.turns = getattr(self, "turns", 0) + 1
                self.more = "again" if self.turns < self.input else "big" if self.input > 1 else "small"
                self.next({"again": self.work, "big": self.extra, "small": self.join}, condition="more")

            @step
            def extra(self):
                self.turns = -self.turns
                self.next(self.join)

            @step
            def join(self, inputs):
                self.turns = [(task.turns, current.task_id) for task in inputs]
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert [turns for turns, _ in ran.value("end", "turns")] == [-3, 1, 1]
    assert ("work", "0.~2") in ran.tasks()
    assert ("extra", "0") in ran.tasks()


def test_output_of_tasks_comes_line_by_line_with_their_names(write):
    ran = write("""
        import os, subprocess, sys
        from flowc import *

        class Output(FlowSpec):
            @step
            def start(self):
                self.items = [0]
                print("out\\nof", end=" start", flush=True)
                print("err", file=sys.stderr)
                os.write(1, b"\\xff bytes\\r\\n")
                subprocess.run(["echo", "from a child"], check=True)
                print(repr(sys.stdin.read()))
                self.next(self.work, foreach="items")

            @step
            def work(self):
                print("ü" * 70000)
                self.next(self.join)

            @step
            def join(self, inputs):
                self.next(self.end)

            @step
            def end(self):
                print("no newline at the end", end="")
        """).done()
    lines = ran.out.splitlines()
    assert lines[0] == "[start] out"
    assert lines[1] == "[start] of start\ufffd bytes"
    assert "[start] from a child" in lines
    assert "[start] ''" in lines
    assert "[work/0] " + "ü" * 70000 in lines
    assert lines[-1] == "[end] no newline at the end"
    assert "[start] err" in ran.err.splitlines()


def test_no_more_workers_than_allowed(write):
    source = """
        import time
        from pathlib import Path
        from flowc import *

        class Wide(FlowSpec):
            @step
            def start(self):
                self.items = list(range(12))
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.began = time.time()
                here = Path(__file__).parent
                (here / f"item-{self.input}").touch()
                while sum(1 for _ in here.glob("item-*")) < 3:  # the first ones wait for each other
                    time.sleep(0.01)
                time.sleep(0.05)
                self.ended = time.time()
                self.next(self.join)

            @step
            def join(self, inputs):
                edges = sorted([(task.began, 1) for task in inputs] + [(task.ended, -1) for task in inputs])
                self.most = max(sum(change for _, change in edges[: n + 1]) for n in range(len(edges)))
                self.next(self.end)

            @step
            def end(self):
                pass
        """
    flow = write(source)
    assert flow.done(max_workers=3).value("end", "most") == 3
    assert flow.done(max_workers=1).value("end", "most") == 1
    ran = flow.failed("--max-num-splits 12", "more than the 11 allowed", max_num_splits=11)
    assert ("work", "0") not in ran.tasks()


def test_current(write):
    ran = write("""
        @project(name="science")
        class Currently(FlowSpec):
            alpha = Parameter("alpha-name", default=1)

            @step
            def start(self):
                self.seen = (
                    current.flow_name, current.run_id, current.step_name, current.task_id, current.pathspec, current.retry_count,
                    current.is_running_flow, current.parameter_names, current.project_name, "run_id" in current,
                )
                try:
                    current.nosuch
                except AttributeError as error:
                    self.nosuch = str(error)
                self.next(self.end)

            @step
            def end(self):
                self.user = current.username
        """).done()
    assert ran.value("end", "seen") == (
        *("Currently", "1", "start", "-", "Currently/1/start/-", 0),
        *(True, ["alpha"], "science", True),
    )
    assert "no `nosuch`" in ran.value("end", "nosuch")
    assert ran.value("end", "user")


def test_class_attributes_and_properties(write):
    ran = write("""
        class Attributes(FlowSpec):
            scale = 10

            def scaled(self, value):
                return value * self.scale

            @property
            def both(self):
                return self.x, self.scale

            @both.setter
            def both(self, value):
                self.x = value

            @step
            def start(self):
                self.both = self.scaled(2)
                try:
                    self.scale = 3
                except AttributeError as error:
                    self.refused = str(error)
                self.next(self.end)

            @step
            def end(self):
                self.seen = self.both
        """).done()
    assert ran.value("end", "seen") == (20, 10)
    assert "`self.scale` cannot be set" in ran.value("end", "refused")


def test_a_task_ends_like_a_process_of_its_own(write, tmp_path):
    ran = write(f"""
        import atexit, subprocess, threading, time
        from flowc import *

        atexit.register(print, "the parent's handler")

        class Ends(FlowSpec):
            @step
            def start(self):
                atexit.register(print, "handler")
                threading.Timer(0.1, lambda: print("thread")).start()
                subprocess.Popen(["sh", "-c", "sleep 1; touch {tmp_path}/left-behind"])
                self.next(self.end)

            @step
            def end(self):
                time.sleep(1.2)
        """).done()
    assert ran.out == "[start] thread\n[start] handler\n"
    assert not (tmp_path / "left-behind").exists()
