"""Limits of the platforms: near is a warning, past is an error, at the step responsible; and the flows of the benchmark."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
import sizes
import yaml
from evaluators import Outcome, argo, tasks

from flowc.compiler import Source, compile_source, limits
from flowc.compiler.diagnostics.model import Diagnostic, Report
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.limits import Limit, Usage
from flowc.targets import TARGETS, Document, load
from flowc.targets.options import Options


def compiled(text: str) -> Flow:
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, done.diagnostics
    return done.flow


def emitted(text: str, target: str) -> tuple[Document, list[Usage], list[Diagnostic]]:
    report = Report()
    made = load(target)(compiled(text), Options(), report)
    return made[0], [usage for one in made for usage in one.usages], list(report.sorted())


def chain(count: int, above: str = "", body: str = "") -> str:
    """Steps one after the other; `{}` in what stands above one is its number."""
    text = "from flowc import FlowSpec, Parameter, environment, resources, step\nclass Chain(FlowSpec):\n"
    names = ["start", *(f"s{number}" for number in range(count - 2)), "end"]
    for number, (name, after) in enumerate(zip(names, [*names[1:], ""], strict=True)):
        text += f"    {above.format(number)}\n" if above else ""
        text += f"    @step\n    def {name}(self):\n        {f'self.next(self.{after})' if after else 'pass'}\n"
    return text + body


def early(count: int) -> str:
    """A chain of which each step may also go to the end: no DAG of it can be divided."""
    steps = "".join(
        f"    @step\n    def s{number}(self):\n        self.next({{1: self.s{number + 1}, 2: self.end}}, condition='k')\n"
        for number in range(count)
    )
    ends = f"    @step\n    def s{count}(self):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n"
    return (
        "from flowc import FlowSpec, step\nclass Early(FlowSpec):\n    k = 1\n"
        "    @step\n    def start(self):\n        self.next(self.s0)\n" + steps + ends
    )


def one_long(size: int) -> str:
    """A chain in which one step has a variable that takes so many bytes as JSON: two for each line break."""
    text = chain(5)
    variable = f"    @environment(vars={{'LONG': '\\n' * {size // 2}}})\n"
    return text.replace("    @step\n    def s1", f"{variable}    @step\n    def s1")


def nested(depth: int, turns: int = 0) -> str:
    """Foreach in each other, each of three steps, around a step or a loop of so many turns."""
    text = "from flowc import FlowSpec, step\nclass Nested(FlowSpec):\n    k = 1\n    items = [1]\n"
    names = ["start", *(f"s{number}" for number in range(1, depth))]
    for name, inner in zip(names, [*names[1:], "inner"], strict=True):
        text += f"    @step\n    def {name}(self):\n        self.next(self.{inner}, foreach='items')\n"
    text += "    @step\n    def inner(self):\n        self.next(self.work)\n    @step\n    def work(self):\n"
    on = f"{{0: self.work, 1: self.j{depth - 1}}}, condition='k', max_iterations={turns}" if turns else f"self.j{depth - 1}"
    text += f"        self.next({on})\n"
    for number in reversed(range(depth)):
        after = f"j{number - 1}" if number else "end"
        text += f"    @step\n    def j{number}(self, inputs):\n        self.next(self.{after})\n"
    return text + "    @step\n    def end(self):\n        pass\n"


LONG = "@environment(vars={{'N': '{}' + 'x' * 99_000}})"
PARAMETERS = "".join(f"    p{number} = Parameter('p{number}', default=1)\n" for number in range(600))
LOOP = """\
    k = 1

    @step
    def turn(self):
        self.next({0: self.turn, 1: self.end}, condition="k", max_iterations=90)
"""

CASES: dict[str, tuple[str, str, Limit, str | None, str]] = {
    "bytes of a state machine, past": (chain(2_000), "sfn", limits.ASL_DEFINITION, "FC601", "Chain"),
    "bytes of a state machine, near": (chain(1_400), "sfn", limits.ASL_DEFINITION, "FC604", "Chain"),
    "bytes of a state machine, far": (chain(500), "sfn", limits.ASL_DEFINITION, None, "Chain"),
    "events, near": (chain(3_500), "sfn", limits.ASL_HISTORY, "FC604", "start"),
    "events, past": (chain(4_200), "sfn", limits.ASL_HISTORY, "FC601", "start"),
    "bytes of a job definition, past": (one_long(25_000), "sfn", limits.BATCH_DEFINITION, "FC601", "s1"),
    "bytes of a job definition, near": (one_long(13_000), "sfn", limits.BATCH_DEFINITION, "FC604", "s1"),
    "bytes of a job definition, far": (one_long(8_000), "sfn", limits.BATCH_DEFINITION, None, "s1"),
    "bytes of a template, past": (one_long(131_000), "argo", limits.ARGO_TEMPLATE, "FC601", "s1"),
    "bytes of a template, near": (one_long(110_000), "argo", limits.ARGO_TEMPLATE, "FC604", "s1"),
    "bytes of an object, past": (chain(12, LONG), "argo", limits.ARGO_OBJECT, "FC601", "end"),
    "templates, past": (chain(230, "@resources(cpu={} + 1)"), "argo", limits.ARGO_TEMPLATES, "FC601", "s197"),
    "templates, near": (chain(170, "@resources(cpu={} + 1)"), "argo", limits.ARGO_TEMPLATES, "FC604", "end"),
    "tasks of a DAG, past": (early(300), "argo", limits.ARGO_DAG_TASKS, "FC601", "start"),
    "tasks of a DAG, near": (early(80), "argo", limits.ARGO_DAG_TASKS, "FC604", "start"),
    "tasks of a DAG that is divided": (chain(1_000), "argo", limits.ARGO_DAG_TASKS, None, "start"),
    "templates inside each other, near": (nested(38, 60), "argo", limits.ARGO_DEPTH, "FC604", "work"),
    "templates inside each other, far": (nested(7, 90), "argo", limits.ARGO_DEPTH, None, "work"),
    "parameters, past": (chain(3, body=PARAMETERS), "argo", limits.ARGO_PARAMETERS, "FC601", "Chain"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "target", "limit", "code", "at"), CASES.values(), ids=CASES.keys())
def test_limit(text: str, target: str, limit: Limit, code: str | None, at: str) -> None:
    _, usages, said = emitted(text, target)
    usage = max((one for one in usages if one.what == limit.what), key=lambda one: one.used)
    assert usage.limit == limit.most
    lines = text.splitlines()
    span = usage.span
    assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == at
    about = [one for one in said if limit.what in one.message]
    assert [one.rule.code for one in about] == ([code] if code else [])
    assert all(f"{usage.used:,} of at most {limit.most:,} " in one.message and one.primary.span == span for one in about)
    assert usage.over == (code == "FC601" or (not usage.certain and code is not None))


def test_every_job_definition_past_the_limit_is_named() -> None:
    _, _, said = emitted(chain(6, "@environment(vars={{'N': '{}' + 'x' * 30_000}})"), "sfn")
    assert [(one.rule.code, one.primary.span.line) for one in said] == [("FC601", 5 + 4 * number) for number in range(6)]


@pytest.mark.parametrize(("depth", "runs"), [(7, True), (8, False)])
def test_a_run_that_may_go_too_deep_for_argo_is_told(depth: int, runs: bool) -> None:
    def turns(name: str, path: str, attempt: int) -> Outcome:
        last = path.endswith("~89")
        return Outcome((f"j{depth - 1}" if last else "work") if name == "work" else None, 1)

    document, _, said = emitted(nested(depth, 90), "argo")
    with nullcontext() if runs else pytest.raises(AssertionError, match="too many templates inside each other"):
        argo.run(yaml.safe_load(document.text), tasks(turns))
    assert [one.message for one in said] == ([] if runs else ["a run may take 100 of at most 99 templates inside each other"])


@pytest.mark.parametrize("target", TARGETS)
def test_the_size_is_that_of_the_document(target: str) -> None:
    document, usages, _ = emitted(chain(7), target)
    assert usages[0].used == len(document.text.encode())


def test_counts_are_those_of_the_documents() -> None:
    document, usages, _ = emitted(sizes.splits(150), "argo")
    used = {one.what: one.used for one in usages}
    templates = yaml.safe_load(document.text)["spec"]["templates"]
    assert used[limits.ARGO_TEMPLATES.what] == len(templates)
    assert used[limits.ARGO_DAG_TASKS.what] == max(len(one["dag"]["tasks"]) for one in templates if "dag" in one)
    document, usages, _ = emitted(chain(4), "sfn")
    used = {one.what: one.used for one in usages}
    states = json.loads(document.text)["States"]
    given = [one.get("Parameters", {}) for one in states.values()]
    overrides = [one["ContainerOverrides"] for one in given if "ContainerOverrides" in one]
    assert len(overrides) == 4
    assert used[limits.BATCH_OVERRIDES.what] == max(len(json.dumps(one)) for one in overrides)
    assert used[limits.ASL_HISTORY.what] == 2 + 2 + 5 + 4 * 6


HOOKED = """\
@exit_hook(on_success=["told"], on_error=["told"])
class Chain"""


@pytest.mark.parametrize("what", ["", "with all that makes states longer"])
def test_500_steps_are_no_more_than_700_kb(what: str) -> None:
    text = chain(500)
    if what:
        decorators = "@retry(times=3, minutes_between_retries=1, backoff=2)\n    @timeout(minutes=5)"
        text = chain(500, decorators, "    alpha = Parameter('alpha', default=1)\n").replace("class Chain", HOOKED)
        text = f"from flowc import *\n\n\ndef told(run):\n    print(run)\n\n\n{text}"
    document, _, said = emitted(text, "sfn")
    assert said == []
    assert all((word in document.text) == bool(what) for word in ("exit.success", "BackoffRate"))
    assert len(document.text.encode()) <= 700_000


def test_events_of_all_turns_may_come() -> None:
    text = chain(3).replace("self.next(self.s0)", "self.next(self.turn)").replace("def s0", "def turn")
    text = text.replace("        self.next(self.end)", LOOP.splitlines()[-1]).replace("    @step", "    k = 1\n\n    @step", 1)
    _, usages, said = emitted(text, "sfn")
    once, always = [one for one in usages if one.what == limits.ASL_HISTORY.what]
    assert (once.used, once.certain) == (2 + 2 + 5 + 6 + (2 + 6 + 5 + 2) + 6, True)
    over = 90 * 2  # a state that ends the others, as if each turn had one
    assert (always.used, always.certain) == (once.used + 89 * (2 + 6 + 5 + 2) + over, False)
    assert said == []


def test_a_name_too_long_for_a_folder() -> None:
    for letter, count in (("n", 200), ("é", 100)):
        assert compile_source(Source("flow.py", chain(3).replace("s0", letter * count))).flow is not None
        (one,) = compile_source(Source("flow.py", chain(3).replace("s0", letter * (count + 1)))).diagnostics
        assert (one.rule.code, one.primary.span.line) == ("FC605", 7)
    (one,) = compile_source(Source("flow.py", chain(3).replace("Chain", "C" * 201))).diagnostics
    assert (one.rule.code, one.primary.span.line) == ("FC605", 2)


@pytest.mark.parametrize("what", [*sizes.SOUND, *sizes.FAULTY])
def test_what_the_benchmark_measures_is_what_it_says(what: str) -> None:
    make, _ = {**sizes.SOUND, **sizes.FAULTY}[what]
    assert bool(compile_source(Source("flow.py", make(12))).diagnostics) == (what in sizes.FAULTY)
