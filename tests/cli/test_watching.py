"""`runs`, `status`, `logs`, `stop`, `redrive` and `resume` of runs that a platform schedules, on the tests' engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowc.runtime.client.run import Run
from flowc.runtime.client.task import Task
from flowc.runtime.records.runs import begin_run, new_record

from .deployments import Shop, deployed, environment, shop

__all__ = ["deployed", "environment", "shop"]  # fixtures


def rows(shop: Shop, *arguments: str) -> list[tuple[str, str]]:
    """Runs and their states, as `runs` lists them."""
    ended = shop("runs", "told.py", *arguments, "--format", "json")
    assert ended.code == 0, ended.err
    return [(one["run"], one["status"]) for one in json.loads(ended.out)]


def test_runs_are_listed_as_their_platform_has_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    done = shop.trigger("--tag", "nightly")
    shop.wait(done)
    failed = shop.trigger("--lacks", "/nothing")
    shop.wait(failed)
    monkeypatch.setenv("FLOWC_USER", "bob")
    bobs = shop.trigger("--my-count", "0")
    shop.wait(bobs)
    monkeypatch.setenv("FLOWC_USER", "ann")
    with shop.without_package():
        early = shop.trigger("--tag", "nightly")
        shop.wait(early)
    assert rows(shop)[:3] == [(early, "failed"), (failed, "failed"), (done, "done")]
    assert rows(shop, "--tag", "nightly") == [(early, "failed"), (done, "done")]
    assert rows(shop, "--limit", "1") == [(early, "failed")]
    assert shop("runs", "told.py", "--limit", "1").err == "flowc: there are more; --limit 5 lists them\n"
    assert rows(shop, "--all-users")[:4] == [(early, "failed"), (bobs, "done"), (failed, "failed"), (done, "done")]
    assert rows(shop, "--user", "bob") == [(bobs, "done")]
    (shop.folder / "flowc.toml").write_text(f'datastore = "{shop.place}"\n')
    alone = shop("runs", "told.py")
    assert re.search(rf"{early} +queued\n", alone.out), "of which the datastore has only the input"
    assert alone.err == "flowc: of runs that no task has begun only their platform knows more: --target asks it\n"
    shown = shop("runs", "Told", "--target", "sfn")
    assert re.search(rf"{early} +failed +.* ann +nightly\n", shown.out), shown


def test_a_run_goes_from_running_to_stopped(shop: Shop) -> None:
    gate = shop.folder / "gate"
    run = shop.trigger("--gate", str(gate))
    while not (about := shop.status(run))["jobs"] or about["jobs"][0]["waits"]:
        assert about["status"] in ("queued", "running")
        time.sleep(0.05)
    assert [(job["step"], job["path"], job["status"]) for job in about["jobs"]] == [("start", "-", "RUNNING")]
    assert [link["what"] for link in about["jobs"][0]["links"]] == ["job", "log"]
    short = shop("stop", "told.py", run[-6:])
    assert (short.code, short.out) == (0, "")
    assert short.err == (f"flowc: stopping the run {run}, and with it the job of start\nflowc: the run {run} was stopped\n")
    again = shop("stop", "told.py", run)
    assert again.code == 0
    assert re.fullmatch(rf"flowc: the run {run} was stopped already, [0-9.]+ s ago\n", again.err)
    text = shop("status", "told.py", run).out
    assert text.startswith(f"Told/{run} was stopped\n")
    assert "it was stopped: by ann, with flowc stop\n" in text
    assert rows(shop)[0] == (run, "stopped")
    unknown = shop("stop", "told.py", "nothing")
    assert unknown.code == 2
    assert unknown.err.startswith("flowc: the state machine Told in us-east-1 has no run nothing (the last ")
    assert run in unknown.err


def test_a_wide_foreach_is_counted(shop: Shop) -> None:
    run = shop.trigger("--my-count", "16", "--lacks", "/nothing")
    assert shop.wait(run) == "FAILED"
    about = shop.status(run)
    work = next(step for step in about["steps"] if step["step"] == "work")
    assert (work["of"], work["failed"], work["done"] + work["failed"] <= 16) == (16, 1, True)
    (each,) = about["foreaches"]
    assert (each["total"], each["failed"]) == (16, 1)
    assert re.search(rf"work +{work['done']}/16 +1 ", shop("status", "told.py", run).out)


def test_watching_ends_with_the_run(shop: Shop) -> None:
    gate = shop.folder / "gate"
    run = shop.trigger("--gate", str(gate))
    command = [sys.executable, "-m", "flowc", "status", "told.py", run, "--watch"]
    with subprocess.Popen(command, cwd=shop.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            while "start: 1 running" not in process.stderr.readline():
                pass
            gate.touch()
            out, _ = process.communicate()
        finally:
            process.kill()
    assert process.returncode == 0
    assert out.startswith(f"Told/{run} is done\n")
    failed = shop.trigger("--lacks", "/nothing")
    ended = shop("status", "told.py", failed, "--watch", "--format", "json")
    assert (ended.code, json.loads(ended.out)["status"]) == (1, "failed")


def test_what_failed_without_a_word_the_platform_tells(shop: Shop) -> None:
    with shop.without_package():
        ended = shop("trigger", "told.py", "--wait")
    run = ended.out.strip()
    assert ended.code == 1
    about = shop.status(run)
    assert (about["status"], about["failures"], about["execution"]["status"]) == ("failed", [], "FAILED")
    (trouble,) = about["troubles"]
    assert (trouble["step"], trouble["path"], trouble["error"]) == ("start", "-", "States.TaskFailed")
    assert "Essential container in task exited" in trouble["cause"]
    assert re.search(r"exit code [0-9]+", trouble["cause"])
    assert trouble["job"] in trouble["links"][0]["url"]
    assert "start/- failed on the platform:\nStates.TaskFailed: Essential container in task exited" in ended.err
    assert shop.status("latest")["run"] == run


def test_following_logs_ends_with_the_run_whatever_it_came_to(shop: Shop) -> None:
    run = shop.trigger("--my-count", "2")
    ended = shop("logs", "told.py", run, "--follow")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == "[start] begins"
    assert sorted(ended.out.splitlines()[1:-1]) == ["[work/0] item 0", "[work/1] item 1"]
    assert ended.out.splitlines()[-1] == "[end] the end"
    with shop.without_package():
        early = shop.trigger()
        ended = shop("logs", "told.py", early, "--follow")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == (f"flowc: nothing was printed\nflowc: the run {early} failed; `flowc status told.py {early}` says why\n")


def test_a_failed_run_is_redriven(shop: Shop) -> None:
    lacking = shop.folder / "lacking"
    run = shop.trigger("--lacks", str(lacking))
    assert shop.wait(run) == "FAILED"
    ended = shop("redrive", "told.py", run, "--wait")
    assert ended.code == 1
    assert [line for line in ended.err.splitlines() if " failed in attempt " in line] == ["work/1 failed in attempt 1000:"]
    about = shop.status(run)
    assert [(one["task"], one["attempt"]) for one in about["failures"]] == [("work/1", 1000)]
    assert (about["status"], about["troubles"]) == ("failed", [])
    lacking.touch()
    ended = shop("redrive", "told.py", run, "--wait")
    assert ended.code == 0, ended.err
    assert ended.err.startswith(f"flowc: the run {run} goes on where it failed: https://")
    assert rows(shop)[0] == (run, "done")
    item = Task(f"Told/{run}/work/1", datastore=shop.place)
    assert (item.current_attempt, item.stdout) == (2000, "item 1\n")
    assert shop("logs", "told.py", f"{run}/work/1").out == "item 1\n"
    for attempt in (0, 1000):
        failed = Task(f"Told/{run}/work/1", attempt=attempt, datastore=shop.place)
        assert failed.exception is not None
        assert failed.exception.message == "the file is not there"
        assert "ValueError" in shop("logs", "told.py", f"{run}/work/1", "--attempt", str(attempt)).out
    assert {one.current_attempt for one in Run(f"Told/{run}", datastore=shop.place)["work"]} == {0, 2000}
    again = shop("redrive", "told.py", run)
    assert (again.code, again.err) == (2, f"flowc: the run {run} came to its end: there is nothing to go on with\n")


def test_hooks_are_seen_and_a_run_that_one_ended_is_not_redriven(shop: Shop) -> None:
    hook = 'def told():\n    print("it failed")\n    assert False, "nobody hears"\n\n\n@exit_hook(on_error=[told])\nclass Other'
    with shop.other("import FlowSpec", "import exit_hook, FlowSpec", ("class Other", hook)) as other:
        ended = shop("trigger", other, "--wait", "--lacks", "/nothing")
        run = ended.out.strip()
        assert ended.code == 1
        assert "flowc: exit_hook.failure: 1 failed\n" in ended.err
        failures = [one for one in ended.err.splitlines() if " failed in attempt 0:" in one]
        assert failures == ["work/1 failed in attempt 0:", "exit_hook.failure/- failed in attempt 0:"]
        assert ended.err.endswith(
            f"flowc: `flowc resume {other} {run}` begins a new run here from what it has done, with the code as it is now\n"
        )
        about = json.loads(shop("status", other, run, "--format", "json").out)
        assert [(one["step"], one["failed"]) for one in about["steps"]][-1] == ("exit_hook.failure", 1)
        assert about["troubles"] == []
        assert "[exit_hook.failure] it failed\n" in shop("logs", other, run, "--follow").out
        ended = shop("redrive", other, run)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            f"flowc: the run {run} went on after its failure and ended at a state that fails by itself: Step Functions would "
            f"only fail there again. `flowc resume {other} {run}` begins a new run from what it has done\n"
        )


def test_tasks_of_ecs_are_watched_and_stopped(shop: Shop) -> None:
    gate = shop.folder / "gate"
    (shop.folder / "fits.py").write_text((shop.folder / "told.py").read_text().replace("Told", "Fits"))
    shop.deploy("fits.py", "--compute", "ecs", "--ecs-cluster", shop.aws.ecs_cluster)
    try:
        run = shop.trigger("--gate", str(gate), flow="fits.py")
        while not (jobs := json.loads(shop("status", "fits.py", run, "--format", "json").out)["jobs"]) or jobs[0]["waits"]:
            time.sleep(0.05)
        assert [(job["step"], job["path"], job["status"]) for job in jobs] == [("start", "-", "RUNNING")]
        assert f"/tasks/{jobs[0]['id'].rpartition('/')[2]}/" in jobs[0]["links"][0]["url"]
        assert "and with it the job of start\n" in shop("stop", "fits.py", run).err
        assert shop.wait(run, "Fits") == "ABORTED"
    finally:
        shop.undeploy("fits.py")


def test_a_run_that_the_platform_has_forgotten_is_not_waited_for(shop: Shop) -> None:
    old = "20250101-000000-abcdef"
    begin_run(shop.store, "Told", old, new_record(target="sfn", user="ann"))
    told = (
        f"flowc: the state machine Told in us-east-1 does not know of the run {old}, which is of another deployment, or too long "
        "ago: this is what the datastore has\n"
    )
    ended = shop("status", "told.py", old)
    assert (ended.code, ended.err) == (0, told)
    ended = shop("status", "told.py", old, "--watch")
    assert (ended.code, ended.err) == (1, told)
    ended = shop("logs", "told.py", old, "--follow")
    assert (ended.code, ended.err) == (0, f"flowc: nothing was printed so far\n{told}")


def test_who_can_no_longer_ask_is_told_that_the_run_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    gate = shop.folder / "gate"
    run = shop.trigger("--gate", str(gate), "--my-count", "0")
    shop.aws.fail("stepfunctions", "ListMapRuns", "ThrottlingException")
    shop.aws.fail("stepfunctions", "ListMapRuns", "ExpiredTokenException")
    ended = shop("status", "told.py", run, "--watch")
    gate.touch()
    assert (ended.code, ended.out) == (2, "")
    first, last = ended.err.splitlines()[-2:]
    assert first.startswith("flowc: AWS has too many requests for states:ListMapRuns just now")
    assert first.endswith("; trying again")
    assert last.startswith("flowc: the AWS credentials have expired: renew them (")
    assert last.endswith(
        f"). The run {run} goes on; `flowc status told.py {run} --watch` shows it again, `flowc stop told.py {run}` ends it"
    )
    assert shop.wait(run) == "SUCCEEDED"


def test_a_failed_run_is_resumed_here_with_other_code(shop: Shop) -> None:
    run = shop.trigger("--lacks", "/nothing", "--number", "7")
    assert shop.wait(run) == "FAILED"
    (shop.folder / "told.py").write_text((shop.folder / "told.py").read_text().replace("if self.input == 1", "if False"))
    command = [sys.executable, "-m", "flowc", "resume", "told.py", run]
    ended = subprocess.run(command, cwd=shop.folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    (row,) = [one for one in json.loads(shop("runs", "told.py", "--format", "json").out) if one["origin"] == run]
    assert (row["status"], row["target"]) == ("done", "local")
    assert shop.data(row["run"], "end").number == 7
    assert "reuses" in shop("status", "told.py", row["run"]).out


def test_without_the_platform_the_datastore_tells_and_what_is_missing_is_said(shop: Shop) -> None:
    run = shop.trigger("--gate", str(shop.folder / "gate"))
    while "begins" not in shop("logs", "told.py", run).out:
        time.sleep(0.05)
    (shop.folder / "flowc.toml").write_text(f'datastore = "{shop.place}"\n')
    listed = shop("runs", "told.py")
    assert listed.err.splitlines()[-1] == "flowc: only sfn knows whether its runs go on: --target sfn asks it"
    told = shop("status", "told.py", run)
    assert told.out.startswith(f"Told/{run} is running\n")
    assert told.err == "flowc: sfn ran this, and only it knows whether the run is over: --target sfn asks it\n"
    assert shop("stop", "told.py", run, "--target", "sfn").code == 0


def test_an_id_cut_short_must_mean_one_run(shop: Shop) -> None:
    first, second = shop.trigger("--my-count", "0"), shop.trigger("--my-count", "0")
    for run in (first, second):
        shop.wait(run)
    ended = shop("status", "told.py", first[:8])
    assert ended.code == 2
    assert re.match(rf"flowc: {first[:8]} may be [0-9]+ runs of Told: {second}, {first}\b", ended.err), ended.err
    assert shop("status", "told.py", first[-6:]).out.startswith(f"Told/{first} is done")
    assert shop("stop", "told.py", second[-6:]).code == 0


def test_settings_that_name_a_platform_do_not_stand_in_the_way_of_local_runs(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLOWC_DATASTORE", str(tmp_path / "kept"))
    command = [sys.executable, "-m", "flowc", "run", "told.py", "--my-count", "0"]
    assert subprocess.run(command, cwd=shop.folder, capture_output=True, check=False).returncode == 0
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # where nobody listens
    assert shop("status", "told.py", "1").out.startswith("Told/1 is done\n")
    assert shop("logs", "told.py", "1").out == "[start] begins\n[end] the end\n"
