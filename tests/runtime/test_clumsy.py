"""What a clumsy user runs into: each fault is named in words, and none is silent."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap

import pytest

from flowc.runtime.errors import LoadError, OutputError, StoreError, TaskError
from flowc.runtime.local.progress import Progress
from flowc.runtime.paths import TaskId
from flowc.runtime.store import LocalStore
from flowc.runtime.tasks.loading import load_flow_class

FLOW = """
    import functools, os, sys
    from flowc import *
    HEADER

    class Clumsy(FlowSpec):
        alpha = Parameter("alpha", default=1)

        @property
        def broken(self):
            return self.alpha.nothing

        @step
        def start(self):
            BODY
            self.next(self.end)

        @step
        def end(self):
            END
    """


def clumsy(write, body="pass", end="pass", header=""):
    return write(FLOW.replace("BODY", body).replace("END", end).replace("HEADER", header))


@pytest.mark.parametrize("header", ["os._exit(0)", "from os import _exit; _exit(0)"])
def test_an_import_that_ends_the_process(write, header):
    flow, really = clumsy(write, header=header), os._exit
    with pytest.raises(LoadError, match=r"the process ended while importing .*, with exit code 0"):
        flow.run()
    assert os._exit is really


def test_an_import_that_forks_children(write):
    flow = clumsy(write, header="pid = os.fork() or os._exit(3); code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])")
    assert sys.modules[load_flow_class(flow.file, "Clumsy").__module__].code == 3


@pytest.mark.parametrize(
    ("after", "code"), [("pass", 0), ("sys.exit(5)", 5), ("1 / 0", 1), ("sys.exit('bye')", 1), ("self.end()", 0)]
)
def test_a_fork_does_not_go_on_as_the_task(write, after, code):
    body = f"pid = os.fork()\n{' ' * 12}if not pid:\n{' ' * 16}{after}\n{' ' * 16}if pid == 0: self.forked = True"
    body += f"\n{' ' * 12}else: self.code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])"
    ran = clumsy(write, body).done()
    assert ran.value("end", "code") == code
    assert "forked" not in ran.values("end")


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt", "ValueError"])
def test_hooks_of_pickles_that_raise(write, error):
    header = f"""
    def fail(*_arguments):
        raise {error}
    class Kept:
        pass
    """
    header = textwrap.dedent(header).replace("\n", "\n    ")
    flow = clumsy(write, "Kept.__reduce__ = fail; self.kept = Kept()", header=header)
    ran = flow.failed(f"step `start` cannot keep `self.kept`, a {flow.file.stem}.Kept: it cannot be pickled (")
    assert "bug of flowc" not in ran.err
    body = "Kept.__setstate__ = fail; self.kept = Kept(); self.kept.x = 1"
    ran = clumsy(write, body, "Kept.__setstate__ = fail; self.kept", header).failed("the artifact `kept` cannot be unpickled: ")
    assert "bug of flowc" not in ran.err


@pytest.mark.parametrize("name", ["alpha", "end", "next", "broken"])
def test_catch_into_what_is_no_artifact(write, name):
    flow = clumsy(write)
    from dataclasses import replace

    from flowc.runtime.plan import Decorator

    start = replace(flow.plan.steps["start"], decorators=(Decorator("catch", {"var": name}),))
    flow.plan = replace(flow.plan, steps={**flow.plan.steps, "start": start})
    with pytest.raises(TaskError, match=rf'step `start` has @catch\(var="{name}"\), but `{name}` is an attribute'):
        flow.run()


class Full(io.StringIO):
    def write(self, text: str, /) -> int:
        raise OSError(28, "No space left on device")


def test_a_stream_that_fails_raises_once():
    progress = Progress(Full(), io.StringIO())
    with pytest.raises(OutputError, match="cannot write to standard output: No space left on device"):
        progress.output(TaskId("1", "start", "-"), False, "x")
    progress.output(TaskId("1", "start", "-"), False, "x")


COMMAND = """
import sys
from pathlib import Path
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_of
from flowc.runtime.plan import parse_plan
from flowc.runtime.local.scheduler import run_locally

file = Path(sys.argv[1])
plan = parse_plan(plan_of(compile_bytes(file.name, file.read_bytes()).flow))
sys.exit(run_locally(plan, file, {}, store="store").exit_code)
"""


@pytest.mark.parametrize(
    ("streams", "code"),
    [(">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 1), ("2>/dev/full", 1), (">/dev/full 2>/dev/full", 1)],
)
def test_streams_that_are_closed_or_full(write, tmp_path, streams, code):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    flow = clumsy(write, "print('x')")
    command = ["sh", "-c", f'"$0" -c "$1" "$2" {streams}', sys.executable, COMMAND, str(flow.file)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr
    if streams == ">/dev/full":
        assert ran.stderr.splitlines()[-1].startswith("flowc: run Clumsy/1 is not done: cannot write to standard output: ")


@pytest.mark.parametrize(("color", "painted"), [(True, True), (False, False), (None, False)])
def test_colour_is_the_callers(write, color, painted):
    assert ("\x1b[" in clumsy(write).done(color=color).err) is painted


def test_the_current_folder_is_gone(write, tmp_path, monkeypatch):
    flow = clumsy(write)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreError, match="the current folder is gone"):
        LocalStore("store")
    with pytest.raises(LoadError, match="the current folder is gone"):
        load_flow_class(flow.file.relative_to(flow.file.parent), "Clumsy")


WRAPPED = """
    def logged(function):
        def wrapper(self):
            return function(self)
        return wrapper
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("self.broken", "'int' object has no attribute 'nothing'"),
        ("self.input = 5", "`self.input` cannot be set: it is flowc's"),
        ("self.index = 1", "`self.index` cannot be set: it is flowc's"),
        ("del self.index", "`self.index` cannot be deleted"),
        ("del self.alpha", "`self.alpha` cannot be deleted: it is a Parameter"),
        ("type(self).end = logged(type(self).end)", "goes on to a function `wrapper`, which is no step: if a decorator"),
    ],
)
def test_messages(write, body, words):
    clumsy(write, body, header=WRAPPED.strip()).failed(words)


JOIN = """
    class Lost(FlowSpec):
        @step
        def start(self):
            self.before = 1
            self.next(self.a, self.b)

        @step
        def a(self):
            self.inside = 1
            self.next(self.join)

        @step
        def b(self):
            self.next(self.join)

        @step
        def join(self, inputs):
            BODY
            self.next(self.end)

        @step
        def end(self):
            END
    """


@pytest.mark.parametrize("name", ["before", "inside"])
def test_an_artifact_that_a_join_did_not_hand_on(write, name):
    write(JOIN.replace("BODY", "pass").replace("END", f"self.{name}")).failed(
        f"step `end` reads `self.{name}`, which was set before the join `join`, and `join` did not hand it on: "
        f"call self.merge_artifacts(inputs) in `join`, or assign self.{name} there"
    )
    write(JOIN.replace("BODY", "pass").replace("END", "self.never")).failed("which neither it nor a step before it has set")


@pytest.mark.parametrize(
    ("given", "words"),
    [("self", "with one task: it takes `inputs`"), ("inputs[0]", "with one task"), ("[1]", "with a list"), ("3", "with a int")],
)
def test_merging_what_is_not_inputs(write, given, words):
    write(JOIN.replace("BODY", f"self.merge_artifacts({given})").replace("END", "pass")).failed(words)


PARAMETERS = """
    from flowc import *

    class Values(FlowSpec):
        late = Parameter("late", default=lambda: DEFAULT)
        many = Parameter("many", default="a,b", separator=",")

        @step
        def start(self):
            self.next(self.end)

        @step
        def end(self):
            self.seen = [self.late, self.many]
    """


@pytest.mark.parametrize(
    ("default", "given", "seen"),
    [
        ("3", {}, [3, ["a", "b"]]),
        ("3", {"late": "4"}, [4, ["a", "b"]]),
        ("2.5", {"late": "4"}, [4.0, ["a", "b"]]),
        ("True", {"late": "no"}, [False, ["a", "b"]]),
        ("[1]", {"late": '{"x": 1}'}, [{"x": 1}, ["a", "b"]]),
        ("'t'", {"late": "4", "many": "x"}, ["4", ["x"]]),
        ("1 / 0", {"late": "4", "many": "x,y"}, ["4", ["x", "y"]]),
        ("{1}", {}, [{1}, ["a", "b"]]),
        ("None", {}, [None, ["a", "b"]]),
    ],
)
def test_a_default_says_its_type_when_it_is_evaluated(write, default, given, seen):
    assert write(PARAMETERS.replace("DEFAULT", default)).done(given).value("end", "seen") == seen


def test_a_parameter_without_a_name(write):
    flow = clumsy(write, header="Parameter()")
    with pytest.raises(LoadError, match="a Parameter has no name"):
        flow.run()
