"""Flows of a size, as source: what `make bench` checks, and what must not take more than its share of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final


def _step(name: str, *body: str, joins: bool = False) -> str:
    """A step that reads and writes artifacts, as steps do."""
    lines = "\n".join(f"        {line}" for line in body)
    return f"    @step\n    def {name}(self{', inputs' if joins else ''}):\n{lines}\n\n"


def _work(number: int) -> tuple[str, ...]:
    """Statements that read what came before and write something of their own."""
    return (
        f"self.rows = [row + {number % 7} for row in self.rows if row != self.seed]",
        f"self.seed = (self.seed * 31 + {number}) % 97",
        f"self.kept_{number % 50} = len(self.rows)",
    )


_MERGE: Final = (
    "self.merge_artifacts(inputs, exclude=['rows', 'seed'])",
    "self.rows, self.seed = inputs[0].rows, inputs[0].seed",
)
_START: Final = ("self.rows = list(range(3))", "self.seed = 1", *(f"self.kept_{number} = 0" for number in range(50)))


def _flow(*steps: str, head: str = "") -> str:
    return f"from flowc import FlowSpec, retry, step\n{head}\n\nclass Sized(FlowSpec):\n{''.join(steps)}"


def line(count: int) -> str:
    """Steps one after the other."""
    names = ["start", *(f"step_{number}" for number in range(count - 2)), "end"]
    middle = (_step(names[number], *_work(number), f"self.next(self.{names[number + 1]})") for number in range(1, count - 1))
    return _flow(_step("start", *_START, f"self.next(self.{names[1]})"), *middle, _step("end", "print(self.rows)"))


def splits(count: int) -> str:
    """Two-way splits one after the other."""
    steps = [_step("start", *_START, "self.next(self.left_0, self.right_0)")]
    for number in range(count):
        onward = f"self.left_{number + 1}, self.right_{number + 1}" if number < count - 1 else "self.end"
        onward = ", ".join(f"self.{one.removeprefix('self.')}" for one in onward.split(", "))
        steps += [_step(f"{side}_{number}", *_work(number), f"self.next(self.join_{number})") for side in ("left", "right")]
        merge = f"self.merge_artifacts(inputs, exclude=['rows', 'seed', 'kept_{number % 50}'])"
        steps.append(_step(f"join_{number}", merge, *_MERGE[1:], f"self.next({onward})", joins=True))
    return _flow(*steps, _step("end", "print(self.seed)"))


def split(count: int) -> str:
    """One split."""
    steps = [_step("start", *_START, f"self.next({', '.join(f'self.branch_{number}' for number in range(count))})")]
    steps += [_step(f"branch_{number}", *_work(number), "self.next(self.join)") for number in range(count)]
    join = _step("join", "self.total = sum(one.seed for one in inputs)", "self.next(self.end)", joins=True)
    return _flow(*steps, join, _step("end", "print(self.total)"))


def foreach(depth: int) -> str:
    """Foreach inside of each other."""
    steps = [_step("start", *_START, "self.next(self.item_0, foreach='rows')")]
    for number in range(depth):
        last = number == depth - 1
        onward = f"self.next(self.join_{number})" if last else f"self.next(self.item_{number + 1}, foreach='rows')"
        steps.append(_step(f"item_{number}", "self.rows = [self.input, self.index]", f"self.seed = {number}", onward))
    for number in reversed(range(depth)):
        onward = f"self.join_{number - 1}" if number else "self.end"
        steps.append(_step(f"join_{number}", *_MERGE, f"self.next({onward})", joins=True))
    return _flow(*steps, _step("end", "print(self.rows)"))


def switches(count: int) -> str:
    """Switches one after the other, each of which also leads on past the next one."""
    names = ["start", *(f"step_{number}" for number in range(count - 1)), "last", "end"]
    steps = [_step("start", *_START, f"self.next({{0: self.{names[1]}, 1: self.{names[2]}}}, condition='seed')")]
    for number in range(1, count):
        cases = f"{{0: self.{names[number + 1]}, 1: self.{names[min(number + 2, count)]}}}"
        steps.append(_step(names[number], *_work(number), f"self.next({cases}, condition='seed')"))
    return _flow(*steps, _step("last", "self.next(self.end)"), _step("end", "print(self.rows)"))


def loops(count: int) -> str:
    """Loops one after the other."""
    names = ["start", *(f"turn_{number}" for number in range(count)), "end"]
    steps = [_step("start", *_START, "self.next(self.turn_0)")]
    for number in range(count):
        name, onward = names[number + 1], names[number + 2]
        steps.append(_step(name, *_work(number), f"self.next({{0: self.{onward}, 1: self.{name}}}, condition='seed')"))
    return _flow(*steps, _step("end", "print(self.rows)"))


def statements(count: int) -> str:
    """Statements of one step, nested a little, and calls of methods that read and write too."""
    body = [text for number in range(count) for text in (f"if self.seed > {number}:", f"    self.note({number})", *_work(number))]
    note = "    def note(self, number):\n        self.noted = number + self.seed\n\n"
    return _flow(
        note,
        _step("start", *_START, "self.noted = 0", *body, "self.next(self.end)"),
        _step("end", "print(self.rows, self.noted)"),
    )


SOUND: Final[Mapping[str, tuple[Callable[[int], str], tuple[int, int, int]]]] = {
    "steps in a line": (line, (1250, 2500, 5000)),
    "branches of a split": (split, (250, 500, 1000)),
    "two-way splits in a line": (splits, (16, 32, 64)),
    "foreach in each other": (foreach, (3, 6, 12)),
    "switches in a line": (switches, (250, 500, 1000)),
    "loops in a line": (loops, (250, 500, 1000)),
    "statements of a step": (statements, (500, 1000, 2000)),
}
"""What is measured, with the sizes: each twice the one before."""


def misspelt(count: int) -> str:
    """Steps that are each led to by a name that is not quite theirs."""
    return line(count).replace("self.next(self.step_", "self.next(self.stepp_")


def strangers(count: int) -> str:
    """Steps that are each led to by a name like no other."""
    return line(count).replace("self.next(self.step_", "self.next(self.quux_")


def unreached(count: int) -> str:
    """Steps that nothing leads to, and that lead to each other."""
    return line(count).replace("self.next(self.step_0)", "self.next(self.end)", 1)


def apart(count: int) -> str:
    """Steps that nothing leads to, each by itself."""
    steps = (_step(f"step_{number}", *_work(number), "self.next(self.end)") for number in range(count))
    return _flow(_step("start", "self.next(self.end)"), *steps, _step("end", "pass"))


def meetings(count: int) -> str:
    """Branches that meet in steps without `inputs`."""
    return splits(count).replace(", inputs):", "):")


def endless(count: int) -> str:
    """Steps without a `self.next`."""
    return line(count).replace("        self.next(self.step_", "        print(self.rows, self.seed_")


def misdecorated(count: int) -> str:
    """Decorators with an argument that there is not."""
    return line(count).replace("    @step\n", "    @retry(tmies=3)\n    @step\n")


def doubled(count: int) -> str:
    """Steps of one name."""
    return _flow(
        _step("start", "self.next(self.a)"), *(_step("a", "self.next(self.end)") for _ in range(count)), _step("end", "pass")
    )


def unset(count: int) -> str:
    """Steps that each read an artifact of their own that nothing sets."""
    names = ["start", *(f"step_{number}" for number in range(count - 1))]
    steps = (
        _step(name, f"self.made_{number} = self.lost_{number}", f"self.next(self.{after})")
        for number, (name, after) in enumerate(zip(names, [*names[1:], "end"], strict=True))
    )
    return _flow(*steps, _step("end", "pass"))


def partly(count: int) -> str:
    """Artifacts that are each set in one case only, and used far away."""
    first = [f"if self.seed > {number}: self.part_{number} = {number}" for number in range(count)]
    names = [f"step_{number}" for number in range(count)]
    steps = (
        _step(name, f"print(self.part_{number})", f"self.next(self.{after})")
        for number, (name, after) in enumerate(zip(names, [*names[1:], "end"], strict=True))
    )
    return _flow(_step("start", *_START, *first, "self.next(self.step_0)"), *steps, _step("end", "pass"))


def lost(count: int) -> str:
    """Artifacts that a join does not hand on, each used in a step of its own."""
    first = [f"self.part_{number} = {number}" for number in range(count)]
    names = [f"step_{number}" for number in range(count)]
    steps = (
        _step(name, f"print(self.part_{number})", f"self.next(self.{after})")
        for number, (name, after) in enumerate(zip(names, [*names[1:], "end"], strict=True))
    )
    split = [_step(name, "self.next(self.join)") for name in ("left", "right")]
    start = _step("start", *_START, *first, "self.next(self.left, self.right)")
    return _flow(start, *split, _step("join", "self.next(self.step_0)", joins=True), *steps, _step("end", "pass"))


def onward(count: int) -> str:
    """A step that may go on in many places, and then does something else."""
    ways = [text for number in range(count) for text in (f"if self.seed > {number}:", "    self.next(self.end)", "print()")]
    return _flow(_step("start", *_START, *ways, "self.next(self.end)"), _step("end", "pass"))


def wide(count: int) -> str:
    """A line of source with as many faults."""
    names = ", ".join(f"self.lost_{number}" for number in range(count))
    return _flow(_step("start", f"print({names})", "self.next(self.end)"), _step("end", "pass"))


FAULTY: Final[Mapping[str, tuple[Callable[[int], str], tuple[int, int, int]]]] = {
    "misspelt steps": (misspelt, (500, 1000, 2000)),
    "steps that there are not": (strangers, (500, 1000, 2000)),
    "a line that nothing leads to": (unreached, (500, 1000, 2000)),
    "steps that nothing leads to": (apart, (500, 1000, 2000)),
    "branches that meet too early": (meetings, (200, 400, 800)),
    "steps without a way on": (endless, (500, 1000, 2000)),
    "misspelt arguments": (misdecorated, (500, 1000, 2000)),
    "steps of one name": (doubled, (500, 1000, 2000)),
    "artifacts never set": (unset, (500, 1000, 2000)),
    "artifacts set in some cases": (partly, (500, 1000, 2000)),
    "artifacts lost at a join": (lost, (500, 1000, 2000)),
    "ways on of one step": (onward, (500, 1000, 2000)),
    "faults on one line": (wide, (500, 1000, 2000)),
}
"""The same for flows with that many mistakes."""
