"""Containers of a run that somebody else has begun, and containers that are started as one."""

from __future__ import annotations

import random

import pytest

from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.records.parameters import write_parameters

FLOW = """
    class Begun(FlowSpec):
        alpha = Parameter("alpha", default=2)

        @step
        def start(self):
            self.items = [self.alpha] * 3
            self.next(self.work, foreach="items")

        @step
        def work(self):
            self.product = self.input * self.index
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def begun(flow, **values):
    artifacts = Artifacts(flow.store, "Begun", "7")
    write_parameters(flow.store, "Begun", "7", {name: artifacts.save(name, value, "start") for name, value in values.items()})


def test_the_first_task_takes_the_parameters_that_the_run_has_kept(write):
    flow = write(FLOW)
    begun(flow, alpha=5)
    done = flow.container("7", "start", FLOWC_BEGUN="1", FLOWC_PARAMETERS='{"alpha": 9}', FLOWC_INPUT="input.json")
    assert done.returncode == 0, done.stderr
    assert flow.ran("7").values("start") == {"alpha": 5, "items": [5, 5, 5]}
    assert {key.split("/")[2] for key in flow.store.list("Begun/7/")} == {"parameters.json", "start"}


def test_a_run_that_is_not_begun_is(write):
    flow = write(FLOW)
    assert flow.container("7", "start", FLOWC_BEGUN="0").returncode == 0
    assert {"run.json", "plan.json"} < {key.split("/")[2] for key in flow.store.list("Begun/7/")}


def test_containers_that_are_started_as_one(write):
    flow = write(FLOW)
    begun(flow, alpha=5)
    assert flow.container("7", "start", FLOWC_BEGUN="1").returncode == 0
    for number in range(3):
        more = {"FLOWC_PATHS": "2,0-1", "FLOWC_PATH": "9", contract.ARRAY_INDEX: str(number)}
        done = flow.container("7", "work", **more)
        assert done.returncode == 0, done.stderr
        assert {path for _, path in flow.ran("7").tasks()} == {"-", *["2", "0", "1"][: number + 1]}


def test_an_exception_that_is_not_to_be_shown(write):
    step = "        @step\n        def work"
    flow = write(FLOW.replace(step, f"        @catch(print_exception=False)\n{step}"))
    assert flow.container("7", "start").returncode == 0
    done = flow.container("7", "work", "5")  # of three items
    assert done.returncode == 1
    assert "flowc: attempt 0 of the task work/5 failed" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"FLOWC_PATHS": "0-2"}, "AWS_BATCH_JOB_ARRAY_INDEX is not set"),
        ({"FLOWC_PATHS": "0-2", "AWS_BATCH_JOB_ARRAY_INDEX": "3"}, "FLOWC_PATHS has no path of that number: 0-2"),
        ({"FLOWC_PATHS": "0-2", "AWS_BATCH_JOB_ARRAY_INDEX": "-1"}, "FLOWC_PATHS has no path of that number: 0-2"),
        ({"FLOWC_PATHS": "0-2", "AWS_BATCH_JOB_ARRAY_INDEX": "²"}, "FLOWC_PATHS has no path of that number: 0-2"),
        ({"FLOWC_PATHS": "a-b", "AWS_BATCH_JOB_ARRAY_INDEX": "0"}, "'a-b' is not a path of a task"),
        ({"FLOWC_BEGUN": "yes"}, "FLOWC_BEGUN is 'yes', and must be 0 or 1"),
    ],
)
def test_what_cannot_be(write, more, words):
    done = write(FLOW).container("7", "work", "0", **more)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (["0", "1", "2", "5", "3.~1"], "0-2,5,3.~1"),
        (["3.0", "3.1", "4.2", "4.3"], "3.0-1,4.2-3"),
        (["-"], "-"),
        (["~0", "~1"], "~0,~1"),
        ([str(number) for number in range(1000)], "0-999"),
        (["9", "10", "99", "100"], "9-10,99-100"),
    ],
)
def test_paths_in_few_characters(paths, text):
    assert contract.spell_paths(paths) == text
    assert [contract.path_at(text, number) for number in range(len(paths) + 1)] == [*paths, None]


def test_any_paths():
    chance = random.Random(3)
    for _ in range(300):
        parts = ["0", "1", "2", "10", "11", "~0", "~1"]
        paths = [".".join(chance.choices(parts, k=chance.randint(1, 3))) for _ in range(chance.randint(1, 9))]
        text = contract.spell_paths(paths)
        assert [contract.path_at(text, number) for number in range(len(paths) + 1)] == [*paths, None], text
