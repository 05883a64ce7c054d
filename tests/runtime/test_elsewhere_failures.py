"""What fails elsewhere fails as it does here: every row of the tables of `docs/failures.md`."""

from __future__ import annotations

import pytest
from farm import Farm, Process, quicken

from flowc.runtime import contract
from flowc.runtime.compute import Seen
from flowc.runtime.failure import Failure
from flowc.runtime.remote.jobs import failure_of

from .test_failure_table import BODIES, RUNNABLE, a_flow, cells, rows


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    Process.warm()
    quicken(monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def failing(write, tmp_path):
    def make(row: tuple[str, ...], decorators: str):
        limit = "\n    @timeout(seconds=1)" if "@timeout" in row[0] else ""
        flow = write(a_flow(BODIES[row[0]], decorators + limit))
        for folder in ("package", "farm"):
            (tmp_path / folder).mkdir()
        (tmp_path / "package" / contract.PLAN_FILE).write_text(flow.plan_text)
        (tmp_path / "package" / flow.file.name).write_text(flow.file.read_text())
        return flow, Farm(tmp_path / "farm", tmp_path / "package", flow.store.root)

    return make


@pytest.mark.parametrize("row", RUNNABLE, ids=lambda row: row[0])
def test_it_is_tried_again(failing, row):
    kind, words, retried, _, _ = cells(row)
    flow, farm = failing(row, "@retry(times=1, minutes_between_retries=0)")
    ran = flow.done(elsewhere=farm.elsewhere("work", "end"))
    failure = ran.failure("work")
    assert ran.manifest("work").attempt == (1 if retried == "yes" else 0)
    assert sum(one["step"] == "work" for one in farm.calls("start")) == (2 if retried == "yes" else 1)
    if retried == "done":
        assert failure is None
        return
    assert failure.type == kind
    assert words in failure.message


@pytest.mark.parametrize("row", RUNNABLE, ids=lambda row: row[0])
def test_it_is_caught(failing, row):
    kind, words, _, caught, _ = cells(row)
    flow, farm = failing(row, "@catch(var='failed')")
    ran = flow.done(elsewhere=farm.elsewhere("work", "end"))
    assert sum(one["step"] == "work" for one in farm.calls("start")) == 1
    failure = ran.value("end", "failed")
    if caught == "done":
        assert failure is None
        return
    assert failure.type == kind
    assert words in failure.message
    assert ran.err.count(words) >= 1
    if failure.traceback:
        assert ran.err.count("Traceback (most recent call last)") == 1


SAID = {
    "a reason": Seen(id="1", phase="over", error="Gone", message="was deleted by the platform's own", exit_code=143),
    "above 128": Seen(id="1", phase="over", exit_code=137),
    "exit code 0": Seen(id="1", phase="over", exit_code=0),
    "another exit code": Seen(id="1", phase="over", exit_code=127),
    "nothing": Seen(id="1", phase="over"),
}
ELSEWHERE = rows("Elsewhere")


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: row[0])
def test_what_a_platform_tells(row):
    said, kind, words, retried, caught = (cell.strip("`") for cell in row)
    failure = failure_of(next(seen for key, seen in SAID.items() if key in said), "The Farm")
    assert failure.type == kind
    assert words.removeprefix("the ") in failure.message
    assert (retried, caught) == ("yes", "yes")


def test_all_rows_are_told():
    assert [next(key for key in SAID if key in row[0]) for row in ELSEWHERE] == list(SAID)


def test_an_attempt_that_was_told_to_end_learns_why():
    recorded = Failure("InterruptedError", "was interrupted (SIGTERM) by the platform", "Traceback …")
    told = failure_of(Seen(id="1", phase="over", error="Spot", message="was ended for its machine"), "The Farm", recorded)
    assert told == Failure("InterruptedError", "was ended for its machine", "Traceback …")
