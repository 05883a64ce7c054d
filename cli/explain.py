"""`flowc explain`: what a diagnostic's code means, or the list of all codes."""

from __future__ import annotations

import inspect
import sys

import click

from ..compiler.diagnostics.model import Rule
from ..compiler.diagnostics.rules import RULES
from .output import Unusable, wants_color, write
from .similar import did_you_mean
from .verb import Verb, color_option


@click.command(
    "explain",
    short_help="Explain a diagnostic by its code, or list all of them.",
    cls=Verb,
    examples=("FC301", "unknown-step", ""),
)
@click.argument("code", required=False)
@color_option
def command(code: str | None) -> None:
    """Explain a diagnostic, by its code or its name; without either, list all of them."""
    color = wants_color(sys.stdout)
    if code is None:
        write("".join(f"{_bold(rule.code, color)}  {rule.name}\n" for rule in RULES), sys.stdout)
        return
    wanted = code.strip().lower().replace("_", "-")
    for rule in RULES:
        if wanted in (rule.code.lower(), rule.name):
            write(_explanation(rule, color), sys.stdout)
            return
    known = [rule.code for rule in RULES] + [rule.name for rule in RULES]
    raise Unusable(f"no such code or name: {code}{did_you_mean(wanted, known)}; `explain` alone lists all of them")


def _explanation(rule: Rule, color: bool) -> str:
    title = f"{_bold(f'{rule.code} {rule.name}', color)} ({rule.severity.value})"
    return f"{title}\n\n{inspect.cleandoc(rule.explanation).rstrip()}\n{remedies(rule)}"


def remedies(rule: Rule) -> str:
    """What flowc itself can do about such a fault, and whether a comment can silence it."""
    lines = []
    if rule.fixable:
        lines.append("`flowc check --fix` mends it where there is one safe answer.")
    if rule.ignorable:
        lines.append(f"A comment on its line silences it: `# flowc: ignore[{rule.code}]`.")
    return "".join(f"\n{line}\n" for line in lines)


def _bold(text: str, color: bool) -> str:
    return click.style(text, bold=True) if color else text
