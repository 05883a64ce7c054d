"""What `--with` and `--without` change in the decorators of steps: from texts on the command line to `Decorator`s of the IR.

    --without batch --with retry:times=2      @batch(gpu=1)            @retry(times=2)
                                              @step               →    @step
                                              def fit(self): …         def fit(self): …

What is added means what it would mean above the step, and is found fault with in the same words, at its place in the option:
the texts of an option are the lines of a `Source` that goes by the option's name. No fix points there, for there is no file to
mend.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Decorator
from ..source import Source
from .context import Context
from .decorator_table import REPEATABLE
from .decorators import is_known, read_decorator
from .module import read_module
from .program import Program
from .specs import Malformed, read_spec
from .syntax import callee, last_name

WITH: Final = "--with"
WITHOUT: Final = "--without"
OPTIONS: Final = (WITH, WITHOUT)
_OWNER: Final = "a step"


@dataclass(slots=True)
class Alterations:
    """What happens to the decorators of each step.

    Attributes:
        added: The decorators for every step that does not have one of the name, sorted by name: in which order options are given
            means nothing.
        removed: The names of those that come off, before others are added.
        met: Names that were added somewhere, and names that were taken off.
    """

    added: tuple[Decorator, ...] = ()
    removed: frozenset[str] = frozenset()
    met: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))

    def applied(self, decorators: Sequence[Decorator]) -> tuple[Decorator, ...]:
        """The decorators of a step as they are to be; what is added stands above those that are there."""
        added, removed = self.met
        removed |= {one.name for one in decorators} & self.removed
        kept = [one for one in decorators if one.name not in self.removed]
        names = {one.name for one in kept}
        more = [one for one in self.added if one.name not in names]
        added |= {one.name for one in more}
        return (*more, *kept)

    def idle(self) -> tuple[tuple[str, str], ...]:
        """Options that have changed no step, each with the name of its decorator."""
        added, removed = self.met
        adding = dict.fromkeys(one.name for one in self.added if one.name not in added)
        return (*((WITH, one) for one in adding), *((WITHOUT, one) for one in sorted(self.removed - removed)))


def read_alterations(program: Program) -> Alterations:
    """What the command line says of the decorators of steps; what is wrong with it is reported, and left out."""
    given = program.configs.given
    removed, adding = _read(program, WITHOUT, given.removed), _read(program, WITH, given.added)
    return Alterations(tuple(_added(*adding)), frozenset(_removed(*removed)))


def _read(program: Program, option: str, texts: Sequence[str]) -> tuple[Context, list[ast.Name | ast.Call]]:
    """What each text of an option says, in a context in which no name means anything."""
    source = Source(option, "\n".join(map(_one_line, texts)))
    context = replace(program.main, source=source, module=read_module(ast.Module([], [])), name=option, editable=False)
    if texts:
        program.sources[option] = source
    found = []
    for line, text in enumerate(texts, 1):
        node = read_spec(text, line)
        if isinstance(node, Malformed):
            place = source.at(line, node.start + 1, max(node.end - node.start, 1))
            help = node.help if option == WITH else f"write a decorator's name, as in `{WITHOUT} batch`"
            context.report.add(rules.BAD_SPEC, node.message, place, help=help)
        else:
            found.append(node)
    return context, found


def _one_line(text: str) -> str:
    """A text as messages quote it; what is no UTF-8 shows as `?`."""
    return re.sub(r"[\r\n]", " ", text).encode("utf-8", "replace").decode()


def _removed(context: Context, nodes: Sequence[ast.Name | ast.Call]) -> Iterator[str]:
    for node in nodes:
        name = last_name(callee(node))
        if name == "step":
            _refuse_step(context, node)
        elif isinstance(node, ast.Call):
            help = f"write `{WITHOUT} {name}`"
            context.fault(rules.BAD_SPEC, f"`{WITHOUT}` takes a decorator's name, and no arguments", node, help=help)
        elif is_known(context, node, name, on_step=True, owner=_OWNER):
            yield name


def _added(context: Context, nodes: Sequence[ast.Name | ast.Call]) -> list[Decorator]:
    found: dict[str, ast.expr] = {}
    listed: list[Decorator] = []
    for node in nodes:
        name = last_name(callee(node))
        if name == "step":
            _refuse_step(context, node)
            continue
        decorator = read_decorator(context, node, name, on_step=True, owner=_OWNER)
        if name in found and name not in REPEATABLE:
            also = [(found[name], "first here")]
            context.fault(rules.DUPLICATE_DECORATOR, f"`@{name}` is added twice", node, "again", also=also)
        elif decorator is not None:
            found[name] = node
            listed.append(decorator)
    return sorted(listed, key=lambda one: one.name)


def _refuse_step(context: Context, node: ast.expr) -> None:
    context.fault(rules.WRONG_PLACE, "`@step` is what makes a method a step: it stands above each, and nowhere else", node)
