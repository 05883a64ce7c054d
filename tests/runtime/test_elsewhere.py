"""Tasks of a local run that run elsewhere: on a platform whose jobs are processes, which errs as platforms do."""

from __future__ import annotations

from typing import Any

import pytest
from farm import Farm
from hybrids import ALL, hybrid, quick

from flowc.runtime.compute import ComputeError
from flowc.runtime.failure import Failure
from flowc.runtime.local.progress import Progress
from flowc.runtime.records.runs import read_result, read_run
from flowc.runtime.remote import agent, platforms, waits

__all__ = ["hybrid", "quick"]  # fixtures


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("steps", [("work",), ("start", "join"), ALL])
def test_a_run(hybrid, steps, method, tells):
    flow, farm = hybrid("print('at', self.input); time.sleep(0.5)", tells=tells)
    ran = flow.done({"alpha": "3"}, elsewhere=farm.elsewhere(*steps), method=method)
    assert ran.value("end", "squares") == [0, 3, 12]
    assert ran.value("start", "where") == ("start" in steps)
    assert ran.value("join", "there") == [("work" in steps)] * 3
    assert sorted(ran.out.splitlines()) == [f"[work/{n}] at {n}" for n in range(3)]
    assert {(one["step"], one["orders"]) for one in farm.calls("start")} == {(step, 3 if step == "work" else 1) for step in steps}
    assert len(farm.calls("end")) == 0
    assert len(farm.calls("close")) == 1
    assert farm.alive() == []
    assert "flowc: the field is ploughed" in ran.err
    record = read_run(flow.store, "Hybrid", "1")
    assert record is not None
    assert record.target == "local"
    if "work" in steps:
        assert "[work/1] waits on The Farm (1-work-1-0)" in ran.err
        assert "[work/1] runs" in ran.err
        assert "[work/1] done in" in ran.err


def jobs(farm: Farm) -> list[str]:
    """The jobs of which a process was started."""
    return [one["id"] for one in farm.calls("job")]


FOREVER = 10_000


@pytest.mark.parametrize("fault", ["lost answer", "lost in the middle", "busy start", "busy look", "look refused"])
@pytest.mark.parametrize("tells", [False, True])
def test_what_a_platform_cannot_do_for_a_while(hybrid, fault, tells):
    flow, farm = hybrid(faults={fault: 3}, tells=tells)
    ran = flow.done(elsewhere=farm.elsewhere(*ALL))
    assert ran.value("end", "squares") == [0, 2, 8]
    assert len(farm.calls("fault")) == 3
    assert len(jobs(farm)) == len(set(jobs(farm))) == 6  # whatever was lost, nothing ran twice
    assert "cannot be asked" not in ran.err  # so short a trouble is nobody's business


@pytest.mark.parametrize("fault", ["busy start", "busy look"])
def test_trouble_that_lasts_is_told_once(hybrid, fault, monkeypatch):
    flow, farm = hybrid(faults={fault: 7})
    monkeypatch.setattr("flowc.runtime.remote.troubles.LONGEST_WAIT", 0.2)
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    reason = "a throttled field" if fault == "busy start" else "fog"
    assert ran.err.count(f"({reason}); tasks go on, and this is tried again") == 1
    assert ran.err.count("flowc: The Farm cannot be asked since ") == 1
    assert ran.err.count("flowc: The Farm answers again, after ") == 1


def test_looks_that_are_refused_for_good(hybrid, monkeypatch):
    monkeypatch.setattr(platforms, "REFUSED", 0.3)
    flow, farm = hybrid("time.sleep(60)", faults={"look refused": FOREVER})
    flow.failed("is not done: the tasks on The Farm cannot be watched: you may not look", elsewhere=farm.elsewhere("work"))
    assert farm.calls("end")[0]["jobs"] == 3
    farm.wait_until_none_is_alive()


def test_a_look_that_is_refused_after_a_long_trouble(hybrid, monkeypatch):
    """As the first answer of a network may be one of its own."""
    monkeypatch.setattr(platforms, "REFUSED", 0.5)
    monkeypatch.setattr("flowc.runtime.remote.troubles.LONGEST_WAIT", 0.2)
    flow, farm = hybrid(faults={"busy look": 8, "look refused": 2})
    flow.done(elsewhere=farm.elsewhere("work"))
    assert len(farm.calls("fault")) == 10


def test_a_start_that_is_refused(hybrid):
    flow, farm = hybrid("time.sleep(60)", faults={"start refused": 1})
    ran = flow.failed(elsewhere=farm.elsewhere("work"))
    assert "is not done: the task work/0 cannot be started on The Farm: no such field" in ran.err
    assert jobs(farm) == []
    result = read_result(flow.store, "Hybrid", "1")
    assert result is not None
    assert "cannot be started" in str(result.message)


def test_a_platform_that_is_not_fit(hybrid):
    flow, farm = hybrid(refuses="the queue barn is not there: --queue names another")
    with pytest.raises(ComputeError, match="^the queue barn is not there: --queue names another$"):
        flow.run(elsewhere=farm.elsewhere("work"))
    assert list(flow.store.list("Hybrid/")) == []


def test_in_this_process(hybrid):
    flow, farm = hybrid()
    with pytest.raises(ComputeError, match="--in-process .* step `work` are to run elsewhere: --without farm"):
        flow.run(elsewhere=farm.elsewhere("work"), method="inline")
    assert farm.told() == []


@pytest.mark.parametrize("fault", ["bug in prepare", "bug in start", "bug in look", "bug in end"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_bug_of_ours(hybrid, fault, method):
    flow, farm = hybrid("1 / 0 if self.input == 2 else time.sleep(60)", faults={fault: 1})
    ran = flow.run(elsewhere=farm.elsewhere("work"), method=method)
    if fault == "bug in end":  # the run had failed before
        assert "could not be ended (by a bug of flowc's), and may go on: flowc farm kill --run-id 1" in ran.err
        assert ran.result.exit_code == 1
    else:
        assert ran.result.exit_code == 3
        assert "ZeroDivisionError" in ran.err
        assert "please report it" in ran.err
        farm.wait_until_none_is_alive()


FATES = {
    "killed": ("KilledError", "was killed, since its machine was wanted back"),
    "lost": ("KilledError", "ended on The Farm, which does not say why"),
    "no image": ("KilledError", "cannot start, since its image is not there"),
}


@pytest.mark.parametrize("fate", FATES)
def test_attempts_that_cannot_say_why_they_ended(hybrid, fate):
    flow, farm = hybrid(
        "time.sleep(60) if self.input == 1 else None",
        "@retry(times=1, minutes_between_retries=0) @catch(var='failed')".replace(" @catch", "\n        @catch"),
        fate={"work/1/0": fate, "work/1/1": fate},
    )
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    kind, words = FATES[fate]
    for attempt in (0, 1):
        failure = ran.failure("work", "1", attempt)
        assert (failure.type, failure.message) == (kind, words)
    assert ran.value("work", "failed", "1") == Failure(kind, words)
    assert ran.manifest("work", "1").attempt == 2
    assert ran.value("end", "there") == [True, None, True]
    assert ran.err.count(f"[work/1] {words}\n") == 2
    assert ran.err.count("[work/1] flowc: more of it: https://farm.example/1-work-1-") == 2
    assert [one["attempt"] for one in farm.calls("start")] == [0, 1]  # the attempt that catches ran here
    assert farm.alive() == []


def test_a_platform_that_is_faster_than_the_store(hybrid, monkeypatch):
    monkeypatch.setattr(agent, "AGAIN", (0.2, 5.0))
    flow, farm = hybrid("time.sleep(1)", fate={"work/1/0": "early"}, count=2)
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    assert ran.value("end", "squares") == [0, 2]
    assert ran.failure("work", "1") is None


def test_a_container_that_does_nothing(hybrid):
    flow, farm = hybrid("time.sleep(60)", fate={"work/0/0": "early"}, count=1)
    ran = flow.failed("exit code 0, and has done nothing of the task", elsewhere=farm.elsewhere("work"))
    assert ran.failure("work", "0").type == "ExitError"


def test_failures_of_the_user(hybrid):
    body = """
            if self.input == 0: print("before"); raise ValueError("no such colour")
            if self.input == 1: os._exit(7)
            if self.input == 2: os.kill(os.getpid(), 9)
            if self.input == 3: time.sleep(60)
            """
    flow, farm = hybrid(body, "@timeout(seconds=1)\n        @catch(var='failed')", count=5)
    ran = flow.done(elsewhere=farm.elsewhere(*ALL))
    found = [ran.value("work", "failed", str(path)) for path in range(5)]
    assert [failure and failure.type for failure in found] == ["ValueError", "ExitError", "KilledError", "TimeoutError", None]
    assert ran.err.count("ValueError: no such colour") == 2  # in its traceback, and that it is caught
    assert ran.err.count("with exit code 7") == 2
    assert ran.err.count("[work/0] before") == 0
    assert ran.out == "[work/0] before\n"
    assert {(one["step"], one["attempt"]) for one in farm.calls("start")} == {(step, 0) for step in ALL}


def test_a_traceback_that_is_not_to_be_shown(hybrid):
    flow, farm = hybrid("1 / 0", "@catch(print_exception=False)")
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    assert "Traceback" not in ran.err


def test_retries_wait(hybrid):
    flow, farm = hybrid("1 / (self.input != 1 or current.retry_count)", "@retry(times=1, minutes_between_retries=0.02)")
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    assert "[work/1] failed; retry 1 of 1 in 1 s" in ran.err
    assert "[work/1] starts again, retry 1" in ran.err
    first, second = farm.calls("start")
    assert second["at"] - first["at"] >= 1
    assert (second["orders"], second["attempt"]) == (1, 1)
    assert ran.manifest("work", "1").attempt == 1


def test_how_many_at_once(hybrid):
    """Here and elsewhere together."""
    flow, farm = hybrid("time.sleep(0.2)", count=10)
    flow.done(elsewhere=farm.elsewhere("work"), max_workers=4)
    assert max(one["orders"] for one in farm.calls("start")) == 4
    assert max(one["jobs"] for one in farm.calls("look")) <= 4
    assert len(jobs(farm)) == 10


def test_more_items_than_are_allowed(hybrid):
    flow, farm = hybrid(count=30)
    flow.failed("has 30 items, more than the 20 allowed; --max-num-splits 30", elsewhere=farm.elsewhere(*ALL), max_num_splits=20)
    assert {one["step"] for one in farm.calls("start")} == {"start"}


def test_many_move_in_one_line(hybrid):
    flow, farm = hybrid(count=30)
    ran = flow.done(elsewhere=farm.elsewhere("work"), max_workers=30)
    assert "[work] 30 tasks wait on The Farm\n" in ran.err
    assert "(job" not in ran.err
    assert len(farm.calls("start")) == 1


def test_why_they_wait(hybrid, monkeypatch):
    monkeypatch.setattr(waits, "EVERY", 0.1)
    monkeypatch.setattr(waits, "LONG", 0.3)
    flow, farm = hybrid(queue=2.0, count=5, reasons={"work": "no machine of the barn has 900 GiB"}, faults={"busy explain": 1})
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    said = "flowc: the task work/0, like 4 more of its step, waits on The Farm for more than a minute: no machine of the barn"
    assert ran.err.count(said) == 1
    assert ran.err.count("no machine of the barn") == 1
    assert all(one["jobs"] <= 3 for one in farm.calls("explain"))
    assert len(farm.calls("explain")) > 1


def test_a_run_that_fails_ends_what_runs(hybrid):
    flow, farm = hybrid("1 / 0 if self.input == 1 else time.sleep(60)", faults={"busy end": 2}, count=8)
    ran = flow.failed("the task work/1 failed; 7 running tasks stopped", elsewhere=farm.elsewhere("work"))
    assert [one["jobs"] for one in farm.calls("end")] == [7, 7, 7]
    assert farm.calls("end")[0]["why"] == "the task work/1 failed"
    assert "flowc: ending 7 tasks on The Farm\n" in ran.err
    assert "may go on" not in ran.err
    farm.wait_until_none_is_alive()


def test_jobs_that_cannot_be_ended(hybrid, monkeypatch):
    monkeypatch.setattr(agent, "ENDING", 0.5)
    flow, farm = hybrid("1 / 0 if self.input == 1 else time.sleep(8)", faults={"end refused": FOREVER})
    ran = flow.failed("the task work/1 failed\n", elsewhere=farm.elsewhere("work"), again="flow.py --datastore x")
    words = "2 tasks on The Farm could not be ended (you may not end it), and may go on: flowc farm kill flow.py --datastore x"
    assert f"flowc: {words} --run-id 1 --field 7\n" in ran.err
    farm.wait_until_none_is_alive(20)


def test_one_job_that_cannot_be_ended(hybrid, monkeypatch):
    monkeypatch.setattr(agent, "ENDING", 0.5)
    flow, farm = hybrid("1 / 0 if self.input == 1 else time.sleep(8)", faults={"cannot end": FOREVER}, count=2)
    ran = flow.failed("the task work/1 failed\n", elsewhere=farm.elsewhere("work"))
    assert "1 task on The Farm could not be ended, and may go on: flowc farm kill --run-id 1 --field 7\n" in ran.err
    farm.wait_until_none_is_alive(20)


def test_a_start_that_goes_on_when_the_run_ends(hybrid):
    """What it has started by then is ended too, and so is what may have been started."""
    flow, farm = hybrid("1 / 0 if self.input == 1 else time.sleep(60)", alike=False, faults={"slow start": 0}, count=4)
    slow = farm.start

    def start(orders):
        if orders[0].step == "work" and len(farm.calls("start")) == 1:
            farm.faults["slow start"] = farm.faults["lost answer"] = 1
        return slow(orders)

    farm.start = start
    flow.failed("the task work/1 failed", elsewhere=farm.elsewhere("work"), max_workers=2)
    farm.wait_until_none_is_alive()


def test_output_as_it_comes(hybrid, tmp_path, monkeypatch):
    """Lines are there while their task runs."""
    gate = tmp_path / "gate"
    flow, farm = hybrid(
        f"""
            print("first", flush=True)
            while not os.path.exists({str(gate)!r}): time.sleep(0.05)
            print("last", file=sys.stderr)
            """,
        count=1,
    )

    def output(self: Progress, task: object, is_error: bool, line: str) -> None:
        if line == "first":
            gate.touch()
        usual(self, task, is_error, line)

    usual: Any = Progress.output
    monkeypatch.setattr(Progress, "output", output)
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    assert ran.out == "[work/0] first\n"
    assert "[work/0] last\n" in ran.err
