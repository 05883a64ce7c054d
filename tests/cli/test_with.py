"""`--with` and `--without` on command lines: every verb that compiles a flow takes them, and they are not remembered."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import click
import pytest

from flowc.cli.given import FLAGS, scan, spelt, words_at
from flowc.cli.program import Program

from .conftest import FLOW, Run

CONFIG = FLOW.replace("import FlowSpec", "import Config, FlowSpec").replace(
    "    alpha =", '    config = Config("config", required=True)\n    alpha ='
)

TRIES = """\
from flowc import FlowSpec, current, environment, resources, retry, step


class Tries(FlowSpec):
    @retry(times=0)
    @step
    def start(self):
        self.tries = [1 + current.retry_count]
        self.next(self.fit)

    @resources(memory=100)
    @step
    def fit(self):
        if current.retry_count < 2:
            raise RuntimeError("not yet")
        self.tries = [*self.tries, 1 + current.retry_count]
        self.next(self.end)

    @step
    def end(self):
        print("tries", self.tries)


if __name__ == "__main__":
    Tries()
"""
WITH_RETRY = ("--with", "retry:times=2,minutes_between_retries=0")


def test_a_run_has_what_is_added(flowc_process: Run) -> None:
    Path("flow.py").write_text(TRIES, encoding="utf-8")
    assert "RuntimeError: not yet" in flowc_process("run", "flow.py").err
    ended = flowc_process("run", "flow.py", *WITH_RETRY)
    assert (ended.code, ended.out) == (0, "[end] tries [1, 3]\n"), ended.err
    assert flowc_process("run", *WITH_RETRY, "flow.py", "--without", "retry", "--quiet").out == "[end] tries [1, 3]\n"
    ended = flowc_process("run", "flow.py", "--quiet", "--without=retry")
    assert "RuntimeError: not yet" in ended.err


def test_before_the_verb_too(flowc_process: Run) -> None:
    Path("flow.py").write_text(TRIES, encoding="utf-8")
    program = [sys.executable, "flow.py"]
    for words in (
        (*WITH_RETRY, "--without=catch", "run", "--quiet"),
        (f"--with={WITH_RETRY[1]}", "--without", "catch", "run", "--quiet"),
        ("run", "--quiet", *WITH_RETRY),
    ):
        ended = subprocess.run([*program, *words], capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout) == (0, "[end] tries [1, 3]\n"), ended.stderr
    ended = subprocess.run([*program, *WITH_RETRY, "package", "list"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_run_that_goes_on_is_told_again(flowc_process: Run) -> None:
    Path("flow.py").write_text(TRIES, encoding="utf-8")
    options = ("--with", "retry:times=1,minutes_between_retries=0", "--with", 'environment:vars={"A": "b c"}')
    ended = flowc_process("run", "flow.py", *options, "--without", "resources")
    assert ended.code == 1
    said = "".join(line for line in ended.err.splitlines() if "to go on from here" in line)
    expected = (
        "flowc: to go on from here: flowc resume flow.py 1 --without resources --with retry:times=1,minutes_between_retries=0 "
        """--with 'environment:vars={"A": "b c"}'"""
    )
    assert said == expected
    # What is added is no code of a step, and is not remembered.
    ended = flowc_process("resume", "flow.py", "1")
    assert ended.code == 1
    assert "changed since" not in ended.err
    assert "retry 1 of" not in ended.err
    ended = flowc_process("resume", "flow.py", "1", *WITH_RETRY)
    assert ended.out == "[end] tries [1, 3]\n"
    assert "changed since" not in ended.err
    assert "  start  reused (1 task)" in ended.err


def test_compiled_as_if_it_stood_in_the_file(flowc: Run) -> None:
    above = '    @retry(times=2)\n    @resources(memory=8000)\n    @environment(vars={"A": "b,c=d"})\n    @step\n'
    names = "FlowSpec, environment, resources, retry"
    written = FLOW.replace("    @step\n", above).replace("import FlowSpec", f"import {names}")
    added = ("--with", "resources:memory=8000", "--with", "retry:times=2", "--with", 'environment:vars={"A": "b,c=d"}')
    for target in ("argo", "sfn"):
        Path("flow.py").write_text(written, encoding="utf-8")
        expected = flowc("compile", "flow.py", "--target", target)
        assert expected.code == 0, expected.err
        Path("flow.py").write_text(FLOW, encoding="utf-8")
        for options in (added, added[4:] + added[:4]):
            assert flowc("compile", "flow.py", "--target", target, *options) == expected
        assert flowc("compile", "flow.py", "--target", target) != expected


def test_a_package_holds_what_is_added(flowc: Run) -> None:
    ended = flowc("package", "save", "flow.py", "--no-dependencies", "-o", "sums.tar.gz", *WITH_RETRY)
    assert ended.code == 0, ended.err
    with tarfile.open("sums.tar.gz") as archive:
        file = archive.extractfile("plan.json")
        assert file is not None
        steps = json.load(file)["steps"]
    decorators = [one for step in (steps.values() if isinstance(steps, dict) else steps) for one in step["decorators"]]
    assert [one["name"] for one in decorators] == ["retry", "retry"]


def test_shown(flowc: Run) -> None:
    assert "@retry(times=2)" in flowc("show", "flow.py", "--with", "retry:times=2").out


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (("check",), 1),
        (("run",), 1),
        (("resume",), 1),
        (("show",), 1),
        (("package", "list"), 1),
        (("compile", "--target=sfn"), 1),
    ],
)
def test_faults_are_shown_by_every_verb(flowc: Run, verb: tuple[str, ...], code: int) -> None:
    ended = flowc(verb[0], *verb[1:], "flow.py", "--with", "card", "--with", "batch:cpu=4,memroy=1000")
    assert ended.code == code
    assert (ended.out + ended.err) == (
        "error[FC503]: `@batch` has no argument `memroy`\n"
        " --> --with:2:13\n"
        "  |\n"
        "2 | batch:cpu=4,memroy=1000\n"
        "  |             ^^^^^^^^^^^\n"
        "  |\n"
        "  = help: did you mean `memory`?\n"
        "\n"
        "1 error\n"
    )


def test_faults_for_programs(flowc: Run) -> None:
    arguments = ("check", "flow.py", "--without", "batc", "--format")
    assert json.loads(flowc(*arguments, "json").out)[0]["file"] == "--without"
    assert flowc(*arguments, "concise").out.startswith("--without:1:1: error[FC502] ")
    assert json.loads(flowc(*arguments, "sarif").out)["runs"][0]["results"][0]["ruleId"] == "FC502"
    assert flowc("check", "flow.py", "--fix", "--without", "batc").code == 1
    assert Path("flow.py").read_text(encoding="utf-8") == FLOW


def test_every_verb_that_compiles_takes_them() -> None:
    program = Program()
    context = click.Context(program)
    for name in ("check", "compile", "deploy", "run", "resume", "replay", "show"):
        command = program.get_command(context, name)
        assert command is not None
        assert {*FLAGS} <= {option for param in command.params for option in param.opts}


def test_what_changes_nothing_is_said(flowc: Run) -> None:
    Path("flow.py").write_text(TRIES, encoding="utf-8")
    ended = flowc("check", "flow.py", "--with", "retry", "--without", "batch")
    assert ended == (
        0,
        "flow.py: Tries is sound, 3 steps\n",
        "flowc: --without batch takes nothing off: no step in the file has @batch\n",
    )
    Path("flow.py").write_text(
        TRIES.replace("    @step", "    @timeout(hours=1)\n    @step").replace("retry,", "retry, timeout,")
    )
    note = "flowc: --with timeout adds nothing: every step has @timeout (--without timeout takes that off first)\n"
    options = ("--with", "timeout:minutes=3")
    assert flowc("check", "flow.py", *options).err == note
    Path("other.py").write_text(FLOW, encoding="utf-8")
    assert flowc("check", "flow.py", "other.py", *options).err == ""
    assert flowc("check", "flow.py", *options, "--without", "timeout").err == ""
    where = ("--target=sfn", "--image=a", "--batch-queue=q", "--datastore=s3://bucket/p")
    assert flowc("compile", "flow.py", *where, *options).err.startswith(note)
    assert note in flowc("run", "flow.py", *options, "--max-workers", "1").err
    assert note not in flowc("run", "flow.py", *options, "--quiet").err


def test_a_parameter_of_that_name_comes_first(flowc_process: Run) -> None:
    text = FLOW.replace('Parameter("alpha"', 'Parameter("with"').replace('"my-count"', '"without"')
    Path("flow.py").write_text(text, encoding="utf-8")
    ended = flowc_process("run", "flow.py", "--with", "2.5", "--without=4", "--quiet")
    assert (ended.code, ended.out) == (0, "[end] sum 6 alpha 2.5 loud False\n"), ended.err
    assert "--with FLOAT" in flowc_process("run", "flow.py", "--help").out
    # A run that is resumed takes no parameters.
    ended = flowc_process("resume", "flow.py", "--from", "end", "--with", "retry", "--quiet")
    assert (ended.code, ended.out) == (0, "[end] sum 6 alpha 2.5 loud False\n"), ended.err
    assert "FC521" in flowc_process("resume", "flow.py", "--with", "2.5").err
    # Without the config it is not known which parameters there are, and what `--with` is.
    Path("c.json").write_text("{}", encoding="utf-8")
    text = CONFIG.replace('Parameter("alpha"', 'Parameter("with"')
    Path("flow.py").write_text(text, encoding="utf-8")
    ended = flowc_process("run", "flow.py", "--with", "2.5", "--config", "config", "c.json", "--quiet")
    assert (ended.code, ended.out) == (0, "[end] sum 3 alpha 2.5 loud False\n"), ended.err


def test_the_file_is_found_among_options(flowc_process: Run) -> None:
    Path("c.json").write_text("{}", encoding="utf-8")
    Path("flow.py").write_text(CONFIG, encoding="utf-8")
    for options in (
        ("--config", "config", "c.json", "--with", "retry"),
        ("--config=config", "c.json", "--with=retry"),
    ):
        ended = flowc_process("run", *options, "flow.py", "--quiet")
        assert (ended.code, ended.out) == (0, "[end] sum 3 alpha 0.5 loud False\n"), ended.err


def test_options_are_found_and_spelt() -> None:
    words = ["--with", "retry", "flow.py", "--config=a", "b.json", "--without=batch", "--n", "--with=card:id=a b", "--with-rbac"]
    given = scan(words)
    assert (given.files, given.added, given.removed) == ({"a": "b.json"}, ("retry", "card:id=a b"), ("batch",))
    assert spelt(given) == "--config a b.json --without batch --with retry --with 'card:id=a b'"
    assert scan(["--", "--with", "retry"]).added == ()
    assert scan(["--with"]).added == ()
    assert scan(words, ["--config"]).added == ()
    assert [words_at(words, position) for position in (0, 2, 3, 5, 8)] == [2, 0, 2, 1, 0]
