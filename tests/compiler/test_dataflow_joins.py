"""What the data-flow analysis finds at joins and of values, and what it must not."""

from __future__ import annotations

import pytest
from marked import assert_found_where_marked

CASES = {
    "a foreach over what belongs to the class": """
        count = Parameter("count", default=3)
        names = Parameter("names", default="a,b", separator=",")
        KINDS = {"a", "b"}
        LIST = ["a", "b"]

        @step
        def start(self):
            self.next(self.a, foreach="count")  # FC706

        @step
        def a(self):
            self.next(self.ja)

        @step
        def ja(self, inputs):
            self.next(self.b, foreach="KINDS")  # FC706

        @step
        def b(self):
            self.next(self.jb)

        @step
        def jb(self, inputs):
            self.next(self.c, foreach="LIST")

        @step
        def c(self):
            self.next(self.jc)

        @step
        def jc(self, inputs):
            self.next(self.d, foreach="names")

        @step
        def d(self):
            self.next(self.jd)

        @step
        def jd(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "lost at a join": """
        @step
        def start(self):
            self.x = 1
            self.next(self.a, self.b)

        @step
        def a(self):
            self.y = 1
            self.next(self.join)

        @step
        def b(self):
            self.y = 2
            self.next(self.join)

        @step
        def join(self, inputs):
            print(self.x)  # FC703
            self.ys = [one.y for one in inputs]
            self.next(self.end)

        @step
        def end(self):
            print(self.ys)
            print(self.y)  # FC703
        """,
    "merged": """
        @step
        def start(self):
            self.x = 1
            self.next(self.a, self.b)

        @step
        def a(self):
            self.only_a = 1
            self._hidden = 1
            self.next(self.join)

        @step
        def b(self):
            self.only_b = 2
            self._hidden = 1
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs, exclude=["only_b"])
            print(self.x, self.only_a)
            self.next(self.end)

        @step
        def end(self):
            print(self.x, self.only_a)
            print(self.only_b)  # FC703
            print(self._hidden)  # FC703
        """,
    "an ambiguous merge": """
        @step
        def start(self):
            self.same = 0
            self.next(self.a, self.b)

        @step
        def a(self):
            self.which = "a"
            self.alike = True
            self.same = 1
            self.next(self.join)

        @step
        def b(self):
            self.which = "b"
            self.alike = True
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs)  # FC704
            self.next(self.end)

        @step
        def end(self):
            print(self.which, self.alike, self.same)
        """,
    "merges that are settled": """
        @step
        def start(self):
            self.next(self.a, self.b)

        @step
        def a(self):
            self.which = "a"
            self.other = 1
            self.third = 1
            self.next(self.join)

        @step
        def b(self):
            self.which = "b"
            self.other = 2
            self.third = 1
            self.next(self.join)

        @step
        def join(self, inputs):
            self.which = inputs.a.which
            self.merge_artifacts(inputs, exclude=["other"])
            self.next(self.c, self.d)

        @step
        def c(self):
            self.which = "c"
            self.next(self.again)

        @step
        def d(self):
            self.next(self.again)

        @step
        def again(self, inputs):
            self.merge_artifacts(inputs, include=["third"])
            self.next(self.end)

        @step
        def end(self):
            print(self.third)
        """,
    "a foreach that differs from item to item": """
        @step
        def start(self):
            self.items = [1, 2]
            self.next(self.work, foreach="items")

        @step
        def work(self):
            self.result = self.input * 2
            self.fine = self.input > 0
            self.count = len(self.items)
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs)  # FC704
            self.next(self.end)

        @step
        def end(self):
            print(self.result, self.fine, self.count)
        """,
    "bad merges": """
        @step
        def start(self):
            self.merge_artifacts([])  # FC710
            self.next(self.a, self.b)

        @step
        def a(self):
            self.x = 1
            self.next(self.join)

        @step
        def b(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs, include=["x"], exclude=["y"])  # FC710
            self.merge_artifacts(inputs, include=["xx"])  # FC710
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "inputs by name, by position, each": """
        @step
        def start(self):
            self.base = 1
            self.next(self.a, self.b)

        @step
        def a(self):
            self.x = 1
            self.next(self.join)

        @step
        def b(self):
            self.y = 1
            self.next(self.join)

        @step
        def join(self, inputs):
            print(inputs.a.x, inputs.b.y, inputs[0].x, inputs[1].base)
            print(inputs.b.x)  # FC701
            print(inputs.c.base)  # FC709
            print([one.base for one in inputs])
            for number, one in enumerate(inputs):
                print(one.base, hasattr(one, "x"), getattr(one, "y", 0))
                print(one.nothing)  # FC701
            first, second = inputs
            print(first.x, second.y)
            self.ys = [one.y for one in inputs]  # FC702
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "inputs asked first": """
        @step
        def start(self):
            self.items = [1, 2]
            self.next(self.work, foreach="items")

        @step
        def work(self):
            if self.input > 1:
                self.x = 1
            self.failed = False
            self.next(self.join)

        @step
        def join(self, inputs):
            self.a = [one.x for one in inputs if not one.failed]
            self.b = []
            for one in inputs:
                if one.failed:
                    continue
                self.b.append(one.x)
            self.c = sorted(inputs, key=lambda one: one.x)[0].x
            best = inputs[0]
            print(best.x)
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "caught": """
        @catch(var="problem")
        @step
        def start(self):
            self.x = 1
            self.next(self.end)

        @step
        def end(self):
            if self.problem:
                print(self.problem)
            else:
                print(self.x)
            print(self.x)  # FC702
        """,
    "no sequence": """
        @step
        def start(self):
            words = {"a", "b"}
            self.words = words
            self.next(self.work, foreach="words")  # FC706

        @step
        def work(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.numbers = (number for number in range(3))
            self.next(self.more, foreach="numbers")  # FC706

        @step
        def more(self):
            self.next(self.last)

        @step
        def last(self, inputs):
            self.nothing = None
            self.next(self.never, foreach="nothing")  # FC706

        @step
        def never(self):
            self.next(self.over)

        @step
        def over(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "what another artifact of the step is": """
        @step
        def start(self):
            self.table = {"a": 1}
            self.names = self.table.keys()
            self.next(self.work, foreach="names")  # FC706

        @step
        def work(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.kind = "a"
            before = self.kind
            self.kind = "z"
            self.other = before
            self.next({"a": self.end, "b": self.more}, condition="other")

        @step
        def more(self):
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "sequences": """
        @step
        def start(self):
            self.words = sorted({"a", "b"})
            if current.run_id:
                self.words = None
            if self.words is None:
                self.words = []
            self.next(self.work, foreach="words")

        @step
        def work(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "a value without a case": """
        @step
        def start(self):
            self.kind = "a"
            if current.run_id:
                self.kind = "c"
            self.next({"a": self.end, "b": self.other}, condition="kind")  # FC707

        @step
        def other(self):
            self.kind = 1
            self.next({True: self.end, False: self.end}, condition="kind")

        @step
        def end(self):
            pass
        """,
    "cannot be pickled": """
        @step
        def start(self):
            self.key = lambda row: row  # FC708
            self.lock = threading.Lock()  # FC708
            with open("x") as self.file:  # FC708
                pass

            def inner():
                pass

            self.inner = inner  # FC708
            self.gone = open("x")
            self.gone.close()
            del self.gone
            self.later = threading.Lock()
            self.later = None
            handle = open("x")
            self.text = handle.read()
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "names that Python changes": """
        @step
        def start(self):
            self.__private = 1
            print(self.__private, self.__class__, self.__module__)
            self.next(self.end)

        @step
        def end(self):
            print(self._Case__private)
        """,
    "a decorator of the user's may do anything": """
        @traced
        @step
        def start(self):
            print(self.tracer)
            self.next(self.end)

        @step
        def end(self):
            print(self.trace)
        """,
    "nested foreach and splits": """
        @step
        def start(self):
            self.outer = [1]
            self.base = 1
            self.next(self.fan, foreach="outer")

        @step
        def fan(self):
            self.inner = [self.input]
            self.next(self.work, foreach="inner")

        @step
        def work(self):
            self.x = self.base + self.input
            self.next(self.collect)

        @step
        def collect(self, inputs):
            self.xs = [one.x for one in inputs]
            self.base = inputs[0].base
            self.next(self.join)

        @step
        def join(self, inputs):
            self.all = [one.xs for one in inputs]
            print([one.inner for one in inputs])  # FC703
            self.next(self.end)

        @step
        def end(self):
            print(self.all)
            print(self.base)  # FC703
        """,
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
def test_found_where_marked(body: str) -> None:
    assert_found_where_marked(body)
