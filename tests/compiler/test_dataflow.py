"""What the data-flow analysis finds in steps and along lines, switches and loops, and what it must not."""

from __future__ import annotations

import pytest
from marked import assert_found_where_marked

CASES = {
    "read before any path sets it": """
        @step
        def start(self):
            print(self.x)  # FC701
            self.x = 1
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "each name is reported once": """
        @step
        def start(self):
            print(self.x)  # FC701
            print(self.x)
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "set in one arm only": """
        @step
        def start(self):
            self.fast = True
            if self.fast:
                self.x = 1
            self.next(self.end)

        @step
        def end(self):
            print(self.x)  # FC702
        """,
    "set in one arm, read in one arm": """
        @step
        def start(self):
            self.fast = True
            if self.fast:
                self.x = 1
            self.next(self.end)

        @step
        def end(self):
            if self.fast:
                print(self.x)
        """,
    "set in all arms": """
        @step
        def start(self):
            if current.run_id:
                self.x = 1
            elif current.username:
                self.x = 2
            else:
                raise ValueError
            print(self.x)
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "an arm that ends the process goes nowhere": """
        @step
        def start(self):
            if current.run_id:
                self.x = 1
            else:
                sys.exit("no run")
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "each way out leaves its own": """
        @step
        def start(self):
            if current.run_id:
                self.x = 1
                self.next(self.one)
            else:
                self.y = 1
                self.next(self.other)

        @step
        def one(self):
            print(self.x)
            self.next(self.end)

        @step
        def other(self):
            print(self.y)
            print(self.x)  # FC701
            self.next(self.end)

        @step
        def end(self):
            print(self.y)  # FC702
        """,
    "a switch on a constant goes one way": """
        @step
        def start(self):
            self.mode = "a"
            self.next({"a": self.one, "b": self.other}, condition="mode")

        @step
        def one(self):
            self.x = 1
            self.next(self.end)

        @step
        def other(self):
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "a loop sets it for the next turn": """
        @step
        def start(self):
            self.turn = 0
            self.next(self.work)

        @step
        def work(self):
            self.turn += 1
            self.before = self.last  # FC702
            self.last = self.turn
            self.again = self.turn < 3
            self.next({True: self.work, False: self.end}, condition="again")

        @step
        def end(self):
            print(self.last)
        """,
    "loops of Python are taken to run": """
        @step
        def start(self):
            for number in range(3):
                self.last = number
            while True:
                self.other = 1
                if self.other:
                    break
            print(self.last, self.other)
            self.next(self.end)

        @step
        def end(self):
            print(self.last, self.other)
        """,
    "a loop that looks for something": """
        @step
        def start(self):
            best = 0
            for number in range(3):
                if number > best:
                    self.best = number
                    best = number
            self.next(self.end)

        @step
        def end(self):
            print(self.best)
        """,
    "a case of a helper that the call rules out": """
        @step
        def start(self):
            self.size = self.prepared([1])
            self.next(self.end)

        def prepared(self, sizes=None):
            if sizes is None:
                sizes = self.sizes
            return len(sizes)

        @step
        def end(self):
            print(self.size)
        """,
    "a private constant is a beginning": """
        _cache = None

        @property
        def cache(self):
            if self._cache is None:
                self._cache = {}
            return self._cache

        @step
        def start(self):
            print(self.cache)
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "tried, and set if it failed": """
        @step
        def start(self):
            try:
                self.x = int("1")
            except ValueError:
                self.x = None
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "tried, and not set if it failed": """
        @step
        def start(self):
            try:
                self.x = int("1")
            except ValueError:
                print("no")
            self.next(self.end)

        @step
        def end(self):
            print(self.x)  # FC702
        """,
    "tried, and raised if it failed": """
        @step
        def start(self):
            try:
                self.x = int("1")
            except ValueError as error:
                raise RuntimeError from error
            finally:
                self.done = True
            self.next(self.end)

        @step
        def end(self):
            print(self.x, self.done)
        """,
    "next in a try, with a finally": """
        @step
        def start(self):
            try:
                self.x = int("1")
                self.next(self.fine)
            except ValueError:
                self.next(self.end)
            finally:
                self.done = True

        @step
        def fine(self):
            print(self.x, self.done)
            self.next(self.end)

        @step
        def end(self):
            print(self.done)
        """,
    "asked for first": """
        @step
        def start(self):
            if hasattr(self, "x"):
                print(self.x)
            print(getattr(self, "y", None))
            try:
                print(self.z)
            except AttributeError:
                pass
            with suppress(AttributeError):
                print(self.w)
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "set where it was not there": """
        @step
        def start(self):
            if not hasattr(self, "count"):
                self.count = 0
            try:
                self.turns += 1
            except AttributeError:
                self.turns = 1
            self.rows = getattr(self, "rows", [])
            self.next({0: self.start, 1: self.end}, condition="count")

        @step
        def end(self):
            print(self.count, self.turns, self.rows)
        """,
    "back doors": """
        @step
        def start(self):
            super().__setattr__("a", 1)
            self.next(self.other)

        @step
        def other(self):
            print(self.a)
            exec("self.b = 1")
            self.next(self.end)

        @step
        def end(self):
            print(self.b)
        """,
    "a class with doors of its own": """
        def __getattr__(self, name):
            return name

        @step
        def start(self):
            self.next(self.end)

        @step
        def end(self):
            print(self.anything)
        """,
    "getattr without a default": """
        @step
        def start(self):
            print(getattr(self, "x"))  # FC701
            setattr(self, "y", 1)
            print(self.y)
            self.next(self.end)

        @step
        def end(self):
            print(self.y)
        """,
    "computed names": """
        @step
        def start(self):
            for name in "ab":
                setattr(self, name, 1)
            self.next(self.end)

        @step
        def end(self):
            print(self.a, self.b)
        """,
    "self handed on": """
        @step
        def start(self):
            fill(self)
            self.next(self.other)

        @step
        def other(self):
            print(self.x)
            self.__dict__.update(y=1)
            self.next(self.end)

        @step
        def end(self):
            print(self.y)
        """,
    "self shown is not handed on": """
        @step
        def start(self):
            print(self, type(self), isinstance(self, FlowSpec), f"{id(self)}")
            print(self.x)  # FC701
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "a helper sets it": """
        @step
        def start(self):
            self.prepare(1)
            print(self.x)
            self.next(self.end)

        def prepare(self, value):
            self.x = self.scaled(value)

        def scaled(self, value):
            return value * self.factor  # FC701

        @step
        def end(self):
            print(self.x)
        """,
    "a helper sets it in some cases": """
        @step
        def start(self):
            self.prepare(1)
            self.next(self.end)

        def prepare(self, value):
            if value:
                return
            self.x = 1

        @step
        def end(self):
            print(self.x)  # FC702
        """,
    "helpers that call each other": """
        @step
        def start(self):
            self.even(4)
            self.next(self.end)

        def even(self, n):
            self.seen = n
            return n == 0 or self.odd(n - 1)

        def odd(self, n):
            return n != 0 and self.even(n - 1)

        @step
        def end(self):
            print(self.seen)
        """,
    "properties": """
        @step
        def start(self):
            self.size = 3
            print(self.area, self.cached)
            self.both = 4
            print(self._both)
            self.next(self.end)

        @property
        def area(self):
            return self.size * self.widht  # FC701

        @cached_property
        def cached(self):
            return self.size

        @property
        def both(self):
            return self._both

        @both.setter
        def both(self, value):
            self._both = value

        @step
        def end(self):
            print(self.size)
        """,
    "a helper handed on": """
        @step
        def start(self):
            self.rows = [1, 2]
            self.clean = parallel_map(self.cleaned, self.rows)
            self.next(self.end)

        def cleaned(self, row):
            return row * self.later

        @step
        def end(self):
            print(self.clean)
        """,
    "nested functions and lambdas": """
        @step
        def start(self):
            def shown():
                return self.x + self.never  # FC701

            self.x = 1
            print(shown(), (lambda: self.x)())
            self.next(self.end)

        @step
        def end(self):
            pass
        """,
    "a nested function sets it": """
        @step
        def start(self):
            def fill():
                self.x = 1

            fill()
            print(self.x)
            self.next(self.end)

        @step
        def end(self):
            print(self.x)
        """,
    "comprehensions and augmented assignments": """
        @step
        def start(self):
            self.rows = [1, 2]
            self.total = 0
            self.total += sum(row * self.weight for row in self.rows)  # FC701
            self.count += 1  # FC701
            self.next(self.end)

        @step
        def end(self):
            print([row for row in self.rows if row < self.total])
        """,
    "deleted": """
        @step
        def start(self):
            self.x = 1
            self.y = 2
            del self.x
            self.next(self.end)

        @step
        def end(self):
            print(self.y)
            print(self.x)  # FC701
        """,
    "deleted and used in one step": """
        @step
        def start(self):
            self.x = 1
            del self.x
            print(self.x)  # FC701
            self.next(self.end)

        @step
        def end(self):
            del self.z  # FC701
        """,
    "unpacked, and targets of loops and with": """
        @step
        def start(self):
            self.a, (self.b, *self.c) = 1, (2, 3)
            for self.d in range(3):
                pass
            with threading.Lock() as self.e:
                pass
            print(self.a, self.b, self.c, self.d, self.e)
            self.next(self.end)

        @step
        def end(self):
            print(self.a, self.b, self.c, self.d)
        """,
    "parameters, constants and methods are no artifacts": """
        alpha = Parameter("alpha", default=1)
        LIMIT = 3

        @step
        def start(self):
            print(self.alpha, self.LIMIT, self.start, self.input, self.index, self.foreach_stack())
            self.alpha = 2  # FC705
            self.LIMIT += 1  # FC705
            self.helper = None  # FC705
            self.end = 1  # FC705
            del self.alpha  # FC705
            for self.alpha in range(3):  # FC705
                pass
            try:
                self.alpha = 2
            except AttributeError:
                pass
            self.next(self.end)

        def helper(self):
            pass

        @step
        def end(self):
            pass
        """,
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
def test_found_where_marked(body: str) -> None:
    assert_found_where_marked(body)
