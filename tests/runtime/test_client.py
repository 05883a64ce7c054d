"""The client: looking back at runs from Python."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pastruns import past_runs as past_runs

import flowc
from flowc import DataArtifact, Flow, Metaflow, Run, Step, Task
from flowc.runtime.client import places
from flowc.runtime.client.faults import (
    MetaflowException,
    MetaflowInvalidPathspec,
    MetaflowNamespaceMismatch,
    MetaflowNotFound,
    MetaflowTaggingError,
)
from flowc.runtime.errors import ArtifactError, FlowcError, StoreError
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import Inline, Manifest, commit_manifest
from flowc.runtime.records.runs import begin_run, new_record
from flowc.runtime.store import LocalStore


@pytest.fixture(autouse=True)
def nobody_chose(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with the defaults, as Ann."""
    monkeypatch.setenv("FLOWC_USER", "ann")
    monkeypatch.delenv("FLOWC_DATASTORE", raising=False)
    yield
    flowc.default_namespace()
    places._chosen = None  # `default_metadata` would look where that is


@pytest.fixture
def here(past_runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(past_runs)
    return past_runs


@pytest.fixture
def copy(past_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that may be changed."""
    shutil.copytree(past_runs / ".flowc", tmp_path / ".flowc")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_of_a_flow(here: Path) -> None:
    flow = Flow("Squares")
    assert [run.id for run in flow] == ["2", "1"]
    assert flow.latest_run == flow["2"] == Run("Squares/2")
    assert flow.latest_successful_run == flow["1"]
    assert [run.id for run in flow.runs("nightly")] == ["1"]
    assert list(flow.runs("nightly", "weekly")) == []
    assert "1" in flow
    assert "9" not in flow
    assert [one.id for one in Metaflow()] == [one.id for one in Metaflow().flows] == ["Squares"]
    assert Metaflow()["Squares"] == flow


def test_a_run(here: Path) -> None:
    run = Run("Squares/1")
    assert (run.successful, run.finished, run.status) == (True, True, "done")
    assert [step.id for step in run] == [step.id for step in run.steps()] == ["end", "join", "square", "start"]
    assert run.data is not None
    assert run.data.total == 5
    assert run.end_task == run["end"].task == Task("Squares/1/end/-")
    assert run.created_at is not None
    assert run.finished_at is not None
    assert timedelta() < run.finished_at - run.created_at < timedelta(hours=1)
    assert abs(datetime.now() - run.created_at) < timedelta(days=1)
    assert run.user_tags == {"nightly"}
    assert {"user:ann", "runtime:local", f"flowc_version:{flowc.__version__}"} <= run.system_tags
    assert run.tags == run["start"].tags == run["start"].task.tags == run.user_tags | run.system_tags  # type: ignore[union-attr]
    assert (run.code, run.trigger, run.origin_pathspec) == (None, None, None)


def test_a_run_that_failed(here: Path) -> None:
    run = Run("Squares/2")
    assert (run.successful, run.finished, run.status) == (False, False, "failed")
    assert (run.data, run.end_task, run.finished_at) == (None, None, None)
    assert "end" not in run
    failed = [task for task in run["square"] if task.exception]
    assert failed
    assert failed[0].exception is not None
    assert (failed[0].exception.type, failed[0].exception.message) == ("ValueError", "no <b>bold</b> numbers")
    assert "squares.py" in failed[0].exception.traceback
    assert (failed[0].successful, failed[0].finished) == (False, True)
    assert list(failed[0]) == []
    with pytest.raises(MetaflowNotFound, match="is not done, and has no artifacts yet"):
        failed[0]["n"]


def test_tasks_of_a_step(here: Path) -> None:
    step = Step("Squares/1/square")
    assert [task.id for task in step] == [task.id for task in step.tasks()] == ["0", "1", "2"]
    assert [task.index for task in step] == [0, 1, 2]
    assert step["1"].data.square_ == step[1].data.square_ == 1
    assert step.task == step["0"]
    assert Task("Squares/1/start/-").index is None
    assert step.finished_at == max(task.finished_at for task in step if task.finished_at)
    assert step.created_at == min(task.created_at for task in step if task.created_at)
    assert step.environment_info == step["0"].environment_info
    assert (step.environment_info or {})["type"] == "local"


def test_attempts(here: Path) -> None:
    task = Task("Squares/1/square/1")
    assert (task.current_attempt, task.successful, task.exception) == (1, True, None)
    first = Task("Squares/1/square/1", attempt=0)
    assert (first.current_attempt, first.successful, first.finished) == (0, False, True)
    assert first.exception is not None
    assert first.exception.type == "ValueError"
    assert first.created_at is not None
    assert task.created_at is not None
    assert first.created_at < task.created_at
    assert list(first) == []
    assert first.stdout == ""
    assert "ValueError" in first.stderr
    assert task.stdout == "squaring 1\n"
    assert repr(first) == "Task('Squares/1/square/1', attempt=0)"
    assert task.metadata_dict == {"attempt": "1", "attempt_ok": "True", "runtime": "local"}
    assert [one.name for one in task.metadata] == ["attempt", "attempt_ok", "runtime"]
    with pytest.raises(MetaflowNotFound, match="an attempt is a number from 0"):
        Task("Squares/1/square/1", attempt=-1)


def test_artifacts(here: Path) -> None:
    task = Task("Squares/1/start/-")
    assert [one.id for one in task] == ["big", "items", "n", "point"]
    assert task.data.items == [0, 1, 2]
    assert "big" in task.data
    assert "bigger" not in task.data
    assert {"big", "items"} <= set(dir(task.data))
    assert repr(task.data) == "<MetaflowData: big, items, n, point>"
    assert task.artifacts.n.data == 3
    assert task["big"].size > 10_000 > 100 > task["n"].size
    assert task["big"].sha == Task("Squares/1/square/0")["big"].sha != task["n"].sha
    assert DataArtifact("Squares/1/start/-/n").data == 3
    assert task["n"].created_at == task.created_at
    assert task["n"].finished_at == task.finished_at
    with pytest.raises(AttributeError, match=r"has no artifact itmes \(did you mean items\?\)"):
        task.data.itmes  # noqa: B018


def test_data_is_loaded_when_it_is_asked_for_and_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    monkeypatch.setattr(DataArtifact, "data", property(lambda self: loads.append(self.id) or [self.id]))
    data = Task("Squares/1/start/-").data
    assert loads == []
    assert data.items is data.items
    assert loads == ["items"]


def test_a_class_that_cannot_be_imported_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "squares", raising=False)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not (Path(one) / "squares.py").exists()])
    task = Task("Squares/1/start/-")
    with pytest.raises(ArtifactError, match="`point`.* cannot be unpickled"):
        task.data.point  # noqa: B018
    assert task.data.n == 3


def test_logs(here: Path) -> None:
    task = Task("Squares/1/end/-")
    assert (task.stdout, task.stderr) == ("total 5\n", "a warning\n")
    assert (task.stdout_size, task.stderr_size) == (8, 10)
    ((time, line),) = task.loglines("stdout")
    assert line == "total 5"
    assert time.tzinfo is None
    assert abs(datetime.now(UTC).replace(tzinfo=None) - time) < timedelta(hours=1)
    assert [line for _, line in task.loglines("stderr", as_unicode=False)] == [b"a warning"]
    with pytest.raises(ValueError, match="a stream is 'stdout' or 'stderr'"):
        task.loglines("both")  # type: ignore[arg-type]


def test_neighbours(here: Path) -> None:
    run = Run("Squares/1")
    squares = list(run["square"])
    assert list(Task("Squares/1/join/-").parent_tasks) == squares == list(Task("Squares/1/start/-").child_tasks)
    assert list(squares[1].parent_task_pathspecs) == ["Squares/1/start/-"]
    assert list(squares[1].child_task_pathspecs) == ["Squares/1/join/-"]
    assert list(Task("Squares/1/start/-").parent_tasks) == list(Task("Squares/1/end/-").child_tasks) == []
    assert list(run["square"].parent_steps) == [run["start"]]
    assert list(run["square"].child_steps) == [run["join"]]


def test_neighbours_in_nested_foreaches_branches_and_loops(write: Any) -> None:
    flow = write("""
        class Nested(FlowSpec):
            @step
            def start(self):
                self.outer = [0, 1]
                self.turn = 0
                self.next(self.split, foreach="outer")

            @step
            def split(self):
                self.inner = list(range(self.input + 1))
                self.next(self.body, foreach="inner")

            @step
            def body(self):
                self.next(self.left, self.right)

            @step
            def left(self):
                self.next(self.both)

            @step
            def right(self):
                self.next(self.both)

            @step
            def both(self, inputs):
                self.next(self.inner_join)

            @step
            def inner_join(self, inputs):
                self.next(self.outer_join)

            @step
            def outer_join(self, inputs):
                self.turn = 0
                self.next(self.loop)

            @step
            def loop(self):
                self.turn += 1
                self.again = "yes" if self.turn < 3 else "no"
                self.next({"yes": self.loop, "no": self.end}, condition="again")

            @step
            def end(self):
                pass
        """)
    ran = flow.done()
    run = Run(f"Nested/{ran.run_id}", datastore=flow.store.root, _namespace_check=False)
    tasks = {task.pathspec: task for step in run for task in step}
    assert len(tasks) == 1 + 2 + 3 + 3 + 3 + 3 + 2 + 1 + 3 + 1
    parents = {path: {one.pathspec for one in task.parent_tasks} for path, task in tasks.items()}
    children: dict[str, set[str]] = {path: set() for path in tasks}
    for path, above in parents.items():
        for one in above:
            children[one].add(path)
    assert {path: {one.pathspec for one in task.child_tasks} for path, task in tasks.items()} == children
    short = {path.split("/", 2)[2]: {one.split("/", 2)[2] for one in above} for path, above in parents.items()}
    assert short["both/1.0"] == {"left/1.0", "right/1.0"}
    assert short["inner_join/1"] == {"both/1.0", "both/1.1"}
    assert short["loop/~1"] == {"loop/~0"}
    assert short["end/-"] == {"loop/~2"}
    assert run["body"]["1.0"].index == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Flow("Sqares"), r"no runs of a flow Sqares \(did you mean Squares\?\)"),
        (lambda: Run("Squares/9"), r"the flow Squares has no run 9 in .*\.flowc \(the last are 2, 1\)"),
        (lambda: Run("Sqares/1"), r"did you mean Squares"),
        (lambda: Step("Squares/1/sqare"), r"the run Squares/1 has no step sqare \(did you mean square\?\)"),
        (lambda: Step("Squares/2/end"), "no task of step end of the run Squares/2 has left anything yet"),
        (lambda: Task("Squares/1/square/7"), r"the step Squares/1/square has no task 7 \(there are 0, 1, 2\)"),
        (lambda: DataArtifact("Squares/1/end/-/totl"), r"has no artifact totl \(did you mean total\?\)"),
        (lambda: Flow("Squares")["9"], "no run 9"),
        (lambda: Run("Squares/1")["trian"], r"has no step trian \(there are start, square, join, end\)"),
    ],
)
def test_what_there_is_not(here: Path, make: Any, message: str) -> None:
    with pytest.raises(MetaflowNotFound, match=message) as caught:
        make()
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, FlowcError)
    assert not str(caught.value).startswith(("'", '"'))


@pytest.mark.parametrize("text", ["Squares/1/start", "Squares", "", "Squares/", "../1", 7])
def test_pathspecs_of_another_kind(here: Path, text: Any) -> None:
    with pytest.raises(MetaflowInvalidPathspec, match="write 'FLOW/RUN'"):
        Run(text)


def test_namespaces(here: Path) -> None:
    assert flowc.get_namespace() == "user:ann"
    with pytest.raises(MetaflowNamespaceMismatch, match="not in the namespace user:ann: namespace\\(None\\) shows"):
        Run("Squares/3")
    with pytest.raises(MetaflowNotFound, match="the run Squares/3 is not in the namespace user:ann"):
        Flow("Squares")["3"]
    mine = Run("Squares/1")
    assert flowc.namespace("user:bob") == "user:bob"
    assert [run.id for run in Flow("Squares")] == ["3"]
    assert mine.is_in_namespace()
    assert flowc.namespace("nightly") == "nightly"
    assert [run.id for run in Flow("Squares")] == ["1"]
    with pytest.raises(MetaflowNamespaceMismatch):
        flowc.namespace("user:carla")
        Flow("Squares")
    assert list(Metaflow()) == []
    assert flowc.namespace(None) is None
    assert [run.id for run in Flow("Squares")] == ["3", "2", "1"]
    assert flowc.default_namespace() == "user:ann"


def test_where_to_look(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = here / ".flowc"
    assert flowc.get_metadata() == f"local@{place}"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MetaflowNotFound):
        Flow("Squares")
    assert Flow("Squares", datastore=place).latest_run == Run("Squares/2", datastore=str(place))
    (tmp_path / "flowc.toml").write_text(f'datastore = "{place}"\n')
    assert Flow("Squares").id == "Squares"
    monkeypatch.setenv("FLOWC_DATASTORE", str(tmp_path / "other"))
    with pytest.raises(MetaflowNotFound, match="other has no runs"):
        Flow("Squares")
    assert flowc.metadata(f"local@{here}") == f"local@{place}"
    assert Flow("Squares").id == "Squares"
    assert flowc.metadata(flowc.get_metadata()) == f"local@{place}"
    assert flowc.metadata(".") == f"local@{tmp_path}"
    monkeypatch.chdir(here)
    assert flowc.get_metadata() == f"local@{tmp_path}"
    assert flowc.default_metadata() == f"local@{tmp_path / 'other'}"
    for name in ("service", "service@https://metadata.example", "spin@."):
        with pytest.raises(StoreError, match="flowc has no metadata service"):
            flowc.metadata(name)
    (tmp_path / "flowc.toml").write_text("datastore = [")
    monkeypatch.delenv("FLOWC_DATASTORE")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=r"the settings cannot be read: flowc.toml is no TOML"):
        Flow("Squares")


def test_tags(copy: Path) -> None:
    run = Run("Squares/1")
    run.add_tag("good")
    run.add_tags(["prod", "good", "user:ann"])
    assert run.user_tags == {"nightly", "good", "prod"}
    run.remove_tag("nightly")
    run.remove_tags(["nightly", "nosuch"])
    run.replace_tag("good", "better")
    run.replace_tags(["better", "prod"], ["best"])
    assert run.user_tags == Run("Squares/1").user_tags == {"best"}
    assert [one.id for one in Flow("Squares").runs("best", "user:ann")] == ["1"]
    for change in (lambda: run.remove_tag("user:ann"), lambda: run.add_tag(""), lambda: run.add_tag("a\nb")):
        with pytest.raises(MetaflowTaggingError):
            change()
    with pytest.raises(MetaflowTaggingError, match="tags are given as a list"):
        run.add_tags("text")
    with pytest.raises(MetaflowTaggingError, match="51 tags"):
        run.add_tags([str(number) for number in range(50)])
    with pytest.raises(MetaflowTaggingError, match="a text, not 7"):
        run.add_tag(7)  # type: ignore[arg-type]
    assert run.user_tags == {"best"}
    Path(".flowc/Squares/1/tags.json").write_text("{")
    with pytest.raises(StoreError, match="tags.json is damaged"):
        run.tags  # noqa: B018


def test_comparison_and_pickles(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = Run("Squares/1")["square"]["1"]
    assert task == Task("Squares/1/square/1") != Task("Squares/1/square/1", attempt=0) != Task("Squares/1/square/0")
    assert len({task, Task("Squares/1/square/1")}) == 1
    assert task.parent == Step("Squares/1/square")
    assert task.parent.parent.parent == Flow("Squares")
    assert Flow("Squares").parent is None
    assert (task.pathspec, task.path_components) == ("Squares/1/square/1", ["Squares", "1", "square", "1"])
    kept = pickle.dumps([task, Flow("Squares"), Run("Squares/1"), task["n"]])
    monkeypatch.chdir(tmp_path)
    flowc.namespace("user:bob")
    again, flow, run, artifact = pickle.loads(kept)
    assert again == task
    assert (again.data.square_, artifact.data) == (1, 3)
    assert [one.id for one in flow] == ["2", "1"]
    assert run.successful


def test_reprs(here: Path) -> None:
    assert [repr(one) for one in Run("Squares/1")["square"]] == [f"Task('Squares/1/square/{n}')" for n in range(3)]
    assert str(Flow("Squares")) == "Flow('Squares')"
    assert repr(Metaflow()) == f"Metaflow() in local@{here / '.flowc'}"
    assert Run("Squares/1")._ipython_key_completions_() == ["end", "join", "square", "start"]


def test_tables_in_notebooks(copy: Path) -> None:
    Run("Squares/1").add_tag("<script>")
    flow = Flow("Squares")._repr_html_()
    assert "<caption>Flow Squares</caption>" in flow
    assert "&lt;script&gt; nightly" in flow
    assert "<script>" not in flow
    assert "Run Squares/1: done" in Run("Squares/1")._repr_html_()
    assert "<td>square</td><td>3</td>" in Run("Squares/1")._repr_html_()
    assert "<td>2</td><td>done</td>" in Step("Squares/1/square")._repr_html_()
    assert "<td>big</td><td>9.8 KiB</td>" in Task("Squares/1/start/-")._repr_html_()
    failed = Task("Squares/1/square/1", attempt=0)._repr_html_()
    assert "no &lt;b&gt;bold&lt;/b&gt; numbers" in failed
    assert "<b>" not in failed


def test_a_flow_looks_at_its_own_run_and_at_others(write: Any) -> None:
    flow = write("""
        from metaflow import FlowSpec, Flow, Run, Step, Task, current, get_metadata, get_namespace, step

        class Looking(FlowSpec):
            @step
            def start(self):
                run = Run(f"{current.flow_name}/{current.run_id}")
                run.add_tag("begun")
                self.own = Task(current.pathspec).pathspec
                self.step_ = Step(f"Looking/{current.run_id}/start").id
                self.status = run.status
                self.place = get_metadata()
                self.namespace = get_namespace()
                before = Flow("Looking").latest_successful_run
                self.before = before and before.data.count
                self.next(self.end)

            @step
            def end(self):
                self.count = (self.before or 0) + 1
        """)
    first, second = flow.done(), flow.done()
    assert second.value("start", "before") == first.value("end", "count") == 1
    assert second.value("end", "count") == 2
    assert second.value("start", "own") == f"Looking/{second.run_id}/start/-"
    assert second.value("start", "status") == "running"
    assert second.value("start", "place") == f"local@{flow.store.root}"
    assert second.value("start", "namespace") == "user:ann"
    assert Run(f"Looking/{second.run_id}", datastore=flow.store.root).user_tags == {"begun"}


def manifest(started: float = 1.0, **artifacts: str) -> Manifest:
    entries = {name: Inline(text) for name, text in artifacts.items()}
    return Manifest(attempt=0, started=started, ended=started + 1, chose=None, cardinality=None, artifacts=entries)


def test_runs_that_an_orchestrator_began_and_that_say_little(tmp_path: Path) -> None:
    """No run.json, no plan.json, no result.json: what the tasks left says what there is to know."""
    store = LocalStore(tmp_path)
    for run, started in (("flow-x7k", 30.0), ("7", 10.0), ("abc", 20.0)):
        commit_manifest(store, "Far", TaskId(run, "start", "-"), manifest(started))
    commit_manifest(store, "Far", TaskId("abc", "end", "-"), manifest(25.0))
    flow = Flow("Far", datastore=tmp_path)
    assert [run.id for run in flow] == ["flow-x7k", "abc", "7"]
    run = flow["abc"]
    assert (run.status, run.successful, flow["7"].status) == ("done", True, "running")
    assert (run.system_tags, run.user_tags) == (frozenset(), frozenset())
    assert run.created_at == datetime.fromtimestamp(20.0)
    assert [step.id for step in run] == ["end", "start"]
    assert run.end_task is not None
    assert run.end_task.finished_at == run.finished_at == datetime.fromtimestamp(26.0)
    assert run["end"].task.environment_info is None  # type: ignore[union-attr]
    with pytest.raises(MetaflowNotFound, match="keeps no plan"):
        list(run["end"].parent_steps)


def test_a_run_of_nobody_is_everybodys(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    begin_run(store, "Far", "1", new_record(target="argo", user=None))
    begin_run(store, "Far", "2", new_record(target="argo", user="bob"))
    assert [run.id for run in Flow("Far", datastore=tmp_path)] == ["1"]


def test_a_plan_of_another_version_is_done_without(copy: Path) -> None:
    plan = Path(".flowc/Squares/1/plan.json")
    plan.write_text(json.dumps({**json.loads(plan.read_text()), "format": 99}))
    run = Run("Squares/1")
    assert (run.status, [step.id for step in run]) == ("done", ["end", "square", "join", "start"])


def test_damaged_objects_are_named(copy: Path) -> None:
    Path(".flowc/Squares/1/run.json").write_text("{}")
    with pytest.raises(StoreError, match="Squares/1/run.json is damaged"):
        Run("Squares/1")


def test_many_tasks_are_read_as_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    begin_run(store, "Wide", "1", new_record(target="local", user="ann"))
    for index in range(1000):
        commit_manifest(store, "Wide", TaskId("1", "body", str(index)), manifest(float(index)))
    asked: list[str] = []
    get = LocalStore.get
    monkeypatch.setattr(LocalStore, "get", lambda self, key: asked.append(key) or get(self, key))
    tasks = Step("Wide/1/body", datastore=tmp_path).tasks()
    asked.clear()
    ten = [next(tasks) for _ in range(10)]
    assert [task.id for task in ten] == [str(index) for index in range(10)]
    assert [task.created_at for task in ten] == [datetime.fromtimestamp(float(index)) for index in range(10)]
    assert len(asked) < 300
    assert len(list(tasks)) == 990
    assert len(asked) < 1010


def test_runs_are_numbered_and_read_as_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    for number in range(1, 301):
        begin_run(store, "Often", str(number), new_record(target="local", user="ann"))
    asked: list[str] = []
    get = LocalStore.get
    monkeypatch.setattr(LocalStore, "get", lambda self, key: asked.append(key) or get(self, key))
    latest = Flow("Often", datastore=tmp_path).latest_run
    assert latest is not None
    assert latest.id == "300"
    assert len(asked) < 12


def test_exceptions_have_one_base() -> None:
    for kind in (MetaflowNotFound, MetaflowNamespaceMismatch, MetaflowInvalidPathspec, MetaflowTaggingError):
        assert issubclass(kind, MetaflowException)


def test_the_page_says_what_works(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        exec(example, {})
    printed = capsys.readouterr().out
    assert "Run('Squares/1') done" in printed
    assert "['3', '2', '1']\nRun('Squares/3')\n" in printed
    for kind in (Metaflow, Flow, Run, Step, Task, DataArtifact):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{kind.__name__}"))
        for name in re.findall(r"`(\w+)[`(]", row.split("|")[2]):
            assert hasattr(kind, name), f"{kind.__name__}.{name}"
