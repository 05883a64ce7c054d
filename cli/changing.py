"""What is about to change on a platform: shown, asked for, and made.

    Sums, AWS account 123456789012, us-east-1:
    + package        s3://bucket/flows/flowc-packages/Sums/6b86b273….tar.gz (1,204,113 bytes)
    ~ state machine  Sums
        -  "code": "flowc-packages/Sums/d4735e3a….tar.gz"
        +  "code": "flowc-packages/Sums/6b86b273….tar.gz"
    ~ alias          Sums:live (version 2 → version 3)

Without a terminal nothing is made but with `--yes`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click
from click.core import ParameterSource

from .output import FAULTS, Unusable, complain, prefixed, stop_at_faults, wants_color, write
from .verb import Decorated

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.ir.nodes import Flow as IR
    from ..targets.platform import Change, Deployed, Platform, Proposal
    from .flow_file import FlowFile

MOST_LINES = 40
"""Of one change, where it is not what was asked for."""

_SIGNS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red")}


def changing_options(function: Decorated) -> Decorated:
    """`--dry-run` and `--yes`: the verb gets `dry_run` and `yes`."""
    function = click.option("--yes", "-y", is_flag=True, help="Make the changes without asking.")(function)
    return click.option("--dry-run", is_flag=True, help="Only show what would change.")(function)


@contextmanager
def asked() -> Iterator[None]:
    """Turn what a platform refuses into messages: on how the verb was used where there is something to set up."""
    from ..targets.platform import PlatformError

    try:
        yield
    except PlatformError as error:
        if error.setup:
            raise Unusable(str(error)) from None
        complain(prefixed(str(error)))
        raise click.exceptions.Exit(FAULTS) from None


def name_of(platform: Platform, flow: FlowFile | str, given: Given | None = None) -> str:
    """What the deployment of a flow is called, by its file or by its name."""
    if isinstance(flow, str):
        demand_name(flow)
        refuse_branch(flow)
        return platform.spell(flow)
    compilation, _ = flow.compile(given)
    if compilation.flow is not None:
        refuse_branch(compilation.flow)
        return platform.name_of(compilation.flow)
    try:
        stop_at_faults(compilation.diagnostics, compilation.sources, "full")
    except click.exceptions.Exit:
        complain("flowc: the flow's name does instead of its file, which then need not compile: NAME, or PROJECT.BRANCH.NAME")
        raise
    raise AssertionError("no flow, and no error that says why")


def demand_name(name: str) -> None:
    """Make sure that a deployment may be named so.

    Raises:
        Unusable: No flow is.
    """
    if not re.fullmatch(r"\w+(\.\w+)*", name):
        raise Unusable(f"no flow is called {name!r}: name its class, or PROJECT.BRANCH.NAME, or its file")


def refuse_branch(flow: IR | str | None) -> None:
    """Make sure that a branch is not asked for in vain: what the verb is about would be the flow's only deployment.

    Args:
        flow: The flow, or its name; None: it does not compile, and nothing is known of it.

    Raises:
        Unusable: The command line names one, and the flow is in no project, or is named itself.
    """
    flag = _branch_flag()
    if flag is None or flow is None:
        return
    if isinstance(flow, str):
        raise Unusable(f"{flag} is for the flow's file: a name says its branch itself, as project.test.x.{flow}")
    if not any(one.name == "project" for one in flow.decorators):
        raise Unusable(f"{flag} is for flows with @project, which {flow.name} has not: it has one deployment")


def _branch_flag() -> str | None:
    source = click.get_current_context().get_parameter_source
    return next((f"--{one}" for one in ("branch", "production") if source(one) is ParameterSource.COMMANDLINE), None)


def carry_out(proposal: Proposal, *, dry_run: bool, yes: bool) -> Deployed | None:
    """Show what will change, ask, and make it; what then is deployed, or None for nothing.

    With `dry_run` what would change goes to standard output, for that is the result then, and the verb ends.
    """
    if not proposal.changes:
        for note in proposal.notes:
            complain(f"flowc: {note}")
        with asked():
            return proposal.outcome()
    stream = sys.stdout if dry_run else sys.stderr
    _show(proposal, stream, most=None if dry_run else MOST_LINES)
    if dry_run:
        raise click.exceptions.Exit(0)
    if not yes:
        _ask()
    return _make(proposal)


def _ask() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable("nothing was changed, for there is no terminal to ask at: say --yes to make these changes")
    if not click.confirm("Make these changes?", err=True):
        complain("flowc: nothing was changed")
        raise click.exceptions.Exit(FAULTS)


def _make(proposal: Proposal) -> Deployed | None:
    from ..targets.platform import PlatformError, apply

    made: list[Change] = []

    def note(change: Change) -> None:
        made.append(change)
        complain(f"{_done(change)} {change.what} {change.name}")

    try:
        return apply(proposal, note)
    except (PlatformError, KeyboardInterrupt) as error:
        next_one = next(iter(proposal.changes[len(made) :]), None)
        place = f" at the {next_one.what} {next_one.name}" if next_one is not None else ""
        stopped = f"stopped{place} after {len(made)} of {len(proposal.changes)} changes: the same command goes on from there"
        if isinstance(error, PlatformError):
            complain(prefixed(f"{error}\n{stopped}"))
            raise click.exceptions.Exit(Unusable.exit_code if error.setup else FAULTS) from None
        complain(f"flowc: {stopped}")
        raise


def _done(change: Change) -> str:
    return {"create": "created", "change": "changed", "delete": "deleted"}[change.action]


def _show(proposal: Proposal, stream: TextIO, *, most: int | None) -> None:
    color = wants_color(stream)
    width = max(len(one.what) for one in proposal.changes)
    lines = [f"{proposal.name}, {proposal.where}:"]
    for change in proposal.changes:
        sign, tint = _SIGNS[change.action]
        short = change.lines if len(change.lines) == 1 else ()
        text = f"{sign} {change.what:<{width}}  {change.name}" + "".join(f" ({one})" for one in short)
        lines.append(click.style(text, fg=tint) if color else text)
        if not short:
            lines += _cut(change.lines, most, color)
    lines += [f"note: {one}" for one in proposal.notes]
    write("".join(f"{one}\n" for one in lines), stream)


def _cut(lines: tuple[str, ...], most: int | None, color: bool) -> Iterator[str]:
    """Lines of a change below it, the first ones of very many."""
    shown = lines if most is None or len(lines) <= most else lines[: most - 1]
    for line in shown:
        tint = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        yield "    " + (click.style(line, fg=tint) if color and tint else line)
    if len(shown) < len(lines):
        yield f"    … and {len(lines) - len(shown)} more lines, which --dry-run shows"
