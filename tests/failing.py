"""Random flows that fail, and what must come of them wherever they run.

    flow = data.draw(flows())
    flow.text          its source: tasks are tried again, are caught, or fail for good, by dice that know nothing but the task
    flow.fatal         the tasks that fail the run, of all that it can get to
    flow.histories     for each task that can run all that come before it
    faults_of(flow, result), disagreements(flow, here, there)

Nothing of it depends on time, but this: which neighbours of a failing task were still begun, and which of them got to their end.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluators import Outcome, Runner, TaskFailed, tree
from graphs import Shape, choice, dice, source, unlucky
from hypothesis import strategies as st

from flowc.compiler import Source, compile_source
from flowc.compiler.ir.edges import edges_of
from flowc.compiler.ir.nodes import Fanout, Flow, Step, Switch

DEPTH = 4
"""How deep regions are nested at the most."""
REGIONS = 6
"""How many there are at the most."""
TASKS = 14
"""How many tasks a run may have, so that many runs are cheap."""

ACT = '''
TEXT = "$(x) `y` {{z}} $.a ${B} 'q' \\"ü☃\\" \\\\"


def act(self):
    """What a step does beyond living: it notes what it was given, and fails where it is to."""
    step, path = here = (current.step_name, current.task_id)
    self.given = (getattr(self, "index", None), getattr(self, "input", None))
    self.failed = str(getattr(self, "failure", None))
    self.items = [(number, TEXT) for number in self.items]
    again = step in RETRIED and current.retry_count < dice(step, path, 3)
    if not (here in FATAL or again or (step in CAUGHT and dice(path, step, 2))):
        return
    match WAYS[step]:
        case "kind":
            self.kind = 99
        case "items":
            self.items = None
        case "exit":
            sys.exit(f"{TEXT} out of {here}")
        case "vanish":
            os._exit(7)
        case _:
            raise ValueError(f"{TEXT} in {here}")
'''


@dataclass(frozen=True)
class Failing:
    """A flow that fails here and there.

    Attributes:
        text: Its source.
        flow: The same, compiled.
        fatal: The tasks that fail the run.
        histories: All tasks that run if none of those fail, each with the tasks that lead there, itself the last.
        awaited: The same with all that each waits for: those before a foreach over nothing do not lead anywhere.
        depth: How deep its regions are nested.
    """

    text: str
    flow: Flow
    fatal: frozenset[str]
    histories: Mapping[str, frozenset[str]]
    awaited: Mapping[str, frozenset[str]]
    depth: int

    def says(self, word: str) -> bool:
        """Whether its source has this in it."""
        return word in self.text


@dataclass(frozen=True)
class Result:
    """What a run left.

    Attributes:
        ok: Whether it came to its end.
        told: What it said of how it ended, for people.
        kept: By `step/path`: what each task left.
        failures: By `step/path`, then by number: why attempts failed.
    """

    ok: bool
    told: str
    kept: Mapping[str, object]
    failures: Mapping[str, Mapping[int, str]]


_CHAINS = {"split": (2, 1), "foreach": (1, 1), "switch": (2, 0), "loop": (1, 0), "exits": (3, 0), "arms": (4, 1)}
"""By kind of region: of how many chains it is made, and how many shapes each has at the least."""


@st.composite
def flows(draw: st.DrawFn, *, well_named: bool = True) -> Failing:
    """A flow of a few regions, nested up to `DEPTH` deep, whose run is not too long."""
    chance = draw(st.randoms(use_true_random=True))  # others repeat themselves
    while (flow := _failing(_shapes(chance), chance, well_named=well_named)) is None:
        pass
    return flow


def _shapes(chance: random.Random) -> list[Shape]:
    left = chance.randint(1, REGIONS)

    def chain(depth: int, least: int) -> list[Shape]:
        return [shape(depth) for _ in range(max(least, chance.choice([0, 1, 1, 1, 2])))]

    def shape(depth: int) -> Shape:
        nonlocal left
        if not depth or left < 1 or (depth < DEPTH and chance.random() < 0.3):
            return ("step", [])
        left -= 1
        kind = chance.choice(sorted(_CHAINS))
        count, least = _CHAINS[kind]
        return (kind, [chain(depth - 1, least) for _ in range(count)])

    return chain(DEPTH, 1)


def _failing(shape: list[Shape], chance: random.Random, *, well_named: bool) -> Failing | None:
    """A flow of that shape; None where its run would be too long."""
    turns = chance.choice([None, None, 4, 3, 2])
    name = "s{}".format if well_named else unlucky(chance)
    text = source(shape, name, living=True, turns=turns)
    head, *steps = text.split("    @step\n")
    flow = _compiled(text)
    known = {step.name: step for step in flow.steps}
    bounded = {_name(body) for body in steps if "max_iterations" in body}
    ran, over = _run(flow, bounded, turns)
    histories = ran.histories
    if len(histories) > TASKS:
        return None
    retried = {name for name in known if chance.random() < 0.25}
    caught = {name for name in known if _plain(known[name]) and chance.random() < 0.25}
    may = sorted({task for task in histories if task[0] not in caught} - over)
    fatal = over | set(chance.sample(may, min(len(may), chance.choice([0, 0, 1, 1, 2]))))
    ways = {name: chance.choice(_ways(step)) for name, step in known.items()}
    written = "".join(_decorated(body, retried, caught, chance) for body in steps)
    facts = f"RETRIED = {sorted(retried)}\nCAUGHT = {sorted(caught)}\nFATAL = {sorted(fatal - over)}\nWAYS = {ways}\n{ACT}\n\n"
    text = "from flowc import *\nimport os, sys\n" + head.replace("class Random", f"{facts}class Random") + written
    told, awaited = (
        {_text(task): frozenset(map(_text, before)) for task, before in one.items()} for one in (ran.histories, ran.awaited)
    )
    return Failing(text, _compiled(text), frozenset(_text(task) for task in fatal), told, awaited, _depth(shape))


def _compiled(text: str) -> Flow:
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, (done.diagnostics, text)
    return done.flow


def _run(flow: Flow, bounded: set[str], turns: int | None) -> tuple[tree.Ran, set[tuple[str, str]]]:
    """What runs if nothing fails, and the tasks among these that take one turn too many."""
    run, over = _deciding({step.name: step for step in flow.steps}, bounded, turns)
    return tree.run_all(flow, run), over


def _deciding(steps: Mapping[str, Step], bounded: set[str], turns: int | None) -> tuple[Runner, set[tuple[str, str]]]:
    """What decides as steps do, and the tasks that it has let take one turn too many."""
    over = set[tuple[str, str]]()

    def run(step: str, path: str, _attempt: int) -> Outcome:
        match steps[step].arms:
            case (Switch(cases=cases),):
                way = choice(step, path, len(cases))
                if step in bounded and way == 0 and int(path.rpartition("~")[2]) + 1 >= (turns or 0):
                    over.add((step, path))
                return Outcome(cases[way][1] if len(edges_of(steps[step])) > 1 else None, None)
            case (Fanout(),):
                return Outcome(None, dice(path, step, 4))
            case (_, _, _):
                edge = edges_of(steps[step])[choice(step, path, 3)]
                return Outcome(edge.key, dice(path, step, 4) if isinstance(edge.arm, Fanout) else None)
            case _:
                return Outcome(None, None)

    return run, over


def runner_of(flow: Failing) -> Runner:
    """What decides as the flow's steps do, and fails as they do."""
    steps = {step.name: step for step in flow.flow.steps}
    decorated = {name: {one.name for one in step.decorators} for name, step in steps.items()}
    decide, _ = _deciding(steps, set(), None)

    def run(step: str, path: str, attempt: int) -> Outcome:
        retries = 2 if "retry" in decorated[step] else 0
        catches = "catch" in decorated[step]
        again = retries and attempt < dice(step, path, 3)
        if _text((step, path)) in flow.fatal or again or (catches and dice(path, step, 2) and attempt <= retries):
            raise TaskFailed(f"{step}/{path}")
        return decide(step, path, attempt)

    return run


def _plain(step: Step) -> bool:
    """Whether a step neither chooses nor fans out: others cannot be caught."""
    return len(step.arms) < 2 and not any(isinstance(arm, Switch | Fanout) for arm in step.arms)


def _ways(step: Step) -> list[str]:
    """How a step's task may fail."""
    more = {Switch: ["kind"], Fanout: ["items"]}.get(type(step.arms[0]), []) if len(step.arms) == 1 else []
    return ["raise", "raise", "exit", "vanish", *more, *more]


def _decorated(body: str, retried: set[str], caught: set[str], chance: random.Random) -> str:
    """The text of a step, with its decorators, that acts before it goes on."""
    above = ["@retry(times=2, minutes_between_retries=0)"] * (_name(body) in retried)
    above += ["@catch(var='failure')"] * (_name(body) in caught)
    if "foreach=" in body and chance.random() < 0.6:
        most = chance.choice(["", ", max_concurrency=1", ", max_concurrency=2"])
        above.append(f"@foreach(mode={chance.choice(['inline', 'distributed'])!r}{most})")
    acts = re.sub(r"( +live\(.*\)\n)", r"\1        act(self)\n", body)
    assert acts != body
    return "".join(f"    {one}\n" for one in above) + f"    @step\n{acts}"


def _name(body: str) -> str:
    return body.partition("def ")[2].partition("(")[0]


def _text(task: tuple[str, str]) -> str:
    return "/".join(task)


def _depth(shapes: list[Shape]) -> int:
    return max((bool(inner) + max(map(_depth, inner), default=0) for _, inner in shapes), default=0)


def faults_of(flow: Failing, result: Result) -> Iterator[str]:
    """What is wrong with what a run left, whatever others did."""
    ends = {task for task in flow.fatal if task in result.failures}
    if result.ok == bool(flow.fatal):
        yield f"the run {'succeeded' if result.ok else 'failed'}, and should not have: {result.told}"
    if flow.fatal and not ends:
        yield f"none of the tasks failed that fail the run, but: {result.told}"
    for task in result.kept.keys() - flow.histories.keys():
        yield f"{task} ran, which cannot be"
    for task in flow.histories.keys() & result.kept.keys():
        if flow.histories[task] & flow.fatal:
            yield f"{task} ran, after what failed"
        if lost := flow.histories[task] - result.kept.keys():
            yield f"{task} ran, before {sorted(lost)}"
    for task in ends:
        if lost := flow.histories[task] - {task} - result.kept.keys():
            yield f"{task} failed, before {sorted(lost)} had run"
    if result.ok:
        for task in flow.histories.keys() - result.kept.keys():
            yield f"{task} did not run"


def disagreements(flow: Failing, here: Result, there: Result) -> Iterator[str]:
    """What two runs did not do alike; of each the faults are known."""
    alike = here.kept.keys() & there.kept.keys()
    for task in sorted(alike):
        if here.kept[task] != there.kept[task]:
            yield f"{task} left\n    {here.kept[task]}\nand\n    {there.kept[task]}"
    if len(flow.fatal) == 1:  # of several, whichever comes first stops the others
        alike |= flow.fatal
    for task in sorted(alike):
        if here.failures.get(task) != there.failures.get(task):
            yield f"attempts of {task} failed\n    {here.failures.get(task)}\nand\n    {there.failures.get(task)}"
            yield f"and the runs said\n    {here.told}\nand\n    {there.told}"
