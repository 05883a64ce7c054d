"""The files that a flow needs beside its own: all first-party modules that it imports, and those that they import.

    flow.py: from team.base import Base      →      team/__init__.py, team/base.py, team/words.py
    team/base.py: from .words import HELLO

Every import statement counts, wherever in a file it stands, and so does `@exit_hook(on_error=["team.pager.call"])`. What is
imported by name at run time (`importlib`) cannot be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from ..diagnostics.model import Report
from ..files import Files
from ..source import Source
from .context import Context
from .imports import modules_named
from .parse import parse
from .program import Program, exported
from .syntax import callee, is_import_path, last_name


def first_party(source: Source, files: Files) -> tuple[str, ...]:
    """The paths of the modules that a flow's file needs, from its folder, in order; its own is left out."""
    return tuple(imported_by(source, files))


def imported_by(source: Source, files: Files) -> dict[str, tuple[str, int]]:
    """The same, and for each the file and the line of an import that leads to it."""
    report, sources = Report(), dict[str, Source]()
    tree = parse(source, report)
    if tree is None:
        return {}
    program = Program(source, tree, files, report, sources)
    pending, seen = [program.main], {program.main.name}
    importers, known = dict[str, tuple[str, int]](), len(sources)
    while pending:
        context = pending.pop()
        for line, level, module, names in (*modules_named(context.module.tree), *_hooks(context.module.tree)):
            absolute = program.absolute(context, module, level)
            if absolute is not None:
                found = _with_packages(program, absolute) + _within(program, absolute, names)
                pending += [one for one in found if one.name not in seen]
                seen |= {one.name for one in found}
                # Whatever was read for it, also what does not parse: the last of `sources`.
                place = context.source.path.removeprefix(program.folder), line
                importers |= dict.fromkeys(islice(reversed(sources), len(sources) - known), place)
                known = len(sources)
    return {path.removeprefix(program.folder): importers[path] for path in sorted(sources) if path != source.path}


def _hooks(tree: ast.Module) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """The modules of functions that `@exit_hook` names by a path, as if they were imported there."""
    above = (node for one in tree.body if isinstance(one, ast.ClassDef) for node in one.decorator_list)
    for decorator in above:
        if last_name(callee(decorator)) != "exit_hook":
            continue
        for node in ast.walk(decorator):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_import_path(node.value):
                yield node.lineno, 0, node.value.rpartition(".")[0], ()


def _with_packages(program: Program, module: str) -> list[Context]:
    """A module, and before it the packages that it is in: Python runs their `__init__.py` first."""
    parts = module.split(".")
    found = (program.module(".".join(parts[:length])) for length in range(1, len(parts) + 1))
    return [one for one in found if one is not None]


def _within(program: Program, module: str, names: tuple[str, ...]) -> list[Context]:
    """The modules among the names that are taken from a package."""
    package = program.module(module)
    if package is not None and not package.is_package:
        return []
    if names == ("*",):
        names = tuple(exported(package.module)) if package is not None else ()
    found = (program.module(f"{module}.{name}") for name in names)
    return [one for one in found if one is not None]
