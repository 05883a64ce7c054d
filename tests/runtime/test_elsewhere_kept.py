"""What tasks elsewhere find in the store and leave there: parameters, logs, what a resumed run takes over."""

from __future__ import annotations

import os
import re
import time
from typing import Any

import pytest
from farm import Farm
from hybrids import ALL, hybrid, quick

from flowc.runtime import contract
from flowc.runtime.errors import RecordError, StoreError
from flowc.runtime.records.logs import read_lines
from flowc.runtime.remote import agent, tails
from flowc.runtime.resume.begin import Resumption
from flowc.runtime.resume.decide import decide
from flowc.runtime.resume.survey import survey
from flowc.runtime.store import LocalStore, open_store

__all__ = ["hybrid", "quick"]  # fixtures


class Odd:
    """A store of which some methods are others."""

    def __init__(self, store: LocalStore, **others: Any) -> None:
        self._store = store
        vars(self).update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


PARAMETERS = """
    from flowc import *
    import json, os

    class Given(FlowSpec):
        alpha = Parameter("alpha", default=2)
        table = Parameter("table", type=JSONType, default="{}")
        who = Parameter("who", default=lambda context: os.environ.get("HERE", "nobody"))
        text = IncludeFile("text")
        large = IncludeFile("large", is_text=False, default="large.bin")

        @catch(var="failed")
        @step
        def start(self):
            if self.alpha == 0: os._exit(1)
            self.total = len(self.text) + len(self.large) + self.alpha
            self.next(self.end)

        @step
        def end(self):
            pass
    """


@pytest.fixture
def given(write, tmp_path):
    (tmp_path / "large.bin").write_bytes(bytes(100_000))
    (tmp_path / "text.txt").write_text("words of this machine")
    flow = write(PARAMETERS)
    for folder in ("package", "farm"):
        (tmp_path / folder).mkdir()
    (tmp_path / "package" / contract.PLAN_FILE).write_text(flow.plan_text)
    (tmp_path / "package" / flow.file.name).write_text(flow.file.read_text())
    return flow, Farm(tmp_path / "farm", tmp_path / "package", flow.store.root)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_parameters_of_a_first_task_elsewhere(given, tmp_path, monkeypatch, method):
    """They are read here, files and defaults too."""
    monkeypatch.setenv("HERE", "laptop")
    flow, farm = given
    values = {"alpha": "3", "table": '{"a": [1]}', "text": str(tmp_path / "text.txt")}
    ran = flow.done(values, elsewhere=farm.elsewhere("start"), method=method)
    found = ran.values("end")
    assert {name: found[name] for name in ("alpha", "table", "who", "text")} == {
        "alpha": 3,
        "table": {"a": [1]},
        "who": "laptop",
        "text": "words of this machine",
    }
    assert found["total"] == 21 + 100_000 + 3
    assert len(flow.store.get("Given/1/parameters.json") or b"") > 200


def test_the_attempt_that_catches_finds_them_too(given, tmp_path):
    flow, farm = given
    ran = flow.done({"alpha": "0", "text": str(tmp_path / "text.txt")}, elsewhere=farm.elsewhere("start"))
    assert ran.value("end", "failed").type == "ExitError"
    assert ran.value("end", "alpha") == 0


def test_a_file_that_is_not_here(given, tmp_path):
    flow, farm = given
    with pytest.raises(Exception, match=r"nowhere\.txt"):
        flow.run({"text": str(tmp_path / "nowhere.txt")}, elsewhere=farm.elsewhere("start"))
    assert farm.told() == []


@pytest.mark.parametrize("first", ["here", "elsewhere"])
@pytest.mark.parametrize("second", ["here", "elsewhere"])
@pytest.mark.parametrize("broken", ["start", "work"])
def test_a_run_that_is_resumed(hybrid, tmp_path, first, second, broken):
    gate = tmp_path / "gate"
    body = f"if {broken == 'work'} and self.input == 1: open({str(gate)!r}).close()"
    flow, farm = hybrid(body)
    text = flow.file.read_text()
    if broken == "start":
        text = text.replace("self.where =", f"open({str(gate)!r}).close(); self.where =")
        flow.file.write_text(text)
        (farm.package / flow.file.name).write_text(text)
    farms = {"here": None, "elsewhere": farm.elsewhere(*ALL)}
    flow.run({"alpha": 5}, elsewhere=farms[first])
    gate.touch()
    decision = decide(flow.plan, survey(flow.store, "Hybrid", "1"))
    assert bool(decision.reused) == (broken == "work")
    ran = flow.done(elsewhere=farms[second], resumption=Resumption(decision.origin, decision.reused))
    assert ran.run_id == "2"
    assert ran.value("end", "squares") == [0, 5, 20]
    assert ran.value("end", "alpha") == 5


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_on_a_real_object_store(hybrid, s3, s3_place, method):
    """Large values, lines and failures go by way of it; the scheduler's process forks after its helpers use it."""
    body = """
            print("at", self.input)
            self.large = bytes(200_000)
            if self.input == 3 and not current.retry_count: os._exit(3)
            if self.input == 4 and not current.retry_count: time.sleep(60)
            """
    flow, farm = hybrid(
        body, "@retry(times=1, minutes_between_retries=0)", count=8, fate={"work/4/0": "lost"}, environment=s3.environment
    )
    farm.datastore = s3_place
    ran = flow.run(elsewhere=farm.elsewhere("start", "work"), store_of=lambda _: s3_place, method=method)
    assert ran.result.ok, ran.err
    store = open_store(s3_place)
    flow.store = store
    assert ran.value("end", "squares") == [2 * n * n for n in range(8)]
    assert ran.failure("work", "3").type == "ExitError"
    assert ran.failure("work", "4").message == "ended on The Farm, which does not say why"
    assert [line.text for line in read_lines(store, "Hybrid", ran.task("work", "7"), 0)] == ["at 7"]
    assert sorted(set(ran.out.splitlines())) == [f"[work/{n}] at {n}" for n in range(8)]


def test_a_store_that_fails_for_a_while(hybrid, monkeypatch):
    """As without a network: nothing is lost, and it is told once."""
    monkeypatch.setattr("flowc.runtime.remote.troubles.LONGEST_WAIT", 0.2)
    flow, farm = hybrid("print('at', self.input)")
    failing = [60]

    def get(key: str, start: int = 0) -> Any:
        if "/work/" in key and failing[0]:
            failing[0] -= 1
            time.sleep(0.05)
            raise StoreError("no route to the barn")
        return local.get(key, start)

    local = flow.store
    ran = flow.done(elsewhere=farm.elsewhere(*ALL), store_of=lambda store: Odd(store, get=get))
    assert ran.err.count("flowc: the datastore cannot be asked since ") == 1
    assert ran.err.count("(no route to the barn); tasks go on, and this is tried again") == 1
    assert ran.err.count("flowc: the datastore answers again") == 1
    assert sorted(ran.out.splitlines()) == [f"[work/{n}] at {n}" for n in range(3)]
    assert [one["attempt"] for one in farm.calls("start")] == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", [StoreError, RecordError])
def test_a_store_that_fails_for_good(hybrid, monkeypatch, kind):
    monkeypatch.setattr(agent, "UNREAD", 0.5)

    def get(key: str, start: int = 0) -> Any:
        if "/work/1/" in key:
            raise kind("it is damaged")
        return local.get(key, start)

    flow, farm = hybrid("time.sleep(60) if self.input == 2 else None")
    local = flow.store
    flow.failed(
        "is not done: it is damaged; ",
        elsewhere=farm.elsewhere("work"),
        store_of=lambda store: Odd(store, get=get),
    )
    farm.wait_until_none_is_alive()


def test_a_log_of_which_much_comes_at_once(hybrid, monkeypatch):
    """The middle is left out, the end never is."""
    monkeypatch.setattr(tails, "SOONEST", 60.0)
    flow, farm = hybrid("print(*('x' * 99 + str(n) for n in range(100_000)), sep='\\n'); print('the end')", count=1)
    ran = flow.done(elsewhere=farm.elsewhere("work"))
    lines = ran.out.splitlines()
    assert lines[-1] == "[work/0] the end"
    assert len(ran.out) < 6 << 20
    numbers = [int(line.rpartition("x")[2]) for line in lines[:-1]]
    assert numbers == sorted(set(numbers))
    assert re.search(r"^\[work/0\] flowc: [678] MiB and more of what it printed are left out here", ran.err, re.MULTILINE)
    assert len(list(read_lines(flow.store, "Hybrid", ran.task("work", "0"), 0))) == 100_001


def test_lines_of_many(hybrid):
    flow, farm = hybrid("for n in range(200): print(n)", count=20)
    ran = flow.done(elsewhere=farm.elsewhere("work"), max_workers=20)
    for path in range(20):
        head = f"[work/{path}] "
        assert [line.removeprefix(head) for line in ran.out.splitlines() if line.startswith(head)] == [str(n) for n in range(200)]


def test_what_was_printed_before_the_end(hybrid):
    """Of a job that was killed, all that its container has written."""
    flow, farm = hybrid("print('so far', flush=True); time.sleep(60)", fate={"work/0/0": "lost"}, count=1)
    usual = farm._seen

    def seen(id: str) -> Any:
        while flow.store.get("Hybrid/1/work/0/log-0/000000") is None and farm._jobs[id].told == "running":
            time.sleep(0.05)
        return usual(id)

    farm._seen = seen
    ran = flow.failed("[work/0] ended on The Farm, which", elsewhere=farm.elsewhere("work"))
    assert ran.out == "[work/0] so far\n"
    kept = [line.text for line in read_lines(flow.store, "Hybrid", ran.task("work", "0"), 0)]
    assert kept == ["so far", "flowc: ended on The Farm, which does not say why"]
    assert ran.err.count("which does not say why") == 1


def test_the_parent_does_not_use_the_store(hybrid):
    pid, (flow, farm) = os.getpid(), hybrid("print(1); os._exit(1) if not current.retry_count else None", "@retry(times=1)")

    class Elsewhere(Odd):
        def __getattr__(self, name: str) -> Any:
            assert os.getpid() != pid or name in ("url", "prepare"), name
            return super().__getattr__(name)

    ran = flow.run(elsewhere=farm.elsewhere("start", "work"), store_of=Elsewhere, waits=False)
    assert ran.result.ok, ran.err


def test_tasks_here_do_not_hold_the_helper(hybrid):
    """A descriptor of the helper's socket in a task's process would keep it from seeing that its scheduler is gone."""
    flow, farm = hybrid("pass")
    text = flow.file.read_text().replace("self.squares =", "self.open = len(os.listdir('/proc/self/fd')); self.squares =")
    flow.file.write_text(text)
    with_helper = flow.done(elsewhere=farm.elsewhere("work")).value("join", "open")
    assert with_helper == flow.done().value("join", "open")


def test_a_spawned_task_and_one_elsewhere(hybrid):
    flow, farm = hybrid("print('at', self.input)")
    ran = flow.done(elsewhere=farm.elsewhere("work"), method="spawn", max_workers=2)
    assert ran.value("end", "squares") == [0, 2, 8]
