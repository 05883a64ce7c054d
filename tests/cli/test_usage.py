"""What every verb has in common: help, exit codes, where text goes, what FILE may be."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from flowc import __version__
from flowc.cli.flow_file import FlowFile, parse_flow_file
from flowc.cli.output import Unusable
from flowc.cli.program import VERBS, Program
from flowc.cli.verb import Verb

from .conftest import Run

BROKEN = "from flowc import FlowSpec, step\n\nclass X(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.ende)\n"


def verbs() -> dict[str, click.Command]:
    program = Program()
    context = click.Context(program)
    return {name: command for name in VERBS if (command := program.get_command(context, name))}


@pytest.mark.parametrize("name", VERBS)
def test_everything_has_help(name: str) -> None:
    command = verbs()[name]
    assert isinstance(command, Verb)
    assert command.help
    assert command.examples
    assert command.name == name
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("verb", [(), *((one,) for one in VERBS)])
def test_help_is_on_standard_output(flowc: Run, verb: tuple[str, ...], flag: str) -> None:
    ended = flowc(*verb, flag)
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: flowc" in ended.out
    assert "Examples:" in ended.out or not verb


def test_help_without_verb_lists_verbs(flowc: Run) -> None:
    ended = flowc()
    assert ended.code == 0
    assert all(f"\n  {name}" in ended.out for name in VERBS)


def test_version(flowc: Run) -> None:
    assert flowc("--version") == (0, f"flowc {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "x.py"], "flowc: no such file: x.py\n"),
        (["check", "flow.py", "x.py"], "flowc: no such file: x.py\n"),
        (["check", "."], "flowc: a folder, not a file: .\n"),
        (["check", "a\0b"], "flowc: cannot read a\0b: embedded null byte\n"),
        (["check", "flow.py:2x"], "flowc: not the name of a class: '2x' in flow.py:2x\n"),
        (["run", "x.py"], "flowc: no such file: x.py\n"),
        (["show", "x.py"], "flowc: no such file: x.py\n"),
        (["compile", "x.py", "--target", "argo"], "flowc: no such file: x.py\n"),
        (["chekc", "flow.py"], "flowc: no such verb: chekc (did you mean check?)\nTry 'flowc --help'.\n"),
        (["explain", "FC1011"], "flowc: no such code or name: FC1011 (did you mean FC101?); `explain` alone lists all of them\n"),
    ],
)
def test_usage_errors_are_one_clear_line(flowc: Run, arguments: list[str], message: str) -> None:
    assert flowc(*arguments) == (2, "", message)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "Missing argument"),
        (["check", "flow.py", "--frobnicate"], "No such option"),
        (["check", "flow.py", "--format", "xml"], "Invalid value for '--format'"),
        (["compile", "flow.py"], "which platform?"),
        (["compile", "flow.py", "--target", "cron"], "Invalid value for '--target'"),
        (["--frobnicate"], "No such option"),
    ],
)
def test_mistyped_options(flowc: Run, arguments: list[str], words: str) -> None:
    ended = flowc(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "--help'." in ended.err
    assert "Traceback" not in ended.err


def test_too_few_values_of_an_option_name_the_verb(flowc: Run) -> None:
    message = "flowc run: Option '--config' requires 2 arguments.\nTry 'flowc run --help'.\n"
    assert flowc("run", "flow.py", "--config", "y") == (2, "", message)


def test_unreadable_file(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert flowc("check", "flow.py") == (2, "", "flowc: cannot read flow.py: Permission denied\n")


@pytest.mark.parametrize(
    ("text", "path", "class_name"),
    [
        ("flow.py", "flow.py", None),
        ("flow.py:Sums", "flow.py", "Sums"),
        ("flow:Sums", "flow", "Sums"),
        ("C:\\flows\\flow.py", "C:\\flows\\flow.py", None),
        ("C:\\flows\\flow.py:Sums", "C:\\flows\\flow.py", "Sums"),
        ("a:b", "a:b", None),
        ("a:b:Sums", "a:b", "Sums"),
        ("x y.txt:Été", "x y.txt", "Été"),
    ],
)
def test_file_and_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, path: str, class_name: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b").touch()
    assert parse_flow_file(text) == FlowFile(path, class_name)


def test_no_class_after_the_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.py").touch()
    with pytest.raises(Unusable, match="not the name of a class: ''"):
        parse_flow_file("flow.py:")


def test_a_bug_is_said_to_be_one(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(FlowFile, "read", fail)
    ended = flowc("check", "flow.py")
    assert (ended.code, ended.out) == (3, "")
    assert "ZeroDivisionError: made up" in ended.err
    assert "a bug in flowc" in ended.err


def test_interrupted(flowc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FlowFile, "read", interrupt)
    assert flowc("check", "flow.py") == (130, "", "Interrupted.\n")


@pytest.mark.parametrize(
    ("environment", "arguments", "colored"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
    ],
)
def test_color(
    flowc: Run, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], colored: bool
) -> None:
    Path("flow.py").write_text(BROKEN, encoding="utf-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for verb in (["check"], ["show"], ["compile", "--target", "argo"], ["run"]):
        ended = flowc(*verb, "flow.py", *arguments)
        assert ended.code == 1
        assert ("\033[" in ended.out + ended.err) == colored
    assert ("\033[" in flowc("explain", "FC301", *arguments).out) == colored
