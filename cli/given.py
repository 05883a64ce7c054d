"""What goes into a compile beside the file: `--config NAME PATH`, `--config-value NAME JSON`, `--with SPEC`, `--without NAME`.

    flowc run flow.py --without batch --with retry:times=2        python flow.py --with retry:times=2 run

A verb that compiles a flow so as to run it, or to look at it, takes them all. They are not remembered: `resume` takes them again.
"""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from .output import Unusable, complain

if TYPE_CHECKING:
    from ..compiler.given import Given
    from ..compiler.pipeline import Compilation

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

CONFIG, CONFIG_VALUE, WITH, WITHOUT = "--config", "--config-value", "--with", "--without"
FLAGS: Final[Mapping[str, int]] = {CONFIG: 2, CONFIG_VALUE: 2, WITH: 1, WITHOUT: 1}
"""The options, each with how many words follow it."""

_WITH_HELP = "Add a step decorator to all steps that lack it: retry, batch:cpu=4,memory=10000. May be repeated."
_WITHOUT_HELP = "Take a step decorator off all steps, before --with adds any. May be repeated."


def given_options(function: Decorated) -> Decorated:
    """All of the options: the verb gets what they say as `given`."""

    @functools.wraps(function)
    def verb(*args: Any, **named: Any) -> Any:
        texts = [named.pop(name, ()) for name in ("configs", "config_values", "added", "removed")]
        return function(*args, given=_given(*texts), **named)

    for flag, name, metavar, help in (
        (WITHOUT, "removed", "NAME", _WITHOUT_HELP),
        (WITH, "added", "SPEC", _WITH_HELP),
        (CONFIG_VALUE, "config_values", "NAME JSON", "The value of a Config."),
        (CONFIG, "configs", "NAME PATH", "The file of a Config."),
    ):
        verb = click.option(flag, name, metavar=metavar, help=help, nargs=FLAGS[flag], multiple=True, type=str)(verb)
    return cast("Decorated", verb)


def _given(
    configs: Iterable[Sequence[str]], values: Iterable[Sequence[str]], added: Iterable[str], removed: Iterable[str]
) -> Given:
    from ..compiler.given import Given

    files: dict[str, str] = {}
    texts: dict[str, str] = {}
    for table, pairs in ((files, configs), (texts, values)):
        for name, text in pairs:
            if name in files or name in texts:
                raise Unusable(f"the config '{name}' is given twice")
            table[name] = text
    return Given(files=files, values=texts, added=tuple(added), removed=tuple(removed))


def scan(arguments: Sequence[str], flags: Collection[str] = tuple(FLAGS)) -> Given:
    """What these options say in arguments that are not parsed yet. What is malformed is left to click, which says so.

    Raises:
        Unusable: A config is given twice.
    """
    found: dict[str, list[Sequence[str]]] = {flag: [] for flag in FLAGS}
    position = 0
    while position < len(arguments) and arguments[position] != "--":
        flag, equals, first = arguments[position].partition("=")
        count = words_at(arguments, position)
        words = [*([first] if equals else []), *arguments[position + 1 : position + count]]
        if flag in flags and len(words) == FLAGS[flag]:
            found[flag].append(words)
        position += count or 1
    added, removed = ([one for words in found[flag] for one in words] for flag in (WITH, WITHOUT))
    return _given(found[CONFIG], found[CONFIG_VALUE], added, removed)


def words_at(arguments: Sequence[str], position: int) -> int:
    """How many words the option takes that stands at a position, itself included; 0 where it is none of these."""
    flag, equals, _ = arguments[position].partition("=")
    return 1 + FLAGS[flag] - len(equals) if flag in FLAGS else 0


def spelt(given: Given) -> str:
    """The options that say the same again, as one types them."""
    words = [word for name, path in given.files.items() for word in (CONFIG, name, path)]
    words += [word for name, text in given.values.items() for word in (CONFIG_VALUE, name, text)]
    words += [word for name in given.removed for word in (WITHOUT, name)]
    words += [word for text in given.added for word in (WITH, text)]
    return shlex.join(words)


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


def tell_idle(compilations: Sequence[Compilation]) -> None:
    """Say which options change no step of any flow; of a flow with faults that is not known."""
    sound = [one.definition for one in compilations if one.flow is not None and one.definition is not None]
    if not sound or len(sound) < len(compilations):
        return
    for option, name in sorted(set.intersection(*(set(one.idle) for one in sound))):
        if option == WITH:
            complain(f"flowc: {option} {name} adds nothing: every step has @{name} (--without {name} takes that off first)")
        else:
            complain(f"flowc: {option} {name} takes nothing off: no step in the file has @{name}")
