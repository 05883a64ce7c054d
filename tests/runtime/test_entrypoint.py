"""`python -m flowc.runtime`: tasks run one by one, as an orchestrator runs containers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from flowc.runtime import contract

WHOLE = """
    import os
    from flowc import *

    class Whole(FlowSpec):
        alpha = Parameter("alpha", default=2)
        label = Parameter("label-name", default="none")

        @step
        def start(self):
            self.rows = [[1, 2], [], [3]]
            self.big = list(range(5000))
            self.next(self.row, self.other)

        @step
        def row(self):
            self.next(self.cell, foreach="rows")

        @step
        def cell(self):
            self.left = list(self.input)
            self.next(self.work)

        @step
        def work(self):
            self.total = getattr(self, "total", 0) + (self.left.pop() if self.left else 0)
            self.more = bool(self.left)
            self.next({True: self.work, False: self.rate}, condition="more")

        @step
        def rate(self):
            self.kind = "odd" if self.total % 2 else "even"
            self.next({"odd": self.odd, "even": self.gather}, condition="kind")

        @step
        def odd(self):
            self.total *= 10
            self.next(self.gather)

        @step
        def gather(self, inputs):
            self.totals = [(task.total, task.index, current.pathspec) for task in inputs]
            self.merge_artifacts(inputs, include=["rows", "big"])
            self.next(self.join)

        @catch(var="failed")
        @step
        def other(self):
            {}["missing"]
            self.next(self.join)

        @step
        def join(self, inputs):
            self.failed = inputs.other.failed.type
            self.totals = inputs.gather.totals
            self.next(self.end)

        @step
        def end(self):
            print("totals", self.totals, self.alpha, self.label)
    """


def test_a_whole_flow_gives_what_a_local_run_gives(write):
    flow = write(WHOLE)
    there = flow.orchestrated(
        "1", attempts=2, FLOWC_PARAMETERS='[{"name": "alpha", "value": "7"}, {"name": "label-name", "value": "x"}]'
    )
    assert set(there.codes.values()) == {0}, there.err
    (flow.file.parent / "store" / "Whole" / "1").rename(flow.file.parent / "there")
    here = flow.done({"alpha": "7", "label-name": "x"})
    assert here.run_id == "1"
    assert here.out == "[end] totals [(30, 0, 'Whole/1/gather/-'), (0, 1, 'Whole/1/gather/-'), (30, 2, 'Whole/1/gather/-')] 7 x\n"
    assert f"[end] {there.out}" == here.out

    locally = {task: here.manifest(*task) for task in here.tasks()}
    (flow.file.parent / "store" / "Whole" / "1").rename(flow.file.parent / "here")
    (flow.file.parent / "there").rename(flow.file.parent / "store" / "Whole" / "1")
    assert here.tasks() == set(locally) == set(there.codes)
    for task, manifest in locally.items():
        other = there.manifest(*task)
        assert (other.chose, other.cardinality, other.attempt) == (manifest.chose, manifest.cardinality, manifest.attempt)
        unlike = {name for name in manifest.artifacts if manifest.artifacts[name] != other.artifacts.get(name)}
        assert unlike <= {"failed"}  # its traceback tells where the file is
        assert set(manifest.artifacts) == set(other.artifacts)


SMALL = """
    import os, sys
    from flowc import *

    HEADER

    class Small(FlowSpec):
        alpha = Parameter("alpha", default=2)

        @environment(vars={"WORD": "hello"})
        @step
        def start(self):
            self.word = os.environ["WORD"] + AT_IMPORT
            BODY
            self.items = [1, 2, 3]
            if self.alpha > 2:
                self.next(self.work, foreach="items")
            else:
                self.next(self.end)

        @step
        def work(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def small(write, body="pass", header="pass"):
    return write(SMALL.replace("BODY", body).replace("HEADER", f"AT_IMPORT = os.environ.get('WORD', '?')\n    {header}"))


def outputs(flow, step="start", path="-"):
    folder = flow.file.parent / "outputs" / step / path
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_what_a_task_leaves(write):
    flow = small(write, "print('out'); print('err', file=sys.stderr)")
    done = flow.container("r-1", "start", FLOWC_PARAMETERS='{"alpha": 3}')
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "err\n")
    assert outputs(flow) == {"next": "work*", "cardinality": "3"}
    assert json.loads(flow.store.get("Small/r-1/start/-/next.json")) == "work*"
    assert json.loads(flow.store.get("Small/r-1/start/-/items.json")) == [0, 1, 2]
    assert flow.container("r-2", "start").returncode == 0
    assert outputs(flow) == {"next": "end", "cardinality": "0"}
    assert flow.store.get("Small/r-2/start/-/items.json") is None


def test_environment_is_there_when_the_module_is_imported(write):
    flow = small(write, "print(self.word)")
    assert flow.container("r", "start").stdout == "hellohello\n"


def test_a_task_that_is_done_is_not_run_again(write):
    flow = small(write, "print('ran')")
    assert flow.container("r", "start", FLOWC_PARAMETERS='{"alpha": 3}').stdout == "ran\n"
    (flow.file.parent / "outputs" / "start" / "-" / "next").unlink()
    again = flow.container("r", "start", attempt=1)
    assert (again.returncode, again.stdout) == (0, "")
    assert outputs(flow) == {"next": "work*", "cardinality": "3"}
    # Two containers of one attempt: the first to commit has the word.
    twice = flow.container("r", "start", FLOWC_PARAMETERS='{"alpha": 1}')
    assert (twice.returncode, twice.stdout) == (0, "ran\n")
    assert outputs(flow) == {"next": "work*", "cardinality": "3"}


def test_a_failure_of_the_users(write):
    flow = small(write, "1 / 0")
    done = flow.container("r", "start")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert "flowc/runtime" not in done.stderr
    assert done.stderr.splitlines()[-1] == "flowc: attempt 0 of the task start failed"
    assert json.loads(flow.store.get("Small/r/start/-/attempt-0.json"))["error"]["type"] == "ZeroDivisionError"
    assert flow.container("r", "start", attempt=1).stderr.splitlines()[-1] == "flowc: attempt 1 of the task start failed"
    assert "the task end cannot start: no task of `start` or `join` is done and leads to it" in flow.container("r", "end").stderr


def test_catch_after_a_container_that_was_killed(write):
    flow = write("""
        import os
        from flowc import *

        class Killed(FlowSpec):
            @catch(var="failed")
            @step
            def start(self):
                os.kill(os.getpid(), 9)
                self.next(self.end)

            @step
            def end(self):
                pass
        """)
    killed = flow.container("r", "start")
    assert killed.returncode == 128 + signal.SIGKILL
    assert "flowc: attempt 0 of the task start was killed by SIGKILL" in killed.stderr
    done = flow.container("r", "start", attempt=1)
    assert done.returncode == 0
    assert "step `start` failed and is caught: KilledError: was killed by SIGKILL (the system does that when" in done.stderr


@pytest.mark.parametrize("header", ["import no_such_module", "sys.exit(4)"])
def test_a_module_that_cannot_be_imported(write, header):
    done = small(write, header=header).container("r", "start")
    assert done.returncode == 1
    assert "in <module>" in done.stderr
    assert "flowc/runtime" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"FLOWC_STEP": ""}, 2, "the environment variable FLOWC_STEP is not set"),
        ({"FLOWC_STEP": "nowhere"}, 2, "the flow Small has no step `nowhere`"),
        ({"FLOWC_PATH": "3"}, 2, "the path 3 does not fit step `start`"),
        ({"FLOWC_STEP": "work", "FLOWC_PATH": "~3"}, 2, "the path ~3 does not fit step `work`"),
        ({"FLOWC_PATH": "x"}, 2, "'x' is not a path"),
        ({"FLOWC_ATTEMPT": "one"}, 2, "FLOWC_ATTEMPT is 'one'"),
        ({"FLOWC_ATTEMPT": "9" * 5000}, 2, "must be a number from 0"),
        ({"FLOWC_RUN": "../x"}, 2, "FLOWC_RUN is '../x', and no run can be called that"),
        ({"FLOWC_PACKAGE": "/nowhere"}, 2, "cannot read the compiled flow /nowhere/plan.json: No such file or directory"),
        ({"FLOWC_DATASTORE": "ftp://bucket/x"}, 2, "the datastore ftp://bucket/x begins with ftp://, which flowc does not know"),
        ({"FLOWC_DATASTORE": "/dev/null/x"}, 1, "the datastore cannot write"),
        ({"FLOWC_PARAMETERS": "{"}, 1, "the parameters are not JSON"),
        ({"FLOWC_PARAMETERS": '{"beta": 1}'}, 1, "no parameter `beta`"),
        ({"FLOWC_OUTPUTS": "/dev/null/x"}, 1, "cannot write to /dev/null/x"),
    ],
)
def test_unfit_environments(write, changes, code, words):
    flow = small(write)
    done = flow.container("r", "start", **changes)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == code


@pytest.mark.parametrize(
    ("text", "words"), [("{", "is not JSON"), ('{"format": 1}', "format 1, and this flowc reads 2"), ("[]", "not a plan")]
)
def test_plans_that_cannot_be_read(write, tmp_path, text, words):
    flow = small(write)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / contract.PLAN_FILE).write_text(text)
    done = flow.container("r", "start", FLOWC_PACKAGE=str(tmp_path / "package"))
    assert done.returncode == 2
    assert words in done.stderr


def test_a_container_imports_little(write):
    flow = small(write, "print(sorted(sys.modules))")
    loaded = eval(flow.container("r", "start").stdout)
    assert not {"yaml", "click", "libcst", "jinja2", "numpy", "asyncio", "flowc.runtime.local.scheduler"} & set(loaded)


def test_a_bug_of_ours_says_so():
    code = (
        "import flowc.runtime.__main__ as main; main.read_assignment = lambda environment: 1 / 0; raise SystemExit(main.main({}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "this is a bug of flowc's" in done.stderr
