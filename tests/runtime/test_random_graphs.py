"""Random graphs: the walker runs the tasks that the tree says, and each task finds its predecessors by itself.

The oracle hands values along the region tree; the runtime knows only the plan, the task's path and the store.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from dataclasses import replace
from typing import Any

from graphs import Shape, dice, roll, shapes, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.compiler import Source, compile_source
from flowc.compiler.plan import plan_of
from flowc.runtime.failure import Failure
from flowc.runtime.local.tree import Walk
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import (
    Arrival,
    Block,
    Decorator,
    ForeachScope,
    ForeachStage,
    LoopStage,
    ParallelStage,
    Plan,
    TaskStage,
    parse_plan,
)
from flowc.runtime.store import LocalStore
from flowc.runtime.tasks.task import execute

# The functions in the flow's text, by which its steps decide and say where they have been.
PRELUDE = """
def visit(self, inputs=None):
    step, path = self._flowc.step, self._flowc.task.path
    self.trail = [task.trail for task in inputs] if inputs is not None else getattr(self, "trail", [])
    self.trail = [*self.trail, (step.name, path)]
    self.items, self.kind = list(range(dice(path, step.name, 4))), roll(step, path)
"""


class Oracle:
    """Runs the tree with values in its hands: what the trail of each task must be."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.trails: dict[tuple[str, str], list[Any]] = {}
        self.block(plan.body, (), [])

    def block(self, block: Block, path: tuple[str, ...], value: Any, again: tuple[Arrival, ...] = ()) -> tuple[Arrival, Any]:
        values: dict[Arrival, Any] = {}
        for stage in block.stages:
            came = [arrival for arrival in values if arrival in stage.after]
            if came or not stage.after:
                key, result = self.stage(stage, path, values[came[0]] if came else value)
                values[Arrival(stage.name, key)] = result
        (over,) = [arrival for arrival in values if arrival in (*block.exits, *again)]
        return over, values[over]

    def stage(self, stage: Any, path: tuple[str, ...], value: Any) -> tuple[str | None, Any]:
        match stage:
            case TaskStage():
                text = ".".join(path) or "-"
                trail = self.trails[stage.name, text] = [*value, (stage.name, text)]
                step = self.plan.steps[stage.name]
                if len(step.edges) < 2:
                    return None, trail
                wanted = roll(step, text)
                if len(step.arms) > 1:  # one edge for each arm of the `if`, in the order written
                    return step.edges[wanted].key, trail
                return next(target for arm in step.arms for case, target in arm.cases if case == wanted), trail
            case ParallelStage():
                return None, [self.block(branch, path, value)[1] for branch in stage.branches]
            case ForeachStage():
                count = dice(".".join(path) or "-", stage.split, 4)
                return None, [self.block(stage.body, (*path, str(index)), value)[1] for index in range(count)]
            case LoopStage():
                for turn in itertools.count():
                    over, value = self.block(stage.body, (*path, f"~{turn}"), value, stage.again)
                    if over not in stage.again:
                        return (over.key if stage.ways else None), value
        raise AssertionError(stage)


def limited(plan: Plan, chance: random.Random) -> tuple[Plan, dict[str, int]]:
    """The plan with `@foreach(max_concurrency=…)` on some of its steps, and those limits."""
    most = {name: chance.randrange(1, 4) for name in plan.steps if chance.random() < 0.5}
    steps = {
        name: replace(step, decorators=(Decorator("foreach", {"max_concurrency": most[name]}),)) if name in most else step
        for name, step in plan.steps.items()
    }
    return replace(plan, steps=steps), most


def items_of(plan: Plan, tasks: list[tuple[str, str]]) -> dict[tuple[str, tuple[str, ...]], set[str]]:
    """The indices that tasks belong to, by the foreach: its split, and the path of that."""
    found: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for step, text in tasks:
        path = () if text == "-" else tuple(text.split("."))
        for depth, scope in enumerate(plan.steps[step].scopes):
            if isinstance(scope, ForeachScope):
                found.setdefault((scope.split, path[:depth]), set()).add(path[depth])
    return found


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(shapes, st.randoms(use_true_random=False))
def test_every_task_finds_what_it_starts_from(shape: list[Shape], chance: random.Random) -> None:
    text = source(shape)
    compiled = compile_source(Source("flow.py", text))
    assert compiled.flow is not None, compiled.diagnostics
    plan, most = limited(parse_plan(plan_of(compiled.flow)), chance)
    expected = Oracle(plan).trails

    lines = []
    for line in text.splitlines():
        if "self.kind = " in line:
            continue  # `visit` sets them
        lines.append(line)
        if line.lstrip().startswith("def "):
            lines.append(f"        visit(self{', inputs' if 'inputs' in line else ''})")
    names: dict[str, Any] = {"dice": dice, "roll": roll}
    exec(PRELUDE + "\n".join(lines), names)

    with tempfile.TemporaryDirectory() as folder:
        store, walk, found = LocalStore(folder), Walk(plan), {}
        ready: list[tuple[str, str]] = []
        while True:
            while len(ready) < 4 and (task := walk.take()) is not None:
                ready.append(task)
            for (split, _), indices in items_of(plan, ready).items():
                assert len(indices) <= most.get(split, 4)
            if not ready:
                break
            step, path = ready.pop(chance.randrange(len(ready)))
            done = execute(plan, names["Random"], store, TaskId("1", step, path), 0)
            assert not isinstance(done, Failure), done
            assert (step, path) not in found
            found[step, path] = done
            walk.end((step, path), done.chose, done.cardinality)
        assert walk.over
        assert set(found) == set(expected)
        end = execute_end(plan, names["Random"], store)
        assert end == expected["end", "-"]


def execute_end(plan: Plan, flow_class: Any, store: LocalStore) -> Any:
    from flowc.runtime.artifacts import Artifacts
    from flowc.runtime.records.manifest import read_manifest

    manifest = read_manifest(store, plan.flow, TaskId("1", "end", "-"))
    assert manifest is not None
    return Artifacts(store, plan.flow, "1").load("trail", manifest.artifacts["trail"])


def test_a_wide_foreach_holds_no_more_than_its_workers() -> None:
    import tracemalloc

    body = {"stages": [{"kind": "task", "name": "work", "after": []}], "exits": [{"stage": "work", "key": None}]}
    stages = [
        {"kind": "task", "name": "start", "after": []},
        {"kind": "foreach", "name": "each", "after": [{"stage": "start", "key": None}], "split": "start", "body": body},
    ]
    document = {"format": 2, "flow": "F", "file": "f.py", "start": "start", "parameters": [], "configs": []}
    step = {"joins": False, "scopes": [], "arms": [], "edges": [], "before": [], "joined": [], "decorators": [], "code": ""}
    document |= {"absent": [], "decorators": [], "steps": {"start": step | {"reads": None, "takes": None}}}
    plan = parse_plan({**document, "body": {"stages": stages, "exits": [{"stage": "each", "key": None}]}})
    walk = Walk(plan)
    assert walk.take() == ("start", "-")
    assert walk.take() is None
    walk.end(("start", "-"), None, 1_000_000)
    tracemalloc.start()
    try:
        for turn in range(1000):
            some = [walk.take() for _ in range(16)]
            assert some[0] == ("work", str(16 * turn))
            for one in some:
                assert one is not None
                walk.end(one, None, None)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
