"""Argo's DAGs stay within their limit for flows that are long, wide or deep, and keep their meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from conftest import documents
from evaluators import Outcome, Runner, argo, tasks, tree
from validators import argo as validator
from validators import tools
from validators.argo_dangling import dangling

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.edges import edges_of
from flowc.compiler.ir.nodes import Fanout, Flow


def step(name: str, body: str, *, joins: bool = False) -> str:
    return f"    @step\n    def {name}(self{', inputs' if joins else ''}):\n        {body}\n"


def flow(*steps: str) -> Flow:
    text = "from flowc import FlowSpec, step\nclass Large(FlowSpec):\n    k = [1]\n" + "".join(steps) + step("end", "pass")
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, done.diagnostics
    return done.flow


def chain(count: int) -> Flow:
    names = ["start", *(f"s{number}" for number in range(count)), "end"]
    return flow(*(step(one, f"self.next(self.{other})") for one, other in pairwise(names)))


def split(count: int, body: str) -> Flow:
    """A split of so many branches, each with a body for its first step; `fix` is one more step of each."""
    names = [f"b{number}" for number in range(count)]
    branches = (step(name, body.format(name)) + step(f"{name}_fix", "self.next(self.join)") for name in names)
    return flow(
        step("start", f"self.next({', '.join(f'self.{name}' for name in names)})"),
        *branches,
        step("join", "self.next(self.end)", joins=True),
    )


def nested(depth: int) -> Flow:
    opened = (
        step("start" if not n else f"a{n}", f"self.next(self.a{n + 1}, self.b{n + 1})")
        + step(f"b{n + 1}", f"self.next(self.j{n})")
        for n in range(depth)
    )
    closed = (step(f"j{n}", f"self.next(self.{f'j{n - 1}' if n else 'end'})", joins=True) for n in reversed(range(depth)))
    return flow(*opened, step(f"a{depth}", f"self.next(self.j{depth - 1})"), *closed)


def early_exits(count: int) -> Flow:
    names = ["start", *(f"s{number}" for number in range(count)), "last"]
    choices = (step(one, f"self.next({{1: self.{other}, 2: self.end}}, condition='k')") for one, other in pairwise(names))
    return flow(*choices, step("last", "self.next(self.end)"))


def foreaches(count: int, depth: int) -> Flow:
    """So many foreach one after the other, each of so many inside each other around two steps."""
    steps = []
    for n in range(count):
        for level in range(depth):
            goes = f"self.next(self.{f'a{n}_{level + 1}' if level + 1 < depth else f'b{n}'}, foreach='k')"
            steps.append(step(f"a{n}_{level}" if n or level else "start", goes, joins=level == 0 and n > 0))
        ends = [f"b{n}", f"c{n}", *(f"j{n}_{level}" for level in range(depth - 1)), f"a{n + 1}_0"]
        steps += [step(one, f"self.next(self.{other})", joins=one[0] == "j") for one, other in pairwise(ends)]
    return flow(*steps, step(f"a{count}_0", "self.next(self.end)", joins=True))


CONDITIONAL = "self.next({{1: self.{0}_fix, 2: self.join}}, condition='k')"
LARGE: Mapping[str, Callable[[], Flow]] = {
    "a chain of 1,000": lambda: chain(1000),
    "a split of 1,000": lambda: split(500, "self.next(self.{}_fix)"),
    "conditional ends of 25 branches": lambda: split(25, CONDITIONAL),
    "conditional ends of 80 branches": lambda: split(80, CONDITIONAL),
    "conditional ends of 300 branches": lambda: split(300, CONDITIONAL),
    "splits 35 deep": lambda: nested(35),
    "80 early exits": lambda: early_exits(80),
    "666 foreaches of two steps": lambda: foreaches(666, 1),
    "150 foreaches inside each other": lambda: foreaches(150, 2),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE.keys())
def test_large_flows_keep_within_limits_and_meaning(make: Callable[[], Flow]) -> None:
    made = make()
    manifest = yaml.safe_load(documents(made, "argo")[0].text)
    assert dangling(manifest) == []
    ran: list[Counter[tuple[str, str]]] = []
    for run in (tree.run, lambda _, runner: argo.run(manifest, tasks(runner))):
        count, runner = recorder(made)
        run(made, runner)
        ran.append(count)
    assert ran[0] == ran[1]


@pytest.mark.parametrize("version", validator.VERSIONS)
def test_argo_accepts_large_flows(version: str, tmp_path: Path) -> None:
    tools.demand(validator.missing())
    files = []
    for number, make in enumerate(LARGE.values()):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(documents(make(), "argo")[0].text.replace("name: large\n", f"name: large-{number}\n", 1))
    assert validator.validate(files, version) == []


def recorder(made: Flow) -> tuple[Counter[tuple[str, str]], Runner]:
    steps = {one.name: one for one in made.steps}
    count: Counter[tuple[str, str]] = Counter()

    def run(name: str, path: str, attempt: int) -> Outcome:
        count[name, path] += 1
        edges = edges_of(steps[name])
        edge = edges[len(name) % len(edges)] if edges else None
        return Outcome(edge.key if edge else None, 1 if edge and isinstance(edge.arm, Fanout) else None)

    return count, run


def test_a_chain_that_cannot_be_cut_is_refused() -> None:
    from flowc.compiler.diagnostics.model import Report
    from flowc.targets import load
    from flowc.targets.options import Options

    report = Report()
    load("argo")(early_exits(300), Options(), report)
    assert [one.rule.code for one in report.sorted()] == ["FC601"]
