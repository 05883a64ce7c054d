"""Where text goes: standard output or standard error, with colours or without."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from ..compiler.diagnostics.model import Diagnostic
    from ..compiler.source import Source

FAULTS = 1
USAGE = 2


GONE = "the current folder no longer exists: change to another one"


class Unusable(click.ClickException):
    """What was asked for cannot be done as it was asked: a line for each reason, and exit code 2."""

    exit_code = USAGE


class Unwritable(Unusable):
    """Standard output or standard error takes no more."""

    def __init__(self, stream: TextIO | None, error: OSError) -> None:
        which = "error" if stream is sys.stderr else "output"
        super().__init__(f"cannot write to standard {which}: {error.strerror or error}")


def folder_is_gone() -> bool:
    """Whether the current folder was deleted."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def complain(text: str) -> None:
    """Write text to standard error."""
    write(f"{text}\n", sys.stderr, color=None)


def prefixed(message: str) -> str:
    """A message of one or more sentences, a line each, as all of flowc's begin."""
    return "\n".join(f"flowc: {line}" for line in message.split("\n"))


def wants_color(stream: TextIO) -> bool:
    """Whether text for this stream has colours: `--color`, then NO_COLOR (no-color.org), FORCE_COLOR, then whether it is a
    terminal."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write(text: str | bytes, stream: TextIO, *, color: bool | None = True) -> None:
    """Write text that already has its colours, or has none.

    Raises:
        Unwritable: The stream is full, or closed.
    """
    try:
        click.echo(text, file=stream, nl=False, color=color)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unwritable(stream, error) from None


def write_diagnostics(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], form: str, stream: TextIO) -> None:
    """Show diagnostics in the form that `--format` names."""
    from ..compiler.diagnostics.render import renderer

    write(renderer(form)(diagnostics, sources, wants_color(stream)), stream)


def failed(diagnostics: Sequence[Diagnostic], *, strict: bool = False) -> bool:
    """Whether there is an error among them; with `strict` a warning is one."""
    count = ("error", "warning") if strict else ("error",)
    return any(one.rule.severity.value in count for one in diagnostics)


def stop_at_faults(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], form: str, *, strict: bool = False) -> None:
    """Show errors and warnings on standard error, and end with exit code 1 where one is an error."""
    if diagnostics:
        write_diagnostics(diagnostics, sources, form, sys.stderr)
    if failed(diagnostics, strict=strict):
        raise click.exceptions.Exit(FAULTS)
