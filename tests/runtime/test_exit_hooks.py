"""`@exit_hook` in a container: `FLOWC_HOOK`, with real processes."""

from __future__ import annotations

import signal
import subprocess
import textwrap

import pytest
from reading import compile_files, flow_of

from flowc import Run
from flowc.compiler.plan import plan_text
from flowc.runtime.container.hooks import hooks_of
from flowc.runtime.contract import HOOK_STEPS
from flowc.runtime.paths import TaskId
from flowc.runtime.records.logs import read_lines
from flowc.runtime.records.manifest import read_failure, read_manifest

FLOW = """
    import os, signal, sys, time
    from flowc import *

    def well(run):
        print("well", run.pathspec, run.status, run.data.x)

    def badly(run=None, **more):
        print("badly", run.pathspec, run.status, more)

    def plainly():
        print("plainly", os.environ["FLOWC_RUN"], current.is_running_flow)

    def breaks():
        raise ValueError("no")

    def leaves(code=CODE):
        sys.exit(code)

    a_number = 3

    HEADER

    @exit_hook(HOOKS)
    @exit_hook(on_success=[plainly], on_error=["plainly"])
    class Hooked(FlowSpec):
        @step
        def start(self):
            self.x = 7
            self.next(self.end)

        @step
        def end(self):
            assert os.environ.get("WELL")
    """


def hooked(write, hooks, code="0", header=""):
    return write(FLOW.replace("HOOKS", hooks).replace("CODE", code).replace("HEADER", header))


def hook(flow, outcome, run="r-1", **more):
    command, settings = flow.container_command(run, "", "", FLOWC_HOOK=outcome, **more)
    del settings["env"]["FLOWC_STEP"], settings["env"]["FLOWC_PATH"], settings["env"]["FLOWC_OUTPUTS"]
    return subprocess.run(command, **settings, capture_output=True, text=True, check=False)


def ended(flow, run="r-1", *, well=True):
    for step in ("start", "end"):
        flow.container(run, step, **({"WELL": "1"} if well else {}))


def log_of(flow, outcome, attempt=0):
    return [line.text for line in read_lines(flow.store, "Hooked", TaskId("r-1", HOOK_STEPS[outcome], "-"), attempt)]


def failure_of(flow, outcome, attempt=0):
    return read_failure(flow.store, "Hooked", TaskId("r-1", HOOK_STEPS[outcome], "-"), attempt)


def is_done(flow, outcome):
    return read_manifest(flow.store, "Hooked", TaskId("r-1", HOOK_STEPS[outcome], "-")) is not None


def test_the_functions_are_called_in_order(write):
    flow = hooked(write, "on_success=[well, plainly], on_error=[badly]")
    ended(flow)
    done = hook(flow, "success")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["well Hooked/r-1 done 7", "plainly r-1 False", "plainly r-1 False"]
    assert log_of(flow, "success") == done.stdout.splitlines()
    assert (is_done(flow, "success"), failure_of(flow, "success")) == (True, None)


def test_a_run_that_failed(write):
    flow = hooked(write, "on_success=[well], on_error=[badly]")
    ended(flow, well=False)
    done = hook(flow, "failure")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["badly Hooked/r-1 failed {}", "plainly r-1 False"]
    assert not list(flow.store.list("Hooked/r-1/exit_hook.success/"))
    run = Run("Hooked/r-1", datastore=flow.store.root, _namespace_check=False)
    assert (run.status, {step.id for step in run}) == ("failed", {"start", "end"})  # the hooks have changed nothing
    task = run["exit_hook.failure"].task
    assert task is not None
    assert (task.stdout, task.status) == (done.stdout, "done")
    assert "exit_hook.success" not in run


def test_a_run_that_left_nothing(write):
    flow = hooked(write, "on_error=[never]", header="def never(run):\n        print('never', run)")
    done = hook(flow, "failure")
    assert (done.returncode, done.stdout) == (0, "never None\nplainly r-1 False\n")


@pytest.mark.parametrize(
    ("hooks", "code", "kind", "words"),
    [
        ("breaks, plainly", "0", "ValueError", "the exit hook `breaks` failed"),
        ("leaves", "3", "SystemExit", "the exit hook `leaves` failed"),
        ("a_number", "0", "TaskError", "the exit hook `a_number` is no function of the flow's file"),
        ("'json.nosuch'", "0", "TaskError", "the exit hook `json.nosuch` is no function of the module `json`"),
        ("'no.such.module'", "0", "ModuleNotFoundError", "No module named 'no'"),
        ("leaves, breaks", "0", "ValueError", "no"),
        ("'sys.exc_info', 'os.abort'", "0", "KilledError", "was killed by SIGABRT"),
    ],
)
def test_one_that_fails(write, hooks, code, kind, words):
    flow = hooked(write, f"on_success=[{hooks}]", code)
    ended(flow)
    done = hook(flow, "success")
    assert words in done.stderr
    killed = kind == "KilledError"
    assert killed or "flowc/runtime" not in done.stderr  # a crash shows all frames
    assert done.returncode == (128 + signal.SIGABRT if killed else 1)
    assert done.stdout.endswith("" if killed else "plainly r-1 False\n")  # the others run
    assert failure_of(flow, "success").type == kind
    assert not is_done(flow, "success")
    run = Run("Hooked/r-1", datastore=flow.store.root, _namespace_check=False)
    task = run["exit_hook.success"].task
    assert task is not None
    assert (run.successful, run.status, task.status) == (True, "done", "failed")


def test_hooks_are_run_once(write):
    flow = hooked(write, "on_success=[well]")
    ended(flow)
    assert hook(flow, "success").stdout
    again = hook(flow, "success", FLOWC_ATTEMPT="1")
    assert (again.returncode, again.stdout) == (0, "")


def test_a_flow_that_has_none_for_this(write):
    flow = hooked(lambda text: write(text.replace(', on_error=["plainly"]', "")), "on_success=[well]")
    assert hooks_of(flow.plan, "failure") == ()
    done = hook(flow, "failure")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_module_that_cannot_be_imported(write):
    flow = hooked(write, "on_success=[well]", header="1 / 0 if 'FLOWC_HOOK' in os.environ else None")
    ended(flow)
    done = hook(flow, "success")
    assert (done.returncode, "in <module>" in done.stderr) == (1, True)
    assert failure_of(flow, "success").type == "LoadError"


FILES = {
    "flow_hooks": """
        from flowc import FlowSpec, exit_hook, step
        from bases import Base

        class Hooked(Base):
            @step
            def start(self):
                self.next(self.end)

            @step
            def end(self):
                pass
        """,
    "bases": """
        from flowc import FlowSpec, exit_hook

        def inherited():
            print("inherited")

        @exit_hook(on_error=[inherited, "helpers.call"])
        class Base(FlowSpec):
            pass
        """,
    "helpers": "def call(): print('helper')",
}


def test_hooks_of_other_modules(write, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    for name, text in FILES.items():
        (package / f"{name}.py").write_text(textwrap.dedent(text))
    flow = flow_of(compile_files(FILES["flow_hooks"], bases=FILES["bases"], path="flow_hooks.py"))
    (package / "plan.json").write_text(plan_text(flow))
    done = hook(hooked(write, "on_success=[well]"), "failure", FLOWC_PACKAGE=str(package))
    assert (done.returncode, done.stdout.splitlines()) == (0, ["inherited", "helper"]), done.stderr


def test_an_interruption(write):
    flow = hooked(write, "on_error=[waits]", header="def waits():\n        print('here', flush=True)\n        time.sleep(600)")
    command, settings = flow.container_command("r-1", "", "", FLOWC_HOOK="failure")
    process = subprocess.Popen(command, **settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert (process.returncode, failure_of(flow, "failure").type) == (143, "InterruptedError")


def test_an_outcome_that_there_is_not(write):
    done = hook(hooked(write, "on_success=[well]"), "done")
    assert (done.returncode, done.stderr) == (2, "flowc: FLOWC_HOOK is 'done', and must be success or failure\n")


def test_a_local_run_runs_none(write, monkeypatch):
    """They tell people of what was deployed."""
    monkeypatch.setenv("WELL", "1")
    ran = hooked(write, "on_success=[well]").done()
    assert "plainly" not in ran.out + ran.err
