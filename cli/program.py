"""The program: the table of verbs, and what an exit code means.

0    done
1    the flow, or the run, has faults
2    usage: a missing file, an unknown option, a setting that makes no sense
3    a bug of flowc
130  interrupted
141  whoever read our output went away (`flowc compile … | head`)
"""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from .. import __version__
from .flow_file import FlowFile
from .given import words_at
from .output import GONE, USAGE, Unwritable, complain, folder_is_gone, prefixed
from .verb import HELP_OPTIONS, Verb

BUG = 3
INTERRUPTED = 130
READER_GONE = 141

VERBS = (
    *("check", "compile", "package"),
    *("deploy", "undeploy"),
    *("run", "resume", "replay"),
    *("trigger", "stop", "suspend", "resume-workflow", "retry", "redrive"),
    *("runs", "status", "logs", "dump", "tag"),
    *("batch", "kubernetes"),
    *("show", "explain", "migrate", "lsp"),
)
"""The verbs in the order in which help lists them. Each is a module here, with a `command`;
a dash is an underscore in its name."""


class Program(click.Group):
    """The group of verbs.

    Args:
        flow: The flow that every verb is about, where the program is `python flow.py`.
    """

    def __init__(self, flow: FlowFile | None = None) -> None:
        target = "this flow" if flow else "Python flows"
        super().__init__(
            name="flowc",
            help=f"Check, compile and run {target}.",
            epilog="Exit codes: 0 done, 1 the flow or the run has faults, 2 usage, 3 a bug in flowc.",
            context_settings=HELP_OPTIONS,
            no_args_is_help=False,
            invoke_without_command=True,
            callback=_help_without_verb,
            params=[
                click.Option(
                    ["--version"], is_flag=True, is_eager=True, callback=_version, expose_value=False, help="Show the version."
                )
            ],
        )
        self.flow = flow

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order of `VERBS`."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and take its command, with FILE filled in where the program is a flow."""
        if cmd_name not in VERBS:
            return None
        command: Verb = import_module(f".{cmd_name.replace('-', '_')}", __package__).command
        return command.about(self.flow) if self.flow else command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; say what is meant when there is none of that name."""
        if args[0] not in VERBS and not args[0].startswith("-"):
            from .similar import did_you_mean

            raise click.UsageError(f"no such verb: {args[0]}{did_you_mean(args[0], VERBS)}", ctx)
        return super().resolve_command(ctx, args)


def execute(arguments: Sequence[str], flow_file: str | None = None, flow_class: str | None = None) -> int:
    """Run one command line and return its exit code."""
    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name may hold bytes that are no text, and a terminal may know ASCII only: show them, never fail on them.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _execute(arguments, flow_file, flow_class)
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        _silence()
        return READER_GONE
    except Unwritable:  # standard error, where nothing can be said any more
        _silence()
        return USAGE
    except OSError as error:  # only now written: standard output
        return _unwritten(Unwritable(sys.stdout, error))
    return code


def _execute(arguments: Sequence[str], flow_file: str | None, flow_class: str | None) -> int:
    try:
        flow = FlowFile(_from_here(flow_file), flow_class) if flow_file else None
    except FileNotFoundError:
        complain(f"flowc: {GONE}")
        return USAGE
    name = f"python {shlex.quote(flow.path)}" if flow else "flowc"
    program = Program(flow)
    try:
        with program.make_context(name, _given_after_verb(arguments)) as context:
            program.invoke(context)
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.UsageError as error:
        context_of = error.ctx
        verb = context_of.command_path if context_of else name
        complain(f"{verb}: {error.format_message()}\nTry '{verb} --help'.")
        return USAGE
    except Unwritable as error:
        return _unwritten(error)
    except click.ClickException as error:
        complain(prefixed(error.format_message()))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and (stuck := _stuck()) is not None:
            return _unwritten(stuck)
        if isinstance(error, FileNotFoundError) and folder_is_gone():
            complain(f"flowc: {GONE}")
            return USAGE
        import traceback

        complain(f"{traceback.format_exc()}flowc: a bug in flowc, not in your flow. Please report it with the lines above.")
        return BUG
    return 0


def _open_missing_streams() -> None:
    """Treat closed streams (`>&-`) as /dev/null. A pipe or a file opened later would otherwise get their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _stuck() -> Unwritable | None:
    """Why standard output or error takes no more: what could not be written is still buffered, and fails again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            return Unwritable(stream, error)
    return None


def _unwritten(error: Unwritable) -> int:
    _silence()
    complain(prefixed(error.format_message()))
    return error.exit_code


def _silence() -> None:
    """Let streams that take no more lead nowhere: what they still hold would raise again when the interpreter ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _given_after_verb(arguments: Sequence[str]) -> list[str]:
    """`python flow.py --with retry run`, as Metaflow has it, for `python flow.py run --with retry`; `--config` likewise."""
    start = 0
    while start < len(arguments) and (words := words_at(arguments, start)):
        start += words
    end = start + (2 if arguments[start : start + 1] == ["package"] else 1)
    return [*arguments[start:end], *arguments[:start], *arguments[end:]]


def _from_here(path: str) -> str:
    """A path as a person would write it in the current folder: Python makes a program's own path absolute."""
    relative = os.path.relpath(path) if Path(path).drive == Path.cwd().drive else path
    return path if relative.startswith(os.pardir) else relative


@click.pass_context
def _help_without_verb(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"flowc {__version__}")
        context.exit()
