"""`--config NAME PATH` and `--config-value NAME JSON`: what a flow's `Config`s are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .output import Unusable

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.pipeline import Compilation

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FLAGS = ("--config", "--config-value")


def config_options(function: Decorated) -> Decorated:
    """Both options; the verb gets `configs` and `config_values`, pairs of a name and a text."""
    more: dict[str, Any] = {"nargs": 2, "multiple": True, "type": str}
    value = click.option(FLAGS[1], "config_values", metavar="NAME JSON", help="The value of a Config.", **more)
    return click.option(FLAGS[0], "configs", metavar="NAME PATH", help="The file of a Config.", **more)(value(function))


def given_of(configs: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]]) -> Given:
    """What the options say.

    Raises:
        Unusable: A config is given twice.
    """
    from ..compiler.given import Given

    files: dict[str, str] = {}
    texts: dict[str, str] = {}
    for table, pairs in ((files, configs), (texts, values)):
        for name, text in pairs:
            if name in files or name in texts:
                raise Unusable(f"the config '{name}' is given twice")
            table[name] = text
    return Given(files=files, values=texts)


def scan(arguments: Sequence[str]) -> Given:
    """What the options say in arguments that are not parsed yet. What is malformed is left to click, which says so."""
    pairs: dict[str, list[tuple[str, str]]] = {flag: [] for flag in FLAGS}
    position = 0
    while position < len(arguments) and arguments[position] != "--":
        flag, equals, name = arguments[position].partition("=")
        if flag in FLAGS:
            rest = [name] if equals else []
            values = [*rest, *arguments[position + 1 : position + 3 - len(rest)]]
            if len(values) == 2:
                pairs[flag].append((values[0], values[1]))
            position += 2 - len(rest)
        position += 1
    return given_of(pairs[FLAGS[0]], pairs[FLAGS[1]])


def refuse_unknown(given: Given, compilations: Iterable[Compilation]) -> None:
    """Refuse values of configs that no flow has. A flow that could not be read may have any.

    Raises:
        Unusable: There is one.
    """
    known: list[str] = []
    for one in compilations:
        if one.configs is None:
            return
        known += one.configs
    for name in (*given.files, *given.values):
        if name not in known:
            from .similar import did_you_mean

            guess = did_you_mean(name, known)
            listed = guess or (f"; it has {', '.join(dict.fromkeys(known))}" if known else "; it has none")
            raise Unusable(f"the flow has no config '{name}'{listed}")
