"""`trigger`, `runs`, `status`, `logs`, `stop`, `retry`, `suspend` and `resume-workflow` on Argo, by the command line.

The cluster is the tests' stand-in (`engines.argo`); what they read in the Workflows of a real one is in `test_told_by_argo.py`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clustered import Berth, enter
from engines.argo.cluster import Argo, settle
from servers import Server

from flowc.runtime.client.run import Run
from flowc.targets.argo import marks

from .deployments import FLOW
from .test_trigger import ODD

ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


class Pier:
    """A flow that is deployed to a cluster, and the command line for it. Other tests' runs are there."""

    def __init__(self, argo: Argo, folder: Path) -> None:
        self.argo = argo
        self.berth = Berth(argo, None)
        self.folder = folder

    def __call__(self, *arguments: str) -> Any:
        return self.berth(*arguments)

    def about(self, verb: str, *arguments: str) -> Any:
        """A verb about the flow, whose platform the settings file names."""
        return self(verb, "told.py", *arguments)

    def start(self, *arguments: str) -> str:
        ended = self.about("trigger", *arguments)
        assert ended.code == 0, ended.err
        return str(ended.out.strip())

    def status(self, run: str) -> Any:
        ended = self.about("status", run, "--format", "json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    def until(self, run: str, *states: str) -> Any:
        """What `status` says, once the run is in one of these states."""
        while (found := self.status(run))["status"] not in states:
            time.sleep(0.1)
        return found

    def workflow(self, run: str) -> Any:
        return self.argo.get("workflows", run)


@pytest.fixture(scope="module")
def deployed(argo_cluster: tuple[str, Path], s3: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pier]:
    """The flow, deployed once for the tests of the module, in a folder whose settings name platform and datastore."""
    pier = Pier(settle(argo_cluster, s3), tmp_path_factory.mktemp("pier"))
    (pier.folder / "told.py").write_text(FLOW, encoding="utf-8")
    (pier.folder / "flowc.toml").write_text(
        f'target = "argo"\ndatastore = "{pier.argo.place}"\nargo-url = "https://argo.example/"\n'
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(pier.argo, monkeypatch)
        monkeypatch.chdir(pier.folder)
        pier.berth.deploy(Path("told.py"))
    yield pier
    for one in pier.argo.all("workflows"):
        pier.argo.delete("workflows", one["metadata"]["name"])


@pytest.fixture
def pier(deployed: Pier, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Pier:
    enter(deployed.argo, monkeypatch)
    monkeypatch.chdir(deployed.folder)
    deployed.berth.capfd = capfd
    return deployed


def test_a_run_is_started_watched_and_looked_back_at(pier: Pier) -> None:
    ended = pier.about("trigger", "--run-id-file", "id", "--tag", "nightly", "--text", ODD[1], "--wait")
    assert ended.code == 0, ended.err
    run = ended.out.removesuffix("\n")
    assert ID.fullmatch(run)
    assert Path("id").read_text() == run
    page = f"https://argo.example/workflows/{pier.argo.namespace}/{run}"
    assert ended.err.startswith(f"flowc: run Told/{run} starts: {page}\n")
    assert "flowc: work: 3/3 done\n" in ended.err
    assert f"Workflow Succeeded: {page}\n" in ended.err
    workflow = pier.workflow(run)
    assert workflow["metadata"]["labels"][marks.DEPLOYMENT] == "told"
    assert workflow["spec"]["workflowTemplateRef"] == {"name": "told"}
    found = Run(f"Told/{run}", datastore=pier.argo.place)
    assert found.user_tags == {"nightly"}
    assert {"user:ann", "runtime:argo"} <= found.system_tags
    told = pier.status(run)
    assert (told["status"], told["user"], told["target"], told["failures"], told["troubles"]) == ("done", "ann", "argo", [], [])
    assert [(one["name"], one["total"], one["done"]) for one in told["foreaches"]] == [("work", 3, 3)]
    (row,) = json.loads(pier.about("runs", "--tag", "nightly", "--format", "json").out)
    assert (row["run"], row["status"], row["tags"]) == (run, "done", ["nightly"])
    assert row["ended"] == told["ended"]
    logs = pier.about("logs", run, "--follow")
    assert {"[work/1] item 1", "[end] the end"} <= set(logs.out.splitlines())
    # With the Workflow gone, as a TTL has it, the datastore tells.
    pier.argo.delete("workflows", run)
    gone = pier.about("status", run, "--target", "argo")
    assert (gone.code, f"Told/{run} is done" in gone.out) == (0, True), gone.err
    assert "does not know of the run" not in gone.out
    assert "[end] the end" in pier.about("logs", run, "--target", "argo").out
    stopped = pier.about("stop", run)
    assert (stopped.code, f"has no run {run}" in stopped.err) == (2, True)


def test_values_arrive_as_they_were_given(pier: Pier) -> None:
    texts = ("".join(ODD), "true")
    runs = {pier.start("--text", text, "--data", json.dumps(ODD), "--my-count", "0"): text for text in texts}
    for run, text in runs.items():
        assert pier.until(run, "done", "failed")["failures"] == []
        task = Run(f"Told/{run}", datastore=pier.argo.place)["start"].task
        assert task is not None
        assert (task.data.text, task.data.data) == (text, list(ODD))


def test_what_is_wrong_is_said_before_anything_starts(pier: Pier) -> None:
    before = pier.argo.all("workflows")

    def refusal(*arguments: str) -> str:
        ended = pier.about("trigger", *arguments)
        assert (ended.code, ended.out) == (2, ""), ended
        return str(ended.err)

    assert refusal("--number", "much") == "flowc: the parameter `number` takes a number, not 'much'\n"
    large = refusal("--text", "x" * 131_072)
    assert "which takes 131,072: `text` alone is 131,074 bytes" in large
    assert "No such option '--nmber'. Did you mean '--number'?" in refusal("--nmber", "1")
    assert "there is no namespace nowhere" in refusal("--namespace", "nowhere")
    assert len(pier.argo.all("workflows")) == len(before)
    ended = pier("trigger", "Other", "--target", "argo")
    assert (ended.code, "there is no WorkflowTemplate other" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trigger", "Told; rm"), "no flow is called 'Told; rm': name its class, or PROJECT.BRANCH.NAME, or its file"),
        (("undeploy", "my-told", "--yes"), "no flow is called 'my-told': name its class, or PROJECT.BRANCH.NAME, or its file"),
        (("status", "told.py", "a\0b"), "no run is called 'a\\x00b'"),
        (("logs", "told.py", "a\nb"), "no run is called 'a\\nb'"),
        (("status", "told.py", "\udcff"), "no run is called '\\udcff'"),
        (("stop", "told.py", "a\0b"), "the WorkflowTemplate told in the namespace NAMESPACE has no run 'a\\x00b'"),
        (("retry", "told.py", "../x"), "the WorkflowTemplate told in the namespace NAMESPACE has no run ../x"),
        (("suspend", "told.py", "latest"), "which run? Only verbs that change nothing take `latest`"),
        (
            ("runs", "told.py", "--argo-url", "http://a b/"),
            "--argo-url is the address of Argo's pages, as https://argo.example, ",
        ),
        (("deploy", "told.py", "--rollback"), "on Argo a deployment has no older versions: "),
    ],
)
def test_a_mistake_is_told_in_one_line(pier: Pier, arguments: tuple[str, ...], said: str) -> None:
    ended = pier(*arguments, "--target", "argo")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"flowc: {said.replace('NAMESPACE', pier.argo.namespace)}"), ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--wait=yes", "--target", "argo"), "Option '--wait' does not take a value."),
        (("--target",), "Option '--target' requires an argument."),
        (("--number", "1"), "which platform? Say --target argo or --target sfn"),
    ],
)
def test_a_mistake_that_hides_the_target(pier: Pier, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    file = tmp_path / "told.py"
    file.write_text(FLOW, encoding="utf-8")
    ended = pier("trigger", str(file), *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"flowc trigger: {said}\n"), ended.err


def test_a_datastore_that_is_not_there(pier: Pier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.cli.watching._TROUBLES", 1)
    gate = pier.folder / "another-gate"
    run = pier.start("--gate", str(gate))
    place = "s3://no-such-bucket/x"
    watched = pier.about("status", run, "--datastore", place, "--watch", "--target", "argo")
    assert watched.code == 2
    # The platform alone is asked by `stop`, which has no such option.
    ending = f"`flowc stop told.py {run} --target argo` ends it"
    watching = f"`flowc status told.py {run} --target argo --datastore {place} --watch` shows it again"
    assert watched.err.endswith(f". The run {run} goes on; {watching}, {ending}\n"), watched.err
    gate.touch()
    pier.until(run, "done")
    over = pier.about("status", run, "--datastore", place, "--watch", "--target", "argo")
    assert (over.code, "there is no bucket" in over.err, "goes on" in over.err) == (2, True, False), over.err
    resumed = pier.about("resume-workflow", run)
    assert (resumed.code, resumed.err) == (2, f"flowc: the run {run} came to its end already\n")


def test_a_run_that_has_only_just_begun_is_listed(pier: Pier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first task began after the datastore was asked, and before the platform was."""
    from flowc.runtime.client.flow import Flow

    run = pier.start("--my-count", "0", "--tag", "late")
    pier.until(run, "done")
    monkeypatch.setattr(Flow, "runs", lambda self, *tags: iter(()))
    listed = {one["run"]: one for one in json.loads(pier.about("runs", "--format", "json").out)}
    assert (listed[run]["user"], listed[run]["tags"]) == ("ann", ["late"])
    assert run in pier.about("runs", "--tag", "late").out
    assert run not in pier.about("runs", "--tag", "later").out
    assert run not in pier.about("runs", "--user", "bob").out


def test_a_run_that_failed_goes_on_by_retry(pier: Pier) -> None:
    there = pier.folder / "there"
    ended = pier.about("trigger", "--lacks", str(there), "--wait")
    run = ended.out.strip()
    assert ended.code == 1
    assert 'raise ValueError("the file is not there")' in ended.err
    assert f"flowc: `flowc retry told.py {run}` goes on where it ended" in ended.err
    told = pier.status(run)
    assert (told["status"], told["troubles"]) == ("failed", [])
    assert [one["task"] for one in told["failures"]] == ["work/1"]
    there.touch()
    again = pier.about("retry", run[-6:], "--wait")
    assert again.code == 0, again.err
    assert again.err.startswith(f"flowc: the run {run} goes on where it failed: https://argo.example/")
    assert pier.workflow(run)["metadata"]["annotations"][marks.RETRIED] == "1"
    found = Run(f"Told/{run}", datastore=pier.argo.place)
    assert found.successful
    task = found["work"]["1"]
    assert task.current_attempt == 1000
    assert found["work"]["0"].current_attempt == 0  # which was not run again
    # AWS's word does the same, and says what is wrong in the same way.
    over = pier.about("redrive", run)
    assert (over.code, over.err) == (2, f"flowc: the run {run} came to its end: there is nothing to go on with\n")


def test_a_run_is_suspended_goes_on_and_is_stopped(pier: Pier) -> None:
    gate = pier.folder / "gate"
    run = pier.start("--gate", str(gate))
    pier.until(run, "running")
    ended = pier.about("suspend", run)
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert f"`flowc resume-workflow told.py {run}` goes on with it" in ended.err
    assert "is suspended already" in pier.about("suspend", run).err
    gate.touch()
    told = pier.status(run)
    while told["steps"][0]["done"] != 1:
        told = pier.status(run)
    assert told["execution"]["status"] == "Suspended"
    time.sleep(1)
    assert pier.status(run)["steps"][1]["done"] == 0
    gate.unlink()
    assert pier.about("resume-workflow", run).err == f"flowc: the run {run} goes on\n"
    assert "is not suspended" in pier.about("resume-workflow", run).err
    assert pier.until(run, "done", "failed")["status"] == "done"
    over = pier.about("suspend", run)
    assert (over.code, "came to its end already" in over.err) == (2, True)

    second = pier.start("--gate", str(gate))
    pier.until(second, "running")
    stopped = pier.about("stop", second)
    assert stopped.code == 0, stopped.err
    assert f"flowc: stopping the run {second}, and with it the job of start" in stopped.err
    assert stopped.err.endswith(f"flowc: the run {second} was stopped\n")
    told = pier.status(second)
    assert (told["status"], told["troubles"]) == ("stopped", [])
    assert told["execution"]["cause"] == "by ann, with flowc stop"
    listed = {one["run"]: one["status"] for one in json.loads(pier.about("runs", "--format", "json").out)}
    assert (listed[run], listed[second]) == ("done", "stopped")
    assert "was stopped already" in pier.about("stop", second).err


def test_a_pod_that_died_before_it_could_say_anything_is_told_by_its_log(pier: Pier) -> None:
    """Its package is gone: it cannot even begin."""
    from flowc.runtime.store import open_store

    store = open_store(pier.argo.place)
    (package,) = (key for key in store.list("flowc-packages/Told/") if key.endswith(".tar.gz"))
    code = pier.argo.get("workflowtemplates", "told")["metadata"]["annotations"][marks.CODE]
    assert code == package
    spec = pier.argo.get("workflowtemplates", "told")["spec"]
    lacking = json.dumps(spec).replace(package, package.replace(".tar.gz", "0.tar.gz"))
    pier.argo.change("workflowtemplates", "told", {"spec": json.loads(lacking)})
    lost = pier.start()
    told = pier.until(lost, "failed")
    pier.argo.change("workflowtemplates", "told", {"spec": spec})
    (trouble,) = told["troubles"]
    assert (trouble["step"], trouble["path"], trouble["attempt"]) == ("start", "-", 0)
    assert "0.tar.gz" in trouble["output"]
    shown = pier.about("status", lost).out
    assert "start/- failed on the platform:" in shown
    assert "0.tar.gz" in shown
    assert "0.tar.gz" in pier.about("logs", lost, "--follow").out
    assert pier.about("status", lost, "--watch").code == 1


def test_help_without_a_cluster_lists_what_the_file_has(pier: Pier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    ended = pier("trigger", "told.py", "--help")
    assert ended.code == 0
    assert "Parameters of Told, as its file has it:" in ended.out


@pytest.mark.parametrize("verb", ["stop", "retry", "suspend", "resume-workflow"])
def test_a_run_is_named_with_its_flow(pier: Pier, verb: str) -> None:
    said = "which run? Say the flow's file or its name, and the run's id, as in `Orders/RUN`"
    assert pier(verb, "7", "--target", "argo").err.startswith(f"flowc {verb}: {said}\n")
    assert pier(verb, "told.py").err.startswith(f"flowc {verb}: which run? Its id follows the flow\n")
    ended = pier(verb, "Told/nothing", "--target", "argo")
    assert (ended.code, "has no run nothing" in ended.err) == (2, True)


def test_step_functions_cannot_suspend(pier: Pier) -> None:
    for verb in ("suspend", "resume-workflow"):
        ended = pier.about(verb, "x", "--target", "sfn")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("flowc: Step Functions cannot suspend a run: ")
