"""@retry, @catch, @timeout and @environment, with real processes."""

from __future__ import annotations

import re
import time

import pytest

from flowc.runtime import contract
from flowc.runtime.client.states import state_of
from flowc.runtime.failure import Failure
from flowc.runtime.paths import TaskId
from flowc.runtime.plan import Decorator, Step
from flowc.runtime.records.manifest import read_failure, write_failure
from flowc.runtime.records.traces import Trace, traces
from flowc.runtime.tasks.policy import policy_of


def a_flow(decorators: str, body: str, after: str = "pass") -> str:
    return f"""
import os, signal, subprocess, sys, time
from flowc import *

class Policies(FlowSpec):
    @step
    def start(self):
        self.x = "before"
        self.next(self.work)

    {decorators}
    @step
    def work(self):
        {body}
        self.next(self.after)

    @step
    def after(self):
        {after}
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_retry_then_success(write):
    ran = write(
        a_flow(
            "@retry(times=2, minutes_between_retries=0)",
            "self.x = current.retry_count; self.y = 1 / (0 if current.retry_count < 2 else 1)",
        )
    ).done()
    assert ran.value("end", "x") == 2
    assert ran.manifest("work").attempt == 2
    assert [ran.failure("work", attempt=attempt).type for attempt in (0, 1)] == ["ZeroDivisionError"] * 2
    assert ran.failure("work", attempt=2) is None
    assert "[work] starts again, retry 2" in ran.err


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_timeout_of_more_years_than_a_system_waits(write, method):
    write(a_flow("@timeout(hours=10**9)", "pass")).done(method=method)


def test_retries_run_out(write):
    ran = write(a_flow("@retry(times=1, minutes_between_retries=0)", "1 / 0")).failed("the task work failed in its 2 attempts")
    assert ran.failure("work", attempt=1).type == "ZeroDivisionError"
    assert ran.failure("work", attempt=2) is None


def test_retries_wait(write):
    before = time.monotonic()
    ran = write(a_flow("@retry(times=1, minutes_between_retries=0.02)", "assert current.retry_count")).done()
    assert time.monotonic() - before > 0.9
    assert "failed; retry 1 of 1 in 1 s" in ran.err


def test_retries_wait_longer_each_time(write):
    again = "times=2, minutes_between_retries=0.02, backoff=5, max_minutes_between_retries=0.03"
    ran = write(a_flow(f"@retry({again})", "assert current.retry_count == 2")).done()
    assert re.findall(r"retry (\d) of 2 in (\S+) s", ran.err) == [("1", "1"), ("2", "2")]


def test_jitter_is_anything_up_to_the_wait(write):
    ran = write(a_flow("@retry(times=5, minutes_between_retries=0.02, jitter=True)", "assert current.retry_count == 5")).done()
    waits = [float(one) for one in re.findall(r"of 5 in (\S+) s", ran.err)]
    assert max(waits) <= 1
    assert len(set(waits)) > 1


def test_no_wait_at_all(write):
    again = "times=1, minutes_between_retries=1000, backoff=2, jitter=True"
    ran = write(a_flow(f"@retry({again})", "assert current.retry_count")).done(waits=False)
    assert "failed; retry" not in ran.err


def test_waits_have_bounds():
    def wait(**arguments):
        return policy_of(Step("s", False, (), (), (), (), (), (Decorator("retry", arguments),), "")).wait(99)

    assert wait(backoff=1e300) == wait(backoff="1e300", jitter=True) == 365 * 86400
    assert wait(backoff=1e300, max_minutes_between_retries="5") == 300
    assert wait(backoff=1e300, minutes_between_retries=0) == 0


def test_catch_goes_on_from_what_the_step_started_from(write):
    ran = write(
        a_flow(
            "@catch(var='failed')\n    @retry(times=1, minutes_between_retries=10000)",
            "self.x = 'after'; 1 / 0",
        ).replace("minutes_between_retries=10000", "minutes_between_retries=0")
    ).done()
    failed = ran.value("end", "failed")
    assert isinstance(failed, Failure)
    assert failed
    assert (failed.type, failed.message, str(failed)) == (
        "ZeroDivisionError",
        "division by zero",
        "ZeroDivisionError: division by zero",
    )
    assert "in work" in failed.traceback
    assert ran.value("end", "x") == "before"
    assert ran.manifest("work").attempt == 2
    assert ran.manifest("work").caught == failed
    assert ran.err.count("ZeroDivisionError: division by zero") == 3  # each attempt's, and that it is caught


def test_catch_after_a_success_sets_none(write):
    ran = write(a_flow("@catch(var='failed')", "pass", "assert not self.failed")).done()
    assert ran.value("end", "failed") is None
    assert ran.manifest("work").attempt == 0


def test_catch_without_a_variable_or_a_traceback(write):
    ran = write(a_flow("@catch(print_exception=False)", "1 / 0")).done()
    assert set(ran.values("end")) == {"x"}
    assert "Traceback" not in ran.err


def test_catch_of_a_killed_task(write):
    ran = write(a_flow("@catch(var='failed')", "os.kill(os.getpid(), signal.SIGKILL)")).done()
    assert ran.value("end", "failed").type == "KilledError"
    assert "was killed by SIGKILL" in ran.value("end", "failed").message


def test_catch_of_an_artifact_that_cannot_be_kept(write):
    ran = write(a_flow("@catch(var='failed')", "self.f = lambda: 0")).done()
    assert ran.value("end", "failed").type == "ArtifactError"


def test_catch_in_a_join_keeps_the_parameters(write):
    ran = write("""
        class Joins(FlowSpec):
            alpha = Parameter("alpha", default=7)

            @step
            def start(self):
                self.items = [1]
                self.next(self.work, foreach="items")

            @step
            def work(self):
                self.next(self.join)

            @catch(var="failed")
            @step
            def join(self, inputs):
                1 / 0
                self.next(self.end)

            @step
            def end(self):
                self.seen = self.alpha
        """).done()
    assert set(ran.values("end")) == {"alpha", "failed", "seen"}


def test_timeout_kills_the_whole_process_group(write, tmp_path):
    before = time.monotonic()
    ran = write(a_flow("@timeout(seconds=1)", f"subprocess.run(['sh', '-c', 'sleep 3; touch {tmp_path}/late'])")).failed(
        "took longer than its @timeout of 1 s, and was killed"
    )
    assert time.monotonic() - before < 2.9
    assert ran.failure("work").type == "TimeoutError"
    time.sleep(max(0.0, before + 3.5 - time.monotonic()))
    assert not (tmp_path / "late").exists()


def test_timeout_of_a_task_that_will_not_listen(write):
    ran = write(
        a_flow("@catch(var='failed')\n    @timeout(seconds=1)", "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(30)")
    ).done()
    assert ran.value("end", "failed").type == "TimeoutError"


def test_environment_is_the_steps_own(write):
    ran = write(
        a_flow(
            """@environment(vars={"FLOWC_TEST_WORD": "$(PATH) {{x}}", "FLOWC_TEST_NUMBER": 3})""".replace("FLOWC_TEST", "TEST"),
            "self.x = os.environ['TEST_WORD'] + os.environ['TEST_NUMBER']",
            "self.y = os.environ.get('TEST_WORD')",
        )
    ).done()
    assert (ran.value("end", "x"), ran.value("end", "y")) == ("$(PATH) {{x}}3", None)


@pytest.mark.parametrize(
    ("decorators", "attempts", "delay", "timeout"),
    [
        ([], 1, 0, None),
        ([Decorator("retry", {})], 4, 120, None),
        ([Decorator("retry", {"times": 0})], 1, 120, None),
        (
            [Decorator("retry", {"times": "2", "minutes_between_retries": "1"}), Decorator("timeout", {"minutes": "1.5"})],
            3,
            60,
            90,
        ),
        ([Decorator("timeout", {"seconds": 1, "minutes": 1, "hours": 1})], 1, 0, 3661),
    ],
)
def test_defaults(decorators, attempts, delay, timeout):
    policy = policy_of(Step("s", False, (), (), (), (), (), tuple(decorators), ""))
    assert (policy.attempts, policy.delay, policy.timeout) == (attempts, delay, timeout)
    assert not policy.may_follow(attempts - 1)


RETRIED = "@catch(var='failed')\n    @retry(times=2)"


def test_who_catches_where_numbers_have_gaps(write):
    """As Step Functions counts, which has submissions among the attempts that never became a job."""
    flow = write(a_flow(RETRIED, "raise ValueError(str(current.retry_count))", "self.seen = str(self.failed)"))
    assert flow.container("7", "start").returncode == 0
    for number in (0, 4, 7):  # the last two of which would only catch, by their numbers
        assert flow.container("7", "work", attempt=number, FLOWC_CATCH="0").returncode == 1
    done = flow.container("7", "work", attempt=20, FLOWC_CATCH="1")
    assert done.returncode == 0
    assert "step `work` failed and is caught: ValueError: 7" in done.stderr
    assert flow.ran("7").manifest("work").attempt == 20
    assert flow.container("7", "after").returncode == 0
    assert flow.ran("7").value("after", "seen") == "ValueError: 7"


def test_a_redrive_counts_anew_and_overwrites_nothing(write):
    flow = write(a_flow(RETRIED, "print('hi'); raise ValueError(str(current.retry_count))"))
    assert flow.container("7", "start", attempt="0.0").returncode == 0
    for attempt in ("0.0", "0.1", "1.0", "1.2"):
        assert flow.container("7", "work", attempt=attempt, FLOWC_CATCH="0").returncode == 1
    (found,) = traces(flow.store, "Policies", "7", "work").values()
    assert found.failed == found.printed == (0, 1, 1000, 1002)
    failures = [read_failure(flow.store, "Policies", TaskId("7", "work", "-"), one) for one in found.failed]
    assert [one and one.message for one in failures] == ["0", "1", "0", "2"]
    # What caught before the redrive, and failed, is nothing that the step's code did.
    write_failure(flow.store, "Policies", TaskId("7", "work", "-"), 13, Failure("StoreError", "no"), 0, 1)
    write_failure(flow.store, "Policies", TaskId("7", "work", "-"), 1013, Failure("StoreError", "no"), 0, 1)
    done = flow.container("7", "work", attempt="2.13", FLOWC_CATCH="1")
    assert done.returncode == 0
    assert "step `work` failed and is caught: ValueError: 2" in done.stderr
    assert flow.ran("7").manifest("work").attempt == 2013


def test_numbers_of_attempts_grow_and_are_unlike():
    texts = ["0", "7", "112", "999", "1.0", "1.112", "2.0", "11.3", "999999.999"]
    numbers = [number for text in texts if (number := contract.attempt_number(text)) is not None]
    assert numbers == sorted(set(numbers))
    assert [contract.attempt_count(number) for number in numbers] == [0, 7, 112, 999, 0, 112, 0, 3, 999]
    assert contract.attempt_number("0.7") == 7
    assert {contract.attempt_number(text) for text in ("", "x", "-1", "1000", "1.", ".1", "1.1.1", "1.1000", "٣", "1\n")} == {
        None
    }


@pytest.mark.parametrize(
    ("before", "caught"),
    [
        ((), "KilledError"),  # none of them left anything
        (("record",), "ValueError"),
        (("record", "log"), "KilledError"),  # the last one printed, and was killed with its container
        (("log", "record"), "ValueError"),
        (("record", "own log"), "ValueError"),
        (("record", "own record"), "ValueError"),
    ],
)
def test_what_is_caught_is_what_came_last(write, before, caught):
    flow = write(a_flow(RETRIED, "pass"))
    assert flow.container("7", "start").returncode == 0
    task = TaskId("7", "work", "-")
    for number, what in enumerate(before):
        at = 9 if "own" in what else 3 * number
        if "log" in what:
            flow.store.put(f"Policies/7/work/-/log-{at}/000000", b"1700000000.000 o x\n")
        else:
            failure = Failure("StoreError" if "own" in what else "ValueError", "no")
            write_failure(flow.store, "Policies", task, at, failure, 0, 1)
    done = flow.container("7", "work", attempt=9, FLOWC_CATCH="1")
    assert done.returncode == 0, done.stderr
    failure = flow.ran("7").value("work", "failed")
    assert failure.type == caught
    assert failure.message == ("no" if caught == "ValueError" else KILLED)


KILLED = "the last attempt of the task work left no record: it was killed, for want of memory or time"


@pytest.mark.parametrize(
    ("value", "words"),
    [("2", "FLOWC_CATCH is '2', and must be 0 or 1"), ("1", "FLOWC_CATCH is 1, and step `work` has no @catch")],
)
def test_catching_that_cannot_be(write, value, words):
    flow = write(a_flow("@retry(times=2)", "pass"))
    assert flow.container("7", "start").returncode == 0
    done = flow.container("7", "work", attempt=9, FLOWC_CATCH=value)
    assert (done.returncode, done.stderr) == (2, f"flowc: {words}\n")


@pytest.mark.parametrize(
    ("target", "failed", "printed", "state"),
    [
        ("local", (0,), (), "running"),
        ("local", (0, 2), (), "failed"),
        ("argo", (2,), (), "failed"),  # the numbers have no gaps there: those before left no record
        ("sfn", (2,), (), "running"),  # two jobs could not be submitted; the policy has two attempts left
        ("sfn", (2, 7), (), "running"),
        ("sfn", (2, 7, 8), (), "failed"),
        ("sfn", (2, 8), (2, 7, 8), "failed"),
        ("sfn", (2, 7, 8), (2, 9), "running"),
        ("sfn", (2, 7, 8, 1000), (1000,), "running"),  # after a redrive, which has three attempts anew
        ("sfn", (2, 7, 8, 1000, 1001, 1003), (7,), "failed"),
    ],
)
def test_the_state_of_a_task_whose_attempts_have_any_numbers(write, target, failed, printed, state):
    plan = write(a_flow("@retry(times=2)", "pass")).plan
    assert state_of(Trace(False, failed, printed), "work", plan, target, run_is_over=False) == state
    assert state_of(Trace(False, failed, printed), "work", plan, target, run_is_over=True) == "failed"
    assert state_of(Trace(True, failed, printed), "work", plan, target, run_is_over=False) == "done"
