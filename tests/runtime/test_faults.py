"""What a user sees when a flow is at fault: their own lines, a message that says what to do, and exit code 1."""

from __future__ import annotations

import textwrap

import pytest

from flowc.runtime.errors import LoadError

ONE_STEP = """
    HEADER
    from flowc import *

    class Faulty(FlowSpec):
        alpha = Parameter("alpha", default=1)

        @step
        def start(self):
            BODY
            self.next(self.end)

        @step
        def end(self):
            pass
    """


def faulty(write, body, header=""):
    body = textwrap.indent(textwrap.dedent(body), " " * 12).lstrip()
    return write(ONE_STEP.replace("BODY", body).replace("HEADER", header))


def test_traceback_holds_the_users_lines_only(write):
    ran = faulty(write, "len(None)").failed("TypeError: object of type 'NoneType' has no len()", "the task start failed")
    lines = [line for line in ran.err.splitlines() if line.startswith("[start]") and "^^" not in line]
    assert lines[1:] == [
        "[start] Traceback (most recent call last):",
        f'[start]   File "{ran.flow.file}", line 10, in start',
        "[start]     len(None)",
        "[start] TypeError: object of type 'NoneType' has no len()",
    ]
    failure = ran.failure("start")
    assert (failure.type, failure.message) == ("TypeError", "object of type 'NoneType' has no len()")
    assert failure.traceback.startswith("Traceback")
    assert ran.tasks() == set()


def test_chained_exceptions_are_trimmed_too(write):
    ran = faulty(
        write,
        """
        try:
            self.nothing
        except AttributeError as error:
            raise ValueError("second") from error
        """,
    ).failed("step `start` reads `self.nothing`", "direct cause", "ValueError: second")
    assert "flowspec.py" not in ran.err


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "self.alphabet = 1; self.alphabot",
            "step `start` reads `self.alphabot`, which neither it nor a step before it has set; did you",
        ),
        ("self.alpha = 2", "`self.alpha` cannot be set: it is a Parameter"),
        ("self.start = 2", "`self.start` cannot be set"),
        ("del self.alpha", "alpha"),
        ("self.index = 2", "index"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import sys; sys.exit('no good')", "no good"),
        ("import sys; sys.exit(0)", "TransitionError: step `start` called sys.exit before self.next"),
        ("import os; os._exit(0)", "ended its process inside the step, with exit code 0"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "was killed by SIGKILL (the system does that when memory runs out)",
        ),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("self.f = lambda: 0", "step `start` cannot keep `self.f`, a function: it cannot be pickled"),
        ("import threading; self.lock = threading.Lock()", "cannot keep `self.lock`, a _thread.lock"),
        (
            "getattr(self, 'next')(self.start)",
            "step `start` says self.next(self.start), but the flow was compiled with self.next(self.end)",
        ),
        ("getattr(self, 'next')(self.end)", "a second time"),
        ("getattr(self, 'next')('end')", "calls self.next with 'end', which is not a step"),
    ],
)
def test_faults_of_a_step(write, body, words):
    ran = faulty(write, body).failed(words)
    assert "flowc/runtime" not in ran.err
    assert ran.tasks() == set()


def test_a_message_of_ours_without_lines_of_theirs_has_no_traceback(write):
    ran = faulty(write, "self.f = lambda: 0").failed("cannot be pickled")
    assert "Traceback" not in ran.err


def test_exit_0_of_the_last_step_is_no_failure(write):
    write("""
        import sys
        from flowc import *

        class Exits(FlowSpec):
            @step
            def start(self):
                self.next(self.end)

            @step
            def end(self):
                sys.exit()
        """).done()


def test_next_that_is_never_reached(write):
    write("""
        class Never(FlowSpec):
            @step
            def start(self):
                self.forget()
                if self.x:
                    self.next(self.end)
                else:
                    self.next(self.other)

            def forget(self):
                self.x = True
                self.next = None

            @step
            def other(self):
                self.next(self.end)

            @step
            def end(self):
                pass
        """).failed("`self.next` cannot be set")


FOREACH = """
    class Items(FlowSpec):
        @step
        def start(self):
            self.items = ITEMS
            self.next(self.work, foreach="items")

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


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("{1, 2}", "is of type set, which has no order to count by: make it a list, such as sorted(self.items)"),
        ("{'a': 1}", "is of type dict, which has no order"),
        ("(n for n in [1])", "is of type generator: a foreach needs a list"),
        ("3", "is of type int: a foreach needs a list"),
        (
            "type('Odd', (), {'__len__': lambda s: 2, '__getitem__': lambda s, n: {}[n]})()",
            "cannot be counted and indexed (KeyError: 0)",
        ),
    ],
)
def test_items_that_cannot_be_counted(write, items, words):
    write(FOREACH.replace("ITEMS", items)).failed(words, "line 7, in start")


@pytest.mark.parametrize(("value", "shown"), [("'green'", "'green'"), ("[1]", "[1]"), ("True", "True")])
def test_a_value_without_a_case(write, value, shown):
    source = """
        class Cases(FlowSpec):
            @step
            def start(self):
                self.kind = VALUE
                self.next({"red": self.a, 2: self.end}, condition="kind")

            @step
            def a(self):
                self.next(self.end)

            @step
            def end(self):
                pass
        """
    write(source.replace("VALUE", value)).failed(f"step `start` has no case for `self.kind` = {shown}; its cases are 'red', 2")


def test_an_artifact_whose_class_is_gone(write):
    ran = faulty(
        write,
        """
        import sys, types
        gone = types.ModuleType("gone")
        exec("class Thing: pass", gone.__dict__)
        sys.modules["gone"] = gone
        self.thing = gone.Thing()
        """,
    )
    ran.file.write_text(ran.file.read_text().replace("        pass", "        self.thing"))
    ran.failed("the artifact `thing` cannot be unpickled: ModuleNotFoundError: No module named 'gone'")


def test_a_failing_task_stops_the_others(write, tmp_path):
    ran = write(
        f"""
        import time
        from pathlib import Path
        from flowc import *

        class Stops(FlowSpec):
            @step
            def start(self):
                self.next(self.slow, self.bad)

            @step
            def slow(self):
                time.sleep(20)
                Path("{tmp_path}/slow").touch()
                self.next(self.join)

            @step
            def bad(self):
                time.sleep(0.2)
                self.next(self.join, 1 / 0)

            @step
            def join(self, inputs):
                self.next(self.end)

            @step
            def end(self):
                pass
        """.replace("self.next(self.join, 1 / 0)", "1 / 0\n                self.next(self.join)")
    ).failed("ZeroDivisionError", "the task bad failed; 1 running task stopped")
    assert ran.tasks() == {("start", "-")}


@pytest.mark.parametrize(
    ("header", "message", "last"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("raise SystemExit(0)", "SystemExit", "SystemExit: 0"),
        (
            "__import__('metaflow.nosuch')",
            "flowc does not have `metaflow.nosuch` yet",
            "ModuleNotFoundError: flowc does not have `metaflow.nosuch` yet",
        ),
    ],
)
def test_a_module_that_cannot_be_imported(write, header, message, last):
    flow = faulty(write, "pass", header)
    with pytest.raises(LoadError, match=r"the import of .* failed") as caught:
        flow.run()
    assert message in str(caught.value)
    assert f'File "{flow.file}", line 2, in <module>' in caught.value.traceback
    assert "importlib" not in caught.value.traceback
    assert "flowc/runtime" not in caught.value.traceback
    assert last in caught.value.traceback.splitlines()[-1]
    assert flow.store.get("Faulty") is None


def test_a_syntax_error_shows_its_line(write):
    flow = faulty(write, "pass")
    flow.file.write_text("x = (\n")
    with pytest.raises(LoadError) as caught:
        flow.run()
    assert "line 1" in caught.value.traceback
    assert "Traceback" not in caught.value.traceback


def test_a_file_that_has_the_name_of_a_module(write):
    flow = faulty(write, "pass")
    flow.file = flow.file.rename(flow.file.with_name("json.py"))
    with pytest.raises(LoadError, match="has the name of the module `json`"):
        flow.run()


def test_a_file_without_the_class(write):
    flow = faulty(write, "pass")
    flow.file.write_text("class Faulty: pass\n")
    with pytest.raises(LoadError, match="no class `Faulty` that derives from flowc's FlowSpec"):
        flow.run()
