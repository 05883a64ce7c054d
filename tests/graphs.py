"""Random flows: the shapes of the flow language put together at random, as source."""

from __future__ import annotations

import hashlib
import inspect
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from hypothesis import strategies as st

from flowc.compiler.ir.nodes import Constant, Decorator, Fanout, Flow
from flowc.runtime import paths
from flowc.runtime.plan import Step

Shape: TypeAlias = "tuple[str, list[list[Shape]]]"
"""A kind of region and the chains of shapes inside it."""


def _inside(inner: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    chain = st.lists(inner, min_size=1, max_size=3)
    arm = st.lists(inner, max_size=2)
    return st.one_of(
        st.tuples(st.just("split"), st.lists(chain, min_size=2, max_size=3)),
        st.tuples(st.just("foreach"), st.lists(chain, min_size=1, max_size=1)),
        st.tuples(st.just("switch"), st.lists(arm, min_size=2, max_size=3)),
        st.tuples(st.just("loop"), st.lists(arm, min_size=1, max_size=1)),
        st.tuples(st.just("exits"), st.lists(arm, min_size=3, max_size=3)),
        st.tuples(st.just("arms"), st.lists(chain, min_size=4, max_size=4)),
    )


shapes = st.lists(st.recursive(st.just(("step", [])), _inside, max_leaves=8), min_size=1, max_size=4)
"""Chains of shapes, nested a few levels deep."""


@dataclass
class Draft:
    """A flow being written: its steps by number, each with what it says.

    Attributes:
        turns: How many its loops may take, as they say; None: they say nothing.
    """

    turns: int | None = None
    bodies: dict[int, tuple[bool, str]] = field(default_factory=dict)

    def add(self, body: str = "", *, joins: bool = False) -> int:
        number = len(self.bodies)
        self.bodies[number] = (joins, body)
        return number

    def chain(self, shapes: Sequence[Shape], after: int) -> int:
        """Write a chain that goes on to step `after`; returns its first step."""
        for kind, inner in reversed(shapes):
            after = self.shape(kind, inner, after)
        return after

    def shape(self, kind: str, inner: list[list[Shape]], after: int) -> int:
        match kind:
            case "step":
                return self.add(f"self.next(self.<{after}>)")
            case "split" | "foreach":
                join = self.add(f"self.next(self.<{after}>)", joins=True)
                firsts = [self.chain(branch, join) for branch in inner]
                if kind == "foreach":
                    return self.add(f"self.next(self.<{firsts[0]}>, foreach='items')")
                return self.add(f"self.next({', '.join(f'self.<{first}>' for first in firsts)})")
            case "switch":
                return self.add(self.switch([self.chain(arm, after) for arm in inner]))
            case "loop":
                header, latch = self.add(), self.add()
                self.bodies[header] = (False, f"self.next(self.<{self.chain(inner[0], latch)}>)")
                self.bodies[latch] = (False, self.switch([header, after], self.turns))
                return header
            case "arms":  # an `if` of which one arm goes on, one splits, and one is a foreach
                joins = [self.add(f"self.next(self.<{after}>)", joins=True) for _ in "ab"]
                plain = self.chain(inner[0], after)
                left, right = (self.chain(branch, joins[0]) for branch in inner[1:3])
                each = self.chain(inner[3], joins[1])
                calls = (f"self.<{plain}>", f"self.<{left}>, self.<{right}>", f"self.<{each}>, foreach='items'")
                heads = ("if self.kind == 0:", "elif self.kind == 1:", "else:")
                lines = (f"{head}  # one case\n            self.next({call})" for head, call in zip(heads, calls, strict=True))
                return self.add("\n        ".join(lines))
            case _:  # a loop of a switch in its middle, left to two places
                header, latch = self.add(), self.add()
                left = self.chain(inner[1], after)
                self.bodies[header] = (False, self.switch([self.chain(inner[0], latch), left]))
                self.bodies[latch] = (False, self.switch([header, self.chain(inner[2], after)], self.turns))
                return header

    def switch(self, targets: list[int], turns: int | None = None) -> str:
        cases = ", ".join(f"{position}: self.<{target}>" for position, target in enumerate(targets))
        bound = "" if turns is None else f", max_iterations={turns}"
        return f"self.next({{{cases}}}, condition='kind'{bound})"


LIVING = """
    before = [self] if inputs is None else inputs
    history = [task for one in before for task in getattr(one, "history", [])]
    self.history = [*history, (current.step_name, current.task_id)]
    self.items = list(range(dice(current.task_id, current.step_name, 4)))
    self.kind = choice(current.step_name, current.task_id, cases)
"""
"""What a step does that notes how it was reached, and decides by dice."""


def source(
    shapes: Sequence[Shape],
    name: Callable[[int], str] = "s{}".format,
    order: Sequence[int] | None = None,
    *,
    living: bool = False,
    turns: int | None = None,
) -> str:
    """The flow as source text, its steps named by `name` and written in `order`; `living` steps can run. Its loops are bounded by
    `turns`."""
    draft = Draft(turns)
    end = draft.add()
    first = draft.chain(shapes, end)
    start = draft.add(f"self.next(self.<{first}>)")
    names = {number: name(number) for number in draft.bodies} | {start: "start", end: "end"}
    lines = ["from flowc import FlowSpec, current, step"]
    if living:
        lines += ["import hashlib", inspect.getsource(dice), inspect.getsource(choice), "def live(self, inputs, cases):" + LIVING]
    lines += ["class Random(FlowSpec):"]
    numbers = sorted(draft.bodies)
    if order is not None:
        numbers = [numbers[position % len(numbers)] for position in order]
        numbers = [*dict.fromkeys(numbers), *(number for number in sorted(draft.bodies) if number not in numbers)]
    for number in numbers:
        joins, body = draft.bodies[number]
        for other in names:
            body = body.replace(f"<{other}>", names[other])
        lines += ["    @step", f"    def {names[number]}(self{', inputs' if joins else ''}):"]
        if living:  # each case is written with a colon and a blank, and nothing else is
            lines.append(f"        live(self, {'inputs' if joins else None}, {body.count(': ')})")
        else:
            lines.append("        self.items, self.kind = [], 0")
        lines.append(f"        {body or 'pass'}")
    return "\n".join(lines) + "\n"


NAMES = (
    # words of the languages that Argo reads names in, names of templates and of what a task has
    *("let", "matches", "contains", "startsWith", "endsWith", "nil", "true", "false", "item", "tasks", "workflow", "outputs"),
    *("main", "task", "gate", "run_exit", "hook", "over", "success", "status", "Succeeded", "Skipped", "path", "turn", "count"),
    # alike but for what a platform may not tell apart, and beginnings of each other
    *("a", "A", "aa", "aA", "Aa", "a_a", "a__a", "_a", "a_", "_a_", "a1", "a_1", "a1_", "A_1", "a_a_a", "aa_a", "a_aa"),
    *("a_each", "a_split", "a_loop", "a_part", "a_gate", "a_again", "a_few", "a_0d95fb31", "a0d95fb31", "each", "split", "loop"),
    # what YAML takes for something else, sorts first or last, or is written in other alphabets
    *("n", "y", "on", "off", "yes", "no", "null", "e1", "zz", "ZZ", "Z", "zzz_first", "aaa_last", "é", "ß", "中", "ñandú", "Ω_2"),
    "x" * 90,
    "x" * 91,
)
"""Names that a compiler may trip over."""


def unlucky(chance: random.Random) -> Callable[[int], str]:
    """Names for steps by their number, such as nobody would choose."""
    names = chance.sample(NAMES, k=len(NAMES))
    return lambda number: names[number] if number < len(names) else f"s{number}"


def dice(step: str, path: str, sides: int) -> int:
    """A number below `sides` that depends on nothing but the task."""
    return int(hashlib.sha256(f"{step}/{path}".encode()).hexdigest(), 16) % sides


def choice(step: str, path: str, cases: int) -> int:
    """Which case of a switch a task takes: by dice, but late turns of a loop take the last one, which leads out."""
    late = any(int(part[1:]) > 2 for part in path.split(".") if part.startswith("~"))
    return cases - 1 if late or not cases else dice(step, path, cases)


def roll(step: Step, path: str) -> Any:
    """The value by which a step's switch or `if` decides; late turns lead out, so that every loop ends."""
    if len(step.arms) > 1:
        return dice(step.name, path, len(step.arms))
    cases = next((arm.cases for arm in step.arms if arm.kind == "switch"), ((None, ""),))
    late = max((paths.number(part) for part in paths.parse(path) if part.startswith("~")), default=0) > 2
    return cases[-1 if late else dice(step.name, path, len(cases))][0]


def with_modes(flow: Flow, said: Mapping[str, Constant]) -> Flow:
    """The same with `@foreach(…)` on each step that fans out."""
    decorator = Decorator(name="foreach", arguments=tuple(said.items()), span=flow.span)
    return replace(
        flow,
        steps=tuple(
            replace(one, decorators=(*one.decorators, decorator)) if any(isinstance(arm, Fanout) for arm in one.arms) else one
            for one in flow.steps
        ),
    )
