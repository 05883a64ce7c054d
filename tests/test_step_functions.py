"""What a state machine does with failures, refused requests, input and hooks, and which kind of Map a foreach becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sizes
from bench.flows import linear
from conftest import CASES, documents
from evaluators import Job, Outcome, ServiceFault, TaskFailed, asl
from graphs import with_modes
from validators.asl_dangling import dangling

from flowc.compiler import Source, compile_source, limits
from flowc.compiler.diagnostics.model import Report
from flowc.compiler.ir.edges import edges_of
from flowc.compiler.ir.nodes import Constant, Flow
from flowc.runtime import contract
from flowc.targets import load
from flowc.targets.options import Options
from flowc.targets.settings import Settings
from flowc.targets.sfn import retries
from flowc.targets.sfn.jobs import Jobs
from flowc.targets.sfn.serialise import to_text

FAILING = """\
from flowc import FlowSpec, Parameter, catch, exit_hook, retry, step

def tell():
    pass

{hooks}class Failing(FlowSpec):
    alpha = Parameter("alpha", default=1)

    @step
    def start(self):
        self.next(self.work)

    {above}
    @step
    def work(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
BOTH = "@exit_hook(on_success=[tell], on_error=[tell])\n"


def compiled(text: str) -> Flow:
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, (done.diagnostics, text)
    return done.flow


def failing(above: str = "", hooks: str = "") -> Flow:
    return compiled(FAILING.format(above=above, hooks=hooks))


def machine(flow: Flow, options: Options | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(documents(flow, "sfn", options)[0].text)
    assert dangling(found) == []
    return found


def recorder(*faults: Exception | None, step: str = "work") -> tuple[list[tuple[str, ...]], Job]:
    """Jobs of which those of one step end with these faults, one after the other, and then well; and what each was told."""
    told: list[tuple[str, ...]] = []
    left = list(faults)

    def run(variables: Mapping[str, str]) -> Outcome | None:
        if contract.HOOK in variables:
            told.append(("hook", variables[contract.HOOK]))
            assert set(variables) == {contract.RUN, contract.CODE, contract.HOOK, contract.ATTEMPT}
        elif variables[contract.STEP] == step:
            told.append((step, variables[contract.ATTEMPT].removeprefix("0."), variables.get(contract.CATCH, "")))
        else:
            told.append((variables[contract.STEP],))
        fault = left.pop(0) if left and told[-1][0] == step else None
        if fault is not None:
            raise fault
        return None if contract.HOOK in variables else Outcome(None, None)

    return told, run


REFUSED = ServiceFault("Batch.AWSBatchException")
FAILED = TaskFailed("it broke")


# --- attempts ---


def test_each_attempt_is_numbered_and_the_last_one_catches() -> None:
    told, job = recorder(FAILED, FAILED, FAILED)
    asl.run(machine(failing("@retry(times=2)\n    @catch(var='failure')")), job)
    assert told == [("start",), ("work", "0", "0"), ("work", "1", "0"), ("work", "2", "0"), ("work", "13", "1"), ("end",)]


def test_a_refused_submission_is_no_attempt_and_never_makes_one_catch() -> None:
    told, job = recorder(REFUSED, REFUSED, FAILED, REFUSED, FAILED, FAILED)
    asl.run(machine(failing("@retry(times=2)\n    @catch")), job)
    assert [one[2] for one in told if one[0] == "work"] == ["0"] * 6 + ["1"]
    assert [int(one[1]) for one in told if one[0] == "work"] == [0, 1, 2, 3, 4, 5, 13]  # with gaps, and never one twice
    assert told[-1] == ("end",)


def test_what_is_refused_again_and_again_fails_in_the_end() -> None:
    told, job = recorder(*[REFUSED] * 20)
    with pytest.raises(TaskFailed, match=r"Batch\.AWSBatchException"):
        asl.run(machine(failing("@retry(times=5)")), job)
    assert len(told) == 1 + 11


def test_what_waiting_does_not_help_fails_at_once() -> None:
    told, job = recorder(*[ServiceFault("Batch.ClientException")] * 20)
    with pytest.raises(TaskFailed, match=r"Batch\.ClientException"):
        asl.run(machine(failing()), job)
    assert len(told) == 2


def test_a_catching_job_is_submitted_again_and_stays_the_same_attempt() -> None:
    told, job = recorder(FAILED, REFUSED, REFUSED)
    asl.run(machine(failing("@catch")), job)
    assert told == [("start",), ("work", "0", "0"), *[("work", "11", "1")] * 3, ("end",)]


def settings(**changed: Any) -> Settings:
    flow = failing("@retry(times=2)")
    return replace(Jobs(flow, Options(), Report()).settings["work"], **changed)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {"IntervalSeconds": 120, "BackoffRate": 1.0}),
        ({"retry_seconds": 0}, {"IntervalSeconds": 1, "BackoffRate": 1.0}),
        ({"retry_seconds": 0, "retry_backoff": 3.0}, {"IntervalSeconds": 1, "BackoffRate": 1.0}),
        ({"retry_backoff": 2.0}, {"IntervalSeconds": 120, "BackoffRate": 2.0}),
        ({"retry_jitter": True}, {"IntervalSeconds": 120, "BackoffRate": 1.0, "JitterStrategy": "FULL"}),
        (
            {"retry_backoff": 2.0, "retry_limit_seconds": 600},
            {"IntervalSeconds": 120, "BackoffRate": 2.0, "MaxDelaySeconds": 600},
        ),
        ({"retry_backoff": 2.0, "retry_limit_seconds": 60}, {"IntervalSeconds": 60, "BackoffRate": 1.0}),
        ({"retry_backoff": 2.0, "retry_limit_seconds": 120}, {"IntervalSeconds": 120, "BackoffRate": 1.0}),
        ({"retry_limit_seconds": 600}, {"IntervalSeconds": 120, "BackoffRate": 1.0}),
        ({"retry_backoff": 2.0, "retry_limit_seconds": 0}, {"IntervalSeconds": 1, "BackoffRate": 1.0}),
        ({"retry_seconds": 10**12}, {"IntervalSeconds": 99_999_999, "BackoffRate": 1.0}),
        (
            {"retry_seconds": 30_000_000, "retry_backoff": 10.0},
            {"IntervalSeconds": 30_000_000, "BackoffRate": 10.0, "MaxDelaySeconds": 31_622_399},
        ),
        (
            {"retry_seconds": 10, "retry_backoff": 1e300},
            {"IntervalSeconds": 10, "BackoffRate": 1e300, "MaxDelaySeconds": 31_622_399},
        ),
        (
            {"retry_backoff": 2.0, "retry_limit_seconds": 10**12},
            {"IntervalSeconds": 120, "BackoffRate": 2.0, "MaxDelaySeconds": 31_622_399},
        ),
    ],
)
def test_the_retrier_of_the_user(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    found = retries.of_user(settings(**changed), 3)
    assert found == {"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, **expected}
    assert asl.attempts(found) == 3


@pytest.mark.parametrize("service", ["batch", "ecs", "s3", "reader"])
def test_passing_errors_are_waited_for_with_jitter_and_not_for_long(service: str) -> None:
    found = retries.passing(service)
    assert asl.attempts(found) == found["MaxAttempts"]
    assert found["JitterStrategy"] == "FULL"
    assert sum(min(2**turn, found["MaxDelaySeconds"]) for turn in range(found["MaxAttempts"])) <= 180
    assert not {"States.ALL", "States.TaskFailed", "S3.NoSuchKeyException"} & set(found["ErrorEquals"])


@pytest.mark.parametrize("compute", ["batch", "batch-fargate", "ecs", "ecs-fargate"])
def test_every_compute_runs_the_same_jobs(compute: str) -> None:
    told, job = recorder(FAILED, FAILED)
    asl.run(machine(failing("@retry(times=1)\n    @catch", BOTH), Options(compute=compute)), job)
    work = [("work", "0", "0"), ("work", "1", "0"), ("work", "12", "1")]
    assert told == [("start",), *work, ("end",), ("hook", "success")]


# --- ways on ---


def test_a_way_that_there_is_not_fails_and_says_of_which_step() -> None:
    flow = compiled(sizes.switches(3))
    with pytest.raises(TaskFailed, match=r"flowc\.UnknownWay: next\.json of a task of step step_0 names no way on"):
        asl.run(machine(flow), lambda told: Outcome("nowhere" if told[contract.STEP] == "step_0" else "step_0", None))


# --- input, code, and what the deployment decides ---


@pytest.mark.parametrize(
    "given", [{}, {"alpha": 2}, {"alpha": "$(x) {{y}} $.z 'q' \\ \u2028"}, "{}", {"flowc:tags": ["x" * 200_000]}]
)
def test_the_input_is_an_object_of_the_run(given: object) -> None:
    seen: list[Mapping[str, str]] = []

    def job(variables: Mapping[str, str]) -> Outcome:
        seen.append(variables)
        return Outcome(None, None)

    done = asl.run(machine(failing()), job, given)
    assert json.loads(done.objects[contract.INPUT_OBJECT]) == given
    assert [one.get(contract.INPUT) for one in seen] == [contract.INPUT_OBJECT, None, None]
    assert all(len(json.dumps([{"name": name, "value": value} for name, value in one.items()])) < 1_024 for one in seen)


def test_a_flow_without_parameters_is_told_its_input_too() -> None:
    """For the input says whose run it is, and what that is tagged with."""
    seen: list[Mapping[str, str]] = []

    def job(variables: Mapping[str, str]) -> Outcome:
        seen.append(variables)
        return Outcome(None, None)

    done = asl.run(machine(compiled(linear(3))), job, {"flowc:tags": ["x"]})
    assert json.loads(done.objects[contract.INPUT_OBJECT]) == {"flowc:tags": ["x"]}
    assert [one.get(contract.INPUT) for one in seen] == [contract.INPUT_OBJECT, None, None]


def test_every_job_is_told_the_code_of_the_deployment() -> None:
    flow = compiled(sizes.foreach(2))
    codes: set[str] = set()

    def job(variables: Mapping[str, str]) -> Outcome:
        codes.add(variables[contract.CODE])
        return Outcome(None, 2)

    asl.run(machine(flow, Options(code="flowc-packages/Sized/abc.tar.gz")), job)
    assert codes == {"flowc-packages/Sized/abc.tar.gz"}


def test_what_the_deployment_decides() -> None:
    flow = compiled(sizes.foreach(2))
    found = machine(flow)
    assert "TimeoutSeconds" not in found
    found = machine(flow, Options(workflow_timeout=3_600, max_workers=7))
    assert found["TimeoutSeconds"] == 3_600
    assert machine(flow, Options(workflow_timeout=10**12))["TimeoutSeconds"] == 99_999_999
    assert {fan["MaxConcurrency"] for fan in maps_in(found).values()} == {7}


# --- hooks ---


def test_no_hooks_no_states() -> None:
    assert not {name for name in machine(failing())["States"] if name.startswith(("exit.", "run.body"))}


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        (BOTH, [("hook", "success")]),
        ("@exit_hook(on_error=[tell])\n", []),
        ("@exit_hook(on_success=[tell])\n@exit_hook(on_error=[tell])\n", [("hook", "success")]),
    ],
)
@pytest.mark.parametrize("fault", [None, FAILED, REFUSED])
def test_hooks_of_success_change_nothing(hooks: str, expected: list[tuple[str, ...]], fault: Exception | None) -> None:
    told, job = recorder(fault, step="hook")
    asl.run(machine(failing(hooks=hooks)), job)
    again = expected if fault is REFUSED else []
    assert told == [("start",), ("work",), ("end",), *expected, *again]


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        (BOTH, [("hook", "failure")]),
        ("@exit_hook(on_success=[tell])\n", []),
        ("@exit_hook(on_error=[tell, tell])\n", [("hook", "failure")]),
    ],
)
@pytest.mark.parametrize("broken", [False, True])
def test_hooks_of_failure_do_not_hide_it(hooks: str, expected: list[tuple[str, ...]], broken: bool) -> None:
    told, job = recorder(FAILED)

    def with_broken_hooks(variables: Mapping[str, str]) -> Outcome | None:
        outcome = job(variables)
        if contract.HOOK in variables and broken:
            raise TaskFailed("the hook broke")
        return outcome

    with pytest.raises(TaskFailed, match=r"States\.TaskFailed: it broke"):
        asl.run(machine(failing(hooks=hooks)), with_broken_hooks)
    assert told == [("start",), ("work", "0", ""), *expected]


# --- Maps ---


def fanned(items: str, mode: Mapping[str, Constant] | None = None, body: str = "", above: str = "") -> Flow:
    """A foreach over these items, with a decorator that says how."""
    flow = compiled(f"""\
from flowc import FlowSpec, retry, step

class Fanned(FlowSpec):
    @step
    def start(self):
        self.items = {items}
        self.next(self.work, foreach="items")

    {above}
    @step
    def work(self):
        {body or "self.next(self.join)"}

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""")
    return with_modes(flow, mode) if mode is not None else flow


def maps_in(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The Maps of a definition, by name."""
    found: dict[str, dict[str, Any]] = {}
    pending = [definition["States"]]
    while pending:
        for name, state in pending.pop().items():
            pending += [branch["States"] for branch in state.get("Branches", ())]
            if state["Type"] == "Map":
                found[name] = state
                pending.append(state["ItemProcessor"]["States"])
    return found


def mode_of(state: Mapping[str, Any]) -> tuple[str, int]:
    return state["ItemProcessor"]["ProcessorConfig"]["Mode"], state["MaxConcurrency"]


@pytest.mark.parametrize(
    ("items", "mode", "expected"),
    [
        ("[1, 2, 3]", None, ("INLINE", 40)),
        ("list(range(40))", None, ("INLINE", 40)),
        ("list(range(41))", None, ("DISTRIBUTED", 100)),
        ("[]", None, ("INLINE", 40)),
        ("(1, 2)", None, ("INLINE", 40)),
        ("[2 * one for one in range(5)]", None, ("INLINE", 40)),
        ("[one for one in range(5) if one]", None, ("DISTRIBUTED", 100)),
        ("open('rows').readlines()", None, ("DISTRIBUTED", 100)),
        ("sorted([1, 2])", None, ("DISTRIBUTED", 100)),
        ("[1, 2]; self.items.append(3)", None, ("DISTRIBUTED", 100)),
        ("[1, 2]; print(self.items)", None, ("DISTRIBUTED", 100)),
        ("[1, 2]; add = lambda: self.items.append(3); add()", None, ("DISTRIBUTED", 100)),
        ("[1, 2]; getattr(self, 'items').append(3)", None, ("DISTRIBUTED", 100)),
        ("[1, 2]; vars(self)['items'].append(3)", None, ("DISTRIBUTED", 100)),
        ("[*open('x')]", None, ("DISTRIBUTED", 100)),
        ("[1, 2]; other = self.items; other += [3]", None, ("DISTRIBUTED", 100)),
        ("[2]\n        for one in open('x'): self.items = [1]", None, ("DISTRIBUTED", 100)),
        ("self.copies = [1, 2]; self.copies.append(3)", None, ("DISTRIBUTED", 100)),
        ("[1, 2]", {"mode": "distributed"}, ("DISTRIBUTED", 100)),
        ("[1, 2]", {"max_concurrency": 2}, ("INLINE", 2)),
        ("open('rows').readlines()", {"mode": "inline"}, ("INLINE", 40)),
        ("open('rows').readlines()", {"mode": "inline", "max_concurrency": 10}, ("INLINE", 10)),
        ("open('rows').readlines()", {"max_concurrency": 1_000}, ("DISTRIBUTED", 1_000)),
        ("open('rows').readlines()", {"max_concurrency": 100_000}, ("DISTRIBUTED", 10_000)),
    ],
)
def test_which_map_a_foreach_becomes(items: str, mode: Mapping[str, Constant] | None, expected: tuple[str, int]) -> None:
    (state,) = maps_in(machine(fanned(items, mode))).values()
    assert mode_of(state) == expected


def test_a_long_body_is_distributed() -> None:
    many = fanned("list(range(40))", above="@retry(times=30)")
    assert [mode_of(one)[0] for one in maps_in(machine(many)).values()] == ["DISTRIBUTED"]
    few = fanned("list(range(20))", above="@retry(times=30)")
    assert [mode_of(one)[0] for one in maps_in(machine(few)).values()] == ["INLINE"]


def test_many_small_ones_are_inline_until_they_fill_a_part_of_a_history() -> None:
    steps = ["from flowc import FlowSpec, step", "class Many(FlowSpec):", "    @step", "    def start(self):"]
    for number in range(30):
        steps += [f"        self.items = list(range(40))\n        self.next(self.work{number}, foreach='items')"]
        steps += [f"    @step\n    def work{number}(self):\n        self.next(self.join{number})"]
        steps += [f"    @step\n    def join{number}(self, inputs):"]
    flow = compiled("\n".join([*steps, "        self.next(self.end)", "    @step\n    def end(self):\n        pass\n"]))
    modes = [mode_of(one)[0] for one in maps_in(machine(flow)).values()]
    assert modes == ["INLINE"] * 15 + ["DISTRIBUTED"] * 15  # of 5,000 events each takes 329
    assert documents(flow, "sfn")[0].usages[1].used < limits.ASL_HISTORY.most / 2


def test_the_items_of_inline_maps_fill_one_history() -> None:
    flow = fanned("list(range(3_200))", {"mode": "inline"})
    report = Report()
    load("sfn")(flow, Options(), report)
    (fault,) = report.sorted()
    assert fault.rule.code == "FC601"
    assert "events in the history" in fault.message
    assert documents(fanned("list(range(3_200))", {"mode": "distributed"}), "sfn")


LOOPED = """\
from flowc import FlowSpec, step

class Looped(FlowSpec):
    @step
    def start(self):
        self.next(self.turn)

    @step
    def turn(self):
        self.rows = [1, 2]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.next(self.again)

    @step
    def again(self):
        self.ready = True
        self.next({True: self.cells, False: self.again}, condition="ready", max_iterations=3)

    @step
    def cells(self):
        self.columns = [1, 2]
        self.next(self.cell, foreach="columns")

    @step
    def cell(self):
        self.next(self.columns_in)

    @step
    def columns_in(self, inputs):
        self.next(self.rows_in)

    @step
    def rows_in(self, inputs):
        self.more = False
        self.next({True: self.turn, False: self.end}, condition="more", max_iterations=2)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("modes", [None, {"mode": "inline"}, {"mode": "distributed"}])
def test_loops_around_and_inside_of_maps_of_either_kind(modes: Mapping[str, Constant] | None) -> None:
    flow = compiled(LOOPED)
    flow = flow if modes is None else with_modes(flow, modes)
    ran: list[str] = []

    def job(variables: Mapping[str, str]) -> Outcome:
        step, path = variables[contract.STEP], variables[contract.PATH]
        assert (variables[contract.RUN], variables[contract.CODE]) == ("run", "${PackageKey}")
        ran.append(f"{step}/{path}")
        if step == "again":
            return Outcome("again" if path.endswith("~0") else "cells", None)
        if step == "rows_in":
            return Outcome("turn" if path == "~0" else "end", None)
        return Outcome(None, 2)

    done = asl.run(machine(flow), job)
    cells = sorted(f"cell/~{turn}.{row}.{column}" for turn in (0, 1) for row in (0, 1) for column in (0, 1))
    assert sorted(one for one in ran if one.startswith("cell/")) == cells
    assert sorted(one for one in ran if one.startswith("again/~1")) == [
        "again/~1.0.~0",
        "again/~1.0.~1",
        "again/~1.1.~0",
        "again/~1.1.~1",
    ]
    assert len(done.all()) == (1 if modes != {"mode": "distributed"} else 1 + 4 + 8)


def test_a_failing_item_fails_the_run() -> None:
    def job(variables: Mapping[str, str]) -> Outcome:
        if variables[contract.PATH] == "1":
            raise TaskFailed("item 1 broke")
        return Outcome(None, 3)

    for mode in ("inline", "distributed"):
        with pytest.raises(TaskFailed, match="item 1 broke"):
            asl.run(machine(fanned("[1, 2, 3]", {"mode": mode})), job)


# --- sizes and names ---


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_overrides_are_small(case: Any) -> None:
    found = json.loads((case / "sfn.json").read_text(encoding="utf-8"))
    pending, seen = [found["States"]], 0
    while pending:
        for state in pending.pop().values():
            pending += [
                one["States"]
                for one in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else []))
            ]
            if "ContainerOverrides" in state.get("Parameters", {}):
                seen += 1
                assert len(json.dumps(state["Parameters"]["ContainerOverrides"]).encode()) < 1_024
    assert seen


@pytest.mark.parametrize(
    ("above", "most"), [("", 420_000), ("@retry(times=3)\n    ", 470_000), ("@retry\n    @catch\n    ", 795_000)]
)
def test_500_steps_are_far_from_the_limit(above: str, most: int) -> None:
    text = linear(500).replace("FlowSpec, step", "FlowSpec, catch, retry, step").replace("@step", f"{above}@step")
    made = documents(compiled(text), "sfn")[0]
    assert len(made.text.encode()) <= most < limits.ASL_DEFINITION.most * limits.NEAR
    assert made.usages[0].used == len(made.text.encode())


def test_names_in_any_script() -> None:
    long = "й" * 90
    found = machine(compiled(FAILING.replace("work", long).format(above="@catch", hooks=BOTH)))
    (branch,) = found["States"]["run.body"]["Branches"]
    assert all(len(name) <= 80 for name in branch["States"])
    assert sum(state.get("Comment") == f"step {long}" for state in branch["States"].values()) == 2


def test_labels_are_short_and_unlike() -> None:
    one, other = "x" * 60 + "_1", "x" * 60 + "_2"
    steps = ["from flowc import FlowSpec, step", "class Labels(FlowSpec):", "    @step", "    def start(self):"]
    for name in (one, other, "中", "文"):
        steps += [f"        self.items = open('x').readlines()\n        self.next(self.{name}, foreach='items')"]
        steps += [f"    @step\n    def {name}(self):\n        self.next(self.{name}j)\n    @step\n    def {name}j(self, inputs):"]
    flow = compiled("\n".join([*steps, "        self.next(self.end)", "    @step\n    def end(self):\n        pass\n"]))
    labels = [state["Label"] for state in maps_in(machine(flow)).values()]
    assert len(set(labels)) == 4
    assert all(len(label) <= 40 and label.isascii() for label in labels)
    assert "work" in {state["Label"] for state in maps_in(machine(fanned("open('x').readlines()"))).values()}


def test_a_large_document_is_written_without_layout() -> None:
    small = {"a": [1, {"b": None}], "é": "line\nbreak", "long": ["x" * 100, "y" * 100], "empty": [{}, []]}
    assert json.loads(to_text(small)) == small
    assert to_text(small).splitlines()[1] == ' "a": [1, {"b": null}],'
    large = [small] * 3_000
    assert json.loads(to_text(large)) == large
    assert to_text(large).count("\n") == 1


def test_events_are_counted_as_they_come() -> None:
    """Where nothing fails and nothing is chosen, the count is exact."""
    for text in (linear(5), sizes.splits(2), sizes.foreach(2)):
        flow = compiled(text)
        assert all(len(edges_of(one)) < 2 for one in flow.steps)
        for modes in ("inline", "distributed"):
            fanning = with_modes(flow, {"mode": modes})
            made = documents(fanning, "sfn")[0]
            done = asl.run(json.loads(made.text), lambda told: Outcome(None, 3 if told[contract.STEP] == "start" else 2))
            (usage, *_) = [one for one in made.usages if one.what == limits.ASL_HISTORY.what]
            assert max(one.events for one in done.all()) == usage.used
