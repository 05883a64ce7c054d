"""Flows in which something goes wrong, for whatever runs flows: what ends their run, and what it gets over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_ITEMS = """
from flowc import *


class Fails(FlowSpec):
    @foreach(mode="distributed")
    @step
    def start(self):
        self.items = [0, 1, 2]
        self.next(self.work, foreach="items")

    DECORATORS
    @step
    def work(self):
        BODY
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [getattr(one, "square", None) for one in inputs]
        self.caught = [str(getattr(one, "failure", None)) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
_INLINE = _ITEMS.replace("distributed", "inline")
_NESTED = """
from flowc import *


class Fails(FlowSpec):
    @step
    def start(self):
        self.rows = [[0, 1], [], [2, 3]]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = self.input
        self.next(self.cell, foreach="cells")

    DECORATORS
    @step
    def cell(self):
        BODY
        self.square = self.input**2
        self.next(self.cells_in)

    @step
    def cells_in(self, inputs):
        self.squares = [getattr(one, "square", None) for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [one.squares for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
_BRANCHES = """
from flowc import *


class Fails(FlowSpec):
    @step
    def start(self):
        self.next(self.good, self.bad)

    @step
    def good(self):
        self.next(self.join)

    DECORATORS
    @step
    def bad(self):
        BODY
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
_SWITCH = """
from flowc import *


class Fails(FlowSpec):
    way = Parameter("way", default="up")

    @step
    def start(self):
        self.chosen = self.way + "side"
        self.next({"inside": self.left, "outside": self.right}, condition="chosen")

    @step
    def left(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
_LOOP = """
from flowc import *


class Fails(FlowSpec):
    @step
    def start(self):
        self.turns = 0
        self.next(self.turn)

    DECORATORS
    @step
    def turn(self):
        self.turns += 1
        BODY
        self.again = "yes" if self.turns < 3 else "no"
        self.next({"yes": self.turn, "no": self.join}, condition="again", max_iterations=LARGEST)

    @step
    def join(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
_ONE_FAILS = "if self.input == 1: raise ValueError('never $(one) {{1}}')"
_ONCE_FAILS = "if self.input == 1 and current.retry_count == 0: raise ValueError('not at first')"
_TURN_FAILS = "if self.turns == 2 and current.retry_count == 0: raise ValueError('not at first')"
_DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
SLEEPS = "import time; time.sleep(600)"
_RETRY = "@retry(times=1, minutes_between_retries=0)"
_CATCH = "@catch(var='failure')"
_AT_ONCE = "@timeout(seconds=1)"


class Case(NamedTuple):
    """A flow; what begins with `@` stands above the step that something happens to, which does `body`."""

    text: str
    decorators: tuple[str, ...] = ()
    body: str = "pass"

    def write(self, folder: Path, name: str = "Fails") -> Path:
        """Write its file, `flow.py`, with the flow called so."""
        file = folder / "flow.py"
        above = "\n    ".join(self.decorators) or "# nothing"
        text = self.text.replace("class Fails(", f"class {name}(").replace("DECORATORS", above).replace("BODY", self.body)
        file.write_text(text, encoding="utf-8")
        return file


BRANCHES = Case(_BRANCHES, body=SLEEPS)
"""A branch that does not end."""
FAIL = {
    "an item": Case(_ITEMS, body=_ONE_FAILS),
    "an inline item": Case(_INLINE, body=_ONE_FAILS),
    "an item of an item": Case(_NESTED, body=_ONE_FAILS),
    "an item, twice": Case(_ITEMS, (_RETRY,), _ONE_FAILS),
    "a branch": Case(_BRANCHES, body="raise KeyError('x')"),
    "a killed branch": Case(_BRANCHES, (_RETRY,), _DIES),
    "a branch that takes too long": Case(_BRANCHES, (_AT_ONCE,), SLEEPS),
    "a switch without the case": Case(_SWITCH),
    "a loop that goes on for too long": Case(_LOOP.replace("LARGEST", "2")),
}
"""What ends a run."""
GO_ON = {
    "an item that is tried again": Case(_ITEMS, (_RETRY,), _ONCE_FAILS),
    "an item that is caught": Case(_ITEMS, (_CATCH,), _ONE_FAILS),
    "an item that is tried again, and caught": Case(_ITEMS, (_RETRY, _CATCH), _ONE_FAILS),
    "an inline item that is tried again, and caught": Case(_INLINE, (_RETRY, _CATCH), _ONE_FAILS),
    "an item of an item that is caught": Case(_NESTED, (_CATCH,), _ONE_FAILS),
    "a killed branch that is caught": Case(_BRANCHES, (_CATCH,), _DIES),
    "a branch that takes too long, and is caught": Case(_BRANCHES, (_AT_ONCE, _CATCH), SLEEPS),
    "a turn that is tried again": Case(_LOOP.replace("LARGEST", "5"), (_RETRY,), _TURN_FAILS),
}
"""What a run gets over."""


HOOKED = """
from flowc import *


def thank(run):
    print("thanks for", run.data.how)
    assert "hook" not in run.data.how


def apologise(run):
    print("sorry for", run["start"].task.data.how)
    assert "hook" not in run["start"].task.data.how


@exit_hook(on_success=[thank], on_error=[apologise])
class Hooked(FlowSpec):
    how = Parameter("how", default="")

    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        if "body" in self.how and self.input:
            raise ValueError("no item")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
"""A flow with exit hooks. By its parameter `how`: `a failing body`, `a failing hook`, both or neither."""


def without_ended(failures: Mapping[str, str]) -> dict[str, str]:
    """Failures of attempts but those that were ended since another task failed: how far they had come is chance."""
    return {where: why for where, why in failures.items() if not why.startswith("InterruptedError: was interrupted")}
