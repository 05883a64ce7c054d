"""Properties of every graph: all targets mean what the tree means, and names and order change nothing but names."""

from __future__ import annotations

import json
import random
from collections import Counter

import yaml
from conftest import documents
from evaluators import Outcome, Runner, argo, asl, tree
from flowc.compiler import Source, compile_source
from flowc.compiler.ir.edges import edges_of
from flowc.compiler.ir.nodes import Fanout, Flow
from flowc.compiler.ir.printer import print_flow
from flowc.compiler.ir.verify import verify
from graphs import Shape, dice, shapes, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from validators.argo_dangling import dangling as argo_dangling
from validators.asl_dangling import dangling as asl_dangling

many = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def compiled(text: str) -> Flow:
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, (done.diagnostics, text)
    assert verify(done.flow) == []
    return done.flow


def recorder(flow: Flow) -> tuple[Counter[tuple[str, str]], Runner]:
    """A runner that decides by dice, and counts the tasks that it ran."""
    ran: Counter[tuple[str, str]] = Counter()
    steps = {step.name: step for step in flow.steps}

    def run(step: str, path: str, attempt: int) -> Outcome:
        ran[step, path] += 1
        edges = edges_of(steps[step])
        # Late turns lead out, so that every loop ends.
        late = max((int(part[1:]) for part in path.split(".") if part.startswith("~")), default=0) > 2
        chosen = edges[-1 if late else dice(step, path, len(edges))] if edges else None
        fans = chosen is not None and isinstance(chosen.arm, Fanout)
        return Outcome(chosen.key if chosen else None, dice(path, step, 4) if fans else None)

    return ran, run


@many
@given(shapes)
def test_targets_run_the_same_tasks_as_the_tree(shape: list[Shape]) -> None:
    flow = compiled(source(shape))
    expected, runner = recorder(flow)
    tree.run(flow, runner)
    assert max(expected.values()) == 1

    manifest = yaml.safe_load(documents(flow, "argo")[0].text)
    assert argo_dangling(manifest) == []
    ran, runner = recorder(flow)
    argo.run(manifest, runner)
    assert ran == expected

    definition = json.loads(documents(flow, "sfn")[0].text)
    assert asl_dangling(definition) == []
    ran, runner = recorder(flow)
    asl.run(definition, runner)
    assert ran == expected


@many
@given(shapes, st.randoms(use_true_random=False))
def test_names_and_order_change_names_only(shape: list[Shape], chance: random.Random) -> None:
    before = source(shape)
    count = before.count("@step")
    letters = [f"{letter}{other}" for letter in "zyxabcqm" for other in "qwertyuiopasdfghjk"]
    chance.shuffle(letters)
    order = list(range(count))
    chance.shuffle(order)
    # Names of one length in which no other occurs, so that they can be put back in the output's text.
    one = compiled(source(shape, "Sx{:03d}x".format))
    other = compiled(source(shape, lambda number: f"{letters[number]}{number:03d}x", order))

    def back(text: str) -> str:
        for number in range(count):
            text = text.replace(f"{letters[number]}{number:03d}x", f"Sx{number:03d}x")
        return text

    assert back(print_flow(other)) == print_flow(one)
    for target in ("argo", "sfn"):
        for mine, its in zip(documents(one, target), documents(other, target), strict=True):
            assert back(its.text) == mine.text
