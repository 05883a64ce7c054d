"""Random flows that set, read, delete and merge artifacts at random: what the compiler says of them holds in a run.

Where it finds nothing, no task misses an artifact, whatever is chosen; and where it says that nothing sets an artifact, or that a
join does not hand it on, the task that reads it fails.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from unittest import mock

from graphs import Shape, dice, roll, shapes, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.compiler import Source, pipeline
from flowc.compiler.plan import plan_of
from flowc.runtime.failure import Failure
from flowc.runtime.local.tree import Walk
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import parse_plan
from flowc.runtime.store import LocalStore
from flowc.runtime.tasks.task import execute

NAMES = "abcd"
SET = ("self.{0} = 1", "self.{0} = 1", "if self.index: self.{0} = 1", "self.helper_{0}()", "setattr(self, '{0}', 1)")
USE = ("print(self.{0})", "print(self.{0})", "self.{0} += 0", "f'{{self.{0}}}'", "del self.{0}", "print(self.prop_{0})")
ASK = ("print(getattr(self, '{0}', 0))", "if hasattr(self, 'asked'): print(self.asked)")
HELPER = "    def helper_{0}(self):\n        self.{0} = 1\n    @property\n    def prop_{0}(self):\n        return self.{0}\n"
HELPERS = "".join(HELPER.format(name) for name in NAMES)


def with_data(text: str, chance: random.Random) -> str:
    """A random graph's source, each of its steps with random statements before it decides where it goes."""
    lines: list[str] = []
    joins = False
    for line in text.splitlines():
        if line.lstrip().startswith("def "):
            joins = "inputs" in line
        if "self.kind = " not in line:
            lines.append(line)
            continue
        statements = [
            chance.choice(kind).format(chance.choice(NAMES))
            for kind in chance.choices((SET, USE, ASK), weights=(5, 3, 1), k=chance.randrange(4))
        ]
        if joins and chance.random() < 0.7:
            exclude = ["items", "kind", *chance.choice(("", "", NAMES[0], NAMES[1:3]))]
            statements.insert(chance.randrange(len(statements) + 1), f"self.merge_artifacts(inputs, exclude={exclude})")
        lines += [f"        {one}" for one in (*statements, "self.items, self.kind = decide()")]
    return "\n".join(lines) + "\n" + HELPERS


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(shapes, st.randoms(use_true_random=False))
def test_what_is_said_holds(shape: list[Shape], chance: random.Random) -> None:
    text = with_data(source(shape), chance)
    with mock.patch.object(pipeline, "has_errors", lambda found: any(not one.rule.judgement for one in found)):
        compiled = pipeline.compile_source(Source("flow.py", text))
    assert compiled.flow is not None, (compiled.diagnostics, text)
    plan = parse_plan(plan_of(compiled.flow))
    judged = [one for one in compiled.diagnostics if one.rule.judgement]
    doomed = {one.primary.span.line for one in judged if one.rule.name in ("artifact-never-set", "artifact-lost-at-join")}
    doomed = {line for line in doomed if line < text.count("\n") - HELPERS.count("\n")}  # helpers serve several steps

    at: list[TaskId] = []

    def decide() -> tuple[list[int], Any]:
        step, path = at[-1].step, at[-1].path
        return list(range(1 + dice(path, step, 3))), roll(plan.steps[step], path)

    names: dict[str, Any] = {"decide": decide, "print": lambda *_: None}
    exec(compile(text, "flow.py", "exec"), names)
    with tempfile.TemporaryDirectory() as folder, lines_run() as run:
        store, walk = LocalStore(folder), Walk(plan)
        failure: Failure | None = None
        while failure is None and (task := walk.take()) is not None:
            at.append(TaskId("1", *task))
            done = execute(plan, names["Random"], store, at[-1], 0)
            if isinstance(done, Failure):
                failure = done
            else:
                assert run.isdisjoint(doomed), (text, doomed, at[-1])
                walk.end(task, done.chose, done.cardinality)
    if failure is not None:
        found = re.search(r"self\.([a-d])`|attribute '([a-d])'", failure.message)
        assert found, failure
        name = found[1] or found[2]
        # Nothing is claimed of what some cases set, where the flow itself asks whether it is there.
        asked = f"getattr(self, '{name}'" in text
        told = any(f"`self.{name}`" in one.message or f"`{name}`" in one.message for one in judged)
        assert told or asked, failure.message + text


@contextmanager
def lines_run() -> Iterator[set[int]]:
    """The lines of the flow that run meanwhile."""
    run: set[int] = set()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != "flow.py":
            return None
        if event == "line":
            run.add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield run
    finally:
        sys.settrace(before)
